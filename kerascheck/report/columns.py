"""Text in columns, whatever widths its characters have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kerascheck.report.paint import width

_GAP: Final = "  "


class Columns:
    """Columns as wide as their widest cell; those of `numbers` are flush right."""

    def __init__(self, rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> None:
        self._widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
        self._numbers = frozenset(numbers)

    def line(self, cells: Sequence[str]) -> str:
        """The cells of a row beside each other."""
        return _GAP.join(map(self._cell, range(len(cells)), cells))

    def _cell(self, column: int, text: str) -> str:
        blanks = " " * (self._widths[column] - columns_of(text))
        return blanks + text if column in self._numbers else text + blanks


def columns_of(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(map(width, text))
