"""A layer gets an input with a number of axes that it does not take.

## What it does

Infers the shape of every tensor as Keras does, and reports a call that Keras refuses because the input has too few or
too many axes, or none at all. Recurrent layers that hand on no sequence are reported as KC218.

## Why it matters

Building the model stops with an error, often far from the line that is wrong.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten

model = Sequential([
    Input((28, 28)),
    Conv2D(16, 3, activation="relu"),  # KC213
    Flatten(),
    Dense(10, activation="softmax"),
])
```

```python
from keras import Input, Model
from keras.layers import LSTM, Concatenate, Dense

series = Input((30, 8))
facts = Input((5,))
x = Concatenate()([series, facts])  # KC213
x = LSTM(16)(x)
model = Model([series, facts], Dense(1)(x))
```

```python
from keras import Input, Model
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

inputs = Input((28, 28, 1))
x = Conv2D(16, 3, activation="relu")(inputs)
x = Flatten()(x)
x = MaxPooling2D()(x)  # KC213
model = Model(inputs, Dense(10, activation="softmax")(x))
```

```python
import tensorflow as tf
from keras import Input, Model
from keras.layers import Dense, Multiply

inputs = Input((10,))
outputs = Multiply()([Dense(1, activation="sigmoid")(inputs), tf.constant(5.0)])  # KC213
model = Model(inputs, outputs)
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten

model = Sequential([
    Input((28, 28, 1)),
    Conv2D(16, 3, activation="relu"),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

## Known limits

Behind custom layers and unknown functions no shape is proven, and nothing is said.

## References

- https://keras.io/guides/functional_api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.graph import ModelGraph, Problem
from kerascheck.facts.problems import Cause, call_of, cause_of, sources_of
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

CONVOLUTIONS: Final = frozenset({"Conv1D", "Conv2D", "Conv3D"})
"""Layers that take axes in front of the others for more batches before Keras 3."""
OLD: Final = "tensorflow.python.keras"
"""The copy of Keras 2 that lies in TensorFlow."""

_OPERATOR: Final = "write an operator instead, such as `x * 2`: it takes a number beside a tensor"


@rule("KC213", "rank-mismatch", Severity.ERROR, since="0.1")
def rank_mismatch(graph: ModelGraph, usage: KerasUsage | None) -> Iterator[Finding]:
    for problem in graph.problems:
        if problem.kind == "rank" and cause_of(graph, problem) is Cause.OTHER:
            level = _level(graph, problem, usage)
            if level is not None:
                found = _refused(graph, problem)
                message = found.message
                if level is Severity.WARNING:
                    message = message.replace("takes an input", "of Keras 3 takes an input")
                yield replace(found, message=message, severity=level)


def _level(graph: ModelGraph, problem: Problem, usage: KerasUsage | None) -> Severity | None:
    if usage is None or problem.layer.class_name not in CONVOLUTIONS or _excess(graph, problem) <= 0:
        return Severity.ERROR
    made = problem.layer.location
    old = any(
        call.origin.startswith(OLD) or (call.location == made and usage.is_of_tf_keras(call)) for call in usage.calls
    )
    return None if old else usage.refusal


def _excess(graph: ModelGraph, problem: Problem) -> int:
    """The number of axes that a convolution is given too many."""
    node = call_of(graph, problem)
    shape = node.inputs[0].shape if node is not None and node.inputs else UNKNOWN
    return 0 if isinstance(shape, Unknown) else len(shape) - int(problem.layer.class_name[4]) - 2


def _refused(graph: ModelGraph, problem: Problem) -> Finding:
    layer = problem.layer
    sources = sources_of(graph, problem)
    shape = sources[0][1] if len(sources) == 1 else None
    return Finding(
        f"`{layer.label}` {problem.message}",
        problem.location,
        help=_advice(problem, shape) if not _takes_number(graph, problem) else _OPERATOR,
        label="Keras refuses this input",
        layer=layer.address,
        related=tuple(Related(node.location, f"`{node.layer.label}` makes this input") for node, _ in sources),
    )


def _takes_number(graph: ModelGraph, problem: Problem) -> bool:
    node = call_of(graph, problem)
    return node is not None and any(tensor.shape == () for tensor in node.inputs)


def _advice(problem: Problem, shape: Shape | None) -> str:
    name = problem.layer.class_name
    if name == "Concatenate":
        return "bring the inputs to one number of axes first, for instance with `Flatten`, `RepeatVector` or `Reshape`"
    if "2D" in name and shape is not None and not isinstance(shape, Unknown) and len(shape) == 3:
        sizes = ", ".join(str(size) for size in shape[1:] if not isinstance(size, Unknown))
        return f"add the channel axis to the input's shape and to the data, for instance ({sizes}, 1)"
    if shape is not None and not isinstance(shape, Unknown) and len(shape) == 2:
        return f"keep the other axes for `{problem.layer.label}`: move `Flatten` or the pooling behind it, or `Reshape`"
    return "give the input the axes that the layer takes, without the batch axis, or put a `Reshape` in front"
