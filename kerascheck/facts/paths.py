"""Ways through a graph: what stands before and behind a call, with layers of some kinds passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from kerascheck.facts.graph import ModelGraph, Node

Passing: TypeAlias = "Callable[[Node], bool]"


def source(graph: ModelGraph, node: Node, passing: Passing) -> Node | None:
    """The call that a call's only input comes from, behind the calls that `passing` holds for; None for an input or a merge."""
    while True:
        before = graph.before(node)
        if len(node.inputs) != 1 or len(before) != 1:
            return None
        node = before[0]
        if not passing(node):
            return node


def between(graph: ModelGraph, last: Node, first: Node) -> Iterator[Node]:
    """The calls of one chain from before `last` back to behind `first`."""
    node = last
    while (before := graph.before(node)) and before[0] is not first:
        node = before[0]
        yield node


def target(graph: ModelGraph, node: Node, passing: Passing) -> Node | None:
    """The one call that a call's output goes to, beyond those that `passing` holds for.

    None where the output is used twice, or is an output of the model, on the way.
    """
    while True:
        after = graph.after(node)
        if len(after) != 1 or graph.is_output(node):
            return None
        node = after[0]
        if not passing(node):
            return node


def applied_once(graph: ModelGraph, node: Node) -> bool:
    """Whether the layer of a call is applied nowhere else in the graph."""
    return graph.calls_of(node.layer) == 1
