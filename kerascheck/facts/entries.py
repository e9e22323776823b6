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

_WRAPPERS: Final = ("TimeDistributed", "Bidirectional")
_HANDING_ON: Final = CONVOLUTIONS | DENSE | KEEPING | frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU"})


@once_per_graph
def entries(graph: ModelGraph) -> tuple[Layer, ...] | None:
    """The first layers on each way from the inputs that do more than reorder values; None where one is not known."""
    nodes = _first_nodes(graph)
    return (
        tuple(
            node.layer.inner if node.layer.inner and node.layer.class_name in _WRAPPERS else node.layer
            for _, node in nodes
        )
        if nodes
        else None
    )


@once_per_graph
def loses_scale(graph: ModelGraph) -> bool:
    """Whether the model is proven to give the same, and to learn the same, whatever factor its inputs are multiplied by."""
    nodes = _first_nodes(graph)
    return bool(nodes) and all(_is_normalized_behind(inside, node) for inside, node in nodes or ())


@once_per_graph
def _first_nodes(graph: ModelGraph) -> tuple[tuple[ModelGraph, Node], ...] | None:
    """The calls of the first layers, each with the graph that it stands in; None where one is not known."""
    if not graph.whole:
        return None
    found: list[tuple[ModelGraph, Node]] = []
    for tensor in graph.inputs:
        for entry in _behind(graph, tensor, set()):
            if entry is None:
                return None
            found.append(entry)
    return tuple(found) if found else None


def _behind(graph: ModelGraph, tensor: Tensor, seen: set[int]) -> Iterator[tuple[ModelGraph, Node] | None]:
    if tensor.key in seen:
        return
    seen.add(tensor.key)
    consumers = [node for node in graph.consumers(tensor) if tensor not in node.outputs]
    if not consumers:
        yield None
    for node in consumers:
        yield from _of_node(graph, node, seen)


def _of_node(graph: ModelGraph, node: Node, seen: set[int]) -> Iterator[tuple[ModelGraph, Node] | None]:
    layer = node.layer
    if layer.kind is LayerKind.MODEL and layer.model is not None:
        yield from _first_nodes(layer.model) or (None,)
    elif layer.kind is not LayerKind.BUILTIN:
        yield None
    elif keeps_values(layer):
        for tensor in node.outputs:
            yield from _behind(graph, tensor, seen)
    else:
        yield graph, node


def _is_normalized_behind(graph: ModelGraph, node: Node) -> bool:
    """Whether all that gets the output of a kernel takes the input's scale out of it.

    The kernel, its bias of zeros and a relu all hand a factor of the input on, and a normalization divides by it: loss and
    gradients of the kernel are the same at every scale.
    """
    layer, after = node.layer, graph.after(node)
    if layer.class_name not in _HANDING_ON or not _hands_factor_on(layer) or not after or graph.is_output(node):
        return False
    return all(step.layer.class_name in NORMALIZATIONS or _is_normalized_behind(graph, step) for step in after)


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
