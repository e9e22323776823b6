"""The signatures of today's Keras out of api.json, which tools/generate_keras_api.py writes from the installed Keras."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Raw, Struct

from kerascheck.facts.values import UNKNOWN, Value


class Parameter(Struct, frozen=True):
    """A parameter of a Keras class or method; `default` is UNKNOWN for a required one."""

    name: str
    default: Value = UNKNOWN
    required: bool = False


@functools.cache
def _document() -> Mapping[str, Raw]:
    """The file, of which each part is decoded when it is asked for."""
    return msgspec.json.decode((Path(__file__).parent / "api.json").read_bytes(), type=dict[str, Raw])


@functools.cache
def _part(name: str) -> object:
    return msgspec.json.decode(_document()[name])


def version() -> str:
    """The version of Keras that the signatures are of."""
    return cast("str", _part("version"))


def value(plain: object) -> Value:
    """A default out of JSON: lists are tuples, the mark for an object is UNKNOWN."""
    if isinstance(plain, list):
        return tuple(value(item) for item in cast("list[object]", plain))
    if plain is None or isinstance(plain, (bool, int, float, str)):
        return plain
    return UNKNOWN


@functools.cache
def section(name: str) -> Mapping[str, Raw]:
    """A table of signatures, each still to be decoded: `layers`, `optimizers`, `callbacks`, `methods` …"""
    return msgspec.json.decode(_document()[name], type=dict[str, Raw])


@functools.cache
def signature(table: str, name: str) -> tuple[Parameter, ...] | None:
    """The parameters of a class or method in order; None where the table has none of that name."""
    entry = section(table).get(name)
    if entry is None:
        return None
    entries = cast("Sequence[Sequence[object]]", msgspec.json.decode(entry))
    return tuple(
        Parameter(str(entry[0]), value(entry[1])) if len(entry) > 1 else Parameter(str(entry[0]), required=True)
        for entry in entries
    )


@functools.cache
def aliases(table: str) -> Mapping[str, str]:
    """Further public names of the classes of a table (`Convolution2D`)."""
    tables = cast("Mapping[str, Mapping[str, str]]", _part("aliases"))
    return tables.get(table, {})


@functools.cache
def identifiers(kind: str) -> Mapping[str, str]:
    """The strings that Keras takes for `activations`, `losses`, `metrics` …, with the name of what they stand for."""
    return cast("Mapping[str, Mapping[str, str]]", _part("identifiers"))[kind]


@functools.cache
def names(kind: str) -> frozenset[str]:
    """A plain list of names: `operations`, `utilities`, `backend`, `datasets`, `modules`, `root`."""
    return frozenset(cast("Sequence[str]", _part(kind)))


@functools.cache
def folded(table: str) -> Mapping[str, str]:
    """Names of a table by their lower-case spelling."""
    return {name.lower(): name for name in section(table)}
