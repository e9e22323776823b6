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

Silent for random numbers or a few written rows in place of data, for a single epoch (each row is then scored before the
model learns from it), for inputs without targets, where the model goes to code that cannot be followed, for functions that
the file itself never calls, and beside a callback of the author's own, which may judge the model. A hint where the file
judges another model, has a `train_step` of its own, or trains for fewer than 10 epochs. One finding speaks for the whole file.

## References

- <https://keras.io/guides/training_with_built_in_methods/#automatically-setting-apart-a-validation-holdout-set>
- Prechelt: Early stopping, but when? Neural Networks: Tricks of the Trade (1998)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.data import DataKind
from kerascheck.facts.events import Evaluation, Event, Fit, ModelUse, arrays, is_demonstration
from kerascheck.facts.keeping import loads
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

METHODS: Final = frozenset({"fit", "fit_generator"})
MANY: Final = 10
ELSEWHERE: Final = ("passed", "returned")


@rule("KC503", "no-validation", Severity.WARNING, since="0.1", options={"epochs": MANY})
def no_validation(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    many = options.number("epochs", MANY)
    blind = list(_blind(program))
    quiet = _judges_others(program) or all(_is_short(program, fit, many) for fit in blind)
    for finding in folded(map(_finding, blind)):
        yield replace(finding, severity=Severity.INFO) if quiet else finding


def _is_short(program: TrainingProgram, fit: Fit, many: float) -> bool:
    """Whether no training of the model runs long enough to learn the rows by heart."""
    fits = [other for other in program.of(Fit) if other.model == fit.model]
    lengths = [other.arguments.get("epochs", 1) for other in fits]
    return not any(other.repeated for other in fits) and all(isinstance(n, int) and n < many for n in lengths)


def _judges_others(program: TrainingProgram) -> bool:
    """Whether the author judges models, though not this one: it may be a trial, a part of another, or train by its own steps."""
    if any(cls.is_model and cls.trains_itself for cls in program.classes):
        return True
    return any(not _lacks_validation(fit) for fit in program.of(Fit)) or any(
        event.method.startswith(("evaluate", "score")) for event in program.of(Evaluation)
    )


def _blind(program: TrainingProgram) -> Iterator[Fit]:
    """The first training of each model that nothing judges."""
    seen: set[int | Unknown] = set()
    for fit in program.of(Fit) if program.whole else ():
        if fit.model not in seen and _is_blind(fit) and not _is_judged(program, fit):
            seen.add(fit.model)
            yield fit


def _finding(fit: Fit) -> Finding:
    batches = any(array.kind in (DataKind.DATASET, DataKind.GENERATOR) for array in arrays(fit.x))
    way = (
        "`validation_data=...`" if batches or fit.method != "fit" else "`validation_split=0.2` or `validation_data=...`"
    )
    return Finding(
        message=f"`{fit.method}`{_length(fit)} has no validation data and nothing evaluates the model later, so that overfitting goes unseen",
        location=fit.name_place or fit.location,
        label="judged on training data alone",
        help=f"pass {way} to `{fit.method}`, or evaluate the trained model on data that it has not seen",
    )


def _is_blind(fit: Fit) -> bool:
    if fit.method not in METHODS or fit.unexpanded or fit.uncalled or fit.is_tested or is_demonstration(fit.x):
        return False
    if not _lacks_validation(fit) or _is_one_pass(fit) or _has_no_targets(fit):
        return False
    return isinstance(fit.callbacks, tuple) and not any(
        _may_judge(callback.name, callback.custom) for callback in fit.callbacks
    )


def _lacks_validation(fit: Fit) -> bool:
    return fit.validation_x is None and fit.arguments.get("validation_split", 0) in (0, None)


def _is_one_pass(fit: Fit) -> bool:
    """Whether each row is seen once: its loss is measured before the model learns from it."""
    return fit.arguments.get("epochs", 1) == 1 and not fit.repeated


def _has_no_targets(fit: Fit) -> bool:
    """Whether the model learns from the inputs alone, by a loss of its own."""
    found = arrays(fit.x)
    return fit.y is None and bool(found) and all(array.kind is DataKind.ARRAY for array in found)


def _length(fit: Fit) -> str:
    epochs = fit.arguments.get("epochs")
    return f" of {epochs:,} epochs" if isinstance(epochs, int) and epochs > 1 else ""


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
