"""The road: a file is read into facts, rules look at the facts, what they find is filtered and put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from kerascheck.config import Config
from kerascheck.errors import one_line
from kerascheck.facts.events import ModelUse
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import FileKind, FileReport, FileStatus, Finding, Location, Severity, SourceText
from kerascheck.reader_codes import internal_error, unreadable_file
from kerascheck.recovery import coverage
from kerascheck.registry import load
from kerascheck.rule import OPTIONS, Options, Rule
from kerascheck.selection import Selection, choose
from kerascheck.suppression import Silencer, directives, silencers

if TYPE_CHECKING:
    from kerascheck.artifact import ModelFacts

NO_MENTION = "no mention of Keras"

GRAPH: Final = ModelGraph.__name__

Facts: TypeAlias = "Mapping[str, object]"
"""What was read of a file, by the names of the types of facts."""

Call: TypeAlias = "tuple[tuple[object, ...], bool]"
"""The arguments of a rule's check, and whether the model among them is one that a unit test builds."""


class Target(Struct, frozen=True):
    """A file to look at: where it is, how reports call it, and what reads it."""

    path: Path
    display: str
    kind: FileKind


class Plan:
    """What a run does to each file. The rules are looked up and imported when the first file needs them."""

    def __init__(self, config: Config) -> None:
        self.config = config
        if config.names_rules:
            _ = self.selection

    def __reduce__(self) -> tuple[type[Plan], tuple[Config]]:
        # Rules are functions of modules that a worker imports itself.
        return Plan, (self.config,)

    @cached_property
    def selection(self) -> Selection:
        """The rules that are on.

        Raises:
            KerascheckError: when a rule pack cannot be used, or the configuration names a rule that does not exist.
        """
        return choose(load(self.config.rule_paths), self.config)


class Subject(Struct, frozen=True):
    """One file as the rules see it: what every rule may ask for, its graphs, and the keys of those that unit tests build."""

    path: str
    facts: Facts
    graphs: tuple[ModelGraph, ...]
    views: tuple[Facts, ...]
    text: str = ""
    tested: frozenset[int] = frozenset()
    _mentioned: dict[str, bool] = field(default_factory=dict[str, bool])

    @classmethod
    def of(cls, path: str, facts: Facts, graphs: tuple[ModelGraph, ...], text: str = "") -> Subject:
        """A file with the view that a rule on graphs has of each; `text` is all that was read, where that is source."""
        program = facts.get(TrainingProgram.__name__)
        uses = program.of(ModelUse) if isinstance(program, TrainingProgram) else ()
        tested = frozenset(use.model for use in uses if use.is_tested and use.use == "built")
        return cls(path, facts, graphs, tuple({**facts, GRAPH: graph} for graph in graphs), text, tested)

    def concerns(self, rule: Rule) -> bool:
        """Whether a word that a rule speaks of stands in the source."""
        return not (rule.mentions and self.text) or any(map(self._mentions, rule.mentions))

    def _mentions(self, word: str) -> bool:
        found = self._mentioned.get(word)
        if found is None:
            found = self._mentioned[word] = word in self.text
        return found


def lint(target: Target, plan: Plan) -> FileReport:
    """Lint one target by the reader of its kind."""
    match target.kind:
        case FileKind.SCRIPT | FileKind.NOTEBOOK:
            return lint_script(target.path, target.display, plan)
        case FileKind.MODEL:
            return lint_model(target.path, target.display, plan)
        case FileKind.OTHER:
            reason = "neither a Python source nor a Keras model"
            return FileReport(target.display, FileKind.OTHER, FileStatus.SKIPPED, reason)


def lost(target: Target, reason: str, plan: Plan) -> FileReport:
    """The report of a file whose reader did not come back."""
    if target.kind is FileKind.MODEL:
        from kerascheck.artifact import given_up

        return _model_report(given_up(target.path, target.display, reason), target.path, target.display, plan)
    return _unreadable(target.display, target.kind, reason, plan, target.path)


