"""Damaged and hostile variants of every form of model file give facts or a line, never an exception."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from checkout import ROOT

from kerascheck.artifact import read_model
from kerascheck.config import Config
from kerascheck.costs import model_cost
from kerascheck.findings import FileStatus
from kerascheck.linter import Plan, lint_model

sys.path.insert(0, str(ROOT / "tools"))

from mutations import BYTES, Mutator

CASES = 160


@pytest.fixture(scope="module")
def mutator() -> Mutator:
    return Mutator()


def test_every_form_is_varied(mutator: Mutator) -> None:
    assert set(mutator.forms) >= {".h5", ".json", ".keras", ".npz", ".pb", ".yaml", "tfjs"} | mutator.sets.keys()
    ways = {mutator.variant(0, number)[2] for number in range(200)}
    assert ways == {"text", *(way.__name__ for way in BYTES)}


def test_a_variant_is_drawn_from_its_numbers_alone(mutator: Mutator) -> None:
    assert [mutator.variant(3, number) for number in range(20)] == [
        Mutator().variant(3, number) for number in range(20)
    ]


def test_sound_files_are_read(mutator: Mutator, tmp_path: Path) -> None:
    for name, data in mutator.files:
        folder = tmp_path / name.replace("/", "_")
        folder.mkdir()
        found = read_model(mutator.lay_out(folder, name, data), weights=True)
        together = name.partition("/")[0] in mutator.sets
        # A graph without its metadata is no sound folder.
        assert found.status is not FileStatus.ERROR or (name.endswith("saved_model.pb") and not together), name
        if together:
            assert found.saved is not None
            assert found.saved.weights
            assert all(tensor.stats is not None for tensor in found.saved.weights), name


@pytest.mark.parametrize("part", range(8))
def test_variants_never_raise(mutator: Mutator, tmp_path: Path, part: int) -> None:
    plan = Plan(Config(tmp_path))
    for number in range(part * CASES // 8, (part + 1) * CASES // 8):
        name, data, done = mutator.variant(0, number)
        folder = tmp_path / str(number)
        folder.mkdir()
        target = mutator.lay_out(folder, name, data)
        facts = read_model(target, weights=True)
        assert facts.status in FileStatus
        assert facts.saved is not None or facts.reason, (number, name, done)
        for graph in facts.graphs:
            model_cost(graph, 32)
        report = lint_model(target, name, plan)
        assert not report.fault, (number, name, done, report.findings)
        assert "the model reader failed" not in report.reason, (number, name, done)
        shutil.rmtree(folder)
