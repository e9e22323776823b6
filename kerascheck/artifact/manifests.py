"""The weights of a TensorFlow.js model: `model.json` lists them, and the files beside it hold them one after the other.

A group of weights goes on over all of its files. Quantized weights are whole numbers with a scale and the least value:
https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts.
"""

from __future__ import annotations

import bisect
import io
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from kerascheck.artifact.architectures import content_of
from kerascheck.artifact.documents import Config, is_config
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.shards import is_beside
from kerascheck.artifact.survey import Array, Survey
from kerascheck.facts.container import Damage
from kerascheck.facts.values import Value

if TYPE_CHECKING:
    from kerascheck.artifact.blocks import Source

_SIZES: Final = {"float32": 4, "float16": 2, "int32": 4, "uint8": 1, "uint16": 2, "bool": 1}
_FILES: Final = 10_000
_MOST: Final = 1e38


class Manifest:
    """The weights of a model.json."""

    library = False

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        value = parse(content_of(path), "the file")
        listed = value.get("weightsManifest") if is_config(value) else None
        self._groups = [group for group in listed if is_config(group)] if isinstance(listed, tuple) else []
        self.damages: list[Damage] = []
        self._files = [list(self._paths(group)) for group in self._groups]
        names = [name for group in self._groups for name in _names(group)]
        self.beside = tuple(self._folder / name for name in names if is_beside(name))
        if names and all(map(is_beside, names)) and not any(file.is_file() for file in self.beside):
            # An architecture that was kept alone, as others are: nothing of it is damaged.
            self._groups, self.damages = [], []

    @property
    def absent(self) -> bool:
        """Whether none of the weights are there."""
        return not self._groups

    def _paths(self, group: Config) -> Iterator[Path]:
        for name in _names(group):
            if not is_beside(name):
                self.damages.append(Damage(f"the manifest lists `{name}`, which is not in its folder"))
            elif not (self._folder / name).is_file():
                self.damages.append(Damage(f"the manifest lists `{name}`, which is missing", name))
            else:
                yield self._folder / name
                continue
            # Whatever stands behind the gap cannot be told.
            return

    def survey(self) -> Survey:
        arrays = [array for number, group in enumerate(self._groups) for array in self._arrays(group, number)]
        layers = tuple(dict.fromkeys(array.path.partition("/")[0] for array in arrays))
        return Survey(tuple(arrays), layers, {"": layers} if layers else {}, damages=tuple(self.damages))

    def _arrays(self, group: Config, number: int) -> Iterator[Array]:
        weights = group.get("weights")
        end = sum(file.stat().st_size for file in self._files[number])
        place: int | None = 0
        for weight in weights if isinstance(weights, tuple) else ():
            if not is_config(weight) or (array := _array(weight, place, number)) is None:
                # A text is as long as it says itself: what follows has no known place.
                place = None
                continue
            if place is not None and place + array.size > end:
                self._short(number, array, end)
                place = None
            yield replace(array, offset=place)
            place = None if place is None else place + array.size

    def _short(self, number: int, array: Array, end: int) -> None:
        if len(self._files[number]) == len(list(_names(self._groups[number]))):
            self.damages.append(Damage(f"the files of `{array.path}` end after {end:,} bytes, in the middle of it"))

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source

        return [Source(cast("IO[bytes]", stack.enter_context(Chain(files)))) for files in self._files]


def _names(group: Config) -> Iterator[str]:
    listed = group.get("paths")
    return (name for name in (listed if isinstance(listed, tuple) else ())[:_FILES] if isinstance(name, str))


def _array(weight: Config, place: int | None, number: int) -> Array | None:
    name, shape, dtype = weight.get("name"), weight.get("shape"), weight.get("dtype")
    packed = weight.get("quantization")
    about: Config = packed if is_config(packed) else {}
    stored = about.get("dtype", dtype)
    if not isinstance(name, str) or not isinstance(shape, tuple) or not isinstance(stored, str) or stored not in _SIZES:
        return None
    sizes = tuple(size for size in shape if isinstance(size, int) and not isinstance(size, bool) and size >= 0)
    if len(sizes) != len(shape):
        return None
    size = math.prod(sizes) * _SIZES[stored]
    scale, least = _number(about.get("scale"), 1.0), _number(about.get("min"), 0.0)
    return Array(name, sizes, stored, size, size, place, number, scale=scale, least=least)


def _number(value: Value, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) and abs(value) < _MOST else default


class Chain(io.RawIOBase):
    """Files one after the other as one. They are opened one at a time, as there may be thousands."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = paths
        self._ends = list(itertools.accumulate(path.stat().st_size for path in paths))
        self._place = 0
        self._open: tuple[int, IO[bytes]] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._ends[-1] if self._ends else 0}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        number = bisect.bisect_right(self._ends, self._place)
        if number >= len(self._ends):
            return 0
        file = self._file(number)
        file.seek(self._place - (self._ends[number - 1] if number else 0))
        data = file.read(min(len(view), self._ends[number] - self._place))
        view[: len(data)] = data
        self._place += len(data)
        return len(data)

    def _file(self, number: int) -> IO[bytes]:
        if self._open is not None and self._open[0] == number:
            return self._open[1]
        if self._open is not None:
            self._open[1].close()
        self._open = number, self._paths[number].open("rb")
        return self._open[1]

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
        super().close()
