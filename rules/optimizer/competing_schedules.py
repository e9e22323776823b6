"""Several things set one learning rate.

## What it does

Looks at the optimizer and the callbacks of each `fit`: a schedule object as the learning rate, `decay`,
LearningRateScheduler and ReduceLROnPlateau. It is an error where Keras refuses the combination (a schedule object and
a callback that sets the rate), a warning where one undoes or distorts what the other does.

## Why it matters

The rate of an optimizer that was made with a schedule object cannot be set: `fit` stops with a TypeError, at the first
epoch for LearningRateScheduler and for ReduceLROnPlateau as late as the first plateau, perhaps hours into the run.
LearningRateScheduler writes its rate at the start of every epoch, so that what ReduceLROnPlateau lowered is put back.
`decay` goes on shrinking whatever the others set.

## Bad

```python
from keras import Input, Sequential
from keras.callbacks import ReduceLROnPlateau
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.optimizers import Adam
from keras.optimizers.schedules import ExponentialDecay

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
rate = ExponentialDecay(1e-3, decay_steps=1000, decay_rate=0.9)
model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
plateau = ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=3)
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=30, validation_split=0.1, callbacks=[plateau])  # KC403
```

Two callbacks:

```python
from keras import Input, Sequential
from keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = [LearningRateScheduler(lambda epoch: 1e-3 * 0.9**epoch), ReduceLROnPlateau("val_loss")]
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=30, validation_split=0.1, callbacks=callbacks)  # KC403
```

## Good

```python
from keras import Input, Sequential
from keras.callbacks import ReduceLROnPlateau
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.optimizers import Adam

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile(Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=30,
    validation_split=0.1,
    callbacks=[ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=3)],
)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Callbacks of the script's own are not looked into.

## References

- <https://keras.io/api/callbacks/learning_rate_scheduler/>
- <https://keras.io/api/callbacks/reduce_lr_on_plateau/>
- <https://keras.io/api/optimizers/learning_rate_schedules/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Callback, Fit
from kerascheck.facts.graph import Optimizer
from kerascheck.facts.optimizers import number
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Symbol, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC403", "competing-schedules", Severity.WARNING, since="0.1", mentions=("chedul", "Plateau", "decay"))
def competing_schedules(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        if isinstance(fit.callbacks, Unknown):
            continue
        scheduler = _first(fit, "LearningRateScheduler")
        plateau = _first(fit, "ReduceLROnPlateau")
        optimizer = fit.compile.optimizer if fit.compile is not None else None
        setter = scheduler or plateau
        schedule = optimizer["learning_rate"] if optimizer is not None else None
        if optimizer is not None and setter is not None and isinstance(schedule, Symbol):
            yield _refused(fit, optimizer, schedule.name, setter)
        elif scheduler is not None and plateau is not None:
            yield _undone(fit, scheduler, plateau)
        elif optimizer is not None and number(optimizer, "decay"):
            yield from _decayed(fit, optimizer, setter)


def _first(fit: Fit, name: str) -> Callback | None:
    callbacks = fit.callbacks if isinstance(fit.callbacks, tuple) else ()
    return next((callback for callback in callbacks if callback.name == name and not callback.custom), None)


def _refused(fit: Fit, optimizer: Optimizer, schedule: str, setter: Callback) -> Finding:
    when = "in the first epoch" if setter.name == "LearningRateScheduler" else "at the first plateau"
    return Finding(
        message=f"`{setter.name}` sets a learning rate that `{schedule}` keeps: Keras refuses this {when} and `fit` stops",
        location=fit.location,
        label="two schedules",
        help=f"give `{optimizer.label}` a plain number, or leave `{setter.name}` out",
        severity=Severity.ERROR,
        related=(
            Related(optimizer.place("learning_rate"), "the rate is a schedule object"),
            Related(setter.location, "this callback sets the rate"),
        ),
    )


def _undone(fit: Fit, scheduler: Callback, plateau: Callback) -> Finding:
    return Finding(
        message="`LearningRateScheduler` writes the learning rate at the start of every epoch, so that what `ReduceLROnPlateau` lowered is put back",
        location=fit.location,
        label="two schedules",
        help="keep one of the two callbacks",
        related=(
            Related(scheduler.location, "sets it each epoch"),
            Related(plateau.location, "lowers it on a plateau"),
        ),
    )


def _decayed(fit: Fit, optimizer: Optimizer, setter: Callback | None) -> Iterator[Finding]:
    schedule = optimizer["learning_rate"]
    if setter is None and not isinstance(schedule, Symbol):
        return
    other, place = (
        (setter.name, setter.location)
        if setter is not None
        else (schedule.name if isinstance(schedule, Symbol) else "", optimizer.place("learning_rate"))
    )
    yield Finding(
        message=f"`decay={optimizer['decay']}` shrinks the learning rate after every batch, on top of what `{other}` sets: the rate is never the one that was meant",
        location=fit.location,
        label="two schedules",
        help=f"leave `decay` out, or `{other}`",
        related=(Related(optimizer.place("decay"), "shrinks the rate each batch"), Related(place, "sets the rate too")),
    )
