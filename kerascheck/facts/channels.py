"""Which axis of each tensor holds the channels, and the layer that put them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.families import (
    ATTENTION,
    CONVOLUTIONAL_RECURRENT,
    CONVOLUTIONS,
    EMBEDDINGS,
    GLOBAL_POOLINGS,
    MERGES,
    RECURRENT,
    SAME_SHAPE,
    WINDOWS,
)
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown

CHANNELS_FIRST: Final = "channels_first"
CHANNELS_LAST: Final = "channels_last"


class ChannelAxis(Struct, frozen=True):
    """The channel axis of a tensor, counted from the front with the batch axis as 0, and the tensor's rank.

    `layer` is the one that put the channels there. `maps` is true for channels of feature maps (a convolution made
    them); otherwise they are the features of a Dense, recurrent, embedding or attention layer.
    """

    axis: int
    rank: int
    layer: Layer
    maps: bool = True

    @property
    def data_format(self) -> str:
        return CHANNELS_LAST if self.axis == self.rank - 1 else CHANNELS_FIRST


Axis: TypeAlias = "ChannelAxis | None"
Inputs: TypeAlias = "Sequence[tuple[Axis, Shape]]"
Transfer: TypeAlias = "Callable[[Layer, Inputs, Shape, _Trust], Axis]"


@once_per_graph
def channel_axes(graph: ModelGraph) -> Mapping[int, ChannelAxis]:
    """The channel axis of each tensor, by its key, as far as it is proven."""
    trust = _Trust(graph)
    found: dict[int, ChannelAxis] = {}
    for node in graph.nodes:
        if not node.inputs or not node.outputs:
            continue
        inputs = [(found.get(tensor.key), tensor.shape) for tensor in node.inputs]
        axis = _after(node.layer, inputs, node.outputs[0].shape, trust)
        if axis is not None:
            found[node.outputs[0].key] = axis
    return found


def channels_into(graph: ModelGraph, node: Node, axes: Mapping[int, ChannelAxis]) -> Axis:
    """The channel axis of the only input of a call."""
    return axes.get(node.inputs[0].key) if len(node.inputs) == 1 else None


def reads_channels_first(shape: Shape) -> bool:
    """Whether an image or volume shape may be meant with its channels first: 1 to 4 of them, and not as few at the end."""
    if isinstance(shape, Unknown) or len(shape) not in (4, 5):
        return False
    return _few(shape[1]) and not _few(shape[-1])


def reads_channels_last(shape: Shape) -> bool:
    """Whether an image or volume shape has 1 to 4 channels at its end, and not as few in front."""
    if isinstance(shape, Unknown) or len(shape) not in (4, 5):
        return False
    return _few(shape[-1]) and not _few(shape[1])


def _few(size: Dim) -> bool:
    return isinstance(size, int) and 1 <= size <= 4


class _Trust:
    """Whether a data format that nobody wrote down can be taken for the one that is in force.

    `keras.json` may set another than Keras's own default: what the author's input shape or Keras 1 spelling speaks
    against is not proven.
    """

    def __init__(self, graph: ModelGraph) -> None:
        shapes = [tensor.shape for tensor in graph.inputs]
        self.stored = graph.from_file
        self.doubtful = any(reads_channels_first(shape) for shape in shapes)
        self.confirmed = any(reads_channels_last(shape) for shape in shapes)

    def data_format(self, layer: Layer) -> str | Unknown:
        value = layer["data_format"]
        if not isinstance(value, str):
            return UNKNOWN
        if self.stored or "data_format" in layer.given:
            return value
        first_generation = layer.written.startswith("Convolution")
        return UNKNOWN if self.doubtful or (first_generation and not self.confirmed) else value


def _after(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """The channel axis of a layer's first output."""
    if layer.kind is LayerKind.OPERATION:
        return _operation(layer, inputs, output)
    if layer.class_name == "TimeDistributed":
        return _each_step(layer, inputs, output, trust)
    if layer.kind is LayerKind.MODEL or layer.model is not None:
        return _nested(layer)
    if layer.kind is not LayerKind.BUILTIN:
        return None
    if layer.inner is not None:
        return _after(layer.inner, inputs, output, trust)
    transfer = _TRANSFERS.get(layer.class_name)
    return None if transfer is None else transfer(layer, inputs, output, trust)


def _nested(layer: Layer) -> Axis:
    graph = layer.model
    if graph is None or not graph.outputs:
        return None
    return channel_axes(graph).get(graph.outputs[0].key)


