"""A logarithm or a division in a loss or metric meets zero.

## What it does

Follows the loss and metric functions of the script and the range of their values: predictions lie within 0..1 behind
softmax or sigmoid, and clipping, `maximum` and an added epsilon move them away from zero. It speaks where the operand
of a logarithm, or a denominator, is known to become zero or negative.

## Why it matters

The logarithm of 0 is minus infinity and that of a negative number NaN; 0 divided by 0 is NaN. One such value makes the
loss NaN, the gradient with it, and from then on all weights.

## Bad

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def cross_entropy(y_true, y_pred):
    return -ops.mean(y_true * ops.log(y_pred) + (1 - y_true) * ops.log(1 - y_pred), axis=-1)  # KC319


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", cross_entropy, metrics=["accuracy"])
```

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def precision(y_true, y_pred):
    positive = ops.round(ops.clip(y_pred, 0, 1))
    return ops.sum(y_true * positive) / ops.sum(positive)  # KC319


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy", precision])
```

## Good

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def cross_entropy(y_true, y_pred):
    y_pred = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return -ops.mean(y_true * ops.log(y_pred) + (1 - y_true) * ops.log(1 - y_pred), axis=-1)


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", cross_entropy, metrics=["accuracy"])
```

## Known limits

Targets are taken for unknown: a division by them is not judged. Custom layers are not looked into.

## References

- <https://keras.io/api/losses/#creating-custom-losses>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Loss, ModelGraph
from kerascheck.facts.outputs import outputs
from kerascheck.facts.ranges import ANY, PROBABILITY, Range, operand, operation, ranges
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

LOGARITHMS = frozenset({"log", "log2", "log10"})


@rule("KC319", "unsafe-numerics", Severity.WARNING, since="0.1", preview=True)
def unsafe_numerics(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    predictions = _predictions(graph)
    if predictions is None:
        return
    for compiled in graph.trained_with:
        losses = compiled.losses if isinstance(compiled.losses, tuple) else ()
        metrics = compiled.metrics if isinstance(compiled.metrics, tuple) else ()
        for function in (*losses, *metrics):
            if function is not None and function.body is not None:
                yield from _judged(function, function.body, predictions)


def _predictions(graph: ModelGraph) -> Range | None:
    """The range of the only output; None where it is not known."""
    found = outputs(graph)
    if len(found) != 1 or not found[0].is_known:
        return None
    activation = found[0].activation
    if activation in ("softmax", "sigmoid"):
        return PROBABILITY
    return Range(0.0, zero=True) if activation == "relu" else ANY


def _judged(function: Loss, body: ModelGraph, predictions: Range) -> Iterator[Finding]:
    found = ranges(body, {body.inputs[1].key: predictions})
    told: set[int] = set()
    for node in body.nodes:
        name = operation(node)
        if name in LOGARITHMS and len(node.inputs) == 1:
            value = found.get(node.inputs[0].key)
            unsafe = value is not None and (value.low < 0 or value.zero or value.saturates)
            why = "the logarithm of a value that can be 0 is minus infinity"
        elif name == "divide":
            value = operand(node, found, 1)
            unsafe = value is not None and value.low <= 0 <= value.high and value.zero
            why = "the denominator can be 0"
        else:
            continue
        if unsafe and node.location.line not in told:
            told.add(node.location.line)
            yield Finding(
                message=f"`{function.name}`: {why}, and one such sample makes it NaN for the whole batch",
                location=node.location,
                label="can be 0",
                help="clip the value away from 0 (`ops.clip(x, 1e-7, 1.0)`), or add `keras.config.epsilon()`",
                related=(Related(function.location, "used here"),) if function.location.line else (),
            )
