"""Rows in lists and loops: lists that loops fill, what a loop holds in one round, and what a model makes of rows."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Order, Role, Rows, Step, StepKind
from kerascheck.facts.events import Data, Event
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.script.lineage import HEAD, ITEM, TAIL, WINDOW, Lineage
from kerascheck.script.roles import named_role
from kerascheck.script.rounds import Growth, LoopRun
from kerascheck.script.stacking import agreed, grown_in_blocks, row_facts, steps_of
from kerascheck.script.values import Arguments, ArrayValue, LayerValue, ListValue, Opaque


class Gathering(Lineage):
    """Rows one by one, and together again."""

    def row_of(self, array: ArrayValue) -> object:
        """What a loop over data holds in one round."""
        data = array.data
        if data.kind in (DataKind.DATASET, DataKind.GENERATOR):
            return self.batch_of(array)
        if data.container == "frame":
            return self.unknown("column")
        rows = self.rows_of(array)
        run = self.loop_runs[-1].key if self.loop_runs else 0
        found = rows.within((self.cut("item", rows.source, rows.selection, run), ITEM), partial=True)
        shape: Shape = UNKNOWN if isinstance(data.shape, Unknown) else data.shape[1:]
        row = self.derive(array, rows=found, shape=shape, container="", order=Order.UNKNOWN)
        return (self.unknown("index"), row) if data.container == "rows" else row

    def batch_of(self, array: ArrayValue) -> object:
        """What a source of batches gives in one round."""
        data = array.data
        rows = replace(self.rows_of(array), partial=True)
        common: dict[str, object] = {
            "kind": DataKind.ARRAY,
            "rows": rows,
            "role": data.role,
            "order": data.order,
            "arrangement": data.arrangement,
            "of": data.key,
        }
        parts = [ArrayValue(replace(element, key=next(self.keys), **common)) for element in data.elements]
        if not parts:
            return self.derive(array, shape=UNKNOWN, elements=(), **common)
        return tuple(parts) if len(parts) > 1 else parts[0]

    def layer_on_data(self, layer: LayerValue, array: ArrayValue, node: ast.expr) -> ArrayValue:
        """`layer(array)`."""
        name = layer.layer.class_name
        unknown: dict[str, object] = {"minimum": UNKNOWN, "maximum": UNKNOWN, "container": ""}
        if name.startswith("Random"):
            return self.stepped(array, StepKind.AUGMENTED, node, name)
        if name in ("Rescaling", "Normalization"):
            return self.stepped(array, StepKind.SCALED, node, name, transformer=layer.layer.key, **unknown)
        return self.stepped(
            array, StepKind.ENCODED, node, name, transformer=layer.layer.key, shape=UNKNOWN, dtype=UNKNOWN, **unknown
        )

    def adapted(self, layer: LayerValue, method: str, arguments: Arguments, node: ast.expr) -> None:
        """A layer is filled by one of its methods: it learns from data, or gets its vocabulary or weights."""
        place = arguments.positional_nodes[0] if arguments.positional_nodes else None
        first = arguments.get(0, "data") if method == "adapt" else None
        array = self.as_array(first, node)
        if array is not None:
            self.rows_of(array)
        fact = array.data if array is not None else self.data_fact(first, place)
        data = fact if isinstance(fact, DataArray) else None
        self.fitted(layer.layer.class_name, layer.layer.key, method, data, node)

    def predicted(self, x: Data, event: Event, node: ast.expr) -> ArrayValue:
        """What a model predicts for rows."""
        found = self.array(node, prediction=event.order)
        if isinstance(x, DataArray):
            facts = {"rows": x.rows, "order": x.order, "arrangement": x.arrangement, "of": x.key, "role": x.role}
            found.data = replace(found.data, **facts)
        return found

    def enter_loop(self, source: object, node: ast.AST, *, once: bool, filtered: bool = False) -> None:
        """A loop body is about to be run; `once` when that stands for an unknown number of rounds."""
        parent = self.loop_runs[-1] if self.loop_runs else None
        trail = self.trails[-1] if self.trails else None
        self.loop_runs.append(LoopRun(next(self.keys), source, node, parent, once, filtered, trail))

    def leave_loop(self) -> None:
        self.loop_runs.pop()

    def grow(self, target: ListValue, value: object, node: ast.expr | None) -> None:
        """`target.append(value)`."""
        target.items.append(value)
        run = self.loop_runs[-1] if self.loop_runs else None
        target.growth.append(Growth(run, self.trails[-1] if self.trails else None, node))

    def gathered_fact(self, value: ListValue, node: ast.expr | None) -> DataArray | None:
        """The data that a list of rows is, under the name that it was given by."""
        found = self.gathered(value, node)
        if found is None:
            return None
        name = node.id if isinstance(node, ast.Name) else ""
        return replace(found.data, name=name, named_role=named_role(name)) if name else found.data

    def as_array(self, value: object, node: ast.AST | None = None) -> ArrayValue | None:
        """Data as an array: an array itself, or the rows of a list; None for anything else."""
        if isinstance(value, ArrayValue):
            return value
        return self.gathered(value, node) if isinstance(value, ListValue) else None

    def gathered(self, value: ListValue, node: ast.AST | None) -> ArrayValue | None:
        """The data that a list of rows is; None for a list that is none."""
        if not value.items:
            return None
        place = node if isinstance(node, (ast.expr, ast.stmt)) else None
        nested = [item for item in value.items if isinstance(item, (ListValue, tuple))]
        if nested:
            found = self._nested(value, nested, place)
            return self._cut_off(self._mixed(found, value.shuffled), value) if found is not None else None
        if not value.growth and any(isinstance(item, Opaque) for item in value.items):
            return None
        result = self.array(place, **row_facts(value))
        result.data = replace(result.data, **self._growth_facts(value))
        return self._cut_off(self._mixed(result, value.shuffled), value)

    def _mixed(self, array: ArrayValue, key: int) -> ArrayValue:
        """The rows of a list that was shuffled in place."""
        if key:
            step = Step(StepKind.SHUFFLED, array.data.location, "random.shuffle")
            arrangement = self.rearranged(array.data, key)
            history = (*array.data.history, step)
            array.data = replace(array.data, order=Order.SHUFFLED, arrangement=arrangement, history=history)
        return array

    def part_of_list(self, owner: ListValue, node: ast.Slice) -> ListValue:
        """A part of a list that is not wholly known."""
        root = owner.origin or owner
        cuts = owner.cuts
        for bound, side in ((node.lower, TAIL), (node.upper, HEAD)):
            value = self.bound_of(bound)
            if value not in (None, 0):
                cuts = (*cuts, (self.cut("at", id(root), owner.cuts, value), side))
        return ListValue(list(owner.items), False, list(owner.growth), owner.shuffled, cuts, root)

    def _cut_off(self, array: ArrayValue, value: ListValue) -> ArrayValue:
        if value.cuts:
            step = Step(StepKind.SPLIT, array.data.location, "slice")
            array.data = replace(
                array.data, rows=self.rows_of(array).within(*value.cuts), history=(*array.data.history, step)
            )
        return array

    def columns_of(self, pairs: ListValue) -> ListValue | None:
        """`zip(*pairs)`: what stands at each position of the tuples in a list."""
        widths = {len(item) for item in pairs.items if isinstance(item, tuple)}
        if len(widths) != 1 or not all(isinstance(item, tuple) for item in pairs.items):
            return None
        facts = self._growth_facts(pairs)
        facts.setdefault("rows", Rows(self.cut("rows of list", id(pairs.origin or pairs))))
        columns: list[object] = []
        for position in range(widths.pop()):
            values = [item[position] for item in pairs.items if isinstance(item, tuple)]
            column = self.array(None, **{**row_facts(ListValue(values, pairs.whole)), **facts})
            first = values[0]
            if isinstance(first, ArrayValue) and first.data.rows is not None and not pairs.growth:
                kept = tuple(condition for condition in first.data.rows.selection if condition[1] != ITEM)
                column.data = replace(column.data, rows=Rows(first.data.rows.source, kept))
            columns.append(self._cut_off(self._mixed(column, pairs.shuffled), pairs))
        return ListValue(columns)

    def _nested(
        self, value: ListValue, nested: Sequence[object], node: ast.expr | ast.stmt | None
    ) -> ArrayValue | None:
        """A list of rows that are lists themselves."""
        if len(nested) < len(value.items) or value.growth:
            facts = self._growth_facts(value)
            return self.array(node, **facts) if facts else None
        shapes: list[Shape] = []
        for item in nested:
            inner = self.gathered(ListValue(list(item)) if isinstance(item, tuple) else item, node)  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
            if inner is None:
                return None
            shapes.append(inner.data.shape)
        shape = agreed(shapes, UNKNOWN)
        known = not isinstance(shape, Unknown) and value.whole
        return self.array(node, shape=(len(nested), *shape) if known else UNKNOWN, container="list")  # pyright: ignore[reportGeneralTypeIssues]

    def _growth_facts(self, value: ListValue) -> dict[str, object]:
        """Rows and order of a list that loops filled."""
        first = value.growth[0] if value.growth else None
        if first is None or first.run is None:
            return {}
        arrays = [item.data for item in value.items if isinstance(item, ArrayValue)]
        if any(is_window(array) for array in arrays):
            return _windows(arrays)
        source = self.source_of(first.run)
        if len(value.growth) == 1 and first.run.once and source is not None and not self._is_nested(first.run):
            return self._as_source(source, first, steps_of(arrays) if arrays else ())
        runs = list(dict.fromkeys(growth.run for growth in value.growth if growth.run is not None))
        branches = tuple(
            id(growth.branch) for growth in value.growth if growth.run and growth.branch is not growth.run.trail
        )
        facts: dict[str, object] = {"rows": Rows(self.cut("rows of loops", tuple(run.key for run in runs), branches))}
        if grown_in_blocks(value):
            return {**facts, "order": Order.SORTED, "labels": True}
        return {**facts, "order": Order.AS_LOADED} if all(map(_is_stored, runs)) else facts

    @staticmethod
    def _is_nested(run: LoopRun) -> bool:
        return run.parent is not None

    def _as_source(self, source: ArrayValue, growth: Growth, steps: tuple[Step, ...]) -> dict[str, object]:
        """A list with one entry for each row that a loop goes through."""
        run = growth.run
        assert run is not None
        rows = self.rows_of(source)
        if run.filtered or growth.branch is not run.trail:
            rows = rows.within((self.cut("branch", id(growth.branch), run.key), "in"))
        facts: dict[str, object] = {
            "rows": rows,
            "order": source.data.order,
            "arrangement": source.data.arrangement,
            "history": (*source.data.history, *(step for step in steps if step not in source.data.history)),
        }
        if source.data.role is not Role.UNKNOWN:
            facts |= {"role": source.data.role, "fold": source.data.fold}
        return facts

    def source_of(self, run: LoopRun) -> ArrayValue | None:
        """The data that a loop goes through."""
        if isinstance(run.source, ListValue) and not run.source.whole:
            found = self.gathered(run.source, None) if run.source.growth else None
            rows = Rows(self.cut("rows of list", id(run.source.origin or run.source)))
            run.source = found or self._cut_off(
                self._mixed(self.array(None, rows=rows), run.source.shuffled), run.source
            )
        return run.source if isinstance(run.source, ArrayValue) else None


def is_window(array: DataArray) -> bool:
    """Whether an array is a window that a loop moves over the rows."""
    return array.rows is not None and any(part == WINDOW for _, part in array.rows.selection)


def _windows(arrays: Sequence[DataArray]) -> dict[str, object]:
    """A list of windows over the rows of a series."""
    first = arrays[0]
    if first.rows is None:
        return {}
    kept = tuple(condition for condition in first.rows.selection if condition[1] not in (ITEM, WINDOW))
    step = Step(StepKind.WINDOWED, first.location, "windows")
    return {
        "rows": Rows(first.rows.source, kept, True),
        "order": first.order if first.order is Order.SHUFFLED else Order.TEMPORAL,
        "history": (*first.history, step),
    }


def _is_stored(run: LoopRun) -> bool:
    """Whether a loop goes through things in the order in which they are stored."""
    return isinstance(run.source, ArrayValue) and run.source.data.order is Order.AS_LOADED
