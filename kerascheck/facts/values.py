"""Values that facts carry, and what is said of the ones that are not known."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct


class Unknown(enum.Enum):
    """The type of `UNKNOWN`: a value that exists when the program runs and that no reader could prove."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


class Symbol(Struct, frozen=True):
    """An object that is known by its Keras name and its arguments: an initializer, a regularizer, a loss, a callback.

    `name` is today's Keras name (`L2`, `Adam`, `BinaryCrossentropy`), `written` the name in the source or file.
    """

    name: str
    arguments: Mapping[str, Value]
    written: str = ""


Value: TypeAlias = (
    "bool | int | float | complex | str | bytes | tuple[Value, ...] | Mapping[str, Value] | Symbol | Unknown | None"
)
"""A literal, a tuple of values (lists become tuples), a mapping with string keys, a named object, or `UNKNOWN`."""

Dim: TypeAlias = "int | Unknown | None"
"""One axis: its size, None where the program declares it variable (the batch axis), `UNKNOWN` where it is not proven."""

Shape: TypeAlias = "tuple[Dim, ...] | Unknown"
"""A shape with the batch axis first, or `UNKNOWN` where not even the rank is proven."""
