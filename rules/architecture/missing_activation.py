"""Two layers of weights in a row with nothing non-linear between them.

## What it does

Follows each Dense or convolution without an activation to the next one, through normalization, dropout, padding, average
pooling and `Flatten`. It speaks when the two could be one layer: Dense into Dense where the first is not narrower than
both of its neighbours, and convolutions with windows larger than 1.

## Why it matters

A linear map of a linear map is a linear map. Without an activation between them the two layers can do no more than one
of them, at twice the cost and harder to train; a network of such layers is a linear regression. Keras gives Dense and
convolutions no activation unless it is asked for.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([
    Input((13,)),
    Dense(64),  # KC210
    Dense(64),  # KC210
    Dense(1),
])
```

```python
from keras import Input, Model
from keras.layers import BatchNormalization, Conv2D, Dense, Flatten

inputs = Input((32, 32, 3))
x = Conv2D(16, 3, use_bias=False)(inputs)  # KC210
x = BatchNormalization()(x)
x = Conv2D(32, 3, activation="linear")(x)  # KC210
x = Flatten()(x)
model = Model(inputs, Dense(10, activation="softmax")(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, DepthwiseConv2D, Flatten, MaxPooling2D

model = Sequential([
    Input((32, 32, 3)),
    DepthwiseConv2D(3),
    Conv2D(16, 1, activation="relu"),
    Conv2D(32, 3),
    MaxPooling2D(),
    Flatten(),
    Dense(64, activation="relu"),
    Dense(8),
    Dense(64, activation="relu"),
    Dense(10, activation="softmax"),
])
```

## Known limits

Silent for bottlenecks, depthwise, 1x1, transposed and factorized convolutions, behind `Reshape`, and where a layer feeds
several others: there a linear layer is a design.

## References

- Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import PASSING, activation_of, core, is_linear
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import applied_once, target
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_WEIGHTED: Final = frozenset({"Conv1D", "Conv2D", "Conv3D", "Dense"})
_BETWEEN: Final = PASSING | frozenset(
    {"BatchNormalization", "Activation", "Flatten"}
    | {f"{name}{rank}D" for name in ("ZeroPadding", "Cropping", "AveragePooling") for rank in (1, 2, 3)}
    | {f"GlobalAveragePooling{rank}D" for rank in (1, 2, 3)}
)


@rule("KC210", "missing-activation", Severity.WARNING, since="0.1")
def missing_activation(graph: ModelGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        layer = core(node.layer)
        if layer.kind is not LayerKind.BUILTIN or layer.class_name not in _WEIGHTED:
            continue
        if not is_linear(layer) or layer["activity_regularizer"] is not None or not applied_once(graph, node):
            continue
        after = target(graph, node, _passes)
        if after is not None and _one_map(node, after):
            yield _linear(node, after)


def _passes(node: Node) -> bool:
    return core(node.layer).class_name in _BETWEEN and is_linear(node.layer)


def _one_map(first: Node, second: Node) -> bool:
    """Whether the second layer could do the work of both."""
    before, after = core(first.layer), core(second.layer)
    if after.kind is not LayerKind.BUILTIN:
        return False
    if before.class_name == "Dense":
        return after.class_name == "Dense" and not _narrow(first, second)
    if after.class_name == "Dense":
        return not isinstance(activation_of(after), Unknown) and _spreads(first)
    return after.class_name == before.class_name and _spreads(first) and _spreads(second)


def _narrow(first: Node, second: Node) -> bool:
    """Whether a Dense may be a bottleneck: narrower than what goes in and what comes out, or of unknown width."""
    before, width, after = first.input_shape, core(first.layer)["units"], core(second.layer)["units"]
    source = before[-1] if not isinstance(before, Unknown) else None
    if not isinstance(width, int) or not isinstance(after, int):
        return True
    return width < after and not (isinstance(source, int) and width >= source)


def _spreads(node: Node) -> bool:
    """Whether a convolution's window is larger than 1 along every axis, and no larger than its stride."""
    layer = core(node.layer)
    window, strides = layer["kernel_size"], layer["strides"]
    if not isinstance(window, tuple) or not isinstance(strides, tuple) or layer.config.get("groups", 1) != 1:
        return False
    pairs = zip(window, strides, strict=False)
    return all(isinstance(size, int) and isinstance(step, int) and size > max(step, 1) for size, step in pairs)


def _linear(node: Node, after: Node) -> Finding:
    layer, following = core(node.layer), core(after.layer)
    return Finding(
        f"`{layer.label}` has no activation and feeds `{following.label}`: the two can do no more than one layer, "
        "at the cost of both",
        layer.place("activation"),
        help='add an activation, for instance `activation="relu"`, or remove one of the two layers',
        label="linear",
        layer=node.layer.address,
        related=(Related(following.location, f"`{following.label}` is the next layer of weights"),),
    )
