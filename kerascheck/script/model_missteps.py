"""Steps of building models and inputs that Keras refuses: what is added, connected, built and asked for."""

from __future__ import annotations

import ast
import re
from typing import Final

from kerascheck.facts.graph import GraphKind, Layer, LayerKind
from kerascheck.facts.missteps import Step
from kerascheck.facts.values import Shape, Unknown
from kerascheck.keras_api.applications import network
from kerascheck.script.core import Core
from kerascheck.script.missteps import (
    QUERIED,
    SEVERAL,
    check_positional,
    is_closed,
    note,
    note_other,
    place_of,
    single_tensor,
    sort_of,
    with_places,
)
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    TensorValue,
)

_SHAPES: Final = frozenset({"shape", "input_shape", "batch_shape", "batch_input_shape", "type_spec"})
_UNBUILT: Final = frozenset({"input_shape", "output_shape", "inputs", "outputs", "input", "output"})


def check_listed(machine: Core, layers: object, arguments: Arguments, node: ast.expr) -> None:
    """`Sequential(Dense(3))`: Keras 3 takes its layers in a list."""
    found = sort_of(machine, layers)
    if found is not None and found[0] in ("layer", "class", "model"):
        place = place_of(arguments, 0, "layers", node)
        note(machine, Step.NOT_A_LAYER, place, "Sequential", sort=found[0], found=found[1], wanted="list", keras_3=True)


def check_added(machine: Core, model: ModelValue, value: object, place: ast.expr) -> None:
    """`model.add("relu")`, and a second input."""
    found = ("list", "") if isinstance(value, (ListValue, tuple)) else sort_of(machine, value)
    producer = machine.assembly.producer(value.tensor) if isinstance(value, TensorValue) else None
    layer = producer.layer if producer is not None else value.layer if isinstance(value, LayerValue) else None
    if layer is not None and layer.class_name == "InputLayer":
        first = model.chain[0][0].layer if model.chain else None
        if first is not None and (first.class_name == "InputLayer" or first.given & {"batch_shape", "input_shape"}):
            shape = model.inputs[0].shape
            note(machine, Step.SECOND_INPUT, place, "Sequential", wanted=written_shape(shape), keras_3=True)
    elif found is not None and found[0] not in ("layer", "model"):
        note_other(machine, Step.NOT_A_LAYER, place, "Sequential", found)
    elif isinstance(value, InstanceValue) and value.layer is not None:
        _check_parameters(machine, value, place)
    elif layer is not None and layer.class_name in SEVERAL | QUERIED and model.chain:
        before = model.chain[-1][0].layer
        one = (
            before.kind is LayerKind.BUILTIN and before.class_name not in SEVERAL and before["return_state"] is not True
        )
        if one and before.class_name != "RNN":
            note(machine, Step.ONE_TENSOR, place, layer.label, sort="chain", wanted=layer.class_name)


def _check_parameters(machine: Core, instance: InstanceValue, place: ast.expr) -> None:
    """A layer of the program in a Sequential: its `call` must take one tensor."""
    call = next((own.scope.names["call"] for own in instance.cls.order if "call" in own.scope.names), None)
    if not isinstance(call, FunctionValue) or call.node.args.vararg is not None or call.is_static:
        return
    spec = call.node.args
    taken = len(spec.posonlyargs) + len(spec.args) - 1
    if taken == 0:
        note(machine, Step.WRONG_COUNT, place, instance.cls.name, found="1", wanted="0")
    elif taken - len(spec.defaults) > 1:
        note(machine, Step.ONE_TENSOR, place, instance.cls.name, sort="chain", wanted=instance.cls.name)


def check_input(machine: Core, arguments: Arguments, node: ast.expr) -> None:
    """`Input(…)`: one shape, and none that is at odds with a tensor."""
    names = {
        "shape": arguments.get(0, "shape", "input_shape"),
        "batch_shape": arguments.get(None, "batch_shape", "batch_input_shape"),
        "batch_size": arguments.get(1, "batch_size"),
    }
    given = [name for name, value in names.items() if value is not None]
    tensor = arguments.get(None, "tensor", "input_tensor")
    if tensor is not None:
        _check_against(machine, names, tensor, arguments, node)
    elif arguments.complete and not arguments.positional and not set(arguments.keywords) & _SHAPES:
        note(machine, Step.NO_SHAPE, node, "Input")
    elif "batch_shape" in given and len(given) > 1:
        written = next(name for name in ("batch_shape", "batch_input_shape") if name in arguments.keywords)
        place = place_of(arguments, None, written, node)
        note(machine, Step.TWO_SHAPES, place, "Input", found=written, wanted=given[0], keras_3=True)


