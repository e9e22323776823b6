"""Calls and configurations of Keras 1, 2 and 3 under today's names: the one place other modules ask."""

from __future__ import annotations

from kerascheck.keras_api.binding import Normalized
from kerascheck.keras_api.configs import layer_from_config, not_default
from kerascheck.keras_api.identifiers import activation, loss, metric, suggestion, symbol
from kerascheck.keras_api.layers import layer
from kerascheck.keras_api.training import callback, method, optimizer, schedule

__all__ = [
    "Normalized",
    "activation",
    "callback",
    "layer",
    "layer_from_config",
    "loss",
    "method",
    "metric",
    "not_default",
    "optimizer",
    "schedule",
    "suggestion",
    "symbol",
]
