"""Colours of a terminal, and text made safe for one."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Mapping
from typing import Final, TextIO

from kerascheck.findings import Finding, Severity

# Compiled when a text needs it, which few do.
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"


class Ink(enum.Enum):
    """What a piece of text is; the value is its ANSI code."""

    ERROR = "1;31"
    WARNING = "1;33"
    INFO = "1;36"
    GOOD = "1;32"
    BOLD = "1"
    FAINT = "2"
    FRAME = "1;34"


INK_OF: Final[Mapping[Severity, Ink]] = {
    Severity.ERROR: Ink.ERROR,
    Severity.WARNING: Ink.WARNING,
    Severity.INFO: Ink.INFO,
}


class Paint:
    """Colours text, or leaves it as it is. `pages` are the addresses of rules' documentation by code, to link to."""

    def __init__(self, on: bool, pages: Mapping[str, str] | None = None) -> None:
        self.on = on
        self.pages = pages or {}

    def __call__(self, ink: Ink, text: str) -> str:
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self.on and text else text

    def rule(self, finding: Finding) -> str:
        """`error[KC201 batchnorm-axis]`, linked to the documentation of the rule where a terminal can follow it."""
        level = finding.severity or Severity.ERROR
        text = self(INK_OF[level], f"{level.label}[{finding.code} {finding.name}]")
        page = self.pages.get(finding.code)
        return f"\x1b]8;;{page}\x1b\\{text}\x1b]8;;\x1b\\" if page else text


PLAIN: Final = Paint(False)


def wants_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour: NO_COLOR forbids it, FORCE_COLOR asks for it, or else a terminal that can show it."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def safe(text: str) -> str:
    """Text on one line, without the control characters by which a file's content could steer a terminal."""
    if text.isprintable():
        return text
    return re.sub(_CONTROL, lambda match: " " if match[0] in "\n\r\t" else "\N{REPLACEMENT CHARACTER}", text)


def width(character: str) -> int:
    """The columns that a character takes on a terminal."""
    if character.isascii():
        return 1
    from unicodedata import category, combining, east_asian_width

    if combining(character) or category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1
