"""One call of a layer as the shape functions see it, and how they refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from kerascheck.facts.graph import Layer
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value

Dims: TypeAlias = tuple[Dim, ...]


class Refusal(Exception):
    """Keras raises an error at this call; `kind` is `rank` or `shape`, `message` a sentence without its subject, the layer.

    `excess` is the number of axes that the input has more than the layer takes.
    """

    def __init__(self, kind: str, message: str, excess: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.excess = excess


class Call(Struct, frozen=True):
    """A layer with the shapes that it is called on and the arguments of that call."""

    layer: Layer
    inputs: tuple[Shape, ...]
    arguments: Mapping[str, Value]

    @property
    def input(self) -> Shape:
        """The shape of the first input; `UNKNOWN` for none."""
        return self.inputs[0] if self.inputs else UNKNOWN

    def dims(self) -> Dims | None:
        """The axes of the first input, None when its rank is not known."""
        shape = self.input
        return None if isinstance(shape, Unknown) else shape

    def value(self, name: str) -> Value:
        return self.layer.config.get(name, UNKNOWN)

    def size(self, name: str) -> int | Unknown:
        """An integer argument."""
        return integer(self.value(name))

    def sizes(self, name: str, rank: int) -> tuple[int | Unknown, ...]:
        """An argument with one integer an axis; a single integer counts for all."""
        return integers(self.value(name), rank)

    def text(self, name: str) -> str | Unknown:
        value = self.value(name)
        return value.lower() if isinstance(value, str) else UNKNOWN

    def flag(self, name: str) -> bool | Unknown:
        value = self.value(name)
        return bool(value) if isinstance(value, (bool, int)) else UNKNOWN

    def channels_first(self) -> bool | Unknown:
        """Whether the channels stand before the spatial axes; Keras's default is that they do not."""
        value = self.layer.config.get("data_format")
        if value is None:
            return False
        return value == "channels_first" if isinstance(value, str) else UNKNOWN

    def expect_rank(self, rank: int) -> None:
        """Refuse an input of another rank."""
        dims = self.dims()
        if dims is not None and len(dims) != rank:
            raise Refusal(
                "rank",
                f"takes an input with {rank} axes, got {len(dims)}: {written(dims)}",
                max(len(dims) - rank, 0),
            )

    def expect_at_least(self, rank: int) -> None:
        """Refuse an input of a lower rank."""
        dims = self.dims()
        if dims is not None and len(dims) < rank:
            raise Refusal(
                "rank",
                f"takes an input with at least {rank} axes, got {len(dims)}: {written(dims)}",
            )


ShapeFunction: TypeAlias = Callable[[Call], "list[Shape]"]
ParameterFunction: TypeAlias = Callable[[Call], "int | Unknown"]


def integer(value: Value) -> int | Unknown:
    """A value as an integer; a whole float counts, as Keras takes it."""
    if isinstance(value, bool):
        return UNKNOWN
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else UNKNOWN


def integers(value: Value, rank: int) -> tuple[int | Unknown, ...]:
    """`rank` integers from a tuple or from one integer that counts for all."""
    if isinstance(value, tuple) and len(value) == rank:
        return tuple(integer(item) for item in value)
    if isinstance(value, tuple) and len(value) == 1:
        return (integer(value[0]),) * rank
    return (integer(value),) * rank


def written(dims: Shape) -> str:
    """A shape as Python writes it, with `?` for an axis that is not known."""
    if isinstance(dims, Unknown):
        return "?"
    words = ["?" if isinstance(dim, Unknown) else str(dim) for dim in dims]
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"


def add(a: Dim, b: Dim) -> Dim:
    """The sum of two sizes."""
    if a is None or b is None:
        return None
    return UNKNOWN if isinstance(a, Unknown) or isinstance(b, Unknown) else a + b


def times(a: Dim, b: Dim) -> Dim:
    """The product of two sizes."""
    if a is None or b is None:
        return None
    return UNKNOWN if isinstance(a, Unknown) or isinstance(b, Unknown) else a * b


def product(dims: Dims) -> Dim:
    """The number of elements of axes; None when one is variable."""
    total: Dim = 1
    for dim in dims:
        total = times(total, dim)
    return total


def known(dim: Dim) -> bool:
    """Whether a size is a number."""
    return isinstance(dim, int)


def differ(a: Dim, b: Dim) -> bool:
    """Whether two sizes are proven to be different."""
    return isinstance(a, int) and isinstance(b, int) and a != b


def same(a: Dim, b: Dim) -> Dim:
    """What is known of an axis that two shapes share."""
    if isinstance(a, int):
        return a
    if isinstance(b, int):
        return b
    return None if a is None and b is None else UNKNOWN


def position(axis: int, rank: int) -> int | None:
    """An axis counted from the front; None outside the shape."""
    place = axis + rank if axis < 0 else axis
    return place if 0 <= place < rank else None


def replaced(dims: Dims, axis: int, size: Dim) -> Dims:
    """The shape with one axis changed."""
    place = axis % len(dims)
    return (*dims[:place], size, *dims[place + 1 :])
