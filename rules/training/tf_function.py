"""Python code in a function that TensorFlow traces, or a model that is left running eagerly.

## What it does

Looks into functions below `@tf.function`: values printed, lists from outside filled, numbers asked of tensors, variables
made on each call, calls of the function itself, and numbers from outside that the program counts up or down afterwards. It also finds `compile(run_eagerly=True)`.

## Why it matters

A traced function runs its Python code once, when the graph is made: a `print` shows a symbolic tensor once and never a number,
a list gets one entry. `.numpy()` fails on a symbolic tensor, a second `tf.Variable` is an error. `run_eagerly=True` is for
debugging and makes training many times slower.

## Bad

```python
import tensorflow as tf
from tensorflow import keras

losses = []


@tf.function
def step(x):
    loss = tf.reduce_mean(x)
    print(loss)  # KC516
    losses.append(loss)  # KC516
    return loss.numpy()  # KC516


@tf.function
def count(x):
    total = tf.Variable(0.0)  # KC516
    return total + x


model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse", run_eagerly=True)  # KC516
```

```python
import tensorflow as tf
from tensorflow import keras

rate = 1.0
layer = keras.layers.Dense(4)


@tf.function
def scaled(x):
    return rate * layer(x)  # KC516


@tf.function
def power(x, n):
    if n < 1:
        return tf.ones_like(x)
    return x * power(x, n - 1)  # KC516


for epoch in range(3):
    print(scaled(tf.ones((2, 4))), power(tf.ones((2, 4)), 3))
    rate *= 0.5
```

## Good

```python
import tensorflow as tf
from tensorflow import keras

total = tf.Variable(0.0)


@tf.function
def step(x):
    loss = tf.reduce_mean(x)
    tf.print(loss)
    total.assign_add(loss)
    return loss


model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")
```

## Known limits

A `print` of a message, or of a shape or type, is taken for a mark of the tracing that is meant. Functions that a traced
function calls are not looked into.

## References

- <https://www.tensorflow.org/guide/function#executing_python_side_effects>
- <https://keras.io/api/models/model_training_apis/#compile-method>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Compiled
from kerascheck.facts.steps import TracedFunction
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC516", "tf-function", Severity.WARNING, since="0.1", group="performance", mentions=("function", "eager"))
def tf_function(program: TrainingProgram) -> Iterator[Finding]:
    for function in program.traced:
        yield from _side_effects(function)
    for event in program.of(Compiled):
        if event.compile is not None and event.compile.arguments.get("run_eagerly") is True and not event.is_tested:
            yield Finding(
                message="`run_eagerly=True` runs every operation one by one: training is many times slower",
                location=event.compile.place("run_eagerly"),
                label="for debugging",
                help="leave it out once the model works",
            )


def _side_effects(function: TracedFunction) -> Iterator[Finding]:
    for place in function.prints:
        yield _finding(function, place, "prints once, while it is traced, and shows no number", "use `tf.print`")
    for place in function.appends:
        yield _finding(
            function,
            place,
            "fills a list once, while it is traced",
            "return the value, or collect it in a `tf.TensorArray`",
        )
    for place in function.numpy:
        yield _finding(
            function,
            place,
            "asks a symbolic tensor for its number, which fails",
            "do it outside the function",
            Severity.ERROR,
        )
    for place in function.recursions:
        yield _finding(
            function,
            place,
            "calls itself: it is traced again for each depth, and without end where a tensor is to stop it",
            "write a loop (`while` on a tensor becomes `tf.while_loop`), or leave `@tf.function` off",
        )
    for place in function.changing:
        yield _finding(
            function,
            place,
            "keeps the number that this name had when it was traced: later changes do not reach it",
            "pass it as an argument, as a tensor, or keep it in a `tf.Variable`",
        )
    for place in function.variables:
        yield _finding(
            function,
            place,
            "makes a variable each time it is traced: its first call raises a ValueError",
            "make it once, outside",
            Severity.ERROR,
        )


def _finding(
    function: TracedFunction, place: Location, what: str, remedy: str, severity: Severity = Severity.WARNING
) -> Finding:
    return Finding(
        message=f"the traced function `{function.name}` {what}",
        location=place,
        label="Python code in a traced function",
        help=remedy,
        severity=severity,
        related=(Related(function.location, "traced by `@tf.function`"),),
    )
