"""An operation inside the model mixes the samples of a batch.

## What it does

Looks in the model's graph for operations along the batch axis: a softmax, mean, sum or maximum with `axis=0`, a concatenation
with `axis=0`, a `Dot` or normalization over axis 0. Also for a `reshape` that folds another axis into the batch, with nothing
behind it that unfolds it again.

## Why it matters

The output for one sample then depends on which others happen to lie in the same batch. Training may still look well, since
the batches are mixed anew; in use, with one sample at a time, the outputs are different, and a softmax over a batch of one
is always 1. After a `reshape` to `(-1, features)` the model gives several rows for each sample, which no label fits.

## Bad

```python
import keras

inputs = keras.Input((16,))
x = keras.layers.Dense(32, "relu")(inputs)
x = keras.layers.Dense(4)(x)
outputs = keras.layers.Softmax(axis=0)(x)  # KC126
model = keras.Model(inputs, outputs)
```

```python
import keras

inputs = keras.Input((10, 8))
x = keras.layers.LSTM(16, return_sequences=True)(inputs)
x = keras.ops.reshape(x, (-1, 16))  # KC126
outputs = keras.layers.Dense(3, "softmax")(x)
model = keras.Model(inputs, outputs)
```

## Good

```python
import keras

inputs = keras.Input((16,))
x = keras.layers.Dense(32, "relu")(inputs)
x = keras.layers.Dense(4)(x)
outputs = keras.layers.Softmax(axis=-1)(x)
model = keras.Model(inputs, outputs)
```

## Known limits

Batch normalization mixes the samples by design and is passed over; its axis is the matter of KC201.

## References

- <https://keras.io/api/layers/activation_layers/softmax/>
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.values import Unknown, Value
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

LAYERS = {
    "Softmax": "axis",
    "Concatenate": "axis",
    "Dot": "axes",
    "LayerNormalization": "axis",
    "UnitNormalization": "axis",
}
FUNCTIONS = frozenset(
    {
        "softmax",
        "log_softmax",
        "mean",
        "sum",
        "max",
        "min",
        "prod",
        "std",
        "var",
        "reduce_mean",
        "reduce_sum",
        "reduce_max",
        "reduce_min",
        "reduce_prod",
        "reduce_std",
        "l2_normalize",
        "normalize",
        "concatenate",
        "concat",
        "cumsum",
        "sort",
        "argmax",
    }
)


@rule("KC126", "samples-mixed", Severity.WARNING, since="0.1")
def samples_mixed(graph: ModelGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        axis = _axis(node)
        if _is_batch(axis, node):
            yield _finding(node)
        elif (rows := _folded(node)) is not None and _stays(graph, node):
            yield _fold(node, rows)


def _folded(node: Node) -> str | None:
    """How many rows a reshape makes of each sample; None where it makes no more of them, or it is not known."""
    # A file keeps the arguments of an operation in its configuration.
    given = {**node.layer.config, **node.arguments}
    target = given.get("shape", given.get("newshape", given.get("x2")))
    is_reshape = node.layer.kind is LayerKind.OPERATION and node.layer.class_name == "reshape"
    if not is_reshape or not isinstance(target, tuple) or isinstance(node.input_shape, Unknown) or target[:1] != (-1,):
        return None
    sizes, wanted = node.input_shape[1:], target[1:]
    known = [size for size in sizes if isinstance(size, int)]
    asked = [size for size in wanted if isinstance(size, int) and size > 0]
    if node.input_shape[:1] != (None,) or len(known) != len(sizes) or len(asked) != len(wanted):
        return None
    rows = prod(known) / prod(asked)
    return f"{rows:g}" if rows > 1 else None


def _stays(graph: ModelGraph, node: Node) -> bool:
    """Whether only layers of Keras that keep the rows lie between a node and an output."""
    seen, waiting = False, [node]
    while waiting:
        current = waiting.pop()
        if current is not node and (
            current.layer.kind is not LayerKind.BUILTIN or current.layer.class_name == "Reshape"
        ):
            return False
        seen = seen or graph.is_output(current)
        waiting += graph.after(current)
    return seen and not graph.nested


def _fold(node: Node, rows: str) -> Finding:
    return Finding(
        message=f"this reshape folds an axis into the batch: the model gives {rows} rows for each sample, and no label fits them",
        location=node.location,
        label="the batch axis changes",
        help="keep the batch axis: `keras.layers.Reshape(...)` leaves it alone, and Dense works on the last axis of any tensor",
    )


def _axis(node: Node) -> Value:
    layer = node.layer
    if layer.kind is LayerKind.BUILTIN and layer.class_name in LAYERS:
        name = LAYERS[layer.class_name]
        return layer[name] if name in layer.given or node.layer.config.get(name) == 0 else None
    if layer.kind is LayerKind.OPERATION and layer.class_name in FUNCTIONS:
        return layer.config.get("axis", node.arguments.get("axis"))
    return None


def _is_batch(axis: Value, node: Node) -> bool:
    """Whether an axis is the first one, or several axes hold it."""
    if isinstance(axis, tuple):
        return bool(axis) and any(_is_batch(one, node) for one in axis)
    if isinstance(axis, bool) or not isinstance(axis, int):
        return False
    # A tensor without a batch axis is a weight or a constant.
    shape = node.inputs[0].shape if node.inputs else None
    return axis == 0 and isinstance(shape, tuple) and len(shape) > 1 and shape[0] is None


def _finding(node: Node) -> Finding:
    layer = node.layer
    name = layer.written or layer.class_name
    return Finding(
        message=f"`{name}` works along axis 0, the batch: the output for one sample depends on the others in its batch, and is another one when it is predicted alone",
        location=layer.place("axis") if "axis" in layer.places else node.location,
        help="use the axis of the features, `axis=-1`, or another behind the first",
        label="mixes the samples of a batch",
        layer=layer.path or None,
    )
