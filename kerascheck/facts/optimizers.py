"""What sets the learning rate while a model is fitted."""

from __future__ import annotations

import re
from typing import Final

from kerascheck.facts.events import Fit
from kerascheck.facts.graph import LayerKind, ModelGraph, Node, Optimizer
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Symbol, Unknown

SCHEDULERS: Final = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})
"""Callbacks that change the learning rate."""

ADAPTIVE: Final = frozenset(
    {"adam", "adamw", "adamax", "nadam", "lamb", "lion", "adafactor", "muon", "schedule_free_adamw"}
)
"""Optimizers whose steps are about as large as the rate itself, whatever the gradient."""


_RATE: Final = r"(?i)lr|rate|sched|cycl|warm|anneal|decay|find|cosine|restart|super"
_BENDING: Final = frozenset({"ELU", "LeakyReLU", "PReLU", "ReLU", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"})


def number(optimizer: Optimizer, argument: str) -> float | None:
    """An argument as a number; None where it is none or not proven."""
    value = optimizer[argument]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def has_schedule(optimizer: Optimizer) -> bool:
    """Whether the rate is a schedule object, or falls by `decay`."""
    return isinstance(optimizer["learning_rate"], Symbol) or bool(number(optimizer, "decay"))


def is_rescheduled(program: TrainingProgram, optimizer: Optimizer, fit: Fit) -> bool:
    """Whether something else than the optimizer sets the rate, or may do so for all that is known."""
    if fit.unexpanded or isinstance(fit.callbacks, Unknown) or optimizer.key in program.rates_in_hand:
        return True
    return any(callback.custom or callback.name in SCHEDULERS for callback in fit.callbacks)


def is_set_by_callback(program: TrainingProgram, optimizer: Optimizer, fit: Fit) -> bool:
    """Whether the rate that the optimizer was made with is written over, or may be: of callbacks that Keras does not
    have, their names tell."""
    if fit.unexpanded or isinstance(fit.callbacks, Unknown) or optimizer.key in program.rates_in_hand:
        return True
    return any(
        callback.name == "LearningRateScheduler" or (callback.custom and re.search(_RATE, callback.name))
        for callback in fit.callbacks
    )


def is_nonlinear(graph: ModelGraph) -> bool:
    """Whether a model is proven to have a non-linearity before its output; without one its loss is convex or nearly so."""
    return any(_bends(node) for node in graph.nodes if not graph.is_output(node))


def _bends(node: Node) -> bool:
    layer = node.layer.inner or node.layer
    if layer.model is not None:
        return any(_bends(inner) for inner in layer.model.nodes)
    return layer.class_name in _BENDING or (layer.kind is LayerKind.BUILTIN and isinstance(layer.activation, str))


def start_scale(graph: ModelGraph) -> float | None:
    """The standard deviation of the smallest weights that Keras starts a Dense layer of this model with.

    Glorot's uniform initializer, the default, has a variance of 2 / (units in + units out).
    """
    scales: list[float] = []
    for node in graph.nodes:
        shape, units = node.input_shape, node.layer["units"]
        width = shape[-1] if isinstance(shape, tuple) and shape else UNKNOWN
        if node.layer.class_name == "Dense" and isinstance(width, int) and isinstance(units, int):
            scales.append((2 / max(width + units, 1)) ** 0.5)
    return min(scales) if len(scales) > 1 else None
