"""One batch normalization layer for different tensors.

## What it does

Reports a `BatchNormalization` instance that is applied to the outputs of different layers.

## Why it matters

The layer keeps one moving mean and one moving variance. Two tensors with other statistics pull them to and fro: while
training each is normalized by its own batch, when the model predicts both are normalized by a mixture that fits neither.

## Bad

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Dense

inputs = Input((20,))
norm = BatchNormalization()
x = Dense(64, use_bias=False)(inputs)
x = Activation("relu")(norm(x))
x = Dense(64, use_bias=False)(x)
x = Activation("relu")(norm(x))  # KC205
model = Model(inputs, Dense(1)(x))
```

## Good

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Concatenate, Dense

left, right = Input((20,)), Input((20,))
dense, norm = Dense(64, use_bias=False), BatchNormalization()
x, y = Activation("relu")(norm(dense(left))), Activation("relu")(norm(dense(right)))
model = Model([left, right], Dense(1)(Concatenate()([x, y])))
```

## Known limits

Siamese branches that share the layer in front of the normalization too are taken for one and the same kind of tensor.

## References

- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.families import class_names, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC205", "batchnorm-shared", Severity.WARNING, since="0.1", mentions=("BatchNorm", "batch_norm"))
def batchnorm_shared(graph: ModelGraph) -> Iterator[Finding]:
    if "BatchNormalization" not in class_names(graph):
        return
    first: dict[int, tuple[Node, Node]] = {}
    for node in graph.nodes:
        layer = core(node.layer)
        before = graph.before(node)
        if layer.class_name != "BatchNormalization" or layer.kind is not LayerKind.BUILTIN or len(before) != 1:
            continue
        earlier = first.setdefault(node.layer.key, (node, before[0]))
        if earlier[0] is not node and earlier[1].layer.key != before[0].layer.key:
            yield _shared(node, before[0], *earlier)


def _shared(node: Node, source: Node, earlier: Node, earlier_source: Node) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` normalizes the output of `{source.layer.label}` with the moving statistics "
        f"that it keeps for the output of `{earlier_source.layer.label}` too",
        node.location,
        help="make a `BatchNormalization` of its own for each tensor",
        label="the same instance again",
        layer=node.layer.address,
        related=(Related(earlier.location, "applied here first"),),
    )
