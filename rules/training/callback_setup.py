"""A callback needs something that the model, its optimizer or this `fit` does not have.

## What it does

Looks at the callbacks of each `fit`: `SwapEMAWeights` with an optimizer that keeps no averages, `BackupAndRestore` with a model
that is not built or without a folder, a range of batches in `TensorBoard(profile_batch=...)` that ends before it begins, and `embeddings_metadata`
for a layer that is no `Embedding` of the model.

## Why it matters

Keras stops with a `ValueError`: when the training begins, or, for averaged weights, at the first validation or prediction,
after the first epoch is through.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
swap = keras.callbacks.SwapEMAWeights()  # KC529
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1, callbacks=[swap])
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
backup = keras.callbacks.BackupAndRestore("backup")  # KC529
board = keras.callbacks.TensorBoard(profile_batch=(20, 10))  # KC529
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1, callbacks=[backup, board])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile(keras.optimizers.Adam(use_ema=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
calls = [
    keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
    keras.callbacks.BackupAndRestore("backup"),
    keras.callbacks.TensorBoard(profile_batch=(10, 20)),
]
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1, callbacks=calls)
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

`BackupAndRestore` takes a model that is not built in earlier releases; this is an error where the script is known to aim at
Keras 3. Optimizers that wrap others are not looked into.

## References

- <https://keras.io/api/callbacks/swap_ema_weights/>
- <https://keras.io/api/callbacks/backup_and_restore/>
- <https://keras.io/api/callbacks/tensorboard/>
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.graph import Layer
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Value
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

WRAPPERS: Final = frozenset({"loss_scale_optimizer", "multi_optimizer"})


@rule("KC529", "callback-setup", Severity.ERROR, since="0.1", mentions=("allback",))
def callback_setup(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    told: set[Location] = set()
    for callback in program.callbacks:
        if callback.name == "TensorBoard" and not callback.custom and _is_no_range(callback["profile_batch"]):
            yield _profile(callback)
        if callback.name == "BackupAndRestore" and callback["backup_dir"] == "" and usage.refusal is not None:
            yield Finding(
                message="`BackupAndRestore` is given no folder: Keras 3 raises a ValueError",
                location=callback.place("backup_dir"),
                label="no folder",
                help="name the folder that the backup goes to",
                severity=usage.refusal,
            )
    for fit in program.of(Fit):
        for callback in fit.callbacks if isinstance(fit.callbacks, tuple) else ():
            for finding in _judged(callback, fit, program, usage) if not callback.custom else ():
                if finding.location not in told:
                    told.add(finding.location)
                    yield finding


def _judged(callback: Callback, fit: Fit, program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    match callback.name:
        case "SwapEMAWeights":
            yield from _averages(callback, fit)
        case "BackupAndRestore" if usage.refusal is not None and _is_unbuilt(fit, program):
            yield Finding(
                message=f"`BackupAndRestore` needs a model that is built, and nothing has told this one the shape of its input before `{fit.method}`: Keras 3 stops with a ValueError",
                location=callback.location,
                label="no weights to restore",
                help="begin the model with `keras.Input(shape)`, or call `model.build` before",
                severity=usage.refusal,
                related=(Related(fit.name_place or fit.location, "not built when this begins"),),
            )
        case "TensorBoard":
            yield from _metadata(callback, fit, program)
        case _:
            return


def _is_unbuilt(fit: Fit, program: TrainingProgram) -> bool:
    handed = any(use.order < fit.order for use in program.uses(fit.model, "passed", "returned"))
    return fit.unbuilt and fit.certain and not handed


def _averages(callback: Callback, fit: Fit) -> Iterator[Finding]:
    """Weights are swapped at the end of an epoch when that is asked for, and whenever the model is judged."""
    optimizer = fit.compile.optimizer if fit.compile is not None else None
    judged = callback["swap_on_epoch"] is True or fit.validation_x is not None or fit.arguments.get("validation_split")
    if optimizer is None or optimizer["use_ema"] is not False or optimizer.name in WRAPPERS or not judged:
        return
    yield Finding(
        message=f"`SwapEMAWeights` swaps in the averages that the optimizer keeps, and `{optimizer.label}` keeps none: Keras stops with a ValueError",
        location=callback.location,
        label="no averages to swap in",
        help="make the optimizer with `use_ema=True`",
        related=(Related(optimizer.location, "`use_ema` is not set here"),),
    )


def _is_no_range(value: Value) -> bool:
    """Whether batches to profile are proven to be neither one number nor two that go up."""
    if isinstance(value, tuple):
        numbers = [item for item in value if isinstance(item, int)]
        return len(numbers) == len(value) and (len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1])
    return isinstance(value, int) and value < 0


def _profile(callback: Callback) -> Finding:
    return Finding(
        message=f"`profile_batch={callback['profile_batch']}` is no range of batches: Keras stops with a ValueError when the training begins",
        location=callback.place("profile_batch"),
        label="no range",
        help="give the number of one batch, or the first and the last: `(10, 20)`",
    )


def _metadata(callback: Callback, fit: Fit, program: TrainingProgram) -> Iterator[Finding]:
    """Names of embeddings that the model does not have."""
    graph, given = program.graph(fit.model), callback["embeddings_metadata"]
    frequency = callback["embeddings_freq"]
    if (
        graph is None
        or not graph.whole
        or not isinstance(given, Mapping)
        or not isinstance(frequency, int)
        or not frequency
    ):
        return
    embeddings = [layer for layer in graph.layers if layer.class_name == "Embedding"]
    wrong = [name for name in given if not any(_may_be_called(layer, name) for layer in embeddings)]
    if wrong:
        yield Finding(
            message=f"`{wrong[0]}` is no `Embedding` of the model: Keras stops with a ValueError when the training begins",
            location=callback.place("embeddings_metadata"),
            label="no such embedding",
            help="use the names of the embeddings as keys, which `name=` gives them",
        )


def _may_be_called(layer: Layer, name: str) -> bool:
    return layer.name == name if "name" in layer.given else re.fullmatch(r"embedding(_\d+)?", name) is not None
