"""The test part is given to `fit` as validation data.

## What it does

Follows the arrays given as `validation_data` back to where they come from. It speaks when they are the test part: the
second half of `load_data()`, the second part of a split, rows read from a file or folder of that name.
It is an error when a callback or a search chooses on these rows and the script reports their score too, a warning when
they are only scored afterwards or only chosen on (by a `ModelCheckpoint` too, if what it keeps is never loaded), a hint when they are only watched or when nothing but the name
says that they are the test part. One finding speaks for all trainings with the same rows and reasons.

## Why it matters

`EarlyStopping`, `ModelCheckpoint(save_best_only=True)`, `ReduceLROnPlateau` and your own eye keep the epoch that does
best on the validation rows. Its score on the same rows is then the best of many tries: it is too good, by an amount
that nobody can tell, and no untouched rows are left to find out.

## Bad

```python
import keras
from keras.callbacks import EarlyStopping

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=50,
    validation_data=(x_test, y_test),  # KC101
    callbacks=[EarlyStopping(patience=3, restore_best_weights=True)],
)
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split

frame = pd.read_csv("loans.csv")
y = frame.pop("default").to_numpy()
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y, test_size=0.2, random_state=1)
model = Sequential([Input((12,)), Dropout(0.1), Dense(16, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=20, validation_data=(x_test, y_test))  # KC101
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras
from keras.callbacks import EarlyStopping
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.1, random_state=1, stratify=y_train)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=50,
    validation_data=(x_val, y_val),
    callbacks=[EarlyStopping(patience=3, restore_best_weights=True)],
)
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Rows that arrive through code that cannot be followed are known by their name alone, and a name never makes more than a
hint. A held-out fold of a cross-validation is no test part: only choosing on it is reported.

## References

- <https://keras.io/guides/training_with_built_in_methods/>
- Kaufman, Rosset, Perlich: Leakage in data mining. ACM TKDD 6 (2012)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Role
from kerascheck.facts.events import Callback, Comparison, Evaluation, Event, Fit, Search, arrays
from kerascheck.facts.keeping import loads_later
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

HELP = "hold rows of the training part out for validation (`validation_split`, or a second split) and score the test part once, at the end"


@rule("KC101", "test-data-as-validation", Severity.WARNING, since="0.1", group="leakage")
def test_data_as_validation(program: TrainingProgram) -> Iterator[Finding]:
    found = list(_found(program))
    for told in dict.fromkeys((model, finding.message) for model, finding in found):
        yield from folded(finding for model, finding in found if (model, finding.message) == told)


def _found(program: TrainingProgram) -> Iterator[tuple[int | Unknown, Finding]]:
    """Each finding with the model that is trained, whose further trainings fold into the first."""
    searches = {search.location for search in program.of(Search)}
    for fit in program.of(Fit):
        if fit.location in searches or fit.is_tested:
            # KC120 speaks of searches.
            continue
        validation = next((array for array in arrays(fit.validation_x) if _is_test(array)), None)
        if validation is None or any(array.holds(validation) for array in arrays(fit.x)):
            continue
        finding = _judge(program, fit, validation)
        if finding is not None:
            yield fit.model, finding


def _is_test(array: DataArray) -> bool:
    return array.role is Role.TEST or (array.role is not Role.TRAIN and array.named_role is Role.TEST)


def _judge(program: TrainingProgram, fit: Fit, validation: DataArray) -> Finding | None:
    callbacks = fit.callbacks if isinstance(fit.callbacks, tuple) else ()
    reloads = loads_later(program, fit)
    choosers = [callback for callback in callbacks if chooses(callback) and not _is_overruled(callback, callbacks)]
    later = tuple(program.judged(after=fit))
    seen = [event for event, array in later if array.holds(validation) and _may_be_of(program, event, fit, reloads)]
    report = next((event for event in seen if _is_score(program, event)), None)
    if validation.fold and not choosers:
        return None
    if not seen and any(_is_other_test(array, validation) for _, array in later):
        return None
    proven = validation.role is Role.TEST
    name = f"`{validation.name}`" if validation.name else "the validation data"
    # What a checkpoint keeps is in the score only where it is loaded again.
    chooser = next((one for one in choosers if report is None or reloads or one.name != "ModelCheckpoint"), None)
    reasons = [f"`{chooser.name}` chooses on its score"] if chooser is not None else []
    reasons += ["its score is reported as the result"] if report is not None else []
    if not proven:
        severity = Severity.INFO
        message = f"{name} is named like the test part and is used as validation data"
    else:
        severity = Severity.ERROR if len(reasons) == 2 else Severity.WARNING if reasons else Severity.INFO
        message = f"{name} is the test part and is used as validation data"
    consequence = f": {' and '.join(reasons)}, {_outcome(chooser)}" if reasons else ""
    return Finding(
        message=message + consequence,
        location=fit.place("validation_data"),
        help=HELP,
        label="test rows",
        severity=severity,
        related=_related(validation, chooser, report),
    )


def _outcome(chooser: Callback | None) -> str:
    if chooser is not None:
        return "which makes that score too good"
    return "which is too good once anything is chosen by watching it"


def _is_score(program: TrainingProgram, event: Evaluation) -> bool:
    """Whether a model is scored: predictions that nothing is compared with may only be shown."""
    if not event.method.startswith("predict"):
        return True
    return any(array.prediction == event.order for comparison in program.of(Comparison) for array in comparison.arrays)


def _may_be_of(program: TrainingProgram, event: Evaluation, fit: Fit, reloads: bool) -> bool:
    """Whether the model that is judged may hold what this training learned."""
    return reloads or program.related(fit.model, event.model)


def _is_other_test(array: DataArray, validation: DataArray) -> bool:
    return validation.disjoint(array) or (array.role is Role.TEST and not array.holds(validation))


def _is_overruled(callback: Callback, callbacks: tuple[Callback, ...]) -> bool:
    """Whether a scheduler writes the rate anew in each epoch, so that what lowers it has no say."""
    return callback.name == "ReduceLROnPlateau" and any(other.name == "LearningRateScheduler" for other in callbacks)


def chooses(callback: Callback) -> bool:
    """Whether a callback keeps, stops or changes the training by what it sees on the validation rows."""
    monitor = callback["monitor"]
    if isinstance(monitor, str) and not monitor.startswith("val_"):
        return False
    if callback.name == "ModelCheckpoint":
        return callback["save_best_only"] is True
    return callback.name in {"EarlyStopping", "ReduceLROnPlateau"}


def _related(validation: DataArray, chooser: Callback | None, report: Event | None) -> tuple[Related, ...]:
    found: list[Related] = []
    origin = validation.cut_off
    if origin is not None:
        found.append(Related(origin.location, f"the test part comes from `{origin.by}` here"))
    if chooser is not None:
        found.append(Related(chooser.location, f"`{chooser.name}` chooses on it"))
    if report is not None:
        found.append(Related(report.location, "its score is reported here"))
    return tuple(found)
