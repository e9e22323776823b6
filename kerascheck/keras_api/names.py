"""What a dotted Keras name is: a layer, an optimizer, a callback, of whichever generation wrote it."""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence
from typing import Final

from kerascheck.keras_api import tables
from kerascheck.keras_api.identifiers import symbol
from kerascheck.keras_api.layers import class_of


class ApiKind(enum.Enum):
    """The kind of thing that a Keras name stands for."""

    MODEL = "model"
    LAYER = "layer"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"
    LOSS = "loss"
    METRIC = "metric"
    CALLBACK = "callback"
    INITIALIZER = "initializer"
    REGULARIZER = "regularizer"
    CONSTRAINT = "constraint"
    APPLICATION = "application"
    OTHER = "other"


_MODELS: Final = frozenset({"Model", "Sequential", "Functional", "load_model", "model_from_json", "model_from_yaml"})
_MODULES: Final = {
    "applications": ApiKind.APPLICATION,
    "callbacks": ApiKind.CALLBACK,
    "constraints": ApiKind.CONSTRAINT,
    "initializers": ApiKind.INITIALIZER,
    "layers": ApiKind.LAYER,
    "losses": ApiKind.LOSS,
    "metrics": ApiKind.METRIC,
    "optimizers": ApiKind.OPTIMIZER,
    "regularizers": ApiKind.REGULARIZER,
    "schedules": ApiKind.SCHEDULE,
}
_TABLE_KINDS: Final = {
    ApiKind.CALLBACK: "callbacks",
    ApiKind.LOSS: "losses",
    ApiKind.METRIC: "metrics",
    ApiKind.OPTIMIZER: "optimizers",
    ApiKind.SCHEDULE: "schedules",
}
_SYMBOL_KINDS: Final = frozenset({ApiKind.INITIALIZER, ApiKind.REGULARIZER, ApiKind.CONSTRAINT})


@functools.cache
def _kind_of(parts: tuple[str, ...]) -> ApiKind:
    name = parts[-1]
    if name in _MODELS and not set(parts[:-1]) & {"layers", "applications"}:
        return ApiKind.MODEL
    for module in reversed(parts[:-1]):
        kind = _MODULES.get(module)
        if kind is not None:
            return kind if _holds(kind, name) else ApiKind.OTHER
    return (
        ApiKind.LAYER
        if len(parts) == 1 and name != "Layer" and name[:1].isupper() and class_of(name)
        else ApiKind.OTHER
    )


def _holds(kind: ApiKind, name: str) -> bool:
    """Whether a module has a thing of this name."""
    if kind is ApiKind.LAYER:
        return class_of(name) is not None
    if kind is ApiKind.APPLICATION:
        return name in tables.section("applications")
    if kind in _SYMBOL_KINDS:
        return symbol(name) is not None
    table = _TABLE_KINDS[kind]
    folded = tables.folded(table)
    return name in tables.section(table) or (kind is ApiKind.OPTIMIZER and name.lower() in folded)


def kind_of(parts: Sequence[str]) -> ApiKind:
    """What the name below `keras` given by its parts is (`("layers", "Dense")`); OTHER for functions and modules."""
    return _kind_of(tuple(parts)) if parts else ApiKind.OTHER
