"""The examples in the documentation of rules, which the tests execute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kerascheck.registry import load
from kerascheck.rule import Rule

HEADINGS = ("What it does", "Why it matters", "Bad", "Good", "Known limits", "References")
_HEADING = re.compile(r"^#{0,4}\s*(" + "|".join(HEADINGS) + r")\s*:?\s*$")
_FENCE = re.compile(r"^```")
_MARK = re.compile(r"#\s*(KC\d{3})\b")


@dataclass(frozen=True, slots=True)
class Example:
    """A fenced block below `Bad` or `Good`; `name` tells it from the rule's others."""

    rule: Rule
    heading: str
    name: str
    text: str

    @property
    def marked(self) -> list[int]:
        """The lines that end in a comment with the rule's code."""
        return [number for number, code in marks(self.text.splitlines()) if code == self.rule.code]

    @property
    def writes_files(self) -> bool:
        """Whether the example is a script that saves models, which are what its rule looks at."""
        return reads_files(self.rule)


def reads_files(rule: Rule) -> bool:
    """Whether a rule looks at model files only."""
    return "SavedModel" in rule.facts and "SavedModel" not in rule.optional


def marks(lines: Sequence[str]) -> list[tuple[int, str]]:
    """The lines that end in a comment with a rule's code, and that code."""
    return [(number, found[1]) for number, line in enumerate(lines, 1) if (found := _MARK.search(line))]


def headings(rule: Rule) -> list[str]:
    """The headings of a rule's documentation, in order."""
    return [heading for heading, _ in _sections(rule.documentation)]


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """The rules of the built-in pack."""
    return tuple(rule for rule in load().rules if rule.module.startswith("kerascheck_rules."))


def examples(heading: str) -> list[Example]:
    """The examples of every built-in rule below a heading."""
    return [
        Example(rule, heading, f"{rule.code}-{heading.lower()}-{index}", text)
        for rule in built_in_rules()
        for index, text in enumerate(_blocks(rule, heading), 1)
    ]


def _blocks(rule: Rule, heading: str) -> Iterator[str]:
    for found, body in _sections(rule.documentation):
        if found != heading:
            continue
        block: list[str] | None = None
        for line in body:
            if _FENCE.match(line.strip()):
                if block is not None:
                    yield "\n".join(block) + "\n"
                block = None if block is not None else []
            elif block is not None:
                block.append(line)


def _sections(text: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line.strip()))
        found = None if fenced else _HEADING.match(line)
        if found:
            sections.append((found[1], []))
        elif sections:
            sections[-1][1].append(line)
    return sections
