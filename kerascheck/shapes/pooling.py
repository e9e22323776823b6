"""Pooling, zero padding, cropping and upsampling."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value
from kerascheck.shapes.call import Call, Dims, Refusal, ShapeFunction, add, integer, integers, times, written
from kerascheck.shapes.convolution import joined, opaque, positive, split, window_length


def pooling(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    spatial, channels = parts
    pool = call.sizes("pool_size", rank)
    strides = pool if call.layer.config.get("strides") is None else call.sizes("strides", rank)
    padding = call.text("padding")
    after = tuple(
        window_length(size, window, stride, padding)
        for size, window, stride in zip(spatial, pool, strides, strict=True)
    )
    positive(call, spatial, after, pool, "pool_size")
    return joined(call, rank, after, channels)


def global_pooling(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    kept = call.flag("keepdims") if "keepdims" in call.layer.config else False
    dims = call.dims()
    if dims is None or isinstance(kept, Unknown):
        return [UNKNOWN]
    if parts is None:
        return opaque(call, rank) if kept else [(dims[0], UNKNOWN)]
    return joined(call, rank, (1,) * rank, parts[1]) if kept else [(dims[0], parts[1])]


def adaptive_pooling(call: Call, *, rank: int) -> list[Shape]:
    dims = call.dims()
    if dims is not None and len(dims) != rank + 2:
        # Keras checks no rank here and fails only on data.
        return [UNKNOWN]
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    return joined(call, rank, call.sizes("output_size", rank), parts[1])


def pairs(value: Value, rank: int) -> tuple[tuple[Dim, Dim], ...]:
    """Padding or cropping as (before, after) for each axis, from any of the forms that Keras takes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return ((value, value),) * rank
    if rank == 1 and isinstance(value, tuple) and len(value) == 2:
        return ((integer(value[0]), integer(value[1])),)
    if not isinstance(value, tuple) or len(value) != rank:
        return ((UNKNOWN, UNKNOWN),) * rank
    found: list[tuple[Dim, Dim]] = []
    for item in value:
        before, after = integers(item, 2)
        found.append((before, after))
    return tuple(found)


def zero_padding(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    sides = pairs(call.value("padding"), rank)
    after = tuple(add(add(size, a), b) for size, (a, b) in zip(parts[0], sides, strict=True))
    return joined(call, rank, after, parts[1])


def cropping(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    after: list[Dim] = []
    for size, (a, b) in zip(parts[0], pairs(call.value("cropping"), rank), strict=True):
        cut = add(a, b)
        if isinstance(size, int) and isinstance(cut, int) and cut >= size:
            raise Refusal(
                "shape",
                f"cuts {cut} from an axis of {size}: the input is {written(call.input)}",
            )
        after.append(add(size, -cut if isinstance(cut, int) else cut))
    return joined(call, rank, tuple(after), parts[1])


def upsampling(call: Call, *, rank: int) -> list[Shape]:
    parts = split(call, rank)
    if parts is None:
        return opaque(call, rank)
    factors = call.sizes("size", rank)
    after: Dims = tuple(times(size, factor) for size, factor in zip(parts[0], factors, strict=True))
    return joined(call, rank, after, parts[1])


_RANKS = (1, 2, 3)

SHAPES: Mapping[str, ShapeFunction] = {
    **{f"{kind}Pooling{n}D": functools.partial(pooling, rank=n) for n in _RANKS for kind in ("Max", "Average")},
    **{
        f"Global{kind}Pooling{n}D": functools.partial(global_pooling, rank=n)
        for n in _RANKS
        for kind in ("Max", "Average")
    },
    **{
        f"Adaptive{kind}Pooling{n}D": functools.partial(adaptive_pooling, rank=n)
        for n in _RANKS
        for kind in ("Max", "Average")
    },
    **{f"ZeroPadding{n}D": functools.partial(zero_padding, rank=n) for n in _RANKS},
    **{f"Cropping{n}D": functools.partial(cropping, rank=n) for n in _RANKS},
    **{f"UpSampling{n}D": functools.partial(upsampling, rank=n) for n in _RANKS},
}
