"""HDF5 files of every generation: the configuration in the attributes of the root. No link is followed, no data read."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kerascheck.artifact.documents import Config, Document, is_config, text_of
from kerascheck.artifact.isolation import Answer, isolated
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, ForeignError, HostileError
from kerascheck.remote import FetchError, RemoteFile

if TYPE_CHECKING:
    import h5py

_SEARCH_LIMIT: Final = 64
"""How many groups below the root are looked into for a model that was stored among other things."""
_ABOUT: Final = ("keras_version", "backend")
_VARIABLE: Final = re.compile(r"(?:^|[/\\])vars/0$")
_CONTAINERS: Final = frozenset({"layers", "_layer_checkpoint_dependencies"})
_KERAS_3_WEIGHTS: Final = _CONTAINERS | {"vars", "optimizer", "metrics"}
_LIBRARY_ERRORS: Final = (OSError, RuntimeError, ValueError, KeyError)
"""What h5py raises for damaged files."""


def read_hdf5(path: Path) -> Document:
    """The texts of an HDF5 file.

    Raises:
        DamagedError: when it cannot be read.
        ForeignError: when it holds no Keras model.
    """
    # A file that is not there, or that may not be read, is no damaged file. The import is for the child to inherit.
    path.open("rb").close()
    importlib.import_module("h5py")
    texts = isolated(lambda: _texts(path))
    configuration = texts.get("model_config")
    if configuration is None and "model_config" in texts:
        raise DamagedError("the attribute `model_config` holds no configuration")
    return Document(
        form="hdf5",
        architecture=_config(configuration, "model_config"),
        training=_config(texts.get("training_config"), "training_config"),
        keras_version=text_of(texts.get("keras_version")),
        backend=text_of(texts.get("backend")),
        note=str(texts.get("note", "")),
        texts=tuple(text for text in (configuration, texts.get("training_config")) if isinstance(text, str)),
    )


def _texts(path: Path) -> Answer:
    """The text attributes of a model or of weights; None for one that is not there."""
    with opened(path) as file:
        group = _model_group(file)
        if group is not None:
            return {name: _text(group, name) for name in ("model_config", "training_config", *_ABOUT)}
        note = _note(file)
        if note:
            return {"note": note, **{name: _text(file, name) for name in _ABOUT}}
        raise ForeignError(_described(file))


def _config(text: object, name: str) -> Config | None:
    if not isinstance(text, str):
        return None
    value = parse(text, f"the attribute `{name}`")
    if is_config(value):
        return value
    if name == "model_config":
        raise DamagedError(f"the attribute `{name}` holds no configuration")
    return None


def _note(file: h5py.File) -> str:
    names = {name_of(name) for name in file}
    if _has(file, "layer_names"):
        return "weights only, in the layout of Keras 1 and 2"
    if (names & _CONTAINERS and names <= _KERAS_3_WEIGHTS) or _has_numbered_variables(file):
        return "weights only, in the layout of Keras 3"
    return ""


def _has_numbered_variables(file: h5py.File) -> bool:
    """Whether a layer of a model's own attributes keeps its variables below (`encoder/dense/vars/0`)."""
    left = 16 * _SEARCH_LIMIT

    def visit(name: object) -> bool | None:
        nonlocal left
        left -= 1
        return True if _VARIABLE.search(name_of(name)) else False if left < 0 else None

    return "vars" in file and file.visit(visit) is True


@contextmanager
def opened(source: Path | IO[bytes]) -> Generator[h5py.File]:
    """An HDF5 file for reading, with the library's errors as `DamagedError`."""
    try:
        with _file(source) as file:
            yield file
    except FetchError:
        raise
    except _LIBRARY_ERRORS as error:
        raise DamagedError(f"a damaged HDF5 file: {' '.join(str(error).split())[:200]}") from None


def _file(source: Path | IO[bytes]) -> h5py.File:
    import h5py

    if isinstance(source, RemoteFile):
        source = source.open()
    return h5py.File(source, "r", locking="best-effort")


def _model_group(file: h5py.File) -> h5py.Group | None:
    """The group whose attributes describe a model: the root, or one below it."""
    if _has(file, "model_config"):
        return file
    groups = list(groups_of(file))
    for group in groups[:_SEARCH_LIMIT]:
        groups += list(groups_of(group)) if len(groups) < _SEARCH_LIMIT else []
    return next((group for group in groups[:_SEARCH_LIMIT] if _has(group, "model_config")), None)


def groups_of(group: h5py.Group) -> Iterator[h5py.Group]:
    """The groups that really are in a group; what links point to is not looked at."""
    import h5py

    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is h5py.Group:
            yield cast("h5py.Group", group[name])


def _has(group: h5py.Group, name: str) -> bool:
    return name in group.attrs or f"{name}0" in group.attrs


def _text(group: h5py.Group, name: str) -> str | None:
    """A text attribute, put together from its numbered parts where it was too long for one; None for no text."""
    if name in group.attrs:
        return _decoded(attribute(group, name)) or None
    parts: list[str] = []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(_decoded(attribute(group, f"{name}{len(parts)}")))
    return "".join(parts) or None


def attribute(group: h5py.Group, name: str) -> object:
    """The value of an attribute that is no longer than a configuration may be."""
    try:
        found = group.attrs.get_id(name)
        size = math.prod(found.shape or ()) * found.dtype.itemsize
        if size > TEXT_LIMIT:
            raise HostileError(f"the attribute `{name}` claims to hold {size:,} bytes")
        return group.attrs[name]
    except TypeError as error:
        # A type that numpy has no counterpart for.
        raise DamagedError(f"the attribute `{name}` holds no text: {error}") from None


def _decoded(value: object) -> str:
    """Text from what h5py gives for it: str, bytes, their numpy kinds, arrays of one, or an empty attribute."""
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode("utf-8", "replace")
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "size", None) == 1:
        return _decoded(item())
    return ""


def name_of(name: object) -> str:
    """The name of an object; h5py gives bytes for one that is no UTF-8."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _described(file: h5py.File) -> str:
    """What an HDF5 file without a model is."""
    attributes: Mapping[str, object] = file.attrs
    if "PYTABLES_FORMAT_VERSION" in attributes:
        return "HDF5 of PyTables or pandas: data, not a Keras model"
    names = [f"`{name}`" for name in sorted(map(name_of, file))[:4]]
    return f"HDF5 without a Keras model: it holds {', '.join(names)}" if names else "HDF5 without any content"
