"""Layers out of saved configurations of any generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from kerascheck.facts.values import UNKNOWN, Symbol, Value
from kerascheck.keras_api import generations
from kerascheck.keras_api.binding import Bound, Normalized, bind
from kerascheck.keras_api.identifiers import activation, snake, symbol
from kerascheck.keras_api.layers import class_of, fold, merge, parameters_of, rename, settled

_OLD_REGULARIZERS = ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer")
_SCALED: Mapping[tuple[Value, Value, Value], str] = {
    (1.0, "fan_avg", "uniform"): "glorot_uniform",
    (1.0, "fan_avg", "truncated_normal"): "glorot_normal",
    (1.0, "fan_in", "uniform"): "lecun_uniform",
    (1.0, "fan_in", "truncated_normal"): "lecun_normal",
    (2.0, "fan_in", "uniform"): "he_uniform",
    (2.0, "fan_in", "truncated_normal"): "he_normal",
}
"""What the settings of VarianceScaling are called; Keras 2 wrote every one of these as VarianceScaling."""
_GENERAL = frozenset({"name", "trainable"})


def layer_from_config(class_name: str, config: Mapping[str, Value]) -> Normalized | None:
    """A layer of a file under today's name; None when no generation of Keras has a layer of that name."""
    name = class_of(class_name)
    if name is None:
        return None
    bound = bind((), (), {key: plain(value) for key, value in config.items()})
    parameters = parameters_of(name)
    rename(name, bound)
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
    found = settled(name, bound, complete=True, defaults=defaults)
    without = {parameter.name for parameter in parameters if parameter.default is None}
    arguments = {
        key: None if item == "linear" and key in without else _as_written(key, item)
        for key, item in found.arguments.items()
    }
    return Normalized(found.name, arguments, found.sources)


def not_default(found: Normalized) -> frozenset[str]:
    """The arguments of a layer of a file that differ from the class's defaults: what its author must have given."""
    usual = settled(found.name, Bound(), complete=True).arguments
    differing = {name for name in found.sources if name in usual and found.arguments[name] != usual[name]}
    if found.arguments.get("dtype") == "float32":
        differing.discard("dtype")
    return frozenset(differing - _GENERAL)


def _as_written(name: str, value: Value) -> Value:
    """An initializer with its default settings by its identifier; a function that Keras does not know as UNKNOWN."""
    if name.endswith("_initializer") and isinstance(value, Symbol):
        return _identifier(value)
    if name.endswith("activation") and isinstance(value, Symbol):
        return activation(snake(value.name)) or value
    if name.endswith("activation") and isinstance(value, str):
        # Keras itself wrote the file, so that a name it does not know is that of a user's function.
        return value if activation(value) is not None else UNKNOWN
    return value


def _identifier(value: Symbol) -> Value:
    settings = value.arguments
    if value.name == "VarianceScaling":
        law = "truncated_normal" if settings.get("distribution") == "normal" else settings.get("distribution")
        known = _SCALED.get((settings.get("scale"), settings.get("mode"), law))
        return known if known is not None and settings.get("seed") is None else value
    usual = symbol(value.name)
    return snake(value.name) if usual is not None and usual.arguments == settings else value


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
