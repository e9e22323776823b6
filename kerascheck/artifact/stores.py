"""Where the arrays of a model are, form by form: their headers, and what their numbers are read from."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from kerascheck.artifact.members import WEIGHTS, Window, member
from kerascheck.artifact.refusals import DamagedError
from kerascheck.artifact.survey import Survey

if TYPE_CHECKING:
    from kerascheck.artifact.blocks import Source

ARRAYS: Final = "model.weights.npz"
INDEX: Final = "model.weights.json"


class Store(Protocol):
    """The arrays of one model."""

    library: bool
    """Whether the HDF5 library reads the headers."""
    beside: tuple[Path, ...]
    """The files next to the one that was named which hold the arrays, missing ones included."""

    @property
    def absent(self) -> bool:
        """Whether the arrays are kept elsewhere, which is no damage."""
        ...

    def survey(self) -> Survey:
        """The headers.

        Raises:
            DamagedError: when they cannot be read.
        """
        ...

    def sources(self, stack: ExitStack) -> list[Source]:
        """The open files, which `stack` closes."""
        ...


def store_of(path: Path, form: str) -> Store | None:
    """The arrays of a file or folder of this form; None for a form without any.

    Raises:
        DamagedError: when a file is missing that should hold them.
    """
    match form:
        case "saved_model":
            return _of_saved_model(path)
        case "hdf5" if not path.is_file():
            raise DamagedError(f"the folder holds no `{path.name}`")
        case "hdf5":
            return _Hdf5(path)
        case "keras" if path.is_file():
            return _of_archive(path)
        case "npz":
            from kerascheck.artifact.numpy_archives import NumpyArchive

            return NumpyArchive(path)
        case "shards":
            from kerascheck.artifact.shards import Shards

            return Shards(path)
        case "tfjs":
            from kerascheck.artifact.manifests import Manifest

            return Manifest(path)
        case _:
            return None


def place_of(path: Path, form: str) -> tuple[Path, str]:
    """Where the arrays of a model are, and in which form: in the file itself, or in one of its folder."""
    if form != "keras" or not path.is_dir():
        return path, form
    others: Mapping[str, str] = {ARRAYS: "npz", INDEX: "shards"}
    found = next((name for name in others if (path / name).is_file() and not (path / WEIGHTS).exists()), None)
    return (path / WEIGHTS, "hdf5") if found is None else (path / found, others[found])


def _of_saved_model(folder: Path) -> Store | None:
    from kerascheck.artifact.checkpoints import FOLDER, INDEX

    if not folder.is_dir():
        return None
    if not (folder / FOLDER / INDEX).is_file():
        raise DamagedError(f"the folder holds no `{FOLDER}/{INDEX}`")
    return _Checkpoint(folder)


def _of_archive(path: Path) -> Store | None:
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        names = frozenset(archive.namelist())
    if WEIGHTS in names:
        return _Member(path)
    if ARRAYS in names:
        from kerascheck.artifact.numpy_archives import NumpyArchive

        return NumpyArchive(path, ARRAYS)
    return None


class _Hdf5:
    """A file of its own."""

    library = True
    beside = ()
    absent = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def survey(self) -> Survey:
        from kerascheck.artifact.hdf5 import opened
        from kerascheck.artifact.survey import survey

        with opened(self._path) as file:
            return survey(file)

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source
        from kerascheck.artifact.hdf5 import opened

        file = stack.enter_context(opened(self._path))
        return [Source(stack.enter_context(self._path.open("rb", buffering=0)), 0, file)]


class _Member:
    """The member of a `.keras` archive."""

    library = True
    beside = ()
    absent = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def survey(self) -> Survey:
        from kerascheck.artifact.hdf5 import opened
        from kerascheck.artifact.survey import survey

        with member(self._path, WEIGHTS) as part, opened(part) as file:
            return survey(file)

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source
        from kerascheck.artifact.hdf5 import opened

        part = stack.enter_context(member(self._path, WEIGHTS))
        file = stack.enter_context(opened(part))
        if not isinstance(part, Window):
            return [Source(part, 0, file)]
        return [Source(stack.enter_context(self._path.open("rb", buffering=0)), part.start, file)]


class _Checkpoint:
    """The checkpoint of a SavedModel."""

    library = False
    beside = ()
    absent = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def survey(self) -> Survey:
        from kerascheck.artifact.checkpoints import variables

        return Survey(variables(self._folder))

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source
        from kerascheck.artifact.checkpoints import shards

        return [Source(stack.enter_context(shard.open("rb", buffering=0))) for shard in shards(self._folder)]


def merged(surveys: list[Survey]) -> Survey:
    """Several files as one: their arrays with the number of their file."""
    arrays = [replace(array, shard=number) for number, found in enumerate(surveys) for array in found.arrays]
    first = surveys[0] if surveys else Survey()
    called = {path: name for found in reversed(surveys) for path, name in found.called.items()}
    return replace(
        first,
        arrays=tuple(arrays),
        groups=tuple(dict.fromkeys(group for found in surveys for group in found.groups)),
        called=called,
        references=tuple(reference for found in surveys for reference in found.references),
        contents=tuple(content for found in surveys for content in found.contents),
        loops=tuple(loop for found in surveys for loop in found.loops),
        damages=tuple(damage for found in surveys for damage in found.damages),
        before=max((found.before for found in surveys), default=0),
        cut=next((found.cut for found in surveys if found.cut), ""),
    )
