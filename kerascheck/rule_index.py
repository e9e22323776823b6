"""The index of a rule pack: what its rules declare, so that none has to be imported before it has something to look at.

The file `index.json` in the folder of a pack is written by `tools/generate_docs.py`. A module that is missing in it, or
whose source has another size now, is imported instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import msgspec
from msgspec import Struct

from kerascheck.findings import Finding, Severity
from kerascheck.rule import Rule

FILE: Final = "index.json"

_LEVELS: Final = {level.label: level for level in Severity}


class Entry(Struct, frozen=True):
    """A module of a pack: the size of its source in bytes, and what each of its rules declares."""

    size: int
    rules: list[dict[str, Any]]

    def rules_of(self, module: str) -> Iterator[Rule]:
        """The rules of the module, which is imported when one of them is first run."""
        for declared in self.rules:
            yield _rule(module, **declared)


def read_index(folder: str) -> Mapping[str, Entry]:
    """The modules of a pack by their dotted names below it; none where the pack has no index of this form."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            # Without types: to look up those of the fields takes longer than to decode all.
            found = msgspec.json.decode(file.read())
        return {name: Entry(*entry) for name, entry in found.items()}
    except (OSError, TypeError, AttributeError, msgspec.MsgspecError):
        return {}


def written(modules: Mapping[str, tuple[int, Iterable[Rule]]]) -> str:
    """The text of an index, a line for a module: its name, its size and its rules."""
    lines = (
        f"{_json(name)}: {_json((size, [declared(rule) for rule in rules]))}"
        for name, (size, rules) in sorted(modules.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def declared(rule: Rule) -> dict[str, Any]:
    """What a rule declares, in words, without what it leaves to the defaults."""
    optional = {
        "fixable": rule.fixable,
        "preview": rule.preview,
        "options": dict(rule.options),
        "aliases": rule.aliases,
        "optional": sorted(rule.optional),
        "mentions": rule.mentions,
    }
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.label,
        "facts": rule.facts,
        "since": rule.since,
        "group": rule.group,
        **{name: value for name, value in optional.items() if value},
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _rule(
    module: str,
    *,
    code: str,
    severity: str,
    facts: Iterable[str],
    optional: Iterable[str] = (),
    aliases: Iterable[str] = (),
    mentions: Iterable[str] = (),
    **plain: Any,
) -> Rule:
    return Rule(
        code=code,
        severity=_LEVELS[severity],
        check=_deferred(module, code),
        facts=tuple(facts),
        optional=frozenset(optional),
        aliases=tuple(aliases),
        mentions=tuple(mentions),
        module=module,
        **plain,
    )


def _deferred(module: str, code: str) -> Callable[..., Iterator[Finding]]:
    found: list[Callable[..., Iterator[Finding]]] = []

    def check(*facts: object) -> Iterator[Finding]:
        if not found:
            values = vars(import_module(module)).values()
            found.extend(value.check for value in values if isinstance(value, Rule) and value.code == code)
        return found[0](*facts)

    return check
