"""A bias that the batch normalization behind it takes away again.

## What it does

Looks for a Dense or convolution with `use_bias` and no activation whose only reader is a `BatchNormalization` with
`center`, along the axis that the bias stands on. One finding speaks for all layers of a model, and its fix mends them all.

## Why it matters

`BatchNormalization` subtracts the mean, and with it the bias; its own `beta` does the same work. The bias gets no
gradient to speak of: it costs memory, time and a place in each saved file, and does nothing.

## Bad

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D

inputs = Input((32, 32, 3))
x = Conv2D(64, 3)(inputs)  # KC204
x = BatchNormalization()(x)
x = Activation("relu")(x)
x = GlobalAveragePooling2D()(x)
x = Dense(32, use_bias=True)(x)
x = BatchNormalization()(x)
x = Activation("relu")(x)
model = Model(inputs, Dense(10, activation="softmax")(x))
```

## Good

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D

inputs = Input((32, 32, 3))
x = Conv2D(64, 3, use_bias=False)(inputs)
x = BatchNormalization()(x)
x = Activation("relu")(x)
x = Conv2D(64, 3, activation="relu")(x)
x = BatchNormalization()(x)
x = GlobalAveragePooling2D()(x)
model = Model(inputs, Dense(10, activation="softmax")(x))
```

## Known limits

In a model file each layer is named; the weights of a trained model have to be saved anew without the bias.

## References

- Ioffe and Szegedy, Batch Normalization, 2015, section 3.2: "the bias b can be ignored"
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.channels import channel_axes
from kerascheck.facts.families import CONVOLUTIONS, DENSE, activation_of, class_names, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import applied_once
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule


@rule("KC204", "bias-before-batchnorm", Severity.INFO, since="0.1", fixable=True, mentions=("BatchNorm", "batch_norm"))
def bias_before_batchnorm(graph: ModelGraph) -> Iterator[Finding]:
    yield from folded(_found(graph))


def _found(graph: ModelGraph) -> Iterator[Finding]:
    if "BatchNormalization" not in class_names(graph):
        return
    axes = channel_axes(graph)
    for node in graph.nodes:
        layer = core(node.layer)
        if layer.class_name not in CONVOLUTIONS | DENSE or layer.kind is not LayerKind.BUILTIN:
            continue
        if layer["use_bias"] is not True or activation_of(layer) is not None or not applied_once(graph, node):
            continue
        after = graph.after(node)
        found = axes.get(node.outputs[0].key)
        if len(after) != 1 or graph.is_output(node) or found is None:
            continue
        if _takes_away(after[0], found.axis, found.rank):
            yield _useless(node, after[0])


def _takes_away(node: Node, axis: int, rank: int) -> bool:
    """Whether a call is a batch normalization that subtracts a mean for each place along `axis`."""
    layer = core(node.layer)
    normalized = layer["axis"]
    if layer.class_name != "BatchNormalization" or layer["center"] is not True or layer.config.get("mode", 0) == 1:
        return False
    if not isinstance(normalized, int):
        return False
    step = int(layer is not node.layer)
    return axis == (normalized + rank if normalized < 0 else normalized + step)


def _useless(node: Node, after: Node) -> Finding:
    layer, norm = core(node.layer), core(after.layer)
    return Finding(
        f"the bias of `{layer.label}` does nothing: `{norm.label}` subtracts it with the mean and adds its own `beta`",
        layer.place("use_bias"),
        help="set `use_bias=False`",
        label="taken away again",
        layer=node.layer.address,
        related=(Related(norm.location, f"`{norm.label}` subtracts the mean"),),
        fix=_fix(node),
    )


def _fix(node: Node) -> Fix | None:
    layer = core(node.layer)
    if "use_bias" in layer.places:
        return Fix((Edit(layer.places["use_bias"], "False"),))
    return Fix((layer.slot.insert("use_bias=False"),)) if layer.slot is not None else None
