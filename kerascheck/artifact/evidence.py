"""What stored weights prove of layers that nobody knows.

A Lambda, or a layer of a user's own, gives a shape that only its code tells. Most keep that of their input, and where the
layers behind them hold exactly the weights that they would have then, they do: the kernel behind a Flatten has a row for each
value of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.artifact.stored import Counter
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.values import Unknown

OPAQUE: Final = frozenset({LayerKind.LAMBDA, LayerKind.CUSTOM})


def undecided(graph: ModelGraph) -> frozenset[str]:
    """The layers that nobody knows, and that give an unknown shape, by their names."""
    return frozenset(
        node.layer.name for node in graph.nodes if _opaque(node) and isinstance(node.output_shape, Unknown)
    )


def proven(graph: ModelGraph, kept: frozenset[str], stored: Counter) -> frozenset[str]:
    """The layers of `kept`, which give the shape of their input in `graph`, of which the weights of the file prove that."""
    for layer in graph.layers:
        if layer.kind is LayerKind.BUILTIN and layer.parameters and stored(layer.name) != layer.parameters:
            return frozenset()
    found: set[str] = set()
    for end in graph.nodes:
        if _tells_size(graph, end):
            # Of two in a row one may take away what the other adds.
            open_ones = [node.layer.name for node in _upstream(graph, end, kept) if node.layer.name in kept - found]
            found.update(open_ones if len(open_ones) == 1 else ())
    calls = [node.layer.name for node in graph.nodes]
    return frozenset(name for name in found if calls.count(name) == 1)


def behind(graph: ModelGraph) -> str:
    """Which shapes of a model are not known, and why, in a line; empty where those are only of layers that nobody knows."""
    hidden = [node for node in graph.nodes if not _opaque(node) and _open(node)]
    causes = [node.layer.name for node in graph.nodes if _opaque(node) and _open(node)]
    if not hidden or not causes:
        return ""
    named = ", ".join(f"`{name}`" for name in causes[:3]) + (" and others" if len(causes) > 3 else "")
    count = "1 layer" if len(hidden) == 1 else f"{len(hidden)} layers"
    return f"the shapes of {count} behind {named} are not known, as only code tells what comes out there"


def _open(node: Node) -> bool:
    return any(isinstance(tensor.shape, Unknown) for tensor in node.outputs)


def _opaque(node: Node) -> bool:
    return node.layer.kind in OPAQUE


def _tells_size(graph: ModelGraph, end: Node) -> bool:
    """Whether a layer has a weight for each single value of what comes out of an opaque layer, or of what becomes of it."""
    if end.layer.class_name != "Dense" or isinstance(end.input_shape, Unknown) or len(end.input_shape) != 2:
        return False
    node = end
    while before := graph.before(node):
        (node, *others) = before
        if node.layer.class_name == "Flatten" or _opaque(node):
            return True
        if others or node.input_shape != node.output_shape:
            return False
    return False


def _upstream(graph: ModelGraph, end: Node, kept: frozenset[str]) -> Iterator[Node]:
    stack, seen = [end], {id(end)}
    while stack:
        node = stack.pop()
        yield node
        if _opaque(node) and node.layer.name not in kept:
            # The file itself says what comes out of it, whatever went in.
            continue
        fresh = [before for before in graph.before(node) if id(before) not in seen]
        seen.update(map(id, fresh))
        stack += fresh
