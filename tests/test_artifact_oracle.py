"""What the model reader recovers from a saved file is what Keras built: layers, edges, shapes, parameters, training."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from oracle.answers import Task, ask
from oracle.outline import outline_of_graph, outline_of_keras

from kerascheck import Config, Severity, check_model
from kerascheck.artifact import read_model
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.values import UNKNOWN, Symbol
from kerascheck.findings import FileStatus

OWN_MODEL = re.compile(r"^class \w+\([\w.]*Model\)", re.MULTILINE)
"""A model class of the program: Keras saves its name, not its layers."""

SHARED_WITH_WRAPPER = "layer_beside_its_wrapper"
"""A file stores the layer of a wrapper, and the same layer beside it, as two: what Keras makes of it has weights of its own in each."""

ALL = sorted((Path(__file__).parent.parent / "fixtures" / "oracle").glob("*.py"))
SCRIPTS = [path for path in ALL if path.stem != SHARED_WITH_WRAPPER and not OWN_MODEL.search(path.read_text())]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("saved")
    return ask([Task(path.name, path.read_text(), str(folder)) for path in SCRIPTS], folder)


def read_root(path: str) -> ModelGraph:
    facts = read_model(Path(path))
    assert facts.status is FileStatus.OK, facts.reason
    assert facts.saved is not None
    assert facts.saved.graph is not None
    return facts.saved.graph


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_graphs_equal_those_that_keras_saved(script: Path, suffix: str, answers: dict[str, dict]) -> None:
    answer = answers[script.name]
    custom = "layers.Layer)" in script.read_text()
    saved = [
        entry for entry in answer["saved"] if entry["suffix"] == suffix and answer["models"][entry["model"]]["built"]
    ]
    assert saved
    for entry in saved:
        graph = read_root(entry["path"])
        # What a custom layer gives is recorded where the layer behind it has weights to build, and nowhere in HDF5.
        known = all(tensor.shape is not UNKNOWN for node in graph.nodes for tensor in node.outputs)
        shapes = known or not custom
        theirs = answer["models"][entry["model"]]
        expected = outline_of_keras(theirs, shapes=shapes)
        found = outline_of_graph(graph, shapes=shapes)
        assert found == expected, found.difference(expected)
        assert graph.kind.value == theirs["kind"]
        assert graph.from_file
        assert not graph.problems


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_training_configurations_equal_those_that_keras_saved(
    script: Path, suffix: str, answers: dict[str, dict]
) -> None:
    answer = answers[script.name]
    compiled = {event["model"]: event for event in answer["events"] if event["event"] == "compile"}
    for entry in answer["saved"]:
        if entry["suffix"] != suffix or not answer["models"][entry["model"]]["built"]:
            continue
        graph = read_root(entry["path"])
        event = compiled.get(entry["model"])
        assert bool(graph.compiles) == (event is not None)
        if event is None:
            continue
        found = graph.compiles[0]
        assert found.optimizer is not None
        assert isinstance(found.losses, tuple)
        rate = found.optimizer["learning_rate"]
        assert found.optimizer.name == event["optimizer"]
        if isinstance(event["learning_rate"], str):
            assert isinstance(rate, Symbol)
            assert rate.name == event["learning_rate"]
        else:
            # The runner reads the rate back out of 32 bits.
            assert rate == pytest.approx(event["learning_rate"], rel=1e-6)
        expected = event["loss"] if isinstance(event["loss"], list) else [event["loss"]] * len(graph.outputs)
        assert [loss.name if loss is not None else None for loss in found.losses] == expected


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_keras_saved_has_no_fault_in_its_weights(script: Path, answers: dict[str, dict]) -> None:
    for entry in answers[script.name]["saved"]:
        report = check_model(entry["path"], config=Config())
        loud = {f.code for f in report.findings if f.severity is not Severity.INFO and f.code[:3] in ("KC7", "KC8")}
        # Nobody trained them, code in a Lambda is told whoever wrote it, and Keras cannot load again what it saved of a layer
        # that is called inside a wrapper and by itself.
        lost = {"KC709"} if "wrapped.layer(" in script.read_text() else set[str]()
        assert loud <= {"KC704", "KC801", *lost}, entry["path"]
        if report.weights is not None:
            stored = sum(layer.parameters for layer in report.weights.layers)
            assert (stored, report.weights.unread) == (report.weights.parameters, 0)
            assert not any("/" in layer.path and ":" in layer.path for layer in report.weights.layers)
