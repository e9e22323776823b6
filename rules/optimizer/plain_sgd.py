"""Plain gradient descent at one rate over many epochs.

## What it does

Finds models that are fitted for ten epochs or more with SGD that has neither momentum nor a schedule, and where no
callback lowers the learning rate. In a model file the epochs are not known: SGD without momentum and decay is named.

## Why it matters

Without momentum every step follows one noisy batch; in narrow valleys of the loss it goes from side to side and forward
only slowly. Momentum or an adaptive optimizer reaches the same loss in a fraction of the epochs, and a rate that falls
lets it settle.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC404
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=200, validation_split=0.1)
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=20, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Where it matters is a matter of the task: on convex problems plain gradient descent is sound. The threshold is the option
`epochs`.

## References

- Sutskever, Martens, Dahl, Hinton, On the importance of initialization and momentum in deep learning (ICML 2013)
- <https://keras.io/api/optimizers/sgd/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph, Optimizer
from kerascheck.facts.optimizers import has_schedule, is_rescheduled, number
from kerascheck.facts.outputs import fits_of
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule


@rule("KC404", "plain-sgd", Severity.INFO, since="0.1", options={"epochs": 10}, mentions=("sgd", "SGD"))
def plain_sgd(graph: ModelGraph, program: TrainingProgram | None, options: Options) -> Iterator[Finding]:
    for compiled in graph.compiles:
        optimizer = compiled.optimizer
        if (
            optimizer is None
            or optimizer.name != "sgd"
            or number(optimizer, "momentum") != 0
            or has_schedule(optimizer)
        ):
            continue
        if program is None:
            yield _finding(optimizer, "")
            continue
        fits = fits_of(program, graph, compiled)
        if any(is_rescheduled(program, optimizer, fit) for fit in fits):
            continue
        epochs = [value for fit in fits if isinstance(value := fit.arguments.get("epochs"), int)]
        if epochs and max(epochs) >= options.number("epochs", 10):
            yield _finding(optimizer, f" over {max(epochs)} epochs")


def _finding(optimizer: Optimizer, span: str) -> Finding:
    rate = number(optimizer, "learning_rate")
    at = f" at a rate of {rate:g}" if rate is not None else ""
    return Finding(
        message=f"`{optimizer.label}` runs without momentum or schedule{at}{span}: it needs many times the epochs of an optimizer that has either",
        location=optimizer.location,
        label="plain gradient descent",
        help="try Nadam or Adam, or write `SGD(momentum=0.9, nesterov=True)` with a learning rate schedule",
    )
