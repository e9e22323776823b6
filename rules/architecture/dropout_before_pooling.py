"""Element-wise dropout between a convolution and its pooling.

## What it does

Looks for `Dropout` on feature maps that come from a convolution (with its activation and normalization) and go straight
into a pooling layer.

## Why it matters

Neighbouring values of a feature map are nearly the same. Dropping single ones takes no information away, since the
pooling window finds it next door: max pooling simply takes the next largest value, and average pooling averages the
noise out. The layer regularizes far less than its rate says.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(32, 3, activation="relu"),
    Dropout(0.25),  # KC209
    MaxPooling2D(),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D, SpatialDropout2D

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(32, 3, activation="relu"),
    SpatialDropout2D(0.1),
    MaxPooling2D(),
    Flatten(),
    Dropout(0.25),
    Dense(10, activation="softmax"),
])
```

## Known limits

Dropout behind the pooling, or between two convolutions, is as correlated, but common, and is not reported.

## References

- Tompson and others, Efficient Object Localization Using Convolutional Networks, 2015 (SpatialDropout)
- https://keras.io/api/layers/regularization_layers/spatial_dropout2d/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import ACTIVATIONS, CONVOLUTIONS, POOLINGS, class_names, core, is_active
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.paths import source, target
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_BETWEEN: Final = ACTIVATIONS | frozenset({"BatchNormalization", "Identity"})


@rule("KC209", "dropout-before-pooling", Severity.INFO, since="0.1", mentions=("ropout",))
def dropout_before_pooling(graph: ModelGraph) -> Iterator[Finding]:
    if "Dropout" not in class_names(graph):
        return
    for node in graph.nodes:
        if core(node.layer).class_name != "Dropout" or not is_active(node):
            continue
        made = source(graph, node, _passes)
        pooled = target(graph, node, _passes)
        if made is None or pooled is None:
            continue
        if core(made.layer).class_name in CONVOLUTIONS and core(pooled.layer).class_name in POOLINGS:
            yield _weak(node, pooled)


def _passes(node: Node) -> bool:
    return core(node.layer).class_name in _BETWEEN


def _weak(node: Node, pooled: Node) -> Finding:
    layer, pooling = core(node.layer), core(pooled.layer)
    rank = next(rank for rank in "123" if f"{rank}D" in pooling.class_name)
    return Finding(
        f"`{layer.label}` drops single values in front of `{pooling.label}`, which fills them in from their neighbours",
        layer.location,
        help=f"drop whole feature maps with `SpatialDropout{rank}D`, or move the dropout behind the pooling",
        label="on correlated values",
        layer=node.layer.address,
        related=(Related(pooling.location, f"`{pooling.label}` pools the values that were kept"),),
    )
