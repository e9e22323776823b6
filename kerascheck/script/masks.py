"""Masks: which rows meet a condition, and which do not."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, Rows
from kerascheck.facts.events import NanComparison
from kerascheck.script.indexing import Indexing
from kerascheck.script.values import ArrayValue, Path


class Masks(Indexing):
    """Comparisons of data."""

    def mask(self, node: ast.expr, function: str, left: object, right: object) -> ArrayValue:
        """A comparison of data: which rows meet a condition."""
        owner = left if isinstance(left, ArrayValue) else right
        assert isinstance(owner, ArrayValue)
        if all(isinstance(side, ArrayValue) for side in (left, right)):
            self.compared(function, (left, right), node)
        rows = self.rows_of(owner)
        other = right if owner is left else left
        if is_nan(other):
            self._nan(node, function, owner.data)
        value = other if isinstance(other, (int, float, str)) else getattr(other, "key", id(other))
        column = owner.data.columns or owner.data.key
        cut = self.cut("mask", rows.source, rows.selection, column, function, value)
        result = self.array(node, rows=rows.within((cut, "in")), shape=owner.data.shape, dtype="bool")
        result.data = replace(
            result.data,
            prediction=owner.data.prediction,
            arrangement=owner.data.arrangement,
            role=owner.data.role,
            order=owner.data.order,
            history=owner.data.history,
            minimum=0,
            maximum=1,
        )
        result.positions = True
        return result

    def _nan(self, node: ast.expr, function: str, data: DataArray) -> None:
        """Record a comparison with NaN."""
        if function not in ("equal", "not_equal") or not isinstance(node, ast.Compare) or len(node.ops) != 1:
            return
        simple = isinstance(node.left, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
        self.record(
            NanComparison(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                operator="==" if function == "equal" else "!=",
                written=ast.unparse(node.comparators[0]),
                data=data,
                operand=self.place(node.left) if simple else None,
            )
        )

    def inverted(self, owner: ArrayValue, node: ast.expr) -> ArrayValue:
        """`~mask`: the other rows."""
        rows = owner.data.rows
        if rows is None or not rows.selection or not owner.positions:
            return self.derive(owner)
        (cut, part), before = rows.selection[-1], rows.selection[:-1]
        other = "out" if part == "in" else "in"
        result = self.derive(owner, rows=Rows(rows.source, (*before, (cut, other)), rows.partial))
        result.positions = True
        return result


def is_nan(value: object) -> bool:
    """Whether a value is NaN, under any of its names."""
    if isinstance(value, Path):
        return value.parts[-1].lower() == "nan" and value.parts[0] in ("numpy", "math", "tensorflow")
    return isinstance(value, float) and value != value
