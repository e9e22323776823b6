"""Arrays out of files, block by block, through one buffer that is used again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Final, TypeAlias, cast

import numpy as np
from msgspec import Struct

from kerascheck.artifact.refusals import MEBIBYTE, DamagedError
from kerascheck.artifact.statistics import BLOCK, Accumulator, Floats
from kerascheck.artifact.survey import Array

if TYPE_CHECKING:
    import h5py

SLAB: Final = 32 * MEBIBYTE
"""The most that is read at once: so large a row, or so large a chunk of a compressed array."""
_SLICE: Final = 4 * MEBIBYTE
_EMPTY: Final = 256 * MEBIBYTE
_RATIO: Final = 100


Opener: TypeAlias = "Callable[[Array], IO[bytes]]"
"""Opens an array that is packed by itself: its first number comes first."""


class Source(Struct, frozen=True):
    """An open file with arrays: those in one piece stand in `raw`, counted from `base`, others are asked of the HDF5 library,
    or of what unpacks them one by one."""

    raw: IO[bytes]
    base: int = 0
    hdf5: h5py.File | None = None
    packed: Opener | None = None

    def at(self, array: Array) -> IO[bytes] | None:
        """A file whose next bytes are those of an array; None for one that only the library can read."""
        if array.offset is not None:
            self.raw.seek(self.base + array.offset)
            return self.raw
        return None if self.packed is None else self.packed(array)


class Blocks:
    """The arrays of one or several files, as `Array.shard` counts them."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources
        self._buffer = bytearray(BLOCK * 8)

    def feed(self, array: Array, sink: Accumulator) -> bool:
        """Give all values of an array to `sink`; False, and nothing, for one that is too large to be read.

        Raises:
            DamagedError: when the file ends before the array does, or the library cannot read it.
        """
        if array.size > _EMPTY and array.size > _RATIO * array.stored:
            # Declared, and for the most part never written.
            return False
        if array.shard >= len(self._sources):
            raise DamagedError(f"the file with `{array.path}` is missing")
        blocks = self._read(array, self._sources[array.shard], sink.width)
        if blocks is None:
            return False
        step = max(BLOCK // sink.width, 1) * sink.width
        for block in blocks:
            for start in range(0, block.size, step):
                sink.add(_floats(block[start : start + step], array))
        return True

    def vector(self, array: Array) -> Floats | None:
        """All values of a small array."""
        found = _Collector()
        return found.whole() if array.size <= SLAB and self.feed(array, found) else None

    def _read(self, array: Array, source: Source, width: int) -> Iterator[Floats] | None:
        if array.offset is None and source.hdf5 is not None:
            return _slabs(cast("h5py.Dataset", source.hdf5[array.path]), array)
        size = np.dtype(stored_as(array.dtype)).itemsize
        step = max(BLOCK // width, 1) * width * size
        raw = source.at(array) if step <= SLAB else None
        return None if raw is None else self._pieces(array, raw, step)

    def _pieces(self, array: Array, raw: IO[bytes], step: int) -> Iterator[Floats]:
        if len(self._buffer) < step:
            self._buffer = bytearray(step)
        view = memoryview(self._buffer)
        for start in range(0, array.size, step):
            part = view[: min(step, array.size - start)]
            _fill(raw, part, array)
            yield np.frombuffer(part, stored_as(array.dtype))


def _fill(raw: IO[bytes], part: memoryview, array: Array) -> None:
    done = 0
    while done < len(part):
        count = cast("int", raw.readinto(part[done:]))  # pyright: ignore[reportAttributeAccessIssue]
        if not count:
            raise DamagedError(f"the file ends in the middle of `{array.path}`")
        done += count


class _Collector(Accumulator):
    """Keeps the blocks themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Floats] = []

    def add(self, block: Floats) -> None:
        self._blocks.append(block.astype("f8"))

    def whole(self) -> Floats:
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0)


def _slabs(dataset: h5py.Dataset, array: Array) -> Iterator[Floats] | None:
    """An array in chunks, or compressed: slices along its first axis, as thick as a chunk of it at the least."""
    if not array.shape:
        return iter((np.atleast_1d(dataset[()]),))
    row = max(array.size // max(array.shape[0], 1), 1)
    thick = dataset.chunks[0] if dataset.chunks else 1
    if row * thick > SLAB or _chunk(dataset) > SLAB:
        return None
    return _slices(dataset, max(_SLICE // row // thick, 1) * thick)


def _slices(dataset: h5py.Dataset, step: int) -> Iterator[Floats]:
    for start in range(0, dataset.shape[0], step):
        yield np.ascontiguousarray(dataset[start : start + step]).reshape(-1)


def _chunk(dataset: h5py.Dataset) -> int:
    """The bytes of a chunk, which the library unpacks whole."""
    return int(np.prod(dataset.chunks or (0,), dtype="f8")) * dataset.dtype.itemsize


def stored_as(dtype: str) -> str:
    """The NumPy type of the bytes of an array."""
    if dtype == "bfloat16":
        return "<u2"
    return f">{np.dtype(dtype[1:]).str[1:]}" if dtype.startswith(">") else np.dtype(dtype).str


def _floats(block: Floats, array: Array) -> Floats:
    """The values as numbers that NumPy computes with fast, and as they are meant."""
    if array.scale != 1 or array.least:
        return (_plain(block, array.dtype) * array.scale + array.least).astype("f4")
    return _plain(block, array.dtype)


def _plain(block: Floats, dtype: str) -> Floats:
    if dtype == "bfloat16":
        return (block.view("<u2").astype("u4") << 16).view("f4")
    if block.dtype.kind == "f" and block.dtype.itemsize >= 4 and block.dtype.isnative:
        return block
    narrow = block.dtype.itemsize <= 2 or (block.dtype.kind == "f" and block.dtype.itemsize == 4)
    return block.astype("f4" if narrow else "f8")
