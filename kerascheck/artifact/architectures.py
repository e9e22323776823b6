"""Architectures as text: what `to_json` and `to_yaml` write, in each of the ways that people store it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from kerascheck.artifact.documents import Config, Document, is_config, text_of
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import TEXT_LIMIT, ForeignError, HostileError
from kerascheck.facts.values import Value

_WRAPPERS = ("model_config", "modelTopology", "model", "config")


def read_json(path: Path) -> Document:
    """The texts of an architecture in JSON: an object, one inside another, or a JSON text in a JSON text.

    Raises:
        DamagedError: when it is no JSON.
        ForeignError: when it describes something else.
    """
    content = content_of(path)
    return replace(described(parse(content, "the file"), "json"), texts=(content,))


def content_of(path: Path) -> bytes:
    """The bytes of a text that is no longer than an architecture may be."""
    if path.stat().st_size > TEXT_LIMIT:
        raise HostileError("the file is larger than any architecture")
    return path.read_bytes()


def described(holder: Value, form: str) -> Document:
    """The architecture in a value, with the training configuration and versions that stand around or in it."""
    found = find_architecture(holder)
    if found is None or not is_config(holder):
        raise ForeignError(f"{form.upper()} that describes no Keras model")
    return Document(
        form=form,
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


def read_tensorflow_js(path: Path) -> Document:
    """The texts of a TensorFlow.js model.json, whose shards hold the weights.

    Raises:
        DamagedError: when it is no JSON.
        ForeignError: when it holds a graph of operations in place of layers.
    """
    value = parse(content_of(path), "the file")
    topology = value.get("modelTopology") if is_config(value) else None
    if isinstance(topology, str):
        topology = parse(topology, "`modelTopology`")
    if not is_config(value) or not is_config(topology) or find_architecture(topology) is None:
        raise ForeignError("a TensorFlow.js model of plain operations, without layers")
    return Document(
        form="tfjs",
        architecture=find_architecture(topology),
        training=_training(topology) or _training(value),
        keras_version=text_of(topology.get("keras_version")),
        backend=text_of(topology.get("backend")),
        stored=_manifest(value.get("weightsManifest")),
    )


def _manifest(value: Value) -> Mapping[str, int]:
    """The number of weights by the first part of their names, which is that of the layer."""
    sizes: dict[str, int] = {}
    for group in value if isinstance(value, tuple) else ():
        listed = group.get("weights") if is_config(group) else ()
        for weight in listed if isinstance(listed, tuple) else ():
            name, shape = (weight.get("name"), weight.get("shape")) if is_config(weight) else (None, None)
            if not isinstance(name, str) or not isinstance(shape, tuple):
                continue
            layer = name.partition("/")[0]
            sizes[layer] = sizes.get(layer, 0) + math.prod(size for size in shape if isinstance(size, int))
    return sizes
