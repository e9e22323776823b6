"""Where the output units of a kernel are: an array of (sums, units) or, for some, of (sums, units, sums)."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from kerascheck.artifact.naming import Named
from kerascheck.facts.graph import Layer
from kerascheck.keras_api.layers import class_of

_LAST: Final = frozenset(
    {
        "Dense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "SeparableConv1D",
        "SeparableConv2D",
        "SimpleRNN",
        "LSTM",
        "GRU",
        "SimpleRNNCell",
        "LSTMCell",
        "GRUCell",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
    }
)
"""Classes whose kernels have their units along the last axis."""
_PROJECTIONS: Final = frozenset({"query", "key", "value"})


class Layout(Struct, frozen=True):
    """An array seen as `before` x `units` x `after`; a unit sums over the first and the last."""

    before: int
    units: int
    after: int = 1

    @property
    def inputs(self) -> int:
        """How many values one unit sums over."""
        return self.before * self.after


def layout_of(item: Named) -> Layout | None:
    """The layout of a kernel; None for other arrays, and where it is not known."""
    shape = item.array.shape
    if not item.name.endswith("kernel") or len(shape) < 2 or not all(shape):
        return None
    axes = _unit_axes(item, len(shape))
    if axes is None or (item.array.turned and len(axes) > 1):
        return None
    before, after = math.prod(shape[: axes.start]), math.prod(shape[axes.stop :])
    units = math.prod(shape[axes.start : axes.stop])
    return Layout(after, units, before) if item.array.turned else Layout(before, units, after)


def _unit_axes(item: Named, rank: int) -> range | None:
    last = range(rank - 1, rank)
    if item.name == "depthwise_kernel":
        return range(rank - 2, rank)
    kind = item.class_name or (class_of(item.owner.class_name) if item.owner is not None else "") or ""
    if item.owner is not None and item.owner.class_name == "MultiHeadAttention":
        if rank != 3:
            return None
        return range(1, 3) if item.part in _PROJECTIONS else last if item.part == "output" else None
    if kind.endswith("Transpose"):
        return range(rank - 2, rank - 1)
    if kind in _LAST:
        return _checked(item, last, rank)
    # A matrix of a layer that is not known: Keras has its units last in every class.
    return last if rank == 2 and item.owner is None and not kind else None


def _checked(item: Named, last: range, rank: int) -> range | None:
    """The last axis, or the first for the kernels of Keras 1 in the ordering of Theano, as the number of units tells."""
    units = units_of(item.owner) if item.owner is not None else None
    if units is None or item.name == "pointwise_kernel" or rank == 2:
        return last
    shape = item.array.shape
    if shape[0] == units and (shape[-1] % units or _is_first_of_theano(item.owner)):
        return range(1)
    return None if shape[-1] % units else last


def _is_first_of_theano(owner: Layer | None) -> bool:
    return (
        owner is not None
        and owner.written.startswith(("Convolution", "AtrousConv"))
        and (owner["data_format"] == "channels_first")
    )


def units_of(layer: Layer | None) -> int | None:
    """The number of output units that a layer's configuration asks for."""
    if layer is None:
        return None
    for name in ("units", "filters"):
        found = layer[name]
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    return None
