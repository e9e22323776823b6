"""What a report says of the weights of a model file, below its findings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, check_model
from kerascheck.artifact import read_model, weight_summary
from kerascheck.findings import FileKind, FileReport, LayerWeights, Report, WeightSummary
from kerascheck.report import full, json_report
from kerascheck.report.paint import PLAIN

sys.path.insert(0, str(ROOT / "tools"))

from make_hostile_models import dense2, hdf5, model2

MODELS = ROOT / "fixtures" / "models"
RNG = np.random.default_rng(1)
KERNEL = RNG.normal(size=(8, 8)).astype("f4")


def summary(path: Path) -> WeightSummary:
    saved = read_model(path, weights=True).saved
    assert saved is not None
    found = weight_summary(saved)
    assert found is not None
    return found


def layers(path: Path) -> dict[str, LayerWeights]:
    return {layer.path.rsplit("/", 1)[-1]: layer for layer in summary(path).layers}


def stored(path: Path, **kernels: np.ndarray) -> dict[str, LayerWeights]:
    """The rows of a Sequential of Dense layers with these kernels."""

    def fill(file: h5py.File) -> None:
        for name, kernel in kernels.items():
            group = file[f"model_weights/{name}/{name}"]
            del group["kernel:0"], group["bias:0"]
            group["kernel:0"], group["bias:0"] = kernel, np.zeros(8, "f4")

    config = model2(*(dense2(name, units=8, batch_input_shape=[None, 8]) for name in kernels))
    hdf5(path, config, names=tuple(kernels), change=fill)
    return layers(path)


def test_the_totals_are_those_of_the_file() -> None:
    found = summary(MODELS / "good_cnn.keras")
    with h5py.File(MODELS / "good_cnn.h5") as file:
        arrays: list[np.ndarray] = []
        file["model_weights"].visititems(
            lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
        )
    assert (found.arrays, found.parameters) == (len(arrays), sum(array.size for array in arrays))
    assert found.dtypes == (("float32", found.size),)
    assert found.size == 4 * found.parameters
    assert (found.not_finite, found.unread) == (0, 0)
    assert found.optimizer_arrays and found.steps == 3


@pytest.mark.parametrize("name", ["good_cnn.keras", "good_cnn.h5", "good_cnn_keras2.h5"])
def test_layers_come_in_the_order_of_the_model(name: str) -> None:
    graph = read_model(MODELS / name).graphs[0]
    order = [layer.path for layer in graph.layers if layer.parameters]
    assert [layer.path for layer in summary(MODELS / name).layers] == order


def test_the_numbers_are_those_of_the_kernels(tmp_path: Path) -> None:
    kernel = KERNEL.copy()
    kernel[:2] = 0
    row = stored(tmp_path / "m.h5", dense=kernel)["dense"]
    assert row.norm == pytest.approx(np.linalg.norm(kernel), rel=1e-6)
    assert row.deviation == pytest.approx(kernel.std(), rel=1e-6)
    assert row.largest == pytest.approx(np.abs(kernel).max())
    assert row.zeros == pytest.approx(16 / 64)
    assert (row.arrays, row.parameters, row.size) == (2, 72, 288)


def _with(change: object, value: float) -> np.ndarray:
    kernel = KERNEL.copy()
    kernel[change] = value  # pyright: ignore[reportArgumentType]
    return kernel


@pytest.mark.parametrize(
    ("kernel", "fault"),
    [
        (_with((0, slice(0, 2)), np.nan), "kernel has 2 NaN"),
        (_with((0, 0), -np.inf), "kernel has 1 infinite"),
        (np.full((8, 8), 0.5, "f4"), "kernel is 0.5 throughout"),
        (_with((slice(None), slice(0, 3)), 0), "3 of 8 units without weights"),
        (np.repeat(KERNEL[:, :4], 2, axis=1), "4 of 8 units repeat others"),
    ],
)
def test_what_is_hardly_ever_meant_is_told(kernel: np.ndarray, fault: str, tmp_path: Path) -> None:
    assert stored(tmp_path / "m.h5", dense=kernel)["dense"].faults == (fault,)


def test_a_sound_layer_has_no_fault(tmp_path: Path) -> None:
    rows = stored(tmp_path / "m.h5", dense=KERNEL, dense_1=KERNEL + 1)
    assert [row.faults for row in rows.values()] == [(), ()]
    assert rows["dense"].notes == ("bias 0",)


def test_an_array_of_a_layer_that_nobody_knows_is_measured(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"] = [b"own"]
        file.create_group("own").attrs["weight_names"] = [b"own/basis:0"]
        file["own/own/basis:0"] = KERNEL
    assert layers(tmp_path / "w.h5")["own"].norm == pytest.approx(np.linalg.norm(KERNEL), rel=1e-6)
    assert check_model(tmp_path / "w.h5").about == "HDF5 weights"


def test_a_copy_of_another_kernel_is_told(tmp_path: Path) -> None:
    rows = stored(tmp_path / "m.h5", dense=KERNEL, dense_1=KERNEL.T.copy(), dense_2=KERNEL)
    assert rows["dense_2"].faults == ("kernel equals that of dense/kernel",)
    assert rows["dense"].faults == rows["dense_1"].faults == ()


def test_normalization_is_told_by_its_ranges() -> None:
    row = layers(MODELS / "pitfalls.keras")["batch_normalization"]
    assert row.norm is None
    assert row.notes == ("gamma 1", "mean 0", "variance 1")


@pytest.mark.parametrize("read", [True, False])
def test_the_table_stands_below_the_findings_where_weights_were_read(read: bool) -> None:
    report = check_model(MODELS / "pitfalls.keras", config=Config(read_weights=read))
    text = full.render(Report((report,)), PLAIN)
    assert ("\n  weights of " in text) is read
    if read:
        assert text.index("output shape") < text.index("error[KC201") < text.index("  weights of ")
        assert "\n  in all: " in text
    weights = json.loads(json_report.render(Report((report,))))["files"][0]["weights"]
    assert (weights is not None) is read


def test_a_long_table_is_folded_and_layers_with_faults_stay() -> None:
    rows = [LayerWeights(f"model/dense_{n}", 2, 72, 288, float(n), 1.0, 1.0, 0.0) for n in range(40)]
    rows[20] = LayerWeights("model/dense_20", 2, 72, 288, faults=("kernel has 1 NaN",))
    report = Report(
        (FileReport("m.h5", FileKind.MODEL, about="x", weights=WeightSummary(tuple(rows), 80, 2880, 11520, ())),)
    )
    folded, whole = full.render(report, PLAIN), full.render(report, PLAIN, layers=True)
    assert "dense_20 " in folded and "dense_10 " not in folded
    assert "33 more layers with weights, norms from 3 to 36, --layers shows them" in folded
    assert all(f"dense_{n} " in whole for n in range(40))


def test_norms_beyond_all_numbers_are_null_in_json(tmp_path: Path) -> None:
    rows = (LayerWeights("m/a", 1, 1, 8, float("inf"), float("nan"), 1e300, 0.0),)
    report = FileReport("m.h5", FileKind.MODEL, weights=WeightSummary(rows, 1, 1, 8, (("float64", 8),)))
    text = json_report.render(Report((report,)))
    (layer,) = json.loads(text, parse_constant=pytest.fail)["files"][0]["weights"]["layers"]
    assert (layer["norm"], layer["deviation"], layer["largest"]) == (None, None, 1e300)
