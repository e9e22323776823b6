"""What the variables of a layer are called, in any generation and in the order in which Keras 3 numbers them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kerascheck.facts.graph import Layer

_KERNEL_AND_BIAS: Final = ("kernel", "bias")
_RECURRENT: Final = ("kernel", "recurrent_kernel", "bias")
_SEPARABLE: Final = ("depthwise_kernel", "pointwise_kernel", "bias")
_SCALE_AND_OFFSET: Final = ("gamma", "beta")
_STATISTICS: Final = ("moving_mean", "moving_variance")
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "Dense",
            "EinsumDense",
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv1DTranspose",
            "Conv2DTranspose",
            "Conv3DTranspose",
            "LocallyConnected1D",
            "LocallyConnected2D",
        ),
        _KERNEL_AND_BIAS,
    ),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), ("depthwise_kernel", "bias")),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _SEPARABLE),
    **dict.fromkeys(
        (
            "SimpleRNN",
            "LSTM",
            "GRU",
            "SimpleRNNCell",
            "LSTMCell",
            "GRUCell",
            "ConvLSTM1D",
            "ConvLSTM2D",
            "ConvLSTM3D",
        ),
        _RECURRENT,
    ),
    **dict.fromkeys(("Embedding", "ReversibleEmbedding"), ("embeddings",)),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization"), _SCALE_AND_OFFSET),
    "BatchNormalization": (*_SCALE_AND_OFFSET, *_STATISTICS),
    "PReLU": ("alpha",),
    "Normalization": ("mean", "variance", "count"),
}
_SWITCHES: Final = {"bias": "use_bias", "gamma": "scale", "beta": "center"}
"""The arguments that say whether a layer has a variable."""

_FIRST_NAMES: Final = {
    "W": "kernel",
    "U": "recurrent_kernel",
    "b": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "running_mean": "moving_mean",
    # The standard deviation of its name is a variance.
    "running_std": "moving_variance",
    "alphas": "alpha",
}
_FIRST: Final = re.compile(r".*_(W|U|b)(?:_[a-z]+)?|.*_(gamma|beta|running_mean|running_std|alphas)")
_NUMBER: Final = re.compile(r":\d+$")
_SNAKE: Final = re.compile(r"_\d+$")


def numbered_names(class_name: str, layer: Layer | None, count: int) -> tuple[str, ...]:
    """The names of a layer's variables in order; empty names where there are not as many as the class has.

    Without a layer the number of variables decides: a layer of a class with two kernels has one bias at the most.
    """
    order = _ORDER.get(class_name, ())
    if layer is not None:
        order = tuple(name for name in order if layer.config.get(_SWITCHES.get(name, "")) is not False)
    elif count == len(order) - 1 and order[-1:] == ("bias",):
        order = order[:-1]
    return order if len(order) == count else ("",) * count


def own_name(written: str, class_name: str = "") -> str:
    """Today's name of a variable that a file calls `kernel:0` or, in Keras 1, `convolution2d_1_W`."""
    name = _NUMBER.sub("", written)
    found = _FIRST.fullmatch(name)
    if found is not None:
        name = _FIRST_NAMES[found[1] or found[2]]
    return "embeddings" if name == "kernel" and class_name == "Embedding" else name


def class_of_group(group: str) -> str:
    """The class that a group of Keras 3 is named after (`conv2d_1` gives `Conv2D`); empty for one that is not known."""
    return _GROUPS.get(_SNAKE.sub("", group), "")


def _snake(name: str) -> str:
    from kerascheck.artifact.entries import group_case

    return group_case(name)


_GROUPS: Final = {_snake(name): name for name in _ORDER}
