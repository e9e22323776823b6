"""Source excerpts with the place of a finding underlined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.findings import Location
from kerascheck.report.paint import Ink, Paint, safe, width

TAB: Final = 4
WINDOW: Final = 120
"""The most columns of a source line that are shown; of a longer one the part around the underline."""

WHOLE_LINES: Final = 3
"""A span of more lines shows its first and its last."""


class Mark(Struct, frozen=True):
    """One line's part of a span: its number, text, and columns from 0, the end exclusive."""

    number: int
    text: str
    start: int
    end: int


def place(location: Location) -> str:
    """A location as a reader finds it: `train.py:12:18`, `nb.ipynb:cell 3:2:5`, `model.h5: functional/dense`."""
    path = safe(location.path)
    if location.line:
        cell = f":cell {location.cell}" if location.cell is not None else ""
        return f"{path}{cell}:{location.line}:{max(location.column, 1)}"
    return f"{path}: {safe(location.layer)}" if location.layer else path


def frame(
    location: Location,
    lines: Sequence[str],
    *,
    label: str,
    gutter: int,
    paint: Paint,
    ink: Ink,
    underline: str = "^",
) -> Iterator[str]:
    """The lines of a frame; none where the source has no such line.

    Args:
        location: the span to underline.
        lines: the source, or the cell.
        label: what stands behind the underline.
        gutter: the columns for line numbers.
        paint: the colours.
        ink: of underline and label.
        underline: the character to underline with.
    """
    marks = _marks(location, lines)
    if not marks:
        return
    bar = paint(Ink.FRAME, "|")
    blank = f"{'':{gutter}} {bar}"
    yield blank
    previous = marks[0].number
    for mark in marks:
        if mark.number > previous + 1:
            yield paint(Ink.FRAME, "...")
        previous = mark.number
        text, offset, length = excerpt(mark)
        yield f"{paint(Ink.FRAME, f'{mark.number:>{gutter}}')} {bar} {text}".rstrip()
        tail = f" {safe(label)}" if label and mark is marks[-1] else ""
        yield f"{blank} {' ' * offset}{paint(ink, underline * length + tail)}"
    yield blank


def excerpt(mark: Mark) -> tuple[str, int, int]:
    """A source line as it is shown, with the offset and the length of its underline, in columns of a terminal.

    Tabs become spaces, wide characters count twice, control characters are replaced, a long line is cut to a window.
    """
    cells = [(" " * TAB, TAB) if char == "\t" else (safe(char), width(char)) for char in mark.text]
    first, last = _window([columns for _, columns in cells], mark.start)
    head, tail = "…" if first else "", "…" if last < len(cells) else ""
    shown = head + "".join(char for char, _ in cells[first:last]) + tail
    offset = len(head) + sum(columns for _, columns in cells[first : mark.start])
    length = sum(columns for _, columns in cells[mark.start : min(mark.end, last)])
    return shown, offset, max(length, 1)


def _window(columns: list[int], start: int) -> tuple[int, int]:
    """The characters to show, from and to, so that `start` is among them."""
    if sum(columns) <= WINDOW:
        return 0, len(columns)
    first = min(start, len(columns))
    before = 0
    while first > 0 and before + columns[first - 1] <= WINDOW // 3:
        first -= 1
        before += columns[first]
    last, total = first, 0
    while last < len(columns) and total + columns[last] <= WINDOW:
        total += columns[last]
        last += 1
    return first, last


def _marks(location: Location, lines: Sequence[str]) -> tuple[Mark, ...]:
    first, last = location.line, max(location.end_line, location.line)
    if not 1 <= first <= len(lines):
        return ()
    numbers = [number for number in range(first, last + 1) if number <= len(lines)]
    if len(numbers) > WHOLE_LINES:
        numbers = [numbers[0], numbers[-1]]
    return tuple(_mark(number, lines[number - 1].rstrip("\r\n"), location) for number in numbers)


def _mark(number: int, text: str, location: Location) -> Mark:
    body = len(text) - len(text.lstrip())
    start = max(location.column, 1) - 1 if number == location.line else body
    ends_here = number == max(location.end_line, location.line)
    end = location.end_column - 1 if ends_here and location.end_column else len(text.rstrip())
    if ends_here and not location.end_column:
        end = start + 1
    start = min(start, len(text))
    return Mark(number, text, start, max(min(end, len(text)), start))
