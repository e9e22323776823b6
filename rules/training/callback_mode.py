"""A callback that watches in the wrong direction, or that can never act.

## What it does

Finds `mode="max"` on a loss and `mode="min"` on a score; a score that `mode="auto"` takes for a loss; a `patience` that
reaches past the last epoch, or past the one of `EarlyStopping` beside it; a `baseline` above 1 for an accuracy; and, as a
hint once a file, early stopping that keeps the last weights in place of the best.

## Why it matters

In the wrong direction, `ModelCheckpoint` keeps the worst model and `EarlyStopping` ends the training as soon as it gets
better. `mode="auto"` goes by the name in Keras 2: what has no `acc` or `auc` in it is taken for a loss; Keras 3 stops with a
`ValueError` on a metric function of your own, which does not say its direction.

## Bad

```python
import keras
from keras.callbacks import EarlyStopping, ModelCheckpoint

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = ModelCheckpoint("best.keras", monitor="val_loss", mode="max", save_best_only=True)  # KC508
stop = EarlyStopping(monitor="val_accuracy", mode="min", patience=5, restore_best_weights=True)  # KC508
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=[best, stop])
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras import ops
from keras.callbacks import ModelCheckpoint


def dice(y_true, y_pred):
    return 2 * ops.sum(y_true * y_pred) / (ops.sum(y_true) + ops.sum(y_pred) + 1e-7)


(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[dice])
best = ModelCheckpoint("best.keras", monitor="val_dice", save_best_only=True)  # KC508
history = model.fit(x_train / 255, y_train > 4, batch_size=128, epochs=9, validation_split=0.1, callbacks=[best])
print(model.evaluate(x_test / 255, y_test > 4, batch_size=128))
```

```python
import keras
from keras.callbacks import EarlyStopping, ReduceLROnPlateau

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
late = ReduceLROnPlateau(patience=20)  # KC508
history = model.fit(x_train, y_train, batch_size=128, epochs=15, validation_split=0.1, callbacks=[late])
calls = [
    EarlyStopping(patience=3, restore_best_weights=True),
    ReduceLROnPlateau(patience=5),  # KC508
]
history = model.fit(x_train, y_train, batch_size=128, epochs=100, validation_split=0.1, callbacks=calls)
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
from keras.callbacks import EarlyStopping

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=10)  # KC508
history = model.fit(x_train, y_train, batch_size=128, epochs=100, validation_split=0.1, callbacks=[stop])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras
from keras.callbacks import EarlyStopping, ReduceLROnPlateau

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(monitor="val_accuracy", mode="max", patience=10, restore_best_weights=True)
slower = ReduceLROnPlateau(patience=4)
history = model.fit(x_train, y_train, batch_size=128, epochs=100, validation_split=0.1, callbacks=[stop, slower])
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

The direction of a metric of your own is read from its name (`dice`, `f1`, `iou` and the like are scores, `..._loss` and
`..._error` are losses); a name that says nothing is left alone.

## References

- <https://keras.io/api/callbacks/early_stopping/>
- <https://keras.io/api/callbacks/reduce_lr_on_plateau/>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule

WATCHERS: Final = frozenset({"EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"})
LOSSES: Final = r"(^|_)(loss|error|mse|mae|mape|msle|rmse|perplexity|wer|cer)$|(^|_)loss(_|$)"
SCORES: Final = r"(^|_)(acc|accuracy|auc|precision|recall|f1|f1_?score|f1_m|fbeta|fmeasure|dice|iou|jaccard|score|psnr|ssim|kappa|mcc)(_|$)"
_ALL: Final = 100
"""An accuracy in per cent."""
GUESSED: Final = r"acc|auc|^fmeasure"
"""What Keras 2 takes for a score when the mode is `auto`."""


@rule("KC508", "callback-mode", Severity.WARNING, since="0.1", fixable=True, mentions=("allback",))
def callback_mode(program: TrainingProgram) -> Iterator[Finding]:
    kept: dict[Location, Finding] = {}
    for fit in program.of(Fit):
        callbacks = fit.callbacks if isinstance(fit.callbacks, tuple) else ()
        for callback in callbacks:
            if callback.custom or callback.name not in WATCHERS:
                continue
            yield from _direction(callback, fit, program)
            yield from _patience(callback, fit, callbacks)
            if (hint := _last_weights(callback, callbacks)) is not None:
                kept.setdefault(hint.location, hint)
    if kept:
        first, *others = kept.values()
        yield replace(first, related=tuple(Related(hint.location, hint.label) for hint in others))


def _score(name: str) -> bool | None:
    """Whether a quantity is better when it is higher; None where the name does not tell."""
    base = name.removeprefix("val_").lower()
    if re.search(LOSSES, base):
        return False
    return True if re.search(SCORES, base) else None


def _direction(callback: Callback, fit: Fit, program: TrainingProgram) -> Iterator[Finding]:
    monitor, mode = callback["monitor"], callback["mode"]
    if not isinstance(monitor, str) or (callback.name == "ModelCheckpoint" and callback["save_best_only"] is not True):
        return
    score = _score(monitor)
    if score is None:
        return
    if (mode == "max" and not score) or (mode == "min" and score):
        kind, right = ("a score", "max") if score else ("a loss", "min")
        yield Finding(
            message=f'`{callback.name}` watches `{monitor}` with `mode="{mode}"`, but it is {kind}: the worst epoch is taken for the best',
            location=callback.place("mode"),
            label=f"`{monitor}` is {kind}",
            help=f'set `mode="{right}"`',
            severity=Severity.ERROR,
            fix=Fix((Edit(callback.place("mode"), f'"{right}"'),)),
        )
    elif mode == "auto" and score and not re.search(GUESSED, monitor.removeprefix("val_")):
        yield from _misjudged(callback, monitor, fit, program)
    baseline = callback["baseline"]
    if score and "acc" in monitor and isinstance(baseline, (int, float)) and baseline > 1:
        yield Finding(
            message=f"`{callback.name}` waits for `{monitor}` to pass {baseline:g}, but an accuracy is at most 1: it stops after `patience` epochs",
            location=callback.place("baseline"),
            label="never reached",
            help="give the baseline as a share between 0 and 1",
            fix=Fix((Edit(callback.place("baseline"), f"{baseline / 100:g}"),), safe=False)
            if baseline <= _ALL and "baseline" in callback.places
            else None,
        )


def _misjudged(callback: Callback, monitor: str, fit: Fit, program: TrainingProgram) -> Iterator[Finding]:
    own = _is_own(fit, monitor.removeprefix("val_"))
    if not own and program.target_keras == 3:
        return
    end = "Keras 2 minimizes it, Keras 3 raises a `ValueError`" if own else "Keras 2 minimizes it"
    place = callback.places.get("mode")
    edit = Edit(place, '"max"') if place is not None else callback.slot.insert('mode="max"') if callback.slot else None
    yield Finding(
        message=f"`{callback.name}` has to guess whether `{monitor}` should rise or fall: {end}",
        location=callback.place("monitor"),
        label='`mode="auto"` takes this for a loss',
        help='set `mode="max"`',
        severity=Severity.ERROR if own else Severity.WARNING,
        fix=Fix((edit,)) if edit is not None else None,
    )


def _is_own(fit: Fit, name: str) -> bool:
    metrics = fit.compile.metrics if fit.compile is not None else ()
    return not isinstance(metrics, Unknown) and any(metric.custom and metric.written == name for metric in metrics)


def _patience(callback: Callback, fit: Fit, callbacks: tuple[Callback, ...]) -> Iterator[Finding]:
    patience, epochs = callback["patience"], fit.arguments.get("epochs")
    first = fit.arguments.get("initial_epoch", 0)
    if callback.name == "ModelCheckpoint" or not isinstance(patience, int):
        return
    restores = callback["restore_best_weights"] is True
    if isinstance(epochs, int) and isinstance(first, int) and not restores and patience >= epochs - first > 0:
        yield Finding(
            message=f"`{callback.name}` waits {patience} epochs, but the training has {epochs - first}: it never acts",
            location=callback.place("patience"),
            label=f"of {epochs - first} epochs",
            help="set a patience of a tenth to a fifth of the epochs",
            related=(Related(fit.place("epochs"), "the number of epochs"),),
            fix=_shorter(callback, (epochs - first) // 5),
        )
    elif callback.name == "ReduceLROnPlateau" and (stop := _sooner(callback, patience, callbacks)) is not None:
        yield Finding(
            message=f"`ReduceLROnPlateau` waits {patience} epochs, `EarlyStopping` ends the training after {stop['patience']}: the rate is never lowered",
            location=callback.place("patience"),
            label="comes too late",
            help="give `ReduceLROnPlateau` less patience than `EarlyStopping`, a half or a third",
            related=(Related(stop.place("patience"), "the training ends here"),),
            fix=_shorter(callback, wait // 2) if isinstance(wait := stop["patience"], int) else None,
        )


def _shorter(callback: Callback, patience: int) -> Fix | None:
    """A patience that lets the callback act."""
    if patience < 1 or "patience" not in callback.places:
        return None
    return Fix((Edit(callback.place("patience"), str(patience)),), safe=False)


def _sooner(callback: Callback, patience: int, callbacks: tuple[Callback, ...]) -> Callback | None:
    """Early stopping on the same quantity that never lets a plateau last as long."""
    for stop in callbacks:
        same = stop["monitor"] == callback["monitor"] and stop["min_delta"] == 0
        wait = stop["patience"]
        if stop.name == "EarlyStopping" and same and isinstance(wait, int) and wait <= patience:
            return stop
    return None


def _last_weights(callback: Callback, callbacks: tuple[Callback, ...]) -> Finding | None:
    saves = any(other.custom or other["save_best_only"] is True for other in callbacks)
    if callback.name != "EarlyStopping" or callback["restore_best_weights"] is not False or saves:
        return None
    patience = callback["patience"]
    late = f"{patience} epochs" if isinstance(patience, int) and patience > 1 else "an epoch"
    place = callback.places.get("restore_best_weights")
    argument = "restore_best_weights=True"
    edit = Edit(place, "True") if place is not None else callback.slot.insert(argument) if callback.slot else None
    return Finding(
        message=f"`EarlyStopping` leaves the model with the weights of the last epoch, {late} past the best",
        location=callback.location,
        label="keeps the last weights",
        help=f"pass `{argument}`, or save the best with `ModelCheckpoint(save_best_only=True)`",
        severity=Severity.INFO,
        fix=Fix((edit,)) if edit is not None else None,
    )
