"""Files are told apart by their content, whatever they are called; what is no model is named in one line."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerascheck.artifact import Form, read_model, sniff
from kerascheck.artifact.forms import HDF5_SIGNATURE
from kerascheck.findings import FileStatus

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
LAYERS = [{"class_name": "Dense", "config": {"name": "dense", "output_dim": 3, "batch_input_shape": [None, 4]}}]
ARCHITECTURE = {"class_name": "Sequential", "keras_version": "1.1.0", "config": LAYERS}


def zipped(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "{}")

    return write


def array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def arrays(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x_train"] = np.zeros(3)


def behind_user_block(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=2048) as file:
        file.attrs["model_config"] = json.dumps(ARCHITECTURE)


def text(content: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    return write


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


CASES: list[tuple[str, str, Form, Callable[[Path], None]]] = [
    ("hdf5 under a zip's name", "model.keras", Form.HDF5, hdf5),
    ("hdf5 behind a user block", "model.bin", Form.HDF5, behind_user_block),
    ("keras archive", "model.h5", Form.KERAS_ZIP, zipped("metadata.json", "config.json", "model.weights.h5")),
    ("another archive", "model.keras", Form.ZIP, zipped("word/document.xml")),
    ("numpy archive", "model.h5", Form.NPZ, arrays),
    ("index of shards", "m.weights.json", Form.WEIGHT_INDEX, text({"metadata": {}, "weight_map": {"a": "b.h5"}})),
    ("numpy array", "model.h5", Form.NUMPY, array),
    ("object", "model.json", Form.JSON_ARCHITECTURE, text(ARCHITECTURE)),
    ("wrapped object", "model.json", Form.JSON_ARCHITECTURE, text({"model_config": ARCHITECTURE})),
    ("json in json", "model.json", Form.JSON_ARCHITECTURE, text(json.dumps(json.dumps(ARCHITECTURE)))),
    ("json in an object", "model.json", Form.JSON_ARCHITECTURE, text({"model_config": json.dumps(ARCHITECTURE)})),
    ("settings", "model.json", Form.JSON, text({"epochs": 3, "class_name": "x"})),
    ("list", "data.json", Form.JSON, text([1, 2, 3])),
    ("tokenizer", "tokenizer.json", Form.JSON, text({"class_name": "Tokenizer", "config": {"word_counts": "{}"}})),
    ("notebook", "train", Form.NOTEBOOK, text({"cells": [{"cell_type": "code"}], "nbformat": 4})),
    ("tensorflow.js", "model.json", Form.TFJS, text({"format": "layers-model", "modelTopology": {}})),
    (
        "yaml",
        "model.txt",
        Form.YAML_ARCHITECTURE,
        text("backend: tensorflow\nclass_name: Model\nconfig:\n  layers: []\n"),
    ),
    ("other yaml", "config.yaml", Form.OTHER, text("name: x\nconfig: 3\n")),
    ("web page", "model.h5", Form.HTML, text("\n<!DOCTYPE html>\n<html><body>404</body></html>")),
    ("pickle", "model.h5", Form.PICKLE, content(pickle.dumps({"a": 1}, protocol=4))),
    ("nothing", "model.h5", Form.EMPTY, content(b"")),
    ("blanks", "model.h5", Form.EMPTY, content(b" \n")),
    ("stub", "model.h5", Form.OTHER, content(b"\x00\x01stub")),
    ("metadata", "model.bin", Form.KERAS_METADATA, content(b"\n\x1c\x12\x04root\x1a\x14_tf_keras_sequential")),
    ("metadata with other line ends", "x.pb", Form.KERAS_METADATA, content(b"\r\n\x1c\x12\x04root\x1a_tf_keras_layer")),
    ("lite", "model.h5", Form.TFLITE, content(b"\x1c\x00\x00\x00TFL3rest")),
    ("gzip", "model.h5.gz", Form.GZIP, content(b"\x1f\x8b\x08\x00")),
]


@pytest.mark.parametrize(("name", "form", "write"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_content_decides(name: str, form: Form, write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / name
    write(path)
    assert sniff(path) is form


@pytest.mark.parametrize(("name", "form", "write"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_everything_is_read_or_named(name: str, form: Form, write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / name
    write(path)
    facts = read_model(path)
    assert facts.status is FileStatus.OK or facts.reason
    assert "\n" not in facts.reason
    fatal = facts.saved is not None and any(damage.fatal for damage in facts.saved.container.damages)
    assert fatal == (facts.status is FileStatus.ERROR)


@pytest.mark.parametrize("wrapping", ["object", "wrapped object", "json in json", "json in an object"])
def test_every_wrapping_of_an_architecture_holds_the_same(wrapping: str, tmp_path: Path) -> None:
    _, name, _, write = next(case for case in CASES if case[0] == wrapping)
    write(tmp_path / name)
    facts = read_model(tmp_path / name)
    assert facts.status is FileStatus.OK
    assert facts.graphs[0].outputs[0].shape == (None, 3)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"layers/dense/vars": np.zeros(3)}, "weights only, in a NumPy archive as arrays"),
        ({"layers/dense/vars": np.array({"0": np.zeros(3)})}, "as pickles"),
        ({"x_train": np.zeros(3)}, "a NumPy archive of `x_train`"),
    ],
)
def test_numpy_archives_are_told_apart_by_their_headers(arrays: dict[str, object], said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **arrays)
    facts = read_model(tmp_path / "m.npz")
    assert said in facts.reason
    assert facts.status in (FileStatus.PARTIAL, FileStatus.SKIPPED)


def test_folders_are_told_apart(tmp_path: Path) -> None:
    assert sniff(tmp_path) is Form.OTHER
    with zipfile.ZipFile(MODELS / "good_cnn.keras") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert sniff(tmp_path / "unpacked") is Form.KERAS_FOLDER
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    assert sniff(tmp_path) is Form.SAVED_MODEL


def test_an_unpacked_archive_is_read_like_a_packed_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(MODELS / "good_cnn.keras") as archive:
        archive.extractall(tmp_path)
    unpacked, packed = read_model(tmp_path), read_model(MODELS / "good_cnn.keras")
    assert [layer.class_name for layer in unpacked.graphs[0].layers] == [
        layer.class_name for layer in packed.graphs[0].layers
    ]


def test_a_broken_archive_is_known_by_its_first_member(tmp_path: Path) -> None:
    whole = (MODELS / "good_cnn.keras").read_bytes()
    (tmp_path / "model.h5").write_bytes(whole[:2000])
    assert sniff(tmp_path / "model.h5") is Form.KERAS_ZIP


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "model.h5")


def test_data_in_hdf5_is_described(tmp_path: Path) -> None:
    hdf5(tmp_path / "model.h5")
    facts = read_model(tmp_path / "model.h5")
    assert facts.status is FileStatus.SKIPPED
    assert "`x_train`" in facts.reason
    assert facts.saved is None


def test_the_signature_is_hdf5s() -> None:
    assert (MODELS / "pitfalls.h5").read_bytes().startswith(HDF5_SIGNATURE)
