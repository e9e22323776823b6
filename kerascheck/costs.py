"""What a model costs: parameters, multiply-adds, and the memory of weights, optimizer state and activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from kerascheck.facts.counting import Count, total, trainable_of
from kerascheck.facts.graph import Layer, ModelGraph, Node, Optimizer, Tensor
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown
from kerascheck.findings import Location


class LayerCost(Struct, frozen=True):
    """One row of a summary.

    `shapes` are those of the outputs of the layer's first call, with the batch axis; `multiply_adds` are for one sample
    over all calls; `outputs` counts the numbers that all calls give for one sample.
    """

    name: str
    class_name: str
    path: str
    location: Location
    shapes: tuple[Shape, ...]
    parameters: Count
    trainable: Count
    multiply_adds: Count
    outputs: Count


class ModelCost(Struct, frozen=True):
    """A model: its layers in Keras's order, and their sums.

    `optimizer_parameters` counts the numbers that the optimizer keeps once it is built, 0 for a model that was not compiled.
    `weight_bytes` and `optimizer_bytes` hold as long as the model does; `activation_bytes` are the outputs of all layers
    for one batch of `batch_size` samples, which training keeps for the backward pass.
    """

    name: str
    location: Location
    layers: tuple[LayerCost, ...]
    parameters: Count
    trainable: Count
    multiply_adds: Count
    weight_bytes: Count
    optimizer_parameters: Count
    optimizer_bytes: Count
    activation_bytes: Count
    batch_size: int
    whole: bool = True


def model_cost(graph: ModelGraph, batch_size: int) -> ModelCost:
    """The cost of a model and of each of its layers."""
    rows = tuple(_rows(graph))
    trainable = total(row.trainable for row in rows)
    parameters = total(row.parameters for row in rows)
    optimizer = graph.compiles[-1].optimizer if graph.compiles else None
    widths = [_variable_bytes(layer) for layer in graph.layers]
    trained = total(_times(row.trainable, width) for row, width in zip(rows, widths, strict=True))
    first = next((width for row, width in zip(rows, widths, strict=True) if row.trainable), 4)
    slots, scalars = (slots_of(optimizer), scalars_of(optimizer, first)) if optimizer is not None else (0, ())
    sizes = {layer.key: _compute_bytes(layer) for layer in graph.layers}
    activations = total(
        _times(_times(_elements(tensor.shape), batch_size), sizes.get(node.layer.key, 4))
        for node in graph.nodes
        for tensor in node.outputs
    )
    return ModelCost(
        name=graph.name,
        location=graph.location,
        layers=rows,
        parameters=parameters,
        trainable=trainable,
        multiply_adds=total(row.multiply_adds for row in rows),
        weight_bytes=total(_times(layer.parameters, _variable_bytes(layer)) for layer in graph.layers),
        optimizer_parameters=total((_times(trainable, slots), len(scalars))),
        optimizer_bytes=total((_times(trained, slots), sum(scalars))),
        activation_bytes=activations,
        batch_size=batch_size,
        whole=graph.whole,
    )


def _rows(graph: ModelGraph) -> Iterator[LayerCost]:
    calls: dict[int, list[Node]] = {}
    for node in graph.nodes:
        calls.setdefault(node.layer.key, []).append(node)
    wrapped = {layer.inner.key for layer in graph.layers if layer.inner is not None}
    for layer in graph.layers:
        made = calls.get(layer.key, [])
        # Of a layer that is used by itself and inside a wrapper, the weights are trained once.
        counted = graph.settled.get(graph.key) is False or layer.key in wrapped
        yield LayerCost(
            name=layer.name,
            class_name=layer.written if layer.model is None and layer.written else layer.class_name,
            path=layer.path or layer.name,
            location=layer.location,
            shapes=tuple(tensor.shape for tensor in made[0].outputs) if made else (),
            parameters=layer.parameters,
            # A model that is frozen as a whole trains none of its layers, whatever they say.
            trainable=0 if counted else trainable_of(layer, graph),
            multiply_adds=total(multiply_adds(node) for node in made) if made else UNKNOWN,
            outputs=total(_elements(tensor.shape) for node in made for tensor in node.outputs),
        )


def slots_of(optimizer: Optimizer) -> Count:
    """How many numbers an optimizer keeps for each trainable parameter."""
    kept = _own_slots(optimizer)
    if isinstance(kept, Unknown):
        return UNKNOWN
    steps = optimizer["gradient_accumulation_steps"]
    return kept + (optimizer["use_ema"] is True) + (isinstance(steps, int) and steps > 1)


def _own_slots(optimizer: Optimizer) -> Count:
    name = optimizer.name
    if isinstance(name, Unknown):
        return UNKNOWN
    moved = optimizer["momentum"] not in (0, 0.0, None, UNKNOWN)
    match name:
        case "sgd":
            return int(moved)
        case "rmsprop":
            return 1 + moved + (optimizer["centered"] is True)
        case "adam" | "adamw":
            return 2 + (optimizer["amsgrad"] is True)
        case "nadam" | "adamax" | "adadelta" | "ftrl" | "lamb":
            return 2
        case "adagrad" | "lion":
            return 1
        case _:
            return UNKNOWN


def scalars_of(optimizer: Optimizer, width: int) -> tuple[int, ...]:
    """The bytes of each single number that Keras 3 keeps: the counter, a rate that no schedule gives, and Nadam's product,
    which is of the `width` of the first weight."""
    rate = () if isinstance(optimizer["learning_rate"], Symbol) else (4,)
    return (8, *rate, *((width,) if optimizer.name == "nadam" else ()))


def multiply_adds(node: Node) -> Count:
    """The multiplications with their additions that one call takes for one sample; 0 for what only moves or compares."""
    layer = node.layer
    if layer.model is not None:
        return total(multiply_adds(inner) for inner in layer.model.nodes)
    count = _COUNTS.get(layer.class_name)
    if count is not None and (layer.parameters != 0 or layer.class_name in _WEIGHTLESS):
        return count(node)
    return UNKNOWN if layer.parameters != 0 else 0


def _dense(node: Node) -> Count:
    features = _last(node.input_shape)
    return _times(_elements(node.output_shape), features)


def _convolution(node: Node) -> Count:
    groups = node.layer["groups"]
    channels = _channels(node.layer, node.input_shape)
    if not isinstance(groups, int) or isinstance(channels, Unknown) or groups < 1:
        return UNKNOWN
    return _times(_times(_elements(node.output_shape), _area(node.layer)), channels // groups)


def _transposed(node: Node) -> Count:
    """Each input number meets the whole kernel of every filter."""
    filters = node.layer["filters"]
    if not isinstance(filters, int):
        return UNKNOWN
    return _times(_times(_elements(node.input_shape), _area(node.layer)), filters)


def _depthwise(node: Node) -> Count:
    return _times(_elements(node.output_shape), _area(node.layer))


def _separable(node: Node) -> Count:
    filters, depth = node.layer["filters"], node.layer["depth_multiplier"]
    channels = _channels(node.layer, node.input_shape)
    if not isinstance(filters, int) or not isinstance(depth, int) or isinstance(channels, Unknown) or not filters:
        return UNKNOWN
    places = _elements(node.output_shape)
    if isinstance(places, Unknown):
        return UNKNOWN
    middle = places // filters * channels * depth
    return total((_times(middle, _area(node.layer)), middle * filters))


def _recurrent(gates: int) -> Callable[[Node], Count]:
    def count(node: Node) -> Count:
        units, shape = node.layer["units"], node.input_shape
        if not isinstance(units, int) or isinstance(shape, Unknown) or len(shape) != 3:
            return UNKNOWN
        _, steps, features = shape
        if not isinstance(steps, int) or not isinstance(features, int):
            return UNKNOWN
        return gates * steps * units * (features + units)

    return count


def _wrapped(node: Node) -> Count:
    """A wrapper does the work of its layer once a step, or once a direction."""
    inner, shapes = node.layer.inner, (node.input_shape, node.output_shape)
    if inner is None:
        return UNKNOWN
    if node.layer.class_name == "Bidirectional":
        return _times(multiply_adds(Node(inner, node.inputs, node.outputs, node.location)), 2)
    steps = _last(shapes[0][:2]) if not isinstance(shapes[0], Unknown) else UNKNOWN
    # One step: the shapes without the axis of time.
    tensors = [Tensor(0, UNKNOWN if isinstance(shape, Unknown) else (*shape[:1], *shape[2:])) for shape in shapes]
    return _times(multiply_adds(Node(inner, (tensors[0],), (tensors[1],), node.location)), steps)


def _dot(node: Node) -> Count:
    """Each number of the output is a sum over the axis that the two inputs share."""
    axes = node.layer["axes"]
    first = axes[0] if isinstance(axes, tuple) and axes else axes
    shape = node.inputs[0].shape
    if not isinstance(first, int) or isinstance(shape, Unknown) or not -len(shape) <= first < len(shape):
        return UNKNOWN
    return _times(_elements(node.output_shape), _last(shape[: first + 1 or None]))


def _attention(node: Node) -> Count:
    """Scores of every query against every key, and as many weighted values."""
    query, value = _sequences(node)
    if isinstance(query, Unknown) or isinstance(value, Unknown):
        return UNKNOWN
    return query[0] * value[0] * (query[1] + value[1])


def _multi_head(node: Node) -> Count:
    """The projections of queries, keys, values and outputs, and the attention of each head."""
    query, value = _sequences(node)
    heads, size = node.layer["num_heads"], node.layer["key_dim"]
    width = node.layer["value_dim"] or size
    out = _last(node.output_shape)
    if isinstance(query, Unknown) or isinstance(value, Unknown) or isinstance(out, Unknown):
        return UNKNOWN
    if not isinstance(heads, int) or not isinstance(size, int) or not isinstance(width, int):
        return UNKNOWN
    (here, features), (there, given) = query, value
    projections = here * features * size + there * given * (size + width) + here * width * out
    return heads * (projections + here * there * (size + width))


def _sequences(node: Node) -> tuple[tuple[int, int] | Unknown, tuple[int, int] | Unknown]:
    """Length and width of the queries and of the values."""
    found = [_sequence(tensor.shape) for tensor in node.inputs[:2]]
    return (found[0], found[-1]) if found else (UNKNOWN, UNKNOWN)


def _sequence(shape: Shape) -> tuple[int, int] | Unknown:
    if isinstance(shape, Unknown) or len(shape) != 3:
        return UNKNOWN
    _, steps, features = shape
    return (steps, features) if isinstance(steps, int) and isinstance(features, int) else UNKNOWN


_WEIGHTLESS: Final = frozenset({"Dot", "Attention", "AdditiveAttention"})

_COUNTS: Final[Mapping[str, Callable[[Node], Count]]] = {
    "Dense": _dense,
    **{f"Conv{rank}D": _convolution for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    "SimpleRNN": _recurrent(1),
    "GRU": _recurrent(3),
    "LSTM": _recurrent(4),
    "CuDNNGRU": _recurrent(3),
    "CuDNNLSTM": _recurrent(4),
    "MultiHeadAttention": _multi_head,
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
    "Dot": _dot,
    "Bidirectional": _wrapped,
    "TimeDistributed": _wrapped,
    **dict.fromkeys(
        ("BatchNormalization", "LayerNormalization", "Normalization", "Embedding", "PReLU"), lambda node: 0
    ),
}
"""Formulas as in Goodfellow, Bengio and Courville, Deep Learning (2016), chapters 6, 9 and 10, and Vaswani et al., Attention is all you
need (2017); without biases."""


def _area(layer: Layer) -> Count:
    sizes = layer["kernel_size"]
    if not isinstance(sizes, tuple) or not all(isinstance(size, int) for size in sizes):
        return UNKNOWN
    return math.prod(size for size in sizes if isinstance(size, int))


def _channels(layer: Layer, shape: Shape) -> Count:
    if isinstance(shape, Unknown) or len(shape) < 3:
        return UNKNOWN
    axis = 1 if layer["data_format"] == "channels_first" else -1
    found = shape[axis] if isinstance(layer["data_format"], str) else UNKNOWN
    return found if isinstance(found, int) else UNKNOWN


def _last(shape: Shape) -> Count:
    found = shape[-1] if not isinstance(shape, Unknown) and shape else UNKNOWN
    return found if isinstance(found, int) else UNKNOWN


def _elements(shape: Shape) -> Count:
    """The numbers of one sample."""
    if isinstance(shape, Unknown):
        return UNKNOWN
    sizes = [size for size in shape[1:] if isinstance(size, int)]
    return math.prod(sizes) if len(sizes) == len(shape[1:]) else UNKNOWN


def _times(left: Count, right: Count) -> Count:
    if left == 0 or right == 0:
        return 0
    return UNKNOWN if isinstance(left, Unknown) or isinstance(right, Unknown) else left * right


_WIDTHS: Final = {"float16": 2, "bfloat16": 2, "float64": 8}


def _variable_bytes(layer: Layer) -> int:
    """The bytes of a weight; mixed policies keep them in float32."""
    if layer.model is not None:
        return next((_variable_bytes(inner) for inner in layer.model.layers if inner.parameters), 4)
    dtype = layer["dtype"]
    return _WIDTHS.get(dtype, 4) if isinstance(dtype, str) else 4


def _compute_bytes(layer: Layer) -> int:
    dtype = layer["dtype"]
    return _WIDTHS.get(dtype.removeprefix("mixed_"), 4) if isinstance(dtype, str) else 4
