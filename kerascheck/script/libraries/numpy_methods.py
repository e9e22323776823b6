"""Methods of numpy arrays, which lists that are data and frames share."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerascheck.facts.data import Order, StepKind
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.handlers import array_method
from kerascheck.script.libraries.numpy import from_rows, squeezed, transposed
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, ArrayValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@array_method("mean", "std", "var", "min", "max", "median", "quantile")
def statistic(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """A number, or one a column, learned from all rows."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "mean"
    per_row = arguments.get(0, "axis") in (1, -1)
    return ev.derive(array, shape=UNKNOWN) if per_row else ev.statistic(array, name, node)


@array_method("reshape")
def reshape_method(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    parts = arguments.positional
    shape = parts[0] if len(parts) == 1 else tuple(parts)
    return ev.reshaped(array, shape, node)


@array_method("astype", "view", "type")
def astype(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Another type of number."""
    given = arguments.get(0, "dtype")
    dtype = to_value(given) if not isinstance(given, Path) else given.parts[-1]
    name = {"int": "int64", "float": "float64"}.get(str(dtype), dtype)
    found = ev.stepped(array, StepKind.TRANSFORMED, node, "astype", dtype=name if isinstance(name, str) else UNKNOWN)
    found.positions, found.constant = array.positions, array.constant
    return found


@array_method(
    "copy",
    "to_numpy",
    "toarray",
    "todense",
    "numpy",
    "as_matrix",
    "get_values",
    "tocsr",
    "ravel",
    "flatten",
    "float",
    "detach",
)
def same(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The same values in another container."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    facts: dict[str, object] = {"container": array.data.container if name == "copy" else ""}
    if name in {"ravel", "flatten"} and not isinstance(array.data.shape, Unknown):
        flat = len([size for size in array.data.shape[1:] if size != 1]) == 0
        facts |= {"shape": array.data.shape[:1] if flat else (UNKNOWN,)}
        facts |= {} if flat else {"rows": ev.rows_of(array).within(partial=True)}
    found = ev.derive(array, **facts)
    found.positions, found.constant = array.positions, array.constant
    return found


@array_method("tolist", "to_list")
def to_list(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    # The cells of a column may hold arrays.
    cells = array.data.container and array.data.dtype in (UNKNOWN, "object")
    found = ev.derive(array, container="list", shape=UNKNOWN if cells else array.data.shape)
    found.positions = array.positions
    return found


@array_method("squeeze")
def squeeze_method(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.derive(array, shape=squeezed(array.data.shape))


@array_method("clip", "round", "abs", "cumsum")
def limited(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.derive(array, minimum=UNKNOWN, maximum=UNKNOWN)


@array_method("argmax", "argmin")
def argmax(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return from_rows(ev, array, "argmax", node)


@array_method("transpose", "swapaxes")
def transpose(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The rows stay when the first axis does."""
    axes = arguments.positional[0] if len(arguments.positional) == 1 else tuple(arguments.positional)
    return transposed(ev, array, to_value(axes))


@array_method("sort", "resize", "fill", "partition")
def sort_in_place(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """`array.sort()` reorders the values of each column for itself; a sorted list of file names stays as stored."""
    order = Order.AS_LOADED if array.data.order is Order.AS_LOADED and array.data.container == "list" else Order.UNKNOWN
    ev.changed(array, order=order, arrangement=UNKNOWN)


@array_method(
    "sum",
    "any",
    "all",
    "item",
    "dot",
    "nonzero",
    "size",
    "count",
    "nunique",
    "info",
    "describe",
    "hist",
    "plot",
    "boxplot",
    "value_counts",
    "corr",
    "iteritems",
    "items",
    "close",
    "index",
)
def about(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """A number or a table about the data, which learns nothing that the training uses."""
    return ev.unknown("about data")
