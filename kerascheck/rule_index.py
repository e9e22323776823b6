"""The index of a rule pack: what its rules declare, so that none has to be imported before it has something to look at.

The file `index.json` in the folder of a pack is written by `tools/generate_rule_index.py`. A module that is missing in
it, or whose source has another size now, is imported instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Final

import msgspec
from msgspec import Struct

from kerascheck.findings import Finding, Severity
from kerascheck.rule import FACTS, Options, Rule

FILE: Final = "index.json"

_FACTS: Final = {kind.__name__: kind for kind in (*FACTS, Options)}
_LEVELS: Final = {level.label: level for level in Severity}


class Record(Struct, frozen=True, omit_defaults=True):
    """What one rule declares, in words."""

    code: str
    name: str
    severity: str
    facts: tuple[str, ...]
    since: str
    group: str
    fixable: bool = False
    preview: bool = False
    options: dict[str, float] = {}
    aliases: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: Rule) -> Record:
        return cls(
            code=rule.code,
            name=rule.name,
            severity=rule.severity.label,
            facts=tuple(kind.__name__ for kind in rule.facts),
            since=rule.since,
            group=rule.group,
            fixable=rule.fixable,
            preview=rule.preview,
            options=dict(rule.options),
            aliases=rule.aliases,
            optional=tuple(sorted(kind.__name__ for kind in rule.optional)),
            mentions=rule.mentions,
        )

    def rule(self, module: str) -> Rule:
        """The rule, which is imported when it is first run."""
        return Rule(
            code=self.code,
            name=self.name,
            severity=_LEVELS[self.severity],
            check=_deferred(module, self.code),
            facts=tuple(_FACTS[name] for name in self.facts),
            since=self.since,
            fixable=self.fixable,
            preview=self.preview,
            options=self.options,
            aliases=self.aliases,
            optional=frozenset(_FACTS[name] for name in self.optional),
            group=self.group,
            module=module,
            mentions=self.mentions,
        )


class Entry(Struct, frozen=True):
    """A module of a pack: the size of its source in bytes, and its rules."""

    size: int
    rules: tuple[Record, ...]


def read_index(folder: str) -> Mapping[str, Entry]:
    """The modules of a pack by their dotted names below it; none where the pack has no index of this form."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            return msgspec.json.decode(file.read(), type=dict[str, Entry])
    except (OSError, msgspec.MsgspecError):
        return {}


def written(modules: Mapping[str, tuple[int, Iterable[Rule]]]) -> str:
    """The text of an index: for each module its size and its rules."""
    entries = {name: Entry(size, tuple(map(Record.of, rules))) for name, (size, rules) in sorted(modules.items())}
    return msgspec.json.format(msgspec.json.encode(entries), indent=1).decode() + "\n"


def _deferred(module: str, code: str) -> Callable[..., Iterator[Finding]]:
    def check(*facts: object) -> Iterator[Finding]:
        declared = vars(import_module(module)).values()
        found = next(value for value in declared if isinstance(value, Rule) and value.code == code)
        return found.check(*facts)

    return check
