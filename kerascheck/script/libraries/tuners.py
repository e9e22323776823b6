"""Tuners of Keras, which call a build function, or the `build` of a hypermodel, with parameters of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles, method
from kerascheck.script.values import (
    Arguments,
    FunctionValue,
    InstanceValue,
    ListValue,
    ModelValue,
    ObjectValue,
    Path,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_TUNERS = [
    f"{module}.{name}"
    for module in ("keras_tuner", "kerastuner", "keras_tuner.tuners", "kerastuner.tuners")
    for name in ("RandomSearch", "BayesianOptimization", "Hyperband", "GridSearch")
]
_TUNER = "keras_tuner.RandomSearch"
_PARAMETERS = "keras_tuner.HyperParameters"
_HYPERMODEL = "keras_tuner.HyperModel"


@handles(*_TUNERS)
def make_tuner(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A tuner calls its build function, or the `build` of its hypermodel, with parameters that are not known."""
    given, node = arguments.get(0, "hypermodel"), arguments.node
    build = ev.class_attribute(given.cls, "build") if isinstance(given, InstanceValue) else given
    if not isinstance(build, FunctionValue) or node is None:
        return ev.unknown(path.dotted)
    build = ev.bound(build, given) if isinstance(given, InstanceValue) else build
    attributes: dict[str, object] = {
        "_model": _built(ev, build),
        "hypermodel": ObjectValue(_HYPERMODEL, {"_build": build}),
    }
    return ObjectValue(_TUNER, {**attributes, "_fit": _own_fit(ev, given)})


def _built(ev: Evaluator, build: FunctionValue) -> object:
    built = ev.call_function(build, Arguments([ObjectValue(_PARAMETERS)], {}, None))
    return built.model if isinstance(built, InstanceValue) else built


def _own_fit(ev: Evaluator, given: object) -> object:
    """The `fit` that a hypermodel trains each try by, where it has one of its own."""
    found = ev.class_attribute(given.cls, "fit") if isinstance(given, InstanceValue) else None
    return ev.bound(found, given) if isinstance(found, FunctionValue) else None


@method(f"{_TUNER}.get_best_hyperparameters")
def best_parameters(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Parameters that a search has found."""
    return ListValue([ObjectValue(_PARAMETERS)], whole=False)


@method(f"{_HYPERMODEL}.build")
def build_again(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """`tuner.hypermodel.build(best)`: another model."""
    build = subject.attributes.get("_build")
    return _built(ev, build) if isinstance(build, FunctionValue) else ev.unknown("hypermodel.build")


@handles(
    "keras_tuner.HyperParameters", "kerastuner.HyperParameters", "keras_tuner.engine.hyperparameters.HyperParameters"
)
def make_parameters(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Parameters that a program makes itself."""
    return ObjectValue(_PARAMETERS)


@method(*(f"{_PARAMETERS}.{kind}" for kind in ("Int", "Float", "Choice", "Boolean", "Fixed", "get")))
def parameter(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """A value of a search is none that can be proven, unless there is only one."""
    name = getattr(getattr(arguments.node, "func", None), "attr", "")
    if name == "Fixed":
        return arguments.get(1, "value")
    if name == "Choice":
        items = ev.iterate(arguments.get(1, "values"))
        return items[0] if items is not None and len(items) == 1 else ev.unknown("hyperparameter")
    return ev.unknown("hyperparameter")


@method(f"{_TUNER}.search")
def search(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Trains what the build function gives."""
    model, node = subject.attributes.get("_model"), arguments.node
    if node is not None:
        ev.tuner_search(arguments, node)
    if isinstance(model, ModelValue) and node is not None:
        ev.loops += 1
        own = subject.attributes.get("_fit")
        if isinstance(own, FunctionValue):
            call = Arguments([ObjectValue(_PARAMETERS), model, *arguments.positional], arguments.keywords, None)
            ev.call_function(own, call)
        else:
            ev.call_method(model, "fit", arguments, node)
        ev.loops -= 1
    return None


@method(f"{_TUNER}.get_best_models")
def best_models(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Models that were built and trained already."""
    return ListValue([subject.attributes.get("_model")], whole=False)
