"""How a call is laid out in its source, so that an edit fits in: where one more argument goes, what leaves with another."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec.structs import replace

from kerascheck.facts.slot import Slot
from kerascheck.findings import Location


def slot(call: Location, last: Location | None, lines: Sequence[str]) -> Slot:
    """Where a keyword argument is added to a call.

    Args:
        call: the whole call, up to its closing bracket.
        last: its last argument, None for a call without any.
        lines: the source that both stand in.
    """
    if last is None:
        return Slot(_point(call, call.end_line, call.end_column - 1), "")
    line, column, comma = _behind(call, last, lines)
    indent = _own_line(call, last, lines)
    place = _point(call, line, column)
    if indent is None:
        return Slot(place, " " if comma else ", ")
    return Slot(place, f"\n{indent}" if comma else f",\n{indent}", "," if comma else "")


def removal(arguments: Sequence[Location], index: int, call: Location, lines: Sequence[str]) -> Location:
    """The text that goes when one argument of a call goes: up to the next one, or from the end of the one before."""
    place = arguments[index]
    if index + 1 < len(arguments):
        following = arguments[index + 1]
        return replace(place, end_line=following.line, end_column=following.column)
    if index:
        before = arguments[index - 1]
        line, column, comma = _behind(replace(call, end_line=place.line, end_column=place.column + 1), before, lines)
        end_line, end_column, trailing = _behind(call, place, lines)
        back = 1 if comma and not trailing else 0
        return replace(place, line=line, column=column - back, end_line=end_line, end_column=end_column)
    end_line, end_column, _ = _behind(call, place, lines)
    return replace(place, end_line=end_line, end_column=end_column)


def last_argument(node: ast.Call) -> ast.expr | ast.keyword | None:
    """The argument of a call that stands last in the source; None for none, or for a lone generator expression."""
    found: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    return max(found, key=lambda item: (item.end_lineno or 0, item.end_col_offset or 0), default=None)


def _point(call: Location, line: int, column: int) -> Location:
    return Location(call.path, line, column, line, column, call.cell)


def _behind(call: Location, last: Location, lines: Sequence[str]) -> tuple[int, int, bool]:
    """The place behind an argument, its own brackets and its comma; whether there was a comma."""
    line, column, comma = last.end_line, last.end_column, False
    at_line, at_column = line, column
    while (at_line, at_column) < (call.end_line, call.end_column - 1):
        text = lines[at_line - 1] if at_line <= len(lines) else ""
        symbol = text[at_column - 1 : at_column]
        if symbol in ("", "#", "\\"):
            at_line, at_column = at_line + 1, 1
            continue
        at_column += 1
        if symbol in "),":
            line, column, comma = at_line, at_column, symbol == ","
        if comma:
            break
    return line, column, comma


def _own_line(call: Location, last: Location, lines: Sequence[str]) -> str | None:
    """The indentation of an argument that begins a line of its own below the call; None for any other."""
    if last.line <= call.line or last.line > len(lines):
        return None
    before = lines[last.line - 1][: last.column - 1]
    return before if not before.strip() else None
