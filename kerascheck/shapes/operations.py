"""Operators and functions on tensors, as far as their shape can be proven."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.graph import Layer
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value
from kerascheck.shapes.call import Call, Dims, Refusal, ShapeFunction, integer, position, written
from kerascheck.shapes.merging import concatenate, opaque
from kerascheck.shapes.reshaping import filled

_ELEMENTWISE = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "floor_divide",
    "mod",
    "pow",
    "power",
    "maximum",
    "minimum",
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "add_v2",
    "sub",
    "mul",
    "div",
    "truediv",
    "floordiv",
    "squared_difference",
    "arctan2",
    "atan2",
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__rtruediv__",
    "__pow__",
    "__rpow__",
    "__mod__",
    "__floordiv__",
]
_KEEPING = [
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "swish",
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softmax",
    "log_softmax",
    "softplus",
    "softsign",
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "rsqrt",
    "square",
    "abs",
    "absolute",
    "negative",
    "neg",
    "sign",
    "sin",
    "cos",
    "cast",
    "identity",
    "stop_gradient",
    "clip",
    "clip_by_value",
    "dropout",
    "zeros_like",
    "ones_like",
    "round",
    "floor",
    "ceil",
    "l2_normalize",
    "normalize",
    "reciprocal",
    "erf",
    "logical_not",
    "__neg__",
    "__abs__",
    "convert_to_tensor",
    "batch_normalization",
    "nan_to_num",
    "reverse",
    "flip",
    "roll",
    "sort",
]
_REDUCTIONS = [
    "mean",
    "sum",
    "max",
    "min",
    "prod",
    "any",
    "all",
    "std",
    "var",
    "logsumexp",
    "reduce_mean",
    "reduce_sum",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "reduce_any",
    "reduce_all",
    "reduce_std",
    "reduce_variance",
    "reduce_logsumexp",
    "amax",
    "amin",
    "norm",
    "argmax",
    "argmin",
    "count_nonzero",
]


def argument(call: Call, *names: str) -> Value:
    """An argument of the operation under any of its names, from the call or from the saved configuration."""
    for name in names:
        if name in call.arguments:
            return call.arguments[name]
        if name in call.layer.config:
            return call.layer.config[name]
    return UNKNOWN


def given(call: Call, default: Value, *names: str) -> Value:
    """Like `argument`, with the operation's default where the call's other arguments are known to be all."""
    found = any(name in call.arguments or name in call.layer.config for name in names)
    return argument(call, *names) if found else default


def unchanged(call: Call) -> list[Shape]:
    return [call.input]


def cumulative(call: Call) -> list[Shape]:
    """cumsum: without an axis Keras flattens and TensorFlow does not."""
    return [call.input if given(call, None, "axis") is not None else UNKNOWN]


def broadcast(call: Call) -> list[Shape]:
    """Elementwise with numpy's broadcasting; one known tensor and a scalar keep the tensor's shape."""
    if len(call.inputs) == 1:
        # The other operand is a constant whose shape nobody recorded.
        return [call.input] if scalar_operand(call) else [UNKNOWN]
    if not call.inputs or any(isinstance(shape, Unknown) for shape in call.inputs):
        return [UNKNOWN]
    shapes = [shape for shape in call.inputs if not isinstance(shape, Unknown)]
    total = shapes[0]
    for shape in shapes[1:]:
        total = broadcast_pair(call, total, shape)
    return [total]


def scalar_operand(call: Call) -> bool:
    """Whether every other operand is a number."""
    operands = [value for name, value in call.arguments.items() if name not in ("name", "dtype")]
    return bool(operands) and all(isinstance(value, (int, float)) for value in operands)


def broadcast_pair(call: Call, a: Dims, b: Dims) -> Dims:
    rank = max(len(a), len(b))
    left: Dims = (*((1,) * (rank - len(a))), *a)
    right: Dims = (*((1,) * (rank - len(b))), *b)
    return tuple(broadcast_axis(call, x, y, a, b) for x, y in zip(left, right, strict=True))


def broadcast_axis(call: Call, x: Dim, y: Dim, a: Dims, b: Dims) -> Dim:
    if x == 1:
        return y
    if y == 1:
        return x
    if isinstance(x, int) and isinstance(y, int):
        if x != y:
            raise Refusal("shape", f"cannot broadcast {written(a)} and {written(b)}")
        return x
    if isinstance(x, int):
        return x
    if isinstance(y, int):
        return y
    return None if x is None and y is None else UNKNOWN


def reduction(call: Call) -> list[Shape]:
    dims = call.dims()
    axis = given(call, None, "axis")
    kept = given(call, False, "keepdims", "keep_dims")
    if dims is None or isinstance(kept, Unknown) or isinstance(axis, Unknown):
        return [UNKNOWN]
    axes = range(len(dims)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    places: set[int] = set()
    for item in axes:
        number = integer(item)
        place = None if isinstance(number, Unknown) else position(number, len(dims))
        if place is None:
            return [UNKNOWN]
        places.add(place)
    if kept:
        return [tuple(1 if place in places else dim for place, dim in enumerate(dims))]
    return [tuple(dim for place, dim in enumerate(dims) if place not in places)]


def expand(call: Call) -> list[Shape]:
    dims = call.dims()
    axis = integer(given(call, -1, "axis", "dim"))
    if dims is None or isinstance(axis, Unknown):
        return [UNKNOWN]
    place = position(axis, len(dims) + 1)
    return [UNKNOWN if place is None else (*dims[:place], 1, *dims[place:])]


def squeeze(call: Call) -> list[Shape]:
    dims = call.dims()
    axis = given(call, None, "axis")
    if dims is None or axis is None:
        return [UNKNOWN]
    number = integer(axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis)
    place = None if isinstance(number, Unknown) else position(number, len(dims))
    if place is None:
        return [UNKNOWN]
    size = dims[place]
    if isinstance(size, int) and size != 1:
        raise Refusal("shape", f"cannot drop axis {axis} of {size} from {written(dims)}")
    return [(*dims[:place], *dims[place + 1 :])]


def reshape(call: Call) -> list[Shape]:
    target = argument(call, "shape", "newshape", "new_shape", "target_shape")
    dims = call.dims()
    if not isinstance(target, tuple):
        return [UNKNOWN]
    wanted: Dims = tuple(None if size is None else integer(size) for size in target)
    if dims is None:
        return [tuple(UNKNOWN if size == -1 else size for size in wanted)]
    if dims[0] is None and wanted and wanted[0] == -1 and -1 not in wanted[1:]:
        # The batch axis is free: -1 is the batch only when the other axes hold the same number of elements.
        return [filled_batch(call, wanted, dims)]
    return [filled(call, wanted, dims)]


def filled_batch(call: Call, wanted: Dims, dims: Dims) -> Dims:
    return (None, *wanted[1:])


def transpose(call: Call) -> list[Shape]:
    dims = call.dims()
    order = given(call, None, "axes", "perm", "pattern")
    if dims is None:
        return [UNKNOWN]
    if order is None:
        return [dims[::-1]]
    if not isinstance(order, tuple):
        return [(UNKNOWN,) * len(dims)]
    places = [integer(axis) for axis in order]
    known = [position(axis, len(dims)) for axis in places if isinstance(axis, int)]
    if len(known) == len(order) and sorted(-1 if axis is None else axis for axis in known) != [*range(len(dims))]:
        raise Refusal("shape", f"is told the order {written(tuple(places))} for the axes of {written(dims)}")
    if len(order) != len(dims):
        return [(UNKNOWN,) * len(dims)]
    return [tuple(dims[axis] if isinstance(axis, int) and axis < len(dims) else UNKNOWN for axis in places)]


def matmul(call: Call) -> list[Shape]:
    if len(call.inputs) != 2 or call.arguments.keys() & {"transpose_a", "transpose_b", "adjoint_a", "adjoint_b"}:
        return [UNKNOWN]
    a, b = call.inputs
    if isinstance(a, Unknown) or isinstance(b, Unknown) or len(a) < 2 or len(b) < 2:
        return [UNKNOWN]
    if isinstance(a[-1], int) and isinstance(b[-2], int) and a[-1] != b[-2]:
        raise Refusal("shape", f"cannot multiply {written(a)} by {written(b)}")
    return [(*broadcast_pair(call, a[:-2], b[:-2]), a[-2], b[-1])]


def take_along(call: Call) -> list[Shape]:
    shapes = [shape for shape in call.inputs if not isinstance(shape, Unknown)]
    if (
        len(call.inputs) == 2
        and len(shapes) == 2
        and len(shapes[0]) != len(shapes[1])
        and call.arguments.get("axis", 0) is not None
    ):
        raise Refusal(
            "rank", f"needs indices with as many axes as the values, got {written(shapes[1])} for {written(shapes[0])}"
        )
    return [UNKNOWN]


def stack(call: Call) -> list[Shape]:
    axis = integer(given(call, 0, "axis"))
    known = next((shape for shape in call.inputs if not isinstance(shape, Unknown)), None)
    place = None if known is None or isinstance(axis, Unknown) else position(axis, len(known) + 1)
    if known is None or place is None:
        return [UNKNOWN]
    return [(*known[:place], len(call.inputs), *known[place:])]


def joined(call: Call) -> list[Shape]:
    """concat: the axis may stand in the call instead of the configuration."""
    axis = given(call, -1 if call.layer.class_name == "concatenate" else 0, "axis")
    if len(call.inputs) < 2:
        return [opaque(call.inputs)]
    layer = Layer(
        key=call.layer.key,
        name=call.layer.name,
        class_name=call.layer.class_name,
        config={"axis": axis},
        location=call.layer.location,
    )
    return concatenate(Call(layer, call.inputs, {}))


def one_hot(call: Call) -> list[Shape]:
    dims = call.dims()
    depth = integer(argument(call, "num_classes", "depth"))
    return [UNKNOWN if dims is None or given(call, -1, "axis") != -1 else (*dims, depth)]


ELLIPSIS = "..."
"""How the index of a saved operation says that the axes in between are kept."""


def item(call: Call) -> list[Shape]:
    """`x[index]` of a file; slices are `{"start", "stop", "step"}`."""
    dims = call.dims()
    index = argument(call, "slice_spec", "constant_1")
    if dims is None or isinstance(index, Unknown):
        return [UNKNOWN]
    parts = index if isinstance(index, tuple) else (index,)
    taken = sum(part is not None and part != ELLIPSIS for part in parts)
    rest = len(dims) - taken
    if rest < 0:
        return [UNKNOWN]
    after: list[Dim] = []
    place = 0
    for part in parts:
        if part is None:
            after.append(1)
        elif part == ELLIPSIS:
            after += dims[place : place + rest]
            place, rest = place + rest, 0
        elif isinstance(part, Mapping):
            after.append(sliced(dims[place], part))
            place += 1
        elif isinstance(part, int):
            place += 1
        else:
            return [UNKNOWN]
    return [(*after, *dims[place:])]


def sliced(size: Dim, part: Mapping[str, Value]) -> Dim:
    bounds = [part.get(name) for name in ("start", "stop", "step")]
    if all(bound is None for bound in bounds):
        return size
    numbers = [bound for bound in bounds if bound is None or isinstance(bound, int)]
    if size is None or isinstance(size, Unknown) or len(numbers) < len(bounds):
        return None if size is None else UNKNOWN
    return len(range(*slice(*numbers).indices(size)))


SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(_ELEMENTWISE, broadcast),
    **dict.fromkeys(_KEEPING, unchanged),
    **dict.fromkeys(_REDUCTIONS, reduction),
    "cumsum": cumulative,
    "expand_dims": expand,
    "squeeze": squeeze,
    "reshape": reshape,
    "transpose": transpose,
    "take_along_axis": take_along,
    "permute_dimensions": transpose,
    "matmul": matmul,
    "__matmul__": matmul,
    "stack": stack,
    "concat": joined,
    "concatenate": joined,
    "one_hot": one_hot,
    "getitem": item,
}
