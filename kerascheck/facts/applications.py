"""Pretrained bases of `keras.applications` in a graph."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.values import UNKNOWN, Shape
from kerascheck.keras_api.applications import Application, network


class Base(Struct, frozen=True):
    """A pretrained base: `node` is the call in the graph that holds it, `layer` the network, with its arguments.

    `layer` is `node.layer`, or the only layer of the model that `node` calls.
    """

    node: Node
    layer: Layer
    network: Application

    @property
    def entry(self) -> Shape:
        """The shape of what the network is built on."""
        model = self.node.layer.model if self.node.layer is not self.layer else None
        node = model.nodes[0] if model is not None else self.node
        return node.inputs[0].shape if node.inputs else UNKNOWN

    @property
    def is_pretrained(self) -> bool:
        """Whether it is proven to come with the weights of ImageNet."""
        return self.layer["weights"] == "imagenet"


def bases(graph: ModelGraph) -> Iterator[Base]:
    """The bases that a graph calls."""
    for node in graph.nodes:
        found = node.layer
        if found.model is not None and len(found.model.nodes) == 1:
            found = found.model.nodes[0].layer
        if (made := network_of(found)) is not None:
            yield Base(node, found, made)


def network_of(layer: Layer) -> Application | None:
    """The network that a layer is; None for any other layer."""
    is_base = layer.kind is LayerKind.CUSTOM and "include_top" in layer.config
    return network(layer.class_name) if is_base else None
