"""From the bytes of a script or notebook to the facts that rules look at."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from kerascheck.facts.cells import Cells
from kerascheck.facts.classes import CustomClass
from kerascheck.facts.events import Compiled, Evaluation, Fit
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.loose import LooseLayer
from kerascheck.facts.steps import Grown, Tape, TracedFunction
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import FileStatus, Finding, Location, Severity, SourceText
from kerascheck.script import libraries
from kerascheck.script.evaluator import Evaluator
from kerascheck.script.generation import target_of
from kerascheck.script.machine import BudgetError
from kerascheck.script.project import Pins, pins_beside
from kerascheck.script.source import Source, Unit, read_source
from kerascheck.script.uses import models_in, note_callbacks, record_use
from kerascheck.script.values import Arguments, FunctionValue, InstanceValue, Opaque

if TYPE_CHECKING:
    from kerascheck.facts.requirements import Requirement
    from kerascheck.facts.statements import Statements

KERAS_1_KEYWORDS = frozenset(
    {"nb_epoch", "border_mode", "W_regularizer", "b_regularizer", "nb_filter", "nb_row", "nb_col", "dim_ordering",
     "subsample", "inner_activation", "inner_init", "samples_per_epoch", "nb_val_samples", "show_accuracy"}
)  # fmt: skip
KERAS_1_NAMES = frozenset(
    {"Convolution2D", "Convolution1D", "MaxoutDense", "Merge", "TimeDistributedDense", "AtrousConvolution2D"}
)
assert libraries


class ScriptFacts(Struct, frozen=True):
    """All that could be read of one source.

    `findings` are what the reader itself has to say; `words` the text of all that was read, where all of it is source.
    """

    program: TrainingProgram
    usage: KerasUsage
    graphs: tuple[ModelGraph, ...]
    source: SourceText
    findings: tuple[Finding, ...] = ()
    status: FileStatus = FileStatus.OK
    reason: str = ""
    reads: tuple[str, ...] = ()
    beside: Mapping[str, SourceText] = field(default_factory=dict[str, SourceText])
    words: str = ""


def read_script(
    path: str, text: str | bytes, *, target: int | Unknown = UNKNOWN, file: Path | None = None
) -> ScriptFacts:
    """Read a script or notebook without running it.

    Args:
        path: what findings call the file; its suffix tells a notebook.
        text: the content.
        target: the generation of Keras the project aims at (1, 2, 3), when it is known.
        file: where the source lies; the modules and models beside it are read when names of theirs are used.
    """
    source = read_source(path, text.encode() if isinstance(text, str) else text)
    file = file.absolute() if file is not None else None
    evaluator = Evaluator(path, source.text, file)
    for name, unit in source.modules:
        evaluator.written.setdefault(name, []).append(unit)
    evaluator.is_test = _is_test(path, source)
    cut_short = source.cut_short or evaluate(evaluator, source.units)
    findings = _broken(source)
    used = {event.model for event in evaluator.events if isinstance(event, (Compiled, Fit, Evaluation))}
    models = [model for model in evaluator.models if not model.is_foreign or model.key in used]
    frozen = {model.key: evaluator.freeze(model) for model in models}
    graphs = tuple(frozen[model.key] for model in models if not model.is_given)
    findings += [not_recovered(graph) for graph in graphs if not graph.whole]
    if cut_short:
        findings.append(
            Finding(
                f"The analysis was cut short: {cut_short}",
                Location(path, 1, 1, 1, 2),
                severity=Severity.INFO,
                code="KC903",
                name="analysis-cut-short",
            )
        )
    calls = tuple(
        sorted(
            evaluator.api_calls.values(),
            key=lambda call: (call.location.cell or 0, call.location.line, call.location.column),
        )
    )
    pins = pins_beside(file.parent) if file is not None else Pins()
    guarded = {call.qualified for call in calls if call.guarded}
    calls = tuple(call for call in calls if call.qualified not in guarded)
    settled = not isinstance(target, Unknown)
    aimed = target_of(calls, target if settled else pins.generation)
    _note_breaches(evaluator)
    tapes, traced = _own_steps(evaluator, source.units)
    program = TrainingProgram(
        models=frozen,
        events=tuple(sorted((*evaluator.events, *evaluator.layer_sets), key=lambda event: event.order)),
        callbacks=tuple(evaluator.callbacks),
        seeds=tuple(evaluator.seeds),
        rates_in_hand=frozenset(evaluator.rates_in_hand),
        imports=frozenset(evaluator.imports),
        cells=_cells(evaluator, source),
        tapes=tapes,
        traced=traced,
        whole=not cut_short and not source.problems,
        callbacks_elsewhere=frozenset(evaluator.callbacks_elsewhere),
        classes=_classes(evaluator, source.units),
        loose=_loose(evaluator, source.units),
        target_keras=aimed,
        cut_short=cut_short,
        open=lambda: _statements(path, source),
        grown=_grown(evaluator, source),
        is_test=evaluator.is_test,
        is_page=source.notebook or _has_prose(source),
    )
    usage = KerasUsage(
        calls,
        aimed,
        _generation(calls),
        frozenset(evaluator.flavours),
        UNKNOWN if settled else pins.release,
        source.python2,
        _old_names(evaluator, source.units),
        _requirements(evaluator, source, pins),
    )
    read = FileStatus.PARTIAL if source.units else FileStatus.ERROR
    status = read if source.problems else FileStatus.PARTIAL if source.cut_short else FileStatus.OK
    reason = source.problems[0].message if source.problems else source.cut_short
    reads = (*(str(file) for file in evaluator.reads), *(str(file) for file, _ in pins.files))
    beside = evaluator.texts_beside()
    if usage.requirements:
        beside |= {
            evaluator.display(file): SourceText(((None, tuple(text.splitlines())),)) for file, text in pins.files
        }
    words = _words((source.text, *beside.values())) if all(file.suffix == ".py" for file in evaluator.reads) else ""
    return ScriptFacts(program, usage, graphs, source.text, tuple(findings), status, reason, reads, beside, words)


def _broken(source: Source) -> list[Finding]:
    """One finding for all cells that do not parse: a notebook of exercises has a blank in each."""
    found = [syntax_finding(problem.location, problem.message) for problem in source.problems]
    if len(found) < 2:
        return found
    from kerascheck.folding import folded

    (told,) = folded(found)
    others = len(told.related)
    more = f"{others} more cell{'s do' if others > 1 else ' does'} not parse"
    return [replace(told, message=f"{told.message}, and {more}")]


def _words(texts: Iterable[SourceText]) -> str:
    return "\n".join("\n".join(lines) for text in texts for _, lines in text.cells)


def _is_test(path: str, source: Source) -> bool:
    """Whether a script is a file of tests: called like one, and it asserts something."""
    stem = path.rpartition("/")[2].removesuffix(".py")
    if source.notebook or not (stem.startswith("test_") or stem.endswith("_test")):
        return False
    return any("assert" in line for line in source.text.lines(None))


def _has_prose(source: Source) -> bool:
    """Whether text stands between the statements of a script, as in the guides of Keras."""
    statements = [statement for unit in source.units for statement in unit.tree.body[1:]]
    values = [statement.value for statement in statements if isinstance(statement, ast.Expr)]
    return sum(isinstance(value, ast.Constant) and isinstance(value.value, str) for value in values) > 1


def _grown(evaluator: Evaluator, source: Source) -> tuple[Grown, ...]:
    if not any("concat" in line for _, lines in source.text.cells for line in lines):
        return ()
    from kerascheck.script.grown import grown_tensors

    return grown_tensors(evaluator, source.units)


def _statements(path: str, source: Source) -> Statements:
    from kerascheck.script.statements import SourceStatements

    return SourceStatements(path, source.units, source.text)


def _requirements(evaluator: Evaluator, source: Source, pins: Pins) -> tuple[tuple[Requirement, ...], ...]:
    installs = (
        any("pip" in line for _, lines in source.text.cells for line in lines)
        if source.notebook
        else any(line.startswith("# ///") for line in source.text.lines(None)[:100])
    )
    if not pins.files and not installs:
        return ()
    from kerascheck.script.requirements import groups_in, installed_in

    groups = [group for file, text in pins.files for group in groups_in(file.name, text, evaluator.display(file))]
    return (*groups, *(installed_in(source.text, evaluator.path) if installs else ()))


def _classes(evaluator: Evaluator, units: Sequence[Unit]) -> tuple[CustomClass, ...]:
    if not evaluator.classes:
        return ()
    from kerascheck.script.class_facts import class_facts

    return class_facts(evaluator, units)


def _note_breaches(evaluator: Evaluator) -> None:
    if evaluator.classes:
        from kerascheck.script.contracts import note_breaches

        note_breaches(evaluator)


def _loose(evaluator: Evaluator, units: Sequence[Unit]) -> tuple[LooseLayer, ...]:
    if not evaluator.layer_values:
        return ()
    from kerascheck.script.loose import loose_layers

    return loose_layers(evaluator, units)


def _cells(evaluator: Evaluator, source: Source) -> Cells | None:
    if not source.notebook and not evaluator.mentions("# %%", "#%%", "# In["):
        return None
    from kerascheck.script.cells import cells_of, early_names, is_divided

    lines = source.text.lines(None)
    if not source.notebook and not is_divided(lines):
        return None
    cells = cells_of(source.units, lines)
    return Cells(source.counts, () if source.problems else early_names(evaluator, cells))


def _old_names(evaluator: Evaluator, units: Sequence[Unit]) -> tuple[tuple[str, Location], ...]:
    from kerascheck.script.old_names import old_names

    return old_names(evaluator, units)


def _own_steps(evaluator: Evaluator, units: Sequence[Unit]) -> tuple[tuple[Tape, ...], tuple[TracedFunction, ...]]:
    if "tensorflow" not in evaluator.imports or not evaluator.mentions("GradientTape", ".function"):
        return (), ()
    from kerascheck.script.steps import own_steps

    return own_steps(evaluator, units)


def syntax_finding(location: Location, message: str) -> Finding:
    """KC901."""
    return Finding(message, location, severity=Severity.ERROR, code="KC901", name="syntax-error")


def not_recovered(graph: ModelGraph) -> Finding:
    """KC905, which is off unless it is asked for."""
    stopped = ", ".join(dict.fromkeys(f"`{gap.construct}`" for gap in graph.gaps))
    return Finding(
        f"the model `{graph.name}` is not known whole: {stopped} could not be followed",
        graph.gaps[0].location,
        severity=Severity.INFO,
        code="KC905",
        name="graph-not-recovered",
    )


def evaluate(evaluator: Evaluator, units: Iterable[Unit]) -> str:
    """Run all units, then the functions and classes that nothing called; why it stopped early, or nothing."""
    try:
        for unit in units:
            evaluator.page = evaluator.pages[unit.cell]
            evaluator.run(unit.tree.body)
        _run_uncalled(evaluator)
    except BudgetError:
        return "the step budget is used up"
    except RecursionError:
        return "the source is nested too deeply"
    return ""


def _run_uncalled(evaluator: Evaluator) -> None:
    """Functions that only another program calls are judged with unknown arguments."""
    evaluator.undecided += 1
    evaluator.uncalled = True
    for function in list(evaluator.defined):
        if id(function.node) in evaluator.called or function.owner is not None:
            continue
        evaluator.page = function.page
        returned = evaluator.call_function(function, Arguments([], {}, None))
        for model in models_in([returned]):
            record_use(evaluator, model, "returned", function.node)
        note_callbacks(evaluator, [returned])
    for cls in list(evaluator.classes):
        members = [member for member in cls.scope.names.values() if isinstance(member, FunctionValue)]
        if any(id(member.node) in evaluator.called for member in members) or evaluator.keras_base(cls):
            continue
        node = ast.copy_location(ast.Name("object"), members[0].node) if members else None
        if node is None:
            continue
        evaluator.page = members[0].page
        instance = evaluator.instantiate(cls, Arguments([], {}, None), node)
        for member in members:
            if id(member.node) not in evaluator.called and not member.name.startswith("__"):
                method = evaluator.attribute(instance, member.name, node)
                before = dict(_attributes(instance))
                evaluator.apply(method, Arguments([], {}, None), node)
                _attributes(instance).update(
                    {name: value for name, value in before.items() if not isinstance(value, (Opaque, NoneType))}
                )
    evaluator.uncalled = False
    evaluator.undecided -= 1


def _attributes(instance: object) -> dict[str, object]:
    """What an object holds before a method; it may be called on its own, so that the next one finds the same."""
    return instance.attributes if isinstance(instance, InstanceValue) else {}


def _generation(calls: tuple[object, ...]) -> int | Unknown:
    for call in calls:
        keywords = getattr(call, "keywords", {})
        if KERAS_1_KEYWORDS & set(keywords) or getattr(call, "name", "") in KERAS_1_NAMES:
            return 1
    return UNKNOWN
