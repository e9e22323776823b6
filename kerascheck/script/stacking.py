"""What is known of rows that stand one after the other: lists of rows, and arrays that are joined."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from kerascheck.facts.data import DataArray, Encoding, Order, Role, Step
from kerascheck.facts.values import UNKNOWN, Dim, Unknown
from kerascheck.script.rounds import LoopRun
from kerascheck.script.values import ArrayValue, ListValue
from kerascheck.script.walking import loaded_names, stored_names

BLOCK_LIMIT = 100
HISTORY = 100
"""The most steps of one array that are looked for among those of another."""

T = TypeVar("T")


def agreed(values: Sequence[T], otherwise: T) -> T:
    """The value that all have, or else `otherwise`."""
    return values[0] if values and all(value == values[0] for value in values) else otherwise


def steps_of(data: Sequence[DataArray]) -> tuple[Step, ...]:
    """Everything that was done to any of the arrays, in order, each thing once."""
    found = list(data[0].history)
    for array in data[1:]:
        if array.history is not data[0].history:
            # Mostly the arrays share the steps themselves; to compare two by their fields takes long.
            known = set(map(id, found))
            new = [step for step in array.history if id(step) not in known]
            found += [step for step in new[:HISTORY] if step not in found]
    return tuple(found)


def joined_facts(parts: Sequence[ArrayValue]) -> dict[str, object]:
    """The facts of arrays whose rows are joined, but for the rows themselves."""
    data = [part.data for part in parts]
    constants = [part.constant for part in parts]
    plain = all(isinstance(value, (int, float, str)) for value in constants)
    blocks = plain and len(set(map(str, constants))) > 1
    return {
        # A chain of thousands of joins would keep all arrays of the program.
        "parts": tuple(data) if all(len(array.history) < HISTORY for array in data) else (),
        "shape": _joined_shape(data),
        "history": steps_of(data),
        "order": Order.SORTED if blocks else _joined_order(data),
        "labels": blocks or all(array.labels for array in data),
        "role": agreed([array.role for array in data], _role_of_several(data)),
        "dtype": agreed([array.dtype for array in data], UNKNOWN),
        "encoding": agreed([array.encoding for array in data], Encoding.UNKNOWN),
        "classes": agreed([array.classes for array in data], UNKNOWN),
        "minimum": _extreme([array.minimum for array in data], lowest=True),
        "maximum": _extreme([array.maximum for array in data], lowest=False),
        "columns": agreed([array.columns for array in data], ()),
        "container": agreed([array.container for array in data], ""),
        "path": agreed([array.path for array in data], ""),
    }


def _extreme(values: Sequence[float | Unknown], *, lowest: bool) -> float | Unknown:
    known = [value for value in values if not isinstance(value, Unknown)]
    if len(known) < len(values) or not known:
        return UNKNOWN
    return min(known) if lowest else max(known)


def _joined_shape(data: Sequence[DataArray]) -> object:
    shapes = [array.shape for array in data if not isinstance(array.shape, Unknown) and array.shape]
    if len(shapes) < len(data):
        return UNKNOWN
    inner = {shape[1:] for shape in shapes}
    if len(inner) > 1:
        return UNKNOWN
    counts = [shape[0] for shape in shapes]
    known = [count for count in counts if isinstance(count, int)]
    total: Dim = sum(known) if len(known) == len(counts) else UNKNOWN
    return (total, *inner.pop())


def _joined_order(data: Sequence[DataArray]) -> Order:
    """Parts of one data set stay as mixed as they were; parts from several places are not."""
    order = agreed([array.order for array in data], Order.UNKNOWN)
    if order is Order.SHUFFLED and any(array.role is Role.UNKNOWN for array in data):
        return Order.UNKNOWN
    return order if order is not Order.SORTED or agreed([array.labels for array in data], False) else Order.UNKNOWN


def _role_of_several(data: Sequence[DataArray]) -> Role:
    return Role.WHOLE if any(array.role is not Role.UNKNOWN for array in data) else Role.UNKNOWN


def row_facts(value: ListValue) -> dict[str, object]:
    """Shape, type and range of the values of a list, and what its rows have in common."""
    arrays = [item for item in value.items if isinstance(item, ArrayValue)]
    numbers = [item for item in value.items if isinstance(item, (bool, int, float))]
    count: Dim = len(value.items) if value.whole else UNKNOWN
    facts: dict[str, object] = {"container": "list"}
    if arrays:
        facts |= common_facts([array.data for array in arrays])
        shape = agreed([array.data.shape for array in arrays], UNKNOWN)
        if len(arrays) == len(value.items) and not isinstance(shape, Unknown):
            facts["shape"] = (count, *shape)
        if shape != ():
            # Each may be the data of one input.
            facts["container"] = "arrays"
    elif value.items and len(numbers) == len(value.items):
        facts |= {"shape": (count,), "minimum": min(numbers), "maximum": max(numbers)}
        facts["dtype"] = "int64" if all(isinstance(number, int) for number in numbers) else "float64"
        if value.whole and has_blocks(numbers):
            facts["order"] = Order.SORTED
        if not value.whole:
            facts |= {"minimum": UNKNOWN, "maximum": UNKNOWN}
    elif value.items and all(isinstance(item, str) for item in value.items):
        facts |= {"shape": (count,), "dtype": "str"}
    return facts


def common_facts(data: Sequence[DataArray]) -> dict[str, object]:
    """What all rows of a list have in common."""
    return {
        "dtype": agreed([array.dtype for array in data], UNKNOWN),
        "minimum": _extreme([array.minimum for array in data], lowest=True),
        "maximum": _extreme([array.maximum for array in data], lowest=False),
        "role": agreed([array.role for array in data], Role.UNKNOWN),
        "fold": any(array.fold for array in data),
        "encoding": agreed([array.encoding for array in data], Encoding.UNKNOWN),
        "history": steps_of(data),
        "of": agreed([array.of for array in data], None),
        "prediction": agreed([array.prediction for array in data], None),
    }


def has_blocks(numbers: Sequence[float]) -> bool:
    """Whether a list of labels has its classes one after the other, several rows of each."""
    changes = sum(first != second for first, second in pairwise(numbers))
    classes = len(set(numbers))
    return 1 < classes <= BLOCK_LIMIT and changes == classes - 1 and len(numbers) >= 4 * classes


def grown_in_blocks(value: ListValue) -> bool:
    """Whether equal values were appended block after block: each is constant within the inner loop that appends it, and
    changes from one run of that loop to the next."""
    for growth in value.growth:
        if growth.run is None or not growth.run.once or growth.node is None:
            return False
        if names_in(growth.node) & stored_in(growth.run.node):
            return False
    runs = {growth.run.key for growth in value.growth if growth.run is not None}
    if len(runs) > 1:
        values = [item for item in value.items if isinstance(item, (bool, int, float, str))]
        return len(runs) == len(value.growth) and (not values or len(set(values)) > 1)
    return len(value.growth) == 1 and _follows_outer_loop(value.growth[0].run, value.growth[0].node)


def _follows_outer_loop(run: LoopRun | None, node: ast.expr | None) -> bool:
    outer = run.parent if run is not None else None
    return outer is not None and outer.once and node is not None and bool(names_in(node) & stored_in(outer.node))


def names_in(node: ast.AST) -> frozenset[str]:
    """The names that an expression reads."""
    return loaded_names(node)


def stored_in(node: ast.AST) -> frozenset[str]:
    """The names that a loop binds."""
    return stored_names(node)
