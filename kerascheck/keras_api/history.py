"""Which names each generation of Keras has, out of history.json, which tools/generate_keras_history.py writes.

The generations are `1` (keras 1.2.2), `2` (keras 2.3.1, the last that is not TensorFlow's), `2.last` (tf_keras) and `3`;
`3.tf` is what `tensorflow.keras` shows of Keras 3.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

GENERATIONS: Final = ("1", "2", "2.last", "3", "3.tf")


@functools.cache
def document() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    """The whole file."""
    text = (Path(__file__).parent / "history.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]", json.loads(text))


@functools.cache
def names(generation: str, module: str) -> frozenset[str]:
    """The public names of a module below `keras` (empty for `keras` itself)."""
    modules = document()[generation]["modules"]
    if generation == "3.tf" and module not in modules:
        # It has modules of its own only where tensorflow.keras shows more than keras.
        modules = document()["3"]["modules"]
    return frozenset(modules.get(module, ()))


def is_module(generation: str, path: str) -> bool:
    """Whether a dotted path below `keras` is a module."""
    modules = document()[generation]["modules"]
    return path in modules or (generation == "3.tf" and path in document()["3"]["modules"])


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
    signatures = document()[generation]["signatures"]
    return f"Model.{name}" in signatures or f"Sequential.{name}" in signatures


def signature(generation: str, name: str) -> Sequence[str] | None:
    """The parameters of `layers.Dense` or `Model.fit`: `name` required, `name=` optional, `+name` taken by a base class
    under its name alone, `**` for any further keyword."""
    return document()[generation]["signatures"].get(name)
