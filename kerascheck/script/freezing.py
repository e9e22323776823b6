"""`layer.trainable = …`, for layers that are known and for those that are only known to belong to a model."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.freezing import LayersSet
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.machine import Machine
from kerascheck.script.values import LayerValue, ListValue, ModelValue, Opaque

if TYPE_CHECKING:
    from kerascheck.script.core import Core


class SomeLayers(Opaque, eq=False):
    """A layer of a model, which one is not known; `every` where a loop runs over all of them.

    `level` counts the undecided branches around it, that of the loop which takes it out of its list among them.
    """

    model: ModelValue | None = None
    every: bool = False
    level: int = 0


def layer_of(machine: Machine, source: ListValue) -> SomeLayers | None:
    """What a loop over `model.layers`, or over a part of it, holds; None for any other list."""
    level = machine.undecided + 1
    listed = machine.layer_lists.get(id(source))
    if listed is not None and listed[0] is source:
        return SomeLayers("layer", next(machine.keys), listed[1], every=True, level=level)
    part = machine.layer_parts.get(id(source))
    if part is not None and part[0] is source:
        return SomeLayers("layer", next(machine.keys), part[1], level=level)
    return None


def note_part(machine: Machine, owner: ListValue, part: ListValue) -> ListValue:
    """A slice of `model.layers` is remembered as such."""
    found = layer_of(machine, owner)
    if found is not None and found.model is not None:
        machine.layer_parts[id(part)] = (part, found.model)
    return part


def set_trainable(machine: Core, owner: LayerValue | SomeLayers, value: object, target: ast.expr) -> None:
    """Record `owner.trainable = value`."""
    facts = machine.event_facts(machine.place(target))
    state = value if isinstance(value, bool) else UNKNOWN
    if isinstance(owner, LayerValue):
        event = LayersSet(**facts, layers=(owner.layer.key,), trainable=state)  # pyright: ignore[reportArgumentType]
        _settle(machine, owner, value)
        settle(machine, [owner.layer.key], state if machine.undecided == 0 else UNKNOWN)
    else:
        # The loop over the layers leaves nothing open, only a test in its body does.
        facts["certain"] = owner.level <= 1 and machine.undecided <= owner.level
        key = owner.model.key if owner.model is not None else 0
        event = LayersSet(**facts, model=key, every=owner.every, trainable=state)  # pyright: ignore[reportArgumentType]
        if owner.model is not None:
            settle_layers(machine, owner.model, state if owner.every and facts["certain"] else UNKNOWN)
    machine.layer_sets.append(event)


def settle_model(machine: Core, model: ModelValue, value: object) -> None:
    """`model.trainable = value`: of the model and of all layers in it."""
    state = value if isinstance(value, bool) and machine.undecided == 0 else UNKNOWN
    settle(machine, [model.key], state)
    settle_layers(machine, model, state)


def settle_layers(machine: Core, model: ModelValue, state: bool | Unknown) -> None:
    settle(machine, [layer.key for layer in machine.freeze(model).every_layer()], state)


def settle(machine: Core, keys: Sequence[int], state: bool | Unknown) -> None:
    """Note what layers are set to, for good."""
    for key in keys:
        machine.assembly.settle(key, state)


def _settle(machine: Machine, owner: LayerValue, value: object) -> None:
    """Change the layer itself too, where the program holds it by another value."""
    made = machine.layer_values.get(owner.layer.key)
    if made is not None and made is not owner:
        machine.touch(made)
        made.layer = replace(made.layer, trainable=value if isinstance(value, bool) else UNKNOWN)
