"""Comments that silence a finding: `# kerascheck: ignore[KC201] reason` and `# noqa: KC201`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.findings import Finding, SourceText


class Entry(Struct, frozen=True):
    """A code or name in a directive, and where it stands in the comment."""

    text: str
    start: int
    end: int


class Directive(Struct, frozen=True):
    """One `ignore[…]` or `noqa`: `entries` is None where it silences everything.

    `start` and `end` are its span in the comment, which begins at `line` and `column`, counted from 1, after `blanks`
    blanks that follow code; `own` is false for `noqa`, which other linters read as well.
    """

    entries: tuple[Entry, ...] | None
    start: int
    end: int
    own: bool
    cell: int | None = None
    line: int = 0
    column: int = 0
    comment: str = ""
    blanks: int = 0


Directives: TypeAlias = "Mapping[tuple[int | None, int], tuple[Directive, ...]]"
"""The directives of a source by cell and line."""


# Compiled on first use: few sources hold a directive, and the scanner alone takes a millisecond.
@cache
def _tokens() -> re.Pattern[str]:
    # A string is skipped as a whole, so that a comment sign in it is none. The scan needs no valid Python: Python 2
    # sources, notebook magics and half-written lines are scanned as well, and an open quote ends with its line.
    return re.compile(
        r"""(?P<comment>\#[^\n]*)
          | \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)
          | '''(?:\\.|[^\\])*?(?:'''|\Z)
          | \"(?:\\.|[^\"\\\n])*\"?
          | '(?:\\.|[^'\\\n])*'?""",
        re.VERBOSE | re.DOTALL,
    )


@cache
def _own() -> re.Pattern[str]:
    return re.compile(r"#\s*kerascheck:\s*ignore\b(?:\s*\[(?P<codes>[^\]]*)\]|(?!\s*\[))", re.IGNORECASE)


@cache
def _noqa() -> re.Pattern[str]:
    return re.compile(
        r"#\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:(?:\s*,\s*|\s+)[A-Z]+[0-9]+)*)|(?!\s*:))", re.IGNORECASE
    )


def directives(source: SourceText) -> Directives:
    """Every silencing comment of a source."""
    found: dict[tuple[int | None, int], tuple[Directive, ...]] = {}
    for cell, lines in source.cells:
        for line, column, comment in comments(lines):
            if parsed := parse_comment(comment, cell, line, column):
                before = lines[line - 1][: column - 1]
                blanks = len(before) - len(before.rstrip()) if before.strip() else 0
                found[cell, line] = tuple(replace(directive, blanks=blanks) for directive in parsed)
    return found


def comments(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The comments that may hold a directive, each with its line and column, counted from 1."""
    lower = "\n".join(lines).lower()
    if "noqa" not in lower and "kerascheck" not in lower:
        return
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    for token in _tokens().finditer(text):
        if (comment := token["comment"]) is not None:
            start = token.start()
            yield text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), comment


def parse_comment(comment: str, cell: int | None = None, line: int = 0, column: int = 0) -> tuple[Directive, ...]:
    """The directives in a comment."""
    found: list[Directive] = []
    for pattern, own in ((_own(), True), (_noqa(), False)):
        for directive in pattern.finditer(comment):
            entries = None
            if directive["codes"] is not None:
                offset = directive.start("codes")
                words = re.finditer(r"[\w-]+", directive["codes"])
                entries = tuple(Entry(word[0], offset + word.start(), offset + word.end()) for word in words)
            found.append(Directive(entries, *directive.span(), own, cell, line, column, comment))
    return tuple(found)


class Silencer(Struct, frozen=True):
    """What silences a finding: a directive, by one of its entries or, with None, altogether."""

    directive: Directive
    entry: Entry | None


def silencers(finding: Finding, found: Directives, names: frozenset[str] = frozenset()) -> Iterator[Silencer]:
    """What silences a finding on any line of its span.

    Args:
        finding: with its code and name.
        found: what `directives` found.
        names: earlier names of the rule.
    """
    place = finding.location
    if not place.line or not found:
        return
    for line in range(place.line, max(place.line, place.end_line) + 1):
        for directive in found.get((place.cell, line), ()):
            if directive.entries is None:
                yield Silencer(directive, None)
                continue
            yield from (Silencer(directive, e) for e in directive.entries if _names(e.text, finding, names))


def is_suppressed(finding: Finding, found: Directives, names: frozenset[str] = frozenset()) -> bool:
    """Whether anything silences a finding."""
    return any(True for _ in silencers(finding, found, names))


def _names(entry: str, finding: Finding, names: frozenset[str]) -> bool:
    if entry.lower() == finding.name or entry in names:
        return True
    prefix = entry.upper()
    return is_code(prefix) and finding.code.startswith(prefix)


def is_code(text: str) -> bool:
    """Whether an entry is a code or the beginning of one: two to five letters, then up to four digits."""
    letters = text.rstrip("0123456789")
    return 2 <= len(letters) <= 5 and letters.isascii() and letters.isupper() and len(text) - len(letters) <= 4
