"""One pass over an array: blocks go in, and what the rules ask for comes out.

The steps are chosen for speed, as a pass may take half of the time that it takes to read a file. Whether all values are
finite is read off the sum of their squares; minimum, maximum and sum of an array off those of its units; equal units off a
few random projections.
"""

from __future__ import annotations

import functools
import math
from typing import Final, TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from kerascheck.artifact.layout import Layout
from kerascheck.facts.weights import HUGE, IDLE, VANISHED, Channels, Units, WeightStats

Floats: TypeAlias = "NDArray[np.floating]"

BLOCK: Final = 1 << 16
"""The values in a block, which stay in the cache of the processor through all steps."""
WIDTH_LIMIT: Final = 1 << 22
"""How many units, or weights of one unit, are followed singly."""
_WIDE: Final = 1 << 9
"""Rows of fewer values are taken several at a time: NumPy has a price for each."""
_PROJECTIONS: Final = 4
_STEP: Final = 7919
_SAME: Final = 1e-5
"""How far the projections of equal units may be apart, as a share of what they could be."""
_LEAST_INPUTS: Final = 4
"""Units of fewer inputs are alike by chance."""
_FLUSHED: Final = 2.0**-25
"""Half precision rounds to 0 up to here: half of its smallest number."""


class Accumulator:
    """The statistics of an array of any kind; `half` asks for what half precision loses."""

    width = 1
    """Every block must hold a multiple of so many values."""

    def __init__(self, *, half: bool = False) -> None:
        self._half = half
        self._count = 0
        self._nans = 0
        self._infinities = 0
        self._low = math.inf
        self._high = -math.inf
        self._total = 0.0
        self._squares = 0.0
        self._zeros = 0
        self._flushed = 0

    def add(self, block: Floats) -> None:
        """Take the next values of the array, which are flat."""
        self._count += block.size
        squares = _squares(block)
        size = block.size
        if not math.isfinite(squares):
            block, squares = self._cleaned(block)
        self._squares += squares
        self._zeros += block.size - int(np.count_nonzero(np.not_equal(block, 0)))
        if self._half:
            small = np.abs(block)
            self._flushed += int(np.count_nonzero((small <= _FLUSHED) & (small > 0)))
        if block.size == size:
            self._sound(block)
        elif block.size:
            self._extremes(block)

    def _sound(self, block: Floats) -> None:
        """A block of finite values."""
        self._extremes(block)

    def _extremes(self, block: Floats) -> None:
        self._low = min(self._low, float(block.min()))
        self._high = max(self._high, float(block.max()))
        self._total += float(block.sum(dtype="f8"))

    def _cleaned(self, block: Floats) -> tuple[Floats, float]:
        """The finite values, and their squares in double precision, as single precision may have overflowed."""
        finite = np.isfinite(block)
        nans = int(np.count_nonzero(np.isnan(block)))
        self._nans += nans
        self._infinities += block.size - int(np.count_nonzero(finite)) - nans
        kept = block[finite]
        wide = kept.astype("f8")
        return kept, float(np.dot(wide, wide))

    def result(self) -> WeightStats:
        """The statistics of all blocks."""
        finite = self._count - self._nans - self._infinities
        return WeightStats(
            count=self._count,
            nans=self._nans,
            infinities=self._infinities,
            minimum=self._low if finite else 0.0,
            maximum=self._high if finite else 0.0,
            mean=self._total / finite if finite else 0.0,
            norm=math.sqrt(self._squares),
            zeros=self._zeros,
            flushed=self._flushed if self._half else None,
        )


