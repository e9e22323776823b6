"""What sets the learning rate while a model is fitted."""

from __future__ import annotations

from typing import Final

from kerascheck.facts.graph import LayerKind, ModelGraph, Optimizer
from kerascheck.facts.training import Fit, TrainingProgram
from kerascheck.facts.values import Symbol, Unknown

SCHEDULERS: Final = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})
"""Callbacks that change the learning rate."""

ADAPTIVE: Final = frozenset(
    {"adam", "adamw", "adamax", "nadam", "lamb", "lion", "adafactor", "muon", "schedule_free_adamw"}
)
"""Optimizers whose steps are about as large as the rate itself, whatever the gradient."""


_PLAIN: Final = frozenset({"Flatten", "InputLayer", "Normalization", "Rescaling", "Reshape"})


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
    """Whether the rate that the optimizer was made with is written over, or may be for all that is known."""
    if fit.unexpanded or isinstance(fit.callbacks, Unknown) or optimizer.key in program.rates_in_hand:
        return True
    return any(callback.custom or callback.name == "LearningRateScheduler" for callback in fit.callbacks)


def is_linear(graph: ModelGraph) -> bool:
    """Whether a model is proven to have no non-linearity before its output, so that its loss is convex or nearly so."""
    return bool(graph.nodes) and all(
        node.layer.kind is LayerKind.BUILTIN
        and (node.layer.class_name in _PLAIN or ("activation" in node.layer.config and node.layer.activation is None))
        for node in graph.nodes
        if not graph.is_output(node)
    )
