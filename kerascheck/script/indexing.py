"""`array[index]`: rows, columns, slices, masks, and what each leaves of the lineage."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.gathering import Gathering
from kerascheck.script.lineage import HEAD, ITEM, TAIL, WINDOW, Condition
from kerascheck.script.roles import role_of_path
from kerascheck.script.stacking import names_in
from kerascheck.script.values import ArrayValue, ListValue, Opaque
from kerascheck.script.walking import stored_in, stored_names

COUNTING = frozenset({"range", "xrange", "trange", "enumerate", "arange"})
"""Functions that count: what a loop over them binds is one number."""

STORES = frozenset({"load", "File", "loadmat"})


class Indexing(Gathering):
    """What subscripts of data give."""

    def array_item(self, owner: ArrayValue, node: ast.Subscript) -> object:
        """`array[index]`."""
        index = node.slice
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        if not parts:
            return owner
        first, rest = parts[0], parts[1:]
        if owner.data.kind is DataKind.GENERATOR and not isinstance(first, ast.Slice):
            return self._batch_at(owner)
        if isinstance(first, ast.Constant) and first.value is Ellipsis:
            return self.stepped(owner, StepKind.SELECTED, node, "columns", shape=_without_rank(owner.data.shape, parts))
        # A table of numbers has two axes at most.
        table = owner.data.origin in {"loadtxt", "genfromtxt"} and isinstance(owner.data.shape, Unknown)
        shape = self._columns_shape((UNKNOWN, UNKNOWN) if table and rest else owner.data.shape, rest)
        if isinstance(first, ast.Slice):
            return self._row_slice(owner, first, rest, node, shape)
        key = self.evaluate(first)
        if owner.data.origin == "eye" and isinstance(key, ArrayValue):
            return self._one_hot_rows(owner, key, node)
        if key is None:
            return self.derive(owner, rows=None, shape=_prepended(owner.data.shape), order=Order.UNKNOWN)
        columns = _names(key)
        if columns is not None and owner.data.origin in STORES:
            return self._entry(owner, str(key), node)
        if columns is not None:
            return self._columns(owner, columns, isinstance(key, str), node)
        if isinstance(key, int):
            return self._row(owner, key, node, shape)
        if isinstance(key, ArrayValue):
            found = self.picked(owner, key, node)
            return self.derive(found, shape=self._columns_shape(found.data.shape, rest)) if rest else found
        return self._picked_unknown(owner, first, key, node, shape)

    def _batch_at(self, owner: ArrayValue) -> object:
        """`generator[index]`: a batch, in which every row stands once, however a picture was turned."""
        once = tuple(step for step in owner.data.history if step.kind is not StepKind.AUGMENTED)
        elements = tuple(
            replace(element, history=tuple(step for step in element.history if step.kind is not StepKind.AUGMENTED))
            for element in owner.data.elements
        )
        return self.batch_of(ArrayValue(replace(owner.data, history=once, elements=elements)))

    def _entry(self, owner: ArrayValue, name: str, node: ast.Subscript) -> ArrayValue:
        """`store["x_train"]`: one of several arrays in a file."""
        rows = self.rows_of(owner)
        return self.array(
            node,
            origin="entry",
            order=Order.AS_LOADED,
            role=role_of_path(name),
            path=f"{owner.data.path}:{name}",
            rows=Rows(self.cut("entry", rows.source, name)),
            history=owner.data.history,
        )

    def _columns(self, owner: ArrayValue, names: tuple[str, ...], single: bool, node: ast.Subscript) -> object:
        """`frame["column"]`, `frame[["one", "two"]]`."""
        shape = owner.data.shape
        rows: Dim = shape[0] if not isinstance(shape, Unknown) and shape else UNKNOWN
        return self.stepped(
            owner,
            StepKind.SELECTED,
            node,
            "column",
            shape=(rows,) if single else (rows, len(names)),
            columns=names,
            dtype=UNKNOWN,
            minimum=UNKNOWN,
            maximum=UNKNOWN,
            encoding=Encoding.UNKNOWN,
            container="series" if single else owner.data.container,
        )

    def delete_column(self, owner: ArrayValue) -> None:
        """`del frame["column"]`."""
        self.touch(owner)
        shape = owner.data.shape
        left: Shape = UNKNOWN
        if not isinstance(shape, Unknown) and len(shape) == 2:
            left = (shape[0], shape[1] - 1 if isinstance(shape[1], int) else shape[1])
        owner.data = replace(owner.data, shape=left, columns=())

    def _one_hot_rows(self, identity: ArrayValue, labels: ArrayValue, node: ast.Subscript) -> ArrayValue:
        """`np.eye(classes)[labels]`."""
        rows, width = labels.data.shape, identity.data.shape
        shape: Shape = UNKNOWN
        if not isinstance(rows, Unknown) and not isinstance(width, Unknown):
            shape = (*rows, *width[1:])
        return self.stepped(
            labels,
            StepKind.ENCODED,
            node,
            "eye",
            encoding=Encoding.ONE_HOT,
            shape=shape,
            minimum=0,
            maximum=1,
            dtype="float64",
        )

    def _row(self, owner: ArrayValue, index: object, node: ast.Subscript, shape: Shape) -> object:
        """One row, without its axis."""
        known = owner.data.shape
        rows = self.rows_of(owner)
        inner: Shape = UNKNOWN if isinstance(shape, Unknown) or not known else shape[1:]
        found = rows.within((self.cut("row", rows.source, rows.selection, index), ITEM))
        return self.derive(owner, shape=inner, rows=found, location=self.place(node), container="")

    def picked(self, owner: ArrayValue, key: ArrayValue, node: ast.expr) -> ArrayValue:
        """`array[positions]`, `array[mask]`."""
        chosen = self.rows_of(key)
        rows = self.rows_of(owner).within(*chosen.selection, partial=chosen.partial)
        if not key.positions:
            rows = rows.within((self.cut("index", key.data.key), "in"))
        step = key.data.step(StepKind.SPLIT, StepKind.SHUFFLED) or Step(StepKind.SELECTED, self.place(node), "index")
        steps = (step, *(each for each in key.data.history if each.kind is StepKind.RESAMPLED))
        shape, count = owner.data.shape, _first(key.data.shape)
        mask = key.data.dtype == "bool"
        result = self.derive(
            owner,
            location=self.place(node),
            history=(*owner.data.history, *steps),
            rows=rows,
            order=Order.SHUFFLED if key.data.order is Order.SHUFFLED else owner.data.order,
            arrangement=_together(owner.data, key.data),
            role=owner.data.role if key.data.role is Role.UNKNOWN else key.data.role,
            fold=owner.data.fold or key.data.fold,
            shape=shape if isinstance(shape, Unknown) else (UNKNOWN if mask else count, *shape[1:]),
        )
        if mask and rows.selection:
            self.side(rows.selection[-1][0], "mask", owner.data, result.data, node)
        result.positions = owner.positions
        return result

    def _picked_unknown(
        self, owner: ArrayValue, first: ast.expr, key: object, node: ast.Subscript, shape: Shape
    ) -> object:
        """An index that is not known: a number, a mask or positions."""
        rows = self.rows_of(owner)
        if self.varies(first):
            run = self.loop_runs[-1]
            found = rows.within(
                (self.cut("item", rows.source, rows.selection, run.key, ast.dump(first)), ITEM), partial=True
            )
            # A loop over folds or batches gives positions, which keep the axis of the rows.
            single = not isinstance(shape, Unknown) and self._counts(first)
            inner: Shape = shape[1:] if single and not isinstance(shape, Unknown) else UNKNOWN
            return self.derive(owner, shape=inner, rows=found, location=self.place(node))
        identity = key.key if isinstance(key, Opaque) and key.key else next(self.keys)
        found = rows.within((self.cut("index", identity), "in"))
        return self.stepped(
            owner, StepKind.SELECTED, node, "index", rows=found, order=Order.UNKNOWN, shape=UNKNOWN, arrangement=UNKNOWN
        )

    def _counts(self, node: ast.expr) -> bool:
        """Whether an index is made of what loops count: one number."""
        return all(_is_counted(run.node) for run in self.loop_runs if names_in(node) & _targets(run.node))

    def varies(self, node: ast.expr) -> bool:
        """Whether an index counts with the loop that is being run."""
        return any(names_in(node) & _targets(run.node) for run in self.loop_runs)

    def _row_slice(
        self, owner: ArrayValue, part: ast.Slice, rest: list[ast.expr], node: ast.Subscript, shape: Shape
    ) -> object:
        lower, upper = self._bounds(owner, part)
        if part.step is not None:
            return self._strided(owner, part, node, shape)
        if lower is None and upper is None:
            columns = self._column_names(rest)
            by = "columns" if rest else "copy"
            facts: dict[str, object] = {"columns": columns} if columns else {}
            if rest:
                facts |= {"minimum": UNKNOWN, "maximum": UNKNOWN} if owner.data.container else {}
            return self.stepped(owner, StepKind.SELECTED, node, by, shape=shape, **facts)
        rows = self.rows_of(owner)
        bounds = [bound for bound in (part.lower, part.upper) if bound is not None]
        if any(self.varies(bound) for bound in bounds):
            run = self.loop_runs[-1]
            found = rows.within((self.cut("window", rows.source, rows.selection, run.key), WINDOW), partial=True)
            window: Shape = shape if isinstance(shape, Unknown) else (self._width(part), *shape[1:])
            return self.derive(owner, rows=found, shape=window, location=self.place(node))
        return self._cut(owner, rows, lower, upper, node, shape)

    def _cut(
        self, owner: ArrayValue, rows: Rows, lower: object, upper: object, node: ast.Subscript, shape: Shape
    ) -> ArrayValue:
        """The rows before, behind or between bounds."""
        conditions: list[Condition] = []
        if lower is not None:
            conditions.append((self.cut("at", rows.source, rows.selection, lower), TAIL))
        if upper is not None:
            conditions.append((self.cut("at", rows.source, rows.selection, upper), HEAD))
        conditions += self._implied(rows, lower, upper)
        count = _count(owner.data.shape, lower, upper)
        result = self.stepped(
            owner,
            StepKind.SPLIT,
            node,
            "slice",
            rows=rows.within(*conditions),
            shape=shape if isinstance(shape, Unknown) else (count, *shape[1:]),
        )
        result.positions = owner.positions
        for cut, _ in conditions[: 2 - (lower is None) - (upper is None)]:
            self.side(cut, "slice", owner.data, result.data, node)
        return result

    def _implied(self, rows: Rows, lower: object, upper: object) -> list[Condition]:
        """What known numbers say of the cuts that were made before: rows from 900 on lie behind a cut at 800."""
        known = self.bounds.setdefault((rows.source, rows.selection), {})
        found: list[Condition] = []
        for bound, cut in known.items():
            if isinstance(lower, int) and lower > bound:
                found.append((cut, TAIL))
            elif isinstance(upper, int) and 0 <= upper < bound:
                found.append((cut, HEAD))
        for bound in (lower, upper):
            if isinstance(bound, int) and bound >= 0:
                known[bound] = self.cut("at", rows.source, rows.selection, bound)
        return found

    def _strided(self, owner: ArrayValue, part: ast.Slice, node: ast.Subscript, shape: Shape) -> ArrayValue:
        """`array[::2]`, `array[::-1]`."""
        step = self.evaluate(part.step)
        rows = self.rows_of(owner)
        kept: Shape = shape if isinstance(shape, Unknown) else (UNKNOWN, *shape[1:])
        if step == -1 and part.lower is None and part.upper is None:
            return self.derive(
                owner, shape=shape, order=Order.UNKNOWN, arrangement=self.rearranged(owner.data, self.cut("reversed"))
            )
        if isinstance(step, int) and step > 1 and part.upper is None:
            start = self.evaluate(part.lower) or 0
            found = rows.within((self.cut("every", rows.source, rows.selection, step), str(start)))
            return self.stepped(owner, StepKind.SPLIT, node, "slice", rows=found, shape=kept)
        return self.derive(owner, rows=rows.within(partial=True), shape=kept, order=Order.UNKNOWN)

    def _bounds(self, owner: ArrayValue, part: ast.Slice) -> tuple[object, object]:
        """The bounds of a slice, None for one that bounds nothing."""
        lower, upper = self.bound_of(part.lower), self.bound_of(part.upper)
        total = owner.data.shape[0] if not isinstance(owner.data.shape, Unknown) and owner.data.shape else UNKNOWN
        rows = self.rows_of(owner)
        whole = ("key", self.cut("length", rows.source, rows.selection))
        if lower == 0:
            lower = None
        if upper == whole or (isinstance(total, int) and isinstance(upper, int) and upper >= total):
            upper = None
        return lower, upper

    @staticmethod
    def _width(part: ast.Slice) -> Dim:
        """The length of `i : i + 10`."""
        upper = part.upper
        if part.lower is None or not isinstance(upper, ast.BinOp) or not isinstance(upper.op, ast.Add):
            return UNKNOWN
        if ast.dump(upper.left) != ast.dump(part.lower) or not isinstance(upper.right, ast.Constant):
            return UNKNOWN
        return upper.right.value if isinstance(upper.right.value, int) else UNKNOWN

    def _columns_shape(self, shape: Shape, rest: list[ast.expr]) -> Shape:
        """The shape of `array[:, rest]`."""
        if not rest or isinstance(shape, Unknown):
            return shape
        kept: list[Dim] = [shape[0]] if shape else []
        position = 1
        for part in rest:
            if isinstance(part, ast.Constant) and part.value is Ellipsis:
                return UNKNOWN
            size = shape[position] if position < len(shape) else UNKNOWN
            if isinstance(part, ast.Slice):
                kept.append(self._slice_size(size, part))
                position += 1
                continue
            value = self.evaluate(part)
            if value is None:
                kept.append(1)
                continue
            position += 1
            if isinstance(value, (int, str)):
                continue
            if not isinstance(value, ListValue):
                return UNKNOWN
            kept.append(len(value.items) if value.whole else UNKNOWN)
        return (*kept, *shape[position:])

    def _slice_size(self, size: Dim, part: ast.Slice) -> Dim:
        if part.lower is None and part.upper is None and part.step is None:
            return size
        bounds = [self.evaluate(bound) for bound in (part.lower, part.upper, part.step)]
        lower, upper, step = (bound if isinstance(bound, int) else None for bound in bounds)
        if any(bound is not None and not isinstance(bound, int) for bound in bounds) or step == 0:
            return UNKNOWN
        if isinstance(size, int):
            return len(range(*slice(lower, upper, step).indices(size)))
        if (lower or 0) >= 0 and upper is not None and upper > (lower or 0) and step in (None, 1):
            return upper - (lower or 0)
        return UNKNOWN

    def _column_names(self, rest: list[ast.expr]) -> tuple[str, ...]:
        value = self.evaluate(rest[0]) if len(rest) == 1 and not isinstance(rest[0], ast.Slice) else None
        return _names(value) or ()


def _names(key: object) -> tuple[str, ...] | None:
    """The columns that a subscript names; None where it is no such subscript."""
    if isinstance(key, str):
        return (key,)
    items = key.items if isinstance(key, ListValue) and key.whole else key
    if isinstance(items, (list, tuple)) and items and all(isinstance(item, str) for item in items):
        return tuple(item for item in items if isinstance(item, str))
    return None


def _first(shape: Shape) -> Dim:
    return shape[0] if not isinstance(shape, Unknown) and shape else UNKNOWN


def _together(owner: DataArray, key: DataArray) -> tuple[int, ...] | Unknown:
    if isinstance(owner.arrangement, Unknown) or isinstance(key.arrangement, Unknown):
        return UNKNOWN
    return owner.arrangement if key.dtype == "bool" else (*owner.arrangement, *key.arrangement)


def _targets(node: ast.AST) -> frozenset[str]:
    """The names that a loop binds anew in each round."""
    match node:
        case ast.For() | ast.AsyncFor():
            return stored_names(node.target) | stored_in(node.body)
        case ast.While():
            return stored_in(node.body)
        case ast.comprehension():
            return stored_names(node.target)
        case _:
            return frozenset()


def _is_counted(node: ast.AST) -> bool:
    """Whether a loop binds whole numbers: one over a range, or a while loop with a counter."""
    match node:
        case ast.For(iter=source) | ast.AsyncFor(iter=source) | ast.comprehension(iter=source):
            return isinstance(source, ast.Call) and _last_name(source.func) in COUNTING
        case _:
            return isinstance(node, ast.While)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _count(shape: Shape, lower: object, upper: object) -> Dim:
    """How many rows a slice keeps."""
    total = shape[0] if not isinstance(shape, Unknown) and shape else UNKNOWN
    known = all(bound is None or isinstance(bound, int) for bound in (lower, upper))
    if not known:
        return UNKNOWN
    if isinstance(total, int):
        return len(range(*slice(lower, upper).indices(total)))
    return UNKNOWN


def _without_rank(shape: Shape, parts: list[ast.expr]) -> Shape:
    """The shape of `array[..., None]`."""
    if isinstance(shape, Unknown) or len(parts) != 2:
        return UNKNOWN
    last = parts[1]
    if isinstance(last, ast.Constant) and last.value is None:
        return (*shape, 1)
    return (*shape, 1) if isinstance(last, ast.Attribute) and last.attr == "newaxis" else UNKNOWN


def _prepended(shape: Shape) -> Shape:
    return UNKNOWN if isinstance(shape, Unknown) else (1, *shape)
