"""Layers out of saved configurations of any generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from kerascheck.facts.values import Symbol, Value
from kerascheck.keras_api import generations
from kerascheck.keras_api.binding import Normalized, bind, finish
from kerascheck.keras_api.identifiers import symbol
from kerascheck.keras_api.layers import class_of, fold, merge, parameters_of, rename, tidied

_OLD_REGULARIZERS = ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer")


def layer_from_config(class_name: str, config: Mapping[str, Value]) -> Normalized | None:
    """A layer of a file under today's name; None when no generation of Keras has a layer of that name."""
    name = class_of(class_name)
    if name is None:
        return None
    bound = bind((), (), {key: plain(value) for key, value in config.items()})
    parameters = parameters_of(name)
    rename(name, parameters, bound)
    if name == "Merge":
        return merge(bound, complete=True)
    fold(name, bound)
    if "dtype" in bound.values:
        bound.values["dtype"] = policy(bound.values["dtype"])
    if bound.values.get("batch_shape") is None and bound.values.get("batch_input_shape") is not None:
        bound.put("batch_shape", bound.values["batch_input_shape"], "batch_input_shape")
    old = "output_dim" in config or "nb_filter" in config
    defaults = dict(generations.FIRST_DEFAULTS.get(name, {})) if old else {}
    if name == "GRU" and "reset_after" not in config:
        defaults["reset_after"] = False
    return tidied(finish(name, parameters, bound, complete=True, defaults=defaults))


def plain(value: Value) -> Value:
    """A value of a configuration; `{"class_name", "config"}` becomes an object."""
    if is_mapping(value):
        return named(value)
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return value


def is_mapping(value: Value) -> TypeGuard[Mapping[str, Value]]:
    return isinstance(value, Mapping)


def named(value: Mapping[str, Value]) -> Value:
    """An object of a configuration."""
    name = value.get("class_name")
    if isinstance(name, str):
        return _object(name, value.get("config"))
    old = value.get("name")
    if isinstance(old, str) and old in _OLD_REGULARIZERS:
        return symbol(old, (), {key: item for key, item in value.items() if key in ("l1", "l2")}) or dict(value)
    return {key: plain(item) for key, item in value.items()}


def _object(name: str, config: Value) -> Value:
    if name in ("__tuple__", "__list__") or config is None:
        return Symbol(name, {}, name)
    if isinstance(config, str):
        # A function: `{"class_name": "function", "config": "relu"}`.
        return config
    if not is_mapping(config):
        return Symbol(name, {}, name)
    short = name.rsplit(">", 1)[-1]
    given = {key: plain(item) for key, item in config.items()}
    return symbol(short, (), given) or Symbol(short, given, name)


def policy(value: Value) -> Value:
    """A dtype or dtype policy as a string."""
    return value.arguments.get("name", value.name) if isinstance(value, Symbol) else value