def lint_script(path: Path, display: str, plan: Plan) -> FileReport:
    """Read and lint a script or notebook."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return _unreadable(display, FileKind.SCRIPT, error.strerror or one_line(error), plan, path)
    return lint_source(data, display, plan, path)


def lint_source(data: bytes, display: str, plan: Plan, path: Path | None = None) -> FileReport:
    """Lint the content of a script or notebook; `path` is where it would stand, for `per-file-ignores`."""
    file, path = path, path or Path(display)
    kind = FileKind.NOTEBOOK if path.suffix.lower() == ".ipynb" else FileKind.SCRIPT
    if b"keras" not in data and b"tensorflow" not in data:
        return FileReport(display, kind, FileStatus.SKIPPED, NO_MENTION)
    try:
        from kerascheck.script import read_script

        facts = read_script(display, data, target=plan.config.target_keras, file=file)
    except (Exception, RecursionError) as error:
        return _unreadable(display, kind, f"the script reader failed: {one_line(error)}", plan, path)
    if any(cell is not None for cell, _ in facts.source.cells):
        kind = FileKind.NOTEBOOK
    subject = Subject.of(
        display, {type(fact).__name__: fact for fact in (facts.program, facts.usage)}, facts.graphs, facts.words
    )
    findings, fault = run_rules(subject, plan.selection)
    settled = settle(
        (*facts.findings, *findings),
        plan.selection,
        path,
        facts.source,
        display=display,
        whole=facts.status is FileStatus.OK and not facts.program.cut_short,
        beside=facts.beside,
    )
    return FileReport(
        path=display,
        kind=kind,
        status=facts.status,
        reason=facts.reason,
        findings=settled,
        models=len(facts.graphs),
        source=facts.source,
        reads=facts.reads,
        beside=tuple((name, text) for name, text in facts.beside.items() if _stands_in(settled, name)),
        fault=fault,
        coverage=coverage(facts.graphs, facts.program),
    )


def lint_model(path: Path, display: str, plan: Plan) -> FileReport:
    """Read and lint a model file."""
    try:
        from kerascheck.artifact import read_model

        config = plan.config
        facts = read_model(
            path,
            display=display,
            weights=config.read_weights,
            fetch=config.fetch_weights,
            target=config.target_keras,
        )
    except OSError as error:
        return _unreadable(display, FileKind.MODEL, error.strerror or one_line(error), plan, path)
    except (Exception, RecursionError) as error:
        return _unreadable(display, FileKind.MODEL, f"the model reader failed: {one_line(error)}", plan, path)
    return _model_report(facts, path, display, plan)


def _model_report(facts: ModelFacts, path: Path, display: str, plan: Plan) -> FileReport:
    """What the rules say of a model file."""
    from kerascheck.artifact import about, weight_summary

    found: Facts = {} if facts.saved is None else {type(facts.saved).__name__: facts.saved}
    subject = Subject.of(display, found, facts.graphs)
    findings, fault = run_rules(subject, plan.selection)
    if facts.status is FileStatus.ERROR and not findings:
        # The rules that would say why are off: that it was not read must be said all the same.
        return _unreadable(display, FileKind.MODEL, facts.reason, plan, path)
    return FileReport(
        path=display,
        kind=FileKind.MODEL,
        status=facts.status,
        reason=facts.reason,
        findings=settle((*facts.findings, *findings), plan.selection, path),
        models=len(facts.graphs),
        layers=facts.layers,
        about=about(facts.saved) if facts.saved is not None else "",
        weights=weight_summary(facts.saved) if facts.saved is not None else None,
        reads=facts.reads,
        fault=fault,
        coverage=coverage(facts.graphs),
    )


def run_rules(subject: Subject, selection: Selection) -> tuple[tuple[Finding, ...], bool]:
    """What every rule that is on says about a file, and whether one of them crashed."""
    findings: list[Finding] = []
    fault = False
    # Most rules ask for the same few facts, and find nothing.
    given: dict[tuple[object, ...], list[Call]] = {}
    for rule in selection.rules:
        asked = (rule.facts, rule.optional, rule.code if OPTIONS in rule.facts else "")
        calls = given.get(asked)
        if calls is None:
            calls = given[asked] = _calls(rule, subject, selection)
        if not calls or not subject.concerns(rule):
            continue
        try:
            # One by one: what a rule found before it crashed still stands.
            for arguments, tested in calls:
                for finding in rule.check(*arguments):
                    # A unit test asks of a model that it runs, and not that it is good.
                    if not tested or (finding.severity or rule.severity) is Severity.ERROR:
                        findings.append(rule.signed(finding))
        except (Exception, RecursionError) as error:
            fault = True
            findings.append(_crash(rule, subject.path, error))
    return tuple(findings), fault


def _calls(rule: Rule, subject: Subject, selection: Selection) -> list[Call]:
    """Each call of a rule's check on a file; none where a fact that it asks for is absent."""
    options = selection.options.get(rule.code) or Options()
    views = [(subject.facts, False)]
    if GRAPH in rule.facts and (GRAPH not in rule.optional or subject.graphs):
        tested = [graph.key in subject.tested for graph in subject.graphs]
        views = list(zip(subject.views, tested, strict=True))
    return [(given, tested) for view, tested in views if (given := rule.arguments(view, options)) is not None]


