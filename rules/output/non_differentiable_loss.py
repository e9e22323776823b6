"""No gradient comes back through the loss.

## What it does

Follows a loss function of the script from its result back to the predictions. It speaks where every way passes through
argmax, round, sign, a comparison or a cast to whole numbers, where the predictions take no part in the result, where a
numpy function is called on them, and where a metric of Keras without a gradient stands as the loss.

## Why it matters

The gradient of a step function is zero or does not exist: Keras stops with "No gradients provided for any variable", or
trains for hours without changing a weight. numpy cannot take the symbolic tensors that Keras traces a loss with.

## Bad

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def wrong_answers(y_true, y_pred):
    hits = ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))  # KC315
    return 1.0 - ops.mean(ops.cast(hits, "float32"))


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", wrong_answers, metrics=["accuracy"])
```

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense


def log_cosh(y_true, y_pred):
    return np.log(np.cosh(y_pred - y_true))  # KC315


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", log_cosh, metrics=["mae"])
```

```python
from keras import Input, Sequential, metrics
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", loss=metrics.categorical_accuracy, metrics=["accuracy"])  # KC315
```

## Good

```python
from keras import Input, Sequential, ops
from keras.layers import Dense


def weighted_error(y_true, y_pred):
    high = ops.cast(y_pred > y_true, "float32")
    return ops.mean((1.0 + high) * ops.square(y_true - y_pred), axis=-1)


model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", weighted_error, metrics=["mae"])
```

## Known limits

A loss that calls functions of which the source is not seen is not judged.

## References

- <https://keras.io/api/losses/#creating-custom-losses>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Compile, LayerKind, Loss, ModelGraph, Node, Tensor
from kerascheck.facts.ranges import operation
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.keras_api import normalize
from kerascheck.rule import rule

STEPS = frozenset(
    {
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "ceil",
        "count_nonzero",
        "equal",
        "floor",
        "floor_divide",
        "greater",
        "greater_equal",
        "in_top_k",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "logical_xor",
        "not_equal",
        "one_hot",
        "rint",
        "round",
        "sign",
        "zeros_like",
        "ones_like",
        "stop_gradient",
        "to_int32",
    }
)
"""Functions with a derivative of zero, or none."""

CHOICES = frozenset({"where", "switch", "cond", "select"})
WHOLE = ("int", "uint", "bool")


@rule("KC315", "non-differentiable-loss", Severity.ERROR, since="0.1")
def non_differentiable_loss(program: TrainingProgram) -> Iterator[Finding]:
    for graph in program.models.values():
        for compiled in graph.trained_with:
            for loss in compiled.losses if isinstance(compiled.losses, tuple) else ():
                if loss is not None:
                    yield from _judged(loss, compiled)


def _judged(loss: Loss, compiled: Compile) -> Iterator[Finding]:
    if loss.body is not None:
        # Beside the loss of another output, one of zeros is there to have metrics reported.
        several = isinstance(compiled.losses, tuple) and len(compiled.losses) > 1
        if several and any(operation(node) == "zeros_like" for node in loss.body.nodes):
            return
        finding = _of_body(loss, loss.body)
        if finding is not None:
            yield finding
    elif _is_metric(loss):
        yield Finding(
            message=f"`{loss.written}` is a metric and gives no gradient: as a loss it trains nothing",
            location=loss.location,
            label="a metric, not a loss",
            help="take the cross-entropy that belongs to it as the loss, and report this as a metric",
            related=(Related(compiled.location, "compiled here"),) if loss.location.line else (),
        )


def _is_metric(loss: Loss) -> bool:
    if not isinstance(loss.name, Unknown) or loss.custom or loss.quoted or not loss.written:
        return False
    found = normalize.metric(loss.written)
    return found is not None and ("accuracy" in found or found in ("auc", "precision", "recall", "mean_iou"))


def _of_body(loss: Loss, body: ModelGraph) -> Finding | None:
    if not body.outputs:
        return None
    for node in body.nodes:
        if node.layer.written.startswith("numpy.") and _reaches(body, node.inputs, blocked=False):
            return _finding(
                loss, node, f"calls `{node.layer.written}` on tensors: numpy cannot take them and `fit` stops"
            )
    if not _is_closed(body) or _reaches(body, body.outputs, blocked=True):
        return None
    if not _reaches(body, body.outputs, blocked=False):
        return _unused(loss, body)
    block = next((node for node in body.nodes if _is_step(node) and _reaches(body, node.inputs, blocked=True)), None)
    if block is None:
        return None
    return _finding(
        loss, block, f"sends the predictions through `{block.layer.written}`, which has no gradient: nothing is learned"
    )


def _is_closed(body: ModelGraph) -> bool:
    """Whether every value in the function is known, so that no way is missed."""
    return all(
        node.layer.kind is LayerKind.OPERATION and not any(value is UNKNOWN for value in node.arguments.values())
        for node in body.nodes
    )


def _is_step(node: Node) -> bool:
    dtype = node.arguments.get("dtype")
    return operation(node) in STEPS or (
        operation(node) == "cast" and isinstance(dtype, str) and dtype.startswith(WHOLE)
    )


def _reaches(body: ModelGraph, start: tuple[Tensor, ...], *, blocked: bool) -> bool:
    """Whether a way back leads to the predictions; with `blocked`, one that a gradient can take."""
    predictions = body.inputs[1].key
    seen: set[int] = set()
    stack = list(start)
    while stack:
        tensor = stack.pop()
        if tensor.key == predictions:
            return True
        node = body.producer(tensor)
        if tensor.key in seen or node is None:
            continue
        seen.add(tensor.key)
        if not blocked:
            stack.extend(node.inputs)
        elif not _is_step(node):
            stack.extend(node.inputs[1:] if operation(node) in CHOICES else node.inputs)
    return False


def _unused(loss: Loss, body: ModelGraph) -> Finding:
    return Finding(
        message=f"the predictions take no part in the loss `{loss.name}`: nothing is learned",
        location=body.location,
        label="does not depend on the predictions",
        help="compare the second argument, the predictions, with the first, the targets",
        related=(Related(loss.location, "the loss of the model"),) if loss.location.line else (),
    )


def _finding(loss: Loss, node: Node, told: str) -> Finding:
    return Finding(
        message=f"the loss `{loss.name}` {told}",
        location=node.location,
        label="no gradient",
        help="write the loss with smooth functions of `keras.ops`, and keep this as a metric",
        related=(Related(loss.location, "the loss of the model"),) if loss.location.line else (),
    )
