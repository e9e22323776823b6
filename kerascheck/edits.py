"""Edits by text range: findings' fixes applied to the text of a script or of a notebook's cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from kerascheck.findings import Edit, Finding, Location

_LINE_END = re.compile(r"\r\n|\r|\n")


class TextLines:
    """The lines of a text as Python counts them, and where each begins; line ends are kept as they are."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def offset(self, line: int, column: int) -> int:
        """The index of a character, both counted from 1.

        Raises:
            IndexError: for a place outside the text.
        """
        if not 1 <= line <= len(self._starts) or column < 1:
            raise IndexError(f"no line {line}, column {column}")
        start = self._starts[line - 1] + column - 1
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        if start > end:
            raise IndexError(f"no column {column} in line {line}")
        return start

    def line_of(self, offset: int) -> int:
        """The line, from 1, that an index lies in."""
        return bisect_right(self._starts, offset)

    @property
    def newline(self) -> str:
        """The line end that the text uses."""
        if len(self._starts) < 2:
            return "\n"
        first = self.text[: self._starts[1]]
        return "\r\n" if first.endswith("\r\n") else first[-1]


class Change(Struct, frozen=True, order=True):
    """Characters `start` to `end` (exclusive) give way to `replacement`."""

    start: int
    end: int
    replacement: str


class Chosen(Struct, frozen=True):
    """What one round of edits does to a text: the changes in order, and the findings that they mend."""

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


def choose(lines: TextLines, findings: Iterable[Finding]) -> Chosen:
    """The fixes that can be made together; of two that touch the same characters the first in the text is taken.

    A finding whose fix has a place outside the text is passed over.
    """
    taken: list[Change] = []
    mended: list[Finding] = []
    for finding in findings:
        changes = _changes(lines, finding.fix.edits) if finding.fix is not None else None
        if changes is None:
            continue
        fresh = [change for change in changes if change not in taken]
        if any(_touch(change, other) for change in fresh for other in taken):
            continue
        taken += fresh
        mended.append(finding)
    return Chosen(tuple(sorted(taken)), tuple(mended))


def apply(text: str, changes: Sequence[Change]) -> str:
    """The text with changes made that do not touch each other."""
    for change in sorted(changes, reverse=True):
        text = text[: change.start] + change.replacement + text[change.end :]
    return text


def _changes(lines: TextLines, edits: Sequence[Edit]) -> list[Change] | None:
    newline = lines.newline
    found: list[Change] = []
    for edit in edits:
        try:
            start, end = _span(lines, edit.location)
        except IndexError:
            return None
        found.append(Change(start, end, edit.replacement.replace("\n", newline)))
    ordered = sorted(found)
    apart = all(before.end <= after.start for before, after in pairwise(ordered))
    return found if apart else None


def _span(lines: TextLines, place: Location) -> tuple[int, int]:
    start = lines.offset(place.line, place.column)
    end = lines.offset(place.end_line or place.line, place.end_column or place.column)
    if end < start:
        raise IndexError("the range ends before it starts")
    return start, end


def _touch(change: Change, other: Change) -> bool:
    if change.start == other.start:
        return True
    return change.start < other.end and other.start < change.end
