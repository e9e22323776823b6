"""The number of steps does not fit the data, or an endless generator has none.

## What it does

Compares `steps_per_epoch` and `validation_steps` with what is known of the data: a generator over arrays of known length, a
Python generator that yields in a `while True`, a dataset that is repeated without end.

## Why it matters

A generator without end and without steps makes one epoch that never finishes: no validation, no checkpoint, no history. A
step is a batch, not a row: `steps_per_epoch=60000` with batches of 32 goes through the data 32 times in each "epoch".

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

Fewer steps than batches are a choice and are passed over; so is any number of steps that is not more than twice the number
of batches. Keras 1 counted rows (`samples_per_epoch`); that argument is the matter of KC601.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method> (`steps_per_epoch`)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.training import Data, Fit, TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

SETTINGS = (("x", "steps_per_epoch"), ("validation_data", "validation_steps"))
OF_KERAS_1 = frozenset({"samples_per_epoch", "nb_val_samples"})
TOO_MANY = 2
"""Up to this many times the number of batches may be meant."""


@rule("KC123", "generator-steps-mismatch", Severity.WARNING, since="0.1")
def generator_steps_mismatch(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        if fit.method == "train_on_batch" or fit.unexpanded:
            continue
        for place, argument in SETTINGS:
            data: Data = fit.x if place == "x" else fit.validation_x
            if isinstance(data, DataArray) and data.kind in (DataKind.GENERATOR, DataKind.DATASET):
                yield from _judge(fit, data, argument, place)


def _judge(fit: Fit, data: DataArray, argument: str, place: str) -> Iterator[Finding]:
    steps = fit.arguments.get(argument)
    if argument not in fit.arguments or steps is None:
        if _is_endless(data):
            yield _endless(fit, data, argument, fit.place(place))
    elif isinstance(steps, (int, float)) and not OF_KERAS_1 & fit.arguments.keys():
        batches = _batches(data)
        if batches is not None and steps > TOO_MANY * batches:
            yield _too_many(fit, data, argument, int(steps), batches)


def _is_endless(data: DataArray) -> bool:
    step = data.step(StepKind.REPEATED)
    if step is None:
        return False
    return data.container == "yields" or (data.kind is DataKind.DATASET and step.arguments.get("count") in (None, -1))


def _batches(data: DataArray) -> int | None:
    """How many batches one pass has; None where that is not known."""
    if data.kind is not DataKind.GENERATOR or not data.elements:
        return None
    shape = data.elements[0].shape
    step = data.step(StepKind.BATCHED)
    size = step.arguments.get("batch_size") if step is not None else None
    rows = shape[0] if isinstance(shape, tuple) and shape else None
    if not isinstance(rows, int) or not isinstance(size, int) or size < 1 or data.rows is None or data.rows.partial:
        return None
    return -(-rows // size)


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


def _too_many(fit: Fit, data: DataArray, argument: str, steps: int, batches: int) -> Finding:
    name = f"`{data.name}`" if data.name else "the generator"
    return Finding(
        message=f"`{argument}` is {steps:,}, but {name} has {batches:,} batches: each epoch goes through the data {steps / batches:.0f} times",
        location=fit.place(argument),
        help=f"a step is a batch: pass {batches:,}, or leave `{argument}` out",
        label=f"{batches:,} batches in a pass",
        related=(Related(data.location, "the batches are made here"),),
    )
