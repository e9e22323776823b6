"""What is said of a run: one module a format, each a pure function of the report."""

from __future__ import annotations

import enum


class Format(enum.StrEnum):
    """How findings and rules are printed."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
