"""A callback monitors a quantity that no epoch reports.

## What it does

Compares what `EarlyStopping`, `ReduceLROnPlateau` and `ModelCheckpoint(save_best_only=True)` monitor with what the epochs
of that `fit` will report: `loss` and the compiled metrics, and the same with `val_` in front when there is validation
data.

## Why it matters

Keras only prints a warning between the progress bars, and the callback does nothing: training runs to the last epoch,
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

import re
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.graph import GraphKind, LayerKind, Loss
from kerascheck.facts.training import Callback, Fit, KerasUsage, TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.keras_api.identifiers import snake
from kerascheck.keras_api.removals import is_dated
from kerascheck.rule import rule

IDLE: Final = {
    "EarlyStopping": "it never stops the training",
    "ReduceLROnPlateau": "it never lowers the learning rate",
    "ModelCheckpoint": "it never saves the model",
}
METHODS: Final = frozenset({"fit", "fit_generator"})
RATES: Final = frozenset({"lr", "learning_rate"})
RENAMED: Final = {"acc": "accuracy", "accuracy": "acc"}


@rule("KC507", "monitor-unavailable", Severity.ERROR, since="0.1", fixable=True)
def monitor_unavailable(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for fit in program.of(Fit):
        if fit.method not in METHODS or isinstance(fit.callbacks, Unknown):
            continue
        for callback in fit.callbacks:
            monitor = callback["monitor"]
            if callback.custom or not isinstance(monitor, str) or not _watches(callback):
                continue
            if monitor.startswith("val_") and _lacks_validation(fit):
                yield _without_validation(callback, monitor, fit)
                continue
            names = _names(fit)
            if names is None or _is_reported(monitor, names, usage):
                continue
            if _is_old_name(monitor, names) or _is_all(program, fit):
                yield _without_metric(callback, monitor, names, fit, usage)


def _watches(callback: Callback) -> bool:
    return callback.name in IDLE and (callback.name != "ModelCheckpoint" or callback["save_best_only"] is True)


def _lacks_validation(fit: Fit) -> bool:
    return not fit.unexpanded and fit.validation_x is None and fit.arguments.get("validation_split", 0) in (0, None)


def _without_validation(callback: Callback, monitor: str, fit: Fit) -> Finding:
    default = "" if "monitor" in callback.given else " by default"
    return Finding(
        message=f"`{callback.name}` monitors `{monitor}`{default}, but this `{fit.method}` has no validation data: {IDLE[callback.name]}",
        location=callback.place("monitor"),
        label="reported with validation data only",
        help=f'give `{fit.method}` validation data, or monitor `"{monitor.removeprefix("val_")}"`',
        related=(Related(fit.name_place or fit.location, "no `validation_data` and no `validation_split` here"),),
    )


def _without_metric(callback: Callback, monitor: str, names: frozenset[str], fit: Fit, usage: KerasUsage) -> Finding:
    prefix, base = ("val_", monitor[4:]) if monitor.startswith("val_") else ("", monitor)
    renamed = RENAMED.get(base)
    known = [f"{prefix}{name}" for name in sorted(names)]
    today = f"{prefix}{renamed}" if renamed in names else None
    since = " since Keras 2.3" if renamed == "accuracy" else ""
    reported = f"it is reported as `{today}`{since}" if today else f"only {_listed(known)} will be reported"
    related = (Related(fit.compile.place("metrics"), "the metrics are set here"),) if fit.compile is not None else ()
    place = callback.place("monitor")
    return Finding(
        message=f"`{callback.name}` monitors `{monitor}`, but {reported}: {IDLE[callback.name]}",
        location=place,
        label="never reported",
        severity=Severity.WARNING if today and _may_be_old(usage) else Severity.ERROR,
        help=f'monitor `"{today}"`' if today else f"monitor {_listed(known)}, or compile the metric that is meant",
        related=related,
        fix=Fix((Edit(place, f'"{today}"'),)) if today and "monitor" in callback.given else None,
    )


def _may_be_old(usage: KerasUsage) -> bool:
    """Whether the script was written for a Keras before 2.3, where the names were others, as far as its other calls say."""
    return isinstance(usage.target, Unknown) and is_dated({call.qualified for call in usage.calls})


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _is_all(program: TrainingProgram, fit: Fit) -> bool:
    """Whether nothing but the compiled metrics can report: no own layer, model or callback, and one output."""
    graph = program.graph(fit.model)
    if graph is None or graph.kind is GraphKind.SUBCLASSED or len(graph.outputs) != 1:
        return False
    if any(layer.kind is LayerKind.CUSTOM for layer in graph.every_layer()) or not isinstance(fit.callbacks, tuple):
        return False
    return not any(callback.custom or callback.name == "LambdaCallback" for callback in fit.callbacks)


def _is_old_name(monitor: str, names: frozenset[str]) -> bool:
    return RENAMED.get(monitor.removeprefix("val_")) in names


def _names(fit: Fit) -> frozenset[str] | None:
    """What the loss and the compiled metrics are reported as, without `val_`; None where that is not proven."""
    if fit.compile is None:
        return None
    weighted = fit.compile.arguments.get("weighted_metrics")
    if isinstance(fit.compile.metrics, Unknown) or weighted is not None:
        return None
    names = {"loss"}
    for metric in fit.compile.metrics:
        found = _name(metric)
        if found is None:
            return None
        names.add(found)
    return frozenset(names)


def _name(metric: Loss) -> str | None:
    given = metric.arguments.get("name")
    if isinstance(given, str):
        return given
    if given is not None or not metric.written:
        return None
    return snake(metric.written) if metric.written[:1].isupper() else metric.written


def _is_reported(monitor: str, names: frozenset[str], usage: KerasUsage) -> bool:
    base = re.sub(r"_\d+$", "", monitor.removeprefix("val_"))
    if base in names or base in RATES or monitor in names:
        return True
    if any(_same_metric(base, name) for name in names):
        return True
    return 1 in (usage.target, usage.written_for) and _is_old_name(monitor, names)


def _same_metric(monitor: str, name: str) -> bool:
    """Whether a name is another spelling of a metric, which some version of Keras reports it under."""
    from kerascheck.keras_api.normalize import metric

    known = metric(name)
    return known is not None and known == metric(monitor) and RENAMED.get(monitor) != name
