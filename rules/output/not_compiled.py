"""A model is fitted or evaluated that was never compiled, or without a loss, or was given layers since.

## What it does

Follows each model that the script builds itself. It speaks where `fit`, `evaluate` or `train_on_batch` is reached before
any `compile` or after one that names no loss, and where layers are added to a Sequential model that was fitted, and it is
fitted again without a new `compile`.

## Why it matters

Without `compile` there is no loss and no optimizer: Keras stops with "You must call `compile()`". An optimizer is made for
the variables that the model had when training began: with those of layers added later it fails.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)  # KC314
```

A copy is not compiled:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.models import clone_model

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
copy = clone_model(model)
copy.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)  # KC314
```

Without a loss there is nothing to minimise:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", metrics=["accuracy"])
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)  # KC314
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

A model that was handed to a function of which the source is not seen may have been compiled there; nothing is said of it.
Regularizers, layers of one's own and `add_loss` bring losses that need none in `compile`.

## References

- <https://keras.io/api/models/model_training_apis/#compile-method>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Compiled, Evaluation, Fit, ModelUse
from kerascheck.facts.graph import GraphKind, LayerKind, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

HARMLESS = frozenset(
    {
        "add",
        "build",
        "built",
        "called",
        "count_params",
        "get_config",
        "get_layer",
        "get_weights",
        "history",
        "load_weights",
        "pop",
        "save",
        "save_weights",
        "set_weights",
        "summary",
        "to_json",
        "to_yaml",
        "trainable",
    }
)
"""Uses of a model that compile nothing."""

NEEDING = frozenset({"evaluate", "evaluate_generator", "test_on_batch"})


KNOWN: Final = frozenset({LayerKind.BUILTIN, LayerKind.OPERATION, LayerKind.MODEL})
OWN_LOSSES: Final = frozenset({"add_loss", "add_metric", "passed"})


@rule("KC314", "not-compiled", Severity.ERROR, since="0.1")
def not_compiled(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    if not program.whole:
        return  # The call may stand in what does not parse.
    for graph in program.models.values():
        if graph.whole and graph.kind is not GraphKind.SUBCLASSED and graph.layers:
            yield from _judged(graph, program)
            if not _may_bring_losses(graph, program):
                yield from _without_loss(graph, program, usage)


def _judged(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    compiles = [event for event in program.of(Compiled) if event.model == graph.key]
    first = next((use for use in _training(graph, program) if use.certain), None)
    if first is not None and not _may_be_compiled(graph, program, first, compiles):
        yield _finding(graph, first)
    yield from _grown(graph, program, compiles)


def _training(graph: ModelGraph, program: TrainingProgram) -> Iterator[Fit | Evaluation]:
    for event in program.events:
        trains = isinstance(event, Fit) or (isinstance(event, Evaluation) and event.method in NEEDING)
        if isinstance(event, (Fit, Evaluation)) and trains and event.model == graph.key:
            yield event


def _may_be_compiled(
    graph: ModelGraph, program: TrainingProgram, use: Fit | Evaluation, compiles: list[Compiled]
) -> bool:
    if any(event.order < use.order or event.repeated or event.scope != use.scope for event in compiles):
        return True
    uses = (event for event in program.of(ModelUse) if event.model == graph.key and event.order < use.order)
    own = [event.compile.location for event in compiles if event.compile is not None]
    came_compiled = any(compiled.location not in own for compiled in graph.compiles)
    return came_compiled or any(event.use not in HARMLESS for event in uses)


def _finding(graph: ModelGraph, use: Fit | Evaluation) -> Finding:
    return Finding(
        message=f"`{use.method}` is called on a model that no `compile` has been called on: Keras stops here with an error",
        location=use.location,
        label="no loss and no optimizer yet",
        help='call `model.compile(optimizer="adam", loss=…)` before',
        related=(Related(graph.location, "the model is made here"),),
    )


def _may_bring_losses(graph: ModelGraph, program: TrainingProgram) -> bool:
    """Whether a part of a model may add a loss of its own."""
    if any(True for _ in program.uses(graph.key, *OWN_LOSSES)):
        return True
    return any(
        layer.kind not in KNOWN
        or layer.class_name == "ActivityRegularization"
        or any(value is not None for name, value in layer.config.items() if name.endswith("_regularizer"))
        for layer in graph.every_layer()
    )


def _without_loss(graph: ModelGraph, program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    """The first training under a `compile` that names no loss; a model of a class of its own may compute one."""
    plain = {call.location for call in usage.calls if call.qualified.startswith("Model.") and call.certain}
    for use in _training(graph, program):
        compiled = use.compile if isinstance(use, Fit) else None
        if compiled is None or not compiled.complete or compiled.arguments.get("loss") is not None:
            continue
        sure = any(event.compile is compiled and event.certain for event in program.of(Compiled))
        if sure and use.certain and use.location in plain:
            yield Finding(
                message=f"`{use.method}` is called on a model that was compiled without a loss: there is nothing to minimise, and Keras stops with an error",
                location=use.location,
                label="no loss",
                help="pass `loss=` to `compile`",
                related=(Related(compiled.location, "no `loss` is given here"),),
            )
            return


def _grown(graph: ModelGraph, program: TrainingProgram, compiles: list[Compiled]) -> Iterator[Finding]:
    fits = [event for event in program.of(Fit) if event.model == graph.key and event.certain]
    for use in program.of(ModelUse):
        if use.model != graph.key or use.use != "add" or not use.certain:
            continue
        before = any(fit.order < use.order for fit in fits)
        after = next((fit for fit in fits if fit.order > use.order), None)
        if not before or after is None or any(use.order < event.order < after.order for event in compiles):
            continue
        yield Finding(
            message="the model is fitted again after a layer was added: the optimizer knows nothing of the new weights and Keras stops with an error",
            location=after.location,
            label="not compiled since",
            help="call `compile` again after the last layer was added",
            related=(Related(use.location, "a layer is added here"),),
        )
        return
