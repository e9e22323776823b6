"""Which function knows which layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.shapes import (
    attention,
    convolution,
    core,
    merging,
    normalization,
    operations,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
)
from kerascheck.shapes.call import Call, ParameterFunction, Refusal, ShapeFunction

LAYERS: Mapping[str, ShapeFunction] = {
    **core.SHAPES,
    **convolution.SHAPES,
    **pooling.SHAPES,
    **reshaping.SHAPES,
    **merging.SHAPES,
    **normalization.SHAPES,
    **recurrent.SHAPES,
    **preprocessing.SHAPES,
    **attention.SHAPES,
}

WEIGHTS: Mapping[str, ParameterFunction] = {
    **core.PARAMETERS,
    **convolution.PARAMETERS,
    **normalization.PARAMETERS,
    **recurrent.PARAMETERS,
    **preprocessing.PARAMETERS,
    **attention.PARAMETERS,
}


def model_outputs(call: Call) -> list[Shape]:
    """A model as a layer gives the shapes of its outputs; the batch axis is the call's."""
    graph = call.layer.model
    if graph is None or not graph.outputs:
        return [UNKNOWN]
    dims = call.dims()
    batch = dims[0] if dims else None
    shapes = shapes_within(graph, call.inputs)
    found = [shapes.get(tensor.key, tensor.shape) for tensor in graph.outputs]
    return [UNKNOWN if isinstance(shape, Unknown) or not shape else (batch, *shape[1:]) for shape in found]


def shapes_within(graph: ModelGraph, inputs: Sequence[Shape]) -> dict[int, Shape]:
    """The shapes of the tensors of a model that is called on more than it declared: images of one size, not of any."""
    if len(inputs) != len(graph.inputs) or not any(map(narrows, inputs, (tensor.shape for tensor in graph.inputs))):
        return {}
    shapes: dict[int, Shape] = dict(zip((tensor.key for tensor in graph.inputs), inputs, strict=True))
    for node in graph.nodes:
        if not node.inputs:
            continue
        given = tuple(shapes.get(tensor.key, tensor.shape) for tensor in node.inputs)
        function = shape_function(node.layer)
        try:
            made = [UNKNOWN] if function is None else function(Call(node.layer, given, node.arguments))
        except Refusal:
            made = [UNKNOWN]
        for tensor, shape in zip_longest(node.outputs, made[: len(node.outputs)], fillvalue=UNKNOWN):
            if not isinstance(tensor, Unknown):
                shapes[tensor.key] = loosened(tensor.shape) if isinstance(shape, Unknown) else shape
    return shapes


def narrows(given: Shape, declared: Shape) -> bool:
    """Whether a call says more of an axis than the model's input does."""
    if isinstance(given, Unknown) or isinstance(declared, Unknown) or len(given) != len(declared):
        return isinstance(declared, Unknown) and not isinstance(given, Unknown)
    return any(
        declared[axis] is not given[axis] and not isinstance(declared[axis], int) for axis in range(1, len(given))
    )


def loosened(shape: Shape) -> Shape:
    """What stays known of a shape behind an opaque layer when a variable axis before it became a fixed one."""
    if isinstance(shape, Unknown):
        return UNKNOWN
    return (*shape[:1], *(UNKNOWN if size is None else size for size in shape[1:]))


def model_parameters(call: Call) -> int | Unknown:
    return UNKNOWN if call.layer.model is None else call.layer.model.parameters


def no_parameters(call: Call) -> int | Unknown:
    return 0


def shape_function(layer: Layer) -> ShapeFunction | None:
    """The function that infers a layer's output shapes; None when nothing is known of it."""
    if layer.kind is LayerKind.MODEL:
        return model_outputs
    if layer.kind is LayerKind.OPERATION:
        return operations.SHAPES.get(layer.class_name)
    if layer.kind is LayerKind.BUILTIN:
        return LAYERS.get(layer.class_name)
    return None


def parameter_function(layer: Layer) -> ParameterFunction | None:
    """The function that counts a layer's weights; None when nothing is known of it."""
    if layer.kind is LayerKind.MODEL:
        return model_parameters
    if layer.kind is LayerKind.LAMBDA:
        return no_parameters
    if layer.kind is not LayerKind.BUILTIN:
        return None
    found = WEIGHTS.get(layer.class_name)
    if found is not None:
        return found
    return no_parameters if layer.class_name in LAYERS or layer.class_name == "InputLayer" else None
