"""Facts that follow from a graph, worked out once for all rules that ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

from kerascheck.facts.graph import ModelGraph

T = TypeVar("T")


def once_per_graph(function: Callable[[ModelGraph], T]) -> Callable[[ModelGraph], T]:
    """Keep what a function of a graph gives with that graph."""

    @wraps(function)
    def kept(graph: ModelGraph) -> T:
        found = graph.derived
        if function not in found:
            found[function] = function(graph)
        return cast("T", found[function])

    return kept
