"""`keras.applications`: pretrained networks and the preprocessing that belongs to each."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kerascheck.facts.data import StepKind
from kerascheck.facts.graph import GraphKind, Layer, LayerKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Symbol, Unknown, Value
from kerascheck.keras_api import tables
from kerascheck.keras_api.applications import RANGES, Application, Count, Scaling, as_made, modules, network
from kerascheck.keras_api.binding import bind, finish
from kerascheck.script.layers import shape_fact
from kerascheck.script.machine import mapping_of, values_of
from kerascheck.script.values import Arguments, ArrayValue, Path, TensorValue
from kerascheck.script.writing import CallWriting

NAMED_BY_SIZE = frozenset({"MobileNet", "MobileNetV2"})
"""The networks whose names say their size."""

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


def application(ev: Evaluator, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A pretrained base as one opaque node between its input and its output."""
    usual = network(name)
    if usual is None:
        return ev.unknown(f"keras.applications.{name}")
    parameters = tables.signature("applications", name) or ()
    bound = bind([item.name for item in parameters], values_of(arguments.positional), mapping_of(arguments.keywords))
    found = finish(name, parameters, bound, complete=arguments.complete)
    config = {**found.arguments}
    title = config.get("name")
    value = ev.new_model(GraphKind.FUNCTIONAL, name, node, title if isinstance(title, str) else name.lower())
    value.is_given = True
    value.is_named = isinstance(title, str) or (title is None and name not in NAMED_BY_SIZE)
    given = arguments.get(None, "input_tensor")
    if isinstance(given, ArrayValue):
        config["input_tensor"] = Symbol("array", {})
    shape = input_shape(usual, config)
    tensor = given.tensor if isinstance(given, TensorValue) else ev.assembly.tensor(shape, "float32")
    made = as_made(name, config)
    output = output_shape(made or usual, config, tensor.shape, known=made is not None)
    weights = weights_of(made, config, tensor.shape) if made is not None else UNKNOWN
    layer = Layer(
        key=next(ev.keys),
        name=ev.layer_name(value.name),
        class_name=name,
        config=config,
        location=ev.place(node),
        kind=LayerKind.CUSTOM,
        written=name,
        given=frozenset(found.sources),
        writing=CallWriting(ev.page, node, arguments, found.sources),
        repeated=ev.loops > 0,
        parameters=weights if isinstance(weights, Unknown) else weights.total,
        untrained=0 if isinstance(weights, Unknown) else weights.total - weights.trained,
    )
    value.inputs = (tensor,)
    value.outputs = ev.assembly.call(layer, [tensor], layer.location, recorded=[output])
    return value


def input_shape(network: Application, config: Mapping[str, Value]) -> Shape:
    """The input that the arguments ask for, with the batch axis."""
    given = config.get("input_shape")
    if given is not None:
        shape = shape_fact(given)
        return (None, UNKNOWN, UNKNOWN, UNKNOWN) if isinstance(shape, Unknown) else (None, *shape)
    side = network.side if config.get("include_top") is True else None
    return (None, side, side, 3)


def output_shape(network: Application, config: Mapping[str, Value], entry: Shape, *, known: bool = True) -> Shape:
    """The output that the arguments give; not `known` where the network has another width than the table's."""
    pooling, classes = config.get("pooling"), config.get("classes")
    channels: Dim = network.channels if known else UNKNOWN
    top = _has_head(config)
    if top is True:
        return (None, classes if isinstance(classes, int) else UNKNOWN)
    if isinstance(top, Unknown) or isinstance(pooling, Unknown):
        return UNKNOWN
    if pooling is not None:
        return (None, channels)
    sides = (UNKNOWN, UNKNOWN) if isinstance(entry, Unknown) or len(entry) != 4 else entry[1:3]
    return (None, *(network.maps(side) for side in sides), channels)


def _has_head(config: Mapping[str, Value]) -> bool | Unknown:
    top = config.get("include_top")
    return bool(top) if isinstance(top, (bool, int)) else UNKNOWN


def weights_of(network: Application, config: Mapping[str, Value], entry: Shape) -> Count | Unknown:
    """The weights of a network that is made with these arguments for these images."""
    top, classes = _has_head(config), config.get("classes")
    if isinstance(entry, Unknown) or len(entry) != 4 or isinstance(top, Unknown):
        return UNKNOWN
    _, rows, columns, channels = entry
    if config.get("weights") == "imagenet":
        channels = 3
    if not isinstance(channels, int):
        return UNKNOWN
    if not top:
        return network.weights(channels)
    if not isinstance(classes, int):
        return UNKNOWN
    sides = [network.maps(side) for side in (rows, columns)]
    known = [side for side in sides if isinstance(side, int)]
    return network.weights(channels, classes, known[0] * known[1] if len(known) == 2 else UNKNOWN)


def preprocess_input(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Pixels scaled as the module's network wants them; batches, datasets' elements and tensors of a graph alike."""
    module = path.parts[-2]
    scaling = scaling_of(module, arguments)
    first = arguments.get(0, "x")
    if isinstance(first, TensorValue) and arguments.node is not None:
        layer = Layer(
            key=next(ev.keys),
            name=ev.layer_name("preprocess_input"),
            class_name="preprocess_input",
            config={"module": module, "scaling": scaling.value if scaling is not None else UNKNOWN},
            location=ev.place(arguments.node),
            kind=LayerKind.OPERATION,
            written="preprocess_input",
            parameters=0,
        )
        outputs = ev.assembly.call(layer, [first.tensor], layer.location, recorded=[first.tensor.shape])
        return TensorValue(outputs[0])
    array = ev.as_array(first, arguments.node)
    return ev.unknown("preprocess_input") if array is None else preprocessed(ev, array, module, scaling, arguments.node)


def preprocessed(
    ev: Evaluator, array: ArrayValue, module: str, scaling: Scaling | None, node: ast.expr | None
) -> ArrayValue:
    """The data with the values that come out, where it held pixels from 0 to 255."""
    if scaling is Scaling.NONE:
        return ev.derive(array)
    low, high = RANGES[scaling] if scaling is not None else (UNKNOWN, UNKNOWN)
    if array.data.maximum != 255:
        low, high = UNKNOWN, UNKNOWN
    return ev.stepped(
        array, StepKind.SCALED, node, f"{module}.preprocess_input", minimum=low, maximum=high, dtype="float32"
    )


def scaling_of(module: str, arguments: Arguments | None = None) -> Scaling | None:
    """What the `preprocess_input` of a module does; None where its `mode` is not known."""
    if module in modules():
        return modules()[module]
    mode = "caffe" if arguments is None or not arguments.has(None, "mode") else arguments.get(None, "mode")
    return next((scaling for scaling in Scaling if scaling.value == mode), None)
