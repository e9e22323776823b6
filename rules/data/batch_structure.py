"""A generator or `PyDataset` gives batches in a form that Keras does not take.

## What it does

Looks at the generators and the `Sequence` or `PyDataset` classes of the script that are passed to `fit`, `evaluate` or `predict`:
a generator that yields a list or a bare array in place of a tuple, and batches of more than three parts.

## Why it matters

Keras 3 takes from a generator only tuples: the inputs, the inputs and targets, or these and weights of the samples. It stops
with a `ValueError` at the first batch; `tf.keras` 2 took lists too. A fourth part is refused by all of them.

## Bad

```python
import keras
import numpy as np


def batches(x, y, size):
    while True:
        for start in range(0, len(x), size):
            yield [x[start : start + size], y[start : start + size]]


x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
train = batches(x[200:], y[200:], 32)
history = model.fit(train, steps_per_epoch=50, epochs=20, validation_data=(x[:200], y[:200]))  # KC129
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
train = batches(x[200:], y[200:], 32)
history = model.fit(train, steps_per_epoch=50, epochs=20, validation_data=(x[:200], y[:200]))
print(history.history["val_loss"])
```

## Known limits

Only batches that are written out where they are yielded or returned, all in the same form, are looked at.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import Batch, DataArray
from kerascheck.facts.events import Data, Evaluation, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

MOST: Final = 3
METHODS: Final = ("fit", "fit_generator", "evaluate", "evaluate_generator", "predict", "predict_generator")
FORMS: Final = {"list": "a list", "array": "an array alone"}


@rule("KC129", "batch-structure", Severity.ERROR, since="0.1", mentions=("yield", "__getitem__"))
def batch_structure(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)) and event.method in METHODS:
            # Keras 3 has none of the methods of this ending.
            level = None if event.method.endswith("_generator") else usage.refusal
            yield from _judged(event, event.x, "x", level)
            if isinstance(event, Fit):
                yield from _judged(event, event.validation_x, "validation_data", level)


def _judged(event: Fit | Evaluation, data: Data, argument: str, level: Severity | None) -> Iterator[Finding]:
    batch = data.batch if isinstance(data, DataArray) else None
    if not isinstance(batch, Batch) or not isinstance(data, DataArray):
        return
    verb = "yields" if data.container == "yields" else "returns"
    if batch.parts > MOST:
        told = (
            f"{verb} batches of {batch.parts} parts: Keras takes inputs, targets and weights of the samples, and stops"
        )
        help_, level = "put several inputs into one tuple or list: `(first, second), targets`", Severity.ERROR
    elif batch.kind in FORMS and data.container == "yields" and level is not None:
        told = f"yields {FORMS[batch.kind]}: Keras 3 takes only tuples from a generator, and stops at the first batch"
        help_ = (
            "yield a tuple: `yield inputs, targets`" if batch.parts > 1 else "yield a tuple of one: `yield (inputs,)`"
        )
    else:
        return
    name = f"`{data.name}`" if data.name else f"`{data.origin}`"
    yield Finding(
        message=f"{name} {told}",
        location=event.place(argument),
        label="not a tuple" if batch.parts <= MOST else f"{batch.parts} parts",
        help=help_,
        severity=level,
        related=(Related(batch.location, "the batches are made here"),),
    )
