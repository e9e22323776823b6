"""The model fixtures are read as the Keras that wrote them describes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerascheck.artifact import ModelFacts, read_model
from kerascheck.facts.graph import Compile, Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Shape, Symbol
from kerascheck.findings import FileStatus

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
EXPECTED: dict[str, dict] = json.loads((MODELS / "expected.json").read_text())
WITHOUT_GRAPH = ("weights", "exported", "subclassed")
WITH_GRAPH = sorted(name for name in EXPECTED if not any(word in name for word in WITHOUT_GRAPH))


def read(name: str) -> ModelFacts:
    return read_model(MODELS / name, display=name)


def root(name: str) -> ModelGraph:
    facts = read(name)
    assert facts.saved is not None
    assert facts.saved.graph is not None
    return facts.saved.graph


def layer(graph: ModelGraph, name: str) -> Layer:
    return next(layer for layer in graph.layers if layer.name == name)


def agrees(mine: Shape, theirs: list[int | None]) -> bool:
    """Whether what is known of a shape is right."""
    if mine is UNKNOWN:
        return True
    return len(mine) == len(theirs) and all(a in (UNKNOWN, b) for a, b in zip(mine, theirs, strict=True))


def test_every_fixture_has_its_expectation() -> None:
    files = {path.name for path in MODELS.iterdir()} - {"expected.json", "pointer.h5"}
    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_graphs_are_whole_and_from_the_file(name: str) -> None:
    facts = read(name)
    assert facts.status is FileStatus.OK, facts.reason
    assert not facts.findings
    for graph in facts.graphs:
        assert graph.whole
        assert graph.from_file
        assert graph.nested == (graph is not facts.graphs[0])
        assert not graph.problems
    if not name.endswith(".json"):
        assert facts.graphs[0].keras_version == EXPECTED[name]["keras_version"]


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_shapes_are_those_of_keras(name: str) -> None:
    graph = root(name)
    shapes: dict[str, list[list[Shape]]] = {}
    for node in graph.nodes:
        shapes.setdefault(node.layer.name, []).append([tensor.shape for tensor in node.outputs])
    for theirs in EXPECTED[name]["layers"]:
        if theirs["name"] not in shapes:
            assert theirs["class"] in ("operation", "NotEqual"), "only the making of masks may be left out"
            continue
        assert any(
            len(call) == len(theirs["shapes"]) and all(map(agrees, call, theirs["shapes"]))
            for call in shapes[theirs["name"]]
        ), (theirs, shapes[theirs["name"]])
    assert [list(tensor.shape) for tensor in graph.inputs if tensor.shape is not UNKNOWN] == EXPECTED[name]["inputs"]
    assert [list(tensor.shape) for tensor in graph.outputs if tensor.shape is not UNKNOWN] == EXPECTED[name]["outputs"]


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_parameters_are_those_of_keras(name: str) -> None:
    graph = root(name)
    assert graph.parameters == EXPECTED[name]["parameters"]
    counts = {theirs["name"]: theirs["parameters"] for theirs in EXPECTED[name]["layers"]}
    assert {layer.name: layer.parameters for layer in graph.layers} == {
        layer.name: counts[layer.name] for layer in graph.layers
    }


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_layers_have_their_path_as_place(name: str) -> None:
    facts = read(name)
    paths = [layer.path for graph in facts.graphs for layer in graph.layers]
    assert len(paths) == len(set(paths))
    for graph in facts.graphs:
        for found in graph.layers:
            assert found.location.path == name
            assert found.location.line == 0
            assert found.location.layer == found.path == f"{graph.location.layer}/{found.name}"
            assert any(excerpt.path == found.path for excerpt in facts.layers)


def test_nested_models_are_layers_with_graphs() -> None:
    facts = read("shared_and_nested.keras")
    branch = layer(facts.graphs[0], "branch")
    assert branch.kind is LayerKind.MODEL
    assert branch.model is not None
    root_path = facts.graphs[0].location.layer
    assert [graph.location.layer for graph in facts.graphs] == [
        root_path,
        f"{root_path}/branch/core",
        f"{root_path}/branch",
    ]
    calls = [node for node in facts.graphs[0].nodes if node.layer.key == branch.key]
    assert len(calls) == 2


@pytest.mark.parametrize("name", ["wrapped.keras", "wrapped_keras2.h5"])
def test_wrappers_hold_what_they_wrap(name: str) -> None:
    graph = root(name)
    inner = {found.class_name: found.inner for found in graph.layers if found.inner is not None}
    assert inner["Bidirectional"] is not None
    assert inner["Bidirectional"].class_name == "GRU"
    assert inner["RNN"] is not None
    assert inner["RNN"].class_name == "LSTMCell"
    wrappers = [found for found in graph.layers if found.class_name == "TimeDistributed"]
    assert [found.inner.kind for found in wrappers if found.inner] == [LayerKind.MODEL, LayerKind.BUILTIN]
    bidirectional = next(found for found in graph.layers if found.class_name == "Bidirectional")
    assert bidirectional["backward_layer"] is None
    assert bidirectional["merge_mode"] == "sum"


@pytest.mark.parametrize("name", ["custom.keras", "custom_keras2.h5"])
def test_what_is_not_keras_is_opaque(name: str) -> None:
    graph = root(name)
    kinds = [(found.class_name, found.kind) for found in graph.layers]
    assert kinds[1] == ("Scale", LayerKind.CUSTOM)
    assert kinds[2] == ("Lambda", LayerKind.LAMBDA)
    assert layer(graph, "dense").activation is UNKNOWN
    assert [kind for _, kind in kinds].count(LayerKind.OPERATION) == 4
    losses = graph.compiles[0].losses
    assert isinstance(losses, tuple)
    assert losses[0] is not None
    assert (losses[0].name, losses[0].custom) == ("distance", True)


@pytest.mark.parametrize(("name", "layers"), [("subclassed.keras", 0), ("subclassed_keras2.saved_model", 2)])
def test_a_subclassed_model_is_said_to_be_that(name: str, layers: int) -> None:
    """A SavedModel lists its layers, if not how they are connected."""
    facts = read(name)
    assert facts.status is FileStatus.PARTIAL
    assert "`Pair`" in facts.reason
    graph = facts.graphs[0]
    assert not graph.whole
    assert graph.parameters is UNKNOWN
    assert [(found.class_name, found["units"]) for found in graph.layers] == [("Dense", 3), ("Dense", 2)][:layers]
    assert [found.parameters for found in graph.layers] == [15, 8][:layers]


def test_an_exported_model_is_left_out() -> None:
    facts = read("built_by_data.exported")
    assert facts.status is FileStatus.SKIPPED
    assert "without a Keras model" in facts.reason


@pytest.mark.parametrize("name", ["good_cnn.weights.h5", "good_cnn_keras2_weights.h5"])
def test_weights_alone_are_said_to_be_that(name: str) -> None:
    facts = read(name)
    assert facts.status is FileStatus.PARTIAL
    assert facts.reason.startswith("weights only")
    assert facts.saved is not None
    assert facts.saved.graph is None


def test_a_pointer_is_left_out() -> None:
    facts = read("pointer.h5")
    assert facts.status is FileStatus.SKIPPED
    assert "Git LFS pointer" in facts.reason
    assert not facts.findings


def trained(name: str) -> Compile:
    return root(name).compiles[0]


@pytest.mark.parametrize("name", ["good_cnn.keras", "good_cnn.h5", "good_cnn_keras2.h5"])
def test_the_training_configuration_is_a_compile_call(name: str) -> None:
    found = trained(name)
    assert found.optimizer is not None
    assert (found.optimizer.name, found.optimizer["learning_rate"]) == ("adam", 5e-4)
    assert found.optimizer.given == {"learning_rate"}
    assert isinstance(found.losses, tuple)
    assert isinstance(found.metrics, tuple)
    assert [loss.name if loss else None for loss in found.losses] == ["sparse_categorical_crossentropy"]
    assert [metric.name for metric in found.metrics] == ["accuracy"]


@pytest.mark.parametrize("suffix", [".keras", ".h5", "_keras2.h5"])
def test_losses_by_name_are_in_order_of_the_outputs(suffix: str) -> None:
    found = trained(f"several_inputs_and_outputs{suffix}")
    assert isinstance(found.losses, tuple)
    named = [(loss.name, loss.from_logits) if loss else None for loss in found.losses]
    assert named == [("sparse_categorical_crossentropy", True), ("mean_squared_error", False)]
    assert found.metrics is UNKNOWN
    assert found.arguments["loss_weights"] == {"label": 1.0, "price": 0.5}


def test_a_schedule_is_an_object() -> None:
    optimizer = trained("several_inputs_and_outputs.h5").optimizer
    assert optimizer is not None
    rate = optimizer["learning_rate"]
    assert isinstance(rate, Symbol)
    assert (rate.name, rate.arguments["initial_learning_rate"]) == ("ExponentialDecay", 0.01)
    assert optimizer["momentum"] == 0.9


@pytest.mark.parametrize("name", ["half_precision.keras", "half_precision_keras2.h5"])
def test_dtype_policies_are_names(name: str) -> None:
    assert [found["dtype"] for found in root(name).layers] == ["float32", "mixed_float16", "mixed_float16"]


def test_excerpts_show_what_is_not_the_default() -> None:
    shown = {excerpt.path: excerpt for excerpt in read("pitfalls.keras").layers}
    normalization = shown["pitfalls/batch_normalization"]
    assert normalization.class_name == "BatchNormalization"
    assert normalization.output_shape == "(None, 16, 16, 8)"
    assert normalization.config == (("axis", "1"),)
    assert shown["pitfalls/conv2d"].config == (("filters", "8"), ("kernel_size", "(3, 3)"), ("padding", "'same'"))
    regularized = {excerpt.path: excerpt for excerpt in read("good_cnn.h5").layers}["good_cnn/conv2d"]
    assert ("kernel_regularizer", "L2(l2=0.0001)") in regularized.config


@pytest.mark.parametrize("name", ["custom.keras", "custom_keras2.h5"])
def test_excerpts_do_not_print_bytecode(name: str) -> None:
    excerpt = next(excerpt for excerpt in read(name).layers if excerpt.class_name == "Lambda")
    assert excerpt.config == (("function", "bytecode"), ("output_shape", "(4,)"))


@pytest.mark.parametrize("stem", ["good_cnn", "pitfalls", "several_inputs_and_outputs", "shared_and_nested"])
def test_one_model_gives_the_same_layers_from_every_format(stem: str) -> None:
    """Names, classes and settings do not depend on the container; names of operations do not count."""

    def told(name: str) -> list[tuple[object, ...]]:
        return [
            (found.class_name, found.kind, {key: found[key] for key in found.given}, found.parameters)
            for found in root(name).layers
        ]

    zipped = told(f"{stem}.keras")
    assert told(f"{stem}.h5") == zipped
    assert len(told(f"{stem}_keras2.h5")) == len(zipped)
