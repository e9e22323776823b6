"""What the pass over the arrays of a file saw, as the table that a report shows below its findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import KERNELS, Channels, Purpose, Spectrum, StoredTensor, Units, WeightStats
from kerascheck.findings import LayerWeights, WeightSummary

_RANGED = {"gamma": "gamma", "moving_mean": "mean", "moving_variance": "variance"}
"""The vectors whose range tells whether a layer normalizes anything."""

_BESIDE = frozenset({*_RANGED, "beta", "bias", "mean", "variance", "count"})


def weight_summary(saved: SavedModel) -> WeightSummary | None:
    """The summary of a file; None where its arrays were not read, or it has none."""
    weights = list(saved.tensors())
    if not weights:
        return None
    # In the order of the model, which HDF5 does not keep; layers that it does not list follow.
    order = () if saved.graph is None else saved.graph.every_layer()
    layers: dict[str, list[StoredTensor]] = {layer.path: [] for layer in order}
    for tensor in weights:
        layers.setdefault(tensor.layer, []).append(tensor)
    twins = _twins(weights)
    stats = [tensor.stats for tensor in weights if tensor.stats is not None]
    state = list(saved.tensors(Purpose.OPTIMIZER))
    return WeightSummary(
        layers=tuple(_layer(path, tensors, twins) for path, tensors in layers.items() if tensors),
        arrays=len(weights),
        parameters=sum(tensor.elements for tensor in weights),
        size=sum(tensor.size for tensor in weights),
        dtypes=tuple(_sizes(weights).items()),
        not_finite=sum(_not_finite(found) for found in stats),
        zeros=sum(found.zeros for found in stats),
        constant=sum(found.constant for found in stats),
        unread=len(weights) - len(stats),
        optimizer_arrays=len(state),
        optimizer_size=sum(tensor.size for tensor in state),
        steps=_steps(state),
    )


def _sizes(tensors: Iterable[StoredTensor]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for tensor in tensors:
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.size
    return dict(sorted(sizes.items(), key=lambda pair: -pair[1]))


def _not_finite(stats: WeightStats) -> int:
    return stats.nans + stats.infinities


def _steps(state: Iterable[StoredTensor]) -> int | None:
    """The counter of the optimizer, a whole number by itself."""
    for tensor in state:
        if tensor.name == "iteration" and tensor.stats is not None and tensor.stats.finite == 1:
            return round(tensor.stats.maximum)
    return None


def _layer(path: str, tensors: Sequence[StoredTensor], twins: Mapping[str, str]) -> LayerWeights:
    kernels = [tensor for tensor in tensors if tensor.name in KERNELS]
    # Of a layer that nobody knows every array may be a kernel; a scale and an offset have no norm worth a look.
    measured = kernels or [tensor for tensor in tensors if tensor.name not in _BESIDE]
    stats = [tensor.stats for tensor in measured if tensor.stats is not None]
    finite = sum(found.finite for found in stats)
    norm = math.hypot(*(found.norm for found in stats))
    mean = sum(found.mean * found.finite for found in stats) / finite if finite else 0.0
    return LayerWeights(
        path=path,
        arrays=len(tensors),
        parameters=sum(tensor.elements for tensor in tensors),
        size=sum(tensor.size for tensor in tensors),
        norm=norm if finite else None,
        deviation=max(norm**2 / finite - mean**2, 0.0) ** 0.5 if finite else None,
        largest=max(found.magnitude for found in stats) if finite else None,
        zeros=sum(found.zeros for found in stats) / finite if finite else None,
        faults=tuple(_faults(tensors, twins)),
        notes=tuple(_notes(tensors, kernels)),
    )


def _faults(tensors: Sequence[StoredTensor], twins: Mapping[str, str]) -> Iterator[str]:
    for tensor in tensors:
        stats, called = tensor.stats, _called(tensor)
        if stats is None:
            yield f"{called} was not read"
            continue
        if stats.nans:
            yield f"{called} has {stats.nans:,} NaN"
        if stats.infinities:
            yield f"{called} has {stats.infinities:,} infinite"
        if tensor.name not in KERNELS:
            continue
        if stats.constant:
            yield f"{called} is {number(stats.maximum)} throughout"
        elif stats.units is not None:
            yield from _units(stats.units)
        if tensor.path in twins:
            yield f"{called} equals that of {twins[tensor.path]}"


def _units(units: Units) -> Iterator[str]:
    if units.zero:
        yield f"{units.zero:,} of {units.count:,} units without weights"
    if units.repeated + units.opposite:
        yield f"{units.repeated + units.opposite:,} of {units.count:,} units repeat others"


def _notes(tensors: Sequence[StoredTensor], kernels: Sequence[StoredTensor]) -> Iterator[str]:
    spectra = [(found, tensor) for tensor in kernels if tensor.stats and (found := tensor.stats.spectrum)]
    if spectra:
        found, tensor = max(spectra, key=lambda pair: pair[0].largest)
        yield _spectrum(found, _called(tensor) if len(kernels) > 1 else "")
    for tensor in tensors:
        stats = tensor.stats
        if stats is None or not stats.finite:
            continue
        if tensor.name in _RANGED:
            yield f"{_RANGED[tensor.name]} {_range(stats)}"
            if stats.channels is not None:
                yield from _channels(tensor.name, stats.channels)
    still = [
        tensor for tensor in tensors if tensor.name == "bias" and tensor.stats is not None and _is_zero(tensor.stats)
    ]
    if still:
        yield "bias 0" if len(still) == 1 else f"{len(still)} biases 0"


def _is_zero(stats: WeightStats) -> bool:
    return stats.zeros == stats.count > 0


def _spectrum(found: Spectrum, name: str) -> str:
    alpha = "" if found.alpha is None else f", alpha {found.alpha:.1f}"
    text = f"spectral norm {number(found.largest)}, stable rank {found.stable_rank:.1f} of {found.full}{alpha}"
    return f"{name}: {text}" if name else text


def _channels(name: str, channels: Channels) -> Iterator[str]:
    if name == "moving_variance" and channels.vanished:
        yield f"{channels.vanished:,} channels without signal"
    if name == "gamma" and channels.idle:
        yield f"{channels.idle:,} scales near 0"


def _range(stats: WeightStats) -> str:
    low, high = number(stats.minimum), number(stats.maximum)
    return low if low == high else f"{low} to {high}"


def _called(tensor: StoredTensor) -> str:
    """A variable inside its layer."""
    return "/".join(step for step in (tensor.part, tensor.name or tensor.path.rsplit("/", 1)[-1]) if step)


def _twins(tensors: Iterable[StoredTensor]) -> dict[str, str]:
    """The kernels that are copies of an earlier one, by their paths: sums of as many values that agree to the last bit."""
    first: dict[tuple[object, ...], StoredTensor] = {}
    twins: dict[str, str] = {}
    for tensor in tensors:
        stats = tensor.stats
        if stats is None or tensor.name not in KERNELS or stats.finite < 2 or stats.constant:
            continue
        key = (tensor.shape, tensor.dtype, stats.minimum, stats.maximum, stats.mean, stats.norm)
        twin = first.setdefault(key, tensor)
        if twin is not tensor:
            twins[tensor.path] = twin.label
    return twins


def number(value: float) -> str:
    """A weight, or a norm of weights, in three digits."""
    return f"{value:.3g}"
