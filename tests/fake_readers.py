"""Stand-ins for the readers, so that the road is tested by itself: facts without content, and rules that always speak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kerascheck.artifact.reader import ModelFacts
from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import GraphKind, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity, SourceText
from kerascheck.rule import Options, Rule, rule
from kerascheck.script.reader import ScriptFacts


def graph(path: str, line: int = 1, *, from_file: bool = False, key: int = 1) -> ModelGraph:
    """A model without layers that stands on a line."""
    place = Location(path, layer="functional") if from_file else Location(path, line, 1, line, 6)
    return ModelGraph(key, "model", GraphKind.SEQUENTIAL, (), (), (), (), place, from_file=from_file)


def script_facts(path: str, text: str, graphs: int = 1, *, target: int | Unknown = UNKNOWN) -> ScriptFacts:
    """The facts of a script that builds one model on each of its first lines."""
    models = tuple(graph(path, number, key=number) for number in range(1, graphs + 1))
    program = TrainingProgram({model.key: model for model in models}, ())
    source = SourceText(((None, tuple(text.splitlines())),))
    return ScriptFacts(program, KerasUsage((), target), models, source)


def read_fake_script(
    path: str, text: str | bytes, *, target: int | Unknown = UNKNOWN, file: Path | None = None
) -> ScriptFacts:
    return script_facts(path, text.decode() if isinstance(text, bytes) else text, target=target)


def read_fake_model(path: Path, *, display: str, **_options: object) -> ModelFacts:
    model = graph(display, from_file=True)
    return ModelFacts(SavedModel(display, "keras", model, Location(display)), (model,))


@rule("KC201", "model-seen", Severity.ERROR, since="0.1", fixable=True, options={"limit": 3, "floor": 0.5})
def model_seen(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    """Every model is found.

    ## What it does
    Speaks.
    """
    place = graph.location
    fix = Fix((Edit(place, "other"),)) if place.line else None
    yield Finding(
        f"a model, limit {options.number('limit', 3):g}", place, help="build another", label="this one", fix=fix
    )


@rule("KC301", "program-seen", Severity.WARNING, since="0.1", aliases=("run-seen",))
def program_seen(program: TrainingProgram) -> Iterator[Finding]:
    """Every program is found."""
    first = next(iter(program.models.values()))
    related = (Related(first.location, "it builds a model here"),)
    yield Finding("a program", first.location, related=related)


@rule("KC302", "pair-seen", Severity.INFO, since="0.1")
def pair_seen(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    """Every model of a program is found."""
    yield Finding("a model of a program", graph.location)


@rule("KC501", "shy", Severity.INFO, since="0.1", preview=True)
def shy(usage: KerasUsage) -> Iterator[Finding]:
    """Speaks when it is asked to."""
    yield Finding(f"target {usage.target!r}", Location("train.py", 1, 1))


@rule("KC601", "clumsy", Severity.INFO, since="0.1", preview=True)
def clumsy(graph: ModelGraph) -> Iterator[Finding]:
    """Finds one thing and falls over the next."""
    yield Finding("found before the fall", graph.location)
    raise KeyError("no such\nlayer")


FAKE_RULES: tuple[Rule, ...] = (model_seen, program_seen, pair_seen, shy, clumsy)


@pytest.fixture
def fake_road(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The working directory of a run with fake readers and fake rules."""
    import kerascheck.artifact
    import kerascheck.linter
    import kerascheck.script
    from kerascheck.reader_codes import READER_CODES
    from kerascheck.registry import catalogue

    monkeypatch.setattr(kerascheck.script, "read_script", read_fake_script)
    monkeypatch.setattr(kerascheck.artifact, "read_model", read_fake_model)
    monkeypatch.setattr(kerascheck.linter, "load", lambda _paths: catalogue([*READER_CODES, *FAKE_RULES]))
    monkeypatch.chdir(tmp_path)
    return tmp_path
