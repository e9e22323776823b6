"""A learning rate schedule that fails, stands still or ends at zero.

## What it does

Runs the function of a LearningRateScheduler on paper, epoch by epoch. It speaks where the function cannot be called with
the epoch (and the rate), returns nothing or a whole number, falls to zero or below within the epochs of `fit`, or always
gives the same rate. It also warns where a schedule object counts steps and was given the number of epochs, and speaks of one that
decays over no steps, or whose rates are not one more than the boundaries between them.

## Why it matters

Keras stops with "The output of the `schedule` function should be a float" in the epoch where a branch is missing. At a rate
of zero nothing is learned from there on, below zero the loss is climbed. A schedule object counts batches: with
`decay_steps=epochs` it has run out before the first epoch is over. Over 0 steps the rate is 0 or no number at all; Keras 3 refuses that.

## Bad

A branch without a value:

```python
from keras import Input, Sequential
from keras.callbacks import LearningRateScheduler
from keras.datasets import mnist
from keras.layers import Dense, Flatten


def rate(epoch):
    if epoch < 10:
        return 1e-3
    elif epoch < 20:
        return 1e-4


(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
callback = LearningRateScheduler(rate)  # KC406
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=30, validation_split=0.1, callbacks=[callback])
```

A rate that falls below zero:

```python
from keras import Input, Sequential
from keras.callbacks import LearningRateScheduler
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
callback = LearningRateScheduler(lambda epoch: 1e-3 - 1e-4 * epoch)  # KC406
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=30, validation_split=0.1, callbacks=[callback])
```

Epochs where steps are meant:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.optimizers import Adam
from keras.optimizers.schedules import CosineDecay

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
rate = CosineDecay(1e-3, decay_steps=30)
model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC406
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=30, validation_split=0.1)
```

A rate for each boundary, and none for what comes after the last:

```python
from keras.optimizers.schedules import ExponentialDecay, PiecewiseConstantDecay

rate = PiecewiseConstantDecay([1000, 5000], [1e-2, 1e-3])  # KC406
other = ExponentialDecay(1e-2, decay_steps=0, decay_rate=0.9)  # KC406
```

## Good

```python
from keras import Input, Sequential
from keras.callbacks import LearningRateScheduler
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten


def rate(epoch):
    return 1e-3 * 0.9**epoch


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=128, epochs=30, validation_split=0.1, callbacks=[LearningRateScheduler(rate)]
)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

A function that computes the rate from what the script does not show is not judged. A rate that grows may be a warm-up or
a search for the right one, and is not reported.

## References

- <https://keras.io/api/callbacks/learning_rate_scheduler/>
- <https://keras.io/api/optimizers/learning_rate_schedules/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Callback, Fit, arrays
from kerascheck.facts.graph import Optimizer
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.facts.values import Symbol, Unknown, Value
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

ENOUGH = 5
SHARE = 0.2


@rule("KC406", "schedule-function", Severity.ERROR, since="0.1", mentions=("chedul", "Decay"))
def schedule_function(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for call in usage.calls:
        if call.is_call and call.qualified.startswith("keras.optimizers.") and "Constant" in call.name:
            yield from _pieces(call)
        elif call.is_call and call.qualified.startswith("keras.optimizers.") and "Decay" in call.name:
            yield from _without_steps(call)
    for fit in program.of(Fit):
        epochs = fit.arguments.get("epochs")
        count = epochs if isinstance(epochs, int) and not isinstance(epochs, bool) else None
        for callback in fit.callbacks if isinstance(fit.callbacks, tuple) else ():
            if not isinstance(callback.samples, Unknown):
                told = _told(callback.samples, count)
                if told is not None:
                    yield _finding(callback, *told)
        if fit.compile is not None and fit.compile.optimizer is not None and count is not None:
            yield from _counted_in_epochs(fit, fit.compile.optimizer, count)


def _without_steps(call: ApiCall) -> Iterator[Finding]:
    """Every schedule of Keras counts its steps in the second argument."""
    name = "first_decay_steps" if "first_decay_steps" in call.values else "decay_steps"
    steps, place = call.values.get(name), call.places.get(name)
    if place is None and len(call.positional_values) > 1 and len(call.positional_places) > 1:
        steps, place = call.positional_values[1], call.positional_places[1]
    if place is not None and isinstance(steps, (int, float)) and not isinstance(steps, bool) and steps <= 0:
        yield Finding(
            message=f"`{call.name}` decays over {steps:g} steps: Keras 3 stops with a ValueError, with earlier ones the rate is 0 or no number at all",
            location=place,
            label="no steps",
            help="give the number of batches after which the rate has decayed",
        )


def _pieces(call: ApiCall) -> Iterator[Finding]:
    given = dict(zip(("boundaries", "values"), call.positional_values, strict=False)) | dict(call.values)
    boundaries, values = given.get("boundaries"), given.get("values")
    if isinstance(boundaries, tuple) and isinstance(values, tuple) and len(boundaries) != len(values) - 1:
        second = call.positional_places[1] if len(call.positional_places) > 1 else call.location
        yield Finding(
            message=f"`{call.name}` has {len(boundaries)} boundaries and {len(values)} rates: the call fails, as there must be one rate more",
            location=call.places.get("values", second),
            label=f"{len(boundaries) + 1} rates wanted",
            help="give a rate for before the first boundary, for between each two, and for after the last",
        )


def _told(samples: tuple[tuple[int, Value], ...], epochs: int | None) -> tuple[Severity, str] | None:
    if not samples:
        return (
            Severity.ERROR,
            "cannot be called with the epoch, nor with the epoch and the rate: `fit` stops with a TypeError",
        )
    reached = [(epoch, rate) for epoch, rate in samples if epochs is None or epoch < epochs]
    for epoch, rate in reached:
        if rate is None:
            return Severity.ERROR, f"returns nothing in epoch {epoch}: Keras stops there, for a rate must be a float"
        if isinstance(rate, int) and not isinstance(rate, bool):
            return (
                Severity.ERROR,
                f"returns the whole number {rate} in epoch {epoch}: Keras stops there, for a rate must be a float",
            )
        if isinstance(rate, float) and rate < 0 and epochs is not None:
            return (
                Severity.ERROR,
                f"gives a rate of {rate:g} in epoch {epoch}: from there on every step climbs the loss",
            )
    if epochs is None or not all(isinstance(rate, float) for _, rate in reached):
        return None
    zero = next((epoch for epoch, rate in reached if rate == 0), None)
    if zero is not None and zero < epochs * (1 - SHARE):
        return Severity.ERROR, f"gives a rate of 0 from epoch {zero} of {epochs}: nothing is learned after it"
    if len(reached) >= ENOUGH and all(rate == reached[0][1] for _, rate in reached):
        return Severity.WARNING, f"gives {reached[0][1]:g} in every one of the {epochs} epochs: it schedules nothing"
    return None


def _finding(callback: Callback, severity: Severity, told: str) -> Finding:
    return Finding(
        message=f"the schedule {told}",
        location=callback.place("schedule"),
        label="this schedule",
        help="return a positive float for every epoch, such as `1e-3 * 0.9**epoch`",
        severity=severity,
    )


def _counted_in_epochs(fit: Fit, optimizer: Optimizer, epochs: int) -> Iterator[Finding]:
    schedule = optimizer["learning_rate"]
    steps = schedule.arguments.get("decay_steps") if isinstance(schedule, Symbol) else None
    if not isinstance(schedule, Symbol) or steps != epochs or epochs < ENOUGH or _steps_an_epoch(fit) == 1:
        return
    yield Finding(
        message=f"`{schedule.name}` counts batches, but `decay_steps={steps}` is the number of epochs: it has run out before the first epoch is over",
        location=optimizer.place("learning_rate"),
        label="counted in epochs",
        help="multiply by the batches of an epoch: `decay_steps=epochs * len(x_train) // batch_size`",
        severity=Severity.WARNING,
        related=(Related(fit.place("epochs"), f"{epochs} epochs"),),
    )


def _steps_an_epoch(fit: Fit) -> int | None:
    batch = fit.arguments.get("batch_size", 32)
    rows = next((array.shape[0] for array in arrays(fit.x) if isinstance(array.shape, tuple) and array.shape), None)
    return -(-rows // batch) if isinstance(rows, int) and isinstance(batch, int) and batch > 0 else None
