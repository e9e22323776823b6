"""The report for people: a frame for each finding, and a summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.findings import FileKind, FileReport, FileStatus, Finding, LayerExcerpt, Location, Report, Severity
from kerascheck.report.frames import frame, place
from kerascheck.report.layer_table import table
from kerascheck.report.paint import INK_OF, Ink, Paint, safe, width

CONFIG_LINES: Final = 6
CONFIG_WIDTH: Final = 72


def render(report: Report, paint: Paint, *, layers: bool = False) -> str:
    """The whole report, ending in a line break; `layers` shows every row of a long table."""
    sources = {file.path: file for file in report.files}
    for file in report.files:
        for path, text in file.beside:
            sources.setdefault(path, replace(file, path=path, source=text))
    blocks: list[str] = []
    for file in report.files:
        if file.about:
            blocks.append("\n".join(table(file, paint, every=layers)))
        blocks += ["\n".join(_finding(finding, sources, paint)) for finding in file.findings]
        if file.weights is not None:
            from kerascheck.report.weight_table import weight_table

            blocks.append("\n".join(weight_table(file, paint, every=layers)))
    closing = [*_notes(report, paint), *summary(report, paint)]
    return "\n\n".join([*blocks, "\n".join(closing)]) + "\n"


def summary(report: Report, paint: Paint) -> Iterator[str]:
    """The closing lines: counts by severity, files and fixable findings; one line when nothing was found."""
    looked_at = sum(file.status is not FileStatus.SKIPPED for file in report.files)
    skipped = len(report.files) - looked_at
    files = _count(looked_at, "file") + (f" ({skipped} skipped)" if skipped else "")
    models = _count(sum(file.models for file in report.files), "model")
    if not report.findings:
        yield f"{paint(Ink.GOOD, 'All checks passed')}: {files}, {models}"
        return
    counts = ", ".join(
        paint(INK_OF[level], _count(count, level.label))
        for level in sorted(Severity, reverse=True)
        if (count := report.count(level))
    )
    fixable = f"; {report.fixable} fixable [*]" if report.fixable else ""
    yield f"Found {counts} in {files}, {models}{fixable}"
    worst = max(report.findings, key=lambda finding: finding.severity or Severity.ERROR)
    yield paint(Ink.FAINT, f"`kerascheck explain {worst.code}` tells why it matters and how to put it right")


def _finding(finding: Finding, files: dict[str, FileReport], paint: Paint) -> Iterator[str]:
    mark = f" {paint(Ink.GOOD, '[*]')}" if finding.fix else ""
    yield f"{paint.rule(finding)}: {paint(Ink.BOLD, safe(finding.message))}{mark}"
    gutter = _gutter(finding)
    margin = " " * gutter
    yield f"{margin}{paint(Ink.FRAME, '-->')} {place(finding.location)}"
    yield from _excerpt(finding.location, finding, files, gutter, paint)
    for related in finding.related:
        yield f"{margin}{paint(Ink.FRAME, ':::')} {place(related.location)}"
        shown = tuple(_source_frame(related.location, related.message, files, gutter, paint, Ink.FRAME, "-"))
        yield from shown or (f"{margin} {paint(Ink.FRAME, '=')} {paint(Ink.BOLD, 'note:')} {safe(related.message)}",)
    if finding.help:
        yield f"{margin} {paint(Ink.FRAME, '=')} {paint(Ink.BOLD, 'help:')} {safe(finding.help)}"


def _gutter(finding: Finding) -> int:
    places = [finding.location, *(related.location for related in finding.related)]
    return max(len(str(max(place.line, place.end_line))) for place in places)


def _excerpt(
    location: Location, finding: Finding, files: dict[str, FileReport], gutter: int, paint: Paint
) -> Iterator[str]:
    if location.line:
        ink = INK_OF[finding.severity or Severity.ERROR]
        yield from _source_frame(location, finding.label, files, gutter, paint, ink, "^")
        return
    file = files.get(location.path)
    layer = location.layer or finding.layer
    found = next((excerpt for excerpt in file.layers if excerpt.path == layer), None) if file and layer else None
    if found is not None:
        yield from _layer_frame(found, finding, gutter, paint)


def _source_frame(
    location: Location, label: str, files: dict[str, FileReport], gutter: int, paint: Paint, ink: Ink, underline: str
) -> Iterator[str]:
    file = files.get(location.path)
    if file is None or file.source is None or not location.line:
        return
    lines = file.source.lines(location.cell)
    yield from frame(location, lines, label=label, gutter=gutter, paint=paint, ink=ink, underline=underline)


def _layer_frame(layer: LayerExcerpt, finding: Finding, gutter: int, paint: Paint) -> Iterator[str]:
    """The layer's class and output shape, and of its configuration first what the finding speaks of."""
    bar = f"{'':{gutter}} {paint(Ink.FRAME, '|')}"
    yield bar
    yield f"{bar} {paint(Ink.BOLD, safe(layer.class_name))} -> {safe(layer.output_shape)}"
    said = frozenset(re.findall(r"\w+", f"{finding.message} {finding.label} {finding.help}"))
    ordered = sorted(layer.config, key=lambda pair: pair[0] not in said)
    label = safe(finding.label)
    for name, value in ordered[:CONFIG_LINES]:
        setting = f"{safe(name)} = {_short(value)}"
        yield f"{bar}   {setting}"
        if label and name in said:
            underline = "^" * sum(width(character) for character in setting)
            yield f"{bar}   {paint(INK_OF[finding.severity or Severity.ERROR], f'{underline} {label}')}"
            label = ""
    if len(ordered) > CONFIG_LINES:
        yield f"{bar}   {paint(Ink.FAINT, f'and {len(ordered) - CONFIG_LINES} more')}"
    yield bar


def _short(value: str) -> str:
    text = safe(value)
    return text if len(text) <= CONFIG_WIDTH else text[: CONFIG_WIDTH - 1] + "…"


def _notes(report: Report, paint: Paint) -> Iterator[str]:
    """What was not, or not wholly, read; a script without Keras is nothing to speak of."""
    for file in report.files:
        skipped = file.status is FileStatus.SKIPPED and file.kind in (FileKind.MODEL, FileKind.OTHER)
        if file.reason and (skipped or file.status in (FileStatus.PARTIAL, FileStatus.OK)):
            how = {FileStatus.PARTIAL: " was read in part", FileStatus.OK: ""}.get(file.status, " was skipped")
            yield f"{paint(Ink.INFO, 'note')}: {safe(file.path)}{how}: {safe(file.reason)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
