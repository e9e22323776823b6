"""The kinds of values and the words that arguments refuse, in every Keras that has them.

Source: refusals.json, which tools/generate_argument_refusals.py writes by trying values of each kind in each argument of
the installed Keras 3 and tf_keras.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kerascheck.facts.values import Value
from kerascheck.keras_api import history, tables
from kerascheck.keras_api.bounds import BOUNDS, FUNCTIONS
from kerascheck.keras_api.layers import class_of
from kerascheck.keras_api.names import ApiKind, kind_of

_NUMBERS: Final = frozenset({"bool", "whole", "zero", "negative", "float", "fraction"})
_LONGEST: Final = 4


class _Tables(Struct, frozen=True):
    """The file: sets of kinds, each in one string; for each class the set that an argument refuses, and the words it takes."""

    kinds: tuple[str, ...]
    classes: dict[str, Raw]
    words: dict[str, Raw]


@functools.cache
def _tables() -> _Tables:
    return msgspec.json.decode((Path(__file__).parent / "refusals.json").read_bytes(), type=_Tables)


@functools.cache
def _kinds(key: str) -> Mapping[str, int]:
    entry = _tables().classes.get(key)
    return msgspec.json.decode(entry, type=dict[str, int]) if entry is not None else {}


@functools.cache
def _words(key: str) -> Mapping[str, Sequence[str]]:
    entry = _tables().words.get(key)
    return msgspec.json.decode(entry, type=dict[str, tuple[str, ...]]) if entry is not None else {}


def key_of(qualified: str) -> str:
    """The row of the tables for a class by its full name (`layers.Conv2D` for `keras.layers.Convolution2D`); empty for none."""
    parts = qualified.split(".")[1:]
    found = kind_of(parts)
    section = "losses" if found is ApiKind.LOSS else f"{found.value}s"
    name = class_of(parts[-1]) if found is ApiKind.LAYER else parts[-1]
    key = f"{section}.{name}"
    return key if key in _tables().classes or name in BOUNDS else ""


@functools.cache
def positions(key: str) -> tuple[str, ...]:
    """The names of the arguments that stand at the same place in today's Keras and in the last Keras 2."""
    section, _, name = key.partition(".")
    if name in FUNCTIONS:
        return tuple(BOUNDS[name])
    today = [parameter.name for parameter in tables.signature(section, name) or ()]
    before = history.signature("2.last", key)
    if before is None:
        return tuple(today)
    same = [now == then.strip("=") for now, then in zip(today, before, strict=False)]
    return tuple(today[: same.index(False) if False in same else len(same)])


def refused(key: str, argument: str) -> frozenset[str]:
    """The kinds of values that an argument refuses, as `kind` names them."""
    place = _kinds(key).get(argument)
    found = frozenset(_tables().kinds[place].split()) if place is not None else frozenset[str]()
    # Rates have rules of their own.
    return found - _NUMBERS if key.startswith("optimizers.") else found


def words(key: str, argument: str) -> Sequence[str] | None:
    """The words that an argument takes, in small letters; None where it takes any, or no table tells."""
    return _words(key).get(argument)


def kind(value: Value) -> str:
    """The kind of a value that is known whole; empty for all others."""
    match value:
        case None:
            return "none"
        case bool():
            return "bool"
        case str():
            return "text"
        case int() | float() if value <= 0:
            return "zero" if value == 0 else "negative" if isinstance(value, int) else ""
        case int():
            return "whole"
        case float():
            return "float" if value.is_integer() else "fraction"
        case tuple():
            return _kind_of_several(value)
        case _:
            return ""


def _kind_of_several(values: tuple[Value, ...]) -> str:
    if not values:
        return "empty"
    if all(isinstance(value, str) for value in values):
        return "texts"
    if len(values) <= _LONGEST and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return str(len(values))
    return ""


def taken(key: str, argument: str) -> str:
    """What an argument takes, in words."""
    gone = refused(key, argument)
    known = words(key, argument)
    parts: list[str] = []
    if "whole" not in gone:
        parts.append("a whole number" if gone & {"fraction", "float"} else "a number")
    elif "fraction" not in gone:
        parts.append("a fraction")
    elif "bool" not in gone:
        parts.append("True or False")
    if argument in ("layer", "backward_layer", "cell"):
        parts.append("a layer")
    elif "text" not in gone and "whole" in gone:
        parts.append(" or ".join(f'"{word}"' for word in known) if known else "a name or an object of Keras")
    lengths = [length for length in ("1", "2", "3", "4") if length not in gone and not known]
    if len(lengths) == 1:
        parts.append(f"{lengths[0]} of them" if parts else f"{lengths[0]} numbers")
    elif lengths:
        parts.append("a list of numbers")
    if "none" not in gone:
        parts.append("None")
    return " or ".join(parts)
