"""The model is judged on inputs that were prepared in another way than those it is trained on.

## What it does

Compares what was done to the training inputs with what was done to the inputs of `validation_data`, `evaluate` and
`predict`, where both come from one data set, or are pictures out of folders: a scaler or encoder that was applied to one side only, values scaled to 0..1
on one side and left at 0..255 on the other, labels in one-hot form on one side and as whole numbers on the other. Datasets and generators are looked into.

## Why it matters

A raw value that the training scaled to 0.5 arrives as 127. The model has never seen such a number, and its score on it
says nothing. With early stopping or checkpoints the damage goes back into the training.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
x_test = x_test.reshape(-1, 784)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=64))  # KC110
```

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = np.loadtxt("sensor.csv", delimiter=",")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], random_state=1)
x_train = StandardScaler().fit_transform(x_train)
model = Sequential([Input((8,)), Dropout(0.1), Dense(16, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))  # KC110
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = np.loadtxt("sensor.csv", delimiter=",")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], random_state=1)
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
model = Sequential([Input((8,)), Dropout(0.1), Dense(16, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

Only steps that are proven on both sides are compared; a side that passed through code that cannot be followed is not
judged.

## References

- <https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Step, StepKind
from kerascheck.facts.events import Data, Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.keras_api.transformers import TRANSFORMERS
from kerascheck.rule import rule

PICTURES = frozenset({"flow_from_directory", "flow_from_dataframe", "image_dataset_from_directory"})
FAR = 20
"""How many times wider the range of one side must be."""


@rule("KC110", "train-test-preprocessing-differs", Severity.ERROR, since="0.1", group="leakage")
def train_test_preprocessing_differs(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        yield from _compare(fit.x, fit.y, fit.validation_x, fit.validation_y, fit.place("validation_data"))
        for event in program.of(Evaluation):
            if event.model == fit.model and event.order > fit.order and not _refitted(program, fit, event):
                yield from _compare(fit.x, fit.y, event.x, event.y, event.place("x"))


def _refitted(program: TrainingProgram, fit: Fit, event: Evaluation) -> bool:
    """Whether another fit of the same model lies between."""
    return any(fit.order < other.order < event.order and other.model == fit.model for other in program.of(Fit))


def _compare(x: Data, y: Data, judged_x: Data, judged_y: Data, place: Location) -> Iterator[Finding]:
    if _are_pictures(x) and _are_pictures(judged_x):
        finding = _of_ranges(_batches(arrays(x)[0]), _batches(arrays(judged_x)[0]), place)
        if finding is not None:
            yield finding
        return
    for given, asked in zip(arrays(x), arrays(judged_x), strict=False):
        trained, judged = _batches(given), _batches(asked)
        if trained.kind is DataKind.ARRAY and judged.kind is DataKind.ARRAY and _one_data_set(trained, judged):
            finding = _of_ranges(trained, judged, place)
            if finding is None and trained is given and judged is asked:
                finding = _of_steps(trained, judged, place)
            if finding is not None:
                yield finding
    for trained, judged in zip(arrays(y), arrays(judged_y), strict=False):
        if _one_data_set(trained, judged) and {trained.encoding, judged.encoding} == {
            Encoding.ONE_HOT,
            Encoding.INTEGER,
        }:
            yield _of_labels(trained, judged, place)


def _batches(data: DataArray) -> DataArray:
    """What a model gets of a dataset or generator, as far as it is known."""
    if data.kind is DataKind.ARRAY or not data.elements:
        return data
    first = data.elements[0]
    return replace(first, name=data.name, rows=data.rows, history=(*data.history, *first.history))


def _are_pictures(data: Data) -> bool:
    """Whether the data are batches of picture files, whose values are known whatever the folder."""
    found = arrays(data)
    step = found[0].step(StepKind.LOADED) if len(found) == 1 and found[0].elements else None
    return step is not None and step.by in PICTURES


def _one_data_set(trained: DataArray, judged: DataArray) -> bool:
    same_rows = trained.rows is not None and judged.rows is not None and trained.rows.source == judged.rows.source
    return same_rows or (
        trained.origin == judged.origin and isinstance(trained.origin, str) and trained.path == judged.path
    )


def _of_ranges(trained: DataArray, judged: DataArray, place: Location) -> Finding | None:
    wide, narrow = _width(judged), _width(trained)
    if wide is None or narrow is None or not (wide >= FAR * narrow or narrow >= FAR * wide):
        return None
    if _scalings(trained) == _scalings(judged):
        return None
    return Finding(
        message=f"{_name(judged)} holds values from {judged.minimum:g} to {judged.maximum:g}, while the model is trained on values from {trained.minimum:g} to {trained.maximum:g}: it is judged on inputs that it has never seen the like of",
        location=place,
        help="prepare all parts in the same way before the model sees them",
        label="another scale than in training",
        related=_related(trained, judged),
    )


def _width(data: DataArray) -> float | None:
    if isinstance(data.minimum, Unknown) or isinstance(data.maximum, Unknown):
        return None
    width = max(abs(data.minimum), abs(data.maximum))
    return float(width) if width > 0 else None


def _scalings(data: DataArray) -> int:
    return sum(step.kind is StepKind.SCALED for step in data.history)


def _of_steps(trained: DataArray, judged: DataArray, place: Location) -> Finding | None:
    """A transformer that only one side went through."""
    if trained.step(StepKind.LOADED) is None and trained.step(StepKind.SPLIT) is None:
        return None
    missing = _first_missing(trained, judged)
    if missing is None:
        return None
    return Finding(
        message=f"`{missing.by}` was applied to the training inputs and not to {_name(judged)}: the model is judged on inputs that it has never seen the like of",
        location=place,
        help=f"pass {_name(judged)} through `transform` of the same `{missing.by}`",
        label=f"not passed through `{missing.by}`",
        related=(Related(missing.location, "the training inputs are transformed here"),),
    )


def _first_missing(trained: DataArray, judged: DataArray) -> Step | None:
    if not _is_followed(judged):
        return None
    for step in trained.history:
        known = step.transformer is not None and step.by in TRANSFORMERS and step.by[:1].isupper()
        missing = step.transformer is not None and not judged.passed(step.transformer)
        if known and missing and not any(other.by == step.by for other in judged.history):
            return step
    return None


def _is_followed(data: DataArray) -> bool:
    """Whether the way of data is known from its source on."""
    return data.step(StepKind.LOADED, StepKind.SPLIT) is not None


def _of_labels(trained: DataArray, judged: DataArray, place: Location) -> Finding:
    words = {Encoding.ONE_HOT: "one-hot rows", Encoding.INTEGER: "whole numbers"}
    return Finding(
        message=f"{_name(judged)} holds labels as {words[judged.encoding]}, while the model is trained on {words[trained.encoding]}: the loss fails on them or is wrong",
        location=place,
        help="encode the labels of all parts in the same way",
        label="labels in another form",
        related=_related(trained, judged),
    )


def _name(data: DataArray) -> str:
    return f"`{data.name}`" if data.name else "the judged part"


def _related(trained: DataArray, judged: DataArray) -> tuple[Related, ...]:
    for data, other, words in ((trained, judged, "the training part"), (judged, trained, "the judged part")):
        step = next(
            (
                step
                for step in reversed(data.history)
                if step.kind in (StepKind.SCALED, StepKind.ENCODED) and step not in other.history
            ),
            None,
        )
        if step is not None:
            return (Related(step.location, f"{words} is changed here"),)
    return ()
