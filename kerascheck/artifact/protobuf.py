"""The wire format of protocol buffers, as far as it takes to find a field: nothing is copied, nothing is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kerascheck.artifact.refusals import DamagedError

Field: TypeAlias = "int | memoryview"
"""A number, or the bytes of a text, of packed numbers or of a message within."""

_VARINT_BYTES = 10
_FIXED = {1: 8, 5: 4}


def fields(message: memoryview) -> Iterator[tuple[int, Field]]:
    """The fields of a message by number, in order.

    Raises:
        DamagedError: where the bytes are no message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise DamagedError("a protocol buffer with a field of number 0")
        if kind == 0:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == 2:
            size, place = _varint(message, place)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise DamagedError(f"a protocol buffer with a field of unknown kind {kind}")
        if place + size > len(message):
            raise DamagedError("a protocol buffer that ends too early")
        yield number, message[place : place + size]
        place += size


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The values of a repeated field that holds messages or texts."""
    return (value for found, value in fields(message) if found == number and isinstance(value, memoryview))


def last_fields(message: memoryview) -> Mapping[int, Field]:
    """The fields of a message, of a repeated one the last."""
    return dict(fields(message))


def text(value: Field | None) -> str:
    """A text field; empty where it is missing."""
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_BYTES):
        if place + index >= len(message):
            raise DamagedError("a protocol buffer that ends too early")
        byte = message[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise DamagedError("a protocol buffer with a number of more than 64 bits")
