"""Weights of Keras 3 in several files: an index (`model.weights.json`) says which group is in which file beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from kerascheck.artifact.architectures import content_of
from kerascheck.artifact.documents import Document, is_config
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import DamagedError, ForeignError
from kerascheck.artifact.stored import CONTAINERS, NO_WEIGHT
from kerascheck.artifact.stores import merged
from kerascheck.artifact.survey import Survey, survey
from kerascheck.facts.container import Damage
from kerascheck.facts.values import Value

if TYPE_CHECKING:
    from kerascheck.artifact.blocks import Source

INDEX: Final = ".weights.json"
_SHARD: Final = ".weights.h5"
_LONGEST: Final = 255
_FILES: Final = 400
"""How many files are read, which are open together."""


def read_index(path: Path) -> Document:
    """The index of weights in several files.

    Raises:
        DamagedError: when it is no JSON.
        ForeignError: when it names files of another library.
    """
    names = files_of(path)
    if not any(name.endswith(".h5") for name in names):
        raise ForeignError("the index of weights that Keras did not write")
    count = f"{len(names)} files" if len(names) != 1 else "1 file"
    return Document("shards", note=f"weights only, in {count} that it lists")


def files_of(path: Path) -> tuple[str, ...]:
    """The names of the files that an index lists, each once and in order."""
    holder = parse(content_of(path), "the file")
    listed = holder.get("weight_map") if is_config(holder) else None
    if not is_config(listed):
        raise DamagedError("an index of weights that lists no files")
    return tuple(sorted({name for value in listed.values() for name in _names(value)}))


def _names(value: Value) -> Iterator[str]:
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, str):
            yield item


def is_shard(path: Path) -> bool:
    """Whether a file is one of several that an index beside it lists, by the names that Keras gives them."""
    name, _, number = path.name.removesuffix(_SHARD).rpartition("_")
    named = path.name.endswith(_SHARD) and len(number) == 5 and number.isdecimal()
    return named and path.with_name(f"{name}{INDEX}").is_file()


def sizes_in(path: Path) -> Mapping[str, int]:
    """The number of weights of each layer by its name, over all files of an index."""
    found = Shards(path).survey()
    sizes: dict[str, int] = {}
    for array in found.arrays:
        container, group, *rest = array.path.split("/")
        name = found.called.get(f"{container}/{group}/vars") if container in CONTAINERS else None
        if name is not None and NO_WEIGHT not in rest:
            sizes[name] = sizes.get(name, 0) + math.prod(array.shape)
    return sizes


def is_beside(name: str) -> bool:
    """Whether a name is that of a file in the same folder, and one that a file system takes."""
    return name.isprintable() and 0 < len(name.encode()) <= _LONGEST and name == Path(name).name and "\\" not in name


class Shards:
    """The files that an index lists; those that are not in its own folder are not opened."""

    library = True
    absent = False

    def __init__(self, path: Path) -> None:
        listed = files_of(path)
        names = listed[:_FILES]
        self.beside = tuple(path.parent / name for name in names if is_beside(name))
        self.paths = [file for file in self.beside if file.is_file()]
        away = [
            Damage(f"`{path.name}` lists `{name}`, which is not in its folder") for name in names if not is_beside(name)
        ]
        lost = [
            Damage(f"`{path.name}` lists `{file.name}`, which is missing", file.name)
            for file in self.beside
            if file not in self.paths
        ]
        self.damages = away + lost
        if len(listed) > _FILES:
            self.damages.append(Damage(f"`{path.name}` lists {len(listed):,} files, of which {_FILES} are read"))

    def survey(self) -> Survey:
        from kerascheck.artifact.hdf5 import opened

        found: list[Survey] = []
        damages = [*self.damages]
        for path in self.paths:
            try:
                with opened(path) as file:
                    found.append(survey(file))
            except DamagedError as damage:
                # Its place is kept: the arrays of the others are counted by the position of their file.
                found.append(Survey())
                damages.append(Damage(f"`{path.name}` cannot be read: {damage}", path.name))
        whole = merged(found)
        return replace(whole, damages=(*damages, *whole.damages))

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source
        from kerascheck.artifact.hdf5 import opened

        sources: list[Source] = []
        for path in self.paths:
            raw = stack.enter_context(path.open("rb", buffering=0))
            try:
                sources.append(Source(raw, 0, stack.enter_context(opened(path))))
            except DamagedError:
                sources.append(Source(raw))
        return sources
