"""How much of what a script builds and trains was recovered."""

from __future__ import annotations

from kerascheck.facts.events import Compiled, Fit, arrays
from kerascheck.facts.graph import Compile, LayerKind, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Coverage


def coverage(graphs: tuple[ModelGraph, ...], program: TrainingProgram | None = None) -> Coverage:
    """How much of a file's models the reader recovered."""
    layers = [layer for graph in graphs for layer in graph.layers]
    opaque = sum(layer.kind in (LayerKind.CUSTOM, LayerKind.LAMBDA) for layer in layers)
    gaps = sorted({gap.construct for graph in graphs for gap in graph.gaps})
    lost = sum(not graph.whole_here and not graph.outputs for graph in graphs)
    whole = sum(graph.whole for graph in graphs)
    elsewhere = sum(graph.whole_here for graph in graphs) - whole
    fits = {event.location: event for event in program.of(Fit)} if program is not None else {}
    compiled = {event.location: event.compile for event in program.of(Compiled)} if program is not None else {}
    known = sum(map(_arguments_known, fits.values())) + sum(map(_compile_known, compiled.values()))
    return Coverage(
        models=len(graphs),
        whole=whole,
        layers=len(layers),
        opaque=opaque,
        gaps=tuple(gaps),
        cut_short=program.cut_short if program is not None else "",
        partial=len(graphs) - whole - elsewhere - lost,
        lost=lost,
        fits=len(fits),
        fits_known=sum(_origin_known(fit) for fit in fits.values()),
        elsewhere=elsewhere,
        calls=len(fits) + len(compiled),
        calls_known=known,
    )


_OF_DATA = frozenset(
    {
        "steps_per_epoch",
        "validation_steps",
        "samples_per_epoch",
        "nb_val_samples",
        "sample_weight",
        "class_weight",
        "initial_epoch",
    }
)
"""Arguments of `fit` that data decide."""


def _arguments_known(fit: Fit) -> bool:
    decided = _OF_DATA | fit.tried
    values = (value for name, value in fit.arguments.items() if name not in decided)
    return not fit.unexpanded and UNKNOWN not in values


def _compile_known(compiled: Compile | None) -> bool:
    """Whether optimizer and losses are known; a user's own have a name."""
    if compiled is None or isinstance(compiled.losses, Unknown):
        return False
    optimizer = compiled.optimizer
    named = optimizer is None or bool(optimizer.written) or not isinstance(optimizer.name, Unknown)
    return named and all(
        loss is None or loss.custom or bool(loss.written) or not isinstance(loss.name, Unknown)
        for loss in compiled.losses
    )


def _origin_known(fit: Fit) -> bool:
    found = arrays(fit.x)
    return bool(found) and all(array.rows is not None or not isinstance(array.origin, Unknown) for array in found)
