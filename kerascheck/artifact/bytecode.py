"""Python bytecode told by its first bytes, and the texts in it. It is never unmarshalled: that can crash, or worse.

`marshal` writes a code object as `c` (0x63, with a reference mark 0xE3), a few small numbers, and then its constants and
names, each text behind a letter for its kind and its length.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_REFERENCE: Final = 0x80
_CODE: Final = ord("c")
_SHORT: Final = b"zZ"
_LONG: Final = b"aAut"
_BYTES: Final = ord("s")
_HEADER: Final = 9
_SMALL: Final = 256
_LEAST: Final = 24
_TEXT_LIMIT: Final = 200
_TEXTS: Final = 400
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+")
_SOURCE: Final = re.compile(r"(?:[A-Za-z]:[\\/]|/|<|\.{0,2}[\w-]+[\\/]).*|.*\.pyw?|<.*>")
_QUICK: Final = frozenset("4Yãc")


class Bytecode(Struct, frozen=True):
    """A code object: its bytes, how the file wrote them, and the Python that made it."""

    data: bytes
    encoding: str
    python: int


def bytecode(text: str) -> Bytecode | None:
    """The code object that a text holds in any of the encodings that Keras has used; None for other texts."""
    if len(text) < _LEAST or text[0] not in _QUICK:
        return None
    if text[0] in "4Y" and _BASE64.fullmatch(text, 0, 200):
        data = _decoded(text)
        return _code(data, "base64") if data is not None else None
    try:
        return _code(text.encode("latin-1"), "raw bytes")
    except UnicodeEncodeError:
        # `raw_unicode_escape` of Keras 1 leaves what is above 255 as it is written in Python.
        return _code(text.encode("raw_unicode_escape", "replace"), "raw bytes")


def _decoded(text: str) -> bytes | None:
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4))
    except (binascii.Error, ValueError):
        return None


def _code(data: bytes, encoding: str) -> Bytecode | None:
    if len(data) < _LEAST or data[0] & ~_REFERENCE != _CODE:
        return None
    numbers = (int.from_bytes(data[place : place + 4], "little") for place in (1, 5))
    if any(number >= _SMALL for number in numbers):
        return None
    # Only Python 3 marks references.
    return Bytecode(data, encoding, 3 if data[0] & _REFERENCE else 2)


def texts_of(data: bytes) -> tuple[tuple[str, ...], str]:
    """The texts in a code object in order, each once, and the file that it was compiled from."""
    found: dict[str, None] = {}
    source = ""
    for text in _texts(data):
        if not source and len(text) > 1 and _SOURCE.fullmatch(text) and (not text.startswith("<") or text == "<stdin>"):
            source = text
        elif not text.startswith("<"):
            found.setdefault(text, None)
        if len(found) >= _TEXTS:
            break
    return tuple(found), source


def _texts(data: bytes) -> Iterator[str]:
    place = 0
    while place < len(data):
        size, width = _length(data, place)
        text = data[place + width : place + width + size]
        if size and len(text) == size and _readable(text):
            yield text.decode("utf-8", "replace")
            place += width + size
        else:
            place += 1


def _length(data: bytes, place: int) -> tuple[int, int]:
    """The length of a text at a place, and how many bytes stand in front of it; 0 for no text."""
    kind = data[place] & ~_REFERENCE
    if kind in _SHORT:
        return (data[place + 1] if place + 1 < len(data) else 0), 2
    if kind in _LONG or kind == _BYTES:
        size = int.from_bytes(data[place + 1 : place + 5], "little")
        return (size if size <= _TEXT_LIMIT else 0), 5
    return 0, 1


def _readable(text: bytes) -> bool:
    return all(byte >= 0x80 or 0x20 <= byte < 0x7F for byte in text) and any(0x30 <= byte < 0x7F for byte in text)
