"""Models that scikit-learn builds and trains: wrappers, pipelines, cross-validation and searches over them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.events import Search
from kerascheck.facts.values import UNKNOWN
from kerascheck.script.handlers import handles, method, transformer_method
from kerascheck.script.machine import to_value
from kerascheck.script.values import (
    TRIED,
    Arguments,
    ArrayValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    ListValue,
    ModelValue,
    ObjectValue,
    Path,
    TransformerValue,
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
_COMPILE = frozenset({"loss", "optimizer", "metrics"})
_DATA = frozenset({"X", "x", "y"})
_CROSS = (
    "cross_val_score",
    "cross_validate",
    "cross_val_predict",
    "learning_curve",
    "validation_curve",
    "permutation_test_score",
)


# Wrappers


@handles(*_NAMES)
def make_wrapper(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The wrapper of a model, or of the function that builds it when the wrapper is first fitted."""
    build = arguments.get(0, "build_fn", "model")
    if not isinstance(build, (ModelValue, FunctionValue, InstanceValue)):
        return ev.unknown(path.dotted)
    settings = {name.removeprefix("fit__"): value for name, value in arguments.keywords.items()}
    settings |= _entries(arguments.keywords.get("fit_kwargs"))
    given = {name.removeprefix("model__"): value for name, value in arguments.keywords.items()}
    own = {"_build": build, "_settings": settings, "_given": given | _entries(arguments.keywords.get("model_kwargs"))}
    return ObjectValue(
        _WRAPPER, {**own, "_complete": arguments.complete, "_data": path.parts[-1].startswith("SKLearn")}
    )


def _entries(value: object) -> dict[str, object]:
    return {str(name): item for name, item in value.items.items()} if isinstance(value, DictValue) else {}


def wrapped_model(
    ev: Evaluator, subject: ObjectValue, varied: Mapping[str, object], node: ast.expr
) -> ModelValue | None:
    """The model of a wrapper, built now if it was not; what a search varies is not known while it is built."""
    held = subject.attributes.get("model")
    if isinstance(held, ModelValue):
        return held
    build, given = subject.attributes.get("_build"), subject.attributes.get("_given")
    values = {**(given if isinstance(given, dict) else {}), **varied}
    built = build.model if isinstance(build, InstanceValue) else build
    function = ev.class_attribute(build.cls, "__call__") if isinstance(build, InstanceValue) else build
    if isinstance(function, FunctionValue):
        function = ev.bound(function, build) if isinstance(build, InstanceValue) else function
        spec = function.node.args
        taken = {parameter.arg for parameter in (*spec.args, *spec.kwonlyargs)}
        first: list[object] = [ev.unknown("X"), ev.unknown("y")] if subject.attributes.get("_data") else []
        call = Arguments(first, {name: value for name, value in values.items() if name in taken}, None)
        built = ev.call_function(function, call)
        built = built.model if isinstance(built, InstanceValue) else built
    if not isinstance(built, ModelValue):
        return None
    ev.touch(subject)
    subject.attributes |= {"model": built, "model_": built}
    settings = {name: value for name, value in values.items() if name in _COMPILE}
    if not built.compiles and "loss" in settings:
        # scikeras compiles what its build function leaves uncompiled.
        ev.call_method(built, "compile", Arguments([], {"optimizer": "rmsprop", **settings}, None), node)
    return built


