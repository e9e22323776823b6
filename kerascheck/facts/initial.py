"""Whether weights are as an initializer leaves them.

Bounds and standard deviations are those of keras.initializers; a sample's deviation is allowed to miss that of its
distribution by what chance allows for the number of its values, and by 4 % at the least (untrained kernels of public models
lie within 3 %).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kerascheck.facts.graph import Layer
from kerascheck.facts.initializers import constant, initializer
from kerascheck.facts.values import Symbol
from kerascheck.facts.weights import StoredTensor, WeightStats

if TYPE_CHECKING:
    from kerascheck.facts.artifact import SavedModel

_TRUNCATED: Final = 0.87962566103423978
"""What cutting at two deviations leaves of the standard deviation of a normal distribution."""
_TOLERANCE: Final = 0.04
_SIGMAS: Final = 4.0
_TELLING: Final = 500
"""From so many values on, the deviation of a kernel tells by itself."""
_ARGUMENTS: Final = {
    "kernel": "kernel_initializer",
    "recurrent_kernel": "recurrent_initializer",
    "depthwise_kernel": "depthwise_initializer",
    "pointwise_kernel": "pointwise_initializer",
    "embeddings": "embeddings_initializer",
}
_SCALINGS: Final = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated_normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "HeNormal": (2.0, "fan_in", "truncated_normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "truncated_normal"),
}


class State(enum.Enum):
    """How a weight stands to its initializer."""

    INITIAL = "initial"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class _Spread(Struct, frozen=True):
    """A distribution: its standard deviation, and the bound of its absolute values (infinite for a normal one)."""

    deviation: float
    bound: float
    mean: float = 0.0


def kernel_state(tensor: StoredTensor, stats: WeightStats, layer: Layer) -> State:
    """Whether a kernel is as its initializer made it."""
    argument = _ARGUMENTS.get(tensor.name, "")
    found = initializer(layer, argument) if argument in layer.config else None
    if found is None:
        return State.UNKNOWN
    value = constant(found)
    if value is not None:
        return _state(stats.minimum == stats.maximum and math.isclose(stats.minimum, value, rel_tol=1e-6))
    if found.name in ("Orthogonal", "OrthogonalInitializer"):
        return _orthogonal(tensor, stats, found)
    spread = _spread(found, tensor.shape)
    return State.UNKNOWN if spread is None else _state(_fits(stats, spread))


def bias_state(stats: WeightStats, layer: Layer) -> State:
    """Whether a bias is as it was made; LSTM starts with ones for a quarter of it."""
    found = initializer(layer, "bias_initializer") if "bias_initializer" in layer.config else None
    value = constant(found) if found is not None else None
    if value is None:
        return State.UNKNOWN
    quarter = layer.class_name in ("LSTM", "LSTMCell") and stats.count % 4 == 0 and stats.zeros == 3 * stats.count // 4
    if quarter and stats.minimum == 0 and stats.maximum == 1 and math.isclose(stats.mean, 0.25):
        return State.INITIAL
    return _state(math.isclose(stats.minimum, value, rel_tol=1e-6) and stats.minimum == stats.maximum)


def tells(stats: WeightStats) -> bool:
    """Whether a kernel has so many values that it is no accident when they look as drawn."""
    return stats.count >= _TELLING


def iterations(saved: SavedModel) -> int | None:
    """How many steps the optimizer counted; None where the file does not say."""
    for tensor in saved.weights or ():
        named = tensor.name in ("iteration", "iterations", "iter") and not tensor.layer
        if named and tensor.stats is not None and tensor.stats.count == 1:
            return round(tensor.stats.minimum)
    return None


def untouched(stats: WeightStats, value: float) -> bool:
    """Whether all values are exactly the number that they started as."""
    return stats.count > 0 and stats.minimum == stats.maximum == value


def _state(holds: bool) -> State:
    return State.INITIAL if holds else State.CHANGED


def _fits(stats: WeightStats, spread: _Spread) -> bool:
    if stats.finite < stats.count or stats.magnitude > spread.bound * (1 + 1e-6) + abs(spread.mean):
        return False
    if stats.count < 2:
        return True
    room = max(_TOLERANCE, _SIGMAS / math.sqrt(2 * stats.count))
    centre = _SIGMAS * spread.deviation / math.sqrt(stats.count)
    near = abs(stats.mean - spread.mean) <= centre
    return near and (room > 1 or abs(stats.deviation / spread.deviation - 1) <= room)


def _orthogonal(tensor: StoredTensor, stats: WeightStats, found: Symbol) -> State:
    """An orthogonal matrix has a norm that follows from its shape."""
    gain = found.arguments.get("gain", 1.0)
    rows, columns = math.prod(tensor.shape[:-1]), tensor.shape[-1]
    if not isinstance(gain, (int, float)) or stats.finite < stats.count:
        return State.UNKNOWN
    norm = abs(gain) * math.sqrt(min(rows, columns))
    return _state(math.isclose(stats.norm, norm, rel_tol=1e-4))


def _spread(found: Symbol, shape: Sequence[int]) -> _Spread | None:
    if found.name in _SCALINGS:
        return _scaled(*_SCALINGS[found.name], shape)
    match found.name:
        case "VarianceScaling":
            scale = _number(found, "scale")
            mode, kind = found.arguments.get("mode"), found.arguments.get("distribution")
            return None if scale is None else _scaled(scale, mode, kind, shape)
        case "RandomUniform":
            low, high = _number(found, "minval"), _number(found, "maxval")
            if low is None or high is None or low >= high:
                return None
            mean = (low + high) / 2
            return _Spread((high - low) / math.sqrt(12), (high - low) / 2, mean)
        case "RandomNormal" | "TruncatedNormal":
            mean, deviation = _number(found, "mean"), _number(found, "stddev")
            if mean is None or not deviation:
                return None
            cut = found.name == "TruncatedNormal"
            return _Spread(deviation * _TRUNCATED, 2 * deviation, mean) if cut else _Spread(deviation, math.inf, mean)
        case _:
            return None


def _scaled(scale: float, mode: object, kind: object, shape: Sequence[int]) -> _Spread | None:
    incoming, outgoing = _fans(shape)
    fan = {"fan_in": incoming, "fan_out": outgoing, "fan_avg": (incoming + outgoing) / 2}.get(str(mode), 0)
    if not fan:
        return None
    deviation = math.sqrt(scale / fan)
    match kind:
        case "uniform":
            return _Spread(deviation, math.sqrt(3) * deviation)
        case "truncated_normal" | "normal":
            return _Spread(deviation, 2 * deviation / _TRUNCATED)
        case "untruncated_normal":
            return _Spread(deviation, math.inf)
        case _:
            return None


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    """As keras.initializers counts what comes in and goes out."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _number(found: Symbol, argument: str) -> float | None:
    value = found.arguments.get(argument)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
