"""Shape inference says what real Keras does: on every model of keras.applications, and on layers made at random."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle.layer_strategies import STRATEGIES, UNTRIED, Question
from oracle.operation_strategies import OPERATIONS

from kerascheck import check_model
from kerascheck.artifact import read_model
from kerascheck.facts.counting import trainable_of
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize, tables
from kerascheck.keras_api.applications import table
from kerascheck.script import read_script
from kerascheck.shapes import count_parameters, infer

WORKER = Path(__file__).parent / "oracle" / "shape_worker.py"
ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "ignore"}

APPLICATIONS = sorted(name for name in tables.section("applications") if name[0].isupper())


WITHOUT_CHANNELS_FIRST = tuple(name for name in APPLICATIONS if name.startswith(("ConvNeXt", "DenseNet", "NASNet")))
"""Keras refuses to build them in that format."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict]]:
    return answered("applications", tmp_path_factory.mktemp("applications"))


@pytest.fixture(scope="module")
def answers_first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict]]:
    return answered("first", tmp_path_factory.mktemp("channels_first"))


def answered(question: str, folder: Path) -> tuple[Path, dict[str, dict]]:
    """The architectures that real Keras wrote into a folder, and what it says of them."""
    done = subprocess.run(
        [sys.executable, str(WORKER), question, str(folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder, json.loads((folder / "answers.json").read_text())


def calls_of(graph: ModelGraph) -> dict[str, dict]:
    """Each call of a layer by the layer's name, as the worker describes them."""
    calls: dict[str, dict] = {}
    for node in graph.nodes:
        entry = calls.setdefault(node.layer.name, {"shapes": [], "parameters": node.layer.parameters})
        entry["shapes"].append([list(tensor.shape) for tensor in node.outputs if tensor.shape is not UNKNOWN])
        if node.layer.model is not None:
            entry["inside"] = calls_of(node.layer.model)
            entry["parameters"] = node.layer.model.parameters
    return calls


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_has_the_shapes_and_weights_that_keras_gives_it(
    name: str, answers: tuple[Path, dict[str, dict]]
) -> None:
    assert_as_keras(name, *answers)


@pytest.mark.parametrize("name", [name for name in APPLICATIONS if name not in WITHOUT_CHANNELS_FIRST])
def test_an_application_with_channels_first_has_the_shapes_and_weights_that_keras_gives_it(
    name: str, answers_first: tuple[Path, dict[str, dict]]
) -> None:
    assert_as_keras(name, *answers_first)


def test_every_application_that_takes_channels_first_is_tried(answers_first: tuple[Path, dict[str, dict]]) -> None:
    assert set(answers_first[1]) == set(APPLICATIONS) - set(WITHOUT_CHANNELS_FIRST)


def assert_as_keras(name: str, folder: Path, expected: dict[str, dict]) -> None:
    facts = read_model(folder / f"{name}.json")
    graph = facts.saved.graph if facts.saved is not None else None
    assert graph is not None
    custom = [layer for layer in graph.layers if layer.kind is LayerKind.CUSTOM]
    found, opaque = calls_of(graph), {layer.name for layer in custom}
    assert found.keys() == expected[name]["calls"].keys()
    for layer, call in expected[name]["calls"].items():
        if layer not in opaque:
            assert found[layer] == call, layer
    assert opaque or graph.parameters == expected[name]["parameters"]
    # Two applications bring a layer of their own.
    assert {layer.class_name for layer in custom} <= {"LayerScale", "CustomScaleLayer"}
    assert graph.problems == ()


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_table_of_applications_has_the_weights_that_keras_gives_them(
    name: str, answers: tuple[Path, dict[str, dict]]
) -> None:
    expected = answers[1][name]
    graph = base(f"{name}(weights=None)")
    assert graph.parameters == expected["parameters"]
    assert trainable_of(graph.layers[0], graph) == expected["trained"]
    if "body" in expected:
        body = base(f"{name}(weights=None, include_top=False, input_shape=(115, 101, 1))")
        assert list(body.outputs[0].shape) == expected["body"]["shape"]
        assert body.parameters == expected["body"]["parameters"]
        assert trainable_of(body.layers[0], body) == expected["body"]["trained"]


def base(call: str) -> ModelGraph:
    """A network of `keras.applications` as a script makes it."""
    (graph,) = read_script("base.py", f"import keras\nkeras.applications.{call}\n").program.models.values()
    return graph


def test_the_table_of_applications_holds_every_network_once_in_its_usual_width() -> None:
    found = [entry.name for entry in table().networks if not entry.arguments]
    assert sorted(found) == APPLICATIONS
    assert table().version == tables.version()


@pytest.mark.parametrize("name", APPLICATIONS)
def test_no_architecture_rule_warns_of_an_application(name: str, answers: tuple[Path, dict[str, dict]]) -> None:
    report = check_model(answers[0] / f"{name}.json")
    loud = [f"{finding.code} {finding.message}" for finding in report.findings if finding.code.startswith("KC2")
            and finding.severity and finding.severity.label != "info"]  # fmt: skip
    assert loud == []


Ask = Callable[[Question], dict]


@pytest.fixture(scope="module")
def keras() -> Iterator[Ask]:
    """Real Keras in a process of its own that answers one question after the other."""
    process = subprocess.Popen(
        [sys.executable, str(WORKER), "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    source, target = process.stdout, process.stdin

    def ask(question: Question) -> dict:
        target.write(json.dumps(question.described()) + "\n")
        target.flush()
        return json.loads(source.readline())

    yield ask
    target.close()
    source.close()
    process.wait(timeout=60)


def layer_of(name: str, arguments: Mapping[str, object]) -> Layer:
    """The layer as a reader makes it."""
    given: dict[str, Value] = {}
    inner: Layer | None = None
    for argument, value in arguments.items():
        if isinstance(value, dict) and "class" in value:
            inner = layer_of(str(value["class"]), value["arguments"])
            given[argument] = UNKNOWN
        else:
            given[argument] = tupled(value)
    found = normalize.layer(name, (), given)
    assert found is not None
    return Layer(1, "layer", found.name, found.arguments, Location("test"), inner=inner)


def tupled(value: object) -> Value:
    if isinstance(value, (list, tuple)):
        return tuple(tupled(item) for item in value)
    assert value is None or isinstance(value, (bool, int, float, str))
    return value


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_layer_has_the_shapes_and_weights_that_keras_gives_it(name: str, data: st.DataObject, keras: Ask) -> None:
    question = data.draw(STRATEGIES[name])
    expected = keras(question)
    layer = layer_of(name, question.arguments)
    inputs = [tuple(shape) for shape in question.inputs]
    found = infer(layer, inputs, question.call)
    # What Keras refuses has no shape that could be wrong; not every such refusal is foreseen.
    assume("error" not in expected)
    if found.kind:
        assert "error" in keras(question.on_data()), f"{question}: {found.message}"
        return
    assert [list(shape) if shape is not UNKNOWN else shape for shape in found.shapes] == expected["shapes"], question
    assert count_parameters(layer, inputs) == expected["parameters"], question


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_refused_call_is_refused_by_keras(name: str, data: st.DataObject, keras: Ask) -> None:
    question = data.draw(STRATEGIES[name])
    count = len(question.inputs)
    axes = st.lists(st.sampled_from([None, 1, 2, 3, 4]), max_size=4)
    shapes = data.draw(st.lists(axes, min_size=count, max_size=count))
    question = question.on([(None, *shape) for shape in shapes])
    layer = layer_of(name, question.arguments)
    found = infer(layer, [tuple(shape) for shape in question.inputs], question.call)
    if found.kind:
        refused = "error" in keras(question) or "error" in keras(question.on_data())
        assert refused, f"{question}: {found.message}"


@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_an_operation_has_no_other_shape_than_keras_gives_it(name: str, data: st.DataObject, keras: Ask) -> None:
    question = data.draw(OPERATIONS[name])
    expected = keras(question)
    layer = Layer(1, "layer", name, {}, Location("test"), kind=LayerKind.OPERATION)
    found = infer(layer, [tuple(shape) for shape in question.inputs], question.call)
    if "error" in expected:
        return
    assert not found.kind, f"{question}: {found.message}"
    for mine, theirs in zip(found.shapes, expected["shapes"], strict=True):
        assert agree(mine, theirs), question


def agree(mine: Shape, theirs: list[int | None]) -> bool:
    """Whether all that is known of a shape is so."""
    if isinstance(mine, Unknown):
        return True
    return len(mine) == len(theirs) and all(a is UNKNOWN or a == b for a, b in zip(mine, theirs, strict=True))


def test_every_layer_of_keras_is_tried() -> None:
    assert set(tables.section("layers")) == set(STRATEGIES) | UNTRIED


def test_a_layer_of_a_kind_that_is_not_known_has_no_shape() -> None:
    layer = Layer(1, "layer", "Dense", {"units": 3}, Location("test"), kind=LayerKind.CUSTOM)
    assert infer(layer, [(None, 3)]).shapes == (UNKNOWN,)
    assert count_parameters(layer, [(None, 3)]) is UNKNOWN
