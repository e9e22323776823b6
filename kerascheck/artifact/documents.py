"""What a container holds before it is understood: the configuration of a model as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypeGuard

from msgspec import Struct, field

from kerascheck.facts.values import UNKNOWN, Unknown, Value

Config: TypeAlias = "Mapping[str, Value]"


class Part(Struct, frozen=True):
    """An object inside a model by the attributes that lead to it (`encoder`, `layer-1`), as `{"class_name", "config", …}`."""

    path: tuple[str, ...]
    described: Config


class Document(Struct, frozen=True):
    """The texts of one model file, whatever container they came in.

    `architecture` is `{"class_name", "config", …}`, None where the file holds weights alone; `training` the training
    configuration in the dialect of its writer. `parts` are the objects that a SavedModel lists one by one, `stored` the
    numbers of weights by layer where the text itself tells them. `note` says what a user should know of the whole file.
    `texts` are the JSON texts as they stand, `tags` the Python objects that a YAML text asks for, `operations` those of a
    TensorFlow graph.
    """

    form: str
    architecture: Config | None = None
    training: Config | None = None
    keras_version: str | Unknown = UNKNOWN
    backend: str | Unknown = UNKNOWN
    note: str = ""
    parts: tuple[Part, ...] = ()
    stored: Mapping[str, int] = field(default_factory=dict[str, int])
    texts: tuple[str | bytes, ...] = ()
    tags: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


def is_config(value: Value) -> TypeGuard[Config]:
    return isinstance(value, Mapping)


def text_of(value: Value) -> str | Unknown:
    """A non-empty text, or else `UNKNOWN`."""
    return value if isinstance(value, str) and value else UNKNOWN
