"""Which weights a script makes trainable or freezes, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from kerascheck.facts.events import Event, ModelUse
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Unknown

State: TypeAlias = "bool | Unknown"


class LayersSet(Event, frozen=True):
    """`layer.trainable = value`: on `layers` by key, or on layers of `model` that are not told apart, all where `every`."""

    layers: tuple[int, ...] = ()
    model: int = 0
    every: bool = False
    trainable: State = UNKNOWN


class Change(Struct, frozen=True):
    """One assignment to `trainable`.

    `keys` are the model and layers it falls on, or may fall on where `part` says that it is only some of them; `whole` is
    true for a model as such.
    """

    event: Event
    trainable: State
    keys: frozenset[int]
    whole: bool = False
    part: bool = False

    def covers(self, other: Change) -> bool:
        """Whether this one falls on all that the other falls on."""
        return not self.part and other.keys <= self.keys

    @property
    def order(self) -> int:
        return self.event.order


def changes(program: TrainingProgram) -> Iterator[Change]:
    """All assignments to `trainable`, in order."""
    for event in program.events:
        if isinstance(event, ModelUse) and event.use == "trainable":
            value = event.arguments.get("trainable", UNKNOWN)
            state = value if isinstance(value, bool) else UNKNOWN
            yield Change(event, state, keys_of(program.graph(event.model)) | {event.model}, whole=True)
        elif isinstance(event, LayersSet):
            # A layer of `model.layers` may be a model itself.
            models = [key for key in (*event.layers, event.model) if key in program.models]
            inside = frozenset[int]().union(*(keys_of(program.models[key]) for key in models))
            part = bool(event.model) and not event.every
            yield Change(
                event,
                event.trainable,
                frozenset(event.layers) | inside,
                whole=bool(models) and not event.model,
                part=part,
            )


def keys_of(graph: ModelGraph | None) -> frozenset[int]:
    """The keys of a model and of every layer in it, but for its inputs."""
    if graph is None:
        return frozenset()
    found = {graph.key}
    for layer in graph.layers:
        if layer.class_name == "InputLayer":
            continue
        found.add(layer.key)
        if layer.inner is not None:
            found.add(layer.inner.key)
        found |= keys_of(layer.model)
    return frozenset(found)
