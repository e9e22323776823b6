"""numpy: arrays made, joined, shuffled and read, and the methods of arrays."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import Encoding, Order, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.arrays import STATISTICS
from kerascheck.script.handlers import handles, library
from kerascheck.script.layers import shape_fact
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, ArrayValue, ListValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

SAME_ROWS = frozenset(
    {"array", "asarray", "copy", "abs", "absolute", "nan_to_num", "asanyarray", "ascontiguousarray", "round", "around", "rint",
     "clip", "flip", "fliplr", "flipud", "rot90", "float32", "float64", "int32", "uint8", "real", "asfarray", "stack"}
)  # fmt: skip
SAME_RANGE = frozenset(
    {"array", "asarray", "copy", "asanyarray", "ascontiguousarray", "float32", "float64", "stack", "asfarray"}
)
MADE = frozenset({"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "linspace", "eye", "identity"})
CONSTANT = frozenset({"zeros", "ones", "full", "zeros_like", "ones_like"})
STACKING = frozenset({"column_stack", "dstack", "repeat", "tile", "meshgrid"})
SEEDS = {
    "numpy.random.seed": "numpy",
    "random.seed": "random",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.set_random_seed": "tensorflow",
    "tensorflow.random.set_random_seed": "tensorflow",
}


@library("numpy")
def numpy_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any other numpy function: arrays that follow from the first array given."""
    name, node = path.parts[-1], arguments.node
    first = arguments.get(0, "a", "x", "object", "arr", "arrays")
    if node is None:
        return ev.unknown(path.dotted)
    if ev.tensors_in(arguments.positional):
        return ev.function_on_tensors(name, arguments, node, f"numpy.{name}")
    if "random" in path.parts:
        ev.draw("numpy")
    array = ev.as_array(first, node)
    if array is not None and name in SAME_ROWS:
        return _same_rows(ev, array, name, arguments)
    if array is not None and name in STATISTICS:
        return ev.statistic(array, name, node) if isinstance(first, ArrayValue) else ev.unknown(f"numpy.{name}")
    if name in MADE:
        return _made(ev, name, first, arguments)
    if array is not None and name == "where" and len(arguments.positional) == 3:
        return _chosen(ev, array, arguments.positional[1:], node)
    if array is not None and name not in STACKING:
        return from_rows(ev, array, name, node)
    if name in SAME_ROWS and isinstance(first, (ListValue, Opaque)):
        return _of_unknown(ev, first, arguments)
    if "random" in path.parts:
        return ev.array(node, origin="random", order=Order.SHUFFLED)
    return ev.array(node) if name in {*STACKING, "stack"} else ev.unknown(path.dotted)


def _same_rows(ev: Evaluator, array: ArrayValue, name: str, arguments: Arguments) -> ArrayValue:
    dtype = to_value(arguments.get(1, "dtype")) if name in {"array", "asarray"} else name
    facts: dict[str, object] = {"container": ""}
    if array.data.dtype == "object" and array.data.container == "list" and name in {"array", "asarray"}:
        facts["dtype"] = array.data.dtype if array.data.step(StepKind.ENCODED) is not None else UNKNOWN
    if isinstance(dtype, str) and (dtype.startswith(("float", "int", "uint")) or dtype == "bool"):
        facts["dtype"] = dtype
    if name not in SAME_RANGE:
        facts |= {"minimum": UNKNOWN, "maximum": UNKNOWN}
    found = ev.derive(array, **facts)
    found.positions, found.constant = array.positions, array.constant
    return found


def _of_unknown(ev: Evaluator, value: ListValue | Opaque, arguments: Arguments) -> ArrayValue:
    """`np.array(value)` of something of which only the name is known."""
    node = arguments.positional_nodes[0] if arguments.positional_nodes else None
    known = ev.as_rows(value, node) if isinstance(value, Opaque) else None
    return ev.derive(known) if known is not None else ev.array(arguments.node)


