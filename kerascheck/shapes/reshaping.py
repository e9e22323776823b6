"""Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.shapes.call import Call, Dims, Refusal, ShapeFunction, integer, product, written


def flatten(call: Call) -> list[Shape]:
    dims = call.dims()
    if dims is None:
        return [(None, UNKNOWN)]
    return [(dims[0], product(dims[1:]) if len(dims) > 1 else 1)]


def reshape(call: Call) -> list[Shape]:
    target = call.value("target_shape")
    dims = call.dims()
    batch: Dim = dims[0] if dims is not None else None
    if not isinstance(target, tuple):
        size = integer(target)
        if isinstance(size, Unknown):
            return [UNKNOWN]
        target = (size,)
    wanted: Dims = tuple(None if item is None else integer(item) for item in target)
    return [(batch, *filled(call, wanted, None if dims is None else dims[1:]))]


def filled(call: Call, wanted: Dims, source: Dims | None) -> Dims:
    """The target of a reshape with its -1 worked out from the number of elements."""
    total: Dim = UNKNOWN if source is None else product(source)
    if wanted.count(-1) > 1:
        raise Refusal("shape", f"has more than one -1 in its target shape {written(wanted)}")
    given = product(tuple(size for size in wanted if size != -1))
    if isinstance(total, Unknown) or isinstance(given, Unknown):
        return tuple(UNKNOWN if size == -1 else size for size in wanted)
    if total is None or given is None:
        return tuple(None if size == -1 else size for size in wanted)
    exact = given == total if -1 not in wanted else given > 0 and total % given == 0
    if not exact:
        raise Refusal(
            "shape",
            f"cannot put {total} elements into {written(wanted)}: the input is {written(call.input)}",
        )
    return tuple(total // given if size == -1 else size for size in wanted)


def permute(call: Call) -> list[Shape]:
    order = call.value("dims")
    dims = call.dims()
    if not isinstance(order, tuple):
        return [UNKNOWN]
    call.expect_rank(len(order) + 1)
    if dims is None:
        return [(None, *(UNKNOWN for _ in order))]
    axes = [integer(axis) for axis in order]
    return [
        (
            dims[0],
            *(dims[axis] if isinstance(axis, int) and 0 < axis < len(dims) else UNKNOWN for axis in axes),
        )
    ]


def repeat_vector(call: Call) -> list[Shape]:
    call.expect_rank(2)
    dims = call.dims()
    return [(None, call.size("n"), UNKNOWN) if dims is None else (dims[0], call.size("n"), dims[1])]


SHAPES: Mapping[str, ShapeFunction] = {
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat_vector,
}