def _crash(rule: Rule, path: str, error: BaseException) -> Finding:
    return Finding(
        message=f"rule {rule.code} `{rule.name}` failed on this file: {one_line(error)}",
        location=Location(path),
        help=f"the other rules ran; report this to the author of the rule, and pass `--ignore {rule.code}` until then",
        code=internal_error.code,
    )


def _stands_in(findings: Iterable[Finding], name: str) -> bool:
    return any(
        place.path == name
        for finding in findings
        for place in (finding.location, *(r.location for r in finding.related))
    )


_NO_SOURCES: Mapping[str, SourceText] = {}


def settle(
    findings: Iterable[Finding],
    selection: Selection,
    path: Path,
    source: SourceText | None = None,
    *,
    display: str = "",
    whole: bool = False,
    beside: Mapping[str, SourceText] = _NO_SOURCES,
) -> tuple[Finding, ...]:
    """The findings that are to be reported: named, at their configured level, none twice, none silenced, in order.

    Where `whole` says that nothing in the source was left unread, suppressions that silence nothing are reported too.
    A finding in a module of `beside` is silenced by that module's comments, and mended where the module itself is linted.
    """
    off = selection.exempt(path)
    comments = directives(source) if source is not None else {}
    kept: dict[tuple[str, Location, str], Finding] = {}
    used: set[Silencer] = set()
    for finding in findings:
        named, known = _named(finding, selection), selection.catalogue.by_name.get(finding.code)
        if not _reported(named, known, selection, off):
            continue
        there = comments
        if named.location.path in beside:
            there, named = directives(beside[named.location.path]), replace(named, fix=None)
        silent = tuple(silencers(named, there, frozenset(known.aliases if known else ())))
        used.update(silent)
        if not silent:
            # A layer made in a loop, or by a function that is called often, is one place to mend.
            once = known is not None and GRAPH in known.facts and named.location.line > 0
            kept.setdefault((named.code, named.location, "" if once else named.message), named)
    settled = list(kept.values())
    if whole and comments:
        from kerascheck.unused import unused

        stale = (_named(finding, selection) for finding in unused(display, comments, used, selection))
        settled += (finding for finding in stale if _reported(finding, None, selection, off))
    return tuple(sorted(settled, key=position))


def _reported(finding: Finding, known: Rule | None, selection: Selection, off: frozenset[str]) -> bool:
    if finding.code in off:
        return False
    known = known or selection.catalogue.by_name.get(finding.code)
    return known is None or finding.code in selection.codes


def position(finding: Finding) -> tuple[str, int, int, int, str, str, str]:
    """The place of a finding in a report."""
    place = finding.location
    layer = finding.layer or place.layer or ""
    return place.path, place.cell or 0, place.line, place.column, finding.code, layer, finding.message


def _named(finding: Finding, selection: Selection) -> Finding:
    known = selection.catalogue.by_name.get(finding.code)
    level = selection.severities.get(finding.code) or finding.severity or (known.severity if known else None)
    return replace(finding, name=finding.name or (known.name if known else ""), severity=level)


def _unreadable(display: str, kind: FileKind, reason: str, plan: Plan, path: Path) -> FileReport:
    finding = Finding(
        message=f"the file could not be read: {reason}", location=Location(display), code=unreadable_file.code
    )
    findings = settle((finding,), plan.selection, path)
    return FileReport(display, kind, FileStatus.ERROR, reason, findings)