def _made(ev: Evaluator, name: str, first: object, arguments: Arguments) -> ArrayValue:
    like = first.data.shape if isinstance(first, ArrayValue) and name.endswith("_like") else None
    result = ev.array(arguments.node, shape=shape_fact(to_value(first)) if like is None else like)
    if isinstance(first, ArrayValue) and like is None:
        result.data = replace(result.data, shape=UNKNOWN)
    if name in CONSTANT:
        value = arguments.get(1, "fill_value") if name == "full" else 0 if name.startswith("zeros") else 1
        result.constant = value if isinstance(value, (int, float, str)) else getattr(value, "key", None)
        result.data = replace(result.data, origin="constant")
    return result


def from_rows(ev: Evaluator, array: ArrayValue, name: str, node: ast.expr) -> object:
    """A function of an array of which only the origin is known."""
    if name in {"where", "argwhere", "nonzero", "flatnonzero"} and array.positions:
        found = ev.derive(array, dtype="int64", shape=(UNKNOWN,))
        found.positions = True
        return found
    if name in {"argmax", "argmin"}:
        shape: Shape = array.data.shape[:-1] if not isinstance(array.data.shape, Unknown) else UNKNOWN
        return ev.stepped(array, StepKind.ENCODED, node, name, shape=shape, dtype="int64", encoding=Encoding.INTEGER)
    rows = ev.rows_of(array).within(partial=True)
    shape = _shape_of_unique(array, node) if name == "unique" else UNKNOWN
    return ev.array(node, rows=rows, prediction=array.data.prediction, history=array.data.history, shape=shape)


def _shape_of_unique(array: ArrayValue, node: ast.expr) -> Shape:
    """The different values of labels are as many as their classes, where there are enough rows to meet each."""
    count = array.data.shape[0] if not isinstance(array.data.shape, Unknown) and array.data.shape else None
    classes = array.data.classes
    plain = isinstance(node, ast.Call) and not node.keywords
    if plain and isinstance(count, int) and isinstance(classes, int) and count >= classes * 100:
        return (classes,)
    return UNKNOWN


def _chosen(ev: Evaluator, condition: ArrayValue, values: Sequence[object], node: ast.expr) -> ArrayValue:
    """`np.where(mask, 1, 0)`: a value for every row that the mask asks about."""
    numbers = [value for value in values if isinstance(value, (int, float))]
    rows = ev.rows_of(condition)
    if condition.positions:
        rows = Rows(rows.source, rows.selection[:-1], rows.partial)
    facts: dict[str, object] = {
        "rows": rows,
        "shape": UNKNOWN,
        "dtype": UNKNOWN,
        "minimum": UNKNOWN,
        "maximum": UNKNOWN,
    }
    if len(numbers) == len(values):
        whole = all(isinstance(number, int) for number in numbers)
        facts |= {"shape": condition.data.shape, "minimum": min(numbers), "maximum": max(numbers),
                  "dtype": "int64" if whole else "float64"}  # fmt: skip
    return ev.stepped(condition, StepKind.TRANSFORMED, node, "where", **facts)


