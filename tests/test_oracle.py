"""What the script reader recovers is what real Keras builds: layers, edges, shapes, parameters, compile and fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle.answers import Task, ask
from oracle.outline import outline_of_graph, outline_of_keras

from kerascheck.costs import model_cost
from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Compiled, Data, Evaluation, Event, Fit
from kerascheck.facts.values import UNKNOWN, Symbol, Value
from kerascheck.script import read_script

SCRIPTS = sorted((Path(__file__).parent.parent / "fixtures" / "oracle").glob("*.py"))
DATA = ("x", "y", "validation_data", "callbacks", "sample_weight")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    return ask([Task(path.name, path.read_text()) for path in SCRIPTS], tmp_path_factory.mktemp("oracle"))


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request: pytest.FixtureRequest) -> Path:
    return request.param


def undecidable(path: Path) -> set[str]:
    """The arguments that a script's first line declares to be beyond any reader."""
    first = path.read_text().partition("\n")[0]
    return set(first.removeprefix("# not decidable:").replace(",", " ").split()) if first.startswith("# not") else set()


def plain(value: Value) -> object:
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.name if isinstance(value, Symbol) else value


def test_the_fixture_runs_in_keras(script: Path, answers: dict[str, dict]) -> None:
    assert answers[script.name]["errors"] == []
    assert answers[script.name]["models"]


def test_graphs_equal_those_that_keras_builds(script: Path, answers: dict[str, dict]) -> None:
    facts = read_script(script.name, script.read_text())
    graphs = tuple(facts.program.models.values())
    expected = [outline_of_keras(model) for model in answers[script.name]["models"]]
    found = [outline_of_graph(graph) for graph in graphs]
    assert len(found) == len(expected), [graph.name for graph in graphs]
    assert all(graph.whole for graph in graphs), [graph.gaps for graph in graphs]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine == theirs, mine.difference(theirs)
    assert [graph.kind.value for graph in graphs] == [model["kind"] for model in answers[script.name]["models"]]


def test_the_weights_that_are_trained_in_the_end_are_counted_as_keras_counts_them(
    script: Path, answers: dict[str, dict]
) -> None:
    graphs = read_script(script.name, script.read_text()).program.models.values()
    expected = [model.get("trained") for model in answers[script.name]["models"]]
    found = [model_cost(graph, 1).trainable for graph in graphs]
    assert [count for count, known in zip(found, expected, strict=True) if known is not None] == [
        known for known in expected if known is not None
    ]


def test_compile_calls_equal_those_of_keras(script: Path, answers: dict[str, dict]) -> None:
    facts = read_script(script.name, script.read_text())
    graphs = tuple(facts.program.models.values())
    positions = {graph.key: index for index, graph in enumerate(graphs)}
    # A model without a `call` has one loss, as far as `compile` knows.
    outputs = {graph.key: len(graph.outputs) or 1 for graph in graphs}
    expected = []
    for event in answers[script.name]["events"]:
        if event["event"] == "compile":
            count = len(answers[script.name]["models"][event["model"]].get("outputs", [None]))
            losses = event["loss"] if isinstance(event["loss"], list) else [event["loss"]] * count
            expected.append((event["model"], event["optimizer"], event["learning_rate"], losses))
    found = []
    for made in facts.program.of(Compiled):
        assert made.compile is not None
        assert made.compile.optimizer is not None
        assert isinstance(made.compile.losses, tuple)
        assert len(made.compile.losses) == outputs[made.model]
        rate = plain(made.compile.optimizer["learning_rate"])
        losses = [loss.name if loss is not None else None for loss in made.compile.losses]
        found.append((positions[made.model], made.compile.optimizer.name, rate, losses))
    assert found == expected


@pytest.mark.parametrize(("kind", "names"), [(Fit, ("fit", "train_on_batch")), (Evaluation, ("evaluate", "predict"))])
def test_arguments_equal_those_that_keras_gets(
    script: Path, answers: dict[str, dict], kind: type[Event], names: tuple[str, ...]
) -> None:
    facts = read_script(script.name, script.read_text())
    graphs = tuple(facts.program.models.values())
    positions = {graph.key: index for index, graph in enumerate(graphs)}
    skipped = undecidable(script)
    expected = [event for event in answers[script.name]["events"] if event["event"] in names]
    found = [
        event for event in facts.program.events if isinstance(event, (Fit, Evaluation)) and isinstance(event, kind)
    ]
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        given = {key: value for key, value in theirs["arguments"].items() if key not in DATA}
        assert mine.method == theirs["event"]
        assert mine.model is not UNKNOWN
        assert positions[mine.model] == theirs["model"]
        assert set(mine.arguments) - set(DATA) == set(given)
        assert {key: plain(value) for key, value in mine.arguments.items() if key in given and key not in skipped} == {
            key: value for key, value in given.items() if key not in skipped
        }
        assert_data(mine.x, theirs["arguments"].get("x"))
        assert_data(mine.y, theirs["arguments"].get("y"))
        if isinstance(mine, Fit):
            assert isinstance(mine.callbacks, tuple)
            assert [callback.name for callback in mine.callbacks] == theirs["arguments"].get("callbacks", [])
            assert (mine.validation_x is not None) == ("validation_data" in theirs["arguments"])


def assert_data(mine: Data, theirs: object) -> None:
    """What is known of the shape of a sample is right, and the structure of the argument is."""
    if isinstance(mine, tuple):
        parts = list(theirs.values()) if isinstance(theirs, dict) and "shape" not in theirs else theirs
        assert isinstance(parts, list)
        assert len(mine) == len(parts)
        for part, expected in zip(mine, parts, strict=True):
            assert_data(part, expected)
        return
    assert (mine is None) == (theirs is None)
    if isinstance(mine, DataArray) and mine.shape is not UNKNOWN and isinstance(theirs, dict) and "shape" in theirs:
        assert len(mine.shape) == len(theirs["shape"])
        for size, expected in zip(mine.shape[1:], theirs["shape"][1:], strict=True):
            assert size in (UNKNOWN, None, expected)