@method(f"{_WRAPPER}.fit")
def fit(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Trains the model with the settings of the wrapper."""
    _train(ev, subject, arguments, {})
    return subject


def _train(ev: Evaluator, subject: ObjectValue, arguments: Arguments, varied: Mapping[str, object]) -> None:
    node = arguments.node
    model = wrapped_model(ev, subject, varied, node) if node is not None else None
    settings = subject.attributes.get("_settings")
    if model is None or not isinstance(settings, dict) or node is None:
        return
    # The history of a wrapped model is kept by the wrapper.
    ev.discarded.discard(id(node))
    kept = {name: value for name, value in {**settings, **varied}.items() if name in _FIT}
    data = _with_arrays(ev, arguments)
    renamed = {{"X": "x"}.get(name, name): value for name, value in data.keywords.items()}
    keyword_nodes = {{"X": "x"}.get(name, name): keyword for name, keyword in arguments.keyword_nodes.items()}
    complete = arguments.complete and subject.attributes.get("_complete") is True
    call = Arguments(data.positional, {**kept, **renamed}, node, arguments.positional_nodes, keyword_nodes, complete)
    ev.call_method(model, "fit", call, node)


@method(f"{_WRAPPER}.predict", f"{_WRAPPER}.predict_proba", f"{_WRAPPER}.score")
def judge(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Judges the model."""
    node = arguments.node
    model = wrapped_model(ev, subject, {}, node) if node is not None else None
    if model is None or node is None:
        return ev.unknown("wrapper")
    name = getattr(getattr(node, "func", None), "attr", "predict")
    return _judge(ev, subject, model, "evaluate" if name == "score" else "predict", _with_arrays(ev, arguments), {})


def _judge(
    ev: Evaluator,
    subject: ObjectValue,
    model: ModelValue,
    name: str,
    arguments: Arguments,
    varied: Mapping[str, object],
) -> object:
    """A wrapper judges with the batch size that it trains with."""
    settings, node = subject.attributes.get("_settings"), arguments.node
    if node is None:
        return ev.unknown("wrapper")
    given = {**(settings if isinstance(settings, dict) else {}), **varied, **arguments.keywords}
    kept = {word: value for word, value in given.items() if word == "batch_size" or word in arguments.keywords}
    return ev.call_method(model, name, replace(arguments, keywords=kept), node)


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


# Pipelines, cross-validation, searches


def estimator_of(value: object) -> tuple[ObjectValue, TransformerValue | None] | None:
    """The wrapper that an estimator is, or that a pipeline ends with, with that pipeline."""
    if isinstance(value, ObjectValue):
        return (value, None) if value.path == _WRAPPER else None
    if not isinstance(value, TransformerValue) or value.name != "Pipeline":
        return None
    steps = value.arguments.get("steps")
    items = steps.items if isinstance(steps, ListValue) else list(steps) if isinstance(steps, tuple) else []
    last = items[-1] if items else None
    last = last[-1] if isinstance(last, tuple) and last else last
    return (last, value) if isinstance(last, ObjectValue) and last.path == _WRAPPER else None


@transformer_method("Pipeline.fit", "Pipeline.predict", "Pipeline.predict_proba", "Pipeline.score")
def pipeline_step(
    ev: Evaluator, subject: TransformerValue, array: ArrayValue, arguments: Arguments, node: ast.expr
) -> object:
    """A pipeline that ends with a wrapped model trains it, or judges it, on what the steps before make of the data."""
    found = estimator_of(subject)
    name = getattr(getattr(node, "func", None), "attr", "fit")
    if found is None:
        return subject if name == "fit" else ev.unknown(f"Pipeline.{name}")
    data = ev.transformed(subject, array, node, "fit_transform" if name == "fit" else "transform")
    targets = arguments.get(1, "y")
    options = {word.rpartition("__")[2]: value for word, value in arguments.keywords.items() if word not in _DATA}
    call = Arguments(
        [data] if targets is None else [data, targets], options, arguments.node, arguments.positional_nodes
    )
    if name == "fit":
        _train(ev, found[0], call, {})
        return subject
    return judge(ev, found[0], call)


@handles(
    *(f"sklearn.model_selection.{name}" for name in _CROSS), *(f"sklearn.cross_validation.{name}" for name in _CROSS)
)
def cross_validated(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """An estimator judged on folds of the data."""
    options = _entries(arguments.get(None, "fit_params", "params"))
    _on_folds(ev, path.parts[-1], arguments.get(0, "estimator"), arguments, 1, options)
    return ev.unknown(path.dotted)


def _on_folds(
    ev: Evaluator, function: str, estimator: object, arguments: Arguments, start: int, varied: Mapping[str, object]
) -> None:
    """Record the split into folds, and what a wrapped model does on one of them, which stands for all."""
    node = arguments.node
    values = [arguments.get(start, "X"), arguments.get(start + 1, "y")]
    places = [*arguments.positional_nodes[start : start + 2], None, None]
    arrays = [ev.as_rows(value, place) for value, place in zip(values, places, strict=False)]
    given = [array for array in arrays if array is not None]
    if node is None or not given:
        return
    cut = ev.cut("cross validation", ev.place(node))
    parts = {
        part: [ev.derive(array, rows=ev.drawn(array, cut, part), fold=True) for array in given]
        for part in ("train", "test")
    }
    ev.split_event(function, cut, given, [*parts["train"], *parts["test"]], node, shuffle=UNKNOWN, seeded=UNKNOWN)
    found = estimator_of(estimator)
    plain = {name.rpartition("__")[2]: value for name, value in varied.items()}
    model = wrapped_model(ev, found[0], plain, node) if found is not None else None
    if found is None or model is None:
        return
    for part, method_name in (("train", "fit"), ("test", "evaluate")):
        data: list[object] = [*parts[part]]
        if found[1] is not None and data:
            data[0] = ev.transformed(
                found[1], parts[part][0], node, "fit_transform" if part == "train" else "transform"
            )
        call = Arguments(data, {}, node)
        if method_name == "fit":
            _train(ev, found[0], call, plain)
        else:
            _judge(ev, found[0], model, "evaluate", call, plain)


@handles(
    *(
        f"{module}.{name}"
        for module in ("sklearn.model_selection", "sklearn.grid_search", "skopt", "sklearn.experimental")
        for name in (
            "GridSearchCV",
            "RandomizedSearchCV",
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
            "BayesSearchCV",
        )
    )
)
def make_search(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A search over a wrapped model, or over a pipeline that ends with one."""
    estimator, node = arguments.get(0, "estimator"), arguments.node
    found = estimator_of(estimator)
    if found is None:
        return ev.unknown_call(path, arguments, node) if node is not None else ev.unknown(path.dotted)
    grid = arguments.get(1, "param_grid", "param_distributions", "search_spaces")
    attributes: dict[str, object] = {
        "_estimator": estimator,
        "best_estimator_": estimator,
        "_varied": _varied(ev, grid),
    }
    return ObjectValue(_SEARCH, {**attributes, "_function": path.parts[-1]})


def _varied(ev: Evaluator, grid: object) -> dict[str, object]:
    """What each try sets: a setting that has one value only is known."""
    found: dict[str, object] = {}
    for entries in grid.items if isinstance(grid, ListValue) else [grid]:
        for name, values in _entries(entries).items():
            items = ev.iterate(values)
            known = items[0] if items is not None and len(items) == 1 and name not in found else ev.unknown(TRIED)
            found[name] = known
    if not found:
        found = {name: ev.unknown(TRIED) for name in ("epochs", "batch_size")}
    return found


@method(f"{_SEARCH}.fit")
def search_fit(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Every try is trained and judged on folds of the data."""
    varied, node = subject.attributes.get("_varied"), arguments.node
    if not isinstance(varied, dict) or node is None:
        return subject
    options = {name: value for name, value in arguments.keywords.items() if name not in _DATA}
    x = ev.as_data(arguments.get(0, "X"), arguments, {"x": (0,)} if arguments.positional else {"x": ("X",)}, "x")
    facts = ev.event_facts(ev.place(node))
    ev.record(Search(**facts, x=x, y=ev.data_fact(arguments.get(1, "y"))))  # pyright: ignore[reportArgumentType]
    function = to_value(subject.attributes.get("_function"))
    name = function if isinstance(function, str) else "GridSearchCV"
    _on_folds(ev, name, subject.attributes.get("_estimator"), arguments, 0, {**varied, **options})
    return subject


@method(f"{_SEARCH}.predict", f"{_SEARCH}.predict_proba", f"{_SEARCH}.score")
def search_judge(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Judges the best of the tries, which was trained on all rows once more."""
    found, node = estimator_of(subject.attributes.get("_estimator")), arguments.node
    if found is None or node is None:
        return ev.unknown("search")
    array = ev.as_rows(arguments.get(0, "X"), arguments.positional_nodes[0] if arguments.positional_nodes else None)
    if found[1] is not None and array is not None:
        return pipeline_step(ev, found[1], array, arguments, node)
    return judge(ev, found[0], arguments)
