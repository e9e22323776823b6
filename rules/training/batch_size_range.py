"""A batch size that cannot be right for the data it is used on.

## What it does

Finds a `batch_size` that is not positive, that is larger than the known number of rows of a `fit`, that stands beside a
dataset or generator, or that is 1 in the training of a model with batch normalization.

## Why it matters

A dataset, generator or Sequence brings its batches along: Keras 2 raises a `ValueError` on a `batch_size` beside it, Keras 3
ignores the number. With more than there are rows, each epoch makes one update only. Batch normalization over one row has no
spread to divide by.

## Bad

```python
import keras
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
batches = tf.data.Dataset.from_tensor_slices((x_train / 255, y_train)).shuffle(10_000).batch(128)
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(batches, epochs=5, batch_size=128)  # KC502
print(model.evaluate(x_test / 255, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
history = model.fit(x_train, y_train, epochs=50, batch_size=512, validation_split=0.1)  # KC502
print(model.evaluate(x_test, y_test, batch_size=0))  # KC502
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
history = model.fit(x_train, y_train, epochs=50, batch_size=1, validation_split=0.1)  # KC502
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
history = model.fit(x_train, y_train, epochs=50, batch_size=16, validation_split=0.1)
print(history.history["val_mae"])
print(model.evaluate(x_test, y_test, batch_size=64))
```

## Known limits

A batch of all rows, or of one row without batch normalization, is a choice and no mistake.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
- Ioffe, Szegedy: Batch normalization. ICML 2015
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataKind
from kerascheck.facts.events import Evaluation, Fit, arrays, is_demonstration
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

BATCHED: Final = {DataKind.DATASET: "dataset", DataKind.GENERATOR: "source of batches"}


@rule("KC502", "batch-size-range", Severity.WARNING, since="0.1", group="performance")
def batch_size_range(program: TrainingProgram) -> Iterator[Finding]:
    for call in program.events:
        if not isinstance(call, (Fit, Evaluation)) or call.is_tested:
            continue
        size = call.arguments.get("batch_size")
        if not isinstance(size, (int, float)) or isinstance(size, bool):
            continue
        place = call.place("batch_size")
        if size <= 0:
            yield Finding(
                message=f"`{call.method}` is given a batch size of {size}, which Keras refuses",
                location=place,
                label="not positive",
                help="give a positive number of rows",
                severity=Severity.ERROR,
            )
        elif (kind := _batched(call)) is not None:
            yield _beside_batches(call, kind, place, program)
        elif isinstance(call, Fit):
            yield from _in_training(call, size, place, program.graph(call.model))


def _batched(call: Fit | Evaluation) -> str | None:
    return next((BATCHED[array.kind] for array in arrays(call.x) if array.kind in BATCHED), None)


def _beside_batches(call: Fit | Evaluation, kind: str, place: Location, program: TrainingProgram) -> Finding:
    refused = program.target_keras == 2
    return Finding(
        message=f"`{call.method}` is given a {kind}, which sets the batch size itself: Keras 2 raises a `ValueError`"
        + ("" if refused else ", Keras 3 ignores `batch_size`"),
        location=place,
        label=f"the {kind} decides this",
        help=f"leave `batch_size` out and set it where the {kind} is made",
        severity=Severity.ERROR if refused else Severity.WARNING,
        related=tuple(Related(array.location, f"the {kind} is made here") for array in arrays(call.x)[:1]),
    )


def _in_training(fit: Fit, size: float, place: Location, graph: ModelGraph | None) -> Iterator[Finding]:
    rows = _rows(fit)
    if rows is not None and size > rows and not is_demonstration(fit.x):
        yield Finding(
            message=f"a batch size of {size:,} is more than the {rows:,} rows there are: each epoch makes a single update",
            location=place,
            label=f"more than {rows:,} rows",
            help="take a smaller batch, such as 32, so that an epoch makes several updates",
            related=(Related(arrays(fit.x)[0].location, "the rows come from here"),),
        )
    elif size == 1 and graph is not None and rows != 1:
        normalized = next((layer for layer in graph.layers if layer.class_name == "BatchNormalization"), None)
        if normalized is not None and len(_output_rank(graph, normalized.key)) == 2:
            yield Finding(
                message="batches of one row leave `BatchNormalization` no spread to normalize by: it trains on zeros",
                location=place,
                label="one row a batch",
                help="take batches of at least 16 rows, or `LayerNormalization`",
                related=(Related(normalized.location, "normalizes over the batch"),),
            )


def _output_rank(graph: ModelGraph, key: int) -> tuple[object, ...]:
    """The known shape that a layer gives, empty for none."""
    node = next((node for node in graph.nodes if node.layer.key == key), None)
    return node.output_shape if node is not None and isinstance(node.output_shape, tuple) else ()


def _rows(fit: Fit) -> int | None:
    """How many rows are trained on."""
    first = next(iter(arrays(fit.x)), None)
    if first is None or first.kind is not DataKind.ARRAY or not isinstance(first.shape, tuple) or not first.shape:
        return None
    split = fit.arguments.get("validation_split", 0)
    rows = first.shape[0]
    if not isinstance(rows, int) or not isinstance(split, (int, float)) or fit.method != "fit":
        return None
    return math.floor(rows * (1 - split))