class ChannelAccumulator(Accumulator):
    """The statistics of a vector with a value for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = np.zeros(4, "i8")

    def _sound(self, block: Floats) -> None:
        self._extremes(block)
        masks = (block < 0, (block < VANISHED) & (block >= 0), np.abs(block) < IDLE, block > HUGE)
        self._counts += [np.count_nonzero(mask) for mask in masks]

    def result(self) -> WeightStats:
        found = super().result()
        return replace(found, channels=Channels(*(int(count) for count in self._counts)))


class UnitAccumulator(Accumulator):
    """The statistics of a kernel. `bias` has a value for each unit, None where the layer has none."""

    def __init__(self, layout: Layout, bias: Floats | None, *, half: bool = False) -> None:
        super().__init__(half=half)
        self._layout = layout
        self._bias = bias
        self._whole = True

    def _cleaned(self, block: Floats) -> tuple[Floats, float]:
        found = super()._cleaned(block)
        self._whole = found[0].size == block.size and self._whole
        return found

    def _units(self) -> tuple[Floats, Floats, Floats | None]:
        """The least and the greatest weight of each unit, and a column of projections of each."""
        raise NotImplementedError

    def result(self) -> WeightStats:
        found = super().result()
        if not self._whole or found.count != self._layout.units * self._layout.inputs:
            return found
        low, high, projected = self._units()
        return replace(found, units=_units(low, high, projected, self._bias, self._layout.inputs))


class ColumnAccumulator(UnitAccumulator):
    """The statistics of a kernel whose last axis has the units."""

    def __init__(self, layout: Layout, bias: Floats | None, *, half: bool = False) -> None:
        super().__init__(layout, bias, half=half)
        units = layout.units
        self.width = units
        self._rows = max(_WIDE // units, 1)
        self._lows = np.full(self._rows * units, np.inf)
        self._highs = np.full(self._rows * units, -np.inf)
        self._projected = np.zeros((_PROJECTIONS, units)) if units <= BLOCK else None
        self._blocks = 0

    def _sound(self, block: Floats) -> None:
        wide = self._rows * self.width
        even = block.size // wide * wide
        if even:
            self._reduce(block[:even].reshape(-1, wide))
        if even < block.size:
            self._reduce(block[even:].reshape(-1, self.width))
        if self._projected is None:
            self._total += float(block.sum(dtype="f8"))
            return
        matrix = block.reshape(-1, self.width)
        self._blocks += 1
        self._projected += _factors(len(matrix), self._blocks, block.dtype) @ matrix

    def _reduce(self, matrix: Floats) -> None:
        width = matrix.shape[1]
        lows, highs = self._lows[:width], self._highs[:width]
        np.minimum(lows, np.minimum.reduce(matrix, axis=0), out=lows)
        np.maximum(highs, np.maximum.reduce(matrix, axis=0), out=highs)

    def _units(self) -> tuple[Floats, Floats, Floats | None]:
        shape = (self._rows, self.width)
        return self._lows.reshape(shape).min(axis=0), self._highs.reshape(shape).max(axis=0), self._projected

    def result(self) -> WeightStats:
        self._low = min(self._low, float(self._lows.min()))
        self._high = max(self._high, float(self._highs.max()))
        if self._projected is not None:
            self._total += float(self._projected[0].sum())
        return super().result()


class RowAccumulator(UnitAccumulator):
    """The statistics of a kernel whose units are not along the last axis: each row of it belongs to one unit."""

    def __init__(self, layout: Layout, bias: Floats | None, *, half: bool = False) -> None:
        super().__init__(layout, bias, half=half)
        self.width = layout.after
        rows = layout.before * layout.units
        self._lows = np.zeros(rows)
        self._highs = np.zeros(rows)
        self._projected = np.zeros((_PROJECTIONS, rows)) if layout.before == 1 else None
        self._row = 0

    def add(self, block: Floats) -> None:
        super().add(block)
        self._row += block.size // self.width

    def _sound(self, block: Floats) -> None:
        matrix = block.reshape(-1, self.width)
        rows = slice(self._row, self._row + len(matrix))
        self._lows[rows] = matrix.min(axis=1)
        self._highs[rows] = matrix.max(axis=1)
        self._extremes(block)
        if self._projected is not None:
            self._projected[:, rows] = _factors(self.width, 1, block.dtype) @ matrix.T

    def _units(self) -> tuple[Floats, Floats, Floats | None]:
        shape = (self._layout.before, self._layout.units)
        return self._lows.reshape(shape).min(axis=0), self._highs.reshape(shape).max(axis=0), self._projected


def accumulator(layout: Layout | None, bias: Floats | None, *, channels: bool, half: bool) -> Accumulator:
    """What collects the statistics of an array."""
    if channels:
        return ChannelAccumulator()
    if (
        layout is None
        or max(layout.after, layout.before * layout.units if layout.after > 1 else layout.units) > WIDTH_LIMIT
    ):
        return Accumulator(half=half)
    kind = ColumnAccumulator if layout.after == 1 else RowAccumulator
    return kind(layout, bias, half=half)


def _squares(block: Floats) -> float:
    """The sum of squares; not finite where a value is not, or where it is beyond the precision of the block."""
    return float(np.dot(block, block))


def _factors(count: int, turn: int, kind: np.dtype[np.floating]) -> Floats:
    """Factors for the sum and some random sums of `count` weights of every unit; other ones each turn."""
    size = 1 << count.bit_length()
    start = turn * _STEP % (size - count + 1)
    return _table(size, kind.str)[:, start : start + count]


@functools.cache
def _table(size: int, kind: str) -> Floats:
    """Rows of ones and of numbers between -1 and 1 without any order: the finalizer of MurmurHash 3 over their places."""
    rows = [np.ones(size, kind)]
    for salt in range(1, _PROJECTIONS):
        mixed = (np.arange(size, dtype="u4") + np.uint32(salt * 0x85EBCA6B & 0xFFFFFFFF)) * np.uint32(0x85EBCA6B)
        mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        rows.append((mixed ^ (mixed >> np.uint32(16))).astype(kind) / 2**31 - 1)
    return np.array(rows, kind)


def _units(low: Floats, high: Floats, projected: Floats | None, bias: Floats | None, inputs: int) -> Units:
    offset = np.zeros(len(low)) if bias is None else bias
    zero = (low == 0) & (high == 0)
    below = offset <= 0
    alike = (0, 0)
    if projected is not None and inputs >= _LEAST_INPUTS:
        spread = np.maximum(np.abs(low), np.abs(high)) * math.sqrt(inputs)
        alike = _alike(projected[:, ~zero], spread[~zero])
    weight = np.maximum(np.abs(low), np.abs(high))
    return Units(
        count=len(low),
        zero=_how_many(zero),
        dead=_how_many(zero & below),
        unreachable=_how_many((high <= 0) & below),
        below_one=_how_many(offset + inputs * np.maximum(high, 0) <= 0),
        below_sign=_how_many(offset + inputs * weight <= 0),
        repeated=alike[0],
        opposite=alike[1],
    )


def _how_many(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _alike(projected: Floats, spread: Floats) -> tuple[int, int]:
    """How many units are equal to an earlier one, and how many are its opposite."""
    if projected.shape[1] < 2:
        return 0, 0
    sign = np.where(projected[1] < 0, -1, 1)
    turned = projected * sign
    order = np.argsort(turned[1], kind="stable")
    turned, sign, spread = turned[:, order], sign[order], spread[order]
    near = (np.abs(np.diff(turned)) <= _SAME * np.minimum(spread[1:], spread[:-1])).all(axis=0)
    # Units of one group stand side by side, led by the first of them.
    starts = np.concatenate(([True], ~near))
    leaders = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    turned_round = len(np.unique(leaders[sign != sign[leaders]]))
    return _how_many(~starts) - turned_round, turned_round
