"""Every dialect in which Keras has written an architecture down gives the same facts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kerascheck.artifact import ModelFacts, read_model
from kerascheck.artifact.training import shortest
from kerascheck.artifact.wiring import references, wirings
from kerascheck.facts.graph import GraphKind, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Symbol, Value
from kerascheck.findings import FileStatus


def facts_of(tmp_path: Path, model: dict[str, object]) -> ModelFacts:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model))
    facts = read_model(path)
    assert facts.status is FileStatus.OK, facts.reason
    return facts


def graph_of(tmp_path: Path, model: dict[str, object]) -> ModelGraph:
    return facts_of(tmp_path, model).graphs[0]


def functional(layers: list[dict[str, object]], ends: object, starts: object = ()) -> dict[str, object]:
    config = {"name": "net", "layers": layers, "input_layers": starts or [["i", 0, 0]], "output_layers": ends}
    return {"class_name": "Model", "config": config}


def entry(name: str, class_name: str, inbound: object, **config: object) -> dict[str, object]:
    return {"name": name, "class_name": class_name, "config": {"name": name, **config}, "inbound_nodes": inbound}


def source(name: str = "i", shape: object = (None, 4)) -> dict[str, object]:
    return entry(name, "InputLayer", [], batch_input_shape=shape)


def tensor(layer: str, shape: list[int | None], node: int = 0, index: int = 0) -> dict[str, object]:
    config = {"shape": shape, "dtype": "float32", "keras_history": [layer, node, index]}
    return {"class_name": "__keras_tensor__", "config": config}


DIALECTS: dict[str, tuple[object, object]] = {
    "Keras 1": ([[["i", 0, 0]]], [[["i", 0, 0], ["a", 0, 0]]]),
    "Keras 2": ([[["i", 0, 0, {}]]], [[["i", 0, 0, {}], ["a", 0, 0, {}]]]),
    "tf.keras, an argument": ([["i", 0, 0, {}]], [["i", 0, 0, {"y": ["a", 0, 0]}]]),
    "tf.keras, names": ([{"x": ["i", 0, 0, {}]}], [{"x": ["i", 0, 0, {}], "y": ["a", 0, 0, {}]}]),
    "Keras 3": (
        [{"args": [tensor("i", [None, 4])], "kwargs": {}}],
        [{"args": [[tensor("i", [None, 4]), tensor("a", [None, 4])]], "kwargs": {}}],
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_edges_are_the_same_in_every_dialect(dialect: str, tmp_path: Path) -> None:
    first, second = DIALECTS[dialect]
    layers = [source(), entry("a", "Dense", first, units=4), entry("b", "Add", second, trainable=True)]
    graph = graph_of(tmp_path, functional(layers, [["b", 0, 0]]))
    assert graph.kind is GraphKind.FUNCTIONAL
    (add,) = graph.output_nodes()
    assert [node.layer.name for node in graph.before(add[1])] == ["i", "a"]
    assert graph.outputs[0].shape == (None, 4)
    assert graph.parameters == 20


@pytest.mark.parametrize(
    "ends",
    [["a", 0, 0], [["a", 0, 0]], {"answer": ["a", 0, 0]}, {"answer": [["a", 0, 0]]}],
    ids=["flat", "list", "dictionary", "dictionary of lists"],
)
def test_outputs_are_the_same_in_every_form(ends: object, tmp_path: Path) -> None:
    layers = [source(), entry("a", "Dense", [[["i", 0, 0, {}]]], units=3)]
    graph = graph_of(tmp_path, functional(layers, ends))
    assert [tensor.shape for tensor in graph.outputs] == [(None, 3)]


def test_constants_and_arguments_are_kept_apart_from_tensors() -> None:
    (call,) = wirings((("_CONSTANT_VALUE", -1, 2.0, {"y": ("x", 0, 0), "name": None}),))
    assert [(made.layer, made.node, made.tensor) for made in call.inputs] == [("x", 0, 0)]
    assert call.arguments == {"y": UNKNOWN, "name": None, "constant_0": 2.0}


def test_lists_that_only_look_like_tensors_are_values() -> None:
    (call,) = wirings((("x", 0, 0, {"shape": (1, 2, 3), "axes": ("a", "b", "c")}),))
    assert len(call.inputs) == 1
    assert call.arguments == {"shape": (1, 2, 3), "axes": ("a", "b", "c")}


def test_masks_are_told_from_inputs() -> None:
    inner: Value = {"class_name": "__keras_tensor__", "config": {"keras_history": ("m", 0, 0), "shape": (None, 7)}}
    outer: Value = {"class_name": "__keras_tensor__", "config": {"keras_history": ("x", 0, 0), "shape": (None, 7, 3)}}
    (call,) = wirings(({"args": (outer,), "kwargs": {"mask": inner, "training": False}},))
    assert [made.layer for made in call.inputs] == ["x"]
    assert [made.layer for made in call.masks] == ["m"]


@pytest.mark.parametrize("value", [(), None, 3, "x", {"a": 3}, (("a", -1, 0),), (("a", True, 0),), (("a", 0),)])
def test_what_is_no_reference_is_none(value: Value) -> None:
    assert references(value) == ()


@pytest.mark.parametrize(("offset", "dialect"), [(1, "list"), (0, "dictionary"), (1, "dictionary")])
def test_calls_of_a_nested_model_are_counted_from_its_first(offset: int, dialect: str, tmp_path: Path) -> None:
    """Its own construction is call 0 in Keras 1, 2 and early 3; today's Keras 3 starts at 0."""

    def call(*made: tuple[str, int, list[int | None]]) -> object:
        if dialect == "list":
            return [[name, node, 0, {}] for name, node, _ in made]
        return {"args": [tensor(name, shape, node) for name, node, shape in made], "kwargs": {}}

    inner = functional([source(), entry("d", "Dense", [[["i", 0, 0, {}]]], units=2)], [["d", 0, 0]])
    nested = {"name": "net", "inbound_nodes": [call(("i", 0, [None, 4])), call(("j", 0, [None, 4]))], **inner}
    both = [call(("net", offset, [None, 2]), ("net", offset + 1, [None, 2]))]
    if dialect == "dictionary":
        both = [{"args": [[tensor("net", [None, 2], offset), tensor("net", [None, 2], offset + 1)]], "kwargs": {}}]
    layers = [source(), source("j"), nested, entry("c", "Concatenate", both, axis=-1, trainable=True)]
    facts = facts_of(tmp_path, functional(layers, [["c", 0, 0]], [["i", 0, 0], ["j", 0, 0]]))
    root, branch = facts.graphs
    assert branch.nested
    assert root.outputs[0].shape == (None, 4)
    assert root.parameters == branch.parameters == 10
    assert [node.layer.kind for node in root.nodes].count(LayerKind.MODEL) == 2


