"""Which names each generation of Keras has, out of history.json, which tools/generate_keras_history.py writes.

The generations are `1` (keras 1.2.2), `2` (keras 2.3.1, the last that is not TensorFlow's), `2.last` (tf_keras) and `3`;
`3.tf` is what `tensorflow.keras` shows of Keras 3.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import msgspec
from msgspec import Raw, Struct

GENERATIONS: Final = ("1", "2", "2.last", "3", "3.tf")


class _Generation(Struct, frozen=True):
    """The two tables of a generation; each entry is decoded when it is asked for."""

    modules: Raw
    signatures: Raw


@functools.cache
def _document() -> Mapping[str, _Generation]:
    return msgspec.json.decode((Path(__file__).parent / "history.json").read_bytes(), type=dict[str, _Generation])


@functools.cache
def _modules(generation: str) -> Mapping[str, Raw]:
    return msgspec.json.decode(_document()[generation].modules, type=dict[str, Raw])


@functools.cache
def _signatures(generation: str) -> Mapping[str, Raw]:
    return msgspec.json.decode(_document()[generation].signatures, type=dict[str, Raw])


@functools.cache
def names(generation: str, module: str) -> frozenset[str]:
    """The public names of a module below `keras` (empty for `keras` itself)."""
    modules = _modules(generation)
    if generation == "3.tf" and module not in modules:
        # It has modules of its own only where tensorflow.keras shows more than keras.
        modules = _modules("3")
    return frozenset(cast("Sequence[str]", msgspec.json.decode(modules[module]))) if module in modules else frozenset()


def is_module(generation: str, path: str) -> bool:
    """Whether a dotted path below `keras` is a module."""
    return path in _modules(generation) or (generation == "3.tf" and path in _modules("3"))


def has(generation: str, parts: Sequence[str]) -> bool:
    """Whether a generation has the name that the parts below `keras` give; what hangs on a class or function counts too."""
    if is_module(generation, ".".join(parts)):
        return True
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[: length - 1])
        if is_module(generation, module):
            name = parts[length - 1]
            inner = f"{module}.{name}".lstrip(".")
            return name in names(generation, module) and (length == len(parts) or not is_module(generation, inner))
    return False


def has_method(generation: str, name: str) -> bool:
    """Whether a model has a method or attribute."""
    signatures = _signatures(generation)
    return f"Model.{name}" in signatures or f"Sequential.{name}" in signatures


@functools.cache
def signature(generation: str, name: str) -> Sequence[str] | None:
    """The parameters of `layers.Dense` or `Model.fit`: `name` required, `name=` optional, `+name` taken by a base class
    under its name alone, `**` for any further keyword."""
    entry = _signatures(generation).get(name)
    return cast("Sequence[str]", msgspec.json.decode(entry)) if entry is not None else None
