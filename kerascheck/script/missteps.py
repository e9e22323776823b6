"""Steps of building a model that Keras refuses: what is no layer where one is expected, tensors that are too few."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.facts.graph import GraphKind, Layer, LayerKind
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import Misstep
from kerascheck.facts.values import Shape, Unknown
from kerascheck.keras_api.applications import network
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.core import Core
from kerascheck.script.structures import InputTensor
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    OptimizerValue,
    Path,
    TensorValue,
)

WRAPPERS: Final = frozenset({"TimeDistributed", "Bidirectional", "SpectralNormalization", "Wrapper"})
AROUND_CELLS: Final = frozenset({"RNN", "StackedRNNCells"})
MERGING: Final = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})
SEVERAL: Final = MERGING | {"Attention", "AdditiveAttention", "HashedCrossing"}
"""Layers that are called on a list of tensors."""

_MERGING_FUNCTIONS: Final = frozenset(name.lower() for name in MERGING)
_COUNTS: Final = {"Dot": (2, 2), "Subtract": (2, 2), "Attention": (2, 3), "AdditiveAttention": (2, 3), "HashedCrossing": (2, 99)}  # fmt: skip
_QUERIED: Final = frozenset({"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"})
_BUILT: Final = {"kernel": ("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D"), "embeddings": ("Embedding",)}
_WRAPPING: Final = frozenset({"LossScaleOptimizer", "MultiOptimizer"})
_NO_CELLS: Final = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D", "Embedding", "Activation", "Dropout", "Flatten"})
_WEIGHTED: Final = frozenset(
    {"Dense", "Conv1D", "Conv2D", "Conv3D", "Embedding", "LSTM", "GRU", "SimpleRNN", "BatchNormalization"}
)
_ANY_ARGUMENTS: Final = frozenset(
    {"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing", "CategoryEncoding", "Pipeline"}
    | {"Discretization", "Normalization", "Resizing", "Rescaling", "CenterCrop", "MelSpectrogram"}
)  # fmt: skip
_FILLED: Final = {
    "Discretization": ("bin_boundaries",),
    "StringLookup": ("vocabulary",),
    "IntegerLookup": ("vocabulary",),
    "TextVectorization": ("vocabulary",),
    "Normalization": ("mean",),
}
_SHAPES: Final = frozenset({"shape", "input_shape", "batch_shape", "batch_input_shape", "type_spec"})
_UNBUILT: Final = frozenset({"input_shape", "output_shape", "inputs", "outputs", "input", "output"})


def note(machine: Core, step: Step, place: ast.expr, subject: str, **facts: object) -> None:
    """Record a step that Keras refuses, unless the program expects it to be refused or it stands in another file."""
    if machine.refusals_expected or machine.page.path != machine.path:
        return
    common = machine.event_facts(machine.place(place))
    machine.record(Misstep(**common, step=step, subject=subject, **facts))  # pyright: ignore[reportArgumentType]


def check_keywords(machine: Core, cls: ClassValue, method: FunctionValue, arguments: Arguments) -> None:
    """The keywords that the `__init__` of a class of the program does not take."""
    node = method.node
    if isinstance(node, ast.Lambda) or node.args.kwarg is not None or node.decorator_list:
        return
    known = tuple(parameter.arg for parameter in (*node.args.args, *node.args.kwonlyargs))[1:]
    for name, keyword in arguments.keyword_nodes.items():
        if name not in known and name in arguments.keywords:
            note(machine, Step.INIT_KEYWORD, keyword.value, cls.name, found=name, known=known)


def sort_of(machine: Core, value: object) -> tuple[str, str] | None:
    """What a value is when it is proven to be no tensor and what it is called; None for what is not known."""
    match value:
        case ClassValue(name=name):
            return "class", name
        case FunctionValue(name=name):
            return "function", name
        case Path(parts=parts) if parts[0] == "keras" and kind_of(parts[1:]) is ApiKind.LAYER and parts[-1] != "Input":
            return "class", parts[-1]
        case Path(parts=parts) if set(parts[-2:-1]) & {"activations", "nn"}:
            return "function", parts[-1]
        case str():
            return "text", value
        case bool():
            return None
        case int() | float():
            return "number", f"{value:g}"
        case LayerValue(layer=layer):
            return "layer", layer.written or layer.class_name
        case InstanceValue(layer=LayerValue(layer=layer)):
            return "layer", layer.class_name
        case ModelValue(name=name) | InstanceValue(model=ModelValue(name=name)):
            return "model", name
        case TensorValue() if (maker := single_tensor(machine, value)) is not None:
            return "tensor", maker
        case _:
            return None


def single_tensor(machine: Core, value: object) -> str | None:
    """The name of the layer that made a value which is proven to be one tensor; None for any other."""
    if not isinstance(value, TensorValue) or isinstance(value, InputTensor):
        return None
    producer = machine.assembly.producer(value.tensor)
    if producer is None or isinstance(value.tensor.shape, Unknown) or len(producer.outputs) > 1:
        return None
    known = producer.layer.kind in (LayerKind.BUILTIN, LayerKind.OPERATION, LayerKind.MODEL)
    return producer.layer.label if known else None


def check_wrapped(machine: Core, written: str, arguments: Arguments, node: ast.expr) -> None:
    """`TimeDistributed(Dense)`, `RNN(LSTMCell)`: what is wrapped must be a layer, or a cell."""
    if written in WRAPPERS:
        for position, name in ((0, "layer"), (None, "backward_layer")):
            found = sort_of(machine, arguments.get(position, name))
            # That a text or a number is no layer the table of refused arguments says.
            if found is not None and found[0] in ("class", "function", "tensor"):
                note_other(machine, Step.NOT_A_LAYER, place_of(arguments, position, name, node), written, found)
        return
    given = arguments.get(0, "cell" if written == "RNN" else "cells")
    cells = given.items if isinstance(given, ListValue) else given if isinstance(given, tuple) else [given]
    for cell in cells:
        found = sort_of(machine, cell)
        place = place_of(arguments, 0, "cell" if written == "RNN" else "cells", node)
        if found is None:
            continue
        if found[0] not in ("layer", "model"):
            note_other(machine, Step.NOT_A_LAYER, place, written, found)
        elif (reason := _is_no_cell(machine, cell)) is not None:
            note(machine, Step.NOT_A_CELL, place, written, found=found[1], wanted=reason, keras_3=bool(reason))


def _is_no_cell(machine: Core, cell: object) -> str | None:
    """The size of its state that a layer is proven to have, where that is no size; nothing for a layer without any."""
    if isinstance(cell, LayerValue) and cell.instance is None:
        return "" if cell.layer.class_name in _NO_CELLS else None
    instance = cell.instance if isinstance(cell, LayerValue) else cell
    if not isinstance(instance, InstanceValue) or not is_closed(instance.cls):
        return None
    own = {name for owner in instance.cls.order for name in owner.scope.names}
    if "state_size" not in instance.attributes:
        return "" if "state_size" not in own else None
    size = instance.attributes["state_size"]
    return repr(size) if size is None or isinstance(size, (str, float)) else None


def is_closed(cls: ClassValue) -> bool:
    """Whether all classes above a class are known: those of the program, and Keras's plain `Layer` or `Model`."""
    bases = [base for owner in cls.order for base in owner.bases]
    return all(
        isinstance(base, ClassValue)
        or (isinstance(base, Path) and (base.parts[-1] in ("Layer", "Model") or base.dotted == "builtins.object"))
        for base in bases
    )


