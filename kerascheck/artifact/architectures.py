"""Architectures as text: what `to_json` writes, in each of the ways that people store it."""

from __future__ import annotations

from pathlib import Path

from kerascheck.artifact.documents import Config, Document, is_config, text_of
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, ForeignError
from kerascheck.facts.values import Value

_WRAPPERS = ("model_config", "modelTopology", "model", "config")


def read_json(path: Path) -> Document:
    """The texts of an architecture in JSON: an object, one inside another, or a JSON text in a JSON text.

    Raises:
        DamagedError: when it is no JSON.
        ForeignError: when it describes something else.
    """
    if path.stat().st_size > TEXT_LIMIT:
        raise DamagedError("the file is larger than any architecture")
    value = parse(path.read_bytes(), "the file")
    found = find_architecture(value)
    if found is None or not is_config(value):
        raise ForeignError("JSON that describes no Keras model")
    holder = value if is_config(value) else {}
    return Document(
        form="json",
        architecture=found,
        training=_training(holder),
        keras_version=text_of(holder.get("keras_version", found.get("keras_version"))),
        backend=text_of(holder.get("backend", found.get("backend"))),
    )


def find_architecture(value: Value) -> Config | None:
    """The `{"class_name", "config"}` in a value; a wrapper around it may hold it as a text."""
    for _ in range(len(_WRAPPERS)):
        if isinstance(value, str):
            value = parse(value, "the configuration inside")
        if not is_config(value):
            return None
        if isinstance(value.get("class_name"), str) and "config" in value:
            return value
        value = next((value[name] for name in _WRAPPERS if name in value), None)
    return None


def _training(holder: Config) -> Config | None:
    for name in ("training_config", "compile_config"):
        found = holder.get(name)
        if isinstance(found, str):
            found = parse(found, f"`{name}`")
        if is_config(found):
            return found
    return None
