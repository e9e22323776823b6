"""Steps of building a model that Keras refuses: what is no layer where one is expected, tensors that are too few."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.facts.events import Misstep
from kerascheck.facts.graph import GraphKind, LayerKind
from kerascheck.facts.missteps import Step
from kerascheck.facts.values import Unknown
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.core import Core
from kerascheck.script.structures import InputTensor
from kerascheck.script.values import (
    Arguments,
    ClassValue,
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

_TAKING_TENSORS: Final = WRAPPERS | AROUND_CELLS | {"Lambda", "InputLayer", "Normalization", "Rescaling", "Merge"}
_MERGING_FUNCTIONS: Final = frozenset(name.lower() for name in MERGING)
_COUNTS: Final = {"Dot": (2, 2), "Subtract": (2, 2), "Attention": (2, 3), "AdditiveAttention": (2, 3), "HashedCrossing": (2, 99)}  # fmt: skip
QUERIED: Final = frozenset({"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"})
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


def note(machine: Core, step: Step, place: ast.expr, subject: str, **facts: object) -> None:
    """Record a step that Keras refuses, unless the program expects it to be refused or it stands in another file."""
    if machine.refusals_expected or machine.page.path != machine.path:
        return
    if machine.uncalled and isinstance(place, ast.Name):
        # The default of a parameter, in whose stead a call may give something else.
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


def with_places(value: object, place: ast.expr) -> Iterator[tuple[object, ast.expr]]:
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
        for item, part in with_places(first, place) if not isinstance(first, TensorValue) else ():
            found = sort_of(machine, item)
            if found is not None and found[0] in ("layer", "class", "function", "model"):
                note_other(machine, Step.NOT_A_TENSOR, part, layer.label, found)
                return
        _check_count(machine, value, arguments, place)
        _check_maps(machine, value, first, place)
    if (
        layer.kind is LayerKind.BUILTIN and layer.class_name not in _ANY_ARGUMENTS and layer.class_name[:6] != "Random"
    ) or (value.instance is not None and is_closed(value.instance.cls)):
        check_positional(machine, layer.label, arguments)


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
    if name not in SEVERAL and name not in QUERIED:
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
        elif whole and name == "HashedCrossing" and len(items) > 2 and all(single_tensor(machine, i) for i in items):
            note(machine, Step.WRONG_COUNT, place, label, found=str(len(items)), wanted="2", keras_3=True)
    elif name in QUERIED and not arguments.has(1, "value"):
        maker = single_tensor(machine, first) if arguments.complete else None
        if maker is not None:
            note(machine, Step.ONE_TENSOR, place, label, found=maker, wanted=name)


def _wanted(least: int, most: int) -> str:
    return str(least) if least == most else f"at least {least}" if most > 9 else f"{least} or {most}"


def check_positional(machine: Core, label: str, arguments: Arguments) -> None:
    """Keras 3 takes only tensors without a keyword: `Dropout(0.5)(x, True)`."""
    for item, place in zip(arguments.positional[1:], arguments.positional_nodes[1:], strict=False):
        if isinstance(item, (bool, int, float, str)):
            found = repr(item)
            note(machine, Step.NOT_A_TENSOR, place, label, sort="argument", found=found, keras_3=True)


def check_made(machine: Core, written: str, arguments: Arguments) -> TensorValue | None:
    """`Flatten(x)`: the tensor that a layer is made with, where it should be called on it; None for any other call."""
    if written in _TAKING_TENSORS or not written[:1].isupper():
        return None
    for item, place in zip(arguments.positional, arguments.positional_nodes, strict=False):
        maker = single_tensor(machine, item)
        if maker is not None and isinstance(item, TensorValue):
            note(machine, Step.NOT_A_TENSOR, place, written, sort="made", found=maker)
            return item
    return None


def check_function(machine: Core, name: str, arguments: Arguments, node: ast.expr) -> None:
    """`concatenate(x, y)`: the functions of `keras.layers` take a list, as their layers do."""
    first = arguments.get(0, "inputs")
    place = arguments.positional_nodes[0] if arguments.positional_nodes else node
    if name in _MERGING_FUNCTIONS and (maker := single_tensor(machine, first)) is not None:
        note(machine, Step.ONE_TENSOR, place, name, found=maker, wanted=name)


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


def check_reset(machine: Core, value: LayerValue, name: str, node: ast.expr) -> None:
    """`reset_state()` of a `Bidirectional` around a layer that keeps no state."""
    inner = value.layer.inner
    if value.layer.class_name == "Bidirectional" and inner is not None and inner["stateful"] is False:
        note(machine, Step.NOT_BUILT, node, value.layer.label, sort="stateless", wanted=name)


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
