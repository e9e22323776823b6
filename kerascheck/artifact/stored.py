"""How many weights a file stores for each layer: what is known of a user's layer without its code."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from kerascheck.artifact.documents import Document
from kerascheck.artifact.hdf5 import groups_of, name_of, opened
from kerascheck.artifact.isolation import isolated
from kerascheck.artifact.members import member
from kerascheck.artifact.refusals import DamagedError
from kerascheck.facts.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    import h5py

Sizes: TypeAlias = Mapping[str, int]
Counter: TypeAlias = "Callable[[str], int | Unknown]"

_WEIGHTS: Final = "model.weights.h5"
CONTAINERS: Final = ("layers", "_layer_checkpoint_dependencies")
_TOP_LEVEL: Final = "top_level_model_weights"
NO_WEIGHT: Final = "seed_generator"


def counter(path: Path, document: Document) -> Counter:
    """Looks up the number of weights of a layer by its name; the file is read when the first is asked for."""

    @functools.cache
    def sizes() -> Sizes:
        try:
            return document.stored or sizes_of(path, document.form)
        except DamagedError:
            # The architecture could be read; its weights are another matter.
            return {}

    return lambda name: sizes().get(name, UNKNOWN)


def sizes_of(path: Path, form: str) -> Sizes:
    """The number of weights of each layer by its name, of a model or of weights alone.

    Raises:
        DamagedError: when the file cannot be read.
    """
    if form not in ("hdf5", "keras", "shards") or not path.is_file():
        return {}
    importlib.import_module("h5py")
    found = isolated(lambda: _counted(path, form))
    return {name: size for name, size in found.items() if isinstance(size, int)}


def _counted(path: Path, form: str) -> Sizes:
    if form == "shards":
        from kerascheck.artifact.shards import sizes_in

        return sizes_in(path)
    if form == "hdf5":
        with opened(path) as file:
            return _of_groups(file)
    with member(path, _WEIGHTS) as part, opened(part) as file:
        return _of_containers(file)


def _of_groups(file: h5py.File) -> Sizes:
    """In the layout of Keras 1 and 2 a group has the name of its layer; it stands in the root of weights alone."""
    found = {_last(group): group for group in groups_of(file)}
    if found.keys() & set(CONTAINERS):
        return _of_containers(file)
    weights = found.get("model_weights")
    groups = found.values() if weights is None else groups_of(weights)
    return {_last(group): _count(group) for group in groups if _last(group) != _TOP_LEVEL}


def _of_containers(file: h5py.File) -> Sizes:
    """In the layout of Keras 3 a group has the name of its class; since 3.6 it says which layer it is."""
    sizes: dict[str, int] = {}
    for container in groups_of(file):
        if _last(container) not in CONTAINERS:
            continue
        for group in groups_of(container):
            name = _layer_name(group)
            if name is not None:
                sizes[name] = _count(group)
    return sizes


def _layer_name(group: h5py.Group) -> str | None:
    variables = next((part for part in groups_of(group) if _last(part) == "vars"), None)
    name = None if variables is None else variables.attrs.get("name")
    return name if isinstance(name, str) else None


def _last(group: h5py.Group) -> str:
    return name_of(group.name).rsplit("/", 1)[-1]


def _count(group: h5py.Group) -> int:
    """The elements of all arrays below a group, as they are declared; links are not followed."""
    import h5py

    total = 0

    def visit(name: object, item: object) -> None:
        nonlocal total
        if isinstance(item, h5py.Dataset) and NO_WEIGHT not in name_of(name).split("/"):
            total += math.prod(item.shape or ())

    group.visititems(visit)
    return total
