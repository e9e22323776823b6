"""The values that arguments accept, where Keras refuses all others when the object is made.

Sources: the constructors of keras 3.15 and of tf_keras 2.21.
"""

from __future__ import annotations

from typing import Final

from kerascheck.facts.values import Value
from kerascheck.keras_api.layers import rank_of

_FORMATS: Final = ("channels_last", "channels_first")
_PADDED: Final = (
    "Conv",
    "SeparableConv",
    "DepthwiseConv",
    "LocallyConnected",
    "MaxPooling",
    "AveragePooling",
    "ConvLSTM",
)
_CAUSAL: Final = ("Conv1D", "SeparableConv1D")
_COUNTS: Final = {
    "units": "Dense LSTM GRU SimpleRNN CuDNNLSTM CuDNNGRU",
    "filters": "Conv",
    "num_heads": "MultiHeadAttention",
    "key_dim": "MultiHeadAttention",
    "input_dim": "Embedding",
    "output_dim": "Embedding",
}
_SIZES: Final = ("kernel_size", "pool_size", "strides", "dilation_rate", "size")


def allowed(name: str, argument: str) -> tuple[Value, ...] | None:
    """The words that an argument of a layer, a callback or a method takes; None where it takes anything."""
    if argument == "data_format":
        return _FORMATS
    if argument == "padding" and rank_of(name) is not None and name.startswith(_PADDED):
        return ("valid", "same", "causal") if name in _CAUSAL else ("valid", "same")
    if argument == "merge_mode" and name == "Bidirectional":
        return ("sum", "mul", "concat", "ave", None)
    if argument == "interpolation" and name == "UpSampling2D":
        return ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic")
    if argument == "mode" and name in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"):
        return ("auto", "min", "max")
    return None


def must_be_positive(name: str, argument: str) -> bool:
    """Whether an argument of a layer is a size, which must be a positive whole number (or a tuple of them)."""
    if argument in _SIZES:
        return rank_of(name) is not None
    known = _COUNTS.get(argument, "").split()
    return name in known or (argument in ("filters", "groups", "depth_multiplier") and rank_of(name) is not None)