@pytest.mark.parametrize(("inside", "shape"), [("ReLU", (None, 48)), ("Mine", (None, UNKNOWN))])
def test_a_base_of_any_size_has_the_size_of_its_call(inside: str, shape: object, tmp_path: Path) -> None:
    """What is opaque in it leaves the size open, which is no size that a later layer could refuse."""
    through = [source(shape=[None, None, None, 3]), entry("x", inside, [[["i", 0, 0, {}]]])]
    end = entry("p", "MaxPooling2D", [[["x", 0, 0, {}]]], pool_size=[2, 2], strides=[2, 2], padding="valid")
    base = {"name": "base", "inbound_nodes": [[["i", 0, 0, {}]]], **functional([*through, end], [["p", 0, 0]])}
    layers = [
        source(shape=[None, 8, 8, 3]),
        base,
        entry("f", "Flatten", [[["base", 1, 0, {}]]]),
        entry("d", "Dense", [[["f", 0, 0, {}]]], units=2),
    ]
    graph = graph_of(tmp_path, functional(layers, [["d", 0, 0]]))
    assert not graph.problems
    flat = next(node for node in graph.nodes if node.layer.name == "f")
    assert flat.output_shape == shape


@pytest.mark.parametrize("listed", [True, False], ids=["list", "object"])
def test_a_sequential_is_a_list_or_an_object(listed: bool, tmp_path: Path) -> None:
    layers = [
        {"class_name": "Dense", "config": {"name": "a", "units": 3, "batch_input_shape": [None, 4]}},
        {"class_name": "Dense", "config": {"name": "b", "units": 2}},
    ]
    graph = graph_of(tmp_path, {"class_name": "Sequential", "config": layers if listed else {"layers": layers}})
    assert graph.kind is GraphKind.SEQUENTIAL
    assert [layer.path for layer in graph.layers] == ["sequential/a", "sequential/b"]
    assert graph.outputs[0].shape == (None, 2)


