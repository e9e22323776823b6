"""Which rules run on a file, at what level, with what thresholds.

A selector is a code (`KC201`), the beginning of one (`KC2`), a name (`batchnorm-axis`), a family (`data`), a group
(`leakage`) or `ALL`. Of the selectors of a source the most specific decides, and of two equal ones the ignoring one; the command line comes after the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kerascheck.config import Choice, Config
from kerascheck.errors import ConfigError, SelectionError, nearest
from kerascheck.facts.values import Value
from kerascheck.findings import Severity
from kerascheck.reader_codes import ALWAYS_ON, READER_CODES
from kerascheck.registry import Catalogue
from kerascheck.rule import GROUPS, Options, Rule

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

EVERYTHING: Final = "ALL"
EXACT: Final = 100
NO_MATCH: Final = -1

_PREFIX: Final = r"[A-Z]{2,5}\d{0,3}"


class Selection(Struct, frozen=True):
    """The rules that are on (without the engine's own codes), the codes that may be reported, levels and thresholds."""

    rules: tuple[Rule, ...]
    codes: frozenset[str]
    catalogue: Catalogue
    severities: Mapping[str, Severity]
    options: Mapping[str, Options]
    root: Path
    exemptions: tuple[tuple[str, frozenset[str]], ...] = ()

    def exempt(self, path: Path) -> frozenset[str]:
        """The codes that `per-file-ignores` turns off for a file."""
        if not self.exemptions:
            return frozenset()
        absolute = path.absolute()
        relative = absolute.relative_to(self.root) if absolute.is_relative_to(self.root) else absolute
        text = relative.as_posix().lstrip("/")
        return frozenset().union(*(codes for glob, codes in self.exemptions if _pattern(glob).match_file(text)))


def choose(catalogue: Catalogue, config: Config) -> Selection:
    """The rules that a configuration turns on.

    Raises:
        SelectionError: for a selector that matches no rule.
        ConfigError: for a threshold that its rule does not know.
    """
    on = {rule.code for rule in catalogue.rules if is_on(rule, config.choices)}
    for choice in config.choices:
        _check(catalogue, choice.selectors)
    own = {rule.code for rule in READER_CODES}
    return Selection(
        rules=tuple(rule for rule in catalogue.rules if rule.code in on and rule.code not in own),
        codes=frozenset(on),
        catalogue=catalogue,
        severities=_severities(catalogue, config.severity),
        options=_options(catalogue, config),
        root=config.root,
        exemptions=tuple((glob, matching(catalogue, selectors)) for glob, selectors in config.per_file_ignores),
    )


def is_on(rule: Rule, choices: Iterable[Choice]) -> bool:
    """Whether a rule runs under the choices, applied one after the other."""
    on = not rule.preview
    for choice in choices:
        if choice.select is not None:
            on = rule.code in ALWAYS_ON
        selected = _strongest(rule, (*(choice.select or ()), *choice.extend_select))
        ignored = _strongest(rule, choice.ignore)
        if selected > ignored:
            on = on or not rule.preview or selected == EXACT
        elif ignored != NO_MATCH:
            on = rule.code in ALWAYS_ON and ignored != EXACT
    return on


def specificity(selector: str, rule: Rule) -> int:
    """How closely a selector names a rule: `EXACT`, the length of a prefix, 1 for a family or group, 0 for `ALL`."""
    if selector.upper() == rule.code or selector in (rule.name, *rule.aliases):
        return EXACT
    if selector == EVERYTHING:
        return 0
    if selector in (rule.family, rule.group):
        return 1
    prefix = selector.upper()
    return len(prefix) if re.fullmatch(_PREFIX, prefix) and rule.code.startswith(prefix) else NO_MATCH


def matching(catalogue: Catalogue, selectors: Iterable[str]) -> frozenset[str]:
    """The codes of the rules that any of the selectors names.

    Raises:
        SelectionError: for a selector that matches no rule.
    """
    wanted = tuple(selectors)
    _check(catalogue, wanted)
    return frozenset(rule.code for rule in catalogue.rules if _strongest(rule, wanted) != NO_MATCH)


def _check(catalogue: Catalogue, selectors: Iterable[str]) -> None:
    for selector in selectors:
        if all(specificity(selector, rule) == NO_MATCH for rule in catalogue.rules):
            families = {rule.family for rule in catalogue.rules}
            hint = nearest(selector, (*catalogue.by_name, *sorted(families), *GROUPS, EVERYTHING))
            raise SelectionError(f"`{selector}` selects no rule{hint or ': `kerascheck rules` lists them'}")


def _strongest(rule: Rule, selectors: Iterable[str]) -> int:
    return max((specificity(selector, rule) for selector in selectors), default=NO_MATCH)


def _severities(catalogue: Catalogue, levels: Mapping[str, Severity]) -> Mapping[str, Severity]:
    _check(catalogue, levels)
    found: dict[str, Severity] = {}
    for rule in catalogue.rules:
        best = max(levels, key=lambda selector: specificity(selector, rule), default=None)
        if best is not None and specificity(best, rule) != NO_MATCH:
            found[rule.code] = levels[best]
    return found


def _options(catalogue: Catalogue, config: Config) -> Mapping[str, Options]:
    found: dict[str, Options] = {}
    for name, table in config.rules.items():
        _check(catalogue, (name,))
        rule = catalogue.by_name.get(name)
        if rule is None:
            raise ConfigError(f"{config.source}: `rules.{name}` must name one rule, by its code or name")
        values: dict[str, Value] = {}
        for option, number in table.items():
            if option not in rule.options:
                known = nearest(option, rule.options) or f": {_known(rule)}"
                raise ConfigError(f"{config.source}: rule {rule.code} has no option `{option}`{known}")
            values[option] = number
        found[rule.code] = Options(values)
    return found


def _known(rule: Rule) -> str:
    return f"it knows {', '.join(f'`{name}`' for name in rule.options)}" if rule.options else "it has none"


@lru_cache(maxsize=256)
def _pattern(glob: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines([glob])
