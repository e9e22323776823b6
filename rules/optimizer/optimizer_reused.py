"""One optimizer object trains two models, or each step makes its own.

## What it does

Finds optimizer objects that are compiled into more than one model, where at least two of the models are trained; also one
that is made once in front of a loop which builds and compiles a new model in every round. In loops of training that the script
writes itself, with a gradient tape, it finds an optimizer that is made anew in each step.

## Why it matters

An optimizer keeps running averages and a step count for the weights it first saw. In Keras 3 and TensorFlow 2.11 and
newer, training the second model stops with "Unknown variable"; older releases go on with the step count and the decayed
rate of the first one. An optimizer that each step makes anew forgets its momentum and its step count: Adam then moves every
weight by the same length, whatever the gradients were before. In a function below `@tf.function` it is an error: the second
call makes variables that only the first may make.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.optimizers import Adam

(x_train, y_train), (x_test, y_test) = mnist.load_data()
optimizer = Adam(1e-3)
small = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
small.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
small.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
large = Sequential([Input((28, 28)), Flatten(), Dense(512, activation="relu"), Dense(10, activation="softmax")])
large.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC407
large.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
```

```python
import tensorflow as tf
from tensorflow import keras

(x_train, y_train), _ = keras.datasets.mnist.load_data()
batches = tf.data.Dataset.from_tensor_slices((x_train / 255.0, y_train)).shuffle(60000).batch(128)
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)])
judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def step(x, y):
    optimizer = keras.optimizers.Adam(1e-3)  # KC407
    with tf.GradientTape() as tape:
        loss = judge(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


for x, y in batches:
    step(x, y)
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.optimizers import Adam

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
for width in (64, 512):
    model = Sequential([Input((28, 28)), Flatten(), Dense(width, activation="relu"), Dropout(0.2), Dense(10, activation="softmax")])
    model.compile(Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
    print(width, max(history.history["val_accuracy"]))
```

## Known limits

Optimizers that a loop of the script's own applies to several models are not followed.

## References

- <https://keras.io/api/optimizers/>
- <https://github.com/keras-team/keras/blob/master/keras/src/optimizers/base_optimizer.py> (the check of the variables)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Compiled, Fit, ModelUse
from kerascheck.facts.graph import Optimizer
from kerascheck.facts.steps import FreshOptimizer
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC407", "optimizer-reused", Severity.WARNING, since="0.1")
def optimizer_reused(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    severity = Severity.ERROR if usage.is_past((3, 0)) else Severity.WARNING
    trained = {fit.model for fit in program.of(Fit)}
    first: dict[int, Compiled] = {}
    for event in program.of(Compiled):
        optimizer = event.compile.optimizer if event.compile is not None else None
        if optimizer is None or optimizer.slot is None or event.model not in trained:
            continue
        before = first.setdefault(optimizer.key, event)
        if before.model != event.model and before.location != event.location:
            yield _finding(event, optimizer, before, severity)
        elif (before.model != event.model and event.certain) or _is_new_each_round(program, event, optimizer):
            yield _finding(event, optimizer, None, severity)
    for tape in program.tapes:
        yield from map(_fresh, tape.fresh)


def _is_new_each_round(program: TrainingProgram, event: Compiled, optimizer: Optimizer) -> bool:
    """Whether a loop builds and compiles the model while the one optimizer was made in front of it."""
    if any(other.location == event.location and not _has(other, optimizer) for other in program.of(Compiled)):
        return False
    built = any(use.repeated for use in program.of(ModelUse) if use.model == event.model and use.use == "built")
    return event.repeated and not optimizer.repeated and built


def _has(event: Compiled, optimizer: Optimizer) -> bool:
    given = event.compile.optimizer if event.compile is not None else None
    return given is not None and given.key == optimizer.key


def _fresh(optimizer: FreshOptimizer) -> Finding:
    where = f"each call of `{optimizer.function}`" if optimizer.function else "each turn of the loop"
    effect = (
        "the second call stops with a ValueError, as only the first may make variables"
        if optimizer.traced
        else "its momentum and its step count begin again with every batch"
    )
    return Finding(
        message=f"{where} makes another `{optimizer.name}`: {effect}",
        location=optimizer.location,
        label="made anew in each step",
        help=f"make the `{optimizer.name}` once, in front of the loop, and only apply gradients in it",
        severity=Severity.ERROR if optimizer.traced else Severity.WARNING,
    )


def _finding(event: Compiled, optimizer: Optimizer, before: Compiled | None, severity: Severity) -> Finding:
    compiled = event.compile
    assert compiled is not None
    related = [Related(optimizer.location, "the optimizer is made here")]
    if before is not None:
        related.append(Related(before.location, "and goes into another model here"))
    again = (
        "is the same object in every round of the loop" if event.repeated else "goes into every model that is made here"
    )
    told = "belongs to another model already" if before is not None else again
    return Finding(
        message=f"the optimizer `{optimizer.label}` {told}: newer Keras stops when this model is trained, older goes on with the other's step count",
        location=compiled.place("optimizer"),
        label="used before",
        help=f"make a new `{optimizer.label}` for every model",
        severity=severity,
        related=tuple(related),
    )
