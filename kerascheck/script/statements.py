"""The statements of a source around a place: what `kerascheck.facts.statements` tells of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.findings import Edit, Location, SourceText
from kerascheck.script.layout import removal
from kerascheck.script.source import Unit, character_column

_PLAIN: Final = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
_BODIES: Final = ("body", "orelse", "finalbody", "handlers", "cases")
_ROOTS: Final = ("tensorflow.keras", "tf_keras", "keras")


class SourceStatements:
    """The trees of one source, and its lines."""

    def __init__(self, path: str, units: Sequence[Unit], text: SourceText) -> None:
        self._path = path
        self._units = units
        self._text = text

    def insert_before(self, place: Location, *lines: str) -> Edit | None:
        """Put lines in front of the statement that holds a place."""
        found = self._statement(place)
        return self._in_front(found[0], place.cell, lines) if found is not None else None

    def insert_first(self, loop: Location, *lines: str) -> Edit | None:
        """Put lines at the start of the body of the loop that begins at a place."""
        for node in self._around(loop):
            if isinstance(node, ast.For | ast.While) and self._starts(node, loop):
                return self._in_front(node.body[0], loop.cell, lines)
        return None

    def insert_after_imports(self, place: Location, *lines: str) -> Edit | None:
        """Put lines below the imports at the top of the script, of the cell that holds a place or of one above it."""
        for unit in reversed(self._before(place)):
            last: ast.stmt | None = None
            for node in unit.tree.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    last = node
                elif last is not None:
                    break
            if last is None:
                continue
            line = last.end_lineno or last.lineno
            if not self._is_alone(last, unit.cell) or (unit.cell == place.cell and line >= place.line):
                return None
            end = len(self._lines(unit.cell)[line - 1]) + 1
            return Edit(Location(self._path, line, end, line, end, unit.cell), "".join(f"\n{line}" for line in lines))
        return None

    def remove(self, place: Location) -> Edit | None:
        """Take out the whole statement that holds a place, with its line end."""
        found = self._statement(place)
        if found is None or len(found[1]) < 2 or not self._is_alone(found[0], place.cell):
            return None
        node = found[0]
        first, last = node.lineno, node.end_lineno or node.lineno
        lines = self._lines(place.cell)
        if last < len(lines):
            return Edit(Location(self._path, first, 1, last + 1, 1, place.cell), "")
        before = len(lines[first - 2]) + 1 if first > 1 else 1
        return Edit(Location(self._path, max(first - 1, 1), before, last, len(lines[last - 1]) + 1, place.cell), "")

    def remove_layer(self, place: Location) -> Edit | None:
        """Take out a layer that is added or called in a statement of its own, or that is an entry of a list."""
        found = self._statement(place)
        node = found[0] if found is not None else None
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add"), args=[made], keywords=[])) if self._is_at(
                made, place
            ):
                return self.remove(place)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=made, args=[ast.Name(id=given)])) if (
                name == given and self._is_at(made, place)
            ):
                return self.remove(place)
            case _:
                return self._remove_entry(node, place) if node is not None else None

    def remove_change(self, place: Location) -> Edit | None:
        """Take out the statement that binds a name to what the call at a place makes of the same name (`y = encode(y)`)."""
        found = self._statement(place)
        match found[0] if found is not None else None:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[ast.Name(id=given), *_]) as call) if (
                name == given and self._is_at(call, place)
            ):
                return self.remove(place)
            case _:
                return None

    def remove_argument(self, value: Location) -> Edit | None:
        """Take an argument out of its call; the place is that of its value."""
        found = list(self._around(value))
        for call in ast.walk(found[-1]) if found else ():
            if not isinstance(call, ast.Call):
                continue
            items: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
            places = sorted(self._place(item, value.cell) for item in items)
            for item in items:
                if self._is_at(item.value if isinstance(item, ast.keyword) else item, value):
                    index = places.index(self._place(item, value.cell))
                    gone = removal(places, index, self._place(call, value.cell), self._lines(value.cell))
                    return Edit(gone, "") if self._is_balanced(gone) else None
        return None

    def prepend_entry(self, place: Location, entry: str) -> Edit | None:
        """Put an entry in front of the one at a place, in a list."""
        found = self._statement(place)
        for node in ast.walk(found[0]) if found is not None else ():
            if isinstance(node, ast.List) and any(self._is_at(item, place) for item in node.elts):
                lines = self._lines(place.cell)
                indent = lines[place.line - 1][: place.column - 1]
                gap = "\n" + indent if not indent.strip() else " "
                return Edit(
                    Location(place.path, place.line, place.column, place.line, place.column, place.cell),
                    f"{entry},{gap}",
                )
        return None

    def adds(self, place: Location) -> str | None:
        """The name of the model that the statement around a place adds the layer at that place to."""
        found = self._statement(place)
        match found[0] if found is not None else None:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="add"), args=[made])) if (
                self._is_at(made, place)
            ):
                return name
            case _:
                return None

    def append(self, place: Location, text: str) -> Edit | None:
        """Put text behind the expression at a place, where it binds to the whole of it."""
        node = self._expression(place)
        if not isinstance(node, _PLAIN):
            return None
        end = Location(place.path, place.end_line, place.end_column, place.end_line, place.end_column, place.cell)
        return Edit(end, text)

    def wrapped(self, place: Location, function: str) -> tuple[Edit, Edit] | None:
        """Put a call of a function around the expression at a place."""
        if self._expression(place) is None:
            return None
        start = Location(place.path, place.line, place.column, place.line, place.column, place.cell)
        end = Location(place.path, place.end_line, place.end_column, place.end_line, place.end_column, place.cell)
        return Edit(start, f"{function}("), Edit(end, ")")

    def name_at(self, place: Location) -> str | None:
        """The plain name that stands at a place."""
        node = self._expression(place)
        return node.id if isinstance(node, ast.Name) else None

    def literal(self, place: Location, text: str) -> Location | None:
        """Where a string stands that is written once inside the expression at a place."""
        whole = self._expression(place)
        found = (
            [node for node in ast.walk(whole) if isinstance(node, ast.Constant) and node.value == text] if whole else []
        )
        return self._place(found[0], place.cell) if len(found) == 1 else None

    def keyword(self, call: Location, name: str) -> Location | None:
        """Where the value of a keyword stands in the call at a place."""
        node = self._expression(call)
        words = node.keywords if isinstance(node, ast.Call) else []
        return next((self._place(word.value, call.cell) for word in words if word.arg == name), None)

    def text(self, place: Location) -> str | None:
        """The source of an expression that stands on one line."""
        lines = self._lines(place.cell)
        if place.path != self._path or place.line != place.end_line or place.line > len(lines):
            return None
        return lines[place.line - 1][place.column - 1 : place.end_column - 1]

    def module(self, name: str, place: Location) -> str | None:
        """How the source calls a module (`numpy` as `np`) that it imports at its top, before a place."""
        for found, written in self._imports(place):
            if found == name:
                return written
        return None

    def imported(self, module: str, name: str, place: Location) -> tuple[str, tuple[Edit, ...]] | None:
        """How the source calls a module, and the import of it under a name where it has none."""
        known = self.module(module, place)
        if known is not None:
            return known, ()
        edit = self.insert_after_imports(place, f"import {module} as {name}")
        return (name, (edit,)) if edit is not None else None

    def keras(self, place: Location) -> str | None:
        """How the source calls Keras (`keras`, `tf.keras`)."""
        for root in _ROOTS:
            if (name := self.module(root, place)) is not None:
                return name
        tensorflow = self.module("tensorflow", place)
        return f"{tensorflow}.keras" if tensorflow is not None else None

    def keras_import(self, place: Location) -> tuple[str, str] | None:
        """How the source calls Keras, and the import that it lacks for that; the import is empty where it lacks none."""
        known = self.keras(place)
        if known is not None:
            return known, ""
        for module, _ in self._imports(place):
            root = next((root for root in _ROOTS if module.startswith(f"{root}.")), None)
            if root is not None:
                return root.rpartition(".")[2], "from tensorflow import keras" if "." in root else f"import {root}"
        return None

    def _imports(self, place: Location) -> Iterator[tuple[str, str]]:
        for unit in self._units:
            for node in unit.tree.body:
                if unit.cell == place.cell and node.lineno >= place.line:
                    break
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        yield alias.name, alias.asname or alias.name
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    for alias in node.names:
                        yield f"{node.module}.{alias.name}", alias.asname or alias.name
            if unit.cell == place.cell:
                return

    def _before(self, place: Location) -> list[Unit]:
        """The cells up to the one that holds a place."""
        cells = [unit.cell for unit in self._units]
        if place.path != self._path or place.cell not in cells:
            return []
        return list(self._units[: cells.index(place.cell) + 1])

    def _unit(self, place: Location) -> Unit | None:
        if place.path != self._path:
            return None
        return next((unit for unit in self._units if unit.cell == place.cell), None)

    def _lines(self, cell: int | None) -> Sequence[str]:
        return self._text.lines(cell)

    def _around(self, place: Location) -> Iterator[ast.stmt]:
        """The statements that hold a place, from the outermost."""
        unit = self._unit(place)
        body: Sequence[ast.AST] = unit.tree.body if unit is not None else ()
        while body:
            inner = next((node for node in body if _lines_of(node)[0] <= place.line <= _lines_of(node)[1]), None)
            if inner is None:
                return
            if isinstance(inner, ast.stmt):
                yield inner
            body = [node for name in _BODIES for node in getattr(inner, name, ()) if isinstance(node, ast.AST)]

    def _statement(self, place: Location) -> tuple[ast.stmt, Sequence[ast.stmt]] | None:
        """The innermost statement that holds a place, and the block that it stands in."""
        unit = self._unit(place)
        if unit is None:
            return None
        found = list(self._around(place))
        if not found or hasattr(found[-1], "body"):
            # A place in the head of a block.
            return None
        for holder in reversed((unit.tree, *found[:-1])):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(holder, name, ())
                if isinstance(block, list) and found[-1] in block:
                    return found[-1], block
        return found[-1], (found[-1],)

    def _in_front(self, node: ast.stmt, cell: int | None, lines: Sequence[str]) -> Edit | None:
        if not self._is_alone(node, cell):
            return None
        text = self._lines(cell)[node.lineno - 1]
        indent = text[: len(text) - len(text.lstrip())]
        column = len(indent) + 1
        place = Location(self._path, node.lineno, column, node.lineno, column, cell)
        return Edit(place, "".join(f"{line}\n{indent}" for line in lines))

    def _is_alone(self, node: ast.stmt, cell: int | None) -> bool:
        """Whether nothing but a comment shares the lines of a statement."""
        lines = self._lines(cell)
        last = node.end_lineno or node.lineno
        if last > len(lines):
            return False
        before = lines[node.lineno - 1].encode()[: node.col_offset]
        after = lines[last - 1].encode()[node.end_col_offset or 0 :].decode(errors="replace").strip()
        return not before.strip() and (not after or after.startswith("#"))

    def _remove_entry(self, node: ast.stmt, place: Location) -> Edit | None:
        for entries in ast.walk(node):
            if not isinstance(entries, ast.List) or len(entries.elts) < 2:
                continue
            index = next((index for index, item in enumerate(entries.elts) if self._is_at(item, place)), None)
            if index is None:
                continue
            cell = place.cell
            if index + 1 < len(entries.elts):
                following = entries.elts[index + 1]
                return Edit(
                    Location(
                        place.path, place.line, place.column, following.lineno, self._column(following, cell), cell
                    ),
                    "",
                )
            before = entries.elts[index - 1]
            line = before.end_lineno or before.lineno
            column = self._column_of(line, before.end_col_offset or 0, cell)
            return Edit(Location(place.path, line, column, place.end_line, place.end_column, cell), "")
        return None

    def _is_balanced(self, place: Location) -> bool:
        """Whether a text closes the brackets that it opens, which those around an argument alone do not."""
        lines = list(self._lines(place.cell)[place.line - 1 : place.end_line])
        lines[-1] = lines[-1][: place.end_column - 1]
        lines[0] = lines[0][place.column - 1 :]
        text = "\n".join(lines)
        return all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))

    def _expression(self, place: Location) -> ast.expr | None:
        found = list(self._around(place))
        for node in ast.walk(found[-1]) if found else ():
            if isinstance(node, ast.expr) and self._is_at(node, place):
                return node
        return None

    def _starts(self, node: ast.stmt, place: Location) -> bool:
        return node.lineno == place.line and self._column(node, place.cell) == place.column

    def _is_at(self, node: ast.AST, place: Location) -> bool:
        if not isinstance(node, ast.expr) or (node.lineno, node.end_lineno) != (place.line, place.end_line):
            return False
        end = self._column_of(place.end_line, node.end_col_offset or 0, place.cell)
        return self._column(node, place.cell) == place.column and end == place.end_column

    def _place(self, node: ast.expr | ast.keyword, cell: int | None) -> Location:
        end_line = node.end_lineno or node.lineno
        end = self._column_of(end_line, node.end_col_offset or 0, cell)
        return Location(
            self._path, node.lineno, self._column_of(node.lineno, node.col_offset, cell), end_line, end, cell
        )

    def _column(self, node: ast.expr | ast.stmt, cell: int | None) -> int:
        return self._column_of(node.lineno, node.col_offset, cell)

    def _column_of(self, line: int, offset: int, cell: int | None) -> int:
        lines = self._lines(cell)
        return character_column(lines[line - 1] if line <= len(lines) else "", offset)


def _lines_of(node: ast.AST) -> tuple[int, int]:
    """The first and the last line of a statement, an `except` or a `case`; decorators count."""
    first = (
        min([node.lineno, *(found.lineno for found in getattr(node, "decorator_list", ()))])
        if isinstance(node, ast.stmt)
        else 0
    )
    if isinstance(node, ast.stmt | ast.ExceptHandler):
        return first or node.lineno, node.end_lineno or node.lineno
    bodies = getattr(node, "body", ())
    return (bodies[0].lineno, bodies[-1].end_lineno) if bodies else (0, 0)
