"""A model is trained and nothing ever judges it on other data.

## What it does

Finds a `fit` without `validation_data` and `validation_split` whose model is never evaluated and never predicts
afterwards, by itself or as a model that what it saved is loaded into.

## Why it matters

The training loss always falls. Whether the model learned anything that holds for other data, when it began to overfit and
when training should have stopped can only be seen on rows that it was not trained on.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10)  # KC503
model.save("digits.keras")
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(history.history["val_accuracy"])
model.save("digits.keras")
```

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10)
print(history.history["loss"])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent for random numbers in place of data, where the model goes to code that cannot be followed, for functions that the file itself never calls, and beside a
callback of the author's own, which may judge the model.

## References

- <https://keras.io/guides/training_with_built_in_methods/#automatically-setting-apart-a-validation-holdout-set>
- Prechelt: Early stopping, but when? Neural Networks: Tricks of the Trade (1998)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataKind
from kerascheck.facts.keeping import loads
from kerascheck.facts.training import Evaluation, Event, Fit, ModelUse, TrainingProgram, arrays, is_made_up
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

METHODS: Final = frozenset({"fit", "fit_generator"})
ELSEWHERE: Final = ("passed", "returned")


@rule("KC503", "no-validation", Severity.WARNING, since="0.1")
def no_validation(program: TrainingProgram) -> Iterator[Finding]:
    seen: set[int | Unknown] = set()
    for fit in program.of(Fit) if program.whole else ():
        if fit.model in seen or not _is_blind(fit) or _is_judged(program, fit):
            continue
        seen.add(fit.model)
        batches = any(array.kind in (DataKind.DATASET, DataKind.GENERATOR) for array in arrays(fit.x))
        way = (
            "`validation_data=...`"
            if batches or fit.method != "fit"
            else "`validation_split=0.2` or `validation_data=...`"
        )
        yield Finding(
            message=f"`{fit.method}` has no validation data and nothing evaluates the model later, so that overfitting goes unseen",
            location=fit.name_place or fit.location,
            label="judged on training data alone",
            help=f"pass {way} to `fit`, or evaluate the trained model on data that it has not seen",
        )


def _is_blind(fit: Fit) -> bool:
    if fit.method not in METHODS or fit.unexpanded or fit.uncalled or is_made_up(fit.x):
        return False
    if fit.validation_x is not None or fit.arguments.get("validation_split", 0) not in (0, None):
        return False
    return isinstance(fit.callbacks, tuple) and not any(
        _may_judge(callback.name, callback.custom) for callback in fit.callbacks
    )


def _may_judge(name: str, custom: bool) -> bool:
    return custom or name == "LambdaCallback"


def _is_judged(program: TrainingProgram, fit: Fit) -> bool:
    loaded = False
    for event in program.events:
        if not _may_follow(event, fit):
            continue
        loaded = loaded or loads(event)
        if isinstance(event, Evaluation) and (loaded or program.related(fit.model, event.model)):
            return True
        if isinstance(event, ModelUse) and event.use == "called" and program.related(fit.model, event.model):
            return True
    return any(program.uses(fit.model, *ELSEWHERE))


def _may_follow(event: Event, fit: Fit) -> bool:
    return event.order > fit.order or (event.repeated and fit.repeated)
