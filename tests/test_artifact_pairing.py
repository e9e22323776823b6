"""An architecture in a text is one model with the weights that lie beside it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import check_model
from kerascheck.artifact import read_model
from kerascheck.artifact.pairing import stem
from kerascheck.cache import cache_of
from kerascheck.config import Config
from kerascheck.facts.graph import LayerKind
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import FileKind, FileStatus
from kerascheck.linter import Plan, Target
from kerascheck.runner import run

MODELS = ROOT / "fixtures" / "models"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model.json", "model"),
        ("Model_weights.h5", "model"),
        ("model.weights.h5", "model"),
        ("model_architecture.yaml", "model"),
        ("resnet-50_weights.hdf5", "resnet-50"),
        ("weights.h5", "weights"),
        ("model_2.h5", "model_2"),
    ],
)
def test_the_words_for_a_part_of_a_model_are_no_part_of_its_name(name: str, expected: str) -> None:
    assert stem(Path(name)) == expected


def architecture(path: Path, *, layers: tuple[str, ...] = ("dense", "gate", "dropout")) -> None:
    """A Sequential with a layer of a class of its own between two that are known."""
    entries = [
        {"class_name": "Dense", "config": {"name": layers[0], "units": 5, "batch_input_shape": [None, 4]}},
        {"class_name": "Gate", "config": {"name": layers[1], "trainable": True}, "module": "lab.layers"},
        {"class_name": "Dropout", "config": {"name": layers[2], "rate": 0.5}},
    ]
    described = {"class_name": "Sequential", "config": {"name": "sequential", "layers": entries}}
    path.write_text(json.dumps({**described, "keras_version": "2.4.0", "backend": "tensorflow"}))


def legacy(
    path: Path, *, dense: int = 20, gate: int = 7, names: tuple[str, ...] = ("dense", "gate", "dropout")
) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name, sizes in zip(names, ((dense, 5), (gate,), ()), strict=True):
            group = file.create_group(name)
            for index, size in enumerate(sizes):
                group[f"{name}/weight_{index}:0"] = np.zeros(size)


def whole_model(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
        weights = file.create_group("model_weights")
        weights.create_group("top_level_model_weights")
        weights["dense/kernel:0"], weights["dense/bias:0"] = np.zeros((4, 5)), np.zeros(5)
        weights["gate/kernel:0"] = np.zeros(7)
        weights.create_group("dropout")


def keras_3(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for group, name, sizes in (("dense", "dense", (20, 5)), ("gate", "gate", (7,))):
            variables = file.create_group(f"layers/{group}/vars")
            variables.attrs["name"] = name
            for index, size in enumerate(sizes):
                variables[str(index)] = np.zeros(size)


def gate(folder: Path) -> object:
    """The weights of the layer that only the file of weights can tell of."""
    saved = read_model(folder / "model.json").saved
    assert saved is not None
    assert saved.graph is not None
    (layer,) = [layer for layer in saved.graph.layers if layer.kind is LayerKind.CUSTOM]
    return layer.parameters


@pytest.mark.parametrize("write", [legacy, whole_model, keras_3], ids=lambda write: write.__name__)
@pytest.mark.parametrize("name", ["model.h5", "model_weights.hdf5", "model.weights.h5", "best-of-run-7.h5"])
def test_weights_beside_an_architecture_count_for_it(tmp_path: Path, name: str, write: object) -> None:
    architecture(tmp_path / "model.json")
    assert gate(tmp_path) is UNKNOWN
    assert callable(write)
    write(tmp_path / name)
    assert gate(tmp_path) == 7
    assert f"weights in {name}" in check_model(tmp_path / "model.json").about


def test_an_architecture_in_yaml_is_paired_too(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    architecture(tmp_path / "model.json")
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(json.loads((tmp_path / "model.json").read_text())))
    legacy(tmp_path / "net.h5")
    saved = read_model(tmp_path / "net.yaml").saved
    assert saved is not None
    assert saved.paired == "net.h5"


def test_the_stem_decides_before_the_layers_do(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "a.h5", gate=9)
    legacy(tmp_path / "model_weights.h5", gate=7)
    assert gate(tmp_path) == 7


def test_weights_of_other_layers_are_not_paired(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "model.h5", names=("dense", "head", "dropout"))
    assert gate(tmp_path) is UNKNOWN


def test_default_names_alone_make_no_pair(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "other.h5", dense=40)
    assert gate(tmp_path) is UNKNOWN


def test_of_weights_of_two_models_none_is_taken_and_of_checkpoints_any(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "epoch-1.h5")
    legacy(tmp_path / "epoch-2.h5")
    assert gate(tmp_path) == 7
    legacy(tmp_path / "epoch-3.h5", gate=9)
    assert gate(tmp_path) is UNKNOWN


def test_a_damaged_or_foreign_file_beside_it_changes_nothing(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    alone = read_model(tmp_path / "model.json")
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"x" * 500)
    (tmp_path / "model_weights.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "weights.h5").mkdir()
    assert read_model(tmp_path / "model.json") == alone


def test_a_real_architecture_is_paired_with_its_real_weights(tmp_path: Path) -> None:
    with h5py.File(MODELS / "good_cnn_keras2.h5") as file:
        (tmp_path / "cnn.json").write_text(file.attrs["model_config"])
    shutil.copy(MODELS / "good_cnn_keras2_weights.h5", tmp_path / "anything.h5")
    saved = read_model(tmp_path / "cnn.json").saved
    assert saved is not None
    assert saved.paired == "anything.h5"


def test_a_kept_report_falls_with_the_weights_that_it_was_made_with(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "model.h5")
    plan = Plan(Config(tmp_path))
    target = Target(tmp_path / "model.json", "model.json", FileKind.MODEL)
    run([target], plan, cache=cache_of(plan))
    assert cache_of(plan).find(target) is not None
    os.remove(tmp_path / "model.h5")
    assert cache_of(plan).find(target) is None


def test_a_kept_report_falls_when_weights_are_put_beside_it_later(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    plan = Plan(Config(tmp_path))
    target = Target(tmp_path / "model.json", "model.json", FileKind.MODEL)
    run([target], plan, cache=cache_of(plan))
    (tmp_path / "notes.txt").write_text("beside it, and no weights")
    assert cache_of(plan).find(target) is not None
    legacy(tmp_path / "model.h5")
    assert cache_of(plan).find(target) is None
    run([target], plan, cache=cache_of(plan))
    assert cache_of(plan).find(target) is not None
    legacy(tmp_path / "model_weights.h5")
    assert cache_of(plan).find(target) is None


def test_weights_whose_squares_overflow_are_read_without_a_word(tmp_path: Path) -> None:
    architecture(tmp_path / "model.json")
    legacy(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        for name, size in (("dense/weight_0:0", 20), ("gate/weight_0:0", 7)):
            del file["dense" if name.startswith("dense") else "gate"][name]
            file[name.partition("/")[0]][name] = np.full(size, 3e38, "f4")
    assert read_model(tmp_path / "model.json", weights=True).status is FileStatus.OK
