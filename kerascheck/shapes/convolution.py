"""Convolutions of every kind, in both data formats."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.shapes.call import (
    Call,
    Dims,
    ParameterFunction,
    Refusal,
    ShapeFunction,
    add,
    product,
    times,
    written,
)
from kerascheck.shapes.core import with_bias


def window_length(
    size: Dim,
    window: int | Unknown,
    stride: int | Unknown,
    padding: str | Unknown,
    dilation: int | Unknown = 1,
) -> Dim:
    """How many places a sliding window has along an axis.

    The formula of `compute_conv_output_shape` in keras/src/ops/operation_utils.py; zero or less means that Keras refuses.
    """
    if size is None:
        return None
    if isinstance(size, Unknown) or isinstance(stride, Unknown) or isinstance(padding, Unknown) or stride < 1:
        return UNKNOWN
    if padding in ("same", "causal"):
        return (size - 1) // stride + 1
    if padding == "full" and isinstance(window, int):
        return (size + window - 2) // stride + 1
    if padding != "valid" or isinstance(window, Unknown) or isinstance(dilation, Unknown):
        return UNKNOWN
    return (size - dilation * (window - 1) - 1) // stride + 1


def split(call: Call, rank: int) -> tuple[Dims, Dim] | None:
    """The spatial axes and the channels of the input; None when the rank or the data format is not known."""
    call.expect_rank(rank + 2)
    dims = call.dims()
    first = call.channels_first()
    if dims is None or isinstance(first, Unknown):
        return None
    return (dims[2:], dims[1]) if first else (dims[1:-1], dims[-1])


def joined(call: Call, rank: int, spatial: Dims, channels: Dim) -> list[Shape]:
    """A shape from its parts, in the call's data format."""
    dims = call.dims()
    batch: Dim = dims[0] if dims is not None else None
    return [(batch, channels, *spatial) if call.channels_first() is True else (batch, *spatial, channels)]


def opaque(call: Call, rank: int) -> list[Shape]:
    """Only the rank is known."""
    dims = call.dims()
    return [UNKNOWN if dims is None else (dims[0], *(UNKNOWN for _ in range(rank + 1)))]


def positive(call: Call, before: Dims, after: Dims, window: tuple[int | Unknown, ...], what: str) -> None:
    """Refuse a window that is larger than the axis it slides along."""
    for size, result, length in zip(before, after, window, strict=True):
        if isinstance(result, int) and result < 1:
            raise Refusal(
                "shape",
                f"with {what} {length} does not fit an axis of {size}: "
                f"the input is {written(call.input)} and the output would be empty",
            )


def filters(call: Call, channels: Dim) -> Dim:
    return call.size("filters")


def depthwise_channels(call: Call, channels: Dim) -> Dim:
    return times(channels, call.size("depth_multiplier"))


def convolution(call: Call, *, rank: int, depthwise: bool = False) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    spatial, channels = parts
    check_channels(call, channels)
    kernel = call.sizes("kernel_size", rank)
    strides = call.sizes("strides", rank)
    dilation = call.sizes("dilation_rate", rank) if "dilation_rate" in call.layer.config else (1,) * rank
    padding = call.text("padding")
    after = tuple(
        window_length(size, window, stride, padding, gap)
        for size, window, stride, gap in zip(spatial, kernel, strides, dilation, strict=True)
    )
    positive(call, spatial, after, kernel, "kernel_size")
    return joined(call, rank, after, (depthwise_channels if depthwise else filters)(call, channels))


def check_channels(call: Call, channels: Dim) -> None:
    """Refuse channels that are variable, or that groups cannot share evenly."""
    if channels is None:
        raise Refusal("shape", f"needs a fixed channel axis, got {written(call.input)}")
    groups = call.layer.config.get("groups", 1)
    if isinstance(channels, int) and isinstance(groups, int) and groups > 1 and channels % groups:
        raise Refusal("shape", f"cannot share {channels} channels among {groups} groups")
    made = call.layer.config.get("filters")
    if isinstance(made, int) and isinstance(groups, int) and groups > 1 and made % groups:
        raise Refusal("shape", f"cannot share {made} filters among {groups} groups")


