"""Real model files, in the folder that KERASCHECK_MODELS names, with what its index says of each."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from kerascheck import Config, check_model
from kerascheck.artifact import ModelFacts, read_model
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.values import UNKNOWN, Shape
from kerascheck.findings import FileStatus

FOLDER = Path(os.environ.get("KERASCHECK_MODELS") or "no such folder")
pytestmark = pytest.mark.skipif(not (FOLDER / "index.csv").is_file(), reason="KERASCHECK_MODELS names no collection")


def rows() -> list[dict[str, str]]:
    if not (FOLDER / "index.csv").is_file():
        return []
    with (FOLDER / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


ROWS = rows()
DAMAGED = [row for row in ROWS if "corrupt" in row["format"]]
FOREIGN = [row for row in ROWS if row["format"] == "hdf5-other"]
WEIGHTS = [row for row in ROWS if row["format"].startswith("weights")]
WITHOUT_LAYERS = [row for row in ROWS if row["layers"] == "0"]
REST = [row for row in ROWS if row not in DAMAGED + FOREIGN + WEIGHTS + WITHOUT_LAYERS]


def read(row: dict[str, str]) -> ModelFacts:
    return read_model(FOLDER / row["file"], display=row["file"])


def name(row: dict[str, str]) -> str:
    return row["file"]


@pytest.mark.parametrize("row", REST, ids=name)
def test_architectures_are_read_whole(row: dict[str, str]) -> None:
    facts = read(row)
    assert facts.status is FileStatus.OK, facts.reason
    root = facts.graphs[0]
    assert all(graph.whole and not graph.problems for graph in facts.graphs)
    if row["layers"]:
        assert len(root.layers) == int(row["layers"])
    if row["keras_version"]:
        assert root.keras_version == row["keras_version"]
    assert bool(root.compiles) == (row["compiled"] == "yes")


def opaque(graph: ModelGraph, node: Node, seen: set[int]) -> bool:
    """Whether a call, or one before it, is of a layer of which nothing is known."""
    if id(node) in seen:
        return False
    seen.add(id(node))
    if node.layer.kind in (LayerKind.CUSTOM, LayerKind.LAMBDA, LayerKind.OPERATION):
        return True
    return any(opaque(graph, before, seen) for before in graph.before(node))


def unknown(shape: Shape) -> bool:
    return shape is UNKNOWN or any(dim is UNKNOWN for dim in shape)


def open_ends(facts: ModelFacts) -> Iterator[str]:
    for graph in facts.graphs:
        for node in graph.nodes:
            if any(unknown(tensor.shape) for tensor in node.outputs) and not opaque(graph, node, set()):
                yield node.layer.path


@pytest.mark.parametrize("row", REST, ids=name)
def test_shapes_are_known_but_behind_what_is_opaque(row: dict[str, str]) -> None:
    assert not list(open_ends(read(row)))


@pytest.mark.parametrize("row", REST, ids=name)
def test_weights_are_counted_as_they_are_stored(row: dict[str, str]) -> None:
    path = FOLDER / row["file"]
    if not h5py.is_hdf5(path):
        pytest.skip("no HDF5")
    stored = 0

    def count(_: str, item: object) -> None:
        nonlocal stored
        stored += item.size if isinstance(item, h5py.Dataset) else 0

    with h5py.File(path) as file:
        file["model_weights"].visititems(count)
    assert read(row).graphs[0].parameters == stored


@pytest.mark.parametrize("row", WITHOUT_LAYERS, ids=name)
def test_models_without_layers_are_said_to_be_that(row: dict[str, str]) -> None:
    facts = read(row)
    assert facts.status is FileStatus.PARTIAL
    assert "is a class of its own" in facts.reason


@pytest.mark.parametrize("row", WEIGHTS, ids=name)
def test_weights_alone_are_said_to_be_that(row: dict[str, str]) -> None:
    facts = read(row)
    assert facts.status is FileStatus.PARTIAL
    assert facts.reason.startswith("weights only")


@pytest.mark.parametrize("row", FOREIGN, ids=name)
def test_data_is_left_out(row: dict[str, str]) -> None:
    assert read(row).status is FileStatus.SKIPPED


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_no_file_is_a_fault(row: dict[str, str]) -> None:
    report = check_model(FOLDER / row["file"], config=Config())
    assert not report.fault
    assert (report.status is FileStatus.ERROR) == (row in DAMAGED), report.reason
