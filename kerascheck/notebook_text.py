"""Notebooks as text: the code of a cell replaced while every other character of the JSON stays as it is."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
from typing import Final, cast

from msgspec import Struct

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_SCALAR: Final = re.compile(r"[^\s,\]}]+")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")


class Span(Struct, frozen=True):
    """A JSON value and where it stands in the text: `end` is the index after its last character."""

    value: object
    start: int
    end: int


class NotebookText:
    """The JSON text of a notebook."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._root = _value(text, _BLANK.match(text, 0).end())  # pyright: ignore[reportOptionalMemberAccess]

    def source(self, cell: int) -> str:
        """The code of a cell, counted from 1 over all cells.

        Raises:
            KeyError: when the notebook has no such cell.
        """
        return _joined(self._source(cell))

    def with_source(self, cell: int, code: str) -> str:
        """The whole text with the code of one cell replaced; the lines that stay are not written anew."""
        span = self._source(cell)
        if isinstance(span.value, str):
            return self.text[: span.start] + self._quoted(code, span) + self.text[span.end :]
        return self.text[: span.start] + self._list(cast("list[Span]", span.value), code, span) + self.text[span.end :]

    def _source(self, cell: int) -> Span:
        cells = self._cells()
        if not 1 <= cell <= len(cells):
            raise KeyError(cell)
        fields = cast("dict[str, Span]", cells[cell - 1].value)
        return fields["source"] if "source" in fields else fields["input"]

    def _cells(self) -> list[Span]:
        root = cast("dict[str, Span]", self._root.value)
        if "cells" in root:
            return cast("list[Span]", root["cells"].value)
        sheets = cast("list[Span]", root["worksheets"].value)
        found = [cast("dict[str, Span]", sheet.value).get("cells") for sheet in sheets]
        return [cell for cells in found if cells is not None for cell in cast("list[Span]", cells.value)]

    def _quoted(self, text: str, near: Span) -> str:
        """A string as the JSON around it is written: with or without escapes beyond ASCII."""
        return json.dumps(text, ensure_ascii=self.text[near.start : near.end].isascii())

    def _list(self, items: list[Span], code: str, span: Span) -> str:
        lines: list[str] = _LINES.findall(code)
        if not lines or not items:
            return json.dumps(lines)
        kept = [cast("str", item.value) for item in items]
        head = next(
            (i for i, (a, b) in enumerate(zip(kept, lines, strict=False)) if a != b), min(len(kept), len(lines))
        )
        tail = 0
        while tail < min(len(kept), len(lines)) - head and kept[-1 - tail] == lines[-1 - tail]:
            tail += 1
        opening = self.text[span.start : items[0].start]
        closing = self.text[items[-1].end : span.end]
        between = self.text[items[0].end : items[1].start] if len(items) > 1 else "," + opening[1:]
        written = [self.text[item.start : item.end] for item in items[:head]]
        written += [self._quoted(line, span) for line in lines[head : len(lines) - tail]]
        written += [self.text[item.start : item.end] for item in items[len(items) - tail :]]
        return opening + between.join(written) + closing


def _joined(span: Span) -> str:
    if isinstance(span.value, str):
        return span.value
    return "".join(str(item.value) for item in cast("list[Span]", span.value))


def _value(text: str, start: int) -> Span:
    """The value that begins at an index, with spans for all that it holds."""
    match text[start]:
        case '"':
            value, end = cast("tuple[str, int]", scanstring(text, start + 1, False))
            return Span(value, start, end)
        case "[":
            return _array(text, start)
        case "{":
            return _object(text, start)
        case _:
            found = _SCALAR.match(text, start)
            end = found.end() if found else start + 1
            return Span(text[start:end], start, end)


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _array(text: str, start: int) -> Span:
    items: list[Span] = []
    position = _skip(text, start + 1)
    while text[position] != "]":
        item = _value(text, position)
        items.append(item)
        position = _skip(text, item.end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return Span(items, start, position + 1)


def _object(text: str, start: int) -> Span:
    fields: dict[str, Span] = {}
    position = _skip(text, start + 1)
    while text[position] != "}":
        key = _value(text, position)
        position = _skip(text, _skip(text, key.end) + 1)
        field = _value(text, position)
        fields[cast("str", key.value)] = field
        position = _skip(text, field.end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return Span(fields, start, position + 1)
