"""Which function knows which layer."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.graph import Layer, LayerKind
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
from kerascheck.shapes.call import Call, ParameterFunction, ShapeFunction

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
    return [UNKNOWN if isinstance(t.shape, Unknown) or not t.shape else (batch, *t.shape[1:]) for t in graph.outputs]


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