def _check_against(
    machine: Core, names: dict[str, object], tensor: object, arguments: Arguments, node: ast.expr
) -> None:
    place = next(
        place_of(arguments, None, name, node) for name in ("tensor", "input_tensor") if name in arguments.keywords
    )
    if not isinstance(tensor, TensorValue):
        found = sort_of(machine, tensor)
        if found is not None:
            note(machine, Step.OTHER_TENSOR, place, "Input", sort=found[0], found=found[1], wanted="tensor")
        return
    shape, dtype = tensor.tensor.shape, arguments.get(2, "dtype")
    if isinstance(dtype, str) and isinstance(tensor.tensor.dtype, str) and dtype != tensor.tensor.dtype:
        note(
            machine, Step.OTHER_TENSOR, place, "Input", found=f"dtype {dtype}", wanted=tensor.tensor.dtype, keras_3=True
        )
    producer = machine.assembly.producer(tensor.tensor)
    dense = producer is not None and producer.layer.class_name == "InputLayer" and "sparse" not in producer.layer.given
    if dense and arguments.get(None, "sparse") is True:
        note(machine, Step.OTHER_TENSOR, place, "Input", found="it is sparse", wanted="dense values", keras_3=True)
    if not written_shape(shape) or isinstance(shape, Unknown):
        return
    for name, expected in (("shape", shape[1:]), ("batch_shape", shape), ("batch_size", shape[:1])):
        value = names[name]
        told = tuple(value.items) if isinstance(value, ListValue) else value if isinstance(value, tuple) else (value,)
        if value is not None and all(isinstance(size, int) or size is None for size in told) and told != expected:
            note(machine, Step.OTHER_TENSOR, place, "Input", found=f"{name} {told}", wanted=str(shape), keras_3=True)


def written_shape(shape: Shape) -> str:
    """A shape as the source would have it; nothing for one that is not known whole."""
    if isinstance(shape, Unknown) or any(isinstance(size, Unknown) for size in shape):
        return ""
    return str(tuple(shape))


def check_connected(machine: Core, arguments: Arguments, node: ast.expr) -> None:
    """`Model(inputs, Dense(3))`: inputs and outputs are tensors."""
    for position, name in ((0, "inputs"), (1, "outputs")):
        written = name if name in arguments.keywords else name.removesuffix("s")
        value = arguments.get(position, written)
        place = place_of(arguments, position, written, node)
        if isinstance(value, (ListValue, tuple)) and value_is_empty(value):
            note(machine, Step.NO_TENSORS, place, "Model", wanted=name, keras_3=name == "outputs")
        if isinstance(value, DictValue) and name == "inputs":
            _check_keys(machine, value, place)
        for item, part in with_places(value, place):
            found = sort_of(machine, item)
            if found is not None and found[0] != "tensor":
                note_other(machine, Step.NOT_A_TENSOR, part, "Model", found, name)


def value_is_empty(value: ListValue | tuple[object, ...]) -> bool:
    return (value.whole and not value.items) if isinstance(value, ListValue) else not value


def _check_keys(machine: Core, value: DictValue, place: ast.expr) -> None:
    for key, item in value.items.items():
        producer = machine.assembly.producer(item.tensor) if isinstance(item, TensorValue) else None
        layer = producer.layer if producer is not None else None
        if layer is None or layer.class_name != "InputLayer" or "name" not in layer.given or not isinstance(key, str):
            continue
        if layer.name != key:
            note(machine, Step.INPUT_KEYS, place, "Model", found=key, wanted=layer.name, keras_3=True)


def check_model_call(machine: Core, model: ModelValue, arguments: Arguments, node: ast.expr) -> None:
    """`model(…)`: on as many tensors as the model has inputs; on none where the class has no `call`."""
    check_layers(machine, model, node)
    place = arguments.positional_nodes[0] if arguments.positional_nodes else node
    found = sort_of(machine, arguments.get(0, "inputs"))
    if found is not None and found[0] in ("layer", "class", "function", "model"):
        note_other(machine, Step.NOT_A_TENSOR, place, model.name, found)
    first = arguments.get(0, "inputs")
    items = first.items if isinstance(first, ListValue) and first.whole else first
    count = len(items) if isinstance(items, (list, tuple)) else 1 if single_tensor(machine, first) else 0
    if model.kind is GraphKind.SEQUENTIAL or (model.instance is not None and is_closed(model.instance.cls)):
        check_positional(machine, model.name, arguments)
    plain = model.kind is not GraphKind.SUBCLASSED and not model.gaps and not model.is_given
    if plain and count and model.inputs and count != len(model.inputs) and model.kind is GraphKind.FUNCTIONAL:
        note(machine, Step.WRONG_COUNT, place, model.name, found=str(count), wanted=str(len(model.inputs)))


def check_layers(machine: Core, model: ModelValue, node: ast.expr) -> None:
    """A Sequential without any layer cannot be used."""
    if model.kind is GraphKind.SEQUENTIAL and not model.chain and not model.gaps and model.instance is None:
        note(machine, Step.NO_LAYERS, node, model.name, keras_3=True)


