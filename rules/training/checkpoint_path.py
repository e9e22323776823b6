"""A checkpoint file name that Keras refuses, cannot fill in, or overwrites.

## What it does

Looks at the `filepath` of `ModelCheckpoint`: the suffix that Keras 3 asks for (`.keras` or `.h5` for a whole model,
`.weights.h5` for weights), the names in braces that no epoch reports, and, as a hint, a file that every epoch overwrites.

## Why it matters

Keras 3 refuses another suffix with a `ValueError` before the training, a name that is not reported ends it with a `KeyError`
after the first epoch. Without `save_best_only` or the epoch in its name, the file holds the last model, not the best.

## Bad

```python
import keras
from keras.callbacks import ModelCheckpoint

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
calls = [
    ModelCheckpoint("best.h5", save_best_only=True, save_weights_only=True),  # KC509
    ModelCheckpoint("best.hdf5", save_best_only=True),  # KC509
    ModelCheckpoint("{epoch:02d}-{val_acc:.2f}.keras"),  # KC509
    ModelCheckpoint("last.keras"),  # KC509
]
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=calls)
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras
from keras.callbacks import ModelCheckpoint

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
calls = [
    ModelCheckpoint("best.weights.h5", save_best_only=True, save_weights_only=True),
    ModelCheckpoint("{epoch:02d}-{val_accuracy:.2f}.keras"),
]
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=calls)
print(max(history.history["val_accuracy"]))
model.load_weights("best.weights.h5")
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Paths that are put together from parts that are not known are left alone. A refused suffix is an error where the target is
known to be Keras 3, a warning elsewhere, as Keras 2 takes any.

## References

- <https://keras.io/api/callbacks/model_checkpoint/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.reports import lacks_validation, reported
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.rule import rule

WEIGHTS: Final = (".weights.h5",)
MODELS: Final = (".keras", ".h5")
OTHERS: Final = (".hdf5", ".hdf", ".h5", ".keras", ".ckpt", ".tf", ".weights", ".model", ".pb")
ALWAYS: Final = frozenset({"epoch", "batch"})


@rule("KC509", "checkpoint-path", Severity.WARNING, since="0.1", fixable=True, mentions=("Checkpoint",))
def checkpoint_path(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for callback in program.callbacks:
        path = callback["filepath"]
        if callback.name != "ModelCheckpoint" or callback.custom or not isinstance(path, str):
            continue
        yield from _suffix(callback, path, usage)
        for fit in program.of(Fit):
            if isinstance(fit.callbacks, tuple) and any(other.key == callback.key for other in fit.callbacks):
                yield from _keys(callback, path, program, fit, usage)
                yield from _overwritten(callback, path, fit)


def _suffix(callback: Callback, path: str, usage: KerasUsage) -> Iterator[Finding]:
    weights = callback["save_weights_only"]
    if not isinstance(weights, bool) or usage.target in (1, 2) or usage.written_for == 1:
        return
    allowed = WEIGHTS if weights else MODELS
    if path.endswith(allowed):
        return
    stem = next((path.removesuffix(suffix) for suffix in OTHERS if path.endswith(suffix)), path)
    wanted = allowed[0]
    what = "weights alone" if weights else "a whole model"
    yield Finding(
        message=f"`ModelCheckpoint` is to save {what} to `{path}`: Keras 3 raises a `ValueError`, it takes names that end in `{wanted}`",
        location=callback.place("filepath"),
        label=f"does not end in `{wanted}`",
        help=f"name the file `{stem}{wanted}`",
        severity=Severity.ERROR if usage.target == 3 else Severity.WARNING,
        fix=_renamed(callback, path, stem + wanted),
    )


def _renamed(callback: Callback, path: str, name: str) -> Fix | None:
    """The edit of a name that stands as a plain literal."""
    place = callback.place("filepath")
    return Fix((Edit(place, f'"{name}"'),)) if _is_literal(place, path) else None


def _is_literal(place: Location, text: str) -> bool:
    plain = text.isascii() and text.isprintable() and "\\" not in text and '"' not in text and "'" not in text
    return plain and place.line == place.end_line and place.end_column - place.column == len(text) + 2


def _keys(callback: Callback, path: str, program: TrainingProgram, fit: Fit, usage: KerasUsage) -> Iterator[Finding]:
    known = reported(program, fit)
    for key in _fields(path):
        if known is None or key in ALWAYS or not known.lacks(key):
            continue
        today = known.today(key)
        if today is not None and 1 in (usage.target, usage.written_for):
            continue
        reason = f"it is reported as `{today}` since Keras 2.3" if today else "no epoch reports it"
        yield Finding(
            message=f"the file name asks for `{key}`, but {reason}: the first epoch ends with a `KeyError`",
            location=callback.place("filepath"),
            label=f"`{key}` is not reported",
            help=f"write `{{{today}}}`"
            if today
            else "take a quantity that the epochs report, such as `{val_loss:.3f}`",
            severity=Severity.ERROR if today is None or usage.target in (2, 3) else Severity.WARNING,
            fix=_renamed(callback, path, path.replace(f"{{{key}", f"{{{today}")) if today else None,
        )


def _fields(path: str) -> list[str]:
    try:
        from string import Formatter

        return [name for _, name, _, _ in Formatter().parse(path) if name]
    except ValueError:
        return []


def _best(callback: Callback, fit: Fit) -> Fix | None:
    """The best epoch alone, where validation data tell which it is."""
    if callback.slot is None or "save_best_only" in callback.given or lacks_validation(fit):
        return None
    return Fix((callback.slot.insert("save_best_only=True"),), safe=False)


def _overwritten(callback: Callback, path: str, fit: Fit) -> Iterator[Finding]:
    if callback["save_best_only"] is not False or callback["save_freq"] != "epoch" or "{" in path:
        return
    epochs = fit.arguments.get("epochs", 1)
    if fit.repeated or (isinstance(epochs, int) and epochs < 2):
        return
    yield Finding(
        message=f"every epoch overwrites `{path}`, so that it holds the last model, whatever its validation score",
        location=callback.location,
        label="one file for all epochs",
        help='pass `save_best_only=True`, or put the epoch into the name: `"{epoch:02d}..."`',
        severity=Severity.INFO,
        fix=_best(callback, fit),
    )
