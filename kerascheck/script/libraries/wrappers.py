"""Models that others build and train: wrappers for scikit-learn, and the tuners that call a build function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles, method
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    FunctionValue,
    InstanceValue,
    ListValue,
    ModelValue,
    ObjectValue,
    Path,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_WRAPPER = "scikeras.wrappers.KerasClassifier"
_SEARCH = "sklearn.model_selection.GridSearchCV"
_NAMES = [
    f"{module}.{name}"
    for module in ("keras.wrappers.scikit_learn", "scikeras.wrappers", "keras.wrappers")
    for name in ("KerasClassifier", "KerasRegressor", "SKLearnClassifier", "SKLearnRegressor")
]
_FIT = frozenset({"epochs", "nb_epoch", "batch_size", "verbose", "validation_split", "validation_data", "callbacks",
                  "shuffle", "class_weight"})  # fmt: skip
_DATA = frozenset({"X", "x", "y"})


@handles(*_NAMES)
def make_wrapper(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The wrapper of a model, or of the function that builds it, which is called with the arguments it takes."""
    build = arguments.get(0, "build_fn", "model")
    node = arguments.node
    model = build if isinstance(build, ModelValue) else None
    if isinstance(build, FunctionValue) and node is not None:
        taken = {parameter.arg for parameter in (*build.node.args.args, *build.node.args.kwonlyargs)}
        given = {
            name.removeprefix("model__"): value
            for name, value in arguments.keywords.items()
            if name.removeprefix("model__") in taken
        }
        built = ev.call_function(build, Arguments([], given, None))
        model = built if isinstance(built, ModelValue) else None
    if model is None:
        return ev.unknown(path.dotted)
    settings = {name.removeprefix("fit__"): value for name, value in arguments.keywords.items()}
    kept = {name: value for name, value in settings.items() if name in _FIT}
    return ObjectValue(_WRAPPER, {"model": model, "model_": model, "_settings": kept})


@method(f"{_WRAPPER}.fit")
def fit(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Trains the model with the settings of the wrapper."""
    _train(ev, subject, arguments)
    return subject


def _train(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> None:
    model, settings = subject.attributes.get("model"), subject.attributes.get("_settings")
    if not isinstance(model, ModelValue) or not isinstance(settings, dict) or arguments.node is None:
        return
    # The history of a wrapped model is kept by the wrapper.
    ev.discarded.discard(id(arguments.node))
    data = _with_arrays(ev, arguments)
    renamed = {{"X": "x"}.get(name, name): value for name, value in data.keywords.items()}
    keyword_nodes = {{"X": "x"}.get(name, name): node for name, node in arguments.keyword_nodes.items()}
    call = Arguments(
        data.positional, {**settings, **renamed}, arguments.node, arguments.positional_nodes, keyword_nodes,
        arguments.complete,
    )  # fmt: skip
    ev.call_method(model, "fit", call, arguments.node)


@method(f"{_WRAPPER}.predict", f"{_WRAPPER}.predict_proba", f"{_WRAPPER}.score")
def judge(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Judges the model."""
    model, node = subject.attributes.get("model"), arguments.node
    if not isinstance(model, ModelValue) or node is None:
        return ev.unknown("wrapper")
    name = getattr(getattr(node, "func", None), "attr", "predict")
    return ev.call_method(model, "evaluate" if name == "score" else "predict", _with_arrays(ev, arguments), node)


def _with_arrays(ev: Evaluator, arguments: Arguments) -> Arguments:
    """The arguments with arrays for lists, as the wrapper hands them on."""

    def array(value: object) -> object:
        found = ev.as_array(value) if isinstance(value, (ListValue, ArrayValue)) else None
        return ev.derive(found, container="") if found is not None and found.data.container == "list" else value

    keywords = {name: array(value) if name in _DATA else value for name, value in arguments.keywords.items()}
    return Arguments(
        [array(value) for value in arguments.positional], keywords, arguments.node, arguments.positional_nodes,
        arguments.keyword_nodes, arguments.complete,
    )  # fmt: skip


_TUNERS = [
    f"{module}.{name}"
    for module in ("keras_tuner", "kerastuner", "keras_tuner.tuners", "kerastuner.tuners")
    for name in ("RandomSearch", "BayesianOptimization", "Hyperband", "GridSearch")
]
_TUNER = "keras_tuner.RandomSearch"
_PARAMETERS = "keras_tuner.HyperParameters"


@handles(*_TUNERS)
def make_tuner(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A tuner calls its build function with parameters of which the first value of each is taken."""
    build, node = arguments.get(0, "hypermodel"), arguments.node
    if isinstance(build, InstanceValue) and node is not None:
        build = ev.attribute(build, "build", node)
    if not isinstance(build, FunctionValue) or node is None:
        return ev.unknown(path.dotted)
    built = ev.call_function(build, Arguments([ObjectValue(_PARAMETERS)], {}, None))
    return ObjectValue(_TUNER, {"_model": built, "hypermodel": ObjectValue("keras_tuner.HyperModel", {"build": build})})


@method(f"{_TUNER}.get_best_hyperparameters")
def best_parameters(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Parameters that a search has found."""
    return ListValue([ObjectValue(_PARAMETERS)], whole=False)


@handles(
    "keras_tuner.HyperParameters", "kerastuner.HyperParameters", "keras_tuner.engine.hyperparameters.HyperParameters"
)
def make_parameters(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Parameters that a program makes itself."""
    return ObjectValue(_PARAMETERS)


@method(*(f"{_PARAMETERS}.{kind}" for kind in ("Int", "Float", "Choice", "Boolean", "Fixed", "get")))
def parameter(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """A value of a search is none that can be proven."""
    name = getattr(getattr(arguments.node, "func", None), "attr", "")
    return arguments.get(1, "value") if name == "Fixed" else ev.unknown("hyperparameter")


@method(f"{_TUNER}.search")
def search(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Trains what the build function gives."""
    model, node = subject.attributes.get("_model"), arguments.node
    if node is not None:
        ev.tuner_search(arguments, node)
    if isinstance(model, ModelValue) and node is not None:
        ev.loops += 1
        ev.call_method(model, "fit", arguments, node)
        ev.loops -= 1
    return None


@method(f"{_TUNER}.get_best_models")
def best_models(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Models that were built and trained already."""
    return ListValue([subject.attributes.get("_model")], whole=False)


@handles(
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
    "sklearn.grid_search.GridSearchCV",
)
def make_search(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A search over a wrapped model."""
    estimator, node = arguments.get(0, "estimator"), arguments.node
    if isinstance(estimator, ObjectValue) and estimator.path == _WRAPPER:
        # Its folds validate: no single fit of it stands for a training.
        return ObjectValue(_SEARCH, dict(estimator.attributes))
    return ev.unknown_call(path, arguments, node) if node is not None else ev.unknown(path.dotted)
