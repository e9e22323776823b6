"""The arguments that are sizes, which Keras refuses when they are not positive.

Sources: the constructors of keras 3.15 and of tf_keras 2.21.
"""

from __future__ import annotations

from typing import Final

from kerascheck.keras_api.layers import rank_of

_COUNTS: Final = {
    "units": "Dense LSTM GRU SimpleRNN CuDNNLSTM CuDNNGRU",
    "filters": "Conv",
    "num_heads": "MultiHeadAttention",
    "key_dim": "MultiHeadAttention",
    "input_dim": "Embedding",
    "output_dim": "Embedding",
}
_SIZES: Final = ("kernel_size", "pool_size", "strides", "dilation_rate", "size")


def must_be_positive(name: str, argument: str) -> bool:
    """Whether an argument of a layer is a size, which must be a positive whole number (or a tuple of them)."""
    if argument in _SIZES:
        return rank_of(name) is not None
    known = _COUNTS.get(argument, "").split()
    return name in known or (argument in ("filters", "groups", "depth_multiplier") and rank_of(name) is not None)
