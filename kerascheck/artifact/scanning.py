"""The statistics of all arrays of a file, read in a child process: what a damaged file does there is its own affair."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.artifact.isolation import isolated_value
from kerascheck.artifact.layout import layout_of
from kerascheck.artifact.naming import Named
from kerascheck.artifact.refusals import MEBIBYTE, DamagedError
from kerascheck.artifact.stores import Store
from kerascheck.facts.container import Damage
from kerascheck.facts.precision import half_precision
from kerascheck.facts.weights import Purpose, StoredTensor, WeightStats

if TYPE_CHECKING:
    from kerascheck.artifact.blocks import Blocks
    from kerascheck.artifact.spectra import Budget
    from kerascheck.artifact.statistics import Floats

_CHANNELS: Final = frozenset({"gamma", "moving_mean", "moving_variance"})
_RATE: Final = 20 * MEBIBYTE
"""Bytes a second of processor time that a child is given; a slow machine takes ten times as many, unpacking included."""


class Scan(Struct, frozen=True):
    """The statistics by the position of the array, None where it was not read; and what could not be read."""

    stats: tuple[WeightStats | None, ...] = ()
    damages: tuple[Damage, ...] = ()


def scanned(store: Store, arrays: Sequence[Named]) -> tuple[tuple[StoredTensor, ...], tuple[Damage, ...]]:
    """The arrays as facts, with their statistics, and what could not be read of them."""
    for name in ("numpy", "h5py", "kerascheck.artifact.blocks", "kerascheck.artifact.spectra"):
        importlib.import_module(name)
    size = sum(min(item.array.size, item.array.stored * 100) for item in arrays)
    try:
        found = isolated_value(lambda: _scan(store, arrays), Scan, 5 + size / _RATE)
    except DamagedError as damage:
        found = Scan((None,) * len(arrays), (Damage(f"the weights cannot be read: {damage}"),))
    return tuple(map(stored_tensor, arrays, found.stats)), found.damages


def stored_tensor(item: Named, stats: WeightStats | None = None) -> StoredTensor:
    """An array as a fact."""
    array = item.array
    return StoredTensor(
        path=array.path,
        purpose=item.purpose,
        shape=array.shape,
        dtype=array.dtype.lstrip(">"),
        size=array.size,
        layer=item.layer,
        name=item.name,
        part=item.part,
        stats=stats,
    )


def _scan(store: Store, arrays: Sequence[Named]) -> Scan:
    import numpy as np

    from kerascheck.artifact.blocks import Blocks
    from kerascheck.artifact.spectra import Budget

    # Squares of absurd weights may overflow: infinite is what they are.
    with np.errstate(all="ignore"), ExitStack() as stack:
        blocks = Blocks(*store.sources(stack))
        scanner = _Scanner(blocks, arrays, Budget(sum(item.array.stored for item in arrays)))
        return Scan(tuple(scanner.stats(item) for item in arrays), tuple(scanner.damages))


class _Scanner:
    """Goes through the arrays of a file in order."""

    def __init__(self, blocks: Blocks, arrays: Sequence[Named], budget: Budget) -> None:
        self.damages: list[Damage] = []
        self._blocks = blocks
        self._budget = budget
        self._biases: Mapping[tuple[str, str], Named] = {
            (item.layer, item.part): item for item in arrays if item.name == "bias" and item.purpose is Purpose.WEIGHT
        }

    def stats(self, item: Named) -> WeightStats | None:
        """The statistics of one array; None where it was not read."""
        try:
            return self._stats(item)
        except (DamagedError, OSError, RuntimeError, ValueError, KeyError) as error:
            text = " ".join(str(error).split())[:160]
            self.damages.append(Damage(f"`{item.array.path}` cannot be read: {text}", item.layer))
            return None

    def _stats(self, item: Named) -> WeightStats | None:
        from kerascheck.artifact.spectra import spectrum
        from kerascheck.artifact.statistics import accumulator

        weight = item.purpose is Purpose.WEIGHT
        layout = layout_of(item) if weight else None
        sink = accumulator(
            layout,
            self._bias(item, layout.units) if layout is not None else None,
            channels=weight and item.name in _CHANNELS and len(item.array.shape) == 1,
            half=weight and item.owner is not None and half_precision(item.owner) == "float16",
        )
        if not self._blocks.feed(item.array, sink):
            return None
        found = sink.result()
        if layout is None or not self._budget.allows(layout):
            return found
        values = self._blocks.vector(item.array)
        return found if values is None else replace(found, spectrum=spectrum(values, layout))

    def _bias(self, item: Named, units: int) -> Floats | None:
        """The bias of a kernel, where it has a value for each unit."""
        bias = self._biases.get((item.layer, item.part))
        if bias is None or item.name not in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            return None
        values = self._blocks.vector(bias.array)
        return values if values is not None and values.size == units else None
