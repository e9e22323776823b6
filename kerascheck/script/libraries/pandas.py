"""pandas: frames read, joined, filtered, sorted and drawn from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import Encoding, Order, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.arrays import LISTS
from kerascheck.script.handlers import array_method, handles, library
from kerascheck.script.libraries.files import text_of_path
from kerascheck.script.machine import to_value
from kerascheck.script.roles import role_of_path
from kerascheck.script.values import Arguments, ArrayValue, DictValue, ListValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

READERS = ("read_csv", "read_excel", "read_parquet", "read_table", "read_json", "read_pickle", "read_hdf", "read_feather",
           "read_sql", "read_fwf", "read_sas", "read_stata")  # fmt: skip
DATES = frozenset({"date", "datetime", "timestamp", "time", "day", "month", "year"})


@library("pandas")
def pandas_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any other pandas function: data of the same rows as its first argument, or nothing known."""
    name, first = path.parts[-1], arguments.get(0, "arg", "x", "data")
    if name in {"to_numeric", "to_datetime", "cut", "qcut", "Categorical", "factorize"} and isinstance(
        first, ArrayValue
    ):
        found = ev.stepped(
            first, StepKind.TRANSFORMED, arguments.node, name, dtype=UNKNOWN, minimum=UNKNOWN, maximum=UNKNOWN
        )
        return found if name != "factorize" else (found, ev.unknown("factorize"))
    return ev.unknown(path.dotted)


