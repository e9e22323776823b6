"""The arrays of a file become the weights of its layers, and a reader that crashes on them costs no more than them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, FileReport, Severity, check_model
from kerascheck.artifact import ModelFacts, read_model
from kerascheck.facts.graph import GraphKind, LayerKind
from kerascheck.facts.weights import KERNELS, Purpose
from kerascheck.findings import FileKind, FileStatus
from kerascheck.linter import Plan, Target, lost
from kerascheck.runner import run

sys.path.insert(0, str(ROOT / "tools"))

from make_hostile_models import archive, dense2, dense3, hdf5, layer3, model2, model3, weights3

MODELS = ROOT / "fixtures" / "models"
STORED = sorted(
    path
    for path in MODELS.iterdir()
    if path.suffix in (".h5", ".keras", ".saved_model") and path.name != "pointer.h5" and "weights" not in path.name
)


def read(path: Path) -> ModelFacts:
    return read_model(path, weights=True)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.name)
def test_every_weight_belongs_to_a_layer_that_has_as_many(path: Path) -> None:
    facts = read(path)
    saved, graph = facts.saved, facts.graphs[0]
    assert saved is not None
    assert saved.weights
    if graph.kind is GraphKind.SUBCLASSED:
        return
    layers = {layer.path: layer for layer in graph.every_layer()}
    assert {tensor.layer for tensor in saved.tensors()} <= layers.keys()
    for layer in graph.layers:
        if layer.kind is LayerKind.BUILTIN and isinstance(layer.parameters, int) and layer.class_name[:8] != "Spectral":
            inside = [t for t in saved.tensors() if t.layer == layer.path or t.layer.startswith(f"{layer.path}/")]
            assert sum(tensor.elements for tensor in inside) == layer.parameters, layer.path


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.name)
def test_every_array_has_its_numbers(path: Path) -> None:
    saved = read(path).saved
    assert saved is not None
    for tensor in saved.weights or ():
        assert tensor.stats is not None
        assert tensor.stats.count == tensor.elements
        assert tensor.size >= tensor.elements


NAMES = [
    ("wrapped.keras", "functional_1/bidirectional/forward_gru", {"kernel", "recurrent_kernel", "bias"}, 6),
    ("wrapped_keras2.h5", "model/bidirectional/gru", {"kernel", "recurrent_kernel", "bias"}, 6),
    ("wrapped.keras", "functional_1/multi_head_attention", {"kernel", "bias"}, 8),
    ("wrapped_keras2.h5", "model/multi_head_attention", {"kernel", "bias"}, 8),
    ("wrapped.keras", "functional_1/time_distributed/eye/conv2d", {"kernel", "bias"}, 2),
    ("wrapped.keras", "functional_1/rnn/lstm_cell", {"kernel", "recurrent_kernel", "bias"}, 3),
    ("shared_and_nested.keras", "functional_1/branch/core/dense_1", {"kernel", "bias"}, 2),
    ("shared_and_nested_keras2.h5", "model/branch/core/dense_1", {"kernel", "bias"}, 2),
    ("shared_and_nested_keras2.keras", "model/branch/core/dense_1", {"kernel", "bias"}, 2),
    ("good_cnn.keras", "good_cnn/batch_normalization", {"gamma", "beta", "moving_mean", "moving_variance"}, 4),
    ("preprocessing.keras", "functional/embedding", {"embeddings"}, 1),
    ("built_by_data_keras2.saved_model", "sequential/dense_1", {"kernel", "bias"}, 2),
    ("good_cnn.weights.h5", "conv2d_1", {"kernel"}, 1),
    ("good_cnn_keras2_weights.h5", "conv2d_1", {"kernel"}, 1),
]


@pytest.mark.parametrize(("name", "layer", "variables", "count"), NAMES)
def test_variables_have_the_names_of_today(name: str, layer: str, variables: set[str], count: int) -> None:
    saved = read(MODELS / name).saved
    assert saved is not None
    found = saved.of_layer(layer)
    assert {tensor.name for tensor in found} == variables
    assert len(found) == count
    assert len({(tensor.name, tensor.part) for tensor in found}) == count


def test_names_of_keras_1_are_those_of_today(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = [b"convolution2d_1", b"batchnormalization_1", b"lstm_1"]
        for layer, names in {
            "convolution2d_1": ["W", "b"],
            "batchnormalization_1": ["gamma", "beta", "running_mean", "running_std"],
            "lstm_1": ["W_i", "U_i", "b_i"],
        }.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{name}".encode() for name in names]
            for name in names:
                group[f"{layer}_{name}"] = np.ones(3, "f4")
    saved = read(tmp_path / "m.h5").saved
    assert saved is not None
    assert [tensor.name for tensor in saved.of_layer("convolution2d_1")] == ["kernel", "bias"]
    assert {tensor.name for tensor in saved.of_layer("batchnormalization_1")} == {
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    }
    assert {tensor.name for tensor in saved.of_layer("lstm_1")} == {"kernel", "recurrent_kernel", "bias"}


def test_a_member_is_read_the_same_packed_or_not(tmp_path: Path) -> None:
    for name, way in (("stored.keras", zipfile.ZIP_STORED), ("packed.keras", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(MODELS / "good_cnn.keras") as source, zipfile.ZipFile(tmp_path / name, "w", way) as target:
            for member in source.namelist():
                target.writestr(member, source.read(member))
    stored, packed = (read(tmp_path / name).saved for name in ("stored.keras", "packed.keras"))
    assert stored is not None
    assert packed is not None
    assert stored.weights == packed.weights
    assert any(tensor.stats for tensor in stored.weights or ())


def test_windows_separators_in_group_names_are_paths(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        file.move("layers/dense", "layers\\dense")

    from make_hostile_models import weights3

    archive(tmp_path / "m.keras", model3(dense3()), weights=weights3(change))
    saved = read(tmp_path / "m.keras").saved
    assert saved is not None
    assert {tensor.name for tensor in saved.of_layer("model/hidden")} == {"kernel", "bias"}


def test_without_weights_only_the_configuration_is_read(tmp_path: Path) -> None:
    hdf5(
        tmp_path / "m.h5",
        model2(dense2()),
        change=lambda f: f["model_weights/hidden/hidden/kernel:0"].write_direct(np.full((4, 3), np.nan, "f4")),
    )
    with_weights = check_model(tmp_path / "m.h5", config=Config())
    without = check_model(tmp_path / "m.h5", config=Config(read_weights=False))
    assert "KC701" in codes(with_weights)
    assert "KC701" not in codes(without)
    assert codes(without) <= codes(with_weights)
    assert without.models == with_weights.models == 1


def codes(report: FileReport) -> set[str]:
    return {finding.code for finding in report.findings}


def crash(*_arguments: object, **_options: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no child process elsewhere")
@pytest.mark.parametrize("step", ["kerascheck.artifact.survey.survey", "kerascheck.artifact.scanning._scan"])
def test_a_crash_over_the_weights_is_damage_and_the_architecture_is_still_judged(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, crash)
    report = check_model(MODELS / "pitfalls.h5", config=Config())
    assert report.status is FileStatus.OK
    assert not report.fault
    (told,) = (finding for finding in report.findings if finding.code == "KC807")
    assert told.severity is Severity.ERROR
    assert "crashed" in told.message
    assert "KC201" in codes(report)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no child process elsewhere")
def test_a_crash_over_one_file_costs_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from kerascheck.artifact import hdf5 as reader

    read_texts: Callable[[Path], object] = reader._texts

    def texts(path: Path) -> object:
        return crash() if path.name == "bad.h5" else read_texts(path)

    monkeypatch.setattr(reader, "_texts", texts)
    for name in ("a.h5", "bad.h5", "c.h5"):
        hdf5(tmp_path / name, model2(dense2()))
    targets = [Target(path, path.name, FileKind.MODEL) for path in sorted(tmp_path.iterdir())]
    report = run(targets, Plan(Config(tmp_path)), jobs=0)
    assert [file.status for file in report.files] == [FileStatus.OK, FileStatus.ERROR, FileStatus.OK]
    assert codes(report.files[1]) == {"KC807"}


def test_a_model_whose_worker_died_is_damaged() -> None:
    target = Target(MODELS / "good_cnn.h5", "good_cnn.h5", FileKind.MODEL)
    report = lost(target, "reading it ended the process (SIGSEGV)", Plan(Config()))
    assert report.status is FileStatus.ERROR
    assert codes(report) == {"KC807"}
    assert "SIGSEGV" in report.findings[0].message


def test_what_was_not_read_is_said_when_its_rule_is_off(tmp_path: Path) -> None:
    from kerascheck.config import Choice

    (tmp_path / "m.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    report = check_model(tmp_path / "m.h5", config=Config().override(Choice(select=("KC201",))))
    assert codes(report) == {"KC902"}


def test_installed_versions_are_those_of_the_folders_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerascheck.installed import installed

    (tmp_path / "first" / "keras-3.4.1.dist-info").mkdir(parents=True)
    (tmp_path / "second" / "keras-2.15.0.dist-info").mkdir(parents=True)
    (tmp_path / "second" / "tf_keras-2.16.0.dist-info").mkdir()
    (tmp_path / "second" / "keras_tuner-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(tmp_path / "first"), str(tmp_path / "second")])
    assert installed() == {"keras": "3.4.1", "tf_keras": "2.16.0"}


GAPS = [
    ("3.10.0", None, "3.9.2", "", True),
    ("3.10.0", None, "3.10.1", "", False),
    ("3.10.0", None, "3.12.0", "", False),
    ("3.10.0", None, "", "", False),
    ("3.10.0", 2, "3.12.0", "", True),
    ("3.10.0", 3, "3.9.0", "", False),
    ("2.15.0", None, "3.12.0", "", False),
    ("2.18.0", None, "3.12.0", "2.16.0", True),
    ("2.18.0", None, "2.15.0", "2.19.0", False),
    ("3.1.0", None, "2.15.0", "", True),
]


@pytest.mark.parametrize(("written", "target", "keras", "tf_keras", "told"), GAPS)
def test_a_newer_keras_is_told_where_it_is_known(
    written: str,
    target: int | None,
    keras: str,
    tf_keras: str,
    told: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = tmp_path / "site"
    for name, version in (("keras", keras), ("tf_keras", tf_keras)):
        if version:
            (site / f"{name}-{version}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*(entry for entry in sys.path if "site-packages" not in entry), str(site)])
    hdf5(tmp_path / "m.h5", model2(dense2()), version=written)
    from kerascheck.facts.values import UNKNOWN

    facts = read_model(tmp_path / "m.h5", weights=True, target=UNKNOWN if target is None else target)
    assert facts.saved is not None
    from kerascheck_rules.safety.version_gap import version_gap

    assert bool(list(version_gap.check(facts.saved))) == told


def test_the_weights_beside_an_architecture_are_judged(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({**model2(dense2()), "keras_version": "2.4.0"}))
    with h5py.File(tmp_path / "m_weights.h5", "w") as file:
        file.attrs["layer_names"] = [b"hidden"]
        group = file.create_group("hidden")
        group.attrs["weight_names"] = [b"hidden/kernel:0", b"hidden/bias:0"]
        group["hidden/kernel:0"] = np.full((4, 3), np.nan, "f4")
        group["hidden/bias:0"] = np.zeros(3, "f4")
    report = check_model(tmp_path / "m.json", config=Config())
    (told,) = (finding for finding in report.findings if finding.code == "KC701")
    assert told.location.layer == "model/hidden"


def test_kernels_are_told_from_other_arrays() -> None:
    saved = read(MODELS / "good_cnn.h5").saved
    assert saved is not None
    assert [tensor.name for tensor, _ in saved.kernels()] == ["kernel"] * 3
    assert all(tensor.name in KERNELS for tensor, _ in saved.kernels())
    assert len(list(saved.tensors(Purpose.OPTIMIZER))) > 6


def test_the_weights_of_a_model_of_ones_own_belong_to_its_layers() -> None:
    path = MODELS / "subclassed_keras2.saved_model"
    saved = read(path).saved
    assert saved is not None
    found = {(tensor.layer.rsplit("/", 1)[-1], tensor.name, tensor.shape) for tensor in saved.tensors()}
    assert found == {
        ("dense", "kernel", (4, 3)),
        ("dense", "bias", (3,)),
        ("dense_1", "kernel", (3, 2)),
        ("dense_1", "bias", (2,)),
    }
    assert "KC709" not in {finding.code for finding in check_model(path).findings}


def test_weights_alone_of_a_model_of_ones_own_are_told_by_their_variables(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        file.create_group("vars").attrs["name"] = "own"
        group = file.create_group("blocks/block/dense/vars")
        group.attrs["name"] = "dense"
        group["0"], group["1"] = np.ones((4, 3), "f4"), np.zeros(3, "f4")
    facts = read(tmp_path / "m.weights.h5")
    assert facts.reason == "weights only, in the layout of Keras 3"
    assert facts.saved is not None
    assert [(tensor.layer, tensor.name) for tensor in facts.saved.tensors()] == [
        ("blocks/block/dense", "kernel"),
        ("blocks/block/dense", "bias"),
    ]
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["vars/pressure"] = np.ones(3)
        file["blocks/0"] = np.ones(3)
    assert read(tmp_path / "data.h5").status is FileStatus.SKIPPED


def test_the_weights_of_an_unpacked_archive_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(MODELS / "good_cnn.keras") as archive:
        archive.extractall(tmp_path / "m.keras")
    packed, unpacked = read(MODELS / "good_cnn.keras").saved, read(tmp_path / "m.keras").saved
    assert packed is not None
    assert unpacked is not None
    assert unpacked.weights == packed.weights
    (tmp_path / "m.keras" / "model.weights.h5").unlink()
    assert "KC807" in codes(check_model(tmp_path / "m.keras", config=Config()))


def saved_model(folder: Path) -> Path:
    target = folder / "model"
    shutil.copytree(MODELS / "built_by_data_keras2.saved_model", target)
    return target


DAMAGE: dict[str, Callable[[Path], object]] = {
    "index cut": lambda folder: os.truncate(folder / "variables.index", 200),
    "index of noise": lambda folder: (folder / "variables.index").write_bytes(bytes(range(256)) * 4),
    "index missing": lambda folder: (folder / "variables.index").unlink(),
    "numbers missing": lambda folder: (folder / "variables.data-00000-of-00001").unlink(),
    "numbers cut": lambda folder: os.truncate(folder / "variables.data-00000-of-00001", 10),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_checkpoint_is_told_and_the_architecture_is_still_judged(case: str, tmp_path: Path) -> None:
    folder = saved_model(tmp_path)
    assert "KC807" not in codes(check_model(folder, config=Config()))
    DAMAGE[case](folder / "variables")
    report = check_model(folder, config=Config())
    assert not report.fault
    assert report.models == 1
    assert "KC807" in codes(report)


@pytest.mark.parametrize("operation", ["ReadFile", "WriteFile", "PyFunc", "EagerPyFunc"])
def test_operations_that_reach_out_of_a_graph_are_told(operation: str, tmp_path: Path) -> None:
    from make_hostile_models import _field

    folder = saved_model(tmp_path)
    node = _field(1, b"node") + _field(2, operation.encode())
    with (folder / "saved_model.pb").open("ab") as file:
        file.write(_field(2, _field(2, _field(1, node))))
    (told,) = (finding for finding in check_model(folder, config=Config()).findings if finding.code == "KC802")
    assert f"`{operation}`" in told.message


def test_a_model_that_was_saved_before_it_was_built_lost_nothing(tmp_path: Path) -> None:
    layers = [{"class_name": "Embedding", "config": {"name": "words", "input_dim": 9, "output_dim": 2}}]

    def change(file: h5py.File) -> None:
        del file["model_weights/hidden/hidden"]
        file["model_weights/hidden"].attrs["weight_names"] = np.zeros(0)

    hdf5(tmp_path / "m.h5", model2(*layers), change=change)
    (told,) = (
        finding for finding in check_model(tmp_path / "m.h5", config=Config()).findings if finding.code == "KC709"
    )
    assert told.severity is Severity.WARNING
    assert "before it was built" in told.message


def test_a_group_has_the_case_of_its_class_as_keras_writes_it(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file["layers/dense"]
        file["layers/conv_lstm2d/cell/vars/0"] = np.ones((2, 2, 2, 12), "f4")

    recurrent = layer3("recurrent", "ConvLSTM2D", filters=3, kernel_size=[2, 2], batch_shape=[None, 4, 6, 6, 2])
    archive(tmp_path / "m.keras", model3(recurrent), weights=weights3(change))
    saved = read(tmp_path / "m.keras").saved
    assert saved is not None
    assert [tensor.layer for tensor in saved.tensors()] == ["model/recurrent"]


def test_brain_floats_without_a_mark_are_read(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        group = file["model_weights/hidden/hidden"]
        del group["kernel:0"]
        numbers = np.linspace(-1, 1, 12, dtype="f4").reshape(4, 3)
        group["kernel:0"] = (numbers.view("u4") >> 16).astype("<u2").view("V2")

    hdf5(tmp_path / "m.h5", model2(dense2(dtype="bfloat16")), change=change)
    assert not codes(check_model(tmp_path / "m.h5")) & {"KC709", "KC807"}
    saved = read(tmp_path / "m.h5").saved
    assert saved is not None
    (kernel,) = [tensor for tensor in saved.tensors() if tensor.name == "kernel"]
    assert kernel.dtype == "bfloat16"
    assert kernel.stats is not None and kernel.stats.minimum == -1


def test_layers_of_one_name_in_models_inside_each_other_are_told_apart(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        group = file["model_weights/outer"]
        for place in ("outer/hidden", "outer/inner/hidden"):
            group[f"{place}/kernel:0"], group[f"{place}/bias:0"] = np.ones((4, 4), "f4"), np.zeros(4, "f4")

    settings = {"units": 4}
    inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": [dense2(**settings)]}}
    outer = {"class_name": "Sequential", "config": {"name": "outer", "layers": [dense2(**settings), inner]}}
    hdf5(tmp_path / "m.h5", model2(outer), names=("outer",), change=lambda file: _emptied(file, change))
    saved = read(tmp_path / "m.h5").saved
    assert saved is not None
    assert sorted({tensor.layer for tensor in saved.tensors()}) == ["model/outer/hidden", "model/outer/inner/hidden"]


def _emptied(file: h5py.File, change: Callable[[h5py.File], None]) -> None:
    del file["model_weights/outer/outer"]
    del file["model_weights/outer"].attrs["weight_names"]
    change(file)
