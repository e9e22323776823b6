"""Data and its lineage through indexing, arithmetic, attributes and methods."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.training import Fitting, Split
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.preprocessing import Preprocessing
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    DictValue,
    ListValue,
    MethodValue,
    Opaque,
)

STATISTICS = frozenset({"mean", "std", "var", "min", "max", "median", "quantile"})
KEEPS_ROWS = frozenset(
    {"astype", "copy", "to_numpy", "toarray", "todense", "fillna", "clip", "round", "numpy", "as_matrix", "squeeze", "view",
     "float", "values"}
)  # fmt: skip
SAME_ELEMENTS = frozenset({"batch", "cache", "prefetch", "rebatch", "repeat", "unbatch", "with_options"})
COLUMNS = frozenset(
    {"drop", "pop", "get_dummies", "filter", "select_dtypes", "rename", "reset_index", "map", "replace"}
)


class Arrays(Preprocessing):
    """Operations on data."""

    def stepped(self, array: ArrayValue, kind: StepKind, node: ast.AST | None, by: str, **facts: object) -> ArrayValue:
        """A new array with one more step in its history."""
        location = self.place(node) if isinstance(node, (ast.expr, ast.stmt)) else array.data.location
        step = Step(kind, location, by)
        return self.derive(array, history=(*array.data.history, step), location=location, **facts)

    def arithmetic(self, node: ast.expr | ast.stmt, name: str, left: object, right: object) -> object:
        """`array op value`: a scaling when the other side is a number or a statistic."""
        if (
            isinstance(left, ArrayValue)
            and isinstance(right, (int, float))
            and name in {"divide", "multiply", "subtract", "add"}
        ):
            low, high = self._scaled_range(left.data, name, right)
            dtype = "float32" if name == "divide" else left.data.dtype
            kind = StepKind.SCALED if name in {"divide", "multiply", "subtract"} else StepKind.TRANSFORMED
            return self.stepped(left, kind, node, name, minimum=low, maximum=high, dtype=dtype)
        if isinstance(left, ArrayValue):
            step = StepKind.SCALED if name in {"divide", "subtract"} else StepKind.TRANSFORMED
            return self.stepped(
                left, step, node, name, minimum=UNKNOWN, maximum=UNKNOWN, shape=self._same_shape(left, right)
            )
        assert isinstance(right, ArrayValue)
        return self.stepped(right, StepKind.TRANSFORMED, node, name, minimum=UNKNOWN, maximum=UNKNOWN)

    @staticmethod
    def _same_shape(left: ArrayValue, right: object) -> Shape:
        same = not isinstance(right, ArrayValue) or right.data.shape == left.data.shape
        return left.data.shape if same else UNKNOWN

    @staticmethod
    def _scaled_range(data: DataArray, name: str, number: float) -> tuple[float | Unknown, float | Unknown]:
        ends = (data.minimum, data.maximum)
        if isinstance(ends[0], Unknown) or isinstance(ends[1], Unknown) or (name == "divide" and number == 0):
            return UNKNOWN, UNKNOWN
        low, high = float(ends[0]), float(ends[1])
        if name == "divide":
            found = (low / number, high / number)
        elif name == "multiply":
            found = (low * number, high * number)
        elif name == "subtract":
            found = (low - number, high - number)
        else:
            found = (low + number, high + number)
        return min(found), max(found)

    def array_attribute(self, owner: ArrayValue, name: str, node: ast.expr) -> object:
        """`array.name`."""
        data = owner.data
        if name == "shape":
            return self.shape_value(data.shape)
        if name in {"ndim", "size"}:
            return len(data.shape) if name == "ndim" and not isinstance(data.shape, Unknown) else self.unknown(name)
        if name in {"values", "T", "iloc", "loc", "ix", "real", "flat"}:
            return owner if name in {"values", "iloc", "loc", "ix"} else self.derive(owner, rows=None, shape=UNKNOWN)
        if name in {
            "index",
            "columns",
            "dtype",
            "dtypes",
            "class_indices",
            "classes",
            "class_names",
            "samples",
            "n",
            "filenames",
        }:
            return self.unknown(f"array.{name}")
        return MethodValue(owner, name)

    def array_item(self, owner: ArrayValue, node: ast.Subscript) -> object:
        """`array[index]`."""
        index = node.slice
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        first, rest = parts[0], parts[1:]
        columns = self._columns_shape(owner.data.shape, rest)
        if isinstance(first, ast.Slice):
            return self._row_slice(owner, first, node, columns, bool(rest))
        if isinstance(first, ast.Constant) and first.value is Ellipsis:
            return self.derive(owner, shape=UNKNOWN)
        key = self.evaluate(first)
        if key is None:
            return self.derive(owner, rows=None, shape=UNKNOWN, order=Order.UNKNOWN)
        if isinstance(key, str) or (isinstance(key, ListValue) and key.items and isinstance(key.items[0], str)):
            return self.stepped(
                owner, StepKind.SELECTED, node, "column", shape=UNKNOWN, dtype=UNKNOWN, minimum=UNKNOWN, maximum=UNKNOWN
            )
        if isinstance(key, int):
            return self._element(owner)
        rows = owner.data.rows
        if isinstance(key, ArrayValue) and key.permutation:
            return self.stepped(owner, StepKind.SHUFFLED, node, "permutation", order=Order.SHUFFLED)
        identity = key.data.key if isinstance(key, ArrayValue) else getattr(key, "key", 0) or next(self.keys)
        selection = replace(rows, selection=(*rows.selection, (self.cut("index", identity), "in"))) if rows else None
        shape = columns if isinstance(columns, Unknown) else (UNKNOWN, *columns[1:])
        return self.stepped(owner, StepKind.SELECTED, node, "index", rows=selection, order=Order.UNKNOWN, shape=shape)

    def _element(self, owner: ArrayValue) -> object:
        shape = owner.data.shape
        if isinstance(shape, Unknown) or len(shape) < 2:
            return self.unknown("element")
        return self.derive(owner, shape=shape[1:], rows=None, order=Order.UNKNOWN, role=Role.UNKNOWN)

    @staticmethod
    def _columns_shape(shape: Shape, rest: list[ast.expr]) -> Shape:
        if not rest or isinstance(shape, Unknown):
            return shape
        kept: list[object] = [shape[0]]
        for position, part in enumerate(rest, 1):
            if isinstance(part, ast.Slice):
                whole = part.lower is None and part.upper is None and part.step is None
                kept.append(shape[position] if whole and position < len(shape) else UNKNOWN)
            elif not (isinstance(part, ast.Constant) and isinstance(part.value, int)):
                return UNKNOWN
        return (*kept, *shape[len(rest) + 1 :])  # pyright: ignore[reportReturnType]

    def _row_slice(
        self, owner: ArrayValue, part: ast.Slice, node: ast.Subscript, shape: Shape, columns: bool
    ) -> object:
        data = owner.data
        if part.lower is None and part.upper is None:
            reverse = part.step is not None
            by = "columns" if columns else "copy"
            return (
                self.stepped(owner, StepKind.SELECTED, node, by, shape=shape)
                if not reverse
                else self.derive(owner, order=Order.UNKNOWN)
            )
        if part.step is not None:
            return self.derive(owner, rows=None, shape=UNKNOWN, order=Order.UNKNOWN)
        cut, side = self._side(owner, part)
        rows = data.rows or Rows(data.key)
        if data.rows is None:
            self.touch(owner)
            owner.data = data = replace(data, rows=rows)
        selected = replace(rows, selection=(*rows.selection, (cut, side)))
        count = self._row_count(data.shape, part)
        shape = shape if isinstance(shape, Unknown) else (count, *shape[1:])
        result = self.stepped(owner, StepKind.SPLIT, node, "slice", rows=selected, shape=shape)
        self.record(
            Split(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                function="slice",
                key=cut,
                inputs=(data,),
                outputs=(result.data,),
                shuffle=False,
            )
        )
        return result

    def _side(self, owner: ArrayValue, part: ast.Slice) -> tuple[int, str]:
        rows = owner.data.rows
        source = rows.source if rows is not None else owner.data.key
        before = rows.selection if rows is not None else ()
        lower, upper = part.lower, part.upper
        if lower is None and upper is not None:
            return self.cut(source, before, self._bound(upper)), "head"
        if lower is not None and upper is None:
            return self.cut(source, before, self._bound(lower)), "tail"
        return self.cut(source, before, self._bound(lower), self._bound(upper)), "middle"

    def _bound(self, node: ast.expr | None) -> object:
        value = self.evaluate(node)
        return value if isinstance(value, int) else ast.dump(node) if node is not None else None

    def _row_count(self, shape: Shape, part: ast.Slice) -> Dim:
        total = shape[0] if not isinstance(shape, Unknown) and shape else UNKNOWN
        lower, upper = self.evaluate(part.lower), self.evaluate(part.upper)
        if not isinstance(total, int) or not all(bound is None or isinstance(bound, int) for bound in (lower, upper)):
            return (
                upper if lower is None and isinstance(upper, int) and upper > 0 and isinstance(total, int) else UNKNOWN
            )
        return len(range(*slice(lower, upper).indices(total)))

    def write_into(self, owner: ArrayValue) -> None:
        """`array[index] = value` changes what is known of the values."""
        self.touch(owner)
        owner.data = replace(owner.data, minimum=UNKNOWN, maximum=UNKNOWN)

    def forget_order(self, owner: ArrayValue) -> None:
        """An unknown function may have reordered the rows."""
        self.touch(owner)
        owner.data = replace(owner.data, order=Order.UNKNOWN)

    def data_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """A method of data, containers, text and preprocessing objects."""
        if isinstance(subject, ArrayValue):
            return self._array_method(subject, name, arguments, node)
        if isinstance(subject, (ListValue, DictValue)):
            return self.container_method(subject, name, arguments)
        if isinstance(subject, str):
            return self.text_method(subject, name, arguments)
        if isinstance(subject, (Opaque, ClassValue)):
            return self.unknown_call(subject, arguments, node)
        return self.preprocessing_method(subject, name, arguments, node)

    def _array_method(self, array: ArrayValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        data = array.data
        if data.kind is DataKind.DATASET:
            return self._dataset_method(array, name, node)
        if name in STATISTICS:
            self.record(
                Fitting(
                    **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                    transformer=name,
                    key=next(self.keys),
                    method=name,
                    data=data,
                )
            )
            return self.unknown(f"array.{name}")
        if name == "reshape":
            parts = arguments.positional
            shape = parts[0] if len(parts) == 1 else tuple(parts)
            return self.reshaped(array, shape, node)
        if name == "astype":
            dtype = arguments.get(0, "dtype")
            return self.stepped(
                array, StepKind.TRANSFORMED, node, name, dtype=dtype if isinstance(dtype, str) else UNKNOWN
            )
        if name in KEEPS_ROWS:
            return self.derive(array, shape=data.shape if name != "squeeze" else UNKNOWN)
        if name in COLUMNS:
            return self.stepped(array, StepKind.SELECTED, node, name, shape=UNKNOWN)
        if name == "sample":
            fraction = arguments.get(None, "frac")
            rows = data.rows if fraction == 1 else None
            return self.stepped(array, StepKind.SHUFFLED, node, name, order=Order.SHUFFLED, rows=rows)
        if name in {"sort_values", "sort_index"}:
            return self.stepped(array, StepKind.TRANSFORMED, node, name, order=Order.UNKNOWN)
        if name in {
            "head",
            "describe",
            "info",
            "hist",
            "plot",
            "sum",
            "argmax",
            "argmin",
            "any",
            "all",
            "item",
            "tolist",
            "sort",
        }:
            if name == "sort" and id(node) in self.discarded:
                self.forget_order(array)
            return self.unknown(f"array.{name}")
        return self.derive(
            array,
            rows=None,
            order=Order.UNKNOWN,
            shape=UNKNOWN,
            minimum=UNKNOWN,
            maximum=UNKNOWN,
            encoding=Encoding.UNKNOWN,
        )

    def reshaped(self, array: ArrayValue, shape: object, node: ast.expr) -> ArrayValue:
        """`array.reshape(shape)`: the rows stay when the first axis does."""
        items = shape.items if isinstance(shape, ListValue) else list(shape) if isinstance(shape, tuple) else [shape]
        dims = tuple(item if isinstance(item, int) and item >= 0 else UNKNOWN for item in items)
        old = array.data.shape
        rows_kept = not isinstance(old, Unknown) and bool(dims) and bool(old)
        if rows_kept and not isinstance(old, Unknown) and isinstance(dims[0], Unknown) and dims.count(UNKNOWN) == 1:
            dims = (old[0], *dims[1:])
        return self.stepped(array, StepKind.RESHAPED, node, "reshape", shape=dims)

    def _dataset_method(self, array: ArrayValue, name: str, node: ast.expr) -> object:
        if name == "shuffle":
            return self.stepped(array, StepKind.SHUFFLED, node, name, order=Order.SHUFFLED)
        if name in {"take", "skip"}:
            return self.derive(array, rows=None)
        return self.derive(array) if name in SAME_ELEMENTS else self.derive(array, encoding=Encoding.UNKNOWN)