def note_other(
    machine: Core, step: Step, place: ast.expr, subject: str, found: tuple[str, str], wanted: str = ""
) -> None:
    note(machine, step, place, subject, sort=found[0], found=found[1], wanted=wanted)


def place_of(arguments: Arguments, position: int | None, name: str, node: ast.expr) -> ast.expr:
    """Where an argument is written, or else the call."""
    if name in arguments.keyword_nodes:
        return arguments.keyword_nodes[name].value
    if position is not None and position < len(arguments.positional_nodes):
        return arguments.positional_nodes[position]
    return node


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
    elif layer is not None and layer.class_name in SEVERAL | _QUERIED and model.chain:
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
        for item, part in _with_places(value, place):
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


def _with_places(value: object, place: ast.expr) -> Iterator[tuple[object, ast.expr]]:
    """The items of a list of tensors, or the value itself, each with its place."""
    items: Sequence[object]
    if isinstance(value, ListValue):
        items = value.items
    elif isinstance(value, tuple):
        items = value
    else:
        yield value, place
        return
    nodes = place.elts if isinstance(place, (ast.List, ast.Tuple)) and len(place.elts) == len(items) else ()
    for index, item in enumerate(items):
        yield item, nodes[index] if nodes else place


def check_call(machine: Core, value: LayerValue, arguments: Arguments, node: ast.expr) -> None:
    """`layer(…)`: on tensors, and on as many as the layer takes."""
    layer = value.layer
    place = arguments.positional_nodes[0] if arguments.positional_nodes else node
    first = arguments.get(0, "inputs")
    if layer.kind is LayerKind.BUILTIN and layer.class_name != "Lambda":
        for item, part in _with_places(first, place) if not isinstance(first, TensorValue) else ():
            found = sort_of(machine, item)
            if found is not None and found[0] in ("layer", "class", "function", "model"):
                note_other(machine, Step.NOT_A_TENSOR, part, layer.label, found)
                return
        _check_count(machine, value, arguments, place)
        _check_maps(machine, value, first, place)
    if (
        layer.kind is LayerKind.BUILTIN and layer.class_name not in _ANY_ARGUMENTS and layer.class_name[:6] != "Random"
    ) or (value.instance is not None and is_closed(value.instance.cls)):
        _check_positional(machine, layer.label, arguments)