def check_built(machine: Core, model: ModelValue, shape: Shape, place: ast.expr) -> None:
    """`model.build(shape)` of a Sequential that has an input of another shape."""
    check_layers(machine, model, place)
    first = model.chain[0][0].layer if model.chain else None
    if first is None or first.class_name != "InputLayer" or not written_shape(shape):
        return
    declared = model.inputs[0].shape
    if written_shape(declared) and declared != shape:
        given, wanted = written_shape(shape), written_shape(declared)
        note(machine, Step.OTHER_INPUT, place, "Sequential", found=given, wanted=wanted, keras_3=True)


def check_get_layer(machine: Core, model: ModelValue, layers: object, arguments: Arguments, node: ast.expr) -> None:
    """`model.get_layer(…)` with a name or an index that no layer has."""
    name, index = arguments.get(0, "name"), arguments.get(1, "index")
    if not arguments.complete:
        return
    if not arguments.positional and not arguments.keywords:
        note(machine, Step.UNKNOWN_LAYER, node, model.name, sort="none")
    if isinstance(name, str) and isinstance(index, int):
        note(machine, Step.UNKNOWN_LAYER, node, model.name, sort="both")
    if not isinstance(layers, ListValue) or not layers.whole or model.gaps or model.is_given or model.instance:
        return
    values = [item.layer for item in layers.items if isinstance(item, LayerValue)]
    opaque = (LayerKind.OPERATION, LayerKind.CHOICE)
    if len(values) < len(layers.items) or not values or any(layer.kind in opaque for layer in values):
        return
    if isinstance(index, int) and not isinstance(index, bool) and index >= len(values):
        place = place_of(arguments, 1, "index", node)
        note(machine, Step.UNKNOWN_LAYER, place, model.name, sort="index", found=str(index), wanted=str(len(values)))
    names = tuple(layer.name for layer in values)
    if isinstance(name, str) and name not in names and not any(_may_be_called(name, layer) for layer in values):
        place = place_of(arguments, 0, "name", node)
        note(machine, Step.UNKNOWN_LAYER, place, model.name, sort="name", found=name, known=names)


def _may_be_called(name: str, layer: Layer) -> bool:
    """Whether some Keras may have given a layer this name by itself."""
    stem = re.sub(r"_\d+$", "", name).replace("_", "")
    if layer.class_name in ("Functional", "Sequential", "InputLayer"):
        return stem in ("model", "functional", "sequential", "input", "inputlayer")
    return network(layer.class_name) is not None or stem in (layer.class_name.lower(), layer.written.lower())


def check_gone(machine: Core, model: ModelValue, name: str, node: ast.expr) -> None:
    """`model.add_loss(…)` of a functional model and `model.add_metric(…)`, which Keras 3 has no more."""
    plain = model.kind is not GraphKind.SUBCLASSED and model.instance is None and not model.gaps
    if plain and (name == "add_metric" or (name == "add_loss" and model.kind is GraphKind.FUNCTIONAL)):
        note(machine, Step.GONE_METHOD, node, model.name, found=name, keras_3=True)


def check_model_attribute(machine: Core, model: ModelValue, name: str, node: ast.expr) -> None:
    """`model.output_shape`, `model.count_params` of a Sequential that nobody gave a shape."""
    if name not in _UNBUILT and name != "count_params":
        return
    if model.lacks_weights and not machine.undecided:
        # An `Embedding` of Keras 2 declares sequences of any length.
        old = name in ("inputs", "outputs", "input", "output") or model.chain[0][0].layer.class_name == "Embedding"
        note(machine, Step.NOT_BUILT, node, model.name, sort="model", wanted=name, keras_3=old)


def check_copied(machine: Core, model: ModelValue, arguments: Arguments, node: ast.expr) -> None:
    """`clone_model(model, …)`: functions and tensors that suit the kind of the model."""
    own = model.kind is GraphKind.SUBCLASSED
    if model.is_given or (model.instance is None if own else model.gaps):
        return
    kind = model.kind.value
    for position, name, wanted in (
        (2, "clone_function", own),
        (3, "call_function", model.kind is not GraphKind.FUNCTIONAL),
    ):
        if wanted and isinstance(arguments.get(position, name), FunctionValue):
            note(machine, Step.COPY_ARGUMENT, place_of(arguments, position, name, node), kind, sort=name)
    tensors = arguments.get(1, "input_tensors")
    items = tensors.items if isinstance(tensors, ListValue) and tensors.whole else tensors
    place = place_of(arguments, 1, "input_tensors", node)
    if isinstance(items, ArrayValue):
        note(machine, Step.COPY_ARGUMENT, place, kind, sort="data", keras_3=True)
    elif isinstance(items, (list, tuple)) and model.inputs and len(items) != len(model.inputs):
        if all(isinstance(item, TensorValue) for item in items):
            count = len(model.inputs)
            note(
                machine,
                Step.COPY_ARGUMENT,
                place,
                kind,
                sort="count",
                found=str(len(items)),
                wanted=str(count),
                keras_3=True,
            )
    elif isinstance(items, (list, tuple)) and any(isinstance(item, ArrayValue) for item in items):
        note(machine, Step.COPY_ARGUMENT, place, kind, sort="data", keras_3=True)
