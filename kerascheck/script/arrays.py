"""Operators, attributes and methods of data."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.gathering import is_window
from kerascheck.script.handlers import ARRAY_METHODS, DATASET_METHODS
from kerascheck.script.lineage import ITEM, WINDOW
from kerascheck.script.preprocessing import Preprocessing
from kerascheck.script.stacking import joined_facts, steps_of
from kerascheck.script.values import Arguments, ArrayValue, ClassValue, DictValue, ListValue, MethodValue, Opaque

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

SCALING = frozenset({"divide", "subtract", "multiply"})
LOGICAL = frozenset({"bitwise_and", "bitwise_or", "bitwise_xor"})
LISTS = frozenset({"list", "arrays"})
ACCESSORS = frozenset({"values", "iloc", "loc", "ix", "at", "iat"})
STATISTICS = frozenset({"mean", "std", "var", "min", "max", "median", "quantile", "percentile"})
ABOUT = frozenset(
    {"dtype", "dtypes", "class_indices", "class_names", "samples", "n", "batch_size", "num_classes", "element_spec"}
)
LABELS_OF = frozenset({"classes", "labels", "filenames", "filepaths"})


class Arrays(Preprocessing):
    """Operations on data."""

    def arithmetic(self, node: ast.expr | ast.stmt, name: str, left: object, right: object) -> object:
        """`array op value`: a scaling when the other side is a number or a statistic."""
        if isinstance(left, ArrayValue) and isinstance(right, ArrayValue):
            return self._of_two(node, name, left, right)
        array = left if isinstance(left, ArrayValue) else right
        other = right if array is left else left
        assert isinstance(array, ArrayValue)
        if name == "add" and isinstance(other, (ListValue, tuple)) and array.data.container in LISTS:
            return self.joined_rows([left, right], node)
        number = other if isinstance(other, (int, float)) and not isinstance(other, bool) else None
        swapped = array is right
        low, high = _range_after(array.data, name, number, swapped) if number is not None else (UNKNOWN, UNKNOWN)
        statistic = other.key if isinstance(other, Opaque) and other.origin.startswith("statistic") else None
        if (
            isinstance(other, Opaque)
            and other.origin == "statistic max"
            and name == "divide"
            and array.data.minimum == 0
        ):
            low, high = 0.0, 1.0
        floating = name == "divide" or isinstance(number, float)
        return self.stepped(
            array,
            StepKind.SCALED if name in SCALING else StepKind.TRANSFORMED,
            node,
            name,
            transformer=statistic,
            arguments={"number": number} if number is not None else None,
            minimum=low,
            maximum=high,
            dtype=_floating(array.data.dtype) if floating else array.data.dtype,
            encoding=_encoding_after(array.data.encoding, name, number),
        )

    def _of_two(self, node: ast.expr | ast.stmt, name: str, left: ArrayValue, right: ArrayValue) -> object:
        if name == "add" and left.data.container in LISTS and right.data.container in LISTS:
            return self.joined_rows([left, right], node)
        if name in LOGICAL and left.positions and right.positions:
            first, second = self.rows_of(left), self.rows_of(right)
            if name == "bitwise_and":
                rows = first.within(*second.selection)
            else:
                rows = first.within((self.cut(name, first.selection, second.selection), "in"))
            result = self.derive(left, rows=rows)
            result.positions = True
            return result
        same = left.data.shape == right.data.shape
        statistic = _statistic(right.data)
        result = self.stepped(
            left,
            StepKind.SCALED if name in {"divide", "subtract"} else StepKind.TRANSFORMED,
            node,
            name,
            transformer=statistic,
            minimum=UNKNOWN,
            maximum=UNKNOWN,
            shape=left.data.shape if same or statistic is not None else UNKNOWN,
            dtype=_floating(left.data.dtype) if name == "divide" else left.data.dtype,
            prediction=left.data.prediction if left.data.prediction is not None else right.data.prediction,
        )
        if result.data.prediction is not None and name == "subtract" and isinstance(node, ast.expr):
            self.compared("-", (left, right), node)
        return result

    def array_attribute(self, owner: ArrayValue, name: str, node: ast.expr) -> object:
        """`array.name`."""
        data = owner.data
        if name == "shape":
            return self._shape_of(owner)
        if name == "ndim":
            return len(data.shape) if not isinstance(data.shape, Unknown) else self.unknown(name)
        if name == "size":
            sizes = data.shape if not isinstance(data.shape, Unknown) and len(data.shape) == 1 else (UNKNOWN,)
            return sizes[0] if isinstance(sizes[0], int) else self.unknown(name)
        if name in ACCESSORS:
            return owner if name != "values" or not data.container else self.derive(owner, container="")
        if name == "T":
            shape: Shape = UNKNOWN if isinstance(data.shape, Unknown) else data.shape[::-1]
            return self.derive(owner, rows=None, shape=shape, order=Order.UNKNOWN)
        if name in {"str", "dt", "cat"} and data.container:
            return self.derive(owner, container="accessor")
        if name in {"real", "flat"}:
            return self.derive(owner, rows=None, shape=UNKNOWN)
        if name == "index":
            positions = self.derive(owner, shape=UNKNOWN, dtype="int64", container="", minimum=UNKNOWN, maximum=UNKNOWN)
            positions.positions = True
            return positions
        if name == "columns":
            return ListValue(list(data.columns), bool(data.columns)) if data.columns else self.unknown("columns")
        if name in LABELS_OF and data.kind is DataKind.GENERATOR:
            encoding = Encoding.INTEGER if name in {"classes", "labels"} else Encoding.STRING
            return self.derive(
                owner, kind=DataKind.ARRAY, of=data.key, order=Order.AS_LOADED, encoding=encoding, shape=UNKNOWN,
                dtype=UNKNOWN, elements=(), arrangement=(), name=name,
            )  # fmt: skip
        if name in ABOUT or name in LABELS_OF:
            return self.unknown(f"array.{name}")
        if name in data.columns and name not in ARRAY_METHODS:
            return self._named_column(owner, name, node)
        return MethodValue(owner, name)

    def frame_column(self, method: MethodValue, frame: ArrayValue, node: ast.Attribute) -> object:
        """`frame.name` that is not called: a column, where no method that is known has the name."""
        unnamed = frame.data.container == "frame" and not frame.data.columns and method.name not in ARRAY_METHODS
        return self._named_column(frame, method.name, node) if unnamed else method

    def _named_column(self, frame: ArrayValue, name: str, node: ast.expr) -> ArrayValue:
        shape = _first_axis(frame.data.shape)
        return self.stepped(frame, StepKind.SELECTED, node, "column", columns=(name,), shape=shape, container="series")

    def _shape_of(self, owner: ArrayValue) -> object:
        shape = owner.data.shape
        if isinstance(shape, Unknown):
            return Opaque("shape", self.length_of(owner).key)
        known = self.shape_value(shape)
        if isinstance(known, tuple) and known and isinstance(shape[0], Unknown):
            return (self.length_of(owner), *known[1:])
        return known

    def length_of(self, owner: ArrayValue) -> Opaque:
        """A number of rows that is not known; the same value for the same rows."""
        rows = self.rows_of(owner)
        return Opaque("len", self.cut("length", rows.source, rows.selection))

    def write_into(self, owner: ArrayValue, index: ast.expr, value: object) -> None:
        """`array[index] = value`: what the value has gone through, the array has gone through."""
        history = owner.data.history
        low, high = _range_with(owner, value)
        facts: dict[str, object] = {"minimum": low, "maximum": high}
        if isinstance(value, ArrayValue):
            new = tuple(step for step in value.data.history if step not in history)
            facts["history"] = (*history, *new)
            facts |= self._filled(owner, index, value)
        key = self.evaluate(index) if not isinstance(index, (ast.Slice, ast.Tuple)) else None
        if isinstance(key, str) and owner.data.columns and key not in owner.data.columns:
            facts["columns"] = (*owner.data.columns, key)
            facts["shape"] = (_first_axis(owner.data.shape)[0], len(owner.data.columns) + 1)
        if isinstance(key, int) and isinstance(value, (int, float)) and isinstance(owner.constant, (int, float)):
            facts["order"] = Order.UNKNOWN
        if isinstance(index, ast.Slice) and isinstance(value, (int, float, str)) and not isinstance(value, bool):
            facts |= _block(owner, value)
        owner.constant = None
        self.changed(owner, **facts)

    def _filled(self, owner: ArrayValue, index: ast.expr, value: ArrayValue) -> dict[str, object]:
        """`windows[i] = series[i : i + 10]` in a loop over i: the rows of an empty array come from another."""
        rows = value.data.rows
        made = not owner.data.history or owner.data.step(StepKind.LOADED) is None
        if rows is None or not made or not self.varies(index):
            return {}
        found = tuple(condition for condition in rows.selection if condition[1] not in (ITEM, WINDOW))
        order = Order.TEMPORAL if is_window(value.data) else Order.UNKNOWN
        return {
            "rows": Rows(rows.source, found, True),
            "order": order,
            "role": value.data.role,
            "fold": value.data.fold,
        }

    def forget_order(self, owner: ArrayValue) -> None:
        """An unknown function may have reordered the rows."""
        self.changed(owner, order=Order.UNKNOWN, arrangement=UNKNOWN)

    def data_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """A method of data, containers, text and preprocessing objects."""
        if isinstance(subject, ArrayValue):
            return self._array_method(subject, name, arguments, node)
        if isinstance(subject, (ListValue, DictValue)):
            return self.container_method(subject, name, arguments)
        if isinstance(subject, str):
            return self.text_method(subject, name, arguments)
        if isinstance(subject, (Opaque, ClassValue)):
            return self.unknown_call(subject, arguments, node)
        return self.preprocessing_method(subject, name, arguments, node)

    def _array_method(self, array: ArrayValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        table = DATASET_METHODS if array.data.kind is DataKind.DATASET else ARRAY_METHODS
        handler = table.get(name)
        if handler is not None:
            return handler(cast("Evaluator", self), array, arguments, node)
        if array.data.kind is not DataKind.ARRAY:
            return self.unknown(f"data.{name}")
        if array.data.container == "accessor":
            return self.derive(array, container="series", dtype=UNKNOWN)
        return self.derive(
            array,
            rows=self.rows_of(array).within(partial=True),
            order=Order.UNKNOWN,
            arrangement=UNKNOWN,
            shape=UNKNOWN,
            minimum=UNKNOWN,
            maximum=UNKNOWN,
            encoding=Encoding.UNKNOWN,
            dtype=UNKNOWN,
            columns=(),
            role=array.data.role,
        )

    def statistic(self, array: ArrayValue, name: str, node: ast.expr) -> object:
        """A number, or one number a column, that is learned from all rows."""
        key = next(self.keys)
        self.rows_of(array)
        self.fitted(name, key, name, array.data, node)
        return Opaque(f"statistic {name}", key)

    def reshaped(self, array: ArrayValue, shape: object, node: ast.expr) -> ArrayValue:
        """`array.reshape(shape)`: the rows stay when the first axis does."""
        items = shape.items if isinstance(shape, ListValue) else list(shape) if isinstance(shape, tuple) else [shape]
        dims: list[Dim] = [item if isinstance(item, int) and item >= 0 else UNKNOWN for item in items]
        old = array.data.shape
        count = old[0] if not isinstance(old, Unknown) and old else UNKNOWN
        first = items[0] if items else None
        length = self.length_of(array).key
        kept = (isinstance(first, Opaque) and first.key == length) or (isinstance(count, int) and first == count)
        known = 1
        for dim in dims[1:]:
            known = known * dim if isinstance(dim, int) and isinstance(known, int) else UNKNOWN
        if not isinstance(old, Unknown) and old and all(isinstance(dim, int) for dim in old):
            dims = _settled(dims, items, old)
            kept = kept or dims[:1] == [count]
        elif dims and dims.count(UNKNOWN) == 1 and isinstance(dims[0], Unknown) and _per_row(old) == known:
            kept, dims = True, [count, *dims[1:]]
        # A single value that is not known may be a whole shape.
        vague = len(items) == 1 and not isinstance(first, int) and not kept
        facts: dict[str, object] = {"shape": UNKNOWN if vague else tuple(dims)}
        if not kept and not (dims and isinstance(dims[0], Unknown)) and dims[:1] != [count]:
            facts |= {"rows": self.rows_of(array).within(partial=True)}
        return self.stepped(array, StepKind.RESHAPED, node, "reshape", **facts)

    def constant_rows(self, value: object, count: Opaque, node: ast.expr | ast.stmt) -> ArrayValue:
        """`[value] * count` with a count that is not known."""
        found = self.array(
            node, container="list", shape=(UNKNOWN,), rows=Rows(self.cut("repeated", count.key, self.place(node)))
        )
        found.constant = value if isinstance(value, (int, float, str)) else getattr(value, "key", None)
        return found

    def joined_rows(self, values: Sequence[object], node: ast.AST | None) -> ArrayValue:
        """The rows of several arrays one after the other."""
        parts = [found for value in values if (found := self.as_array(value, node)) is not None]
        place = node if isinstance(node, (ast.expr, ast.stmt)) else None
        if not parts:
            return self.array(place)
        rows = [self.rows_of(part) for part in parts]
        if len(parts) < len(values):
            return self.array(place, history=steps_of([part.data for part in parts]))
        if len(parts) == 1:
            return self.derive(parts[0])
        if place is not None:
            step = Step(StepKind.JOINED, self.place(place), "joined")
            parts = [
                ArrayValue(replace(part.data, history=(*part.data.history, step)), constant=part.constant)
                for part in parts
            ]
        source = self.cut("joined", tuple((each.source, each.selection) for each in rows))
        arrangement = tuple(part.data.arrangement for part in parts)
        key = self.cut("joined in order", arrangement) if any(arrangement) else None
        return self.array(place, rows=Rows(source), arrangement=() if key is None else (key,), **joined_facts(parts))


def _range_with(owner: ArrayValue, value: object) -> tuple[float | Unknown, float | Unknown]:
    """The range of an array of one value once others are written into a part of it; later writes may cover these."""
    start = owner.constant
    low, high = (value.data.minimum, value.data.maximum) if isinstance(value, ArrayValue) else (value, value)
    numbers = [end for end in (start, low, high) if isinstance(end, (int, float)) and not isinstance(end, bool)]
    return (min(numbers), max(numbers)) if len(numbers) == 3 else (UNKNOWN, UNKNOWN)


def _block(owner: ArrayValue, value: object) -> dict[str, object]:
    """`labels[202:404] = 1`: a block of one class in an array of another."""
    filled = owner.data.origin == "blocks" or (owner.constant is not None and owner.constant != value)
    flat = isinstance(owner.data.shape, Unknown) or len(owner.data.shape) == 1
    return {"order": Order.SORTED, "labels": True, "origin": "blocks"} if filled and flat else {}


def _range_after(data: DataArray, name: str, number: float, swapped: bool) -> tuple[float | Unknown, float | Unknown]:
    """The range of the values after an operation with a number, which stands on the left when `swapped`."""
    if isinstance(data.minimum, Unknown) or isinstance(data.maximum, Unknown):
        return UNKNOWN, UNKNOWN
    ends = (float(data.minimum), float(data.maximum))
    match name:
        case "divide" if number != 0 and not swapped:
            found = [end / number for end in ends]
        case "multiply":
            found = [end * number for end in ends]
        case "subtract":
            found = [number - end if swapped else end - number for end in ends]
        case "add":
            found = [end + number for end in ends]
        case _:
            return UNKNOWN, UNKNOWN
    return min(found), max(found)


def _statistic(data: DataArray) -> int | None:
    """The key of the statistic that an array of numbers, one a column, was made from."""
    step = data.history[-1] if data.history else None
    return step.transformer if step is not None and step.by.startswith("statistic") else None


def _floating(dtype: str | Unknown) -> str | Unknown:
    if isinstance(dtype, Unknown):
        return UNKNOWN
    return dtype if dtype.startswith(("float", "bfloat")) else "float64"


def _encoding_after(encoding: Encoding, name: str, number: float | None) -> Encoding:
    """Class indices stay class indices when a whole number is added or taken away."""
    if encoding is Encoding.INTEGER and name in {"add", "subtract"} and isinstance(number, int):
        return encoding
    if encoding is Encoding.INTEGER and name == "divide":
        return Encoding.CONTINUOUS
    return Encoding.UNKNOWN if encoding in (Encoding.INTEGER, Encoding.STRING) else encoding


def _first_axis(shape: Shape) -> tuple[Dim, ...]:
    return (UNKNOWN,) if isinstance(shape, Unknown) or not shape else (shape[0],)


def _per_row(shape: Shape) -> Dim:
    """How many values a row has."""
    if isinstance(shape, Unknown):
        return UNKNOWN
    count = 1
    for size in shape[1:]:
        if not isinstance(size, int):
            return UNKNOWN
        count *= size
    return count


def _settled(dims: list[Dim], items: Sequence[object], old: tuple[Dim, ...]) -> list[Dim]:
    """The sizes of a reshape with -1 or one unknown axis filled in from the count of values."""
    open_axes = [index for index, dim in enumerate(dims) if not isinstance(dim, int)]
    total = (_per_row(old), old[0])
    if len(open_axes) != 1 or not all(isinstance(size, int) for size in total):
        return dims
    values = math.prod(size for size in total if isinstance(size, int))
    known = math.prod(dim for dim in dims if isinstance(dim, int))
    if known == 0 or values % known or items[open_axes[0]] is None:
        return dims
    return [*dims[: open_axes[0]], values // known, *dims[open_axes[0] + 1 :]]
