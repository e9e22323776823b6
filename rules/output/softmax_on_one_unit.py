"""A softmax over a single unit gives 1 for every input.

## What it does

Finds every layer that applies softmax along an axis of size 1: an output layer `Dense(1, activation="softmax")`, an
`Activation("softmax")` behind one unit, and attention weights whose softmax runs over the one unit of the score instead
of over the time steps.

## Why it matters

Softmax divides by the sum over the axis. Of one value the result is that value divided by itself: 1, whatever the
input. The gradient is zero, the model learns nothing, and every sample is put into the same class.

## Bad

A binary classifier:

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((8,)), Dense(12, activation="relu"), Dense(1, activation="softmax")])  # KC301
model.compile("adam", "mean_squared_error")
```

The activation as a layer of its own:

```python
from keras import Input, Sequential
from keras.layers import Activation, Dense

model = Sequential()
model.add(Input((20,)))
model.add(Dense(1))
model.add(Activation("softmax"))  # KC301
```

Attention weights that are all 1:

```python
from keras import Input, Model
from keras.layers import LSTM, Dense, Dot, Flatten

inputs = Input((30, 8))
states = LSTM(16, return_sequences=True)(inputs)
weights = Dense(1, activation="softmax")(states)  # KC301
context = Flatten()(Dot(axes=1)([weights, states]))
model = Model(inputs, Dense(1)(context))
```

Attention by functions:

```python
from keras import Input, Model, layers, ops

inputs = Input((30, 8))
states = layers.LSTM(16, return_sequences=True)(inputs)
weights = ops.softmax(layers.Dense(1)(states))  # KC301
context = ops.sum(weights * states, axis=1)
model = Model(inputs, layers.Dense(1)(context))
```

## Good

Sigmoid for two classes:

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout

train, valid = np.load("train.npz"), np.load("valid.npz")
model = Sequential(
    [Input((8,)), Dense(12, activation="relu"), Dropout(0.2), Dense(1, activation="sigmoid")]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(
    train["x"], train["y"], batch_size=16, epochs=20, validation_data=(valid["x"], valid["y"])
)
print(history.history["val_accuracy"])
```

Attention weights along the time axis:

```python
from keras import Input, Model
from keras.layers import LSTM, Dense, Dot, Flatten, Softmax

inputs = Input((30, 8))
states = LSTM(16, return_sequences=True)(inputs)
weights = Softmax(axis=1)(Dense(1)(states))
context = Flatten()(Dot(axes=1)([weights, states]))
model = Model(inputs, Dense(1)(context))
```

## Known limits

The size of the axis must be known: a number of units that is computed from data is not followed.

## References

- <https://keras.io/api/layers/activations/#softmax-function>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.outputs import REGRESSION, judgements, outputs
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Severity
from kerascheck.rule import rule

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


@rule("KC301", "softmax-on-one-unit", Severity.ERROR, since="0.1", mentions=("oftmax",))
def softmax_on_one_unit(graph: ModelGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        layer = node.layer.inner or node.layer
        if layer.kind is LayerKind.BUILTIN and layer.class_name not in RECURRENT and _softmax_of_one(node, layer):
            yield _finding(graph, node, layer)
        elif layer.kind is LayerKind.CUSTOM and layer.model is not None:
            yield from map(_called, filter(_is_call_of_one, layer.model.nodes))
        elif _is_call_of_one(node):
            yield _called(node)


def _softmax_of_one(node: Node, layer: Layer) -> bool:
    if layer.class_name == "Softmax":
        axis = layer["axis"]
    elif layer.activation == "softmax":
        axis = -1
    else:
        return False
    shape = node.output_shape
    if isinstance(shape, Unknown):
        return axis == -1 and layer["units"] == 1 and isinstance(layer["units"], int)
    if isinstance(axis, bool) or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return False
    return shape[axis] == 1


def _is_call_of_one(node: Node) -> bool:
    """Whether a softmax function is called on a tensor along an axis of size 1."""
    if node.layer.kind is not LayerKind.OPERATION or node.layer.class_name != "softmax":
        return False
    # A file keeps the arguments of an operation in its configuration.
    given = {**node.layer.config, **node.arguments}
    axis, shape = given.get("axis", given.get("x2", -1)), node.input_shape
    if isinstance(shape, Unknown) or isinstance(axis, bool) or not isinstance(axis, int):
        return False
    return -len(shape) <= axis < len(shape) and shape[axis] == 1


def _called(node: Node) -> Finding:
    return Finding(
        message="softmax runs along an axis of size 1: its result is 1 for every input, and nothing is learned",
        location=node.location,
        label="always 1",
        help="give the axis that is to sum to 1 (`axis=1` for the steps of a sequence), or take `sigmoid` for one unit",
    )


def _finding(graph: ModelGraph, node: Node, layer: Layer) -> Finding:
    return Finding(
        message=f"`{layer.label}` applies softmax to a single unit: its output is 1 for every input, and nothing is learned",
        location=_place(layer),
        label="always 1",
        help=_help(graph, node, layer),
        layer=node.layer.address,
    )


def _place(layer: Layer) -> Location:
    return layer.location if layer.class_name == "Softmax" else layer.place("activation")


def _help(graph: ModelGraph, node: Node, layer: Layer) -> str:
    is_output = any(output.layer is not None and output.layer.key == layer.key for output in outputs(graph))
    if graph.after(node) and not is_output:
        if not isinstance(node.output_shape, Unknown) and len(node.output_shape) > 2:
            return "to weight the steps of a sequence, leave the scores linear and add `Softmax(axis=1)` behind them"
        return 'write `activation="sigmoid"` for a gate between 0 and 1'
    losses = {judgement.loss.name for judgement in judgements(graph)}
    if losses and losses <= REGRESSION:
        return 'leave out the activation for a regression, or write `activation="sigmoid"` for two classes'
    return 'write `activation="sigmoid"` for two classes, or one unit a class with softmax'
