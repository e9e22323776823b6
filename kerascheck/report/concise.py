"""One line a finding, for terminals, editors and `grep`."""

from __future__ import annotations

from kerascheck.findings import Finding, Report
from kerascheck.report.frames import place
from kerascheck.report.full import summary
from kerascheck.report.paint import Ink, Paint, safe


def render(report: Report, paint: Paint) -> str:
    """The whole report, ending in a line break."""
    lines = [_line(finding, paint) for finding in report.findings]
    return "\n".join([*lines, next(summary(report, paint))]) + "\n"


def _line(finding: Finding, paint: Paint) -> str:
    mark = " [*]" if finding.fix else ""
    return f"{paint(Ink.BOLD, place(finding.location))}: {paint.rule(finding)}{mark} {safe(finding.message)}"
