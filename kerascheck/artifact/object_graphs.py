"""The attributes that lead to the variables of a checkpoint (TrackableObjectGraph), where their keys do not tell them.

The key of a variable is the shortest way to it, which in a model of one's own is its place in a list of all variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kerascheck.artifact.protobuf import fields, last_fields, messages, text

KEY: Final = "_CHECKPOINTABLE_OBJECT_GRAPH"
LISTS: Final = frozenset({"variables", "trainable_variables", "non_trainable_variables"})
_ASIDE: Final = LISTS | {"keras_api", "regularization_losses", "signatures"}
_NODES: Final = 100_000


def ways(graph: memoryview) -> Mapping[str, str]:
    """The way from the root to each variable by its key, through the model's own attributes alone (`encoder/kernel`)."""
    nodes = list(messages(graph, 1))
    found: dict[str, str] = {}
    for index, way in _walk(nodes):
        for attribute in messages(nodes[index], 2):
            key = text(last_fields(attribute).get(3))
            if key:
                found.setdefault(key, way)
    return found


def _walk(nodes: list[memoryview]) -> Iterator[tuple[int, str]]:
    """Every object with the shortest way to it."""
    ahead = [(0, "")] if nodes else []
    seen = {0}
    for index, way in ahead:
        yield index, way
        for child in messages(nodes[index], 1):
            about = dict(fields(child))
            target, name = about.get(1, 0), text(about.get(2))
            if isinstance(target, int) and target < len(nodes) and target not in seen and name not in _ASIDE:
                seen.add(target)
                ahead.append((target, f"{way}/{name}" if way else name))
                if len(ahead) > _NODES:
                    return
