"""A callback is made and never handed to `fit`.

## What it does

Finds a callback of Keras that no `fit` of the script is given, where all lists of callbacks are known and the callback goes
to no other code.

## Why it matters

The callback does nothing: training is not stopped early, nothing is saved, the rate stays as it is. Mostly the argument
`callbacks` was forgotten, or one entry in its list.

## Bad

```python
import keras
from keras.callbacks import EarlyStopping

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=5, restore_best_weights=True)  # KC521
history = model.fit(x_train, y_train, batch_size=128, epochs=100, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras
from keras.callbacks import EarlyStopping

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=5, restore_best_weights=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=100, validation_split=0.1, callbacks=[stop])
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Callbacks of the author's own are left alone, and so are scripts in which any `fit` takes a list that is not wholly known.

## References

- <https://keras.io/api/callbacks/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

METHODS: Final = frozenset({"fit", "fit_generator"})
MADE_TO_BE_ASKED: Final = frozenset({"History", "CallbackList", "Callback"})


@rule("KC521", "callbacks-not-passed", Severity.WARNING, since="0.1", mentions=("allback",))
def callbacks_not_passed(program: TrainingProgram) -> Iterator[Finding]:
    fits = [fit for fit in program.of(Fit) if fit.method in METHODS]
    if not program.whole or not any(not fit.uncalled for fit in fits):
        return
    passed: set[int] = set(program.callbacks_elsewhere)
    for fit in fits:
        if isinstance(fit.callbacks, Unknown) or fit.unexpanded:
            return
        passed |= {callback.key for callback in fit.callbacks}
    places = {callback.location for callback in program.callbacks if callback.key in passed}
    for callback in program.callbacks:
        if callback.custom or callback.name in MADE_TO_BE_ASKED or callback.location in places:
            continue
        if program.is_page and not _trains_below(fits, callback):
            # The page shows how it is made.
            continue
        yield Finding(
            message=f"this `{callback.name}` is handed to no `fit`, so that it does nothing",
            location=callback.location,
            label="made and not used",
            help="pass it in the list `callbacks=[...]` of `fit`, or delete it",
            related=tuple(
                Related(fit.name_place or fit.location, "trained without it") for fit in fits[:1] if not fit.uncalled
            ),
        )


def _trains_below(fits: list[Fit], callback: Callback) -> bool:
    place = callback.location
    return any((fit.location.cell or 0, fit.location.line) > (place.cell or 0, place.line) for fit in fits)
