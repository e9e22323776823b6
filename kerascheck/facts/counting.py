"""Counts of what layers hold, of which some may not be known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.values import UNKNOWN, Unknown

Count: TypeAlias = int | Unknown
"""A number, or `UNKNOWN` where a size that it depends on is not known."""


def total(parts: Iterable[Count]) -> Count:
    """The sum of counts; not known where one of them is not."""
    found = 0
    for part in parts:
        if isinstance(part, Unknown):
            return UNKNOWN
        found += part
    return found


def trainable_of(layer: Layer, graph: ModelGraph) -> Count:
    """The parameters of a layer that training changes; `graph` is the outermost that holds it."""
    trains = graph.trains(layer)
    if trains is False:
        return 0
    if isinstance(trains, Unknown) or isinstance(layer.parameters, Unknown):
        return UNKNOWN if layer.parameters != 0 else 0
    if layer.model is not None:
        kept = layer.model.parameters
        own = UNKNOWN if isinstance(kept, Unknown) else layer.parameters - kept - layer.untrained
        return total((own, *(trainable_of(inner, graph) for inner in layer.model.layers)))
    inner = layer.inner
    if inner is not None and inner.class_name == "BatchNormalization":
        return layer.parameters - _statistics(inner, layer.parameters)
    if layer.class_name == "Normalization":
        return 0
    if layer.class_name == "SpectralNormalization":
        estimate = inner["units"] if inner is not None and inner.class_name == "Dense" else inner and inner["filters"]
        return layer.parameters - estimate if isinstance(estimate, int) else UNKNOWN
    return layer.parameters - layer.untrained - _statistics(layer, layer.parameters)


def _statistics(layer: Layer, parameters: int) -> int:
    """The moving mean and variance, which no gradient reaches."""
    if layer.class_name != "BatchNormalization":
        return 0
    tensors = 2 + (layer["scale"] is not False) + (layer["center"] is not False)
    return 2 * parameters // tensors
