"""Batch normalization on the output of the model.

## What it does

Looks at each output of a model that is compiled with one of Keras's own losses. It is an error when the last layer is a
`BatchNormalization`, and a warning when one stands between the last Dense and the final softmax or sigmoid.

## Why it matters

The layer brings the predictions of each batch to the same mean and variance: what is predicted for one sample depends on
the others in its batch while training, and a target with another mean or spread has to be reached by `beta` and `gamma`
alone. In front of a softmax it takes away how sure the network is of one sample compared with another.

## Bad

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Dense

model = Sequential([
    Input((13,)),
    Dense(64, activation="relu"),
    Dense(1),
    BatchNormalization(),  # KC202
])
model.compile("adam", "mse")
```

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Dense

inputs = Input((13,))
x = Dense(64, activation="relu")(inputs)
x = Dense(3, use_bias=False)(x)
x = BatchNormalization()(x)  # KC202
model = Model(inputs, Activation("softmax")(x))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Activation, BatchNormalization, Dense

model = Sequential([
    Input((13,)),
    Dense(64, use_bias=False),
    BatchNormalization(),
    Activation("relu"),
    Dense(3, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

Silent for embeddings and other models that are not compiled or have a loss of their own, for feature maps, and for
networks of custom (for instance binary) layers, which are normalized up to the end by design.

## References

- Ioffe and Szegedy, Batch Normalization, 2015
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import KERNELS, PASSING, activation_of, class_names, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.losses import own_losses
from kerascheck.facts.paths import source
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_FINAL: Final = ("softmax", "sigmoid")


@rule("KC202", "batchnorm-on-output", Severity.ERROR, since="0.1", mentions=("BatchNorm", "batch_norm"))
def batchnorm_on_output(graph: ModelGraph) -> Iterator[Finding]:
    if graph.nested or "BatchNormalization" not in class_names(graph) or not own_losses(graph):
        return
    for _, output in graph.output_nodes():
        norm = output if _is_norm(output) else _before_final(graph, output)
        if norm is None:
            continue
        last = source(graph, norm, lambda node: core(node.layer).class_name in PASSING)
        if last is None or core(last.layer).class_name not in KERNELS or activation_of(last.layer) is not None:
            continue
        if norm is output:
            yield _ends(norm, last)
        elif core(last.layer).class_name == "Dense" and last.layer is core(last.layer):
            yield _before(norm, last, output)


def _is_norm(node: Node) -> bool:
    return core(node.layer).class_name == "BatchNormalization"


def _before_final(graph: ModelGraph, output: Node) -> Node | None:
    """The batch normalization that feeds a final softmax or sigmoid which has no weights of its own."""
    layer = core(output.layer)
    if layer.kind is not LayerKind.BUILTIN or layer.class_name not in ("Activation", "Softmax"):
        return None
    before = graph.before(output)
    if activation_of(layer) not in _FINAL or len(before) != 1 or not _is_norm(before[0]):
        return None
    return before[0]


def _ends(norm: Node, last: Node) -> Finding:
    return Finding(
        f"`{norm.layer.label}` is the output: the predictions of each batch are brought to one mean and variance, "
        "whatever the targets are",
        norm.layer.location,
        help=f"remove it, or move it in front of `{last.layer.label}`",
        label="normalizes the predictions",
        layer=norm.layer.address,
        related=(Related(last.layer.location, "the last layer of weights"),),
    )


def _before(norm: Node, last: Node, output: Node) -> Finding:
    function = activation_of(output.layer)
    return Finding(
        f"`{norm.layer.label}` normalizes the scores of `{last.layer.label}` over the batch in front of the final "
        f"{function}, so how sure the model is of a sample depends on the others in its batch",
        norm.layer.location,
        help=f'remove it, and give `{last.layer.label}` its bias and `activation="{function}"`',
        label="normalizes the scores",
        severity=Severity.WARNING,
        layer=norm.layer.address,
        related=(Related(last.layer.location, "the last layer of weights"),),
    )