@handles(*(f"pandas.{name}" for name in READERS))
def read_table(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows of a file in the file's order."""
    node, name = arguments.node, path.parts[-1]
    text = text_of_path(arguments.get(0, "filepath_or_buffer", "io", "path", "path_or_buf"))
    names = to_value(arguments.get(None, "usecols", default=arguments.get(None, "names")))
    columns = names if isinstance(names, tuple) and all(isinstance(item, str) for item in names) else ()
    dated = arguments.get(None, "parse_dates") not in (None, False) and arguments.get(None, "index_col") is not None
    return ev.array(
        node,
        origin=name,
        order=Order.TEMPORAL if dated else Order.AS_LOADED,
        role=role_of_path(text),
        path=text,
        rows=Rows(next(ev.keys)),
        shape=(UNKNOWN, len(columns) if columns else UNKNOWN),
        columns=columns,
        container="frame",
        history=(Step(StepKind.LOADED, ev.place(node), name),) if node is not None else (),
    )


@handles("pandas.DataFrame", "pandas.Series")
def data_frame(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A frame around other data."""
    first = arguments.get(0, "data")
    container = "series" if path.parts[-1] == "Series" else "frame"
    array = ev.as_array(first, arguments.node)
    columns = _strings(arguments.get(2, "columns"))
    if array is not None:
        rank = 1 if container == "series" else 2
        shape = array.data.shape
        kept: Shape = shape if not isinstance(shape, Unknown) and len(shape) == rank else UNKNOWN
        return ev.derive(array, container=container, columns=columns, shape=kept)
    if isinstance(first, DictValue) and first.whole:
        return _frame_of_columns(ev, first, arguments)
    return ev.array(arguments.node, container=container, columns=columns, shape=(UNKNOWN, len(columns) or UNKNOWN))


def _frame_of_columns(ev: Evaluator, entries: DictValue, arguments: Arguments) -> ArrayValue:
    """`DataFrame({"file": names, "class": predictions})`."""
    arrays = [found for value in entries.items.values() if (found := ev.as_array(value)) is not None]
    columns = tuple(name for name in entries.items if isinstance(name, str))
    if arguments.node is not None:
        ev.compared("DataFrame", arrays, arguments.node)
    rows = ev.rows_of(arrays[0]) if arrays else Rows(next(ev.keys))
    facts: dict[str, object] = {"order": arrays[0].data.order, "role": arrays[0].data.role} if arrays else {}
    count = arrays[0].data.shape[:1] if arrays and not isinstance(arrays[0].data.shape, Unknown) else (UNKNOWN,)
    return ev.array(
        arguments.node, container="frame", columns=columns, rows=rows, shape=(*count, len(columns)), **facts
    )


def _strings(value: object) -> tuple[str, ...]:
    plain = to_value(value)
    items = plain if isinstance(plain, tuple) else (plain,)
    return (
        tuple(item for item in items if isinstance(item, str)) if all(isinstance(item, str) for item in items) else ()
    )


@handles("pandas.concat")
def concat(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Frames one below the other, or side by side."""
    first, axis = arguments.get(0, "objs"), arguments.get(1, "axis", default=0)
    values = ev.iterate(first)
    if values is None or not values:
        found = ev.gathered(first, arguments.node) if isinstance(first, ListValue) else None
        return ev.derive(found, shape=UNKNOWN, container="frame") if found is not None else ev.array(arguments.node)
    if axis in (1, "columns"):
        arrays = [value for value in values if isinstance(value, ArrayValue)]
        if not arrays:
            return ev.array(arguments.node, container="frame")
        steps = tuple(dict.fromkeys(id(step) for array in arrays for step in array.data.history))
        history = [step for array in arrays for step in array.data.history]
        unique = tuple(next(step for step in history if id(step) == key) for key in steps)
        return ev.derive(arrays[0], shape=UNKNOWN, columns=(), history=unique, container="frame")
    return ev.joined_rows(values, arguments.node)


@array_method("append")
def append(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """`frame.append(other)`, or `names.append(name)` for a list."""
    if array.data.container in LISTS:
        ev.changed(array, shape=UNKNOWN)
        return None
    return ev.joined_rows([array, arguments.get(0, "other")], node)


@handles("pandas.get_dummies")
def get_dummies(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Stateless one-hot columns."""
    first = ev.as_array(arguments.get(0, "data"), arguments.node)
    if first is None:
        return ev.array(arguments.node, container="frame")
    single = first.data.container != "frame" and not arguments.has(None, "columns")
    count = first.data.shape[:1] if not isinstance(first.data.shape, Unknown) else (UNKNOWN,)
    return ev.stepped(
        first,
        StepKind.ENCODED if single else StepKind.TRANSFORMED,
        arguments.node,
        "get_dummies",
        shape=(*count, UNKNOWN),
        columns=(),
        container="frame",
        encoding=Encoding.ONE_HOT if single else Encoding.UNKNOWN,
    )


def in_place(ev: Evaluator, array: ArrayValue, result: ArrayValue, arguments: Arguments) -> object:
    """The result of a method, or None when it changes the frame itself."""
    if arguments.get(None, "inplace") is not True:
        return result
    called = arguments.node.func if arguments.node is not None else None
    column = called.value if isinstance(called, ast.Attribute) else None
    if isinstance(column, ast.Subscript):
        # `frame["age"].fillna(0, inplace=True)` changes the frame.
        owner = ev.evaluate(column.value)
        if isinstance(owner, ArrayValue):
            ev.write_into(owner, column.slice, result)
    ev.changed(
        array,
        **{
            name: getattr(result.data, name)
            for name in (
                "rows",
                "shape",
                "order",
                "history",
                "columns",
                "arrangement",
                "minimum",
                "maximum",
                "encoding",
                "dtype",
            )
        },
    )
    return None


@array_method("drop")
def drop(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Columns or rows left out."""
    labels = arguments.get(0, "labels")
    if isinstance(labels, ArrayValue) and labels.positions and not arguments.has(1, "axis"):
        return in_place(ev, array, _complement(ev, array, labels, node), arguments)
    by_rows = arguments.has(None, "index") or (
        not arguments.has(None, "columns") and arguments.get(1, "axis", default=0) in (0, "index", "rows")
    )
    if by_rows:
        rows = ev.rows_of(array).within((ev.cut("dropped", next(ev.keys)), "in"))
        return in_place(
            ev,
            array,
            ev.stepped(array, StepKind.SELECTED, node, "drop", rows=rows, shape=_uncounted(array.data.shape)),
            arguments,
        )
    dropped = set(_strings(arguments.get(None, "columns", default=labels)))
    columns = tuple(name for name in array.data.columns if name not in dropped) if dropped else ()
    count = array.data.shape[0] if not isinstance(array.data.shape, Unknown) and array.data.shape else UNKNOWN
    shape: Shape = (count, len(columns) if columns else UNKNOWN)
    result = ev.stepped(
        array, StepKind.SELECTED, node, "drop", shape=shape, columns=columns, minimum=UNKNOWN, maximum=UNKNOWN
    )
    return in_place(ev, array, result, arguments)


def _complement(ev: Evaluator, array: ArrayValue, labels: ArrayValue, node: ast.expr) -> ArrayValue:
    """`frame.drop(sample.index)`: the rows that the sample left."""
    rows, chosen = ev.rows_of(array), ev.rows_of(labels)
    further = [condition for condition in chosen.selection if condition not in rows.selection]
    if chosen.source != rows.source or len(further) != 1 or chosen.partial:
        found = rows.within((ev.cut("dropped", labels.data.key), "in"))
        return ev.stepped(array, StepKind.SELECTED, node, "drop", rows=found, shape=_uncounted(array.data.shape))
    (cut, part) = further[0]
    other = "out" if part == "in" else "in"
    result = ev.stepped(
        array, StepKind.SPLIT, node, "drop", rows=rows.within((cut, other)), shape=_uncounted(array.data.shape)
    )
    ev.side(cut, "sample", array.data, labels.data, node)
    ev.side(cut, "sample", array.data, result.data, node)
    return result


def _uncounted(shape: Shape) -> Shape:
    return UNKNOWN if isinstance(shape, Unknown) else (UNKNOWN, *shape[1:])


@array_method("pop")
def pop(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """A column, which leaves the frame."""
    name = arguments.get(0, "item")
    if not isinstance(name, str):
        ev.changed(array, shape=UNKNOWN)
        return ev.unknown("popped")
    count = array.data.shape[:1] if not isinstance(array.data.shape, Unknown) else (UNKNOWN,)
    column = ev.stepped(
        array, StepKind.SELECTED, node, "column", columns=(name,), shape=count, container="series", dtype=UNKNOWN
    )
    rest = tuple(each for each in array.data.columns if each != name)
    width: Dim = len(rest) if rest else UNKNOWN
    if (
        not isinstance(array.data.shape, Unknown)
        and len(array.data.shape) == 2
        and isinstance(array.data.shape[1], int)
    ):
        width = array.data.shape[1] - 1
    ev.changed(array, columns=rest, shape=(*count, width))
    return column


@array_method("dropna", "drop_duplicates", "query", "nlargest", "nsmallest", "between_time")
def filtered(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Some of the rows."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "filter"
    rows = ev.rows_of(array)
    cut = ev.cut("filtered", name, rows.source, rows.selection, ev.place(node))
    shape = _uncounted(array.data.shape)
    if name == "dropna" and arguments.get(0, "axis", default=0) in (1, "columns"):
        return in_place(
            ev,
            array,
            ev.derive(array, shape=(*shape[:1], UNKNOWN) if not isinstance(shape, Unknown) else UNKNOWN, columns=()),
            arguments,
        )
    return in_place(
        ev,
        array,
        ev.stepped(array, StepKind.SELECTED, node, name, rows=rows.within((cut, "in")), shape=shape),
        arguments,
    )


@array_method("fillna", "ffill", "bfill", "interpolate", "replace", "rename", "reset_index", "set_index", "clip_upper", "map", "apply",
              "applymap", "where", "mask", "transform", "rolling", "shift", "diff", "pct_change", "assign", "sort_index",
              "to_frame", "infer_objects", "convert_dtypes", "set_axis", "add", "sub", "div", "mul", "isin", "isnull", "isna", "notnull",
              "reindex", "filter", "select_dtypes", "ewm", "stack", "unstack", "melt", "join", "merge", "insert")  # fmt: skip
def same_rows(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Other values or columns for the same rows."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "apply"
    filling = arguments.get(0, "value")
    if name in {"apply", "map", "transform"} and arguments.positional:
        _apply(ev, array, arguments, node)
    facts: dict[str, object] = {"minimum": UNKNOWN, "maximum": UNKNOWN, "dtype": UNKNOWN}
    facts |= {"encoding": Encoding.UNKNOWN} if name in {"map", "replace", "apply"} else {}
    if name in {"set_index", "sort_index"} and _is_date(arguments.get(0, "keys")):
        facts["order"] = Order.TEMPORAL
    if name in {"isin", "isnull", "isna", "notnull"}:
        return ev.mask(node, name, array, arguments.get(0, "values"))
    if name not in {
        "fillna",
        "ffill",
        "bfill",
        "interpolate",
        "replace",
        "reset_index",
        "apply",
        "map",
        "clip_upper",
        "transform",
    }:
        facts |= {"shape": _unsized(array.data.shape), "columns": ()}
    if name in {"stack", "unstack", "melt", "merge", "reindex"}:
        facts["rows"] = Rows(next(ev.keys))
    if name == "rename":
        facts = {"columns": ()}
    if isinstance(filling, Opaque) and filling.origin.startswith("statistic"):
        facts["transformer"] = filling.key
    return in_place(ev, array, ev.stepped(array, StepKind.TRANSFORMED, node, name, **facts), arguments)


def _unsized(shape: Shape) -> Shape:
    return UNKNOWN if isinstance(shape, Unknown) or not shape else (shape[0], *(UNKNOWN for _ in shape[1:]))


def _apply(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> None:
    """Run the function once on one value, for what it does beside its result."""
    function = arguments.positional[0]
    if not isinstance(function, (Opaque, DictValue, ListValue, Path, ArrayValue)):
        ev.apply(function, Arguments([ev.part_of(array)], {}, None), node)


def _is_date(value: object) -> bool:
    plain = to_value(value)
    names = plain if isinstance(plain, tuple) else (plain,)
    return any(isinstance(name, str) and name.lower() in DATES for name in names)


@array_method("sample")
def sample(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Rows drawn at random: all of them in a new order, some, or some several times."""
    count, share = arguments.get(0, "n"), arguments.get(1, "frac")
    seed, replaced = arguments.get(None, "random_state"), arguments.get(2, "replace") is True
    key = ev.draw("numpy", "sample", share, seed=seed)
    found = ev.shuffled(array, key, node, "sample")
    if replaced:
        step = Step(StepKind.RESAMPLED, ev.place(node), "sample")
        found.data = replace(
            found.data, history=(*found.data.history, step), rows=ev.rows_of(array).within(partial=True)
        )
    elif share not in (1, 1.0) and not _is_length(ev, count, array):
        found.data = replace(found.data, rows=ev.drawn(array, key, "in"))
    else:
        return found
    found.data = replace(found.data, shape=_uncounted(array.data.shape))
    return found


def _is_length(ev: Evaluator, count: object, array: ArrayValue) -> bool:
    return isinstance(count, Opaque) and count.key == ev.length_of(array).key


@array_method("sort_values")
def sort_values(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Rows sorted by a column: a date makes them a series."""
    by = arguments.get(0, "by")
    plain = to_value(by)
    names = [name for name in (plain if isinstance(plain, tuple) else (plain,)) if isinstance(name, str)]
    order = Order.TEMPORAL if _is_date(by) else Order.SORTED if names else Order.UNKNOWN
    key = ev.cut("sorted", tuple(names)) if names else next(ev.keys)
    arrangement = ev.rearranged(array.data, key)
    result = ev.stepped(array, StepKind.TRANSFORMED, node, "sort_values", order=order, arrangement=arrangement)
    return in_place(ev, array, result, arguments)


@array_method("head", "tail")
def head(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The first or last rows, mostly to be looked at."""
    rows = ev.rows_of(array)
    count = arguments.get(0, "n", default=5)
    cut = ev.cut(
        "at", rows.source, rows.selection, count if isinstance(count, int) else getattr(count, "key", id(count))
    )
    return ev.derive(array, rows=rows.within((cut, "head")), shape=_uncounted(array.data.shape))


@array_method("groupby", "resample", "pivot_table", "pivot")
def grouped(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Other rows, made from groups of these."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    order = Order.TEMPORAL if name == "resample" else Order.UNKNOWN
    return ev.array(node, container="frame", order=order, history=array.data.history)


@array_method("unique")
def unique(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.array(node, container="", order=Order.UNKNOWN)


@array_method("iterrows", "itertuples")
def iterate_rows(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Rows of a frame, one after the other."""
    return ev.derive(array, container="rows")
