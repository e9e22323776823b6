"""The curves of a training are thrown away.

## What it does

Finds a `fit` over several epochs whose result is not kept, and that no `CSVLogger`, `TensorBoard` or experiment tracker
records. One finding speaks for the whole file.

## Why it matters

`fit` returns a `History` with the loss and every metric of each epoch. They are the first thing to look at when a result
disappoints (did it overfit, was it still falling, did it jump?) and cannot be had again without training again.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=20, validation_split=0.1)  # KC506
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=20, validation_split=0.1)
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras.callbacks import CSVLogger

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
log = CSVLogger("log.csv")
model.fit(x_train, y_train, batch_size=128, epochs=20, validation_split=0.1, callbacks=[log])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent for a single epoch, where `model.history` is read, beside callbacks that are not known, and in a script that imports
an experiment tracker. The fix is unsafe: it binds the name `history`, which the script may use for something else.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
- <https://keras.io/api/callbacks/csv_logger/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule

METHODS: Final = frozenset({"fit", "fit_generator"})
RECORDERS: Final = frozenset(
    {"CSVLogger", "TensorBoard", "LambdaCallback", "History", "RemoteMonitor", "SwanLabCallback"}
)
TRACKERS: Final = frozenset(
    {"aim", "clearml", "comet_ml", "guild", "mlflow", "neptune", "polyaxon", "sacred", "swanlab", "trains", "wandb"}
)


@rule("KC506", "history-discarded", Severity.INFO, since="0.1", fixable=True)
def history_discarded(program: TrainingProgram) -> Iterator[Finding]:
    if TRACKERS & program.imports:
        return
    fits = {fit.location: fit for fit in program.of(Fit) if _is_lost(program, fit)}
    if not fits:
        return
    first, *others = fits.values()
    yield Finding(
        message=f"the `History` that `{first.method}` returns is thrown away, and with it the loss and metrics of every epoch",
        location=first.name_place or first.location,
        label="its result is not kept",
        help="keep it (`history = model.fit(...)`) and plot or store `history.history`, or pass a `CSVLogger`",
        related=tuple(Related(fit.name_place or fit.location, "thrown away as well") for fit in others),
        fix=Fix(tuple(Edit(_before(fit.location), "history = ") for fit in fits.values()), safe=False),
    )


def _is_lost(program: TrainingProgram, fit: Fit) -> bool:
    if fit.method not in METHODS or fit.result_used or isinstance(fit.callbacks, Unknown) or fit.unexpanded:
        return False
    epochs = fit.arguments.get("epochs", 1)
    if isinstance(epochs, (int, float)) and epochs <= 1:
        return False
    return not any(map(_records, fit.callbacks)) and not any(program.uses(fit.model, "history"))


def _records(callback: Callback) -> bool:
    return callback.custom or callback.name in RECORDERS


def _before(place: Location) -> Location:
    return replace(place, end_line=place.line, end_column=place.column)