def test_arguments_of_keras_1_have_todays_names(tmp_path: Path) -> None:
    convolution = {
        "name": "c",
        "nb_filter": 8,
        "nb_row": 3,
        "nb_col": 5,
        "border_mode": "same",
        "subsample": [2, 2],
        "dim_ordering": "th",
        "init": "he_normal",
        "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.25},
        "batch_input_shape": [None, 3, 16, 16],
    }
    model = {"class_name": "Sequential", "config": [{"class_name": "Convolution2D", "config": convolution}]}
    (layer,) = graph_of(tmp_path, model).layers
    assert (layer.class_name, layer.written) == ("Conv2D", "Convolution2D")
    assert (layer["filters"], layer["kernel_size"], layer["strides"]) == (8, (3, 5), (2, 2))
    assert (layer["padding"], layer["data_format"]) == ("same", "channels_first")
    assert layer["kernel_initializer"] == "he_normal"
    penalty = layer["kernel_regularizer"]
    assert isinstance(penalty, Symbol)
    assert penalty.arguments["l2"] == 0.25


def test_the_branches_of_a_merge_are_models(tmp_path: Path) -> None:
    def branch(size: int) -> dict[str, object]:
        dense = {"name": f"d{size}", "output_dim": size, "batch_input_shape": [None, 4]}
        return {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": dense}]}

    merge = {"name": "m", "mode": "concat", "concat_axis": -1, "layers": [branch(2), branch(3)]}
    layers = [
        {"class_name": "Merge", "config": merge},
        {"class_name": "Dense", "config": {"name": "e", "output_dim": 1}},
    ]
    facts = facts_of(tmp_path, {"class_name": "Sequential", "config": layers})
    root = facts.graphs[0]
    assert [tensor.shape for tensor in root.inputs] == [(None, 4), (None, 4)]
    assert [layer.class_name for layer in root.layers] == ["Sequential", "Sequential", "Concatenate", "Dense"]
    assert root.outputs[0].shape == (None, 1)
    assert root.parameters == 10 + 15 + 6


def test_wrapped_tuples_and_shapes_are_taken_out(tmp_path: Path) -> None:
    shape = {"class_name": "__tuple__", "items": [None, 8, 8, 3]}
    convolution = {"name": "c", "filters": 2, "kernel_size": {"class_name": "__tuple__", "items": [3, 3]}}
    layers = [
        {"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": shape}},
        {"class_name": "Conv2D", "config": convolution},
    ]
    graph = graph_of(tmp_path, {"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    assert graph.outputs[0].shape == (None, 6, 6, 2)


def test_numbers_that_are_none_in_json_are_read(tmp_path: Path) -> None:
    text = '{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"units": 1, "x": [NaN, -Infinity]}}]}'
    (tmp_path / "m.json").write_text(text)
    assert read_model(tmp_path / "m.json").status is FileStatus.OK


def test_shapes_that_the_file_records_reach_behind_opaque_layers(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 6]}},
        {"class_name": "Mine", "module": None, "registered_name": "My>Mine", "config": {"name": "mine"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 2}, "build_config": {"input_shape": [None, 9]}},
    ]
    graph = graph_of(tmp_path, {"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    mine, dense = graph.layers[1:]
    assert mine.kind is LayerKind.CUSTOM
    assert dense.parameters == 20


def test_the_declared_output_of_a_lambda_is_its_shape(tmp_path: Path) -> None:
    layers = [
        {
            "class_name": "Lambda",
            "config": {"name": "l", "batch_input_shape": [None, 8, 8, 3], "output_shape": [4, 4, 3]},
        },
        {"class_name": "Flatten", "config": {"name": "f"}},
    ]
    graph = graph_of(tmp_path, {"class_name": "Sequential", "config": layers})
    assert graph.layers[0].kind is LayerKind.LAMBDA
    assert graph.outputs[0].shape == (None, 48)


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ({"class_name": "Dense", "config": {}}, LayerKind.BUILTIN),
        ({"class_name": "Dense", "module": "keras.layers", "config": {}}, LayerKind.BUILTIN),
        ({"class_name": "Mine>Dense", "config": {}}, LayerKind.CUSTOM),
        ({"class_name": "Dense", "module": None, "registered_name": "Mine>Dense", "config": {}}, LayerKind.CUSTOM),
        ({"class_name": "Dense", "module": "keras_hub.src.layers", "config": {}}, LayerKind.CUSTOM),
        ({"class_name": "AnchorBoxes", "config": {}}, LayerKind.CUSTOM),
        ({"class_name": "Lambda", "config": {}}, LayerKind.LAMBDA),
        ({"class_name": "TFOpLambda", "config": {"function": "math.reduce_mean"}}, LayerKind.OPERATION),
        ({"class_name": "Add", "module": "keras.src.ops.numpy", "config": {}}, LayerKind.OPERATION),
    ],
)
def test_a_class_is_kerass_own_or_opaque(described: dict[str, object], kind: LayerKind, tmp_path: Path) -> None:
    start = {"class_name": "InputLayer", "config": {"batch_shape": [None, 6]}}
    graph = graph_of(tmp_path, {"class_name": "Sequential", "config": {"layers": [start, described]}})
    assert graph.layers[1].kind is kind


