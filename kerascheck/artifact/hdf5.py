"""HDF5 files of every generation: the configuration in the attributes of the root. No link is followed, no data read."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kerascheck.artifact.documents import Config, Document, is_config, text_of
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, ForeignError
from kerascheck.facts.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    import h5py

_SEARCH_LIMIT: Final = 64
"""How many groups below the root are looked into for a model that was stored among other things."""
_KERAS_3_WEIGHTS: Final = frozenset({"layers", "_layer_checkpoint_dependencies", "vars", "optimizer"})
_LIBRARY_ERRORS: Final = (OSError, RuntimeError, ValueError, KeyError, TypeError)
"""What h5py raises for damaged files."""


def read_hdf5(path: Path) -> Document:
    """The texts of an HDF5 file.

    Raises:
        DamagedError: when it cannot be read.
        ForeignError: when it holds no Keras model.
    """
    with opened(path) as file:
        group = _model_group(file)
        if group is not None:
            return _model(group)
        if _has(file, "layer_names"):
            return _weights(file, "weights only, in the layout of Keras 1 and 2")
        if _names(file) & {"layers", "_layer_checkpoint_dependencies"} and _names(file) <= _KERAS_3_WEIGHTS | {
            "metrics"
        }:
            return _weights(file, "weights only, in the layout of Keras 3")
        raise ForeignError(_described(file))


@contextmanager
def opened(source: Path | IO[bytes]) -> Generator[h5py.File]:
    """An HDF5 file for reading, with the library's errors as `DamagedError`."""
    import h5py

    if isinstance(source, Path):
        # An OSError of the system (no such file, no permission) is not the file's fault.
        source.open("rb").close()
    try:
        with h5py.File(source, "r", locking="best-effort") as file:
            yield file
    except _LIBRARY_ERRORS as error:
        raise DamagedError(f"a damaged HDF5 file: {' '.join(str(error).split())[:200]}") from None


def _model(group: h5py.Group) -> Document:
    architecture = _json(group, "model_config")
    training = _json(group, "training_config")
    if architecture is None:
        raise DamagedError("the attribute `model_config` holds no configuration")
    return Document(
        form="hdf5",
        architecture=architecture,
        training=training,
        keras_version=_text(group, "keras_version"),
        backend=_text(group, "backend"),
    )


def _weights(file: h5py.File, note: str) -> Document:
    return Document("hdf5", keras_version=_text(file, "keras_version"), backend=_text(file, "backend"), note=note)


def _model_group(file: h5py.File) -> h5py.Group | None:
    """The group whose attributes describe a model: the root, or one below it."""
    if _has(file, "model_config"):
        return file
    groups = list(_groups(file))
    for group in groups[:_SEARCH_LIMIT]:
        groups += list(_groups(group)) if len(groups) < _SEARCH_LIMIT else []
    return next((group for group in groups[:_SEARCH_LIMIT] if _has(group, "model_config")), None)


def _groups(group: h5py.Group) -> Iterator[h5py.Group]:
    """The groups that really are in a group; what links point to is not looked at."""
    import h5py

    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is h5py.Group:
            yield cast("h5py.Group", group[name])


def _names(group: h5py.Group) -> set[str]:
    return set(group)


def _has(group: h5py.Group, name: str) -> bool:
    return name in group.attrs or f"{name}0" in group.attrs


def _json(group: h5py.Group, name: str) -> Config | None:
    text = _text(group, name)
    if isinstance(text, Unknown):
        return None
    value = parse(text, f"the attribute `{name}`")
    return value if is_config(value) else None


def _text(group: h5py.Group, name: str) -> str | Unknown:
    """A text attribute, put together from its numbered parts where it was too long for one."""
    if name in group.attrs:
        return text_of(_decoded(_attribute(group, name)))
    parts: list[str] = []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(_decoded(_attribute(group, f"{name}{len(parts)}")))
    return text_of("".join(parts)) if parts else UNKNOWN


def _attribute(group: h5py.Group, name: str) -> object:
    """The value of an attribute that is no longer than a configuration may be."""
    found = group.attrs.get_id(name)
    size = math.prod(found.shape) * found.dtype.itemsize
    if size > TEXT_LIMIT:
        raise DamagedError(f"the attribute `{name}` claims to hold {size:,} bytes")
    return group.attrs[name]


def _decoded(value: object) -> str:
    """Text from what h5py gives for it: str, bytes, their numpy kinds, arrays of one, or an empty attribute."""
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode("utf-8", "replace")
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "size", None) == 1:
        return _decoded(item())
    return ""


def _described(file: h5py.File) -> str:
    """What an HDF5 file without a model is."""
    attributes: Mapping[str, object] = file.attrs
    if "PYTABLES_FORMAT_VERSION" in attributes:
        return "HDF5 of PyTables or pandas: data, not a Keras model"
    names = [f"`{name}`" for name in sorted(_names(file))[:4]]
    return f"HDF5 without a Keras model: it holds {', '.join(names)}" if names else "HDF5 without any content"
