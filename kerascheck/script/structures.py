"""Nests of tensors: lists, tuples and dictionaries as Keras takes and gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from kerascheck.facts.graph import Layer, ModelGraph, Tensor
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.values import DictValue, ListValue, Opaque, TensorValue

State = TypeVar("State")
Maker: TypeAlias = Callable[[], Tensor]


class InputTensor(TensorValue, frozen=True):
    """The input of a model when nobody knows what it is called on: one tensor, or several once they are taken apart."""

    make: Maker
    parts: dict[object, TensorValue] = field(default_factory=dict[object, TensorValue])

    def part(self, key: object) -> TensorValue:
        """One of several inputs, by position or name."""
        if key not in self.parts:
            self.parts[key] = TensorValue(self.make())
        return self.parts[key]

    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(value.tensor for value in self.parts.values()) or (self.tensor,)


class ScalarTensor(Opaque, eq=False):
    """A tensor of one number that the program writes down."""


class Trace(Struct, frozen=True):
    """What a call of a custom layer does: the graph inside it, its output as a structure, and the tensors in there."""

    graph: ModelGraph
    structure: object
    tensors: tuple[Tensor, ...]

    def within(self, layer: Layer, weights: Sequence[int | Unknown], untrained: int = 0) -> Layer:
        """The layer with the graph that was found in it; `weights` are the sizes of those that it adds itself."""
        total: int | Unknown = self.graph.parameters
        for size in weights:
            total = UNKNOWN if isinstance(total, Unknown) or isinstance(size, Unknown) else total + size
        return replace(layer, model=self.graph, parameters=total, untrained=untrained)


def tensors_of(value: object, depth: int = 0) -> tuple[Tensor, ...]:
    """The tensors in a nest, in Keras's order; nothing when it holds anything else."""
    if isinstance(value, TensorValue):
        return (value.tensor,)
    items: list[object]
    match value:
        case ListValue(whole=True):
            items = value.items
        case tuple():
            items = list(value)
        case DictValue(whole=True):
            # Keras takes dictionaries in the order of their keys.
            items = [value.items[name] for name in sorted(value.items, key=str)]
        case _:
            return ()
    found: list[Tensor] = []
    for item in items if depth < 4 else ():
        if item is None:
            continue
        inner = tensors_of(item, depth + 1)
        if not inner:
            return ()
        found.extend(inner)
    return tuple(found)


def mapped(value: object, change: Callable[[Tensor, State], Tensor], state: State) -> object:
    """A nest with each tensor replaced by what `change` makes of it."""
    match value:
        case TensorValue():
            return TensorValue(change(value.tensor, state))
        case ListValue():
            return ListValue([mapped(item, change, state) for item in value.items], value.whole)
        case tuple():
            return tuple(mapped(item, change, state) for item in value)
        case DictValue():
            return DictValue({key: mapped(item, change, state) for key, item in value.items.items()}, value.whole)
        case _:
            return value
