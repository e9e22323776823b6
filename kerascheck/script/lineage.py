"""Where data comes from: identities of rows, steps of its history, splits, draws, and lists that loops fill."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path as File

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Order, Role, Rows, Step, StepKind
from kerascheck.facts.slot import Slot
from kerascheck.facts.training import Comparison, Data, Event, Fitting, Split
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.findings import Location, SourceText
from kerascheck.script.roles import named_role
from kerascheck.script.stacking import agreed, grown_in_blocks, row_facts, steps_of
from kerascheck.script.training import Training
from kerascheck.script.values import Arguments, ArrayValue, Growth, LayerValue, ListValue, LoopRun, Opaque

ITEM, WINDOW = "item", "window"
Condition = tuple[int, "int | str"]


class Lineage(Training):
    """What every operation on data shares."""

    def __init__(self, path: str, text: SourceText, file: File | None = None) -> None:
        super().__init__(path, text, file)
        self.loop_runs: list[LoopRun] = []
        self.states: dict[str, tuple[object, int]] = {}
        self._splits: dict[int, int] = {}

    # Steps

    def stepped(
        self,
        array: ArrayValue,
        kind: StepKind,
        node: ast.AST | None,
        by: str,
        /,
        **facts: object,
    ) -> ArrayValue:
        """A new array with one more step in its history.

        `transformer` and `arguments` among the facts belong to the step.
        """
        location = self.place(node) if isinstance(node, (ast.expr, ast.stmt)) else array.data.location
        transformer, arguments = facts.pop("transformer", None), facts.pop("arguments", None)
        step = Step(
            kind,
            location,
            by,
            transformer if isinstance(transformer, int) else None,
            arguments if isinstance(arguments, dict) else {},
        )
        self.rows_of(array)
        return self.derive(array, history=(*array.data.history, step), location=location, **facts)

    def slot_of(self, node: ast.expr) -> Slot | None:
        """Where one more argument goes into a call."""
        return self._slot(node)

    def places_of(self, arguments: Arguments, *names: str) -> dict[str, Location]:
        """Where the values of keyword arguments stand."""
        return {
            name: self.place(arguments.keyword_nodes[name].value) for name in names if name in arguments.keyword_nodes
        }

    def rows_of(self, array: ArrayValue) -> Rows:
        """The rows of an array, which get an identity here if they have none."""
        rows = array.data.rows
        if rows is None:
            rows = Rows(array.data.key)
            self.touch(array)
            array.data = replace(array.data, rows=rows)
        return rows

    def changed(self, array: ArrayValue, **facts: object) -> None:
        """An operation in place."""
        self.touch(array)
        array.data = replace(array.data, **facts)  # pyright: ignore[reportArgumentType]

    # Draws

    def reseeded(self, library: str, seed: object) -> None:
        """The state of a random generator is set."""
        self.states[library] = (seed if isinstance(seed, (int, str)) else next(self.keys), 0)

    def draw(self, library: str, *identity: object, seed: object = None) -> int:
        """The key of a random reordering: equal for two draws that are sure to give the same one."""
        if isinstance(seed, (int, str)) and not isinstance(seed, bool):
            return self.cut("draw", library, seed, *identity)
        state = self.states.get(library)
        if state is None or seed is not None:
            return next(self.keys)
        self.states[library] = (state[0], state[1] + 1)
        return self.cut("draw", library, *state, *identity)

    def drawn(self, array: ArrayValue, key: int, part: str, *, partial: bool = False) -> Rows:
        """The rows of an array that a random draw puts into a part."""
        rows = self.rows_of(array)
        return rows.within((self.cut("drawn", key, rows.source, rows.selection), part), partial=partial)

    def rearranged(self, array: DataArray, key: int) -> tuple[int, ...] | Unknown:
        """The reorderings of an array after one more."""
        return UNKNOWN if isinstance(array.arrangement, Unknown) else (*array.arrangement, key)

    def shuffled(self, array: ArrayValue, key: int, node: ast.AST | None, by: str, **arguments: Value) -> ArrayValue:
        """The rows of an array in a new random order."""
        return self.stepped(
            array,
            StepKind.SHUFFLED,
            node,
            by,
            arguments=arguments,
            order=Order.SHUFFLED,
            arrangement=self.rearranged(array.data, key),
        )

    def row_of(self, array: ArrayValue) -> object:
        """What a loop over data holds in one round."""
        data = array.data
        if data.kind in (DataKind.DATASET, DataKind.GENERATOR):
            return self._batch_of(array)
        if data.container == "frame":
            return self.unknown("column")
        rows = self.rows_of(array)
        run = self.loop_runs[-1].key if self.loop_runs else 0
        found = rows.within((self.cut("item", rows.source, rows.selection, run), ITEM), partial=True)
        shape: Shape = UNKNOWN if isinstance(data.shape, Unknown) else data.shape[1:]
        row = self.derive(array, rows=found, shape=shape, container="", order=Order.UNKNOWN)
        return (self.unknown("index"), row) if data.container == "rows" else row

    def _batch_of(self, array: ArrayValue) -> object:
        data = array.data
        rows = replace(self.rows_of(array), partial=True)
        common: dict[str, object] = {
            "kind": DataKind.ARRAY,
            "rows": rows,
            "role": data.role,
            "order": data.order,
            "arrangement": data.arrangement,
            "history": data.history,
            "of": data.key,
        }
        parts = [ArrayValue(replace(element, key=next(self.keys), **common)) for element in data.elements]
        if not parts:
            return self.derive(array, shape=UNKNOWN, elements=(), **common)
        return tuple(parts) if len(parts) > 1 else parts[0]

    # Events

    def fitted(
        self,
        transformer: str,
        key: int,
        method: str,
        data: DataArray | None,
        node: ast.expr,
        *,
        labels_used: bool = False,
    ) -> None:
        """Record that a statistic was learned from data."""
        called = self.place(node.func if isinstance(node, ast.Call) else node)
        width = len(method)
        self.record(
            Fitting(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                transformer=transformer,
                key=key,
                method=method,
                data=data,
                labels_used=labels_used,
                method_place=replace(called, line=called.end_line, column=called.end_column - width),
            )
        )

    def compared(self, function: str, values: Sequence[object], node: ast.expr) -> None:
        """Record that data is compared, as a metric does."""
        arrays = tuple(value.data for value in values if isinstance(value, ArrayValue))
        if len(arrays) > 1 or any(array.prediction is not None for array in arrays):
            self.record(
                Comparison(
                    **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                    function=function,
                    arrays=arrays,
                )
            )

    def side(self, cut: int, function: str, owner: DataArray, part: DataArray, node: ast.expr) -> None:
        """Record one side of a cut; the sides of one cut are one split."""
        index = self._splits.get(cut)
        if index is not None and isinstance(split := self.events[index], Split):
            inputs = split.inputs if any(known.key == owner.key for known in split.inputs) else (*split.inputs, owner)
            self.events[index] = replace(split, inputs=inputs, outputs=(*split.outputs, part))
            return
        self._splits[cut] = len(self.events)
        self.record(
            Split(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                function=function,
                key=cut,
                inputs=(owner,),
                outputs=(part,),
                shuffle=False,
            )
        )

    def adapted(self, layer: LayerValue, arguments: Arguments, node: ast.expr) -> None:
        """A preprocessing layer learns from data."""
        first = arguments.get(0, "data")
        array = self.as_array(first, node)
        fact = (
            array.data
            if array is not None
            else self.data_fact(first, arguments.positional_nodes[0] if arguments.positional_nodes else None)
        )
        if array is not None:
            self.rows_of(array)
        self.fitted(
            layer.layer.class_name, layer.layer.key, "adapt", fact if isinstance(fact, DataArray) else None, node
        )

    def predicted(self, x: Data, event: Event, node: ast.expr) -> ArrayValue:
        """What a model predicts for rows."""
        found = self.array(node, prediction=event.order)
        if isinstance(x, DataArray):
            facts = {"rows": x.rows, "order": x.order, "arrangement": x.arrangement, "of": x.key, "role": x.role}
            found.data = replace(found.data, **facts)
        return found

    def split_event(
        self,
        function: str,
        cut: int,
        inputs: Sequence[ArrayValue],
        outputs: Sequence[ArrayValue],
        node: ast.expr,
        *,
        shuffle: bool | Unknown,
        seeded: bool | Unknown,
        stratified: bool | Unknown = UNKNOWN,
        share: float | Unknown = UNKNOWN,
    ) -> None:
        """Record a split into parts."""
        self.record(
            Split(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                function=function,
                key=cut,
                inputs=tuple(array.data for array in inputs),
                outputs=tuple(array.data for array in outputs),
                shuffle=shuffle,
                seeded=seeded,
                stratified=stratified,
                share=share,
            )
        )

    # Lists that loops fill

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
            return self._nested(value, nested, place)
        if not value.growth and any(isinstance(item, Opaque) for item in value.items):
            return None
        result = self.array(place, **row_facts(value))
        result.data = replace(result.data, **self._growth_facts(value))
        if value.shuffled:
            arrangement = self.rearranged(result.data, value.shuffled)
            result.data = replace(result.data, order=Order.SHUFFLED, arrangement=arrangement)
        return result

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
            rows = Rows(self.cut("rows of list", id(run.source)))
            order = Order.SHUFFLED if run.source.shuffled else Order.UNKNOWN
            run.source = found or self.array(None, rows=rows, order=order)
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
