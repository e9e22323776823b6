"""What one pass in blocks tells of an array is what NumPy tells of the whole of it."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascheck.artifact import statistics
from kerascheck.artifact.blocks import Blocks, Source
from kerascheck.artifact.layout import Layout
from kerascheck.artifact.spectra import Budget, spectrum
from kerascheck.artifact.statistics import Accumulator, accumulator
from kerascheck.artifact.survey import Array, survey
from kerascheck.facts.weights import WeightStats

SHAPES = [(3, 1), (7, 2), (5, 8), (300, 64), (9, 600), (2, 70_000), (40_000, 3), (1000, 130)]


def fed(values: np.ndarray, sink: Accumulator) -> WeightStats:
    flat = values.reshape(-1)
    step = max(statistics.BLOCK // sink.width, 1) * sink.width
    for start in range(0, flat.size, step):
        sink.add(flat[start : start + step])
    return sink.result()


def close(found: float, true: float) -> bool:
    return math.isclose(found, true, rel_tol=1e-4, abs_tol=1e-5)


def assert_equal(found: WeightStats, values: np.ndarray) -> None:
    finite = values[np.isfinite(values)].astype("f8")
    assert found.count == values.size
    assert found.nans == np.count_nonzero(np.isnan(values))
    assert found.infinities == np.count_nonzero(np.isinf(values))
    assert found.zeros == np.count_nonzero(finite == 0)
    if finite.size:
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        assert math.isclose(found.mean, finite.mean(), rel_tol=1e-3, abs_tol=1e-3 * (abs(finite).mean() + 1e-30))
        assert close(found.norm, math.sqrt((finite**2).sum()))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_the_numbers_of_a_kernel_are_those_of_numpy(shape: tuple[int, int], kind: str) -> None:
    values = np.random.default_rng(1).normal(size=shape).astype(kind)
    values[0, 0] = 0
    for layout in (None, Layout(*shape), Layout(1, *shape)):
        assert_equal(fed(values, accumulator(layout, None, channels=False, half=False)), values)


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=60),
    st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_any_numbers_are_counted(numbers: list[float], units: int) -> None:
    values = np.resize(np.array(numbers, "f4"), (len(numbers), units))
    with np.errstate(all="ignore"):
        found = fed(values, accumulator(Layout(len(numbers), units), None, channels=False, half=False))
        if np.isfinite(values).all() and np.abs(values).max() < 1e15:
            assert_equal(found, values)
        assert (found.units is None) == (found.finite < found.count)
        assert found.count == values.size
        assert found.nans == np.count_nonzero(np.isnan(values))


def test_squares_that_overflow_cost_no_unit() -> None:
    values = np.full((8, 4), 1e30, "f4")
    values[:, 1] = 0
    with np.errstate(all="ignore"):
        found = fed(values, accumulator(Layout(8, 4), None, channels=False, half=False))
    assert found.finite == found.count
    assert found.units is not None
    assert found.units.zero == 1
    assert close(found.norm, math.sqrt(24) * 1e30)


@pytest.mark.parametrize("shape", [(9, 12), (300, 700), (40_000, 6)])
def test_units_are_counted_by_what_they_can_give(shape: tuple[int, int]) -> None:
    inputs, units = shape
    values = np.random.default_rng(2).normal(size=shape).astype("f4")
    bias = np.full(units, 0.5)
    values[:, 0] = 0
    bias[0] = -1
    values[:, 1] = 0
    values[:, 2] = -np.abs(values[:, 2])
    bias[2] = 0
    values[:, 3] = -values[:, 4]
    values[:, 5] = values[:, 4]
    bias[4] = -inputs * 10
    for layout, array in ((Layout(inputs, units), values), (Layout(1, units, inputs), values.T.copy())):
        found = fed(array, accumulator(layout, bias, channels=False, half=False)).units
        assert found is not None
        assert (found.count, found.zero, found.dead, found.unreachable) == (units, 2, 1, 2)
        assert (found.below_one, found.below_sign) == (3, 2)
        assert (found.repeated, found.opposite) == (1, 1)


def test_units_between_other_axes_are_counted() -> None:
    """A transposed convolution has its units before its inputs."""
    values = np.random.default_rng(3).normal(size=(2, 2, 5, 3)).astype("f4")
    values[:, :, 4] = 0
    found = fed(values, accumulator(Layout(4, 5, 3), None, channels=False, half=False)).units
    assert found is not None
    assert (found.count, found.zero) == (5, 1)


def test_units_of_a_kernel_with_nan_are_not_judged() -> None:
    values = np.ones((20, 3), "f4")
    values[3, 1] = np.nan
    found = fed(values, accumulator(Layout(20, 3), None, channels=False, half=False))
    assert (found.nans, found.units) == (1, None)


def test_what_half_precision_loses_is_counted() -> None:
    values = np.array([0, 1e-9, -1e-9, 3e-8, 1.0, 65_504], "f4")
    assert fed(values, accumulator(None, None, channels=False, half=True)).flushed == 2


def test_channels_are_counted_by_their_size() -> None:
    values = np.array([-1, 0, 1e-9, 1e-5, 1, 1e7], "f4")
    found = fed(values, accumulator(None, None, channels=True, half=False)).channels
    assert found is not None
    assert (found.negative, found.vanished, found.idle, found.huge) == (1, 2, 3, 1)


WAYS: dict[str, dict[str, object]] = {
    "one piece": {},
    "chunks": {"chunks": (16, 5)},
    "compressed": {"compression": "gzip", "shuffle": True},
    "one chunk": {"chunks": (500, 30), "compression": "lzf"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["f4", "f8", "f2", ">f4", "i1", "u2", "i8", "?"])
@pytest.mark.parametrize("block", [0, 512])
def test_arrays_are_read_as_they_were_written(way: str, kind: str, block: int, tmp_path: Path) -> None:
    values = (np.random.default_rng(4).normal(size=(500, 30)) * 20).astype(kind)
    with h5py.File(tmp_path / "x.h5", "w", userblock_size=block) as file:
        file.create_dataset("kernel", data=values, **WAYS[way])
    with h5py.File(tmp_path / "x.h5") as file, (tmp_path / "x.h5").open("rb", buffering=0) as raw:
        found = survey(file)
        sink = accumulator(Layout(500, 30), None, channels=False, half=False)
        assert Blocks(Source(raw, 0, file)).feed(found.arrays[0], sink)
    assert found.before == block
    assert_equal(sink.result(), values.astype("f8"))


def test_bfloat16_is_read(tmp_path: Path) -> None:
    values = np.array([1.5, -2.0, 0.0, np.inf], "f4")
    (tmp_path / "x").write_bytes((values.view("u4") >> 16).astype("<u2").tobytes())
    sink = accumulator(None, None, channels=False, half=False)
    with (tmp_path / "x").open("rb", buffering=0) as raw:
        assert Blocks(Source(raw)).feed(Array("x", (4,), "bfloat16", 8, 8, 0), sink)
    found = sink.result()
    assert (found.minimum, found.maximum, found.infinities, found.zeros) == (-2.0, 1.5, 1, 1)


def test_an_array_that_is_declared_and_not_stored_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("kernel", (1 << 20, 1 << 10), "f4", chunks=(1 << 8, 1 << 8))
    with h5py.File(tmp_path / "x.h5") as file, (tmp_path / "x.h5").open("rb", buffering=0) as raw:
        assert not Blocks(Source(raw, 0, file)).feed(survey(file).arrays[0], Accumulator())


def test_a_spectrum_is_that_of_the_singular_values() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(90, 60)).astype("f4")
    found = spectrum(values, Layout(90, 60))
    true = np.linalg.svd(values.astype("f8"), compute_uv=False)
    assert found is not None
    assert close(found.largest, true[0])
    assert found.rank == found.full == 60
    assert close(found.stable_rank, (true**2).sum() / true[0] ** 2)


def test_the_rank_of_a_collapsed_kernel_is_seen_through_rounding() -> None:
    rng = np.random.default_rng(6)
    values = (rng.normal(size=(120, 4)) @ rng.normal(size=(4, 80))).astype("f4")
    found = spectrum(values, Layout(120, 80))
    assert found is not None
    assert found.rank == 4


def test_the_exponent_of_a_power_law_is_found() -> None:
    rng = np.random.default_rng(7)
    squares = (1 - rng.random(400)) ** (-1 / 2.0)
    left, _ = np.linalg.qr(rng.normal(size=(500, 400)))
    right, _ = np.linalg.qr(rng.normal(size=(400, 400)))
    found = spectrum((left * np.sqrt(squares)) @ right.T, Layout(500, 400))
    assert found is not None
    assert found.alpha is not None
    assert abs(found.alpha - 3.0) < 0.6


def test_spectra_are_taken_while_they_cost_little() -> None:
    budget = Budget(0)
    taken = [budget.allows(Layout(2048, 512)) for _ in range(4)]
    assert taken == sorted(taken, reverse=True)
    assert not Budget(0).allows(Layout(4, 4))
    assert not Budget(0).allows(Layout(4096, 4096))
    assert Budget(0).allows(Layout(64, 64))
