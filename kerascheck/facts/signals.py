"""The least and the greatest value that the tensors of a model can have, whatever goes into it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.families import activation_of
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.ranges import Range
from kerascheck.facts.values import Unknown

ANYTHING: Final = Range()
_ACTIVATIONS: Final = {
    "relu": Range(0.0),
    "relu6": Range(0.0, 6.0),
    "softplus": Range(0.0),
    "exponential": Range(0.0),
    "sigmoid": Range(0.0, 1.0),
    "hard_sigmoid": Range(0.0, 1.0),
    "softmax": Range(0.0, 1.0),
    "tanh": Range(-1.0, 1.0),
    "hard_tanh": Range(-1.0, 1.0),
    "softsign": Range(-1.0, 1.0),
    "elu": Range(-1.0),
}
_KEEPING: Final = (
    "Flatten",
    "Reshape",
    "Permute",
    "RepeatVector",
    "Dropout",
    "SpatialDropout",
    "MaxPooling",
    "AveragePooling",
    "GlobalMaxPooling",
    "GlobalAveragePooling",
    "AdaptiveAveragePooling",
    "AdaptiveMaxPooling",
    "ZeroPadding",
    "Cropping",
    "UpSampling",
    "ActivityRegularization",
    "Masking",
    "Maximum",
    "Minimum",
    "Average",
    "Concatenate",
)
"""Layers whose values lie between those of their inputs, or are 0 (which padding and masks put in)."""


@once_per_graph
def signals(graph: ModelGraph) -> dict[int, Range]:
    """The range of each tensor that is not unbounded on both sides, by key."""
    found: dict[int, Range] = {}
    for node in graph.nodes:
        result = _of(node, [found.get(tensor.key, ANYTHING) for tensor in node.inputs])
        if result != ANYTHING:
            found.update((tensor.key, result) for tensor in node.outputs)
    return found


def input_range(graph: ModelGraph, node: Node) -> Range:
    """The range of all that goes into a call."""
    known = signals(graph)
    return _spanned([known.get(tensor.key, ANYTHING) for tensor in node.inputs])


def _of(node: Node, inputs: Sequence[Range]) -> Range:
    layer = node.layer
    if layer.kind is not LayerKind.BUILTIN:
        return ANYTHING
    if layer.class_name.startswith(_KEEPING):
        return _spanned([*inputs, Range(0.0, 0.0)])
    if layer.class_name in ("Add", "Multiply") and inputs:
        return Range(0.0) if all(item.low >= 0 for item in inputs) else ANYTHING
    if layer.class_name in ("ReLU", "Softmax", "Activation") or layer.config.get("activation") is not None:
        return _activated(layer)
    return ANYTHING


def _activated(layer: Layer) -> Range:
    if layer.class_name == "ReLU":
        slope = layer.config.get("negative_slope", 0)
        return Range(0.0) if slope in (0, None) and not isinstance(slope, Unknown) else ANYTHING
    if layer.class_name == "Softmax":
        return _ACTIVATIONS["softmax"]
    if layer.class_name in ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed"):
        return ANYTHING
    found = activation_of(layer)
    return _ACTIVATIONS.get(found, ANYTHING) if isinstance(found, str) else ANYTHING


def _spanned(ranges: Sequence[Range]) -> Range:
    if not ranges:
        return ANYTHING
    return Range(min(item.low for item in ranges), max(item.high for item in ranges))


def is_bounded(found: Range, low: float, high: float = math.inf) -> bool:
    """Whether a range lies within bounds."""
    return found.low >= low and found.high <= high
