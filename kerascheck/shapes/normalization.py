"""Normalization layers: shapes stay, axes are checked, weights are counted."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value
from kerascheck.shapes.call import Call, ParameterFunction, Refusal, ShapeFunction, integer, position, times, written


def axes(value: Value) -> tuple[int | Unknown, ...]:
    """An axis argument as a tuple."""
    return tuple(integer(item) for item in value) if isinstance(value, tuple) else (integer(value),)


def along_axis(call: Call) -> list[Shape]:
    """A layer with weights along `axis`: the axis must be there."""
    dims = call.dims()
    if dims is None or call.layer.config.get("axis") is None:
        return [call.input]
    for axis in axes(call.value("axis")):
        if isinstance(axis, int) and position(axis, len(dims)) is None:
            raise Refusal(
                "rank",
                f"has no axis {axis} in an input with {len(dims)} axes: {written(dims)}",
            )
    return [dims]


def axis_size(call: Call) -> Dim:
    """The number of values along the normalized axes."""
    dims = call.dims()
    if dims is None:
        return UNKNOWN
    total: Dim = 1
    for axis in axes(call.value("axis")):
        place = None if isinstance(axis, Unknown) else position(axis, len(dims))
        total = UNKNOWN if place is None else times(total, dims[place])
    return total


def affine(call: Call, extra: int = 0) -> int | Unknown:
    """Scale and offset where the layer has them, and `extra` further vectors."""
    center, scale = call.flag("center"), call.flag("scale")
    if isinstance(center, Unknown) or isinstance(scale, Unknown):
        return UNKNOWN
    total = times(axis_size(call), int(center) + int(scale) + extra)
    return total if isinstance(total, int) else UNKNOWN


def batch_parameters(call: Call) -> int | Unknown:
    renorm = call.layer.config.get("renorm") is True
    return affine(call, extra=5 if renorm else 2)


def layer_parameters(call: Call) -> int | Unknown:
    if call.layer.config.get("rms_scaling") is True:
        total = axis_size(call)
        return total if isinstance(total, int) else UNKNOWN
    return affine(call)


def scale_parameters(call: Call) -> int | Unknown:
    total = axis_size(call)
    return total if isinstance(total, int) else UNKNOWN


def group(call: Call) -> list[Shape]:
    dims = call.dims()
    size = axis_size(call)
    if dims is not None and size is None:
        raise Refusal("shape", f"needs a fixed size on axis {call.value('axis')}, got {written(dims)}")
    groups = call.size("groups")
    if dims is not None and isinstance(size, int) and isinstance(groups, int) and groups != -1:
        if groups > size:
            raise Refusal("shape", f"has {groups} groups for {size} channels of {written(dims)}")
        if groups > 0 and size % groups:
            raise Refusal("shape", f"cannot share {size} channels among {groups} groups")
    return along_axis(call)


def adapted_parameters(call: Call) -> int | Unknown:
    """Normalization counts mean, variance and a counter unless they were given."""
    if call.layer.config.get("mean") is not None or call.layer.config.get("variance") is not None:
        return 0
    if call.layer.config.get("axis") is None:
        return 3
    size = axis_size(call)
    return 2 * size + 1 if isinstance(size, int) else UNKNOWN


SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(
        ("BatchNormalization", "LayerNormalization", "RMSNormalization", "Normalization", "UnitNormalization"),
        along_axis,
    ),
    "GroupNormalization": group,
}

PARAMETERS: Mapping[str, ParameterFunction] = {
    "BatchNormalization": batch_parameters,
    "LayerNormalization": layer_parameters,
    "GroupNormalization": affine,
    "RMSNormalization": scale_parameters,
    "Normalization": adapted_parameters,
}