def _each_step(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """A layer applied to every step: its axes stand one further behind."""
    inner = layer.inner
    if inner is None:
        found = _nested(layer)
    else:
        stepped = [(_shifted(axis, -1), _without_step(shape)) for axis, shape in inputs]
        found = _after(inner, stepped, _without_step(output), trust)
    return _shifted(found, 1)


def _shifted(axis: Axis, by: int) -> Axis:
    if axis is None or axis.axis + by < 1:
        return None
    return replace(axis, axis=axis.axis + by, rank=axis.rank + by)


def _without_step(shape: Shape) -> Shape:
    return UNKNOWN if isinstance(shape, Unknown) or len(shape) < 2 else (shape[0], *shape[2:])


def _convolution(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    rank = _spatial_axes(layer) + 2
    data_format = trust.data_format(layer)
    if isinstance(data_format, Unknown):
        return None
    return ChannelAxis(1 if data_format == CHANNELS_FIRST else rank - 1, rank, layer)


def _convolutional_recurrent(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    data_format, sequences = trust.data_format(layer), layer["return_sequences"]
    if isinstance(data_format, Unknown) or not isinstance(sequences, bool):
        return None
    rank = _spatial_axes(layer) + 2 + sequences
    return ChannelAxis(1 + sequences if data_format == CHANNELS_FIRST else rank - 1, rank, layer)


def _spatial_axes(layer: Layer) -> int:
    return next(rank for rank in (1, 2, 3) if f"{rank}D" in layer.class_name)


def _features(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """Layers that work along the last axis."""
    rank = _rank(inputs[0])
    if layer.class_name in EMBEDDINGS:
        rank = None if isinstance(inputs[0][1], Unknown) else len(inputs[0][1]) + 1
    elif layer.class_name in RECURRENT:
        sequences = layer["return_sequences"]
        rank = 2 + sequences if isinstance(sequences, bool) else None
    return None if rank is None else ChannelAxis(rank - 1, rank, layer, maps=False)


def _rank(given: tuple[Axis, Shape]) -> int | None:
    axis, shape = given
    if not isinstance(shape, Unknown):
        return len(shape)
    return None if axis is None else axis.rank


def _carried(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    return inputs[0][0]


def _window(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """Pooling, padding and the like keep the axes; where nothing is known yet, a written data format tells."""
    if inputs[0][0] is not None or "data_format" not in layer.given:
        return inputs[0][0]
    return _convolution(layer, inputs, output, trust)


def _global_pooling(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    if layer.config.get("keepdims", False) is True:
        return inputs[0][0]
    return ChannelAxis(1, 2, layer, maps=False)


def _flatten(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    return ChannelAxis(1, 2, layer, maps=False)


def _merged(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """The axis on which the inputs of full rank agree; a smaller one is spread out over the others."""
    rank = max((rank for given in inputs if (rank := _rank(given)) is not None), default=None)
    known = [axis for axis, _ in inputs if axis is not None and axis.rank == rank]
    if not known or any(axis.axis != known[0].axis for axis in known):
        return None
    return next((axis for axis in known if axis.maps), known[0])


def _permuted(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    order = layer["dims"]
    return _moved(inputs[0][0], (0, *order) if isinstance(order, tuple) else None)


def _moved(before: Axis, order: Sequence[object] | None) -> Axis:
    """Feature maps turned from one data format into the other; of any other turn nothing is said."""
    if before is None or order is None or not before.maps or before.rank < 4 or before.axis not in order:
        return None
    after = order.index(before.axis)
    return replace(before, axis=after) if after in (1, before.rank - 1) else None


def _reshaped(layer: Layer, inputs: Inputs, output: Shape, trust: _Trust) -> Axis:
    """Feature maps whose places are put in other rows, while the channels stay whole on their side."""
    before, source = inputs[0]
    if before is None or not before.maps or isinstance(source, Unknown) or isinstance(output, Unknown):
        return None
    side = -1 if before.axis == len(source) - 1 else 1
    size = source[before.axis]
    if len(output) < 3 or before.axis not in (1, len(source) - 1) or not isinstance(size, int) or output[side] != size:
        return None
    return replace(before, axis=side % len(output), rank=len(output))


def _operation(layer: Layer, inputs: Inputs, output: Shape) -> Axis:
    """Functions on tensors: those that are known to keep every axis where it is."""
    if isinstance(output, Unknown) or any(isinstance(shape, Unknown) for _, shape in inputs):
        return None
    same = [axis for axis, shape in inputs if not isinstance(shape, Unknown) and len(shape) == len(output)]
    known = [axis for axis in same if axis is not None]
    if layer.class_name not in _KEEPING or not known or any(axis.axis != known[0].axis for axis in known):
        return None
    return known[0]


_KEEPING: Final = frozenset(
    {"relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "hard_sigmoid", "tanh",
     "softmax", "log_softmax", "softplus", "softsign", "exp", "log", "sqrt", "square", "abs", "absolute", "negative",
     "clip", "clip_by_value", "identity", "stop_gradient", "cast", "dropout", "add", "subtract", "multiply", "divide",
     "maximum", "minimum", "concat", "concatenate", "__add__", "__radd__", "__sub__", "__rsub__", "__mul__",
     "__rmul__", "__truediv__", "__neg__"}
)  # fmt: skip

_TRANSFERS: Final[Mapping[str, Transfer]] = {
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(CONVOLUTIONAL_RECURRENT, _convolutional_recurrent),
    **dict.fromkeys(RECURRENT | EMBEDDINGS | ATTENTION | {"Dense", "MaxoutDense"}, _features),
    **dict.fromkeys(SAME_SHAPE, _carried),
    **dict.fromkeys(WINDOWS, _window),
    **dict.fromkeys(GLOBAL_POOLINGS, _global_pooling),
    **dict.fromkeys(MERGES, _merged),
    "Flatten": _flatten,
    "Permute": _permuted,
    "Reshape": _reshaped,
}
