"""How often each rule spoke."""

from __future__ import annotations

from collections import Counter

from kerascheck.findings import Report
from kerascheck.report.paint import Ink, Paint


def render(report: Report, paint: Paint) -> str:
    """A line a rule, the most frequent first; empty when there are no findings."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    digits = len(str(ordered[0][1]))
    lines = [f"{count:>{digits}}  {paint(Ink.BOLD, code)} {name}" for (code, name), count in ordered]
    return "\n" + "\n".join(lines) + "\n"
