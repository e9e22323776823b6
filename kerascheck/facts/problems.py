"""Why Keras refuses a call: what a problem of shape inference comes from."""

from __future__ import annotations

import enum
from typing import Final

from kerascheck.facts.families import (
    ACTIVATIONS,
    CONVOLUTIONAL_RECURRENT,
    NORMALIZATIONS,
    PASSING,
    RECURRENT,
    SPATIAL_DROPOUTS,
    core,
)
from kerascheck.facts.graph import ModelGraph, Node, Problem
from kerascheck.facts.paths import source
from kerascheck.facts.values import Shape, Unknown

_KEEPING: Final = (PASSING - SPATIAL_DROPOUTS) | NORMALIZATIONS | ACTIVATIONS


class Cause(enum.Enum):
    """What a refused rank comes from."""

    NO_SEQUENCE = "a recurrent layer hands on its last output only"
    BATCH_IN_SHAPE = "the batch axis stands in the declared input shape"
    OTHER = "other"


def call_of(graph: ModelGraph, problem: Problem) -> Node | None:
    """The call that a problem is about."""
    same = (node for node in graph.nodes if node.layer.key == problem.layer.key)
    return next((node for node in same if node.location == problem.location), None)


def sources_of(graph: ModelGraph, problem: Problem) -> list[tuple[Node, Shape]]:
    """The calls that made the inputs of a refused call, each with the shape that it made."""
    node = call_of(graph, problem)
    if node is None:
        return []
    return [(made, tensor.shape) for tensor in node.inputs if (made := graph.producer(tensor)) is not None]


def without_sequence(graph: ModelGraph, problem: Problem) -> Node | None:
    """The recurrent layer without `return_sequences` whose output a refused call gets; None for any other problem."""
    node = call_of(graph, problem)
    if node is None or problem.kind != "rank":
        return None
    made = source(graph, node, lambda found: core(found.layer).class_name in _KEEPING)
    if made is None:
        return None
    layer = core(made.layer)
    recurrent = layer.class_name in RECURRENT | CONVOLUTIONAL_RECURRENT
    return made if recurrent and layer["return_sequences"] is False else None


def batch_in_shape(graph: ModelGraph, problem: Problem) -> bool:
    """Whether a script declares one axis too many, and the first reads as the batch: None, or far the largest."""
    node = call_of(graph, problem)
    if node is None or graph.from_file or problem.kind != "rank" or not problem.excess or len(node.inputs) != 1:
        return False
    made = graph.producer(node.inputs[0])
    shape = node.inputs[0].shape
    if (made is not None and made.layer.class_name != "InputLayer") or isinstance(shape, Unknown):
        return False
    rows, *sizes = shape[1:]
    known = [size for size in sizes if isinstance(size, int)]
    return problem.excess == 1 and (
        rows is None or (isinstance(rows, int) and len(known) == len(sizes) and rows > max(known))
    )


def cause_of(graph: ModelGraph, problem: Problem) -> Cause:
    """What a refused rank comes from, as far as it is proven."""
    if batch_in_shape(graph, problem):
        return Cause.BATCH_IN_SHAPE
    return Cause.OTHER if without_sequence(graph, problem) is None else Cause.NO_SEQUENCE
