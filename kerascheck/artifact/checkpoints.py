"""The variables of a SavedModel out of its checkpoint, without TensorFlow.

`variables.index` is a table of LevelDB: sorted entries in blocks, each key written by what it adds to the one before, and a
footer that says where the index of the blocks is. A value describes an array in one of the `variables.data` files, in which
the numbers stand as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from mmap import mmap
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from kerascheck.artifact.object_graphs import KEY, LISTS, ways
from kerascheck.artifact.protobuf import Field, last_fields, messages
from kerascheck.artifact.refusals import MEBIBYTE, DamagedError
from kerascheck.artifact.survey import Array

FOLDER: Final = "variables"
INDEX: Final = "variables.index"
_FOOTER: Final = 48
_MAGIC: Final = 0xDB4775248B80FB57
_TRAILER: Final = 5
_CHECKSUM: Final = 4
_LIMIT: Final = 64 * MEBIBYTE
_ENTRIES: Final = 100_000
_VALUE: Final = "/.ATTRIBUTES/VARIABLE_VALUE"
_TYPES: Final[Mapping[int, tuple[str, int]]] = {
    1: ("float32", 4),
    2: ("float64", 8),
    3: ("int32", 4),
    4: ("uint8", 1),
    5: ("int16", 2),
    6: ("int8", 1),
    9: ("int64", 8),
    10: ("bool", 1),
    14: ("bfloat16", 2),
    17: ("uint16", 2),
    19: ("float16", 2),
    22: ("uint32", 4),
    23: ("uint64", 8),
}
"""The numbers of TensorFlow's DataType."""


def variables(folder: Path) -> tuple[Array, ...]:
    """The arrays of a SavedModel folder by their keys (`layer_with_weights-0/kernel`).

    Raises:
        DamagedError: when the index cannot be read.
    """
    path = folder / FOLDER / INDEX
    if path.stat().st_size > _LIMIT:
        raise DamagedError(f"`{INDEX}` is larger than any index")
    table = memoryview(path.read_bytes())
    entries = dict(_entries(table))
    arrays = [array for key, value in entries.items() if (array := _array(key, value)) is not None]
    if KEY not in entries or not any(array.path.partition("/")[0] in LISTS for array in arrays):
        return tuple(arrays)
    named = ways(_text(folder, last_fields(entries[KEY])))
    return tuple(replace(array, path=named.get(array.path + _VALUE, array.path)) for array in arrays)


def _text(folder: Path, about: Mapping[int, Field]) -> memoryview:
    """The value of a variable that is one text: its length and a checksum stand in front of it."""
    files, shard = shards(folder), _whole(about.get(3))
    size = _whole(about.get(5))
    if shard >= len(files) or size > _LIMIT:
        return memoryview(b"")
    with files[shard].open("rb") as file:
        file.seek(_whole(about.get(4)))
        content = memoryview(file.read(size))
    length, place = _number(content, 0)
    return content[place + _CHECKSUM :][:length]


def shards(folder: Path) -> list[Path]:
    """The files with the numbers, in order."""
    return sorted((folder / FOLDER).glob("variables.data-*-of-*"))


def _entries(table: memoryview) -> Iterator[tuple[str, memoryview]]:
    if len(table) < _FOOTER or int.from_bytes(table[-8:], "little") != _MAGIC:
        raise DamagedError(f"`{INDEX}` is cut off")
    footer = table[-_FOOTER:-8]
    _, place = _handle(footer, 0)
    index, _ = _handle(footer, place)
    count = 0
    for _, where in _block(table, *index):
        for key, value in _block(table, *_handle(where, 0)[0]):
            count += 1
            if count > _ENTRIES:
                raise DamagedError(f"`{INDEX}` lists more than {_ENTRIES:,} arrays")
            yield key.decode("utf-8", "replace"), value


def _block(table: memoryview, offset: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """The entries of one block."""
    if offset + size + _TRAILER > len(table) or size < 4:
        raise DamagedError(f"`{INDEX}` points behind its end")
    if table[offset + size]:
        raise DamagedError(f"`{INDEX}` is compressed, which TensorFlow does not do")
    content = table[offset : offset + size]
    restarts = int.from_bytes(content[-4:], "little")
    end = size - 4 - 4 * restarts
    place, key = 0, b""
    while 0 <= place < end:
        shared, place = _number(content, place)
        added, place = _number(content, place)
        length, place = _number(content, place)
        if place + added + length > end or shared > len(key):
            raise DamagedError(f"`{INDEX}` holds an entry that goes on behind its block")
        key = key[:shared] + bytes(content[place : place + added])
        yield key, content[place + added : place + added + length]
        place += added + length


def _handle(content: memoryview, place: int) -> tuple[tuple[int, int], int]:
    offset, place = _number(content, place)
    size, place = _number(content, place)
    return (offset, size), place


def _number(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if place >= len(content):
            break
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise DamagedError(f"`{INDEX}` holds a number that does not end")


def _array(key: str, value: memoryview) -> Array | None:
    """The array of a BundleEntryProto; None for what is no array of numbers."""
    if not key.endswith(_VALUE):
        return None
    found = last_fields(value)
    kind = _TYPES.get(_whole(found.get(1)))
    if kind is None:
        return None
    shape = tuple(_whole(last_fields(size).get(1)) for size in messages(_message(found.get(2)), 2))
    size = _whole(found.get(5))
    return Array(key.removesuffix(_VALUE), shape, kind[0], size, size, _whole(found.get(4)), _whole(found.get(3)))


def _whole(value: Field | None) -> int:
    return value if isinstance(value, int) else 0


def _message(value: Field | None) -> memoryview:
    return value if isinstance(value, memoryview) else memoryview(b"")


def operations(content: memoryview, names: frozenset[str]) -> tuple[str, ...]:
    """Which of the operations a graph holds: in a NodeDef the name of the operation is field 2, a text."""
    text = content.obj
    if not isinstance(text, (mmap, bytes)):
        return ()
    marks = {name: b"\x12" + bytes([len(name)]) + name.encode() for name in sorted(names)}
    return tuple(name for name, mark in marks.items() if text.find(mark) != -1)
