"""What kinds of layers do: which hold a kernel, which keep the axes of their input, which are linear."""

from __future__ import annotations

from typing import Final

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.values import UNKNOWN, Unknown

_RANKS: Final = (1, 2, 3)


def _ranked(*stems: str) -> frozenset[str]:
    """`Conv` as Conv1D, Conv2D, Conv3D; a `#` in the stem marks where the number goes."""
    return frozenset(
        stem.replace("#", f"{rank}D") if "#" in stem else f"{stem}{rank}D" for stem in stems for rank in _RANKS
    )


TRANSPOSED: Final = _ranked("Conv#Transpose")
DEPTHWISE: Final = _ranked("DepthwiseConv")
CONVOLUTIONS: Final = _ranked("Conv", "SeparableConv", "LocallyConnected") | DEPTHWISE | TRANSPOSED
CONVOLUTIONAL_RECURRENT: Final = _ranked("ConvLSTM")
DENSE: Final = frozenset({"Dense", "EinsumDense", "MaxoutDense"})
RECURRENT: Final = frozenset({"LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"})
EMBEDDINGS: Final = frozenset({"Embedding", "ReversibleEmbedding"})
ATTENTION: Final = frozenset({"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"})
KERNELS: Final = CONVOLUTIONS | CONVOLUTIONAL_RECURRENT | DENSE | RECURRENT
"""Layers that multiply by a kernel they learn."""

SPATIAL_DROPOUTS: Final = _ranked("SpatialDropout")
DROPOUTS: Final = SPATIAL_DROPOUTS | {"Dropout", "GaussianDropout", "AlphaDropout"}
NOISE: Final = frozenset({"GaussianNoise"})
NORMALIZATIONS: Final = frozenset(
    {"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"}
)
ACTIVATIONS: Final = frozenset(
    {"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "ThresholdedReLU", "SReLU", "ParametricSoftplus"}
)
POOLINGS: Final = _ranked("MaxPooling", "AveragePooling")
GLOBAL_POOLINGS: Final = _ranked("GlobalMaxPooling", "GlobalAveragePooling")
WINDOWS: Final = (
    POOLINGS
    | _ranked("ZeroPadding", "Cropping", "UpSampling")
    | _ranked("AdaptiveMaxPooling", "AdaptiveAveragePooling")
)
"""Layers that change the size of the axes between the batch and the channels, and not their order."""

MERGES: Final = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
PASSING: Final = DROPOUTS | NOISE | frozenset({"Identity", "ActivityRegularization", "Masking"})
"""Layers that hand their input on as it is when the model predicts."""

SAME_SHAPE: Final = PASSING | NORMALIZATIONS | ACTIVATIONS | frozenset({"Rescaling", "Normalization"})
"""Layers whose output has the axes of their input, in the same order and size."""

_NONLINEAR_WINDOWS: Final = _ranked("MaxPooling", "GlobalMaxPooling", "AdaptiveMaxPooling")
_LINEAR: Final = (
    CONVOLUTIONS
    | PASSING
    | (WINDOWS - _NONLINEAR_WINDOWS)
    | _ranked("GlobalAveragePooling")
    | frozenset({"Dense", "BatchNormalization", "Flatten", "Reshape", "Permute", "RepeatVector", "Add", "Subtract",
                 "Average", "Concatenate", "Rescaling", "Normalization", "EinsumDense", "Embedding"})
)  # fmt: skip
_FUNCTIONS: Final = frozenset(
    {"relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "hard_sigmoid", "tanh",
     "softmax", "log_softmax", "softplus", "softsign"}
)  # fmt: skip
_ACTIVATION_CLASSES: Final = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
    "ThresholdedReLU": "thresholded_relu",
    "SReLU": "srelu",
    "ParametricSoftplus": "softplus",
}


def core(layer: Layer) -> Layer:
    """The layer inside `TimeDistributed`, `Bidirectional` and other wrappers, or the layer itself."""
    while layer.inner is not None:
        layer = layer.inner
    return layer


@once_per_graph
def class_names(graph: ModelGraph) -> frozenset[str]:
    """The classes of a graph's layers, those inside wrappers included."""
    return frozenset(layer.class_name for node in graph.nodes for layer in (node.layer, core(node.layer)))


def activation_of(layer: Layer) -> str | Unknown | None:
    """The activation function that a layer applies last; None for none or linear, `UNKNOWN` where it is not proven."""
    found = core(layer)
    if found.kind is LayerKind.OPERATION:
        return found.class_name if found.class_name in _FUNCTIONS else None
    if found.kind is not LayerKind.BUILTIN:
        return UNKNOWN
    if found.class_name in _ACTIVATION_CLASSES:
        return _ACTIVATION_CLASSES[found.class_name]
    return found.activation


def is_linear(layer: Layer) -> bool:
    """Whether a layer is proven to be a linear map (plus a constant) of its input when the model predicts."""
    found = core(layer)
    if found.kind is not LayerKind.BUILTIN or activation_of(found) is not None:
        return False
    return found.class_name in _LINEAR or found.class_name == "Activation"


def is_active(node: Node) -> bool:
    """Whether a dropout is proven to drop anything while training, and nothing when the model predicts."""
    rate = node.layer["rate"]
    if not isinstance(rate, (int, float)) or rate <= 0:
        return False
    return node.arguments.get("training") in (None, False)