def test_the_operation_of_a_raw_node_is_its_name(tmp_path: Path) -> None:
    node = json.dumps({"name": "mul", "op": "Mul", "attr": {"T": {"type": "DT_FLOAT"}}})
    layers = [source(), entry("m", "TensorFlowOpLayer", [[["i", 0, 0, {}]]], node_def=node, constants={"1": 0.5})]
    layer = graph_of(tmp_path, functional(layers, [["m", 0, 0]])).layers[1]
    assert (layer.kind, layer.class_name) == (LayerKind.OPERATION, "mul")


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        (0.0010000000474974513, 0.001),
        (9.999999747378752e-05, 1e-4),
        (0.05000000074505806, 0.05),
        (0.8999999761581421, 0.9),
        (0.5, 0.5),
        (0.1, 0.1),
        (1e300, 1e300),
        (float("inf"), float("inf")),
        (0.0, 0.0),
    ],
)
def test_numbers_of_32_bits_are_as_they_were_written(stored: float, meant: float) -> None:
    assert shortest(stored) == meant


def compiled(tmp_path: Path, training: dict[str, object], outputs: int = 1) -> ModelGraph:
    layers = [source(), *(entry(f"o{n}", "Dense", [[["i", 0, 0, {}]]], units=2) for n in range(outputs))]
    model = functional(layers, [[f"o{n}", 0, 0] for n in range(outputs)])
    return graph_of(tmp_path, {"model_config": model, "training_config": training})


