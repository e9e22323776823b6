"""Dropout whose output goes into batch normalization.

## What it does

Looks for a dropout layer in front of a `BatchNormalization` with no layer of weights between them. `AlphaDropout`, which
keeps mean and variance, and dropout that is also on for predictions are left alone.

## Why it matters

Dropout sets values to zero and scales up the others: the mean stays, the variance grows by a factor of 1 / (1 - rate).
`BatchNormalization` stores the variance that it sees while training. When the model predicts, dropout is off, the
variance is smaller, and everything behind is scaled by statistics that no longer hold: validation is worse than it
needs to be, and worse than training for a reason that is no overfitting.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Activation, BatchNormalization, Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64),
    Dropout(0.4),  # KC203
    BatchNormalization(),
    Activation("relu"),
    Dense(1),
])
```

```python
from keras import Input, Model
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D

inputs = Input((28, 28, 1))
x = Conv2D(32, 3, activation="relu")(inputs)
x = MaxPooling2D()(x)
x = Dropout(0.25)(x)  # KC203
x = Flatten()(x)
x = BatchNormalization()(x)
model = Model(inputs, Dense(10, activation="softmax")(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Activation, BatchNormalization, Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, use_bias=False),
    BatchNormalization(),
    Activation("relu"),
    Dropout(0.4),
    Dense(1),
])
```

## Known limits

Dropout shifts the variance through a Dense or convolution too, only less; that is so common, and often harmless, that
it is not reported.

## References

- Li, Chen, Hu and Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift, 2018
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import ACTIVATIONS, DROPOUTS, WINDOWS, class_names, core, is_active
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.paths import source
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_SHIFTING: Final = DROPOUTS - {"AlphaDropout"}
_BETWEEN: Final = ACTIVATIONS | WINDOWS | frozenset({"Flatten", "Reshape", "Permute", "Identity"})


@rule("KC203", "dropout-before-batchnorm", Severity.WARNING, since="0.1", mentions=("BatchNorm", "batch_norm"))
def dropout_before_batchnorm(graph: ModelGraph) -> Iterator[Finding]:
    if "BatchNormalization" not in class_names(graph) or not _SHIFTING & class_names(graph):
        return
    for node in graph.nodes:
        norm = core(node.layer)
        if norm.class_name != "BatchNormalization" or norm.config.get("mode") == 2:
            continue  # That mode of Keras 1 predicts with the variance of the batch.
        dropout = source(graph, node, lambda found: core(found.layer).class_name in _BETWEEN)
        if dropout is not None and core(dropout.layer).class_name in _SHIFTING and is_active(dropout):
            yield _shifted(dropout, node)


def _shifted(dropout: Node, node: Node) -> Finding:
    layer, norm = core(dropout.layer), core(node.layer)
    return Finding(
        f"`{layer.label}` with rate {layer['rate']} feeds `{norm.label}`, "
        "whose stored variance will be too large for what it gets when the model predicts",
        layer.location,
        help=f"move the dropout behind `{norm.label}` and its activation",
        label="before batch normalization",
        layer=dropout.layer.address,
        related=(Related(norm.location, f"`{norm.label}` stores the variance that it sees while training"),),
    )
