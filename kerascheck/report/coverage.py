"""How much of each file the readers recovered."""

from __future__ import annotations

from kerascheck.findings import Coverage, FileReport, Report
from kerascheck.report.paint import Ink, Paint, safe


def render(report: Report, paint: Paint) -> str:
    """A line a file that builds or trains a model; empty when none does."""
    lines = [_line(file, file.coverage, paint) for file in report.files if file.coverage is not None and _tells(file)]
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def _tells(file: FileReport) -> bool:
    found = file.coverage
    return found is not None and bool(found.models or found.fits or found.cut_short)


def _line(file: FileReport, found: Coverage, paint: Paint) -> str:
    parts = [f"{_many(found.models, 'model')}: {found.whole} whole"]
    if found.elsewhere:
        parts.append(f"{found.elsewhere} but for what lies elsewhere")
    if found.partial:
        parts.append(f"{found.partial} in part")
    if found.lost:
        parts.append(f"{found.lost} not at all")
    text = ", ".join(parts)
    if found.gaps:
        text += f" ({', '.join(safe(gap) for gap in found.gaps)})"
    if found.fits:
        text += f"; {_many(found.fits, 'fit call')}: {found.fits_known} with data of known origin"
    if found.cut_short:
        text += f"; cut short: {safe(found.cut_short)}"
    return f"{paint(Ink.BOLD, safe(file.path))}: {text}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