def check_body(machine: Core, instance: InstanceValue, node: ast.expr) -> None:
    """An object of a class that brings nothing to call; a layer of Keras 2 then gives its input."""
    if instance.model is not None and instance.model.kind is not GraphKind.SUBCLASSED:
        return
    names = {name for owner in instance.cls.order for name in owner.scope.names}
    if is_closed(instance.cls) and not names & {"call", "__call__"} and "call" not in instance.attributes:
        note(machine, Step.NO_CALL, node, instance.cls.name, found=instance.cls.name, keras_3=instance.model is None)


def _check_maps(machine: Core, value: LayerValue, first: object, place: ast.expr) -> None:
    """A `ConvLSTM` of Keras 3 needs the size of its maps."""
    if not value.layer.class_name.startswith("ConvLSTM"):
        return
    shape = first.tensor.shape if isinstance(first, TensorValue) else None
    if not isinstance(shape, tuple) or len(shape) < 4:
        return
    if None in (shape[3:] if value.layer["data_format"] == "channels_first" else shape[2:-1]):
        note(machine, Step.OPEN_SIZE, place, value.layer.label, found=str(shape), keras_3=True)


def _check_count(machine: Core, value: LayerValue, arguments: Arguments, place: ast.expr) -> None:
    name, first = value.layer.class_name, arguments.get(0, "inputs")
    if name not in SEVERAL and name not in _QUERIED:
        return
    label = value.layer.label
    if name in SEVERAL and (maker := single_tensor(machine, first)) is not None:
        note(machine, Step.ONE_TENSOR, place, label, found=maker, wanted=name)
    elif name in SEVERAL and isinstance(first, (ListValue, tuple)):
        items = first.items if isinstance(first, ListValue) else first
        least, most = _COUNTS.get(name, (1, 999))
        whole = not isinstance(first, ListValue) or first.whole
        if whole and not least <= len(items) <= most:
            note(machine, Step.WRONG_COUNT, place, label, found=str(len(items)), wanted=_wanted(least, most))
    elif name in _QUERIED and not arguments.has(1, "value"):
        maker = single_tensor(machine, first) if arguments.complete else None
        if maker is not None:
            note(machine, Step.ONE_TENSOR, place, label, found=maker, wanted=name)


def _wanted(least: int, most: int) -> str:
    return str(least) if least == most else f"at least {least}" if most > 9 else f"{least} or {most}"