@handles(
    "numpy.concatenate", "numpy.vstack", "numpy.append", "numpy.hstack", "numpy.row_stack", "keras.ops.concatenate"
)
def concatenate(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows of several arrays one after the other."""
    name = path.parts[-1]
    first = arguments.get(0, "arrays", "tup", "arr", "xs")
    values = [first, arguments.get(1, "values")] if name == "append" else ev.iterate(first)
    if ev.tensors_in(values or []) and arguments.node is not None:
        return ev.function_on_tensors(name, arguments, arguments.node)
    axis = arguments.get(2 if name == "append" else 1, "axis", default=0)
    if isinstance(first, ListValue) and not first.whole:
        return _joined_list(ev, first, arguments)
    if not values:
        return ev.array(arguments.node)
    arrays = [value for value in values if isinstance(value, ArrayValue)]
    flat = bool(arrays) and all(
        len(array.data.shape) == 1 for array in arrays if not isinstance(array.data.shape, Unknown)
    )
    constant = bool(arrays) and all(array.constant is not None for array in arrays)
    if axis not in (0, None) or (name == "hstack" and not flat and not constant):
        return _side_by_side(ev, arrays, arguments)
    return ev.joined_rows(values, arguments.node)


def _joined_list(ev: Evaluator, value: ListValue, arguments: Arguments) -> ArrayValue:
    """`np.concatenate(blocks)` of a list that a loop filled: block after block."""
    found = ev.gathered(value, arguments.node)
    if found is None:
        return ev.array(arguments.node)
    shape = found.data.shape
    inner: Shape = UNKNOWN if isinstance(shape, Unknown) else (UNKNOWN, *shape[2:])
    order = Order.SORTED if _has_constant_blocks(value) else Order.UNKNOWN
    return ev.derive(found, shape=inner, order=order, container="", rows=ev.rows_of(found).within(partial=True))


def _has_constant_blocks(value: ListValue) -> bool:
    constants = [item.constant for item in value.items if isinstance(item, ArrayValue)]
    return bool(constants) and len(constants) == len(value.items) and all(each is not None for each in constants)


def _side_by_side(ev: Evaluator, arrays: list[ArrayValue], arguments: Arguments) -> ArrayValue:
    """Columns of several arrays of the same rows."""
    if not arrays:
        return ev.array(arguments.node)
    return ev.stepped(
        arrays[0], StepKind.TRANSFORMED, arguments.node, "columns", shape=UNKNOWN, minimum=UNKNOWN, maximum=UNKNOWN
    )


@handles("numpy.stack")
def stack(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Arrays as the rows of one; where the new axis is another, nothing is known of how many rows there are."""
    found = numpy_call(ev, path, arguments)
    cells = isinstance(arguments.get(0, "arrays"), ArrayValue)
    if isinstance(found, ArrayValue) and (cells or arguments.get(1, "axis", default=0) != 0):
        return ev.derive(found, shape=UNKNOWN)
    return found


@handles("numpy.random.shuffle", "random.shuffle")
def shuffle_in_place(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Reorders the rows of the array or list given."""
    array = arguments.get(0, "x")
    key = ev.draw("numpy" if path.parts[0] == "numpy" else "random", "shuffle")
    if isinstance(array, ListValue):
        ev.touch(array)
        array.shuffled = key
        array.whole = array.whole and len(array.items) < 2
    elif isinstance(array, ArrayValue):
        reordered(ev, array, key, path.dotted, arguments)
    return None


def reordered(ev: Evaluator, array: ArrayValue, key: int, by: str, arguments: Arguments) -> None:
    """The rows of an array are shuffled in place."""
    ev.rows_of(array)
    place = ev.place(arguments.node) if arguments.node is not None else array.data.location
    history = (*array.data.history, Step(StepKind.SHUFFLED, place, by))
    arrangement = ev.rearranged(array.data, key)
    ev.changed(array, order=Order.SHUFFLED, history=history, arrangement=arrangement)


@handles("numpy.random.permutation", "tensorflow.random.shuffle", "keras.random.shuffle")
def permutation(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Shuffled positions of a count, or shuffled rows of an array."""
    first, key = arguments.get(0, "x", "value"), ev.draw(path.parts[0], path.parts[-1])
    return permuted(ev, first, key, arguments)


def permuted(ev: Evaluator, first: object, key: int, arguments: Arguments) -> object:
    """The rows of an array in a random order, or positions in a random order."""
    array = ev.as_array(first, arguments.node)
    if array is not None:
        found = ev.shuffled(array, key, arguments.node, "permutation")
        found.positions = array.positions
        return found
    count: Dim = first if isinstance(first, int) else UNKNOWN
    result = ev.array(
        arguments.node, shape=(count,), dtype="int64", order=Order.SHUFFLED, rows=Rows(key), arrangement=(key,),
        history=(Step(StepKind.SHUFFLED, ev.place(arguments.node), "permutation"),) if arguments.node else (),
    )  # fmt: skip
    result.positions = True
    return result


@handles("numpy.random.choice", "random.sample", "random.choices")
def choice(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Some rows, drawn at random."""
    first, key = arguments.get(0, "a", "population"), ev.draw(path.parts[0], "choice")
    array = ev.as_array(first, arguments.node)
    replaced = arguments.get(2, "replace", default=path.parts[-1] != "sample") is not False
    single = not arguments.has(1, "size", "k")
    if single:
        return ev.unknown("random item")
    if array is not None:
        rows = ev.drawn(array, key, "in", partial=replaced)
        found = ev.shuffled(array, key, arguments.node, "choice")
        found.data = replace(found.data, rows=rows, shape=UNKNOWN)
        return found
    result = ev.array(
        arguments.node,
        rows=Rows(key, ((key, "in"),), replaced),
        order=Order.SHUFFLED,
        dtype="int64",
        arrangement=(key,),
    )
    result.positions = True
    return result


@handles("numpy.arange")
def arange(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Numbers in order, which may serve as positions."""
    values = [value for value in arguments.positional if isinstance(value, (int, float))]
    count: Dim = UNKNOWN
    if len(values) == len(arguments.positional) and values and all(isinstance(value, int) for value in values):
        count = len(range(*[int(value) for value in values[:3]])) if len(values) < 3 or values[2] else UNKNOWN
    result = ev.array(
        arguments.node, origin="arange", shape=(count,), dtype="int64" if isinstance(count, int) else UNKNOWN
    )
    result.positions = len(arguments.positional) == 1
    if not result.positions:
        result.data = replace(result.data, order=Order.SORTED)
    elif arguments.positional and isinstance(length := arguments.positional[0], Opaque) and length.origin == "len":
        result.data = replace(result.data, rows=Rows(ev.cut("positions", length.key)))
    return result


@handles("numpy.reshape", "keras.ops.reshape", "tensorflow.reshape")
def reshape(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`np.reshape(array, shape)`."""
    if ev.tensors_in(arguments.positional) and arguments.node is not None:
        return ev.function_on_tensors("reshape", arguments, arguments.node)
    array = ev.as_array(arguments.get(0, "a", "x", "tensor"), arguments.node)
    if array is not None and arguments.node is not None:
        return ev.reshaped(array, arguments.get(1, "newshape", "shape"), arguments.node)
    return ev.array(arguments.node)


@handles("numpy.expand_dims", "tensorflow.expand_dims", "keras.ops.expand_dims")
def expand_dims(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """One more axis."""
    if ev.tensors_in(arguments.positional) and arguments.node is not None:
        return ev.function_on_tensors("expand_dims", arguments, arguments.node)
    array, axis = ev.as_array(arguments.get(0, "a", "input", "x"), arguments.node), arguments.get(1, "axis")
    if array is None:
        return ev.array(arguments.node)
    shape = array.data.shape
    if isinstance(shape, Unknown) or not isinstance(axis, int):
        return ev.derive(array, shape=UNKNOWN)
    position = axis if axis >= 0 else len(shape) + 1 + axis
    return ev.derive(array, shape=(*shape[:position], 1, *shape[position:]), container="")


@handles("numpy.squeeze")
def squeeze(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    array = ev.as_array(arguments.get(0, "a"), arguments.node)
    return ev.derive(array, shape=squeezed(array.data.shape)) if array is not None else ev.array(arguments.node)


def squeezed(shape: Shape) -> Shape:
    """A shape without its axes of size one."""
    if isinstance(shape, Unknown) or any(not isinstance(size, int) for size in shape[1:]):
        return UNKNOWN
    return tuple(size for size in shape if size != 1)


@handles(*SEEDS)
def seed(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A seed is set."""
    if arguments.node is not None:
        ev.seeds.append(ev.place(arguments.node))
    ev.reseeded(SEEDS[path.dotted], arguments.get(0, "seed"))
    return None


@handles("numpy.transpose", "numpy.moveaxis", "numpy.swapaxes")
def transpose_function(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    array = ev.as_array(arguments.get(0, "a"), arguments.node)
    if array is None:
        return ev.array(arguments.node)
    return transposed(ev, array, to_value(arguments.get(1, "axes")) if path.parts[-1] == "transpose" else None)


def transposed(ev: Evaluator, array: ArrayValue, axes: object) -> ArrayValue:
    """An array with its axes in another order."""
    shape = array.data.shape
    known = (
        isinstance(axes, tuple)
        and not isinstance(shape, Unknown)
        and sorted(map(str, axes)) == [str(i) for i in range(len(shape))]
    )  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if not known or isinstance(shape, Unknown) or not isinstance(axes, tuple):
        return ev.derive(array, shape=UNKNOWN)
    new = tuple(shape[axis] for axis in axes if isinstance(axis, int))  # pyright: ignore[reportUnknownVariableType]
    kept = axes[0] == 0
    return ev.derive(array, shape=new, rows=array.data.rows if kept else None)
