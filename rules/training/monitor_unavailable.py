"""A callback monitors, or the script plots, a quantity that no epoch reports.

## What it does

Compares what `EarlyStopping`, `ReduceLROnPlateau` and `ModelCheckpoint(save_best_only=True)` monitor, and the curves that
are read from `history.history`, with what the epochs of that `fit` will report: `loss` and the compiled metrics, and the
same with `val_` in front when there is validation data.

## Why it matters

A curve that was not reported is a `KeyError` after the training. A callback only prints a warning between the progress
bars and does nothing: training runs to the last epoch,
nothing is saved, the rate never falls. Where it cannot tell the direction of the unknown metric, Keras 3 stops with a
`ValueError` after the first epoch. Before Keras 2.3, `metrics=["accuracy"]` was reported as `acc`; tutorials still say
`val_acc`.

## Bad

```python
import keras
from keras.callbacks import EarlyStopping

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=3)  # KC507
history = model.fit(x_train, y_train, batch_size=128, epochs=50, callbacks=[stop])
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras.callbacks import EarlyStopping

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(monitor="val_acc", patience=3)  # KC507
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=[stop])
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras.callbacks import ModelCheckpoint

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
best = ModelCheckpoint(
    "best.keras",
    monitor="val_accuracy",  # KC507
    save_best_only=True,
)
history = model.fit(x_train, y_train, batch_size=32, epochs=50, validation_split=0.1, callbacks=[best])
print(model.evaluate(x_test, y_test, batch_size=32))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1)
print(history.history["loss"], history.history["acc"])  # KC507
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
stop = EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=[stop])
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Names are checked for models with one output only, and not beside a callback of the author's own, which may report more.
`acc` for `accuracy` was right before Keras 2.3: a script that is written for Keras 1 is left alone, and one that calls what
Keras 3 has lost gets a warning in place of an error.

## References

- <https://keras.io/api/callbacks/early_stopping/>
- <https://keras.io/api/callbacks/model_checkpoint/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Callback, Fit, HistoryRead
from kerascheck.facts.reports import Reported, lacks_validation, reported
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.keras_api.removals import is_dated
from kerascheck.rule import rule

IDLE: Final = {
    "EarlyStopping": "it never stops the training",
    "ReduceLROnPlateau": "it never lowers the learning rate",
    "ModelCheckpoint": "it never saves the model",
    "OrbaxCheckpoint": "it never saves the model",
}
CHECKPOINTS: Final = frozenset({"ModelCheckpoint", "OrbaxCheckpoint"})
RENAMED_IN: Final = (2, 3)
METHODS: Final = frozenset({"fit", "fit_generator"})


@rule("KC507", "monitor-unavailable", Severity.ERROR, since="0.1", fixable=True)
def monitor_unavailable(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    told: set[Location] = set()
    for finding in _findings(program, usage):
        if finding.location not in told:
            told.add(finding.location)
            yield finding


def _findings(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    fits = {fit.order: fit for fit in program.of(Fit) if fit.method in METHODS}
    for fit in fits.values():
        for callback in fit.callbacks if isinstance(fit.callbacks, tuple) else ():
            monitor = callback["monitor"]
            if callback.custom or not isinstance(monitor, str) or not _watches(callback):
                continue
            if monitor.startswith("val_") and lacks_validation(fit):
                yield _unvalidated(callback, monitor, fit)
            elif (known := _lacking(program, fit, monitor, usage)) is not None:
                yield _unknown(callback, monitor, known, fit, usage)
    for read in program.of(HistoryRead):
        fit = fits.get(read.fit)
        if fit is not None and (known := _lacking(program, fit, read.key, usage)) is not None:
            yield _unread(read, known, fit, usage)


def _watches(callback: Callback) -> bool:
    return callback.name in IDLE and (callback.name not in CHECKPOINTS or callback["save_best_only"] is True)


def _lacking(program: TrainingProgram, fit: Fit, name: str, usage: KerasUsage) -> Reported | None:
    """What is reported in place of a name that is proven not to be."""
    known = reported(program, fit)
    if known is None or not known.lacks(name):
        return None
    before = isinstance(usage.release, tuple) and usage.release < RENAMED_IN
    if known.is_old(name) and (before or 1 in (usage.target, usage.written_for)):
        return None
    return known


def _unvalidated(callback: Callback, monitor: str, fit: Fit) -> Finding:
    default = "" if "monitor" in callback.given else " by default"
    return Finding(
        message=f"`{callback.name}` monitors `{monitor}`{default}, but this `{fit.method}` has no validation data: {IDLE[callback.name]}",
        location=callback.place("monitor"),
        label="reported with validation data only",
        help=f'give `{fit.method}` validation data, or monitor `"{monitor.removeprefix("val_")}"`',
        related=(Related(fit.name_place or fit.location, "no `validation_data` and no `validation_split` here"),),
    )


def _unknown(callback: Callback, monitor: str, known: Reported, fit: Fit, usage: KerasUsage) -> Finding:
    today = known.today(monitor)
    place = callback.place("monitor")
    return Finding(
        message=f"`{callback.name}` monitors `{monitor}`, but {_instead(monitor, known)}: {IDLE[callback.name]}",
        location=place,
        label="never reported",
        severity=_severity(today, usage),
        help=f'monitor `"{today}"`'
        if today
        else f"monitor {_names(monitor, known)}, or compile the metric that is meant",
        related=_metrics(fit),
        fix=(_fix(place, today) or _loss(callback, monitor, known)) if "monitor" in callback.given else None,
    )


def _unread(read: HistoryRead, known: Reported, fit: Fit, usage: KerasUsage) -> Finding:
    today = known.today(read.key)
    unvalidated = read.key.startswith("val_") and not known.validated
    why = f"this `{fit.method}` has no validation data" if unvalidated else _instead(read.key, known)
    return Finding(
        message=f"`history` holds no `{read.key}`, {why}: the script stops with a `KeyError` after the training",
        location=read.location,
        label="not in `history.history`",
        severity=_severity(today, usage),
        help=f'read `"{today}"`' if today else f"give `{fit.method}` the validation data and metrics that are plotted",
        related=_metrics(fit) if not unvalidated else (Related(fit.name_place or fit.location, "trained here"),),
        fix=_fix(read.location, today),
    )


def _fix(place: Location, today: str | None) -> Fix | None:
    return Fix((Edit(place, f'"{today}"'),)) if today is not None else None


def _loss(callback: Callback, monitor: str, known: Reported) -> Fix | None:
    """The loss, which every epoch reports, in place of a metric that was not compiled."""
    if callback["mode"] not in ("auto", "min") or (monitor.startswith("val_") and not known.validated):
        return None
    return Fix((Edit(callback.place("monitor"), '"val_loss"' if known.validated else '"loss"'),), safe=False)


def _severity(today: str | None, usage: KerasUsage) -> Severity:
    """Old names were right for the Keras that a script full of old calls was written for."""
    if today is None or not isinstance(usage.target, Unknown):
        return Severity.ERROR
    # The release that made `acc` into `accuracy` also made `lr` into `learning_rate`.
    dated = any("lr" in call.keywords for call in usage.calls) or is_dated({call.qualified for call in usage.calls})
    return Severity.WARNING if dated else Severity.ERROR


def _metrics(fit: Fit) -> tuple[Related, ...]:
    return (Related(fit.compile.place("metrics"), "the metrics are set here"),) if fit.compile is not None else ()


def _instead(name: str, known: Reported) -> str:
    today = known.today(name)
    if today is None:
        return f"only {_names(name, known)} will be reported"
    return f"it is reported as `{today}`" + (" since Keras 2.3" if today.endswith("accuracy") else "")


def _names(name: str, known: Reported) -> str:
    prefix = "val_" if name.startswith("val_") and known.validated else ""
    quoted = [f"`{prefix}{item}`" for item in sorted(known.names)]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
