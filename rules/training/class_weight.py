"""Class weights that do not fit the classes.

## What it does

Looks at `class_weight`: it must be a dictionary of class numbers, for a model with one output, and its keys should be the
classes that the output has. Beside the weights of single samples Keras 3 does not take it.

## Why it matters

Weights that match no class are silently not used in Keras 3, so that the imbalance they were meant for stays; Keras 2 stops
with a `ValueError`. `class_weight` and `sample_weight` were multiplied by `tf.keras` 2; Keras 3 stops. A list, or `"balanced"` as scikit-learn takes it, stops both; `fit_generator` passed it over.

## Bad

```python
import keras
import numpy as np

x, y = np.load("x.npy"), np.load("y.npy")
rows = np.random.permutation(len(x))
x, y = x[rows], y[rows]
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
weights = {1: 1.0, 2: 2.0, 3: 5.0}
history = model.fit(x, y, batch_size=8, epochs=9, validation_split=0.1, class_weight=weights)  # KC518
history = model.fit(x, y, batch_size=8, epochs=9, validation_split=0.1, class_weight="balanced")  # KC518
history = model.fit(x, y, batch_size=8, epochs=9, validation_split=0.1, class_weight=[1, 2, 5])  # KC518
rare = {0: 1.0, 1: 2.0, 2: 5.0}
history = model.fit(x, y, batch_size=8, validation_split=0.1, class_weight=rare, sample_weight=np.ones(len(x)))  # KC518
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
x, y = np.load("x.npy"), np.load("y.npy")
rows = np.random.permutation(len(x))
x, y = x[rows], y[rows]
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
weights = {0: 1.0, 1: 2.0, 2: 5.0}
history = model.fit(x, y, batch_size=8, epochs=9, validation_split=0.1, class_weight=weights)
print(history.history["val_accuracy"])
```

## Known limits

Dictionaries that are computed (`dict(enumerate(...))`, `compute_class_weight`) are not looked into.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from kerascheck.facts.data import Batch, DataArray, DataKind
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Value
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

THIRD = 3
"""A batch of this many parts ends in the weights of its samples."""


@rule("KC518", "class-weight", Severity.WARNING, since="0.1", mentions=("class_weight",))
def class_weight(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for fit in program.of(Fit):
        weights = fit.arguments.get("class_weight")
        if weights is None:
            continue
        if usage.refusal is not None and (what := _of_samples(fit)):
            yield _twice(fit, what, usage.refusal)
        graph = program.graph(fit.model)
        if isinstance(weights, (str, tuple)):
            yield _refused(fit, "a string" if isinstance(weights, str) else "a list")
        elif graph is not None and graph.whole and len(graph.outputs) > 1:
            yield _several(fit, len(graph.outputs))
        elif _is_mapping(weights) and (classes := _classes(graph)) is not None:
            yield from _keys(fit, list(weights), classes)


def _of_samples(fit: Fit) -> str:
    """Where the weights of single samples come from beside those of classes; empty where there are none."""
    data = fit.x
    if fit.arguments.get("sample_weight") is not None:
        return "`sample_weight` is"
    if isinstance(data, DataArray) and data.kind is DataKind.DATASET and len(data.elements) == THIRD:
        return "the dataset brings a weight for each sample, which is"
    batch = data.batch if isinstance(data, DataArray) else None
    if isinstance(batch, Batch) and batch.parts == THIRD and batch.kind != "array":
        return "each batch has weights as its third part, which are"
    return ""


def _twice(fit: Fit, what: str, level: Severity) -> Finding:
    return Finding(
        message=f"`class_weight` is passed and {what} weighed in as well: Keras 3 takes only one of them and stops with a ValueError",
        location=fit.place("class_weight"),
        label="weights of samples too",
        help="multiply the weights of the samples by those of their classes, and leave `class_weight` out",
        severity=level,
    )


def _is_mapping(value: Value) -> TypeGuard[Mapping[str, Value]]:
    return isinstance(value, Mapping) and bool(value)


def _refused(fit: Fit, kind: str) -> Finding:
    return Finding(
        message=f"`class_weight` is {kind}, but `{fit.method}` takes a dictionary of class numbers: "
        + ("the call fails" if fit.method == "fit" else "Keras 2 uses no weights at all, later ones stop"),
        location=fit.place("class_weight"),
        label="not a dictionary",
        help="pass `{0: ..., 1: ...}`; `sklearn.utils.class_weight.compute_class_weight` computes balanced weights",
        severity=Severity.ERROR if fit.method == "fit" else Severity.WARNING,
    )


def _several(fit: Fit, outputs: int) -> Finding:
    return Finding(
        message=f"`class_weight` is taken for models with one output only, this one has {outputs}: the call fails",
        location=fit.place("class_weight"),
        label=f"{outputs} outputs",
        help="pass `sample_weight` with one array an output",
        severity=Severity.ERROR,
    )


def _classes(graph: ModelGraph | None) -> int | None:
    """How many classes the only output tells apart."""
    if graph is None or len(graph.outputs) != 1:
        return None
    shape = graph.outputs[0].shape
    if not isinstance(shape, tuple) or len(shape) != 2 or not isinstance(shape[1], int):
        return None
    return max(shape[1], 2)


def _keys(fit: Fit, keys: list[str], classes: int) -> Iterator[Finding]:
    numbers = {int(key) for key in keys if key.lstrip("-").isdigit()}
    named = [key for key in keys if not key.lstrip("-").isdigit()]
    odd = [*(f"`{key}`" for key in named), *(f"{number}" for number in sorted(numbers) if not 0 <= number < classes)]
    if odd:
        yield Finding(
            message=f"the classes are 0 to {classes - 1}, the weight of {', '.join(odd)} belongs to none: Keras 3 does not use it, Keras 2 stops",
            location=fit.place("class_weight"),
            label="no such class",
            help=f"number the classes from 0 to {classes - 1}, as the labels do",
        )
