"""numpy arrays whose shape and range of values are known: literals, constants, random draws, and functions of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import Encoding, Order, StepKind
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.script.handlers import handles
from kerascheck.script.layers import shape_fact
from kerascheck.script.libraries.numpy import numpy_call
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, ArrayValue, ListValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

LEAVES = 20_000
Number = int | float


def items_of(value: object) -> Sequence[object] | None:
    """The items of a list or tuple that is wholly known."""
    if isinstance(value, ListValue):
        return value.items if value.whole else None
    return value if isinstance(value, tuple) else None


def literal_shape(value: object) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers; None for ragged ones and for other items."""
    items = items_of(value)
    if items is None:
        return () if isinstance(value, (int, float)) else None
    shapes = {literal_shape(item) for item in items}
    inner = shapes.pop() if len(shapes) == 1 else None
    return None if inner is None else (len(items), *inner)


def leaves(value: object) -> list[Number]:
    """The numbers in nested lists."""
    items = items_of(value)
    if items is None:
        return [value] if isinstance(value, (int, float)) else []
    return [leaf for item in items for leaf in leaves(item)]


def dtype_of(value: object) -> str | Unknown:
    """The name of a dtype argument (`np.int32`, `"float32"`)."""
    if isinstance(value, Path):
        return value.parts[-1]
    return value if isinstance(value, str) else UNKNOWN


