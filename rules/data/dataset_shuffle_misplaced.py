"""`shuffle`, `cache` or `repeat` of a dataset stands where it does not do its work.

## What it does

Reads the order of the steps of a `tf.data` pipeline that a model is trained on: a `shuffle` after `batch` of rows that were
never shuffled before, a `cache` after a random augmentation, a shuffle buffer of 1, a `repeat` before the `shuffle`.

## Why it matters

A shuffle of batches keeps each batch as it was: rows of one class that lie together stay together. A cache behind a random
step stores the first draw, and every epoch sees the same "random" images. A buffer of 1 shuffles nothing. A repeat before
the shuffle mixes the epochs, so that some rows come twice before others come once.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
validation = tf.data.Dataset.from_tensor_slices((x[:200], y[:200])).batch(32)
training = tf.data.Dataset.from_tensor_slices((x[200:], y[200:])).batch(32).shuffle(100)  # KC114
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(training, epochs=20, validation_data=validation)
print(history.history["val_loss"])
```

```python
import keras
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
rows = tf.data.Dataset.from_tensor_slices((x_train[..., None] / 255, y_train))
rows = rows.map(lambda image, label: (tf.image.random_brightness(image, 0.2), label))
rows = rows.cache().shuffle(10000).batch(64)  # KC114
model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(rows, epochs=5)
print(model.evaluate(x_test[..., None] / 255, y_test, batch_size=64))
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
validation = tf.data.Dataset.from_tensor_slices((x[:200], y[:200])).batch(32)
training = tf.data.Dataset.from_tensor_slices((x[200:], y[200:])).cache().shuffle(1000).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(training, epochs=20, validation_data=validation)
print(history.history["val_loss"])
```

## Known limits

Random steps inside functions of other modules are not seen.

## References

- <https://www.tensorflow.org/guide/data_performance>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Step, StepKind
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Severity
from kerascheck.rule import rule

SHUFFLE = "shuffle"


@rule("KC114", "dataset-shuffle-misplaced", Severity.WARNING, since="0.1", mentions=("shuffle",))
def dataset_shuffle_misplaced(program: TrainingProgram) -> Iterator[Finding]:
    seen: set[Location] = set()
    for fit in program.of(Fit):
        for data in arrays(fit.x):
            if data.kind is DataKind.DATASET:
                for finding in _read(data):
                    if finding.location not in seen:
                        seen.add(finding.location)
                        yield finding


def _read(data: DataArray) -> Iterator[Finding]:
    for index, step in enumerate(data.history):
        before, after = data.history[:index], data.history[index + 1 :]
        kinds = {earlier.kind for earlier in before}
        if step.kind is StepKind.SHUFFLED and step.by == SHUFFLE:
            # What is batched again was cut into pieces, not into batches.
            pieces = any(later.kind is StepKind.BATCHED for later in after)
            yield from _of_shuffle(step, kinds - {StepKind.BATCHED} if pieces else kinds)
        elif step.kind is StepKind.CACHED and StepKind.AUGMENTED in kinds:
            yield Finding(
                message="`cache` stores the result of a random step before it: every epoch sees the same images again, and the augmentation adds nothing",
                location=step.location,
                help="call `cache` before the random steps",
                label="stores random images",
            )


def _of_shuffle(step: Step, kinds: set[StepKind]) -> Iterator[Finding]:
    if step.arguments.get("buffer_size") == 1:
        yield Finding(
            message="a shuffle buffer of 1 leaves the rows in their order",
            location=step.places.get("buffer_size", step.location),
            help="use a buffer as large as the data, or at least many batches",
            label="shuffles nothing",
        )
    elif StepKind.BATCHED in kinds and StepKind.SHUFFLED not in kinds:
        yield Finding(
            message="`shuffle` after `batch` changes the order of the batches and never what is in them: rows that lie together stay together",
            location=step.location,
            help="call `shuffle` before `batch`",
            label="shuffles whole batches",
        )
    elif StepKind.REPEATED in kinds:
        yield Finding(
            message="`shuffle` after `repeat` mixes the epochs: some rows come twice before others have come once",
            location=step.location,
            help="call `shuffle` before `repeat`",
            label="mixes epochs",
            severity=Severity.INFO,
        )