LOSSES: list[tuple[object, int, object]] = [
    ("mse", 1, ["mean_squared_error"]),
    ("mse", 2, ["mean_squared_error", "mean_squared_error"]),
    (["mse", "mae"], 2, ["mean_squared_error", "mean_absolute_error"]),
    (["mse", None], 2, ["mean_squared_error", None]),
    ({"o1": "mae"}, 2, [None, "mean_absolute_error"]),
    ({"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}, 1, ["binary_crossentropy"]),
    ({"module": "builtins", "class_name": "function", "config": "dice_loss"}, 1, ["dice_loss"]),
    ({"class_name": "LossFunctionWrapper", "config": {"fn": "mean_squared_error"}}, 1, ["mean_squared_error"]),
    (None, 1, [None]),
    (["mse"], 2, UNKNOWN),
    ({"elsewhere": "mse"}, 1, UNKNOWN),
]


@pytest.mark.parametrize(("written", "outputs", "names"), LOSSES)
def test_losses_stand_beside_their_outputs(written: object, outputs: int, names: object, tmp_path: Path) -> None:
    losses = (
        compiled(tmp_path, {"optimizer_config": {"class_name": "Adam"}, "loss": written}, outputs).compiles[0].losses
    )
    found = losses if losses is UNKNOWN else [loss.name if loss is not None else None for loss in losses]
    assert found == names


METRICS: list[tuple[object, object]] = [
    (None, []),
    (["accuracy"], ["accuracy"]),
    ([["accuracy", "mae"]], ["accuracy", "mean_absolute_error"]),
    ([{"class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "fn": "binary_accuracy"}}], ["accuracy"]),
    ([{"class_name": "MeanMetricWrapper", "config": {"name": "mine", "fn": "r2"}}], ["r2"]),
    ([{"class_name": "AUC", "config": {"name": "auc"}}], ["auc"]),
    ({"o0": "acc"}, ["accuracy"]),
]


@pytest.mark.parametrize(("written", "names"), METRICS)
def test_metrics_are_flat(written: object, names: object, tmp_path: Path) -> None:
    metrics = compiled(tmp_path, {"optimizer_config": "sgd", "loss": "mse", "metrics": written}).compiles[0].metrics
    assert isinstance(metrics, tuple)
    assert [metric.name for metric in metrics] == names


OPTIMIZERS: list[tuple[object, object, object]] = [
    ("adam", "adam", 0.001),
    ({"class_name": "Adam", "config": {"lr": 0.0010000000474974513}}, "adam", 0.001),
    ({"class_name": "Custom>RMSprop", "config": {"learning_rate": 0.25}}, "rmsprop", 0.25),
    ({"name": "SGD", "lr": 0.5, "momentum": 0.9}, "sgd", 0.5),
    ({"module": "keras.optimizers", "class_name": "Nadam", "config": {"learning_rate": 2.0}}, "nadam", 2.0),
    (
        {
            "class_name": "LossScaleOptimizer",
            "config": {"inner_optimizer": {"class_name": "SGD", "config": {"lr": 0.5}}},
        },
        "sgd",
        0.5,
    ),
    ({"class_name": "Addons>LazyAdam", "config": {"learning_rate": 0.1}}, UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("written", "name", "rate"), OPTIMIZERS)
def test_optimizers_have_todays_names(written: object, name: object, rate: object, tmp_path: Path) -> None:
    optimizer = compiled(tmp_path, {"optimizer_config": written, "loss": "mse"}).compiles[0].optimizer
    assert optimizer is not None
    assert (optimizer.name, optimizer["learning_rate"]) == (name, rate)


YAML = """
backend: tensorflow
class_name: Sequential
config:
- class_name: Dense
  config: {name: !!python/unicode 'd', units: 3, batch_input_shape: !!python/tuple [null, 4], stamp: 2020-01-01}
- class_name: Dropout
  config: {rate: 0.5, noise: !!python/object/apply:os.system ['touch %s']}
keras_version: 2.2.4
"""


def test_yaml_gives_plain_values_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(YAML % (tmp_path / "ran"))
    facts = read_model(tmp_path / "m.yaml")
    assert facts.status is FileStatus.OK, facts.reason
    assert not (tmp_path / "ran").exists()
    dense, dropout = facts.graphs[0].layers
    assert (dense.name, dense.parameters) == ("d", 15)
    assert dropout["rate"] == 0.5
    assert facts.graphs[0].keras_version == "2.2.4"


@pytest.mark.parametrize(
    "config",
    ["&z\n- *z", "\n" + "\n".join(f"- &a{n} [{', '.join([f'*a{n - 1}' if n else '1'] * 10)}]" for n in range(9)), "[}"],
    ids=["endless", "bomb", "broken"],
)
def test_yaml_that_unfolds_without_end_is_refused(config: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"class_name: Sequential\nconfig: {config}\n")
    assert read_model(tmp_path / "m.yaml").status is FileStatus.ERROR


def test_tensorflow_js_tells_the_weights_of_its_layers(tmp_path: Path) -> None:
    layers = [
        {"class_name": "Mine", "config": {"name": "mine", "batch_input_shape": [None, 4]}},
        {"class_name": "Dense", "config": {"name": "d", "units": 2}},
    ]
    model = {
        "format": "layers-model",
        "modelTopology": {"keras_version": "2.2.4", "model_config": {"class_name": "Sequential", "config": layers}},
        "weightsManifest": [
            {"paths": ["a.bin"], "weights": [{"name": "mine/kernel", "shape": [4, 8], "dtype": "float32"}]}
        ],
    }
    graph = graph_of(tmp_path, model)
    assert graph.keras_version == "2.2.4"
    assert graph.layers[0].parameters == 32


def test_a_graph_of_operations_has_no_layers(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(
        json.dumps({"format": "graph-model", "modelTopology": {"node": [], "library": {}}})
    )
    facts = read_model(tmp_path / "model.json")
    assert facts.status is FileStatus.SKIPPED
    assert "without layers" in facts.reason


def test_without_pyyaml_the_line_tells_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "m.yaml").write_text("class_name: Sequential\nconfig: []\n")
    facts = read_model(tmp_path / "m.yaml")
    assert facts.status is FileStatus.SKIPPED
    assert facts.reason.endswith("takes PyYAML to read: `pip install kerascheck[yaml]`")
