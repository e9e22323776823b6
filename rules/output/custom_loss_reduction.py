"""A loss of the script's own adds up over the batch, or takes its arguments in the wrong order.

## What it does

Follows loss functions of the script. It speaks where the result is a sum over all axes, the batch among them, and where
the first parameter is named for the predictions and the second for the targets.

## Why it matters

Keras passes the targets first. A loss that takes them for the predictions is another function unless it is symmetric: a
cross-entropy takes the logarithm of the labels. And a sum over the batch grows with `batch_size`: twice the batch means
twice the gradient, a smaller last batch weighs less, and a learning rate that was tuned for one size fails at another.

## Bad

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def squared_error(y_true, y_pred):
    return ops.sum(ops.square(y_true - y_pred))  # KC316


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", squared_error, metrics=["mae"])
```

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def pinball(y_pred, y_true):  # KC316
    error = y_true - y_pred
    return ops.mean(ops.maximum(0.9 * error, -0.1 * error), axis=-1)


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", pinball, metrics=["mae"])
```

## Good

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def squared_error(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", squared_error, metrics=["mae"])
```

## Known limits

The order of the parameters is judged by their names alone.

## References

- <https://keras.io/api/losses/#creating-custom-losses>
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerascheck.facts.graph import Loss, ModelGraph, Node
from kerascheck.facts.ranges import operation
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

PREDICTIONS = r"(?i)pred|y_?hat|logits?|outputs?|probs?"
TARGETS = r"(?i)true|targets?|labels?|ground|^gt$|actual"
SCALING = frozenset({"negative", "multiply", "divide"})
ONE_BY_ONE = SCALING | {
    "abs",
    "add",
    "binary_crossentropy",
    "cast",
    "clip",
    "equal",
    "exp",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "not_equal",
    "power",
    "relu",
    "round",
    "sigmoid",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "tanh",
    "where",
}
"""Functions of each value by itself."""


@rule("KC316", "custom-loss-reduction", Severity.WARNING, since="0.1")
def custom_loss_reduction(program: TrainingProgram) -> Iterator[Finding]:
    for graph in program.models.values():
        for compiled in graph.compiles:
            for loss in compiled.losses if isinstance(compiled.losses, tuple) else ():
                if loss is not None and loss.body is not None:
                    yield from _judged(loss, loss.body)


def _judged(loss: Loss, body: ModelGraph) -> Iterator[Finding]:
    if len(loss.parameters) == 2:
        first, second = loss.parameters
        if re.search(PREDICTIONS, first) and re.search(TARGETS, second) and not re.search(TARGETS, first):
            yield Finding(
                message=f"Keras passes the targets first, but `{loss.name}` calls them `{first}` and the predictions `{second}`",
                location=body.location,
                label="in the wrong order",
                help=f"define it as `{loss.name}({second}, {first})`",
                related=_related(loss),
            )
    total = _sum(body)
    if total is not None:
        yield Finding(
            message=f"the loss `{loss.name}` adds up over the whole batch: it and its gradient grow with `batch_size`",
            location=total.location,
            label="the batch is summed over too",
            help="write `ops.mean(…, axis=-1)`, or sum over the axes behind the batch (`axis=-1`)",
            related=_related(loss),
        )


def _related(loss: Loss) -> tuple[Related, ...]:
    return (Related(loss.location, "the loss of the model"),) if loss.location.line else ()


def _sum(body: ModelGraph) -> Node | None:
    """The sum over all axes that the result is, but for its sign and a constant factor."""
    node = body.producer(body.outputs[0]) if body.outputs else None
    while node is not None and operation(node) in SCALING and len(node.inputs) == 1:
        if any(value is UNKNOWN for value in node.arguments.values()):
            return None
        node = body.producer(node.inputs[0])
    if node is None or operation(node) != "sum" or len(node.inputs) != 1:
        return None
    whole = node.arguments.get("axis") is None
    return node if whole and all(_keeps_batch(part) for part in body.nodes if part is not node) else None


def _keeps_batch(node: Node) -> bool:
    """Whether an operation leaves the batch axis in front, so that a sum over everything takes it in."""
    name = operation(node)
    if name not in ("sum", "mean", "max", "min"):
        return name in ONE_BY_ONE
    axis = node.arguments.get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    return all(isinstance(each, int) and each != 0 for each in axes)
