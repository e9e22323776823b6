"""Which tensors a layer is called on: the four dialects of `inbound_nodes`.

- Keras 1: `[[["input_1", 0, 0]]]`
- Keras 2: `[[["conv_4", 0, 0, {}], ["conv_1", 0, 0, {"training": false}]]]`
- tf.keras 2.4 to 2.15: tensors inside the arguments, constants as `["_CONSTANT_VALUE", -1, 2.0, {…}]`, and for
  operations a flat node `["ln_27", 0, 0, {"y": ["input_15", 0, 0]}]`; a dictionary of inputs by name
- Keras 3: `[{"args": [{"class_name": "__keras_tensor__", "config": {…}}], "kwargs": {…}}]`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from kerascheck.artifact.documents import Config, is_config
from kerascheck.artifact.plain_values import shape_of
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value

CONSTANT: Final = "_CONSTANT_VALUE"


class Reference(Struct, frozen=True):
    """One tensor by its maker: output `tensor` of call `node` of `layer`. `shape` and `dtype` as far as the file says."""

    layer: str
    node: int
    tensor: int
    shape: Shape = UNKNOWN
    dtype: str | Unknown = UNKNOWN


class Wiring(Struct, frozen=True):
    """One call: the tensors that go in, in order, and the other arguments (a tensor among them is `UNKNOWN`).

    `masks` are the tensors given as `mask` or `…_mask`, apart: Keras 3 fills them in where nobody wrote them.
    """

    inputs: tuple[Reference, ...]
    arguments: Mapping[str, Value]
    masks: tuple[Reference, ...] = ()


def wirings(inbound: Value) -> tuple[Wiring, ...]:
    """The calls of a layer, in order."""
    if not isinstance(inbound, tuple):
        return ()
    if _reference(inbound) is not None:
        # The flat node stands in the place of the list of nodes in some files.
        return (_of_node(inbound),)
    return tuple(_of_node(node) for node in inbound)


def references(value: Value) -> tuple[Reference, ...]:
    """The tensors in `input_layers` or `output_layers`: one flat triple, a list of triples, or a dictionary."""
    return tuple(_all_references(value))


def output_names(value: Value) -> tuple[str, ...]:
    """The names that a dictionary of outputs gives them, in the order of `references`; empty for other forms."""
    if not is_config(value) or _reference(value) is not None:
        return ()
    return tuple(name for name in sorted(value) for _ in _all_references(value[name]))


def _of_node(node: Value) -> Wiring:
    if is_config(node) and "args" in node:
        return _of_call(node)
    inputs: list[Reference] = []
    arguments: dict[str, Value] = {}
    positional: list[Value] = []
    for item in _items(node):
        found = _reference(item)
        if found is not None:
            inputs.append(found)
        elif isinstance(item, tuple) and len(item) > 2 and item[0] == CONSTANT:
            positional.append(item[2])
        if isinstance(item, tuple) and len(item) > 3 and is_config(item[3]):
            arguments.update(item[3])
    arguments.update({f"constant_{index}": value for index, value in enumerate(positional)})
    return _settled(inputs, arguments)


def _items(node: Value) -> Iterator[Value]:
    """The quadruples of a node, whose inputs may be nested in lists and dictionaries."""
    if is_config(node):
        for name in sorted(node):
            yield from _items(node[name])
    elif isinstance(node, tuple):
        if node and isinstance(node[0], str):
            yield node
        else:
            for item in node:
                yield from _items(item)


def _of_call(node: Config) -> Wiring:
    """A call as Keras 3 writes it."""
    inputs: list[Reference] = []
    arguments: dict[str, Value] = {}
    args, kwargs = node.get("args", ()), node.get("kwargs", {})
    for index, item in enumerate(args if isinstance(args, tuple) else ()):
        found = list(_all_references(item))
        inputs += found
        if not found and item is not None:
            arguments[f"constant_{index}"] = item
    if is_config(kwargs):
        arguments.update(kwargs)
    return _settled(inputs, arguments)


def _settled(inputs: list[Reference], arguments: Mapping[str, Value]) -> Wiring:
    """Tensors among the arguments become inputs after those that are given by position."""
    values: dict[str, Value] = {}
    masks: list[Reference] = []
    for name, value in arguments.items():
        found = list(_all_references(value))
        (masks if name.endswith("mask") else inputs).extend(found)
        values[name] = UNKNOWN if found else value
    return Wiring(tuple(inputs), values, tuple(masks))


def _all_references(value: Value) -> Iterator[Reference]:
    found = _reference(value)
    if found is not None:
        yield found
    elif is_config(value):
        for name in sorted(value):
            yield from _all_references(value[name])
    elif isinstance(value, tuple):
        for item in value:
            yield from _all_references(item)


def _reference(value: Value) -> Reference | None:
    if is_config(value):
        return _keras_tensor(value)
    if not isinstance(value, tuple) or not 3 <= len(value) <= 4:
        return None
    layer, node, tensor = value[:3]
    if not isinstance(layer, str) or layer == CONSTANT or not _is_index(node) or not _is_index(tensor):
        return None
    if len(value) == 4 and not is_config(value[3]):
        return None
    return Reference(layer, _index(node), _index(tensor))


def _keras_tensor(value: Config) -> Reference | None:
    config = value.get("config")
    if value.get("class_name") != "__keras_tensor__" or not is_config(config):
        return None
    history = config.get("keras_history")
    found = _reference(history) if isinstance(history, tuple) else None
    if found is None:
        return None
    dtype = config.get("dtype")
    return Reference(
        found.layer,
        found.node,
        found.tensor,
        shape_of(config.get("shape")),
        dtype if isinstance(dtype, str) else UNKNOWN,
    )


def _is_index(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _index(value: Value) -> int:
    return value if isinstance(value, int) else 0