def transposed(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    spatial, channels = parts
    check_channels(call, channels)
    padding = call.text("padding")
    extra = call.layer.config.get("output_padding")
    out = (None,) * rank if extra is None else call.sizes("output_padding", rank)
    dilation = call.sizes("dilation_rate", rank) if "dilation_rate" in call.layer.config else (1,) * rank
    after = tuple(
        transposed_length(size, window, stride, padding, addition, gap)
        for size, window, stride, addition, gap in zip(
            spatial, call.sizes("kernel_size", rank), call.sizes("strides", rank), out, dilation, strict=True
        )
    )
    return joined(call, rank, after, call.size("filters"))


def transposed_length(
    size: Dim,
    window: int | Unknown,
    stride: int | Unknown,
    padding: str | Unknown,
    addition: int | Unknown | None,
    dilation: int | Unknown,
) -> Dim:
    """The formula of `_get_output_shape_given_tf_padding` in keras/src/backend/common/backend_utils.py."""
    if size is None:
        return None
    if isinstance(size, Unknown) or isinstance(stride, Unknown) or isinstance(padding, Unknown):
        return UNKNOWN
    if isinstance(addition, Unknown):
        return UNKNOWN
    if addition is None and padding == "same":
        return size * stride
    if isinstance(window, Unknown) or isinstance(dilation, Unknown):
        return UNKNOWN
    window = (window - 1) * dilation + 1
    if addition is None:
        return size * stride + max(window - stride, 0)
    if padding == "same":
        return (size - 1) * stride + window - 2 * (window // 2) + addition
    return (size - 1) * stride + window + addition


def convolution_lstm(call: Call, *, rank: int) -> list[Shape]:
    call.expect_rank(rank + 3)
    dims = call.dims()
    first = call.channels_first()
    states = call.flag("return_state")
    if dims is None or isinstance(first, Unknown) or isinstance(states, Unknown):
        return [UNKNOWN]
    spatial = dims[3:] if first else dims[2:-1]
    if (dims[2] if first else dims[-1]) is None:
        raise Refusal("shape", f"needs a fixed number of channels, got {written(dims)}")
    kernel = call.sizes("kernel_size", rank)
    after = tuple(
        window_length(size, window, stride, call.text("padding"), gap)
        for size, window, stride, gap in zip(
            spatial, kernel, call.sizes("strides", rank), call.sizes("dilation_rate", rank), strict=True
        )
    )
    positive(call, spatial, after, kernel, "kernel_size")
    frame: Dims = (call.size("filters"), *after) if first else (*after, call.size("filters"))
    sequences = call.flag("return_sequences")
    if isinstance(sequences, Unknown):
        return [UNKNOWN]
    last: Shape = (dims[0], *frame)
    return [(*dims[:2], *frame) if sequences else last, *((last, last) if states else ())]


def kernel_parameters(call: Call, *, rank: int) -> int | Unknown:
    parts = split(call, rank)
    if parts is None:
        return UNKNOWN
    channels = parts[1]
    groups = call.layer.config.get("groups", 1)
    if isinstance(groups, int) and groups > 1:
        channels = channels // groups if isinstance(channels, int) else channels
    elif not isinstance(groups, int):
        return UNKNOWN
    number = call.size("filters")
    return with_bias(call, times(times(product(call.sizes("kernel_size", rank)), channels), number), number)


def depthwise_parameters(call: Call, *, rank: int) -> int | Unknown:
    parts = split(call, rank)
    if parts is None:
        return UNKNOWN
    wide = depthwise_channels(call, parts[1])
    return with_bias(call, times(product(call.sizes("kernel_size", rank)), wide), wide)


def separable_parameters(call: Call, *, rank: int) -> int | Unknown:
    parts = split(call, rank)
    if parts is None:
        return UNKNOWN
    wide = depthwise_channels(call, parts[1])
    number = call.size("filters")
    depthwise = times(product(call.sizes("kernel_size", rank)), wide)
    return with_bias(call, add(depthwise, times(wide, number)), number)


def local_parameters(call: Call, *, rank: int) -> int | Unknown:
    """LocallyConnected: a kernel of its own at each place."""
    parts = split(call, rank)
    after = convolution(call, rank=rank)[0]
    if parts is None or isinstance(after, Unknown):
        return UNKNOWN
    number = call.size("filters")
    spatial = after[2:] if call.channels_first() is True else after[1:-1]
    window = times(product(call.sizes("kernel_size", rank)), parts[1])
    return with_bias(call, times(times(product(spatial), window), number), times(product(spatial), number))


def lstm_parameters(call: Call, *, rank: int) -> int | Unknown:
    dims = call.dims()
    first = call.channels_first()
    if dims is None or isinstance(first, Unknown):
        return UNKNOWN
    channels = dims[2] if first else dims[-1]
    number = call.size("filters")
    kernel = times(times(product(call.sizes("kernel_size", rank)), add(channels, number)), times(4, number))
    return with_bias(call, kernel, times(4, number))


_RANKS = (1, 2, 3)

SHAPES: Mapping[str, ShapeFunction] = {
    **{f"Conv{rank}D": functools.partial(convolution, rank=rank) for rank in _RANKS},
    **{f"SeparableConv{rank}D": functools.partial(convolution, rank=rank) for rank in _RANKS},
    **{f"LocallyConnected{rank}D": functools.partial(convolution, rank=rank) for rank in _RANKS},
    **{f"DepthwiseConv{rank}D": functools.partial(convolution, rank=rank, depthwise=True) for rank in _RANKS},
    **{f"Conv{rank}DTranspose": functools.partial(transposed, rank=rank) for rank in _RANKS},
    **{f"ConvLSTM{rank}D": functools.partial(convolution_lstm, rank=rank) for rank in _RANKS},
}

PARAMETERS: Mapping[str, ParameterFunction] = {
    **{f"Conv{rank}D": functools.partial(kernel_parameters, rank=rank) for rank in _RANKS},
    **{f"Conv{rank}DTranspose": functools.partial(kernel_parameters, rank=rank) for rank in _RANKS},
    **{f"SeparableConv{rank}D": functools.partial(separable_parameters, rank=rank) for rank in _RANKS},
    **{f"DepthwiseConv{rank}D": functools.partial(depthwise_parameters, rank=rank) for rank in _RANKS},
    **{f"LocallyConnected{rank}D": functools.partial(local_parameters, rank=rank) for rank in _RANKS},
    **{f"ConvLSTM{rank}D": functools.partial(lstm_parameters, rank=rank) for rank in _RANKS},
}
