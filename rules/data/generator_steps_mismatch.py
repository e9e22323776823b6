"""The number of steps does not fit the data, or an endless generator has none.

## What it does

Compares `steps_per_epoch` and `validation_steps` with what is known of the data: arrays of known length, a generator or dataset
over such arrays, a Python generator that yields in a `while True`, a dataset that is repeated without end.

## Why it matters

A generator without end and without steps makes one epoch that never finishes: no validation, no checkpoint, no history. A
step is a batch, not a row: `steps_per_epoch=60000` with batches of 32 goes through the data 32 times in each "epoch".
Arrays, and datasets that are not repeated, run out before: Keras warns, and breaks the epoch or the whole training off.

## Bad

```python
import keras
import numpy as np


def batches(x, y, size):
    while True:
        for start in range(0, len(x), size):
            yield x[start : start + size], y[start : start + size]


x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(batches(x[200:], y[200:], 32), epochs=20, validation_data=(x[:200], y[:200]))  # KC123
```

```python
import keras
from tf_keras.preprocessing.image import ImageDataGenerator

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
model = keras.applications.MobileNetV2(input_shape=(32, 32, 3), weights=None, classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
batches = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True).flow(x_train, y_train, batch_size=50)
history = model.fit(batches, steps_per_epoch=50000, epochs=20, validation_data=(x_test[:500] / 255, y_test[:500]))  # KC123
print(model.evaluate(x_test[500:] / 255, y_test[500:], batch_size=50))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=20, steps_per_epoch=1000, validation_split=0.1)  # KC123
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras
import numpy as np


def batches(x, y, size):
    while True:
        for start in range(0, len(x), size):
            yield x[start : start + size], y[start : start + size]


x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
steps = len(x[200:]) // 32
history = model.fit(
    batches(x[200:], y[200:], 32), steps_per_epoch=steps, epochs=20, validation_data=(x[:200], y[:200])
)
print(history.history["val_loss"])
```

## Known limits

Fewer steps than batches are a choice and are passed over; so is, for a generator, any number of steps that is not more than
twice the number of batches. Keras 1 counted rows (`samples_per_epoch`); that argument is the matter of KC601.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method> (`steps_per_epoch`)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.events import Data, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Value
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

SETTINGS = (("x", "steps_per_epoch"), ("validation_data", "validation_steps"))
OF_KERAS_1 = frozenset({"samples_per_epoch", "nb_val_samples"})
COUNTING = frozenset({StepKind.BATCHED, StepKind.REPEATED, StepKind.WINDOWED})
TOO_MANY = 2
"""Up to this many times the number of batches may be meant."""


@rule("KC123", "generator-steps-mismatch", Severity.WARNING, since="0.1")
def generator_steps_mismatch(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        if fit.method == "train_on_batch" or fit.unexpanded:
            continue
        for place, argument in SETTINGS:
            data: Data = fit.x if place == "x" else fit.validation_x
            if isinstance(data, tuple) and data:
                data = data[0]
            if isinstance(data, DataArray) and data.kind is not DataKind.UNKNOWN:
                yield from _judge(fit, data, argument, place)


def _judge(fit: Fit, data: DataArray, argument: str, place: str) -> Iterator[Finding]:
    steps = fit.arguments.get(argument)
    if argument not in fit.arguments or steps is None:
        if _is_endless(data):
            yield _endless(fit, data, argument, fit.place(place))
    elif isinstance(steps, (int, float)) and not OF_KERAS_1 & fit.arguments.keys():
        batches = _batches(fit, data, place, steps)
        if batches is None:
            return
        if data.kind is not DataKind.GENERATOR and steps > batches:
            yield _runs_out(fit, data, argument, int(steps), batches)
        elif data.kind is DataKind.GENERATOR and steps > TOO_MANY * batches:
            yield _too_many(fit, data, argument, int(steps), batches)


def _is_endless(data: DataArray) -> bool:
    step = data.step(StepKind.REPEATED)
    if step is None:
        return False
    return data.container == "yields" or (data.kind is DataKind.DATASET and step.arguments.get("count") in (None, -1))


def _batches(fit: Fit, data: DataArray, place: str, steps: float) -> int | None:
    """How many batches one pass has at most; None where that is not known."""
    array = data if data.kind is DataKind.ARRAY else data.elements[0] if data.elements else None
    shape = array.shape if array is not None else UNKNOWN
    rows = shape[0] if isinstance(shape, tuple) and shape else None
    if not isinstance(rows, int) or (data.kind is DataKind.GENERATOR and (data.rows is None or data.rows.partial)):
        return None
    share = fit.arguments.get("validation_split", 0) if place == "x" and data.kind is DataKind.ARRAY else 0
    if not isinstance(share, (int, float)) or not 0 <= share < 1:
        return None
    rows = int(rows * (1 - share))
    size = _size(fit, data, place)
    if size is None and steps >= 1:
        # Of arrays Keras makes as many batches as there are steps, as well as that goes.
        size = -(-rows // int(steps))
    return -(-rows // size) if isinstance(size, int) and size >= 1 else None


def _size(fit: Fit, data: DataArray, place: str) -> Value:
    """The rows of a batch; None where Keras is to choose."""
    if data.kind is DataKind.ARRAY:
        given = fit.arguments.get("batch_size")
        return given if place == "x" else fit.arguments.get("validation_batch_size") or given
    kinds = [step for step in data.history if step.kind in COUNTING]
    if data.kind is DataKind.DATASET and (len(kinds) != 1 or data.parts or _is_mapped_in_batches(data)):
        return UNKNOWN
    step = data.step(StepKind.BATCHED)
    return step.arguments.get("batch_size", UNKNOWN) if step is not None else UNKNOWN


def _is_mapped_in_batches(data: DataArray) -> bool:
    """Whether a function is applied to whole batches, which may have other rows behind it."""
    kinds = [step.kind for step in data.history]
    return StepKind.BATCHED in kinds and StepKind.TRANSFORMED in kinds[kinds.index(StepKind.BATCHED) :]


def _endless(fit: Fit, data: DataArray, argument: str, place: Location) -> Finding:
    name = f"`{data.name}`" if data.name else "this generator"
    effect = "the first epoch never ends" if argument == "steps_per_epoch" else "the first validation never ends"
    origin = data.step(StepKind.REPEATED)
    return Finding(
        message=f"{name} yields batches without end and `{argument}` is not given: {effect}",
        location=place,
        help=f"pass `{argument}=` the number of rows divided by the batch size",
        label="without end",
        severity=Severity.ERROR,
        related=(Related(origin.location, "repeats for ever"),) if origin is not None else (),
    )


def _runs_out(fit: Fit, data: DataArray, argument: str, steps: int, batches: int) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    count = f"{batches:,} batches" if batches != 1 else "one batch"
    effect = "the epoch, or the whole training, is" if argument == "steps_per_epoch" else "the validation is"
    return Finding(
        message=f"`{argument}` is {steps:,}, but {name} has {count}: the data run out and {effect} cut short",
        location=fit.place(argument),
        help=f"leave `{argument}` out" + (", or repeat the dataset" if data.kind is DataKind.DATASET else ""),
        label=f"{count} in a pass",
        related=(Related(data.location, "the data come from here"),),
    )


def _too_many(fit: Fit, data: DataArray, argument: str, steps: int, batches: int) -> Finding:
    name = f"`{data.name}`" if data.name else "the generator"
    return Finding(
        message=f"`{argument}` is {steps:,}, but {name} has {batches:,} batches: each epoch goes through the data {steps / batches:.0f} times",
        location=fit.place(argument),
        help=f"a step is a batch: pass {batches:,}, or leave `{argument}` out",
        label=f"{batches:,} batches in a pass",
        related=(Related(data.location, "the batches are made here"),),
    )
