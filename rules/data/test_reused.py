"""The test part chooses among models, epochs or settings.

## What it does

Looks for a score on the test part that decides which model is kept: compared with the best one so far in a loop, or handed to
a hyper-parameter search as validation data.

## Why it matters

The best of twenty models by their test scores has the best luck of twenty. Its score on the same rows is too good, by more
the more models were tried, and no rows are left that could tell by how much.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
best = 0.0
for units in (32, 64, 128, 256):
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(units, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=128, epochs=5)
    loss, accuracy = model.evaluate(x_test, y_test, batch_size=128)  # KC120
    if accuracy > best:
        best = accuracy
        model.save("best.keras")
```

```python
import keras
import keras_tuner


def build(settings):
    units = settings.Int("units", 32, 256, step=32)
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(units, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
tuner = keras_tuner.RandomSearch(build, objective="val_accuracy", max_trials=20)
tuner.search(x_train, y_train, epochs=5, validation_data=(x_test, y_test))  # KC120
```

## Good

```python
import keras
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.1, random_state=1)
best = 0.0
for units in (32, 64, 128, 256):
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(units, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=5)
    loss, accuracy = model.evaluate(x_val, y_val, batch_size=128)
    if accuracy > best:
        best, chosen = accuracy, model
print(chosen.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

A choice that is made by hand, between two runs of the script, cannot be seen.

## References

- Cawley, Talbot: On over-fitting in model selection. Journal of Machine Learning Research 11 (2010)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Role
from kerascheck.facts.events import Choice, Evaluation, Search, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC120", "test-reused", Severity.WARNING, since="0.1", group="leakage")
def test_reused(program: TrainingProgram) -> Iterator[Finding]:
    for search in program.of(Search):
        data = _test(arrays(search.validation_x))
        if data is not None:
            yield _finding(data, search.place("validation_data"), "the search chooses the settings by it", None)
    seen: set[int] = set()
    scores = {event.order: event for event in program.of(Evaluation)}
    for choice in program.of(Choice):
        event = scores.get(choice.evaluation)
        data = _test(arrays(event.x)) if event is not None else None
        if event is not None and data is not None and event.order not in seen:
            seen.add(event.order)
            yield _finding(data, event.place("x"), "the loop keeps the model that is best on it", choice.location)


def _test(found: tuple[DataArray, ...]) -> DataArray | None:
    return next((data for data in found if data.role is Role.TEST), None)


def _finding(data: DataArray, place: Location, use: str, choice: Location | None) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    origin = data.cut_off
    related = [Related(origin.location, f"the test part comes from `{origin.by}` here")] if origin is not None else []
    if choice is not None:
        related.append(Related(choice, "the score decides here"))
    return Finding(
        message=f"{name} is the test part, and {use}: the score of the chosen model on it is the best of many tries and too good",
        location=place,
        help="choose on a validation part of the training rows, and score the chosen model on the test part once",
        label="chooses on test rows",
        related=tuple(related),
    )
