"""Comments that silence a finding: `# kerascheck: ignore[KC201] reason` and `# noqa: KC201`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from kerascheck.findings import Finding, SourceText

Directives: TypeAlias = "Mapping[tuple[int | None, int], frozenset[str] | None]"
"""By cell and line: the codes and names that are silenced there, None for all."""

# A string is skipped as a whole, so that a comment sign in it is none. The scan needs no valid Python: Python 2
# sources, notebook magics and half-written lines are scanned as well, and an open quote ends with its line.
# The patterns are compiled when they are first used: most runs meet no such comment.
_TOKENS: Final = r"""(?P<comment>\#[^\n]*)
      | \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)
      | '''(?:\\.|[^\\])*?(?:'''|\Z)
      | \"(?:\\.|[^\"\\\n])*\"?
      | '(?:\\.|[^'\\\n])*'?"""
_OWN: Final = r"#\s*kerascheck:\s*ignore\b(?:\s*\[(?P<codes>[^\]]*)\]|(?!\s*\[))"
_NOQA: Final = r"#\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:(?:\s*,\s*|\s+)[A-Z]+[0-9]+)*)|(?!\s*:))"
_CODE: Final = r"[A-Z]{2,5}\d{0,4}"


def directives(source: SourceText) -> Directives:
    """Every silencing comment of a source."""
    found: dict[tuple[int | None, int], frozenset[str] | None] = {}
    for cell, lines in source.cells:
        for line, comment in comments(lines):
            parsed = parse_comment(comment)
            if parsed is None or parsed:
                found[cell, line] = parsed
    return found


def comments(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The comments that may hold a directive, each with its line, counted from 1."""
    if not any("noqa" in (lower := line.lower()) or "kerascheck" in lower for line in lines):
        return
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    for token in re.finditer(_TOKENS, text, re.VERBOSE | re.DOTALL):
        if (comment := token["comment"]) is not None:
            yield text.count("\n", 0, token.start()) + 1, comment


def parse_comment(comment: str) -> frozenset[str] | None:
    """The codes and names that a comment silences: empty for none of them, None for all."""
    silenced: set[str] = set()
    for pattern in (_OWN, _NOQA):
        for directive in re.finditer(pattern, comment, re.IGNORECASE):
            codes: str | None = directive["codes"]
            if codes is None:
                return None
            silenced.update(re.findall(r"[\w-]+", codes))
    return frozenset(silenced)


def is_suppressed(finding: Finding, comments: Directives, names: frozenset[str] = frozenset()) -> bool:
    """Whether a comment on any line of the finding's span silences it.

    Args:
        finding: with its code and name.
        comments: what `directives` found.
        names: earlier names of the rule.
    """
    place = finding.location
    if not place.line or not comments:
        return False
    for line in range(place.line, max(place.line, place.end_line) + 1):
        if (place.cell, line) not in comments:
            continue
        silenced = comments[place.cell, line]
        if silenced is None or any(_names(entry, finding, names) for entry in silenced):
            return True
    return False


def _names(entry: str, finding: Finding, names: frozenset[str]) -> bool:
    if entry.lower() == finding.name or entry in names:
        return True
    prefix = entry.upper()
    return bool(re.fullmatch(_CODE, prefix)) and finding.code.startswith(prefix)
