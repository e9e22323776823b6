"""A learning rate of 0: nothing is learned.

## What it does

Finds optimizers whose learning rate is 0 in models that are fitted without anything that sets the rate later: no
LearningRateScheduler, no callback of the script's own. In a model file it warns that the stored rate is 0.

## Why it matters

Each step changes the weights by the learning rate times the gradient, which is then nothing: the loss stands still at
the value of the random start. In a saved model the rate is often what a schedule ended at; training that is taken up
from the file goes on without learning.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.optimizers import SGD

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
optimizer = SGD(learning_rate=0.0, momentum=0.9)  # KC402
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=10)
```

## Good

The rate comes from a schedule:

```python
from keras import Input, Sequential
from keras.callbacks import LearningRateScheduler
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.optimizers import SGD

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
optimizer = SGD(learning_rate=0.0, momentum=0.9)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
rate = LearningRateScheduler(lambda epoch: 0.1 * 0.5 ** (epoch // 5))
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1, callbacks=[rate])
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

A script that sets `model.optimizer.learning_rate` itself is taken at its word wherever that stands. Models that are
compiled here and fitted elsewhere are not judged.

## References

- <https://keras.io/api/optimizers/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Compile, ModelGraph, Optimizer
from kerascheck.facts.optimizers import is_rescheduled
from kerascheck.facts.outputs import fits_of
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC402", "zero-learning-rate", Severity.ERROR, since="0.1")
def zero_learning_rate(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for compiled in graph.trained_with:
        optimizer = compiled.optimizer
        if optimizer is None or isinstance(optimizer["learning_rate"], bool) or optimizer["learning_rate"] != 0:
            continue
        if program is None:
            yield _stored(graph, optimizer)
        elif _is_fitted_at_zero(graph, program, compiled, optimizer):
            yield _written(optimizer)


def _is_fitted_at_zero(graph: ModelGraph, program: TrainingProgram, compiled: Compile, optimizer: Optimizer) -> bool:
    if compiled in graph.steps:
        return optimizer.key not in program.rates_in_hand
    fits = fits_of(program, graph, compiled)
    return bool(fits) and not any(is_rescheduled(program, optimizer, fit) for fit in fits)


def _written(optimizer: Optimizer) -> Finding:
    return Finding(
        message=f"`{optimizer.label}` has a learning rate of 0 and nothing sets it later: the weights never change",
        location=optimizer.place("learning_rate"),
        label="no step at all",
        help="write a rate above 0 (`learning_rate=0.01`), or hand a LearningRateScheduler to `fit`",
    )


def _stored(graph: ModelGraph, optimizer: Optimizer) -> Finding:
    return Finding(
        message=f"`{graph.name}` is stored with a learning rate of 0: training it further from this file changes no weight",
        location=optimizer.location,
        help="set `model.optimizer.learning_rate` or compile anew before training goes on",
        severity=Severity.WARNING,
    )
