"""Following the branches that cannot be decided, and joining what they leave."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role
from kerascheck.facts.graph import Gap
from kerascheck.facts.values import UNKNOWN
from kerascheck.script.machine import Machine
from kerascheck.script.values import ArrayValue, DictValue, ListValue, ModelValue, Mutable, Opaque, Scope


class Flow(enum.Enum):
    """How a block ends."""

    NEXT = "next"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISE = "raise"


def follow(machine: Machine, runs: Sequence[Callable[[], Flow]]) -> Flow:
    """Run each branch from the same state and join the states of those that go on."""
    outcomes: list[tuple[Flow, dict[Mutable, object]]] = []
    touched: dict[Mutable, object] = {}
    for run in runs:
        machine.trails.append({})
        machine.undecided += 1
        try:
            flow = run()
        finally:
            machine.undecided -= 1
            trail = machine.trails.pop()
        outcomes.append((flow, {subject: subject.save() for subject in trail}))
        for subject, state in trail.items():
            subject.load(state)
            touched.setdefault(subject, state)
    for subject in touched:
        machine.touch(subject)
    alive = [after for flow, after in outcomes if flow is Flow.NEXT]
    settled = alive or [after for _, after in outcomes]
    for subject, before in touched.items():
        states = [after.get(subject, before) for after in settled]
        subject.load(states[0])
        for state in states[1:]:
            _merge(machine, subject, state)
    if alive:
        return Flow.NEXT
    flows = {flow for flow, _ in outcomes}
    return Flow.RETURN if Flow.RETURN in flows else outcomes[0][0]


def _merge(machine: Machine, subject: Mutable, other: object) -> None:
    if isinstance(subject, Scope) and isinstance(other, dict):
        for name, value in other.items():
            mine = subject.names.get(name, value)
            subject.names[name] = join(machine, mine, value)
    elif isinstance(subject, ModelValue):
        _merge_model(subject, other)
    elif isinstance(subject, ListValue):
        mine = list(subject.items)
        subject.load(other)
        if len(mine) == len(subject.items):
            subject.items = [join(machine, a, b) for a, b in zip(mine, subject.items, strict=True)]
        else:
            subject.items, subject.whole = max(mine, subject.items, key=len), False
    elif isinstance(subject, DictValue):
        mine_entries = dict(subject.items)
        subject.load(other)
        for key, value in mine_entries.items():
            subject.items[key] = join(machine, value, subject.items.get(key, value))
    elif isinstance(subject, ArrayValue) and isinstance(other, DataArray):
        subject.data = join_data(subject.data, other)
    elif hasattr(subject, "attributes") and isinstance(other, dict):
        attributes: dict[str, object] = subject.attributes  # pyright: ignore[reportAttributeAccessIssue]
        for name, value in other.items():
            attributes[name] = join(machine, attributes.get(name, value), value)


def _merge_model(model: ModelValue, other: object) -> None:
    mine = (list(model.chain), model.inputs, model.outputs, list(model.compiles))
    gaps = list(model.gaps)
    model.load(other)
    chain, inputs, outputs, compiles = mine
    differs = [layer for layer, _ in chain] != [layer for layer, _ in model.chain]
    if differs:
        gaps.append(Gap("layers that a branch adds", model.location))
    if len(chain) >= len(model.chain):
        model.chain, model.inputs, model.outputs = chain, inputs, outputs
    model.compiles = compiles + [item for item in model.compiles if item not in compiles]
    model.gaps = gaps + [gap for gap in model.gaps if gap not in gaps]


def join(machine: Machine, left: object, right: object) -> object:
    """What is known of a value that is `left` or `right`."""
    if left is right:
        return left
    if type(left) is type(right):
        if isinstance(left, (bool, int, float, str, bytes)) and left == right:
            return left
        if isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) == len(right):
                return tuple(join(machine, a, b) for a, b in zip(left, right, strict=True))
        elif isinstance(left, ArrayValue) and isinstance(right, ArrayValue):
            return ArrayValue(join_data(left.data, right.data, next(machine.keys)))
        elif isinstance(left, ModelValue):
            machine.touch(left)
            gap = Gap("a model that a branch chooses", left.location)
            if gap not in left.gaps:
                left.gaps.append(gap)
            return left
        elif isinstance(left, Opaque) or (not isinstance(left, Mutable) and left == right):
            return left
    return machine.unknown("branch")


_NEUTRAL: dict[str, object] = {
    "kind": DataKind.UNKNOWN,
    "role": Role.UNKNOWN,
    "named_role": Role.UNKNOWN,
    "order": Order.UNKNOWN,
    "encoding": Encoding.UNKNOWN,
    "rows": None,
    "labels": False,
    "name": "",
    "history": (),
}


def join_data(left: DataArray, right: DataArray, key: int | None = None) -> DataArray:
    """The facts on which two arrays agree."""
    if left == right:
        return left
    changes: dict[str, object] = {}
    for name in DataArray.__struct_fields__:
        if name in {"key", "location"}:
            continue
        if getattr(left, name) != getattr(right, name):
            changes[name] = _NEUTRAL.get(name, UNKNOWN)
    if key is not None:
        changes["key"] = key
    return replace(left, **changes)  # pyright: ignore[reportArgumentType]
