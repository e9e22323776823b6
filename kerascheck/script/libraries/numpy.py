"""numpy and pandas: arrays made, joined, shuffled and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import Order, Rows, Step, StepKind
from kerascheck.facts.training import Fitting
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.script.arrays import STATISTICS
from kerascheck.script.handlers import handles, library
from kerascheck.script.layers import shape_fact
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, ArrayValue, ListValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

SAME_ROWS = frozenset(
    {
        "array",
        "asarray",
        "copy",
        "squeeze",
        "log",
        "log1p",
        "abs",
        "absolute",
        "nan_to_num",
        "float32",
        "asanyarray",
        "ascontiguousarray",
    }
)
MADE = frozenset(
    {
        "zeros",
        "ones",
        "empty",
        "full",
        "zeros_like",
        "ones_like",
        "linspace",
        "eye",
        "identity",
        "loadtxt",
        "genfromtxt",
        "load",
    }
)
SEEDS = (
    "numpy.random.seed",
    "random.seed",
    "tensorflow.random.set_seed",
    "tensorflow.set_random_seed",
    "tensorflow.random.set_random_seed",
)


@library("numpy")
def numpy_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any other numpy function: arrays that follow from the first array given."""
    name = path.parts[-1]
    first = arguments.get(0, "a", "x", "object", "arr")
    if ev.tensors_in(arguments.positional) and arguments.node is not None:
        return ev.opaque_call(name, ev.tensors_in(arguments.positional), arguments.node)
    if isinstance(first, ArrayValue):
        if name in SAME_ROWS:
            return ev.derive(first, shape=first.data.shape if name != "squeeze" else UNKNOWN)
        if name in STATISTICS and arguments.node is not None:
            ev.record(
                Fitting(
                    **ev.event_facts(ev.place(arguments.node)),  # pyright: ignore[reportArgumentType]
                    transformer=name, key=next(ev.keys), method=name, data=first.data,
                )
            )  # fmt: skip
            return ev.unknown(f"numpy.{name}")
        return ev.array(arguments.node)
    if name in SAME_ROWS and isinstance(first, (ListValue, Opaque)):
        return made_from(ev, first, arguments)
    if name in MADE:
        shape = shape_fact(to_value(first))
        result = ev.array(arguments.node, shape=shape)
        result.constant = name in {"zeros", "ones", "full", "zeros_like", "ones_like"}
        return result
    return (
        ev.array(arguments.node)
        if "random" in path.parts or name in {"stack", "tile", "repeat"}
        else ev.unknown(path.dotted)
    )


def made_from(ev: Evaluator, value: ListValue | Opaque, arguments: Arguments) -> ArrayValue:
    """`np.array(value)` of a list or of something unknown."""
    shape: Shape = UNKNOWN
    if isinstance(value, ListValue) and value.whole:
        inner = value.items[0] if value.items else None
        width = inner.items if isinstance(inner, ListValue) else inner
        if isinstance(width, (list, tuple)):
            flat = all(isinstance(item, (int, float, str, bool)) for item in width)
            shape = (len(value.items), len(width)) if flat else UNKNOWN
        elif isinstance(inner, (int, float, bool)):
            shape = (len(value.items),)
    return ev.array(arguments.node, shape=shape)


@handles("numpy.concatenate", "numpy.vstack", "numpy.append", "numpy.hstack", "pandas.concat", "numpy.r_")
def concatenate(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows of several arrays one after the other; constant label blocks are sorted by class."""
    first = arguments.get(0, "arrays", "objs", "tup", "arr")
    axis = arguments.get(1, "axis", default=0)
    items = ev.iterate(first) if path.parts[-1] != "append" else arguments.positional[:2]
    arrays = [item for item in items or () if isinstance(item, ArrayValue)]
    blocks = len(arrays) > 1 and len(arrays) == len(items or ()) and axis == 0
    if blocks and all(array.constant for array in arrays) and path.parts[-1] in {"concatenate", "append", "hstack"}:
        return ev.array(arguments.node, order=Order.SORTED, labels=True)
    return ev.array(arguments.node)


@handles("numpy.random.shuffle")
def shuffle_in_place(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Reorders the rows of the array given."""
    array = arguments.get(0, "x")
    if isinstance(array, ArrayValue):
        ev.touch(array)
        place = ev.place(arguments.node) if arguments.node is not None else array.data.location
        step = Step(StepKind.SHUFFLED, place, path.dotted)
        array.data = replace(array.data, order=Order.SHUFFLED, history=(*array.data.history, step))
        array.permutation = array.data.origin == "arange" or array.permutation
    elif isinstance(array, ListValue):
        ev.touch(array)
        array.whole = False
    return None


@handles("random.shuffle")
def shuffle_list(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """As numpy's, on a list."""
    return shuffle_in_place(ev, path, arguments)


@handles("numpy.random.permutation")
def permutation(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Shuffled indices of a count, or shuffled rows of an array."""
    first = arguments.get(0, "x")
    if isinstance(first, ArrayValue):
        return ev.stepped(first, StepKind.SHUFFLED, arguments.node, "permutation", order=Order.SHUFFLED)
    result = ev.array(arguments.node, order=Order.SHUFFLED)
    result.permutation = True
    return result


@handles("numpy.arange")
def arange(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Indices in order."""
    return ev.array(arguments.node, origin="arange")


@handles("numpy.reshape")
def reshape(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`np.reshape(array, shape)`."""
    array = arguments.get(0, "a")
    if isinstance(array, ArrayValue) and arguments.node is not None:
        return ev.reshaped(array, arguments.get(1, "newshape", "shape"), arguments.node)
    return ev.array(arguments.node)


@handles("numpy.expand_dims")
def expand_dims(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """One more axis."""
    array, axis = arguments.get(0, "a"), arguments.get(1, "axis")
    if not isinstance(array, ArrayValue):
        return ev.array(arguments.node)
    shape = array.data.shape
    if isinstance(shape, Unknown) or not isinstance(axis, int):
        return ev.derive(array, shape=UNKNOWN)
    position = axis if axis >= 0 else len(shape) + 1 + axis
    return ev.derive(array, shape=(*shape[:position], 1, *shape[position:]))


@handles(*SEEDS)
def seed(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A seed is set."""
    if arguments.node is not None:
        ev.seeds.append(ev.place(arguments.node))
    return None


@handles(
    "pandas.read_csv",
    "pandas.read_excel",
    "pandas.read_parquet",
    "pandas.read_table",
    "pandas.read_json",
    "numpy.loadtxt",
    "numpy.genfromtxt",
)
def read_table(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows of a file in the file's order."""
    source = next(ev.keys)
    place = ev.place(arguments.node) if arguments.node is not None else None
    steps = (Step(StepKind.LOADED, place, path.parts[-1]),) if place is not None else ()
    return ev.array(arguments.node, origin=path.parts[-1], order=Order.AS_LOADED, rows=Rows(source), history=steps)


@handles("pandas.DataFrame", "pandas.Series")
def data_frame(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A frame around other data."""
    first = arguments.get(0, "data")
    return ev.derive(first) if isinstance(first, ArrayValue) else ev.array(arguments.node)


@handles("pandas.get_dummies")
def get_dummies(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Stateless one-hot columns."""
    first = arguments.get(0, "data")
    if isinstance(first, ArrayValue):
        return ev.stepped(first, StepKind.TRANSFORMED, arguments.node, "get_dummies", shape=UNKNOWN)
    return ev.array(arguments.node)


@library("pandas")
def pandas_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any other pandas function."""
    return ev.unknown(path.dotted)
