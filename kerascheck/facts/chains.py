"""Straight runs of calls in a graph: each takes only what the one before it gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.families import CONVOLUTIONS, DEPTHWISE, KERNELS, TRANSPOSED, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.values import Unknown, Value

_PLAIN: Final = CONVOLUTIONS - DEPTHWISE - TRANSPOSED


@once_per_graph
def chains(graph: ModelGraph) -> tuple[tuple[Node, ...], ...]:
    """All calls, each in one maximal run; a merge begins a run and a fork ends one. Inputs are left out."""
    runs: list[list[Node]] = []
    # The run that ends in a tensor, as long as nothing else takes that tensor.
    ends: dict[int, list[Node]] = {}
    takers: dict[int, int] = {tensor.key: 2 for tensor in graph.outputs}
    for node in graph.nodes:
        for tensor in node.inputs:
            takers[tensor.key] = takers.get(tensor.key, 0) + 1
    for node in graph.nodes:
        if not node.inputs:
            continue
        entry = node.inputs[0].key
        run = ends.get(entry) if len(node.inputs) == 1 and takers[entry] == 1 else None
        if run is None:
            run = []
            runs.append(run)
        run.append(node)
        if len(node.outputs) == 1:
            ends[node.outputs[0].key] = run
    return tuple(tuple(run) for run in runs)


@once_per_graph
def first_layers(graph: ModelGraph) -> tuple[Node, ...]:
    """The first call of each layer instance."""
    first: dict[int, Node] = {}
    for node in graph.nodes:
        first.setdefault(node.layer.key, node)
    return tuple(first.values())


def beyond(graph: ModelGraph, node: Node, accepts: Callable[[Node], bool]) -> bool:
    """Whether a call that `accepts` holds for lies somewhere behind `node`."""
    waiting, seen = list(graph.after(node)), {id(node)}
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        if accepts(found):
            return True
        seen.add(id(found))
        waiting.extend(graph.after(found))
    return False


def has_kernel(node: Node) -> bool:
    """Whether a call multiplies by a learned kernel."""
    layer = core(node.layer)
    return layer.kind is LayerKind.BUILTIN and layer.class_name in KERNELS


def is_convolution(layer: Layer) -> bool:
    """Whether a layer is a convolution that makes new channels: no depthwise one and no transposed one."""
    found = core(layer)
    return found.class_name in _PLAIN and found.kind is LayerKind.BUILTIN


def sizes(layer: Layer, argument: str) -> tuple[int, ...] | None:
    """An argument with one integer an axis; None where one of them is not known."""
    return integers(core(layer)[argument])


def integers(value: Value) -> tuple[int, ...] | None:
    """A value as integers; None where one of them is not known."""
    items = value if isinstance(value, tuple) else (value,)
    found = tuple([item for item in items if isinstance(item, int) and not isinstance(item, bool)])
    return found if found and len(found) == len(items) else None


def spatial(node: Node, shape: Sequence[object] | Unknown) -> tuple[int, ...] | None:
    """The axes of feature maps between the batch and the channels; None where they are not known."""
    layer = core(node.layer)
    if isinstance(shape, Unknown) or len(shape) < 3:
        return None
    axes = shape[2:] if layer["data_format"] == "channels_first" else shape[1:-1]
    found = tuple(axis for axis in axes if isinstance(axis, int))
    return found if len(found) == len(axes) else None
