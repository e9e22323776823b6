"""SavedModel folders: the configuration that Keras 2 keeps beside the graph of TensorFlow, read without either.

TensorFlow 2.5 to 2.15 and tf-keras write it into keras_metadata.pb, 2.0 to 2.4 into the object graph of saved_model.pb;
`export` of Keras 3 and TensorFlow itself write none.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.artifact.checkpoints import operations
from kerascheck.artifact.documents import Config, Document, Part, is_config, text_of
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.protobuf import Field, fields, last_fields, messages, text
from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, ForeignError
from kerascheck.facts.mentions import REACHING_OPERATIONS
from kerascheck.facts.values import Value
from kerascheck.remote import RemoteFile

METADATA: Final = "keras_metadata.pb"
GRAPH: Final = "saved_model.pb"
ROOT: Final = "root"
_NODE_LIMIT: Final = 100_000
_WITHOUT_KERAS: Final = (
    "a SavedModel without a Keras model: TensorFlow or `export` wrote it, and neither keeps the layers"
)


class Node(Struct, frozen=True):
    """One Keras object of a SavedModel: its path (`root.layer-2`), what it is, and its configuration."""

    path: str
    identifier: str
    metadata: Config


def read_saved_model(path: Path) -> Document:
    """The texts of a SavedModel folder.

    Raises:
        DamagedError: when its files cannot be read.
        ForeignError: when it holds no Keras model.
    """
    graph = mapped(path / GRAPH)
    found = operations(graph, REACHING_OPERATIONS)
    try:
        document = read_metadata(path / METADATA) if (path / METADATA).is_file() else _document(list(_of_graph(graph)))
    except ForeignError as other:
        if not found:
            raise
        document = Document("saved_model", note=str(other))
    return replace(document, operations=found)


def read_metadata(path: Path) -> Document:
    """The texts of a keras_metadata.pb by itself."""
    content = mapped(path)
    if bytes(content[:2]) == b"\r\n":
        raise DamagedError(
            "its line ends were converted, which destroys a binary file: fetch it anew, "
            "and mark `*.pb binary` in .gitattributes"
        )
    return _document([_metadata_node(message) for message in messages(content, 1)])


def mapped(path: Path) -> memoryview:
    """The bytes of a file without reading them all; the mapping ends with the last slice of it."""
    if isinstance(path, RemoteFile):
        if path.stat().st_size > TEXT_LIMIT:
            raise DamagedError(f"`{path.name}` is larger than any configuration")
        return memoryview(path.read_bytes())
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise DamagedError(f"`{path.name}` is empty")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _metadata_node(message: memoryview) -> Node:
    """SavedObject of keras/protobuf/saved_metadata.proto."""
    found = last_fields(message)
    return Node(text(found.get(3)), text(found.get(4)), _configuration(found.get(5)))


def _of_graph(content: memoryview) -> Iterator[Node]:
    """The Keras objects among those of `meta_graphs[0].object_graph_def` (field 7), by their paths from the root."""
    meta = next(messages(content, 2), None)
    objects = None if meta is None else next(messages(meta, 7), None)
    if objects is None:
        raise ForeignError(_WITHOUT_KERAS)
    listed = list(messages(objects, 1))
    for index, path in _paths(listed).items():
        user = next(messages(listed[index], 4), None)
        found: Mapping[int, Field] = {} if user is None else last_fields(user)
        identifier = text(found.get(1))
        if identifier.startswith("_tf_keras_"):
            yield Node(path, identifier, _configuration(found.get(3)))


def _paths(objects: list[memoryview]) -> dict[int, str]:
    """The path of every object by its index: a walk from the root over the named children, the shortest path first."""
    paths = {0: ROOT} if objects else {}
    queue = list(paths)
    for index in queue:
        for child in messages(objects[index], 1):
            found = dict(fields(child))
            target = found.get(1, 0)
            if isinstance(target, int) and target < len(objects) and target not in paths and len(paths) < _NODE_LIMIT:
                paths[target] = f"{paths[index]}.{text(found.get(2))}"
                queue.append(target)
    return paths


def _configuration(value: Field | None) -> Config:
    if not isinstance(value, memoryview) or len(value) > TEXT_LIMIT:
        return {}
    found = parse(bytes(value), "the metadata of a Keras object")
    return found if is_config(found) else {}


def _document(nodes: list[Node]) -> Document:
    root = next((node for node in nodes if node.path == ROOT), None)
    if root is None or not root.identifier.startswith("_tf_keras_"):
        raise ForeignError(_WITHOUT_KERAS)
    if not root.metadata:
        raise DamagedError(f"`{METADATA}` is missing, which held the model's layers")
    described = root.metadata.get("model_config")
    architecture: Config = described if is_config(described) else root.metadata
    training = root.metadata.get("training_config")
    return Document(
        form="saved_model",
        architecture=_with_shapes(architecture, nodes),
        training=training if is_config(training) else None,
        keras_version=text_of(root.metadata.get("keras_version")),
        backend=text_of(root.metadata.get("backend")),
        parts=tuple(_part(node) for node in nodes if _is_layer(node)),
    )


def _is_layer(node: Node) -> bool:
    return node.path != ROOT and not node.identifier.endswith("_metric")


def _part(node: Node) -> Part:
    return Part(tuple(node.path.split(".")[1:]), node.metadata)


def _with_shapes(architecture: Config, nodes: list[Node]) -> Config:
    """The architecture with the shapes that its layers were built with, which stand with the objects."""
    config = architecture.get("config")
    if not is_config(config) or not isinstance(config.get("layers"), tuple):
        return architecture
    built = {
        name: node.metadata.get("build_input_shape")
        for node in nodes
        if node.path.count(".") == 1 and isinstance(name := node.metadata.get("name"), str)
    }
    layers: list[Value] = []
    for layer in config["layers"] if isinstance(config["layers"], tuple) else ():
        settings = layer.get("config") if is_config(layer) else None
        name = settings.get("name") if is_config(settings) else None
        shape = built.get(name) if isinstance(name, str) else None
        layers.append({**layer, "build_input_shape": shape} if is_config(layer) and shape is not None else layer)
    return {**architecture, "config": {**config, "layers": tuple(layers)}}
