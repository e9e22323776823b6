"""What an input of a model meets first: the layers that compute with its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.families import DROPOUTS, NOISE, POOLINGS
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node, Tensor

RESHAPING: Final = frozenset(
    {"InputLayer", "Flatten", "Reshape", "Permute", "RepeatVector", "Resizing", "CenterCrop", "Masking", "Identity"}
)
KEEPING: Final = DROPOUTS | NOISE | POOLINGS | RESHAPING
SCALING: Final = frozenset(
    {"Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
     "UnitNormalization", "Discretization", "CategoryEncoding", "Hashing", "StringLookup", "IntegerLookup", "TextVectorization",
     "FeatureSpace", "Embedding", "ReversibleEmbedding"}
)  # fmt: skip
"""Layers after which the range of the input no longer matters."""


@once_per_graph
def entries(graph: ModelGraph) -> tuple[Layer, ...] | None:
    """The first layers on each way from the inputs that do more than reorder values; None where one is not known."""
    found: list[Layer] = []
    if not graph.whole:
        return None
    for tensor in graph.inputs:
        for layer in _behind(graph, tensor, set()):
            if layer is None:
                return None
            found.append(layer)
    return tuple(found) if found else None


def _behind(graph: ModelGraph, tensor: Tensor, seen: set[int]) -> Iterator[Layer | None]:
    if tensor.key in seen:
        return
    seen.add(tensor.key)
    consumers = [node for node in graph.consumers(tensor) if tensor not in node.outputs]
    if not consumers:
        yield None
    for node in consumers:
        yield from _of_node(graph, node, seen)


def _of_node(graph: ModelGraph, node: Node, seen: set[int]) -> Iterator[Layer | None]:
    layer = node.layer
    if layer.kind is LayerKind.MODEL and layer.model is not None:
        inner = entries(layer.model)
        yield from inner if inner is not None else (None,)
    elif layer.kind is not LayerKind.BUILTIN:
        yield None
    elif keeps_values(layer):
        for tensor in node.outputs:
            yield from _behind(graph, tensor, seen)
    else:
        yield layer.inner if layer.class_name in ("TimeDistributed", "Bidirectional") and layer.inner else layer


def keeps_values(layer: Layer) -> bool:
    """Whether a layer hands on the values it gets, or some of them, at another place."""
    name = (
        layer.inner.class_name
        if layer.class_name == "TimeDistributed" and layer.inner is not None
        else layer.class_name
    )
    return name in KEEPING or name.startswith(("ZeroPadding", "Cropping", "UpSampling", "Random"))
