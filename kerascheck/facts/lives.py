"""What becomes of a model in a run: where it is built, whether anything may train it, whether it is handed on."""

from __future__ import annotations

from typing import Final

from kerascheck.facts.events import Event, Fit, Fitting, ModelUse
from kerascheck.facts.graph import GraphKind, LayerKind, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown

WEIGHTED: Final = ("load_weights", "set_weights", "load_own_variables", "quantize")
LOADERS: Final = ("load_model", "clone_model", "model_from_json", "model_from_yaml", "from_config", "from_pretrained")
OWN_TRAINING: Final = (
    "GradientTape",
    "gradients",
    "get_updates",
    "value_and_grad",
    "minimize",
    "apply_gradients",
    "keras.backend.function",
)


def built(program: TrainingProgram, model: int | Unknown) -> ModelUse | None:
    """The event that made a model."""
    return next(iter(program.uses(model, "built")), None)


def trains_by_hand(program: TrainingProgram) -> bool:
    """Whether the program may train models without `fit`."""
    return any(True for _ in program.calls(*OWN_TRAINING))


def is_loaded(program: TrainingProgram, model: int | Unknown) -> bool:
    """Whether a model comes out of a file, or is a copy that some code fills."""
    made = built(program, model)
    return made is not None and any(call.location == made.location for call in program.calls(*LOADERS))


def brings_weights(graph: ModelGraph) -> bool:
    """Whether a model may have learned elsewhere: it holds code that is not known, or layers that are given weights."""
    if graph.kind is GraphKind.SUBCLASSED or graph.from_file or not graph.whole:
        return True
    unknown = (LayerKind.CUSTOM, LayerKind.CHOICE)
    return any(layer.kind in unknown or "weights" in layer.given for layer in graph.every_layer())


def may_be_trained(program: TrainingProgram, model: int | Unknown, before: Event | None = None) -> bool:
    """Whether anything may have given a model its weights: a fit, a file, code that is not known, a loop of its own.

    With `before` only what comes earlier counts, or shares a loop with that event.
    """
    graph = program.graph(model)
    if graph is None or brings_weights(graph) or trains_by_hand(program) or is_loaded(program, model):
        return True
    keys = {layer.key for layer in graph.every_layer()}
    for event in program.events:
        if isinstance(event, Fitting) and event.method == "set_weights" and event.key in keys:
            return True
        if not isinstance(event, (Fit, ModelUse)) or (before is not None and not _comes_before(event, before)):
            continue
        if isinstance(event, Fit):
            if program.related(model, event.model):
                return True
        elif event.use in (*WEIGHTED, "passed", "returned") and program.related(model, event.model):
            return True
    return False


def _comes_before(event: Event, other: Event) -> bool:
    return event.order < other.order or bool({loop.key for loop in event.loops} & {loop.key for loop in other.loops})


def resets_weights(program: TrainingProgram, model: int | Unknown, loop: int) -> bool:
    """Whether a loop sets the weights of a model itself, so that each turn may start afresh."""
    return any(
        any(around.key == loop for around in event.loops)
        for event in program.of(ModelUse)
        if event.use in (*WEIGHTED, "passed") and program.related(model, event.model)
    )
