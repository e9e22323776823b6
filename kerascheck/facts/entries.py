"""What an input of a model meets first: the layers that compute with its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.families import (
    CONVOLUTIONS,
    DENSE,
    DROPOUTS,
    NOISE,
    NORMALIZATIONS,
    POOLINGS,
    activation_of,
)
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

_HANDING_ON: Final = CONVOLUTIONS | DENSE | KEEPING | frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU"})


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
    elif (normalization := _normalization_behind(graph, node)) is not None:
        yield normalization
    else:
        yield layer.inner if layer.class_name in ("TimeDistributed", "Bidirectional") and layer.inner else layer


def _normalization_behind(graph: ModelGraph, node: Node) -> Layer | None:
    """The normalization that takes the input's scale out of what a kernel makes of it, where nothing else gets that.

    The kernel, its bias of zeros and a relu all hand a factor of the input on, and the normalization divides by it: loss
    and gradients of the kernel are the same at every scale.
    """
    if node.layer.class_name not in _HANDING_ON or graph.is_output(node):
        return None
    found: Layer | None = None
    for step in graph.after(node):
        if not _hands_factor_on(node.layer):
            return None
        normal = step.layer if step.layer.class_name in NORMALIZATIONS else _normalization_behind(graph, step)
        if normal is None:
            return None
        found = found or normal
    return found


def _hands_factor_on(layer: Layer) -> bool:
    return layer.class_name in KEEPING or activation_of(layer) in (None, "relu", "leaky_relu", "prelu")


def keeps_values(layer: Layer) -> bool:
    """Whether a layer hands on the values it gets, or some of them, at another place."""
    name = (
        layer.inner.class_name
        if layer.class_name == "TimeDistributed" and layer.inner is not None
        else layer.class_name
    )
    return name in KEEPING or name.startswith(("ZeroPadding", "Cropping", "UpSampling", "Random"))
