"""A training that runs for one epoch, for none, or for very many without an end in sight.

## What it does

Finds a `fit` without `epochs`, which runs for one; `epochs=0`, or `initial_epoch` at or past `epochs`, which run for none;
one or two epochs for a model that is trained from scratch; and 200 epochs or more without early stopping. The hints among
these are one finding for the whole file.

## Why it matters

One epoch sees every row once, which is seldom enough; the number is easily forgotten when a call is copied. A model that
trains for hundreds of epochs whatever happens overfits long before its end, and burns the time as well.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, validation_split=0.1)  # KC504
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
history = model.fit(x_train, y_train, batch_size=128, initial_epoch=10, epochs=5, validation_split=0.1)  # KC504
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=500, validation_split=0.1)  # KC504
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=2, validation_split=0.1)  # KC504
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras
from keras.callbacks import EarlyStopping

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=10, restore_best_weights=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=500, validation_split=0.1, callbacks=[stop])
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent for random numbers or a few written rows in place of data, inside loops, where one epoch a turn is common, for a
model that is trained more than once or comes with weights, beside a loop of training written by hand, and in functions
that the file itself never calls.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
- Prechelt: Early stopping, but when? Neural Networks: Tricks of the Trade (1998)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Callback, Fit, is_demonstration
from kerascheck.facts.graph import GraphKind, LayerKind
from kerascheck.facts.lives import trains_by_hand
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import Options, rule

METHODS: Final = frozenset({"fit", "fit_generator"})
FEW: Final = 2
MANY: Final = 200
STOPPERS: Final = frozenset({"EarlyStopping", "LambdaCallback", "TerminateOnNaN"})


@rule("KC504", "default-epochs", Severity.WARNING, since="0.1", options={"many": MANY})
def default_epochs(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    hints: dict[Location, Finding] = {}
    for fit in program.of(Fit):
        if fit.method not in METHODS or fit.unexpanded or fit.is_tested:
            continue
        warning = _warning(program, fit)
        if warning is not None:
            yield warning
        elif (hint := _hint(program, fit, options.number("many", MANY))) is not None:
            hints.setdefault(hint.location, hint)
    yield from _folded(list(hints.values()))


def _folded(hints: list[Finding]) -> Iterator[Finding]:
    """One finding for all hints of a file."""
    if hints:
        first, *others = hints
        yield replace(first, related=tuple(Related(hint.location, hint.label) for hint in others))


def _warning(program: TrainingProgram, fit: Fit) -> Finding | None:
    epochs, first = fit.arguments.get("epochs"), fit.arguments.get("initial_epoch", 0)
    if isinstance(epochs, int) and isinstance(first, int) and first >= epochs:
        started = f" from epoch {first}" if first else ""
        return Finding(
            message=f"`{fit.method}` trains for no epoch: it runs{started} to epoch {epochs}",
            location=fit.place("epochs"),
            label="nothing is trained",
            help="`epochs` is the epoch to end at, not the number to add: set it past `initial_epoch`",
        )
    if "epochs" not in fit.arguments and _is_whole_training(program, fit) and _is_from_scratch(program, fit):
        return Finding(
            message=f"`{fit.method}` sets no `epochs`, so that the model sees every row once",
            location=fit.name_place or fit.location,
            label="one epoch",
            help="set `epochs`, together with `EarlyStopping` on validation data",
        )
    return None


def _hint(program: TrainingProgram, fit: Fit, many: float) -> Finding | None:
    epochs = fit.arguments.get("epochs")
    if not isinstance(epochs, int) or not _is_whole_training(program, fit):
        return None
    if epochs >= many and isinstance(fit.callbacks, tuple) and not any(map(_may_stop, fit.callbacks)):
        return Finding(
            message=f"the training runs for all of its {epochs:,} epochs, whatever the validation loss does",
            location=fit.place("epochs"),
            label=f"{epochs:,} epochs without early stopping",
            help="add `EarlyStopping(patience=..., restore_best_weights=True)` and let the validation data decide",
            severity=Severity.INFO,
        )
    if epochs <= FEW and _is_from_scratch(program, fit):
        count = "one epoch" if epochs == 1 else f"{epochs} epochs"
        return Finding(
            message=f"the model is trained from scratch for {count}, which seldom suffices",
            location=fit.place("epochs"),
            label=count,
            help="train on while the validation loss falls: more epochs, with `EarlyStopping`",
            severity=Severity.INFO,
        )
    return None


def _is_whole_training(program: TrainingProgram, fit: Fit) -> bool:
    if fit.repeated or fit.uncalled or is_demonstration(fit.x) or trains_by_hand(program):
        return False
    return all(other is fit or not program.related(fit.model, other.model) for other in program.of(Fit))


def _is_from_scratch(program: TrainingProgram, fit: Fit) -> bool:
    """Whether the model is proven to be without weights from elsewhere."""
    graph = program.graph(fit.model)
    if graph is None or graph.kind is GraphKind.SUBCLASSED or not graph.whole:
        return False
    if any(layer.kind is LayerKind.CUSTOM or "weights" in layer.given for layer in graph.every_layer()):
        return False
    return not any(program.uses(fit.model, "load_weights", "set_weights", "passed"))


def _may_stop(callback: Callback) -> bool:
    return callback.custom or callback.name in STOPPERS
