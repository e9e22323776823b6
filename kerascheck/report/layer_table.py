"""What a model file is and which layers it has, above the findings that speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.findings import FileReport, Finding, LayerExcerpt, Severity
from kerascheck.report.columns import Columns
from kerascheck.report.paint import INK_OF, Ink, Paint, safe

FOLDED: Final = 16
"""A table of more rows shows its ends and what has findings."""
ENDS: Final = 3
HEADINGS: Final = ("layer", "type", "output shape", "parameters")


def table(file: FileReport, paint: Paint, *, every: bool) -> Iterator[str]:
    """The line about a file and its layers, each marked by the worst of its findings.

    Args:
        file: the report of a model file.
        paint: colours.
        every: show all rows of a long table.
    """
    yield f"{paint(Ink.BOLD, safe(file.path))}: {safe(file.about)}"
    rows = [layer for layer in file.layers if layer.listed]
    if not rows:
        return
    worst = {layer.path: _worst(file.findings, layer.path) for layer in rows}
    shown = _shown(rows, worst, every=every)
    cells = [_cells(row) for row in shown if row is not None]
    columns = Columns([HEADINGS, *cells], numbers=[3])
    yield f"  {paint(Ink.FAINT, columns.line(HEADINGS))}"
    hidden = len(rows) - len(cells)
    for row in shown:
        if row is None:
            yield paint(Ink.FAINT, f"  … {hidden} more layers without findings, --layers shows them")
            continue
        level = worst[row.path]
        mark = " " if level is None else paint(INK_OF[level], level.label[0].upper())
        yield f"{mark} {columns.line(_cells(row))}"


def _worst(findings: tuple[Finding, ...], path: str) -> Severity | None:
    levels = [finding.severity or Severity.ERROR for finding in findings if _speaks_of(finding, path)]
    return max(levels, default=None)


def _speaks_of(finding: Finding, path: str) -> bool:
    """Whether a finding is about a layer, or about one inside it."""
    layer = finding.location.layer or finding.layer or ""
    return layer == path or layer.startswith(f"{path}/")


def _shown(rows: list[LayerExcerpt], worst: dict[str, Severity | None], *, every: bool) -> list[LayerExcerpt | None]:
    """The rows to print; None stands for all that are left out."""
    if every or len(rows) <= FOLDED:
        return list(rows)
    kept = [
        row
        for index, row in enumerate(rows)
        if index < ENDS or index >= len(rows) - ENDS or worst[row.path] is not None
    ]
    return list(rows) if len(kept) == len(rows) else [*kept, None]


def _cells(row: LayerExcerpt) -> tuple[str, ...]:
    parameters = "?" if row.parameters is None else f"{row.parameters:,}"
    return safe(row.path.partition("/")[2] or row.path), safe(row.class_name), safe(row.output_shape), parameters
