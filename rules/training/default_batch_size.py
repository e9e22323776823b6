"""`fit`, `evaluate` or `predict` on arrays without `batch_size`.

## What it does

Finds the calls that hand over arrays and leave the batch size to Keras, which then takes 32. One finding speaks for the
whole file.

## Why it matters

The batch size decides how many updates an epoch makes, how noisy they are, how fast a step is and how much memory it
takes. 32 is seldom what a given model and machine want, and a default that nobody wrote down is easily missed when two
runs are compared.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=10, validation_split=0.1)  # KC501
print(model.evaluate(x_test, y_test))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=256, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test))  # KC501
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=256, epochs=10, validation_split=0.1)
print(history.history["val_accuracy"])
print(model.evaluate(x_test, y_test, batch_size=256))
```

## Known limits

Silent for datasets, generators and Sequences, which bring their batches along, for data of which nothing is known, and
where at most 32 rows are judged.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
- Keskar et al.: On large-batch training for deep learning. ICLR 2017
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.events import Data, Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Fix, Related, Severity
from kerascheck.rule import rule

DEFAULT: Final = 32
METHODS: Final = frozenset({"fit", "evaluate", "predict"})
STEPS: Final = frozenset({"steps_per_epoch", "steps"})


@rule("KC501", "default-batch-size", Severity.INFO, since="0.1", group="performance", fixable=True)
def default_batch_size(program: TrainingProgram) -> Iterator[Finding]:
    calls = {event.location: event for event in program.events if isinstance(event, (Fit, Evaluation))}
    found = [call for call in calls.values() if _is_left_open(call)]
    if not found:
        return
    first, *others = found
    edits = tuple(call.slot.insert(f"batch_size={DEFAULT}") for call in found if call.slot is not None)
    yield Finding(
        message=_message(first),
        location=first.name_place or first.location,
        label=f"takes {DEFAULT} rows at a time",
        help="choose `batch_size` yourself: try powers of two from 32 up to what the memory holds, and write it down",
        related=tuple(
            Related(call.name_place or call.location, f"`{call.method}` takes {DEFAULT} as well") for call in others
        ),
        fix=Fix(edits) if len(edits) == len(found) else None,
    )


def _is_left_open(call: Fit | Evaluation) -> bool:
    if (
        call.method not in METHODS
        or call.unexpanded
        or call.is_tested
        or "batch_size" in call.arguments
        or STEPS & set(call.arguments)
    ):
        return False
    if not _are_arrays(call.x, call.y):
        return False
    rows = _rows(call.x)
    return isinstance(call, Fit) or rows is None or rows > DEFAULT


def _are_arrays(x: Data, y: Data) -> bool:
    """Whether the inputs are proven to be arrays: they are, or Keras takes targets beside arrays alone."""
    inputs = arrays(x)
    kinds = {array.kind for array in inputs}
    if not inputs or kinds & {DataKind.DATASET, DataKind.GENERATOR}:
        return False
    return DataKind.UNKNOWN not in kinds or bool(arrays(y))


def _rows(x: Data) -> int | None:
    first = next(iter(arrays(x)), None)
    if not isinstance(first, DataArray) or not isinstance(first.shape, tuple) or not first.shape:
        return None
    return first.shape[0] if isinstance(first.shape[0], int) else None


def _message(call: Fit | Evaluation) -> str:
    rows = _rows(call.x)
    if isinstance(call, Evaluation):
        count = f"its {rows:,} rows" if rows is not None else "the rows"
        return f"`{call.method}` sets no `batch_size`, so that Keras takes {count} {DEFAULT} at a time"
    split = call.arguments.get("validation_split", 0)
    if rows is None or not isinstance(split, (int, float)):
        return f"`fit` sets no `batch_size`, so that Keras makes one update for every {DEFAULT} rows"
    trained = math.floor(rows * (1 - split))
    steps = math.ceil(trained / DEFAULT)
    updates = "update" if steps == 1 else "updates"
    return (
        f"`fit` sets no `batch_size`, so that Keras takes {DEFAULT}: {steps:,} {updates} an epoch on {trained:,} rows"
    )
