"""`fit` is told not to shuffle rows that have no order.

## What it does

Finds `shuffle=False` and `shuffle="batch"` in a `fit` on arrays, where the rows are known to be images or labelled
examples of a classification, and the model has no recurrent layer that could need their order, or reads texts, or gets
rows that were drawn in a random order before. Finds training on a `flow_from_directory` that was told not to shuffle, too.

## Why it matters

Without shuffling, every epoch makes the same batches in the same order. When the rows are sorted, by class or by source,
each batch pulls the weights towards one class, and the last ones seen win; batch normalization then sees batches that look
like none at prediction time.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1, shuffle=False)  # KC505
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train / 255, x_test / 255
model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(32, 3, activation="relu")])
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(10, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=10,
    validation_split=0.1,
    shuffle="batch",  # KC505
)
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras.preprocessing.image import ImageDataGenerator

images = ImageDataGenerator(rescale=1 / 255, validation_split=0.2)
training = images.flow_from_directory("birds", (64, 64), subset="training", shuffle=False)  # KC505
validation = images.flow_from_directory("birds", (64, 64), subset="validation", shuffle=False)
model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(8, 3, activation="relu")])
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(4, "softmax"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(training, epochs=10, validation_data=validation)
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1, shuffle=True)
print(history.history["val_accuracy"])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent for rows of which nothing is known, for anything that looks like a time series (by its lineage, its name, a
recurrent or causal layer), for stateful models, and for other datasets and generators, whose order `fit` does not touch.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
- Bengio: Practical recommendations for gradient-based training of deep architectures (2012), section 3.1.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

ORDERED_LAYERS: Final = ("LSTM", "GRU", "RNN", "Conv1D", "Attention", "TimeDistributed", "Bidirectional")
ORDERED_NAMES: Final = r"time|series|seq|stock|price|window|lag|sensor|signal|ecg|eeg|frame|video|audio"
CLASS_LOSSES: Final = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"})


@rule("KC505", "shuffle-off", Severity.WARNING, since="0.1", fixable=True, mentions=("shuffle",))
def shuffle_off(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        yield from _of_directory(program, fit)
        value = fit.arguments.get("shuffle", True)
        if fit.method != "fit" or fit.is_tested or not (value is False or value == "batch"):
            continue
        graph = program.graph(fit.model)
        if graph is None or _may_need_order(graph, _are_texts(fit) or _are_mixed(fit)) or not _is_unordered(fit):
            continue
        first = arrays(fit.x)[0]
        sorted_rows = first.order is Order.SORTED
        place = fit.place("shuffle")
        yield Finding(
            message=_message(value == "batch", sorted_rows),
            location=place,
            label="the rows stay in place" if value is False else "only blocks of rows are shuffled",
            help="leave `shuffle` at True; `fit` then draws a new order for each epoch",
            related=(Related(first.location, "the rows come from here, sorted"),) if sorted_rows else (),
            fix=Fix((Edit(place, "True"),)),
        )


def _of_directory(program: TrainingProgram, fit: Fit) -> Iterator[Finding]:
    data = fit.x
    if not isinstance(data, DataArray) or data.origin != "flow_from_directory" or fit.is_tested:
        return
    if data.order is Order.AS_LOADED and data.encoding in (Encoding.ONE_HOT, Encoding.INTEGER):
        name = f"`{data.name}`" if data.name else "the iterator"
        yield Finding(
            message=f"{name} gives the images class by class, and `{fit.method}` trains on them in that order",
            location=data.location,
            label="`shuffle=False`",
            help="leave `shuffle` out where the images are trained on; it is needed off only where predictions are compared",
            related=(Related(fit.place("x"), "it is trained on here"),),
            fix=_shuffled(program, data),
        )


def _shuffled(program: TrainingProgram, data: DataArray) -> Fix | None:
    """The iterator told to shuffle, where it is made."""
    place = program.statements.keyword(data.location, "shuffle") if program.statements is not None else None
    return Fix((Edit(place, "True"),)) if place is not None else None


def _are_texts(fit: Fit) -> bool:
    """Whether every row is a text of its own, whatever order its words have."""
    found = arrays(fit.x)
    return bool(found) and all(any(step.by == "Tokenizer" for step in array.history) for array in found)


def _are_mixed(fit: Fit) -> bool:
    """Whether the rows stand in a random order already, which carries nothing from one to the next."""
    found = arrays(fit.x)
    return bool(found) and all(array.order is Order.SHUFFLED for array in found)


def _message(blocks: bool, sorted_rows: bool) -> str:
    if blocks:
        return '`shuffle="batch"` moves whole batches about, so that the same rows share a batch in every epoch'
    if sorted_rows:
        return "`shuffle=False` on sorted rows makes batches of one kind, and the last ones of each epoch win"
    return "`shuffle=False` makes the same batches in the same order in every epoch"


def _is_unordered(fit: Fit) -> bool:
    """Whether the rows are proven to be single examples: labelled images or rows of a classification."""
    found = arrays(fit.x)
    if not found or any(array.kind is not DataKind.ARRAY or _looks_temporal(array) for array in found):
        return False
    losses = fit.compile.losses if fit.compile is not None else ()
    classes = isinstance(losses, tuple) and any(loss is not None and loss.name in CLASS_LOSSES for loss in losses)
    return classes or all(isinstance(array.shape, tuple) and len(array.shape) == 4 for array in found)


def _looks_temporal(array: DataArray) -> bool:
    return array.order is Order.TEMPORAL or bool(re.search(ORDERED_NAMES, array.name.lower()))


def _may_need_order(graph: ModelGraph, independent: bool) -> bool:
    if not graph.whole:
        return True
    return any(
        layer.kind is LayerKind.CUSTOM
        or layer["stateful"] is True
        or (not independent and any(part in layer.class_name for part in ORDERED_LAYERS))
        for layer in graph.every_layer()
    )
