"""The training configuration of a file as the compile call that it was, in the dialect of any generation."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.artifact.documents import Config, is_config
from kerascheck.facts.graph import Compile, Loss, ModelGraph, Optimizer
from kerascheck.facts.values import UNKNOWN, Symbol, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize

_ACCURACY: Final = frozenset({"accuracy", "acc"})
_FUNCTION_WRAPPERS: Final = frozenset({"MeanMetricWrapper", "LossFunctionWrapper", "SumOverBatchSizeMetricWrapper"})
_NAMED_APART: Final = frozenset({"optimizer", "optimizer_config", "loss", "metrics"})
_NOT_GIVEN: Final = frozenset({"name", "is_legacy_optimizer", "jit_compile"})
_DIGITS: Final = range(1, 10)


class Outputs(Struct, frozen=True):
    """The outputs of a model by the names under which a training configuration may speak of them."""

    count: int
    names: Sequence[str]
    keys: Sequence[str] = ()

    def position(self, name: str) -> int | None:
        """The index of the one output of a name; None for a name of none or of several."""
        for listed in (self.keys, self.names):
            if list(listed).count(name) == 1:
                return list(listed).index(name)
        return None


def outputs_of(graph: ModelGraph, keys: Sequence[str]) -> Outputs:
    """The outputs of a graph; `keys` are the names in a dictionary of outputs."""
    producers = [graph.producer(tensor) for tensor in graph.outputs]
    names = ["" if node is None else node.layer.name for node in producers]
    return Outputs(len(graph.outputs), names, keys if len(keys) == len(names) else ())


def compile_of(training: Config, outputs: Outputs, location: Location, keys: Iterator[int]) -> Compile | None:
    """The compile call; None for a model that never was compiled."""
    if not training:
        return None
    written = training.get("optimizer_config", training.get("optimizer"))
    return Compile(
        optimizer=None if written is None else _optimizer(written, location, keys),
        losses=_losses(training.get("loss"), outputs, location),
        metrics=_metrics(training.get("metrics"), outputs, location),
        location=location,
        arguments={name: value for name, value in training.items() if name not in _NAMED_APART and value is not None},
    )


def _optimizer(written: Value, location: Location, keys: Iterator[int]) -> Optimizer:
    name, settings = _named(written)
    inner = settings.get("inner_optimizer", settings.get("optimizer"))
    if name == "LossScaleOptimizer" and inner is not None:
        # A mixed precision policy puts it around whatever the author chose.
        return _optimizer(inner, location, keys)
    given = {key: _setting(value) for key, value in settings.items() if key not in _NOT_GIVEN}
    found = normalize.optimizer(name, (), given)
    if found is None:
        return Optimizer(next(keys), UNKNOWN, {}, location)
    usual = normalize.optimizer(name)
    defaults: Mapping[str, Value] = {} if usual is None else usual.arguments
    chosen = {key for key in found.sources if key in defaults and found.arguments[key] != defaults[key]}
    return Optimizer(next(keys), found.name, found.arguments, location, given=frozenset(chosen))


def _named(written: Value) -> tuple[str, Config]:
    """The class and the arguments of `"adam"`, `{"class_name", "config"}` or, in Keras 1.0, `{"name", …}`."""
    if isinstance(written, str):
        return written, {}
    if not is_config(written):
        return "", {}
    name, config = written.get("class_name", written.get("name")), written.get("config", written)
    return (name if isinstance(name, str) else "").rsplit(">", 1)[-1], config if is_config(config) else {}


def _setting(value: Value) -> Value:
    """An argument of an optimizer: a schedule as an object, a 32-bit number as it was written."""
    if isinstance(value, float):
        return shortest(value)
    if not is_config(value):
        return value
    name, config = _named(value)
    found = normalize.schedule(name, (), {key: _setting(item) for key, item in config.items()})
    return UNKNOWN if found is None else Symbol(found.name, found.arguments, name)


def shortest(value: float) -> float:
    """The shortest number with the same 32-bit value, for one that went through 32 bits: 0.001, not 0.0010000000474974513."""
    try:
        packed = struct.pack("f", value)
    except OverflowError:
        return value
    if struct.unpack("f", packed)[0] != value:
        return value
    candidates = (float(f"{value:.{digits}g}") for digits in _DIGITS)
    return next((number for number in candidates if struct.pack("f", number) == packed), value)


def _losses(written: Value, outputs: Outputs, location: Location) -> tuple[Loss | None, ...] | Unknown:
    count = max(outputs.count, 1)
    if isinstance(written, tuple):
        if len(written) != count or any(isinstance(item, tuple) for item in written):
            return UNKNOWN
        return tuple(_loss(item, location) for item in written)
    if is_config(written) and not isinstance(written.get("class_name"), str):
        return _losses_by_name(written, outputs, location)
    return (_loss(written, location),) * count


def _losses_by_name(written: Config, outputs: Outputs, location: Location) -> tuple[Loss | None, ...] | Unknown:
    losses: list[Loss | None] = [None] * max(outputs.count, 1)
    for name, value in written.items():
        place = outputs.position(name)
        if place is None or isinstance(value, tuple):
            return UNKNOWN
        losses[place] = _loss(value, location)
    return tuple(losses)


def _loss(written: Value, location: Location, *, metric: bool = False) -> Loss | None:
    """A loss or metric: a name, a class with its configuration, or a function."""
    if written is None:
        return None
    known = normalize.metric if metric else normalize.loss
    name, settings = _named(written)
    if name == "function" and is_config(written):
        function = written.get("config")
        name, settings = function if isinstance(function, str) else "", {}
    if name in _FUNCTION_WRAPPERS:
        name = _wrapped_function(settings) or name
    name = name.rsplit(">", 1)[-1]
    if not name:
        return Loss(UNKNOWN, location, UNKNOWN)
    found = known(name)
    logits = settings.get("from_logits", False)
    return Loss(
        found or name,
        location,
        logits if found is not None and isinstance(logits, bool) else UNKNOWN,
        custom=found is None,
        written=name,
        arguments={key: value for key, value in settings.items() if key not in ("name", "fn", "dtype")},
    )


def _wrapped_function(settings: Config) -> str:
    """The function in a wrapper; `accuracy` where Keras chose among its kinds for the author."""
    name, function = settings.get("name"), settings.get("fn")
    if isinstance(name, str) and name in _ACCURACY:
        return name
    if is_config(function):
        function = function.get("config")
    return function if isinstance(function, str) else ""


def _metrics(written: Value, outputs: Outputs, location: Location) -> tuple[Loss, ...] | Unknown:
    if written is None:
        return ()
    items = written if isinstance(written, tuple) else (written,)
    flat: list[Value] = []
    for item in items:
        parts = item if isinstance(item, tuple) else (item,)
        by_output = isinstance(item, tuple) or (is_config(item) and "class_name" not in item)
        if by_output and outputs.count != 1:
            # Which output each belongs to has no place in a flat tuple.
            return UNKNOWN
        for part in parts:
            flat += part.values() if is_config(part) and "class_name" not in part else (part,)
    found = [_loss(item, location, metric=True) for item in flat]
    return tuple(metric for metric in found if metric is not None)
