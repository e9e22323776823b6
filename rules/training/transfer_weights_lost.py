"""Weights are loaded into a model that they do not fit, that has none yet, or that is thrown away.

## What it does

Finds `load_weights` of a file that the script also saves from, or loads into, a model of other layers; and a model that
weights were loaded into and that is then built anew, so that the new one is used without them. Loading `by_name` is
reported where the two models have no name in common. Also `load_weights`,
`save_weights` and `save` of a `Sequential` that has no weights yet, because nothing has told it the shape of its input.

## Why it matters

Keras stops with a `ValueError` when the layers of file and model do not match, or, by name, silently leaves out what does not
fit. A model that is built again has random weights; the loaded ones are gone. A model without weights refuses to load or
save them; saved whole, it leaves a file without weights.

## Bad

```python
import keras


def build(classes):
    inputs = keras.Input((784,))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(64, "relu")(inputs))
    return keras.Model(inputs, keras.layers.Dense(classes, "softmax")(hidden))


first = build(10)
first.load_weights("digits.weights.h5")
second = build(26)
second.load_weights("digits.weights.h5")  # KC520
print(first.count_params(), second.count_params())
```

```python
import keras


def build():
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = build()
model.load_weights("digits.weights.h5")  # KC520
model = build()
print(model.predict(x_test.reshape(-1, 784) / 255, batch_size=128))
```

```python
import keras

model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10)])
model.load_weights("digits.weights.h5")  # KC520
print(model.predict(keras.ops.ones((1, 784)), batch_size=1))
```

```python
import keras

old = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, name="digits")])
old.save_weights("old.h5")
new = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, name="numbers")])
new.load_weights("old.h5", by_name=True)  # KC520
print(new.predict(keras.ops.ones((1, 784)), batch_size=1))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.load_weights("digits.weights.h5")
print(model.predict(x_test.reshape(-1, 784) / 255, batch_size=128))
```

## Known limits

What a file holds is known only where the script itself saves it or loads it a second time. Loading with `skip_mismatch` is left
alone, and loading `by_name` where Keras gave a layer its name. Of models that the script writes as classes it is not known whether they are built.

## References

- <https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Evaluation, Event, Fit, ModelUse
from kerascheck.facts.graph import GraphKind, LayerKind, ModelGraph
from kerascheck.facts.lives import built, may_be_trained
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

LENIENT = ("by_name", "skip_mismatch")
FILES = (".h5", ".hdf5", ".keras")
EFFECTS = {
    "load_weights": "Keras stops with an error",
    "save_weights": "Keras stops with an error",
    "save": "the file holds none",
}


@rule("KC520", "transfer-weights-lost", Severity.ERROR, since="0.1")
def transfer_weights_lost(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    yield from _without_weights(program, usage)
    loads = [use for use in program.of(ModelUse) if use.use == "load_weights" and not use.uncalled]
    for load in loads:
        if load.unbuilt:
            continue
        yield from _unmatched(load, program)
        other = _misfit(load, program)
        if other is not None:
            yield _not_fitting(load, other)
        elif program.whole and (lost := _thrown_away(load, program)) is not None:
            yield _lost(load, lost)


def _without_weights(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    """The first use of each model that needs weights before it has any."""
    told: set[int] = set()
    for use in program.of(ModelUse):
        if use.use not in EFFECTS or not use.unbuilt or not use.certain or use.model in told:
            continue
        handed = any(other.order < use.order for other in program.uses(use.model, "passed", "returned"))
        level = _level(use, program, usage)
        if not handed and level is not None:
            told.add(use.model)
            effect = EFFECTS[use.use]
            if level is Severity.WARNING:
                effect = effect.replace("Keras", "Keras 3")
            yield Finding(
                message=f"`{use.use}` is called on a model that has no weights yet, as nothing has told it the shape of its input: {effect}",
                location=use.location,
                label="not built yet",
                help="begin the model with `keras.Input(shape)`, or call `model.build` before",
                severity=level,
            )


def _level(use: ModelUse, program: TrainingProgram, usage: KerasUsage) -> Severity | None:
    """How loud to be; Keras 2 built a model that begins with `Embedding`, and kept checkpoints until there were weights."""
    if use.use == "save":
        return Severity.WARNING
    graph = program.graph(use.model)
    path = use.arguments.get("filepath")
    old = graph is not None and graph.layers[0].class_name == "Embedding"
    if old or (use.use == "load_weights" and not (isinstance(path, str) and path.endswith(FILES))):
        return usage.refusal
    return Severity.ERROR


def _misfit(load: ModelUse, program: TrainingProgram) -> ModelUse | None:
    """An earlier use of the same file with a model of other layers."""
    path = load.arguments.get("filepath")
    if not isinstance(path, str) or any(name in load.arguments for name in LENIENT):
        return None
    mine = _layers(program.graph(load.model))
    for use in program.of(ModelUse):
        same = use.use in ("save_weights", "load_weights") and use.arguments.get("filepath") == path
        if not same or use.order >= load.order or any(name in use.arguments for name in LENIENT):
            continue
        theirs = _layers(program.graph(use.model))
        if mine is not None and theirs is not None and mine != theirs:
            return use
    return None


def _unmatched(load: ModelUse, program: TrainingProgram) -> Iterator[Finding]:
    """A file that is loaded by name, of a model in which the author gave every layer another name."""
    path = load.arguments.get("filepath")
    if load.arguments.get("by_name") is not True or not isinstance(path, str):
        return
    mine = _names(program.graph(load.model))
    for use in program.of(ModelUse):
        theirs = _names(program.graph(use.model)) if use.use in ("save_weights", "save") else None
        if use.arguments.get("filepath") == path and use.order < load.order and mine and theirs and not mine & theirs:
            yield Finding(
                message=f"no layer of the model is called like one in `{path}`: loading by name leaves every weight as it was, without a word",
                location=load.location,
                label="no name in common",
                help="give the layers that are to take over weights the names that they had, or load without `by_name`",
                related=(Related(use.location, "saved from another model here"),),
            )
            return


def _names(graph: ModelGraph | None) -> frozenset[str] | None:
    """The names of the layers with weights, where the author gave them all."""
    if _layers(graph) is None or graph is None:
        return None
    weighted = [layer for layer in graph.layers if layer.parameters]
    return frozenset(layer.name for layer in weighted) if all("name" in layer.given for layer in weighted) else None


def _layers(graph: ModelGraph | None) -> tuple[tuple[str, int], ...] | None:
    """The layers with weights and how many each has; None where that is not proven."""
    if graph is None or not graph.whole or graph.kind is GraphKind.SUBCLASSED:
        return None
    found: list[tuple[str, int]] = []
    for layer in graph.layers:
        if layer.kind in (LayerKind.CUSTOM, LayerKind.MODEL) or isinstance(layer.parameters, Unknown):
            return None
        if layer.parameters:
            found.append((layer.class_name, layer.parameters))
    return tuple(found)


def _not_fitting(load: ModelUse, other: ModelUse) -> Finding:
    path = load.arguments["filepath"]
    verb = "saved from" if other.use == "save_weights" else "loaded into"
    return Finding(
        message=f"`{path}` is also {verb} a model of other layers: it cannot fit both, and Keras stops with a `ValueError`",
        location=load.place("filepath"),
        label="of another model",
        help="load it into a model of the same layers, or pass `skip_mismatch=True` to take over what fits",
        related=(Related(other.location, f"{verb} another model here"),),
    )


def _thrown_away(load: ModelUse, program: TrainingProgram) -> Evaluation | None:
    """The prediction of a model that was built again after the weights were loaded, without them."""
    mine = program.graph(load.model)
    if _layers(mine) is None or any(_is_used(event, load, program) for event in program.events):
        return None
    for event in program.of(Evaluation):
        made = built(program, event.model)
        if event.order < load.order or event.uncalled or made is None or made.order < load.order:
            continue
        if _layers(program.graph(event.model)) == _layers(mine) and not may_be_trained(program, event.model):
            return event
    return None


def _is_used(event: Event, load: ModelUse, program: TrainingProgram) -> bool:
    """Whether an event after the loading has to do with the model."""
    if event.order <= load.order or not isinstance(event, (Fit, Evaluation, ModelUse)):
        return False
    if isinstance(event, ModelUse) and event.use in ("built", "summary"):
        return False
    return program.related(event.model, load.model)


def _lost(load: ModelUse, judged: Evaluation) -> Finding:
    return Finding(
        message="nothing uses the model that these weights are loaded into: it is built again, and the new one starts at random",
        location=load.location,
        label="loaded into a model that is not used",
        help="load the weights after the model is built for the last time",
        related=(Related(judged.name_place or judged.location, "this model has random weights"),),
    )
