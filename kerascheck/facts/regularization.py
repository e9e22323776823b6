"""What in a model and in its training works against overfitting."""

from __future__ import annotations

from typing import Final

from kerascheck.facts.applications import network_of
from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.families import DROPOUTS, NOISE, NORMALIZATIONS
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Optimizer
from kerascheck.facts.values import Symbol, Unknown, Value

_ALWAYS: Final = NORMALIZATIONS | frozenset({"ActivityRegularization", "MixUp", "CutMix", "RandAugment", "AugMix"})
_STRENGTHS: Final = ("l1", "l2", "factor")


def may_be_regularized(graph: ModelGraph) -> bool:
    """Whether a model holds, or behind something unknown may hold, anything that works against overfitting."""
    return not graph.whole or any(_regularizes(graph, layer) for layer in graph.every_layer())


def _regularizes(graph: ModelGraph, layer: Layer) -> bool:
    if layer.kind is LayerKind.CUSTOM:
        # A pretrained base that is frozen learns nothing, and does nothing for the layers that do.
        return network_of(layer) is None or graph.trains(layer) is not False
    if layer.kind is LayerKind.OPERATION:
        return layer.class_name == "dropout"
    if layer.class_name in _ALWAYS or layer.class_name.startswith("Random"):
        return True
    if layer.class_name in DROPOUTS | NOISE:
        return not _is_zero(layer.config.get("rate", layer.config.get("stddev")))
    if not (_is_zero(layer.config.get("dropout", 0)) and _is_zero(layer.config.get("recurrent_dropout", 0))):
        return True
    penalties = (value for name, value in layer.config.items() if name.endswith(("_regularizer", "_constraint")))
    return any(is_penalty(value) for value in penalties)


def _is_zero(value: Value) -> bool:
    return value in (0, None) and not isinstance(value, Unknown)


def is_penalty(value: Value) -> bool:
    """Whether a regularizer or constraint does, or may do, anything: Keras 1 wrote ones of strength zero into every file."""
    if not isinstance(value, Symbol):
        return value is not None
    strengths = [value.arguments[name] for name in _STRENGTHS if name in value.arguments]
    return not strengths or any(not _is_zero(strength) for strength in strengths)


def may_decay_weights(optimizer: Optimizer | None) -> bool:
    """Whether an optimizer shrinks the weights, or may do so."""
    if optimizer is None or isinstance(optimizer.name, Unknown):
        return True
    return optimizer.name == "adamw" or not _is_zero(optimizer.arguments.get("weight_decay"))


def may_stop_early(fit: Fit) -> bool:
    """Whether a callback of a training ends it before it overfits, or may do so."""
    if isinstance(fit.callbacks, Unknown) or fit.unexpanded:
        return True
    return any(callback.may_stop for callback in fit.callbacks)


def may_augment(fit: Fit) -> bool:
    """Whether the data of a training are varied at random, or may be."""
    found = arrays(fit.x)
    return not found or any(_may_vary(array, labelled=fit.y is not None) for array in found)


def _may_vary(array: DataArray, *, labelled: bool) -> bool:
    if array.step(StepKind.AUGMENTED) is not None:
        return True
    if array.kind is DataKind.ARRAY:
        return False
    if array.kind is DataKind.GENERATOR:
        # The steps of a generator are known only where it is Keras's own.
        return array.step(StepKind.LOADED) is None
    # What is given together with labels is no generator: Keras refuses that.
    return not (labelled and array.kind is DataKind.UNKNOWN)