def _check_positional(machine: Core, label: str, arguments: Arguments) -> None:
    """Keras 3 takes only tensors without a keyword: `Dropout(0.5)(x, True)`."""
    for item, place in zip(arguments.positional[1:], arguments.positional_nodes[1:], strict=False):
        if isinstance(item, (bool, int, float, str)):
            found = repr(item)
            note(machine, Step.NOT_A_TENSOR, place, label, sort="argument", found=found, keras_3=True)


def check_function(machine: Core, name: str, arguments: Arguments, node: ast.expr) -> None:
    """`concatenate(x, y)`: the functions of `keras.layers` take a list, as their layers do."""
    first = arguments.get(0, "inputs")
    place = arguments.positional_nodes[0] if arguments.positional_nodes else node
    if name in _MERGING_FUNCTIONS and (maker := single_tensor(machine, first)) is not None:
        note(machine, Step.ONE_TENSOR, place, name, found=maker, wanted=name)


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
        _check_positional(machine, model.name, arguments)
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


def check_attribute(machine: Core, value: LayerValue, name: str, node: ast.expr) -> None:
    """`layer.kernel`, `layer.count_params` before the layer is built."""
    built = value.outputs or value.is_built or value.attributes or value.instance is not None
    if built or machine.tracing or machine.uncalled or machine.undecided or value.layer.kind is not LayerKind.BUILTIN:
        return
    if value.layer.class_name in _BUILT.get(name, ()) or (
        name == "count_params" and value.layer.class_name in _WEIGHTED
    ):
        note(machine, Step.NOT_BUILT, node, value.layer.label, sort="layer", wanted=name)


def check_adapted(machine: Core, value: LayerValue, node: ast.expr) -> None:
    """`layer.adapt(data)` of a layer that was made with its vocabulary, boundaries or statistics."""
    layer = value.layer
    for name in _FILLED.get(layer.class_name, ()):
        if name in layer.given and layer[name] is not None and not isinstance(layer[name], Unknown):
            note(machine, Step.FILLED, node, layer.label, found=name)


def check_gone(machine: Core, model: ModelValue, name: str, node: ast.expr) -> None:
    """`model.add_loss(…)` of a functional model and `model.add_metric(…)`, which Keras 3 has no more."""
    plain = model.kind is not GraphKind.SUBCLASSED and model.instance is None and not model.gaps
    if plain and (name == "add_metric" or (name == "add_loss" and model.kind is GraphKind.FUNCTIONAL)):
        note(machine, Step.GONE_METHOD, node, model.name, found=name, keras_3=True)


def check_reset(machine: Core, value: LayerValue, name: str, node: ast.expr) -> None:
    """`reset_state()` of a `Bidirectional` around a layer that keeps no state."""
    inner = value.layer.inner
    if value.layer.class_name == "Bidirectional" and inner is not None and inner["stateful"] is False:
        note(machine, Step.NOT_BUILT, node, value.layer.label, sort="stateless", wanted=name)


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


def check_entry(machine: Core, owner: OptimizerValue, key: object, value: object, place: ast.expr) -> None:
    """`map["encoder/.*"] = optimizer`: a text once, and an optimizer that is no wrapper."""
    if owner.optimizer.written != "OptimizerMap" or machine.undecided or machine.loops:
        return
    known = machine.map_entries.setdefault(owner.optimizer.key, set())
    other = sort_of(machine, value)
    if isinstance(key, str) and key in known:
        note(machine, Step.MAP_ENTRY, place, "OptimizerMap", sort="twice", found=key)
    elif isinstance(key, (int, float)):
        note(machine, Step.MAP_ENTRY, place, "OptimizerMap", sort="key", found=repr(key))
    elif other is not None:
        note(machine, Step.MAP_ENTRY, place, "OptimizerMap", sort="value", found=other[1])
    elif isinstance(value, OptimizerValue) and value.optimizer.written in _WRAPPING:
        note(machine, Step.MAP_ENTRY, place, "OptimizerMap", sort="value", found=value.optimizer.written)
    if isinstance(key, str):
        known.add(key)
