"""Layers that put several tensors together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.shapes.call import (
    Call,
    Dims,
    Refusal,
    ShapeFunction,
    add,
    differ,
    integer,
    position,
    replaced,
    same,
    written,
)

ELEMENTWISE: Final = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})


def merged_sizes(a: Dim, b: Dim) -> Dim | None:
    """One axis of an elementwise merge: variable wins, as in Keras's `_compute_elemwise_op_output_shape`."""
    if a is None or b is None:
        return None
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        if a == 1 or b == 1:
            return UNKNOWN
        return a if isinstance(a, int) else b
    if a == 1:
        return b
    if b == 1 or a == b:
        return a
    return -1


def elementwise(call: Call) -> list[Shape]:
    if any(isinstance(shape, Unknown) for shape in call.inputs) or not call.inputs:
        return [UNKNOWN]
    shapes = [shape for shape in call.inputs if not isinstance(shape, Unknown)]
    if () in shapes:
        raise Refusal("rank", "takes tensors with a batch axis, and one of its inputs is a single number")
    total = shapes[0]
    for shape in shapes[1:]:
        total = merged(call, total, shape)
    return [total]


def merged(call: Call, a: Dims, b: Dims) -> Dims:
    """Two shapes merged; a shorter one is lined up with the last axes, the batch axis with the batch axis."""
    if not a or not b:
        return a or b
    if differ(a[0], b[0]):
        raise Refusal("shape", f"needs one batch size, got {' and '.join(written(s) for s in call.inputs)}")
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    missing = len(long) - len(short)
    padded: Dims = (short[0], *((1,) * missing), *short[1:])
    sizes: list[Dim] = [same(long[0], short[0])]
    for left, right in zip(long[1:], padded[1:], strict=True):
        size = merged_sizes(left, right)
        if size == -1:
            raise Refusal(
                "shape",
                f"needs equal shapes, got {' and '.join(written(s) for s in call.inputs)}",
            )
        sizes.append(size)
    return tuple(sizes)


def concatenate(call: Call) -> list[Shape]:
    if not call.inputs or any(isinstance(shape, Unknown) for shape in call.inputs):
        return [opaque(call.inputs)]
    shapes = [shape for shape in call.inputs if not isinstance(shape, Unknown)]
    rank = len(shapes[0])
    axis = integer(call.layer.config.get("axis", -1))
    if any(len(shape) != rank for shape in shapes):
        if isinstance(axis, int) and any(len(shape) <= axis for shape in shapes):
            # Keras compares what is left of the shapes without that axis, and fails only on data.
            return [UNKNOWN]
        raise Refusal(
            "rank",
            f"needs inputs of one rank, got {' and '.join(written(s) for s in shapes)}",
        )
    if isinstance(axis, Unknown):
        return [(shapes[0][0], *(UNKNOWN for _ in range(rank - 1)))]
    place = position(axis, rank)
    if place is None:
        raise Refusal("shape", f"has no axis {axis} in an input of {written(shapes[0])}")
    total = shapes[0]
    for shape in shapes[1:]:
        total = replaced(beside(call, total, shape, place), place, add(total[place], shape[place]))
    return [total]


def beside(call: Call, a: Dims, b: Dims, axis: int) -> Dims:
    """Two shapes that agree on every axis but one; a size known in either is known of both."""
    for place, (left, right) in enumerate(zip(a, b, strict=True)):
        if place != axis and differ(left, right):
            raise Refusal(
                "shape",
                f"along axis {axis} needs the other axes equal, got {' and '.join(written(s) for s in call.inputs)}",
            )
    # Keras keeps the first shape's other axes, variable ones included.
    return tuple(right if isinstance(left, Unknown) else left for left, right in zip(a, b, strict=True))


def opaque(shapes: tuple[Shape, ...]) -> Shape:
    """The rank and the batch axis, when one input shows them."""
    dims = next((shape for shape in shapes if not isinstance(shape, Unknown)), None)
    return UNKNOWN if dims is None else (dims[0], *(UNKNOWN for _ in dims[1:]))


def dot(call: Call) -> list[Shape]:
    if len(call.inputs) != 2:
        return [UNKNOWN]
    a, b = call.inputs
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return [UNKNOWN]
    if len(a) < 2 or len(b) < 2:
        raise Refusal("rank", f"takes inputs with at least 2 axes, got {written(a)} and {written(b)}")
    if differ(a[0], b[0]):
        raise Refusal("shape", f"needs one batch size, got {written(a)} and {written(b)}")
    axes = call.value("axes")
    given = axes if isinstance(axes, tuple) and len(axes) == 2 else (axes, axes)
    left, right = integer(given[0]), integer(given[1])
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return [UNKNOWN]
    first, second = position(left, len(a)), position(right, len(b))
    for axis, place, shape in ((left, first, a), (right, second, b)):
        if place is None:
            raise Refusal("rank", f"has no axis {axis} in an input of {written(shape)}")
    if first is None or second is None or first == 0 or second == 0:
        return [UNKNOWN]
    if differ(a[first], b[second]):
        raise Refusal(
            "shape",
            f"needs equal sizes on axes {left} and {right}, got {a[first]} and {b[second]} "
            f"of {written(a)} and {written(b)}",
        )
    rest: Dims = (*a[:first], *a[first + 1 :], *b[1:second], *b[second + 1 :])
    return [rest if len(rest) > 1 else (*rest, 1)]


def crossed(call: Call) -> list[Shape]:
    """HashedCrossing: two columns of one size."""
    if len(call.inputs) != 2:
        return [UNKNOWN]
    a, b = call.inputs
    if not isinstance(a, Unknown) and not isinstance(b, Unknown) and a and b and differ(a[-1], b[-1]):
        raise Refusal("shape", f"needs inputs of one size, got {written(a)} and {written(b)}")
    return [UNKNOWN]


SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(sorted(ELEMENTWISE), elementwise),
    "Concatenate": concatenate,
    "Dot": dot,
    "HashedCrossing": crossed,
}
