"""Optimizers, schedules, callbacks and the methods of a model, of any generation, under today's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerascheck.facts.values import Symbol, Value
from kerascheck.keras_api import tables
from kerascheck.keras_api.binding import NOTHING, Bound, Normalized, bind, finish

_SNAKE = {
    "LossScaleOptimizer": "loss_scale_optimizer",
    "MultiOptimizer": "multi_optimizer",
    "ScheduleFreeAdamW": "schedule_free_adamw",
}
_TINY = 1e-3
_OPTIMIZER_RENAMES = {"lr": "learning_rate"}
_OLD_OPTIMIZER_ORDER: Mapping[str, tuple[str, ...]] = {
    "SGD": ("learning_rate", "momentum", "decay", "nesterov"),
    "RMSprop": ("learning_rate", "rho", "epsilon", "decay"),
    "Adagrad": ("learning_rate", "epsilon", "decay"),
    "Adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "decay", "amsgrad"),
    "Adamax": ("learning_rate", "beta_1", "beta_2", "epsilon", "decay"),
    "Nadam": ("learning_rate", "beta_1", "beta_2", "epsilon", "schedule_decay"),
}
_CALLBACK_RENAMES: Mapping[str, Mapping[str, str]] = {"ReduceLROnPlateau": {"epsilon": "min_delta"}}

_GENERATOR_FIT = ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps")
_METHODS: Mapping[str, str] = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_classes": "predict",
    "predict_proba": "predict",
}
_METHOD_ORDER: Mapping[str, tuple[str, ...]] = {
    "fit_generator": (*_GENERATOR_FIT, "class_weight", "max_queue_size", "workers", "use_multiprocessing"),
    "evaluate_generator": ("x", "steps", "max_queue_size", "workers", "use_multiprocessing"),
    "predict_generator": ("x", "steps", "max_queue_size", "workers", "use_multiprocessing", "verbose"),
    "predict_classes": ("x", "batch_size", "verbose"),
    "predict_proba": ("x", "batch_size", "verbose"),
}
_METHOD_RENAMES: Mapping[str, str] = {
    "nb_epoch": "epochs",
    "nb_val_samples": "validation_steps",
    "generator": "x",
    "samples_per_epoch": "steps_per_epoch",
    "val_samples": "steps",
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
}
_KEPT = ("samples_per_epoch", "nb_val_samples", "val_samples")


def optimizer(
    written: str, positional: Sequence[Value] = (), keywords: Mapping[str, Value] = NOTHING, *, complete: bool = True
) -> Normalized | None:
    """An optimizer by class name or identifier, under its lower-case name; None when Keras has none of that name."""
    name = tables.folded("optimizers").get(written.lower())
    if name is None or name == "Optimizer":
        return None
    parameters = tables.signature("optimizers", name) or ()
    order: Sequence[str] = [parameter.name for parameter in parameters]
    if is_old_optimizer(name, positional):
        order = _OLD_OPTIMIZER_ORDER[name]
    bound = bind(order, positional, keywords)
    for old, new in _OPTIMIZER_RENAMES.items():
        if old in bound.values:
            bound.rename(old, new)
    result = finish(name, parameters, bound, complete=complete)
    return Normalized(_SNAKE.get(name, name.lower()), result.arguments, result.sources)


def is_old_optimizer(name: str, positional: Sequence[Value]) -> bool:
    """Whether the types and sizes of positional arguments fit the order of Keras 1 and 2 only."""

    def number(index: int) -> float | None:
        found = positional[index] if len(positional) > index else None
        return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None

    match name:
        case "SGD":
            return number(2) is not None
        case "Adam" | "Adamax" | "Nadam":
            return number(4) is not None
        case "RMSprop":
            return _is_tiny(number(2))
        case "Adagrad":
            return _is_tiny(number(1))
        case _:
            return False


def _is_tiny(value: float | None) -> bool:
    return value is not None and 0 < value <= _TINY


def schedule(
    written: str, positional: Sequence[Value] = (), keywords: Mapping[str, Value] = NOTHING, *, complete: bool = True
) -> Normalized | None:
    """A learning rate schedule; None when Keras has none of that name."""
    name = {"PiecewiseConstant": "PiecewiseConstantDecay"}.get(written, written)
    return _plain("schedules", name, positional, keywords, complete=complete)


def callback(
    written: str, positional: Sequence[Value] = (), keywords: Mapping[str, Value] = NOTHING, *, complete: bool = True
) -> Normalized | None:
    """A callback; None when Keras has none of that name."""
    if written == "Callback":
        return None
    name = {"BackupAndRestoreV2": "BackupAndRestore", "TensorBoardV1": "TensorBoard"}.get(written, written)
    return _plain("callbacks", name, positional, keywords, complete=complete)


def _plain(
    table: str, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], *, complete: bool
) -> Normalized | None:
    parameters = tables.signature(table, name)
    if parameters is None:
        return None
    bound = bind([parameter.name for parameter in parameters], positional, keywords)
    for old, new in _CALLBACK_RENAMES.get(name, {}).items():
        if old in bound.values:
            bound.rename(old, new)
    return finish(name, parameters, bound, complete=complete)


def method(
    name: str, positional: Sequence[Value] = (), keywords: Mapping[str, Value] = NOTHING, *, complete: bool = True
) -> Normalized | None:
    """A call of a model's method; `arguments` holds only what was given. None for a method that is not one of training."""
    today = _METHODS.get(name, name)
    parameters = tables.signature("methods", today)
    if parameters is None:
        return None
    order: Sequence[str] = _METHOD_ORDER.get(name) or [parameter.name for parameter in parameters]
    if name == "compile" and len(positional) > 2 and is_metrics(positional[2]):
        order = ("optimizer", "loss", "metrics", "loss_weights", "sample_weight_mode", "weighted_metrics")
    bound = bind(order, positional, keywords)
    _rename_method(bound)
    return Normalized(today, bound.values, bound.sources)


def positional_names(method_name: str) -> Sequence[str]:
    """Today's names for the positional arguments of a method, in the order that the method takes them."""
    parameters = tables.signature("methods", _METHODS.get(method_name, method_name)) or ()
    return _METHOD_ORDER.get(method_name) or [parameter.name for parameter in parameters]


def _rename_method(bound: Bound) -> None:
    for old, new in _METHOD_RENAMES.items():
        if old not in bound.values:
            continue
        if old in _KEPT and new not in bound.values:
            bound.put(new, bound.values[old], *bound.sources[old])
        elif old not in _KEPT:
            bound.rename(old, new)


def is_metrics(value: Value) -> bool:
    """Whether a third argument of compile is the metrics of Keras 1 and 2 (names) and no loss weights (numbers)."""
    if isinstance(value, str):
        return True
    return isinstance(value, tuple) and any(isinstance(item, (str, Symbol)) for item in value)
