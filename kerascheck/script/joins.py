"""Following the branches that cannot be decided, and joining what they leave."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role
from kerascheck.facts.graph import Compile, Gap, Tensor
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import Location
from kerascheck.script.machine import Machine
from kerascheck.script.values import (
    ArrayValue,
    ChoiceValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    LossValue,
    MethodValue,
    ModelValue,
    Mutable,
    Opaque,
    OptimizerValue,
    Path,
    Scope,
    TensorValue,
)


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
        start = next(machine.keys)
        machine.trails.append({})
        machine.undecided += 1
        try:
            flow = run()
        finally:
            machine.undecided -= 1
            trail = _older(machine.trails.pop(), start)
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


def repeat(machine: Machine, run: Callable[[], Flow], place: Location) -> Flow:
    """Run the body of a loop of unknown length once, and mark what more iterations would change."""
    start = next(machine.keys)
    machine.trails.append({})
    machine.undecided += 1
    try:
        flow = run()
    finally:
        machine.undecided -= 1
        trail = _older(machine.trails.pop(), start)
    for subject, before in trail.items():
        if machine.trails:
            machine.trails[-1].setdefault(subject, before)
        _iterate(machine, subject, before, place)
    return flow


def _older(trail: dict[Mutable, object], start: int) -> dict[Mutable, object]:
    """What was there before a branch changed it: what it made itself no other way through the program has to do with."""
    return {subject: before for subject, before in trail.items() if _key_of(subject, before) < start}


def _key_of(subject: Mutable, before: object) -> int:
    """The key that a value was made with; 0 where it has none."""
    match subject:
        case ModelValue(key=key):
            return key
        case LayerValue(layer=layer):
            return layer.key
        case InstanceValue(model=ModelValue(key=key)):
            return key
        case InstanceValue(layer=LayerValue(layer=layer)):
            return layer.key
        case ArrayValue() if isinstance(before, DataArray):
            return before.key
        case _:
            return 0


def _iterate(machine: Machine, subject: Mutable, before: object, place: Location) -> None:
    """What is known of a value that a loop changed once and may change again."""
    if isinstance(subject, Scope) and isinstance(before, dict):
        for name, value in list(subject.names.items()):
            old = before.get(name)
            if isinstance(value, TensorValue) and isinstance(old, TensorValue) and value.tensor.key != old.tensor.key:
                subject.names[name] = machine.choose([old, value], place, "loop")
    elif isinstance(subject, ModelValue) and isinstance(before, tuple):
        count = len(before[0])
        if len(subject.chain) > count:
            start = subject.chain[count - 1][1] if count else subject.inputs[0]
            machine.extend_chain(subject, [start, subject.chain[-1][1]], place, "loop")
    elif isinstance(subject, (ListValue, DictValue)) and isinstance(before, tuple):
        subject.whole = subject.whole and len(before[0]) == len(subject.items)


def fill(machine: Machine, run: Callable[[], Flow]) -> None:
    """Run a block that may run instead of another: it only settles names that the other left unknown."""
    start = next(machine.keys)
    machine.trails.append({})
    machine.undecided += 1
    try:
        run()
    finally:
        machine.undecided -= 1
        trail = _older(machine.trails.pop(), start)
    for subject, before in trail.items():
        after = subject.save()
        subject.load(before)
        if isinstance(subject, Scope) and isinstance(after, dict):
            for name, value in after.items():
                if isinstance(subject.names.get(name), Opaque) or name not in subject.names:
                    machine.touch(subject)
                    subject.names[name] = value


def _merge(machine: Machine, subject: Mutable, other: object) -> None:
    if isinstance(subject, Scope) and isinstance(other, dict):
        for name, value in other.items():
            mine = subject.names.get(name, value)
            subject.names[name] = join(machine, mine, value)
    elif isinstance(subject, ModelValue):
        _merge_model(machine, subject, other)
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


def _merge_model(machine: Machine, model: ModelValue, other: object) -> None:
    mine = ModelState(*cast("ModelState", model.save()))
    model.load(other)
    theirs = ModelState(*cast("ModelState", model.save()))
    merged = [*mine.compiles, *(item for item in theirs.compiles if item not in mine.compiles)]
    shared = 0
    for (left, _), (right, _) in zip(mine.chain, theirs.chain, strict=False):
        if left is not right:
            break
        shared += 1
    longer, shorter = (mine, theirs) if len(mine.chain) >= len(theirs.chain) else (theirs, mine)
    model.load((longer.chain, longer.inputs, longer.outputs, merged, longer.gaps, longer.trainable))
    model.gaps = [*mine.gaps, *(gap for gap in theirs.gaps if gap not in mine.gaps)]
    if len(longer.chain) == shared or not longer.chain:
        return
    rest = shorter.chain[shared:]
    end = shorter.chain[-1][1] if shorter.chain else longer.inputs[0]
    model.chain[shared:shared] = rest
    machine.extend_chain(model, [end, longer.chain[-1][1]], longer.chain[-1][0].layer.location, "branch")


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
        elif isinstance(left, ListValue) and isinstance(right, ListValue):
            return _join_lists(machine, left, right)
        elif isinstance(left, DictValue) and isinstance(right, DictValue):
            return _join_dictionaries(machine, left, right)
        elif isinstance(left, ArrayValue) and isinstance(right, ArrayValue):
            data = join_data(left.data, right.data, next(machine.keys))
            return ArrayValue(data, left.positions and right.positions)
        elif isinstance(left, Opaque):
            return left
    if isinstance(left, TensorValue) and isinstance(right, TensorValue):
        same = left.tensor.key == right.tensor.key
        return left if same else machine.choose([left, right], machine.place_of_tensor(right), "branch")
    if isinstance(left, CHOSEN) and isinstance(right, CHOSEN):
        return left if left == right else _choice(left, right)
    return machine.unknown("branch")


def _join_lists(machine: Machine, left: ListValue, right: ListValue) -> ListValue:
    if len(left.items) == len(right.items):
        items = [join(machine, a, b) for a, b in zip(left.items, right.items, strict=True)]
        return ListValue(items, left.whole and right.whole)
    return ListValue(list(max(left.items, right.items, key=len)), whole=False)


def _join_dictionaries(machine: Machine, left: DictValue, right: DictValue) -> DictValue:
    same = left.items.keys() == right.items.keys()
    entries = {
        key: join(machine, left.items.get(key, value), right.items.get(key, value))
        for key, value in {**left.items, **right.items}.items()
    }
    return DictValue(entries, same and left.whole and right.whole)


def _choice(left: object, right: object) -> object:
    options = [
        option for value in (left, right) for option in (value.options if isinstance(value, ChoiceValue) else (value,))
    ]
    kept: list[object] = []
    for option in options:
        if not any(option is other for other in kept):
            kept.append(option)
    return ChoiceValue(tuple(kept[:CHOICES]))


CHOICES = 6
"""The most values that are followed where a branch decides which of them it is."""

CHOSEN = (
    ModelValue, LayerValue, InstanceValue, FunctionValue, ClassValue, Path, OptimizerValue, LossValue, MethodValue,
    ChoiceValue
)  # fmt: skip


class ModelState(NamedTuple):
    """What `ModelValue.save` gives."""

    chain: list[tuple[LayerValue, Tensor]]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    compiles: list[Compile]
    gaps: list[Gap]
    trainable: object


_NEUTRAL: dict[str, object] = {
    "kind": DataKind.UNKNOWN,
    "role": Role.UNKNOWN,
    "named_role": Role.UNKNOWN,
    "order": Order.UNKNOWN,
    "encoding": Encoding.UNKNOWN,
    "rows": None,
    "labels": False,
    "name": "",
    "fold": False,
    "columns": (),
    "path": "",
    "elements": (),
    "parts": (),
    "prediction": None,
    "of": None,
    "container": "",
}


def join_data(left: DataArray, right: DataArray, key: int | None = None) -> DataArray:
    """The facts on which two arrays agree."""
    if left == right:
        return left
    changes: dict[str, object] = {}
    for name in DataArray.__struct_fields__:
        if name in {"key", "location"}:
            continue
        mine, theirs = getattr(left, name), getattr(right, name)
        if mine == theirs:
            continue
        if name == "history":
            changes[name] = (*mine, *(step for step in theirs if step not in mine))
        elif name == "shape" and isinstance(mine, tuple) and isinstance(theirs, tuple) and len(mine) == len(theirs):
            changes[name] = tuple(a if a == b else UNKNOWN for a, b in zip(mine, theirs, strict=True))
        else:
            changes[name] = _NEUTRAL.get(name, UNKNOWN)
    if key is not None:
        changes["key"] = key
    return replace(left, **changes)  # pyright: ignore[reportArgumentType]
