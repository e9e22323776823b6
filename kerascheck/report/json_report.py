"""The report for programs: one JSON document, described by `schema.json`."""

from __future__ import annotations

import json
import math
from typing import Final, TypedDict

from kerascheck import __version__
from kerascheck.findings import (
    Coverage,
    Edit,
    FileReport,
    Finding,
    Fix,
    LayerWeights,
    Location,
    Related,
    Report,
    Severity,
    WeightSummary,
)

VERSION: Final = 1


class Place(TypedDict):
    path: str
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    cell: int | None


class EditDocument(Place):
    replacement: str


class FixDocument(TypedDict):
    safe: bool
    edits: list[EditDocument]


class RelatedDocument(TypedDict):
    path: str
    line: int | None
    column: int | None
    message: str


class FindingDocument(TypedDict):
    code: str
    name: str
    severity: str
    message: str
    help: str | None
    path: str
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    cell: int | None
    layer: str | None
    related: list[RelatedDocument]
    fix: FixDocument | None
    url: str | None


class CoverageDocument(TypedDict):
    models: int
    whole: int
    layers: int
    opaque: int
    gaps: list[str]
    cut_short: str | None
    partial: int
    lost: int
    fits: int
    fits_known: int
    elsewhere: int
    calls: int
    calls_known: int


class LayerWeightsDocument(TypedDict):
    layer: str
    arrays: int
    parameters: int
    bytes: int
    norm: float | None
    deviation: float | None
    largest: float | None
    zeros: float | None
    faults: list[str]
    notes: list[str]


class OptimizerStateDocument(TypedDict):
    arrays: int
    bytes: int
    steps: int | None


class WeightsDocument(TypedDict):
    arrays: int
    parameters: int
    bytes: int
    dtypes: dict[str, int]
    not_finite: int
    zeros: int
    constant: int
    unread: int
    layers: list[LayerWeightsDocument]
    optimizer: OptimizerStateDocument | None


class FileDocument(TypedDict):
    path: str
    kind: str
    status: str
    reason: str | None
    models: int
    coverage: CoverageDocument | None
    weights: WeightsDocument | None


def render(report: Report) -> str:
    """The whole document, ending in a line break."""
    document = {
        "version": VERSION,
        "tool": {"name": "kerascheck", "version": __version__},
        "summary": {
            "files": len(report.files),
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "fixable": report.fixable,
        },
        "findings": [_finding(finding) for finding in report.findings],
        "files": [_file(file) for file in report.files],
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding) -> FindingDocument:
    return FindingDocument(
        code=finding.code,
        name=finding.name,
        severity=(finding.severity or Severity.ERROR).label,
        message=finding.message,
        help=finding.help or None,
        **_place(finding.location),
        layer=finding.layer or finding.location.layer,
        related=[_related(related) for related in finding.related],
        fix=_fix(finding.fix),
        url=None,
    )


def _place(location: Location) -> Place:
    return Place(
        path=location.path,
        line=location.line or None,
        column=location.column or None,
        end_line=location.end_line or None,
        end_column=location.end_column or None,
        cell=location.cell,
    )


def _related(related: Related) -> RelatedDocument:
    place = related.location
    return RelatedDocument(
        path=place.path, line=place.line or None, column=place.column or None, message=related.message
    )


def _fix(fix: Fix | None) -> FixDocument | None:
    return None if fix is None else FixDocument(safe=fix.safe, edits=[_edit(edit) for edit in fix.edits])


def _edit(edit: Edit) -> EditDocument:
    return EditDocument(**_place(edit.location), replacement=edit.replacement)


def _file(file: FileReport) -> FileDocument:
    return FileDocument(
        path=file.path,
        kind=file.kind.value,
        status=file.status.value,
        reason=file.reason or None,
        models=file.models,
        coverage=_coverage(file.coverage),
        weights=_weights(file.weights),
    )


def _coverage(coverage: Coverage | None) -> CoverageDocument | None:
    if coverage is None:
        return None
    return CoverageDocument(
        models=coverage.models,
        whole=coverage.whole,
        layers=coverage.layers,
        opaque=coverage.opaque,
        gaps=list(coverage.gaps),
        cut_short=coverage.cut_short or None,
        partial=coverage.partial,
        lost=coverage.lost,
        fits=coverage.fits,
        fits_known=coverage.fits_known,
        elsewhere=coverage.elsewhere,
        calls=coverage.calls,
        calls_known=coverage.calls_known,
    )


def _weights(found: WeightSummary | None) -> WeightsDocument | None:
    if found is None:
        return None
    state = OptimizerStateDocument(arrays=found.optimizer_arrays, bytes=found.optimizer_size, steps=found.steps)
    return WeightsDocument(
        arrays=found.arrays,
        parameters=found.parameters,
        bytes=found.size,
        dtypes=dict(found.dtypes),
        not_finite=found.not_finite,
        zeros=found.zeros,
        constant=found.constant,
        unread=found.unread,
        layers=[_layer_weights(layer) for layer in found.layers],
        optimizer=state if found.optimizer_arrays else None,
    )


def _layer_weights(layer: LayerWeights) -> LayerWeightsDocument:
    return LayerWeightsDocument(
        layer=layer.path,
        arrays=layer.arrays,
        parameters=layer.parameters,
        bytes=layer.size,
        norm=_finite(layer.norm),
        deviation=_finite(layer.deviation),
        largest=_finite(layer.largest),
        zeros=layer.zeros,
        faults=list(layer.faults),
        notes=list(layer.notes),
    )


def _finite(value: float | None) -> float | None:
    """JSON has no infinity, which the norm of absurd weights may be."""
    return value if value is not None and math.isfinite(value) else None
