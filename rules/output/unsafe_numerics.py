"""A logarithm, a root or a division in a loss, a metric or a layer meets zero or less.

## What it does

Follows the loss and metric functions of the script, and the `call` of its layers, and the range of their values:
predictions lie within 0..1 behind softmax or sigmoid, what comes out of relu is zero or more, and clipping, `maximum` and an
added epsilon move values away from zero. It speaks where the operand of a logarithm, or a denominator, is known to become
zero or negative, or the operand of a square root negative.

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

```python
from keras import Input, Model, layers, ops


class UnitLength(layers.Layer):
    def call(self, x):
        return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True))  # KC319


inputs = Input((20,))
x = layers.Dense(64, activation="relu")(inputs)
x = UnitLength()(x)
model = Model(inputs, layers.Dense(10)(x))
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

Targets are taken for unknown: a division by them is not judged. In layers only what relu, softmax or sigmoid give has a
known range, and what a layer without activation gives may be negative but is not taken for zero. Classes of metrics are not
looked into: what their states hold is not known.

## References

- <https://keras.io/api/losses/#creating-custom-losses>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerascheck.facts.families import ACTIVATIONS, KERNELS, activation_of
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.outputs import outputs
from kerascheck.facts.ranges import ANY, PROBABILITY, Range, operand, operation, ranges
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

LOGARITHMS = frozenset({"log", "log2", "log10"})
_ACTIVE = KERNELS | ACTIVATIONS


@rule("KC319", "unsafe-numerics", Severity.WARNING, since="0.1")
def unsafe_numerics(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    yield from _in_layers(graph)
    predictions = _predictions(graph)
    if predictions is None:
        return
    for compiled in graph.trained_with:
        losses = compiled.losses if isinstance(compiled.losses, tuple) else ()
        metrics = compiled.metrics if isinstance(compiled.metrics, tuple) else ()
        for function in (*losses, *metrics):
            if function is not None and function.body is not None:
                known = {function.body.inputs[1].key: predictions}
                yield from _judged(str(function.name), function.location, function.body, known)


def _in_layers(graph: ModelGraph) -> Iterator[Finding]:
    """What the layers of the script's own do with what is known of their inputs."""
    for node in graph.nodes:
        body = node.layer.model
        if body is None or node.layer.kind is not LayerKind.CUSTOM or len(body.inputs) != len(node.inputs):
            continue
        made = [graph.producer(tensor) for tensor in node.inputs]
        pairs = [(inner, _given(before)) for inner, before in zip(body.inputs, made, strict=True)]
        known = {inner.key: value for inner, value in pairs if value is not None}
        if known:
            yield from _judged(node.layer.class_name, node.location, body, known)


def _given(node: Node | None) -> Range | None:
    """The range of what a layer gives; None where it is not known."""
    if node is None or node.layer.kind is not LayerKind.BUILTIN or node.layer.class_name not in _ACTIVE:
        return None
    activation = activation_of(node.layer)
    if activation in ("softmax", "sigmoid"):
        return PROBABILITY
    if activation == "relu":
        return Range(0.0, zero=True)
    return Range() if activation is None and node.layer.class_name in KERNELS else None


def _predictions(graph: ModelGraph) -> Range | None:
    """The range of the only output; None where it is not known."""
    found = outputs(graph)
    if len(found) != 1 or not found[0].is_known:
        return None
    activation = found[0].activation
    if activation in ("softmax", "sigmoid"):
        return PROBABILITY
    return Range(0.0, zero=True) if activation == "relu" else ANY


def _judged(owner: str, place: Location, body: ModelGraph, known: Mapping[int, Range]) -> Iterator[Finding]:
    found = ranges(body, known)
    told: set[int] = set()
    for node in body.nodes:
        name = operation(node)
        if name in LOGARITHMS and len(node.inputs) == 1:
            value = found.get(node.inputs[0].key)
            unsafe = value is not None and (value.low < 0 or value.zero or value.saturates)
            why = "the logarithm of a value that can be 0 is minus infinity"
        elif name == "sqrt" and len(node.inputs) == 1:
            value = found.get(node.inputs[0].key)
            unsafe = value is not None and value.low < 0
            why = "the square root of a value that can be negative is NaN"
        elif name == "divide":
            value = operand(node, found, 1)
            unsafe = value is not None and value.low <= 0 <= value.high and value.zero
            why = "the denominator can be 0"
        else:
            continue
        if unsafe and node.location.line not in told:
            told.add(node.location.line)
            yield Finding(
                message=f"`{owner}`: {why}, and one such sample makes it NaN for the whole batch",
                location=node.location,
                label="can be negative" if name == "sqrt" else "can be 0",
                help="clip the value away from 0 (`ops.clip(x, 1e-7, 1.0)`), or add `keras.config.epsilon()`",
                related=(Related(place, "used here"),) if place.line else (),
            )
