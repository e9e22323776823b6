"""A tensor is copied for nothing: joined part by part in a traced loop, or tiled where broadcasting does the same.

## What it does

Looks into functions below `@tf.function`, into `call` and into `train_step` for loops that join one more part to the same
tensor in each turn (`tf.concat`, `keras.ops.concatenate`), where nothing else in the loop needs what has been joined so far. In
models it finds a tensor that is tiled to the shape of another one and then added to it, multiplied or compared.

## Why it matters

Joining copies all that is there. After n turns the parts have been copied n²/2 times, and while training each copy is kept
for the gradient: time and memory grow with the square of the turns. A tiled tensor takes the memory of all its copies, where
broadcasting takes none.

## Bad

```python
import tensorflow as tf


@tf.function
def smooth(signal, steps):
    rows = signal[:1]
    for step in tf.range(steps):
        rows = tf.concat([rows, 0.9 * signal[step : step + 1]], axis=0)  # KC612
    return rows


cell = tf.keras.layers.Dense(8)
print(smooth(tf.ones((100, 8)), 100))
```

```python
from keras import Input, Model, layers, ops

sequence = Input((50, 64))
context = layers.Dense(64, activation="relu")(layers.GlobalAveragePooling1D()(sequence))
context = ops.expand_dims(context, axis=1)
everywhere = ops.tile(context, [1, 50, 1])  # KC612
model = Model(sequence, layers.Dense(1)(sequence + everywhere))
```

## Good

```python
import tensorflow as tf


@tf.function
def smooth(signal, steps):
    rows = tf.TensorArray(tf.float32, size=steps)
    for step in tf.range(steps):
        rows = rows.write(step, 0.9 * signal[step])
    return rows.stack()


cell = tf.keras.layers.Dense(8)
print(smooth(tf.ones((100, 8)), 100))
```

```python
from keras import Input, Model, layers, ops

sequence = Input((50, 64))
context = layers.Dense(64, activation="relu")(layers.GlobalAveragePooling1D()(sequence))
model = Model(sequence, layers.Dense(1)(sequence + ops.expand_dims(context, axis=1)))
```

## Known limits

Silent where the loop reads what it has joined so far, as a dense block or a generator of text does, for loops of a few turns,
and for tiled tensors of which not every axis is known.

## References

- <https://www.tensorflow.org/guide/function#accumulating_values_in_a_loop>
- <https://numpy.org/doc/stable/user/basics.broadcasting.html>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.graph import ModelGraph, Node, Tensor
from kerascheck.facts.ranges import operation
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Dim, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

BROADCASTING: Final = frozenset(
    {"add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "equal", "greater", "less"}
)


@rule(
    "KC612",
    "tensor-grown-in-loop",
    Severity.INFO,
    since="0.1",
    group="performance",
    mentions=("concat", "tile"),
)
def tensor_grown_in_loop(program: TrainingProgram) -> Iterator[Finding]:
    for grown in program.grown:
        yield Finding(
            message=f"each turn of the loop copies all of `{grown.name}` to join one more part: time and memory grow with the square of the turns",
            location=grown.location,
            label="copied in each turn",
            help="collect the parts in a Python list, or in a `tf.TensorArray` where the loop is TensorFlow's, and join them once behind it",
            related=(Related(grown.loop, "the loop"),),
        )
    told: set[int] = set()
    for graph in program.models.values():
        for body in (graph, *(layer.model for layer in graph.every_layer() if layer.model is not None)):
            for node in body.nodes:
                if id(node.layer) not in told and (other := _broadcast(body, node)) is not None:
                    told.add(id(node.layer))
                    yield _tiled(node, other)


def _broadcast(graph: ModelGraph, node: Node) -> Node | None:
    """The operation that takes a tiled tensor and would take it as it was."""
    if operation(node) != "tile" or len(node.inputs) != 1 or graph.is_output(node):
        return None
    takers = graph.after(node)
    if len(takers) != 1 or operation(takers[0]) not in BROADCASTING or len(takers[0].inputs) != 2:
        return None
    other = next((tensor for tensor in takers[0].inputs if tensor.key != node.outputs[0].key), None)
    return takers[0] if other is not None and _stretches(node.inputs[0], other) else None


def _stretches(given: Tensor, other: Tensor) -> bool:
    """Whether a tensor meets another one by broadcasting, with the shape of the other as the result."""
    if isinstance(given.shape, Unknown) or isinstance(other.shape, Unknown) or len(given.shape) != len(other.shape):
        return False
    pairs = list(zip(given.shape, other.shape, strict=True))
    return all(map(_fits, *zip(*pairs, strict=True))) and any(one == 1 != two for one, two in pairs)


def _fits(size: Dim, other: Dim) -> bool:
    if size is None or other is None:
        return size is other
    return isinstance(size, int) and isinstance(other, int) and (size == other or size == 1)


def _tiled(node: Node, taker: Node) -> Finding:
    return Finding(
        message=f"the tensor is tiled for `{operation(taker)}`, which broadcasts an axis of size 1 by itself: the copies take memory for nothing",
        location=node.location,
        label="copies that broadcasting makes needless",
        help="leave the tiling out",
        related=(Related(taker.location, "broadcast here"),) if taker.location != node.location else (),
    )