@handles("numpy.array", "numpy.asarray", "numpy.asanyarray")
def array_of(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`np.array` of a literal: its shape, type and range."""
    first = arguments.get(0, "object", "a")
    given = arguments.get(1, "dtype")
    made = numpy_call(ev, path, arguments)
    if not isinstance(made, ArrayValue):
        return made
    dtype = dtype_of(given)
    if not isinstance(dtype, Unknown):
        made.data = replace(made.data, dtype=dtype)
    shape = literal_shape(first)
    if shape is None or not shape or 0 in shape:
        return made
    total = 1
    for size in shape:
        total *= size
    if total > LEAVES:
        return made
    numbers = leaves(first)
    whole = all(isinstance(number, int) for number in numbers)
    kind = "int64" if whole else "float64"
    made.data = replace(
        made.data,
        shape=shape,
        origin="literal",
        minimum=min(numbers),
        maximum=max(numbers),
        dtype=kind if isinstance(dtype, Unknown) else dtype,
        encoding=Encoding.UNKNOWN if all(float(number).is_integer() for number in numbers) else Encoding.CONTINUOUS,
    )
    return made


@handles("numpy.zeros", "numpy.ones", "numpy.full", "numpy.zeros_like", "numpy.ones_like")
def constant(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Arrays of one value."""
    made = numpy_call(ev, path, arguments)
    value = 0 if path.parts[-1].startswith("zeros") else 1
    if path.parts[-1] == "full":
        value = arguments.get(1, "fill_value")
    if isinstance(made, ArrayValue) and isinstance(value, (int, float)):
        made.data = replace(made.data, minimum=value, maximum=value)
    return made


@handles("numpy.eye", "numpy.identity")
def identity(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """One row a class with a single 1."""
    rows, columns = arguments.get(0, "N", "n"), arguments.get(1, "M") if path.parts[-1] == "eye" else None
    columns = columns if columns is not None else rows
    shape = (rows if isinstance(rows, int) else UNKNOWN, columns if isinstance(columns, int) else UNKNOWN)
    return ev.array(arguments.node, origin="eye", shape=shape, minimum=0, maximum=1, dtype="float64")


@handles("numpy.random.randint", "numpy.random.random_integers")
def random_integers(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Whole numbers from `low` to below `high`."""
    low, high = arguments.get(0, "low"), arguments.get(1, "high")
    if high is None:
        low, high = 0, low
    size = arguments.get(2, "size")
    if size is None:
        return ev.unknown("random number")
    above = 0 if path.parts[-1] == "random_integers" else 1
    return ev.array(
        arguments.node,
        shape=shape_fact(to_value(size)),
        minimum=low if isinstance(low, int) else UNKNOWN,
        maximum=high - above if isinstance(high, int) else UNKNOWN,
        dtype="int64",
        origin="random",
        order=Order.SHUFFLED,
    )


def _ends(name: str, arguments: Arguments) -> tuple[float | Unknown, float | Unknown]:
    """The range of the values that a function draws."""
    if name == "uniform":
        low, high = arguments.get(0, "low", default=0.0), arguments.get(1, "high", default=1.0)
        if isinstance(low, (int, float)) and isinstance(high, (int, float)):
            return float(low), float(high)
        return UNKNOWN, UNKNOWN
    return (UNKNOWN, UNKNOWN) if "normal" in name or name == "randn" else (0.0, 1.0)


@handles(
    "numpy.random.random",
    "numpy.random.random_sample",
    "numpy.random.ranf",
    "numpy.random.sample",
    "numpy.random.rand",
    "numpy.random.randn",
    "numpy.random.standard_normal",
    "numpy.random.normal",
    "numpy.random.uniform",
)
def random_numbers(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Numbers of an interval, or of a normal distribution."""
    name = path.parts[-1]
    if name in {"rand", "randn"}:
        size: object = tuple(arguments.positional)
    else:
        size = arguments.get(2 if name in {"normal", "uniform"} else 0, "size")
    if size is None or size == ():
        return ev.unknown("random number")
    low, high = _ends(name, arguments)
    shape = shape_fact(to_value(size))
    return ev.array(
        arguments.node, shape=shape, minimum=low, maximum=high, dtype="float64", encoding=Encoding.CONTINUOUS,
        origin="random", order=Order.SHUFFLED,
    )  # fmt: skip


@handles("numpy.linspace", "tensorflow.linspace")
def linspace(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Even steps between two numbers."""
    start, stop, count = arguments.get(0, "start"), arguments.get(1, "stop"), arguments.get(2, "num", default=50)
    shape: Shape = (count if isinstance(count, int) else UNKNOWN,)
    made = ev.array(
        arguments.node,
        shape=shape,
        dtype="float64",
        encoding=Encoding.CONTINUOUS,
        origin="linspace",
        order=Order.SORTED,
    )
    if isinstance(start, (int, float)) and isinstance(stop, (int, float)):
        made.data = replace(made.data, minimum=min(start, stop), maximum=max(start, stop))
    return made


@handles(
    "numpy.power",
    "numpy.square",
    "numpy.exp",
    "numpy.sin",
    "numpy.cos",
    "numpy.tan",
    "numpy.log1p",
    "numpy.log10",
    "numpy.sinh",
    "numpy.cosh",
)
def number_by_number(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A function of each value: the rows stay, the range does not."""
    array = arguments.get(0, "x", "x1")
    if not isinstance(array, ArrayValue):
        return numpy_call(ev, path, arguments)
    name = path.parts[-1]
    low: float | Unknown = -1.0 if name in {"sin", "cos"} else 0.0 if name in {"square", "sqrt", "exp"} else UNKNOWN
    return ev.stepped(
        array,
        StepKind.TRANSFORMED,
        arguments.node,
        name,
        minimum=low,
        maximum=1.0 if name in {"sin", "cos"} else UNKNOWN,
        encoding=Encoding.CONTINUOUS,
        dtype="float64",
    )


@handles("tensorflow.one_hot", "keras.ops.one_hot", "keras.backend.one_hot")
def one_hot(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Class indices to one-hot rows."""
    labels, classes = (
        arguments.get(0, "indices", "x"),
        arguments.get(1, "depth", "num_classes"),
    )
    tensors = ev.tensors_in([labels])
    if tensors and arguments.node is not None:
        return ev.opaque_call("one_hot", tensors, arguments.node)
    width = classes if isinstance(classes, int) else UNKNOWN
    if not isinstance(labels, ArrayValue):
        return ev.array(arguments.node, encoding=Encoding.ONE_HOT, labels=True)
    rows = labels.data.shape
    shape: Shape = UNKNOWN if isinstance(rows, Unknown) else (*rows, width)
    return ev.stepped(
        labels,
        StepKind.ENCODED,
        arguments.node,
        "one_hot",
        encoding=Encoding.ONE_HOT,
        shape=shape,
        labels=True,
        dtype="float32",
        minimum=0,
        maximum=1,
    )
