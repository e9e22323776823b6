"""Rules: how one is declared, and how the linter finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Final, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from kerascheck.facts.values import Value
from kerascheck.findings import Finding, Severity

GROUPS = ("correctness", "leakage", "security", "migration", "performance", "style")
"""What rules are for; each can be selected by its name."""

OPTIONS: Final = "Options"
FACTS: Final = ("ModelGraph", "TrainingProgram", "KerasUsage", "SavedModel")
"""The facts that a rule can ask for, by the names of their types: those that are not asked for need not be imported."""


class Options(Struct, frozen=True):
    """The thresholds that the configuration sets for one rule; ask with the default."""

    values: Mapping[str, Value] = field(default_factory=dict[str, Value])

    def number(self, name: str, default: float) -> float:
        value = self.values.get(name, default)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


Check: TypeAlias = Callable[..., Iterator[Finding]]


class Rule(Struct, frozen=True):
    """A check with its code, kebab-case name, default severity, and the facts that its parameters ask for.

    `options` are the thresholds it knows, by name, with their defaults. `fixable` when it offers edits. `group` is one
    of `GROUPS`. `module` is where it is declared. A fact that is `optional` is None where the file has none:
    `program: TrainingProgram | None` for a model file. A script in which none of the words in `mentions` occurs gives
    the rule nothing to speak of.
    """

    code: str
    name: str
    severity: Severity
    check: Check
    facts: tuple[str, ...]
    since: str
    fixable: bool = False
    preview: bool = False
    options: Mapping[str, float] = field(default_factory=dict[str, float])
    aliases: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    group: str = "correctness"
    module: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def documentation(self) -> str:
        """The docstring of the rule's module, or of its function where it has one of its own."""
        from inspect import cleandoc

        return cleandoc(self.check.__doc__ or import_module(self.module).__doc__ or "")

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.documentation.partition("\n")[0]

    @property
    def family(self) -> str:
        """The folder that the rule stands in (`data`, `architecture`), or its package's name."""
        return self.module.split(".")[-2] if "." in self.module else "local"

    def arguments(self, available: Mapping[str, object], options: Options) -> tuple[object, ...] | None:
        """What the check is called with; None when a fact it asks for is absent."""
        found: list[object] = []
        for kind in self.facts:
            if kind == OPTIONS:
                found.append(options)
            elif kind in available or kind in self.optional:
                found.append(available.get(kind))
            else:
                return None
        return tuple(found)

    def signed(self, finding: Finding) -> Finding:
        """A finding of the check with the rule's code and name, and its severity unless it has one of its own."""
        return replace(finding, code=self.code, name=self.name, severity=finding.severity or self.severity)


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    since: str,
    fixable: bool = False,
    preview: bool = False,
    options: Mapping[str, float] | None = None,
    aliases: tuple[str, ...] = (),
    group: str = "",
    mentions: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Declare a rule: its function's annotated parameters say which facts it looks at.

    Args:
        code: letters and digits, never reused (`KC201`).
        name: kebab case, names the defect.
        severity: the level of a finding that sets none itself.
        since: the release that brought the rule.
        fixable: whether findings carry a fix.
        preview: off until selected by code or name.
        options: thresholds with their defaults, which the configuration can set.
        aliases: earlier names.
        group: what the rule is for, one of `GROUPS`; by default correctness, or style for one of level info.
        mentions: words of which a script must hold one for the rule to run on it; by default it runs on every script.

    Raises:
        TypeError: for a malformed code or name, a group that is not known, or a parameter that names no fact.
    """
    if not (_is_code(code) and _is_name(name)):
        raise TypeError(f"a rule is declared as ('KC201', 'batchnorm-axis'), got ({code!r}, {name!r})")
    purpose = group or ("style" if severity is Severity.INFO else "correctness")
    if purpose not in GROUPS:
        raise TypeError(f"rule {code}: the group must be one of {', '.join(GROUPS)}, got {group!r}")

    def declare(check: Check) -> Rule:
        asked = [_fact(code, check, parameter) for parameter in _parameters(check)]
        kinds = tuple(kind for kind, _ in asked)
        optional = frozenset(kind for kind, absent in asked if absent)
        given = dict(options or {})
        return Rule(
            code=code,
            name=name,
            severity=severity,
            check=check,
            facts=kinds,
            since=since,
            fixable=fixable,
            preview=preview,
            options=given,
            aliases=aliases,
            optional=optional,
            group=purpose,
            module=check.__module__,
            mentions=mentions,
        )

    return declare


def _is_code(text: str) -> bool:
    letters = text.rstrip("0123456789")
    written = text.isascii() and letters.isalpha() and letters.isupper()
    return written and 2 <= len(letters) <= 5 and 3 <= len(text) - len(letters) <= 4


def _is_name(text: str) -> bool:
    words = text.split("-")
    return text.isascii() and text[:1].isalpha() and text == text.lower() and all(word.isalnum() for word in words)


def _parameters(check: Check) -> tuple[str, ...]:
    code = check.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _fact(code: str, check: Check, parameter: str) -> tuple[str, bool]:
    """The fact that a parameter's annotation asks for, and whether it may be absent (`X | None`).

    Annotations are read as text: `typing.get_type_hints` takes 0.1 ms a rule, a tenth of a whole run for a hundred.
    """
    hint = check.__annotations__.get(parameter, "")
    text = hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))
    names = [part.strip().rpartition(".")[2] for part in text.split("|")]
    absent = "None" in names
    kinds = [name for name in names if name in (*FACTS, OPTIONS)]
    if len(kinds) != 1 or len(names) != 1 + absent:
        known = ", ".join((*FACTS, OPTIONS))
        raise TypeError(f"rule {code}: a parameter must be annotated with one of {known}, got {text!r}")
    return kinds[0], absent
