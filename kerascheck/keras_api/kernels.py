"""Kernel sizes as Keras 1 took them: one positional argument an axis."""

from __future__ import annotations

from collections.abc import Set

from kerascheck.facts.usage import ApiCall
from kerascheck.keras_api.layers import class_of, rank_of

_CONVOLUTIONS = ("Conv", "Convolution", "AtrousConv", "Deconv", "LocallyConnected", "SeparableConv")
_FIRST_NAMES = ("Convolution", "AtrousConv", "Deconv")


def kernel_values(call: ApiCall, old_keywords: Set[str]) -> range:
    """The positions of a kernel size that is written as one number an axis; empty for none, or where it is not proven.

    `Conv2D(32, 3, 3)` has a stride of 3 in Keras 2 and 3. That it is Keras 1 is proven by the class's old name, or by other
    arguments of Keras 1 in the same call.
    """
    name = class_of(call.name)
    rank = rank_of(call.name)
    nothing = range(0)
    if name is None or rank not in (2, 3) or not call.name.startswith(_CONVOLUTIONS):
        return nothing
    if not call.name.startswith(_FIRST_NAMES) and not old_keywords:
        return nothing
    axes = range(1, 1 + rank)
    values = call.positional_values
    if len(values) != len(call.positional_places) or len(values) < axes.stop:
        return nothing
    sizes = [values[index] for index in axes]
    if rank == 2 and set(sizes) == {1} and not old_keywords:
        # A window of 1 that moves by 1 is the same in either reading.
        return nothing
    return axes if all(isinstance(size, int) and not isinstance(size, bool) for size in sizes) else nothing
