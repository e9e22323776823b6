"""How the weights of a layer start: the constant, or the variance, of an initializer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.graph import Layer
from kerascheck.facts.values import Symbol
from kerascheck.keras_api.identifiers import plain_symbol

KERNEL_ARGUMENTS: Final = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
HE: Final = frozenset({"HeNormal", "HeUniform"})
LECUN: Final = frozenset({"LecunNormal", "LecunUniform"})


def initializers(layer: Layer) -> Iterator[tuple[str, Symbol]]:
    """The initializers of a layer's kernels, by argument, as far as they are known."""
    for argument in KERNEL_ARGUMENTS:
        if argument in layer.config and (found := initializer(layer, argument)) is not None:
            yield argument, found


def initializer(layer: Layer, argument: str) -> Symbol | None:
    """The initializer in an argument as a named object; None where it is not known to be one of Keras's."""
    value = layer[argument]
    if isinstance(value, str):
        value = plain_symbol(value)
    return value if isinstance(value, Symbol) else None


def constant(found: Symbol) -> float | None:
    """The one value that an initializer gives to all weights; None where they differ or it is not known."""
    match found.name:
        case "Zeros":
            return 0.0
        case "Ones":
            return 1.0
        case "Constant":
            return _number(found, "value")
        case "RandomNormal" | "TruncatedNormal":
            return _number(found, "mean") if _number(found, "stddev") == 0 else None
        case "RandomUniform":
            low, high = _number(found, "minval"), _number(found, "maxval")
            return low if low == high else None
        case _:
            return None


def variance(found: Symbol) -> float | None:
    """The variance that an initializer writes down, whatever the size of the layer; None for those that look at the size."""
    match found.name:
        case "RandomNormal" | "TruncatedNormal":
            spread = _number(found, "stddev")
            return None if spread is None else spread**2
        case "RandomUniform":
            low, high = _number(found, "minval"), _number(found, "maxval")
            return None if low is None or high is None else (high - low) ** 2 / 12
        case _:
            return None


def _number(found: Symbol, argument: str) -> float | None:
    value = found.arguments.get(argument)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
