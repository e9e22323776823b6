"""The weights that lie beside an architecture: `model.json` and `model.h5` are one model in two files.

They belong together by their names (`model.json`, `model_weights.h5`), and otherwise where the file of weights in the
same folder has the layers of the architecture, each with as many weights as it must have.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from kerascheck.artifact.refusals import DamagedError, ForeignError
from kerascheck.artifact.shards import INDEX, is_shard
from kerascheck.artifact.stored import Counter, Sizes, sizes_of
from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.remote import RemoteFile

EVERY: Final = "*"
"""Stands for all files of weights in a folder."""
ARCHITECTURES: Final = frozenset({"json", "yaml"})
_SUFFIXES: Final = frozenset({".h5", ".hdf5", ".hdf", ".he5"})
_CANDIDATES: Final = 16
_LISTED: Final = 2000
_ROLE: Final = re.compile(r"[ ._-]*(?:weights?|architecture|arch|config|structure|json|yaml)$", re.IGNORECASE)


class Pair(Struct, frozen=True):
    """A file of weights, and how many it holds for each layer."""

    path: Path
    sizes: Sizes

    @property
    def counter(self) -> Counter:
        return lambda name: self.sizes.get(name, UNKNOWN)


def weights_beside(path: Path, form: str, graph: ModelGraph) -> Pair | None:
    """The file of weights that belongs to an architecture; None for other files, and where none or several could."""
    if form not in ARCHITECTURES or isinstance(path, RemoteFile) or not graph.layers:
        return None
    files = sorted(weight_files(path.parent))
    namesakes = [file for file in files if stem(file) == stem(path)]
    found = [pair for pair in _pairs(namesakes) if _of_these(pair.sizes, graph.layers)]
    if not found:
        others = [file for file in files if file not in namesakes]
        found = [pair for pair in _pairs(others) if _agrees(pair.sizes, graph.layers)]
    # Checkpoints of one model, of which any will do; of two models, none.
    return found[0] if found and all(pair.sizes == found[0].sizes for pair in found) else None


def form_of(path: Path) -> str:
    """The form of a file of weights."""
    return "shards" if path.name.endswith(INDEX) else "hdf5"


def stem(path: Path) -> str:
    """The name of a file without its suffix, and without the words that say what part of a model it holds."""
    name = path.stem
    while shorter := _ROLE.sub("", name):
        if shorter == name:
            break
        name = shorter
    return name.lower()


def looked_at(path: Path, form: str) -> tuple[str, ...]:
    """Where weights were looked for: a report falls with those that are put there later, too."""
    return (str(path.parent / EVERY),) if form in ARCHITECTURES and not isinstance(path, RemoteFile) else ()


def weight_files(folder: Path) -> Iterator[Path]:
    """The files in a folder that may be the weights of an architecture."""
    try:
        for count, file in enumerate(folder.iterdir()):
            if count >= _LISTED:
                return
            whole = file.suffix.lower() in _SUFFIXES and not is_shard(file)
            if (whole or file.name.endswith(INDEX)) and file.is_file():
                yield file
    except OSError:
        return


def _pairs(files: Sequence[Path]) -> Iterator[Pair]:
    for file in files[:_CANDIDATES]:
        try:
            state = file.stat()
            sizes = _known_sizes(file, state.st_size, state.st_mtime_ns)
        except OSError:
            continue
        if sizes:
            yield Pair(file, sizes)


@functools.lru_cache(maxsize=64)
def _known_sizes(path: Path, _size: int, _time: int) -> Sizes:
    """The numbers of weights in a file, which is read once for all architectures of its folder."""
    try:
        return sizes_of(path, form_of(path))
    except (DamagedError, ForeignError):
        return {}


def _of_these(sizes: Sizes, layers: Sequence[Layer]) -> bool:
    """Whether the layers of a file are those of an architecture; layers without weights may be missing."""
    stored = sizes.keys()
    return _weighted(layers).keys() <= stored <= {layer.name for layer in layers}


def _agrees(sizes: Sizes, layers: Sequence[Layer]) -> bool:
    """Whether they are, and hold as many weights as the architecture asks for: names alone are often the default ones."""
    weighted = _weighted(layers)
    return bool(weighted) and _of_these(sizes, layers) and all(sizes[name] == count for name, count in weighted.items())


def _weighted(layers: Sequence[Layer]) -> dict[str, int]:
    return {layer.name: count for layer in layers if not isinstance(count := layer.parameters, Unknown) and count}
