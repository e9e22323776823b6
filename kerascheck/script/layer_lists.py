"""`model.layers` changed in place: Keras 1 programs took the last layers off a model so."""

from __future__ import annotations

from kerascheck.facts.graph import Gap
from kerascheck.script.machine import Machine
from kerascheck.script.values import ListValue, ModelValue

_CHANGING = frozenset({"pop", "append", "insert", "remove", "extend", "clear", "reverse"})


def layer_list(machine: Machine, model: ModelValue, layers: ListValue) -> ListValue:
    """The list of a model's layers, remembered as such."""
    machine.layer_lists[id(layers)] = (layers, model)
    return layers


def note_change(machine: Machine, subject: ListValue, method: str, argument: object) -> None:
    """A model follows when its list of layers loses the last one, and is no longer known after any other change."""
    found = machine.layer_lists.get(id(subject))
    if found is None or method not in _CHANGING:
        return
    _, model = found
    machine.touch(model)
    if method == "pop" and argument in (None, -1) and model.chain:
        model.chain.pop()
        model.outputs = (model.chain[-1][1],) if model.chain else model.inputs
    elif method == "pop" and model.outputs:
        # The wiring of a functional model does not follow, and whether its list does depends on the Keras.
        machine.changed_lists.add(model.key)
    else:
        model.gaps.append(Gap("a change of model.layers", model.location))
