"""Losses, metrics, activations, initializers, regularizers and constraints by any of their names."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from kerascheck.facts.values import Symbol, Unknown, Value
from kerascheck.keras_api import tables
from kerascheck.keras_api.binding import NOTHING, bind, finish

_OLD_LOSSES: Mapping[str, str] = {
    "cosine": "cosine_similarity",
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "crossentropy": "categorical_crossentropy",
}
_METRIC_NAMES: Mapping[str, str] = {
    "acc": "accuracy",
    "ce": "crossentropy",
    "crossentropy": "crossentropy",
    "io_u": "iou",
    "binary_io_u": "binary_iou",
    "mean_io_u": "mean_iou",
    "one_hot_io_u": "one_hot_iou",
    "one_hot_mean_io_u": "one_hot_mean_iou",
    # Keras 1 had these as functions and dropped them in 2.0.
    "fmeasure": "fmeasure",
    "fbeta_score": "fbeta_score",
    "matthews_correlation": "matthews_correlation",
}
_OLD_SYMBOLS: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "l1l2": ("L1L2", {"l1": 0.01, "l2": 0.01}),
    "l1_l2": ("L1L2", {"l1": 0.01, "l2": 0.01}),
    "activity_l1": ("L1", {}),
    "activity_l2": ("L2", {}),
    "activity_l1l2": ("L1L2", {"l1": 0.01, "l2": 0.01}),
    "WeightRegularizer": ("L1L2", {}),
    "ActivityRegularizer": ("L1L2", {}),
    "L1L2Regularizer": ("L1L2", {}),
    "maxnorm": ("MaxNorm", {}),
    "nonneg": ("NonNeg", {}),
    "unitnorm": ("UnitNorm", {}),
    "min_max_norm": ("MinMaxNorm", {}),
}
_RENAMED: Mapping[str, Mapping[str, str]] = {
    "L1": {"l": "l1"},
    "L2": {"l": "l2"},
    "MaxNorm": {"m": "max_value"},
    "OrthogonalRegularizer": {},
}
_OLD_INITIALIZERS: Mapping[str, str] = {
    "uniform": "random_uniform",
    "normal": "random_normal",
    "gaussian": "random_normal",
    "zero": "zeros",
    "one": "ones",
}
_TABLES = ("regularizers", "constraints", "initializers")


@functools.cache
def snake(name: str) -> str:
    """`MeanSquaredError` as `mean_squared_error`."""
    step = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", step).lower()


def loss(written: str) -> str | None:
    """A loss under its snake-case name; None when Keras has none of that name."""
    found = tables.identifiers("losses").get(written)
    if found is None and written in tables.section("losses"):
        found = written
    if found is None:
        return _OLD_LOSSES.get(snake(written)) if written not in ("crossentropy", "cosine") else _OLD_LOSSES[written]
    name = snake(found)
    return None if name in ("loss", "loss_function_wrapper") else name


def metric(written: str) -> str | None:
    """A metric under its snake-case name; None when Keras has none of that name."""
    if written in _METRIC_NAMES:
        return _METRIC_NAMES[written]
    found = tables.identifiers("metrics").get(written)
    if found is None and written in tables.section("metrics"):
        found = written
    if found is None:
        return loss(written)
    name = snake(found)
    return None if name in ("metric", "mean_metric_wrapper") else _METRIC_NAMES.get(name, name)


def activation(written: str) -> str | None:
    """An activation function under today's name; None when Keras has none of that name."""
    return tables.identifiers("activations").get(written)


def initializer(written: str) -> str:
    """An initializer's identifier under today's spelling."""
    return _OLD_INITIALIZERS.get(written.lower(), snake(written))


def symbol(
    written: str, positional: Sequence[Value] = (), keywords: Mapping[str, Value] = NOTHING, *, complete: bool = True
) -> Symbol | None:
    """An initializer, regularizer or constraint as an object; None when Keras has none of that name."""
    resolved = _symbol_class(written)
    if resolved is None:
        return None
    table, name, defaults = resolved
    parameters = tables.signature(table, name) or ()
    bound = bind([parameter.name for parameter in parameters], positional, keywords)
    for old, new in _RENAMED.get(name, {}).items():
        if old in bound.values:
            bound.rename(old, new)
    arguments = dict(finish(name, parameters, bound, complete=complete, defaults=defaults).arguments)
    if written in ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer"):
        arguments.pop("name", None)
    return Symbol(name, arguments, written)


@functools.lru_cache(maxsize=1024)
def plain_symbol(written: str) -> Symbol | None:
    """What `symbol` gives for a name without arguments."""
    return symbol(written)


@functools.lru_cache(maxsize=1024)
def _symbol_class(written: str) -> tuple[str, str, Mapping[str, Value]] | None:
    """The table, today's class and the defaults that were others."""
    old, defaults = _OLD_SYMBOLS.get(written, (_OLD_INITIALIZERS.get(written, written), NOTHING))
    for table in _TABLES:
        if old in tables.section(table):
            return table, tables.aliases(table).get(old, old), defaults
        found = tables.aliases(table).get(old) or tables.identifiers(table).get(old)
        if found is not None and found in tables.section(table):
            return table, found, defaults
    return None


def regularizer(value: Value) -> Value:
    """A regularizer argument: a string becomes the object with its default strength."""
    return value if not isinstance(value, str) else plain_symbol(value) or value


def plain_name(value: Value) -> str | Unknown | None:
    """The identifier in an argument that may be a string or an object."""
    if isinstance(value, Symbol):
        return snake(value.name)
    return value if value is None or isinstance(value, (str, Unknown)) else None


_SHORT: Final = {"rmse": "RootMeanSquaredError", "f1": "F1Score", "r2": "R2Score", "auroc": "AUC", "roc_auc": "AUC"}
"""What metrics are called elsewhere."""


def suggestion(written: str, kind: str) -> str | None:
    """The known name that is nearest to a misspelt one; `kind` is `layer`, `loss`, `metric`, `activation` …"""
    from difflib import get_close_matches

    if written.lower() in _SHORT and kind == "metric":
        return _SHORT[written.lower()]
    known = _known(kind)
    folded = {name.lower(): name for name in sorted(known)}
    found = get_close_matches(written.lower(), list(folded), n=1, cutoff=0.7)
    return folded[found[0]] if found else None


@functools.cache
def _known(kind: str) -> frozenset[str]:
    singular = {"loss": "losses"}
    plural = singular.get(kind, f"{kind}s")
    if plural in ("losses", "metrics", "activations"):
        return frozenset(tables.identifiers(plural)) | ({"accuracy"} if plural == "metrics" else set())
    return frozenset(tables.section(plural))
