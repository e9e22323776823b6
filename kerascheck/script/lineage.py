"""Where data comes from: identities of rows, steps of its history, splits, draws, and lists that loops fill."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path as File

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, Order, Rows, Step, StepKind
from kerascheck.facts.events import Comparison, Fitting, Split
from kerascheck.facts.slot import Slot
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location, SourceText
from kerascheck.script.rounds import LoopRun
from kerascheck.script.stacking import names_in
from kerascheck.script.training import Training
from kerascheck.script.values import Arguments, ArrayValue, Opaque

ITEM, WINDOW, HEAD, TAIL = "item", "window", "head", "tail"
Condition = tuple[int, "int | str"]


class Lineage(Training):
    """What every operation on data shares."""

    def __init__(self, path: str, text: SourceText, file: File | None = None) -> None:
        super().__init__(path, text, file)
        self.loop_runs: list[LoopRun] = []
        self.states: dict[str, tuple[object, int]] = {}
        self._splits: dict[int, int] = {}
        self.bounds: dict[tuple[int, tuple[Condition, ...]], dict[int, int]] = {}

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
        if facts.get("minimum") is UNKNOWN:
            facts.setdefault("classes", UNKNOWN)
        array.data = replace(array.data, **facts)  # pyright: ignore[reportArgumentType]

    # Draws

    def reseeded(self, library: str, seed: object) -> None:
        """The state of a random generator is set."""
        known = seed if isinstance(seed, (int, str)) else getattr(seed, "key", 0) or next(self.keys)
        self.states[library] = (known, 0)

    def draw(self, library: str, *identity: object, seed: object = None) -> int:
        """The key of a random reordering: equal for two draws that are sure to give the same one."""
        if isinstance(seed, (int, str)) and not isinstance(seed, bool):
            return self.cut("draw", library.partition(" ")[0], seed, *identity)
        state = self.states.get(library)
        if state is None or seed is not None:
            return next(self.keys)
        self.states[library] = (state[0], state[1] + 1)
        return self.cut("draw", library.partition(" ")[0], *state, *identity)

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

    def bound_of(self, node: ast.expr | None) -> object:
        """What a bound of a slice is: a number, or the identity of a value that is not known."""
        value = self.evaluate(node)
        if value is None or isinstance(value, int):
            return value
        if isinstance(node, ast.Name) or (isinstance(value, Opaque) and value.origin == "len"):
            if isinstance(value, Opaque) and value.key:
                return ("key", value.key)
            return ("data", value.data.key) if isinstance(value, ArrayValue) else value
        if node is None:
            return None
        return (ast.dump(node), *(self._identity(name) for name in sorted(names_in(node))))

    def _identity(self, name: str) -> object:
        value = self.look_up(name)
        if isinstance(value, Opaque):
            return value.key
        if isinstance(value, ArrayValue):
            return value.data.key
        return value if isinstance(value, (int, float, str)) else id(value)

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
