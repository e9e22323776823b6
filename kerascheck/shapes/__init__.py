"""Symbolic shape inference: what a layer makes of its inputs' shapes, and how many weights it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from kerascheck.facts.graph import Layer, LayerKind
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.shapes.call import Call, Refusal
from kerascheck.shapes.merging import ELEMENTWISE
from kerascheck.shapes.table import parameter_function, shape_function

_NOTHING: Mapping[str, Value] = {}


class Inference(Struct, frozen=True):
    """The output shapes of a call. `kind` is `rank` or `shape` when Keras refuses it (the shapes are then unknown)."""

    shapes: tuple[Shape, ...]
    kind: str = ""
    message: str = ""
    excess: int = 0


def infer(layer: Layer, inputs: Sequence[Shape], arguments: Mapping[str, Value] = _NOTHING) -> Inference:
    """The shapes that a call of `layer` on tensors of these shapes gives."""
    function = shape_function(layer)
    if function is None or _lacks_batch(layer, inputs):
        return Inference((UNKNOWN,))
    try:
        return Inference(tuple(function(Call(layer, tuple(inputs), arguments))))
    except Refusal as refusal:
        return Inference((UNKNOWN,), refusal.kind, refusal.message, refusal.excess)


def count_parameters(layer: Layer, inputs: Sequence[Shape], arguments: Mapping[str, Value] = _NOTHING) -> int | Unknown:
    """The number of weights, trainable and not, that `layer` has once built on inputs of these shapes."""
    if layer.kind is LayerKind.OPERATION:
        return 0
    function = parameter_function(layer)
    if function is None or _lacks_batch(layer, inputs):
        return UNKNOWN
    try:
        return function(Call(layer, tuple(inputs), arguments))
    except Refusal:
        return UNKNOWN


def _lacks_batch(layer: Layer, inputs: Sequence[Shape]) -> bool:
    """Whether a layer is called on a scalar, which has not even the batch axis that every layer's input has."""
    if layer.kind is not LayerKind.BUILTIN or () not in inputs:
        return False
    # Beside a tensor that has one, an elementwise merge refuses the scalar.
    return layer.class_name not in ELEMENTWISE or not any(isinstance(shape, tuple) and shape for shape in inputs)
