"""msgspec without what kerascheck never asks of it, which is most of what importing it costs.

It brings along typing_extensions (with inspect, dis and tokenize), its own description of types, JSON Schema, and, for
the type of a UUID, platform: a tenth of a whole run. While it is imported it does without the first, and the others
are stood in for, by modules that import what they stand for when anything is asked of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Final

HIDDEN: Final = "typing_extensions"
"""What msgspec takes from it, `typing` has as well."""

STOOD_IN_FOR: Final = ("msgspec.inspect", "msgspec._json_schema", "platform")


def prepare() -> None:
    """Import msgspec, before anything else of kerascheck does."""
    if "msgspec" in sys.modules or not hasattr(os, "uname"):
        return
    absent = [name for name in (HIDDEN, *STOOD_IN_FOR) if name not in sys.modules]
    functions: Mapping[str, Mapping[str, Callable[..., object]]] = {
        "msgspec._json_schema": {
            name: _later("msgspec._json_schema", name) for name in ("schema", "schema_components")
        },
        "platform": {"system": lambda: os.uname().sysname},
    }
    for name in absent:
        sys.modules[name] = None if name == HIDDEN else _stand_in(name, functions.get(name, {}))  # pyright: ignore[reportArgumentType]
    try:
        import_module("msgspec")
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _stand_in(name: str, functions: Mapping[str, Callable[..., object]]) -> ModuleType:
    def look_up(wanted: str) -> object:
        # What the import system itself asks of a module is no use of it.
        if wanted.startswith("__"):
            raise AttributeError(wanted)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(import_module(name), wanted)

    module = ModuleType(name)
    vars(module).update(functions, __getattr__=look_up)
    return module


def _later(module: str, name: str) -> Callable[..., object]:
    def call(*arguments: object, **options: object) -> object:
        return getattr(import_module(module), name)(*arguments, **options)

    return call
