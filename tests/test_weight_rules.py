"""When the rules on weights speak, and when they are silent: a file with one or two layers a case."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, Finding, Severity, check_model

sys.path.insert(0, str(ROOT / "tools"))

from make_hostile_models import archive, dense2, dense3, hdf5, layer3, model2, weights3

RNG = np.random.default_rng(9)
KERNEL = RNG.normal(size=(8, 6)).astype("f4")
BIAS = RNG.normal(size=6).astype("f4")
COMPILED = {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}}}


def layer(kind: str, name: str, **config: object) -> dict[str, object]:
    return {"class_name": kind, "config": {"name": name, **config}}


def dense(name: str = "hidden", units: int = 6, inputs: int = 8, **config: object) -> dict[str, object]:
    return dense2(name, units=units, batch_input_shape=[None, inputs], **config)


def findings(
    folder: Path,
    layers: list[dict[str, object]],
    weights: Mapping[str, Mapping[str, np.ndarray]],
    *,
    training: object = None,
    state: Mapping[str, np.ndarray] | None = None,
    config: Config | None = None,
) -> list[Finding]:
    """What is said of a file of Keras 2 with these layers and weights."""
    import json

    def change(file: h5py.File) -> None:
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        root = file["model_weights"]
        for name in weights:
            del root[name]
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{variable}:0".encode() for variable in weights[name]]
            for variable, values in weights[name].items():
                group[f"{name}/{variable}:0"] = values
        for name, values in (state or {}).items():
            file[f"optimizer_weights/{name}:0"] = values

    path = folder / "m.h5"
    hdf5(path, model2(*layers), change=change, names=tuple(weights))
    report = check_model(path, config=config or Config())
    assert not report.fault
    return [finding for finding in report.findings if finding.code.startswith("KC7")]


def one(**arrays: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    return {"hidden": {"kernel": KERNEL, "bias": BIAS, **arrays}}


def with_columns(columns: Mapping[int, float]) -> np.ndarray:
    values = KERNEL.copy()
    for column, value in columns.items():
        values[:, column] = value
    return values


SPEAKS: dict[
    str, tuple[str, Severity, list[dict[str, object]], dict[str, dict[str, np.ndarray]], dict[str, object]]
] = {
    "NaN in a bias": ("KC701", Severity.ERROR, [dense()], one(bias=np.where(BIAS > 0, np.nan, BIAS)), {}),
    "an infinite moment": ("KC701", Severity.ERROR, [dense()], one(), {"state": {"m": np.full((8, 6), np.inf, "f4")}}),
    "one dead unit of six": ("KC702", Severity.WARNING, [dense()], one(kernel=with_columns({2: 0.0})), {}),
    "a kernel of one value": ("KC703", Severity.WARNING, [dense()], one(kernel=np.full((8, 6), 0.25, "f4")), {}),
    "a variance below 0": (
        "KC705",
        Severity.ERROR,
        [layer("BatchNormalization", "norm", batch_input_shape=[None, 6])],
        {"norm": {"gamma": BIAS, "beta": BIAS, "moving_mean": BIAS, "moving_variance": -np.abs(BIAS)}},
        {},
    ),
    "scales of nearly nothing": (
        "KC705",
        Severity.WARNING,
        [layer("BatchNormalization", "norm", batch_input_shape=[None, 6])],
        {"norm": {"gamma": BIAS * 1e-8, "beta": BIAS, "moving_mean": BIAS, "moving_variance": np.abs(BIAS)}},
        {},
    ),
    "weights of a million": ("KC706", Severity.WARNING, [dense()], one(kernel=KERNEL * 1e6), {}),
    "weights of two thousand": ("KC706", Severity.INFO, [dense()], one(kernel=KERNEL / np.abs(KERNEL).max() * 2e3), {}),
    "all units equal": ("KC707", Severity.WARNING, [dense()], one(kernel=np.tile(KERNEL[:, :1], 6)), {}),
    "half of the units equal": ("KC707", Severity.INFO, [dense()], one(kernel=KERNEL[:, [0, 0, 0, 0, 4, 5]]), {}),
    "units by another count": ("KC709", Severity.ERROR, [dense(units=7)], one(), {}),
    "a kernel that is turned": ("KC709", Severity.ERROR, [dense(units=6)], one(kernel=KERNEL.T.copy()), {}),
    "state of a variable that is lost": (
        "KC709",
        Severity.ERROR,
        [dense()],
        one(),
        {"training": COMPILED, "state": {"m": np.ones((5, 9), "f4")}},
    ),
    "state as large as the weights": (
        "KC710",
        Severity.INFO,
        [dense()],
        one(),
        {"training": COMPILED, "state": {"m": KERNEL, "v": BIAS}},
    ),
    "statistics that never moved": (
        "KC704",
        Severity.WARNING,
        [dense(), layer("BatchNormalization", "norm")],
        {
            **one(),
            "norm": {
                "gamma": BIAS,
                "beta": BIAS,
                "moving_mean": np.zeros(6, "f4"),
                "moving_variance": np.ones(6, "f4"),
            },
        },
        {},
    ),
}


@pytest.mark.parametrize("case", SPEAKS)
def test_a_rule_speaks(case: str, tmp_path: Path) -> None:
    code, severity, layers, weights, more = SPEAKS[case]
    told = [finding for finding in findings(tmp_path, layers, weights, **more) if finding.code == code]
    assert [finding.severity for finding in told] == [severity]
    assert "\n" not in told[0].message
    assert not told[0].message.endswith(".")


def glorot(shape: tuple[int, int]) -> np.ndarray:
    limit = (6 / sum(shape)) ** 0.5
    return RNG.uniform(-limit, limit, shape).astype("f4")


SILENT: dict[str, tuple[list[dict[str, object]], dict[str, dict[str, np.ndarray]], dict[str, object]]] = {
    "a trained layer": ([dense()], one(), {"training": COMPILED}),
    "biases of 0": ([dense()], one(bias=np.zeros(6, "f4")), {}),
    "a kernel of one weight": (
        [dense(units=1, inputs=1)],
        {"hidden": {"kernel": np.full((1, 1), 0.5, "f4"), "bias": np.ones(1, "f4")}},
        {},
    ),
    "slopes of PReLU that are all alike": (
        [dense(activation="linear"), layer("PReLU", "slopes")],
        {**one(), "slopes": {"alpha": np.zeros(6, "f4")}},
        {},
    ),
    "a layer that was never compiled": (
        [dense(units=40, inputs=30)],
        {"hidden": {"kernel": glorot((30, 40)), "bias": np.zeros(40, "f4")}},
        {},
    ),
    "few channels without variance": (
        [layer("BatchNormalization", "norm", batch_input_shape=[None, 6])],
        {
            "norm": {
                "gamma": BIAS,
                "beta": BIAS,
                "moving_mean": BIAS,
                "moving_variance": np.array([1e-9, 1e-9, 1, 1, 1, 1], "f4"),
            }
        },
        {},
    ),
    "two units of six alike": ([dense()], one(kernel=KERNEL[:, [0, 0, 2, 3, 4, 5]]), {}),
    "units of few inputs alike": (
        [dense(inputs=2)],
        one(kernel=np.array([[1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 3, 4]], "f4")),
        {},
    ),
    "a negative unit behind any input": ([dense()], one(kernel=-np.abs(KERNEL), bias=-np.abs(BIAS)), {}),
    "a negative unit that is not cut": (
        [dense("first", activation="relu"), dense(inputs=6, activation="linear")],
        {
            "first": {"kernel": KERNEL, "bias": BIAS},
            "hidden": {"kernel": -np.abs(KERNEL[:6]), "bias": -np.abs(BIAS)},
        },
        {},
    ),
    "steps of the optimizer only": ([dense()], one(), {"training": COMPILED, "state": {"iteration": np.array(9)}}),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_rule_is_silent(case: str, tmp_path: Path) -> None:
    layers, weights, more = SILENT[case]
    assert [f"{finding.code} {finding.message}" for finding in findings(tmp_path, layers, weights, **more)] == []


def untrained(tmp_path: Path, *, kernel: np.ndarray, training: object = COMPILED, **more: object) -> list[str]:
    weights = {"hidden": {"kernel": kernel, "bias": np.zeros(kernel.shape[1], "f4")}}
    layers = [dense(units=kernel.shape[1], inputs=kernel.shape[0], **more)]
    state = {"iteration": np.array(700)}
    found = findings(tmp_path, layers, weights, training=training, state=state)
    return [finding.message for finding in found if finding.code == "KC704"]


def deviating(draw: Callable[[tuple[int, int]], np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    return draw(shape).astype("f4")


DRAWS: dict[str, Callable[[tuple[int, int]], np.ndarray]] = {
    "GlorotUniform": lambda shape: RNG.uniform(-1, 1, shape) * (6 / sum(shape)) ** 0.5,
    "HeUniform": lambda shape: RNG.uniform(-1, 1, shape) * (6 / shape[0]) ** 0.5,
    "LecunUniform": lambda shape: RNG.uniform(-1, 1, shape) * (3 / shape[0]) ** 0.5,
    "RandomNormal": lambda shape: RNG.normal(0, 0.05, shape),
    "RandomUniform": lambda shape: RNG.uniform(-0.05, 0.05, shape),
}


@pytest.mark.parametrize("name", DRAWS)
def test_weights_as_drawn_are_told_with_the_steps_of_the_optimizer(name: str, tmp_path: Path) -> None:
    more = {"kernel_initializer": {"class_name": name, "config": {}}}
    (said,) = untrained(tmp_path, kernel=deviating(DRAWS[name], (60, 40)), **more)
    assert "700 steps" in said


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("factor", [0.9, 1.2])
def test_weights_of_another_spread_were_trained(name: str, factor: float, tmp_path: Path) -> None:
    more = {"kernel_initializer": {"class_name": name, "config": {}}}
    assert untrained(tmp_path, kernel=deviating(DRAWS[name], (60, 40)) * factor, **more) == []


def test_an_initializer_of_ones_own_is_not_judged(tmp_path: Path) -> None:
    more = {"kernel_initializer": {"class_name": "Mine", "config": {}}}
    assert untrained(tmp_path, kernel=deviating(DRAWS["GlorotUniform"], (60, 40)), **more) == []


def test_units_behind_relu_that_no_input_wakes_are_told(tmp_path: Path) -> None:
    silenced = KERNEL[:6].copy()
    silenced[:, :3] = -np.abs(silenced[:, :3])
    weights = {
        "first": {"kernel": KERNEL, "bias": BIAS},
        "hidden": {"kernel": silenced, "bias": np.array([-0.1] * 3 + [0.2] * 3, "f4")},
        "out": {"kernel": KERNEL[:6, :2], "bias": BIAS[:2]},
    }
    layers = [dense("first"), dense(inputs=6), dense("out", units=2, inputs=6, activation="linear")]
    (told,) = (finding for finding in findings(tmp_path, layers, weights) if finding.code == "KC702")
    assert "3 of 6 units" in told.message
    assert told.location.layer == "model/hidden"


def test_pruned_weights_are_told_once_as_a_hint(tmp_path: Path) -> None:
    pruned = with_columns({0: 0.0, 1: 0.0, 2: 0.0})
    weights = {"first": {"kernel": pruned, "bias": BIAS}, "hidden": {"kernel": pruned[:6], "bias": BIAS}}
    layers = [dense("first"), dense(inputs=6)]
    (told,) = (finding for finding in findings(tmp_path, layers, weights) if finding.code == "KC702")
    assert told.severity is Severity.INFO
    assert "6 of 12 units" in told.message


def test_thresholds_are_those_of_the_configuration(tmp_path: Path) -> None:
    config = Config(rules={"KC706": {"magnitude": 0.5}, "KC702": {"share": 0.5}})
    weights = {
        "first": {"kernel": with_columns({1: 0.0}), "bias": BIAS},
        "out": {"kernel": KERNEL[:6, :2], "bias": BIAS[:2]},
    }
    layers = [dense("first"), dense("out", units=2, inputs=6, activation="linear")]
    codes = {(finding.code, finding.severity) for finding in findings(tmp_path, layers, weights, config=config)}
    assert {("KC706", Severity.WARNING), ("KC702", Severity.INFO)} <= codes


@pytest.mark.parametrize(("policy", "told"), [("mixed_float16", True), ("mixed_bfloat16", False), ("float32", False)])
def test_overflow_is_told_in_half_precision_only(policy: str, told: bool, tmp_path: Path) -> None:
    kind = {"class_name": "Policy", "config": {"name": policy}}
    found = findings(tmp_path, [dense(dtype=kind)], one(bias=np.array([7e4, 1, 1, 1, 1, 1], "f4")))
    assert ("KC708" in {finding.code for finding in found}) == told


def test_values_that_become_0_in_half_precision_are_told(tmp_path: Path) -> None:
    kind = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    found = findings(tmp_path, [dense(dtype=kind)], one(kernel=KERNEL * 1e-9))
    assert [finding.message[:8] for finding in found if finding.code == "KC708"] == ["48 of 48"]


def test_a_layer_inside_a_wrapper_that_is_called_by_itself_too_cannot_be_loaded(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file["layers/dense"]
        group = file.create_group("layers/time_distributed/layer/vars")
        group.attrs["name"] = "inside"
        group["0"], group["1"] = KERNEL[:4, :3], BIAS[:3]
        file.create_group("layers/time_distributed/vars").attrs["name"] = "wrapper"

    inside = dense3("inside", batch_shape=[None, 4])
    wrapper = layer3("wrapper", "TimeDistributed", layer=inside)
    sequence = layer3("sequence", "InputLayer", batch_shape=[None, 5, 4])
    calls = {"wrapper": ("sequence", [None, 5, 4]), "inside": ("row", [None, 4])}
    layers = [sequence, layer3("row", "InputLayer", batch_shape=[None, 4]), wrapper, inside]
    for entry in layers:
        name = entry["config"]["name"]
        entry |= {"name": name, "inbound_nodes": []}
        if name in calls:
            made, shape = calls[name]
            config = {"shape": shape, "dtype": "float32", "keras_history": [made, 0, 0]}
            entry["inbound_nodes"] = [{"args": [{"class_name": "__keras_tensor__", "config": config}], "kwargs": {}}]
    ends = {
        "input_layers": [["sequence", 0, 0], ["row", 0, 0]],
        "output_layers": [["wrapper", 0, 0], ["inside", 0, 0]],
    }
    model = {"module": "keras", "class_name": "Functional", "config": {"name": "both", "layers": layers, **ends}}
    archive(tmp_path / "m.keras", model, weights=weights3(change))
    report = check_model(tmp_path / "m.keras", config=Config())
    assert report.weights is not None
    assert report.weights.parameters == 15
    # "Layer 'inside' expected 2 variables, but received 0 variables during loading", says Keras 3.15.
    (told,) = [finding for finding in report.findings if finding.code == "KC709"]
    assert "stores no weights for `inside`" in told.message
