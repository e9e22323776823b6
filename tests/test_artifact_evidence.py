"""The weights behind a layer that nobody knows tell whether it keeps the shape of its input; without them nothing is assumed."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerascheck import check_model
from kerascheck.artifact import read_model
from kerascheck.facts.values import UNKNOWN, Shape
from kerascheck.findings import FileStatus, Report
from kerascheck.report import full
from kerascheck.report.paint import PLAIN

CONV = {"name": "conv", "filters": 2, "kernel_size": [3, 3], "padding": "valid", "data_format": "channels_last"}
FIRST = (
    "Lambda",
    {"name": "first", "batch_input_shape": [None, 8, 8, 3], "function": "x", "function_type": "function"},
)
OWN = ("Own", {"name": "own"})
LAST = ("Lambda", {"name": "last", "function": "x", "function_type": "function"})


def dense(name: str = "dense") -> tuple[str, dict[str, object]]:
    return "Dense", {"name": name, "units": 4, "activation": "linear", "use_bias": True}


def shapes(
    path: Path, layers: list[tuple[str, dict[str, object]]], stored: dict[str, tuple[tuple[int, ...], ...]]
) -> dict[str, Shape]:
    """The output shape of each layer of a Sequential whose file stores arrays of these shapes."""
    config = [{"class_name": name, "config": config} for name, config in layers]
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": config}})
        file.attrs["keras_version"] = "2.4.0"
        for layer, arrays in stored.items():
            for number, shape in enumerate(arrays):
                file[f"model_weights/{layer}/{layer}/v{number}:0"] = np.zeros(shape, "f4")
    return {node.layer.name: node.output_shape for node in read_model(path).graphs[0].nodes}


KERNELS: dict[str, tuple[tuple[int, ...], ...]] = {"conv": ((3, 3, 3, 2), (2,)), "dense": ((72, 4), (4,))}
PICTURES = [FIRST, ("Conv2D", CONV), ("Flatten", {"name": "flatten"}), ("Dropout", {"name": "drop"}), dense()]


def test_weights_for_every_value_prove_that_a_shape_is_kept(tmp_path: Path) -> None:
    found = shapes(tmp_path / "m.h5", PICTURES, KERNELS)
    assert found["first"] == (None, 8, 8, 3)
    assert found["conv"] == (None, 6, 6, 2)
    assert found["drop"] == (None, 72)


def test_a_layer_of_ones_own_keeps_its_shape_by_the_same_proof(tmp_path: Path) -> None:
    relu = ("Activation", {"name": "relu", "activation": "relu", "batch_input_shape": [None, 8, 8, 3]})
    found = shapes(tmp_path / "m.h5", [relu, OWN, *PICTURES[1:]], KERNELS)
    assert found["own"] == (None, 8, 8, 3)


def test_of_two_in_a_row_one_may_undo_the_other(tmp_path: Path) -> None:
    found = shapes(tmp_path / "m.h5", [PICTURES[0], OWN, *PICTURES[1:]], KERNELS)
    assert found["first"] is UNKNOWN
    assert found["own"] is UNKNOWN


def test_one_behind_weights_that_are_proven_is_proven_too(tmp_path: Path) -> None:
    found = shapes(tmp_path / "m.h5", [*PICTURES, OWN, dense("head")], {**KERNELS, "head": ((4, 4), (4,))})
    assert found["first"] == (None, 8, 8, 3)
    assert found["own"] == (None, 4)


def test_what_stands_behind_the_last_weights_is_not_proven(tmp_path: Path) -> None:
    found = shapes(tmp_path / "m.h5", [*PICTURES, LAST], KERNELS)
    assert found["first"] == (None, 8, 8, 3)
    assert found["last"] is UNKNOWN


@pytest.mark.parametrize(
    "stored",
    [
        {"conv": ((3, 3, 3, 2), (2,)), "dense": ((50, 4), (4,))},
        {"conv": ((3, 3, 1, 2), (2,)), "dense": ((72, 4), (4,))},
        {"conv": ((3, 3, 3, 2), (2,))},
        {},
    ],
    ids=["a smaller picture", "another number of channels", "a layer without weights", "no weights"],
)
def test_weights_that_do_not_fit_prove_nothing(stored: dict[str, tuple[tuple[int, ...], ...]], tmp_path: Path) -> None:
    found = shapes(tmp_path / "m.h5", PICTURES, stored)
    assert found["first"] is UNKNOWN
    assert found["conv"] is UNKNOWN


def test_a_note_says_which_shapes_are_not_known_and_why(tmp_path: Path) -> None:
    shapes(tmp_path / "m.h5", PICTURES, {})
    report = check_model(tmp_path / "m.h5")
    assert report.status is FileStatus.OK
    said = "the shapes of 1 layer behind `first` are not known, as only code tells what comes out there"
    assert report.reason == said
    assert f"m.h5: {said}\n" in full.render(Report((report,)), PLAIN)


def test_a_layer_that_nobody_knows_at_the_end_is_no_news(tmp_path: Path) -> None:
    shapes(tmp_path / "m.h5", [*PICTURES, LAST], KERNELS)
    assert check_model(tmp_path / "m.h5").reason == ""


def test_channels_alone_prove_nothing(tmp_path: Path) -> None:
    pooled = [FIRST, ("Conv2D", CONV), ("GlobalAveragePooling2D", {"name": "pool"}), dense()]
    found = shapes(tmp_path / "m.h5", pooled, {"conv": KERNELS["conv"], "dense": ((2, 4), (4,))})
    assert found["first"] is UNKNOWN


def test_a_declared_shape_is_believed_before_any_proof(tmp_path: Path) -> None:
    declared = ("Lambda", {**FIRST[1], "output_shape": [4, 4, 3], "output_shape_type": "raw"})
    found = shapes(tmp_path / "m.h5", [declared, *PICTURES[1:]], KERNELS)
    assert found["first"] == (None, 4, 4, 3)


def test_weights_behind_a_declared_shape_prove_nothing_of_what_is_before_it(tmp_path: Path) -> None:
    relu = ("Activation", {"name": "relu", "activation": "relu", "batch_input_shape": [None, 6]})
    declared = ("Lambda", {**LAST[1], "output_shape": [4], "output_shape_type": "raw"})
    found = shapes(tmp_path / "m.h5", [relu, OWN, declared, dense()], {"own": ((6, 4),), "dense": ((4, 4), (4,))})
    assert found["own"] is UNKNOWN
    assert found["last"] == (None, 4)
