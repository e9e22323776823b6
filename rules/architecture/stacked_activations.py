"""Two activations in a row.

## What it does

Reports an activation that is applied to the output of another one with nothing but dropout between them: `activation=`
and then an `Activation` layer, softmax twice, or two different functions one upon the other.

## Why it matters

The same relu twice does nothing and hides a layer that is missing. A softmax of a softmax sees only values between 0 and
1, so that even a sure prediction comes out nearly even; a sigmoid of a relu is never below one half.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Activation, Dense

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu"),
    Activation("relu"),  # KC211
    Dense(10, activation="softmax"),
    Activation("softmax"),  # KC211
])
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout, LeakyReLU

inputs = Input((20,))
x = Dense(64, activation="relu")(inputs)
x = Dropout(0.2)(x)
x = LeakyReLU()(x)  # KC211
model = Model(inputs, Dense(1)(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Activation, BatchNormalization, Dense

model = Sequential([
    Input((20,)),
    Dense(64),
    Activation("relu"),
    Dense(64, activation="relu"),
    BatchNormalization(),
    Activation("relu"),
    Dense(10, activation="softmax"),
    Activation("linear", dtype="float32"),
])
```

## Known limits

Functions that are not known, and tensors that are used elsewhere too, are left alone.

## References

- https://keras.io/api/layers/activations/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import ACTIVATIONS, CONVOLUTIONS, DENSE, PASSING, activation_of, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import source, target
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

_ACTIVE: Final = ACTIVATIONS | DENSE | CONVOLUTIONS
_BOUNDED: Final = frozenset({"softmax", "sigmoid", "hard_sigmoid", "tanh"})
_POSITIVE: Final = frozenset({"relu", "relu6", "softmax", "sigmoid", "hard_sigmoid", "softplus"})
_UNCHANGED: Final = frozenset({"relu", "leaky_relu", "prelu", "elu", "selu"})


@rule("KC211", "stacked-activations", Severity.WARNING, since="0.1", fixable=True)
def stacked_activations(graph: ModelGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        second = core(node.layer)
        if second.kind is not LayerKind.BUILTIN or second.class_name not in ACTIVATIONS:
            continue
        outer = activation_of(second)
        before = source(graph, node, _passes)
        if not isinstance(outer, str) or before is None or target(graph, before, _passes) is not node:
            continue
        inner = activation_of(before.layer)
        if isinstance(inner, str) and core(before.layer).class_name in _ACTIVE:
            yield _twice(before, node, inner, outer)


def _passes(node: Node) -> bool:
    layer = core(node.layer)
    return layer.class_name in PASSING or (layer.class_name == "Activation" and activation_of(layer) is None)


def _twice(before: Node, node: Node, inner: str, outer: str) -> Finding:
    first, second = core(before.layer), core(node.layer)
    return Finding(
        f"`{second.label}` applies {outer} to the {inner} of `{first.label}`{_effect(inner, outer)}",
        second.location,
        help=f"remove one of the two, for instance with `activation=None` on `{first.label}`",
        label="a second activation",
        layer=node.layer.address,
        related=(Related(first.place("activation"), f"`{first.label}` applies {inner}"),),
        fix=_fix(before, safe=inner == outer)
        if inner == outer or (inner in _POSITIVE and outer in _UNCHANGED)
        else None,
    )


def _effect(inner: str, outer: str) -> str:
    if inner in _POSITIVE and outer in _UNCHANGED:
        return ", which has no effect: no value is below zero"
    if outer == "softmax" and inner in ("relu", "relu6"):
        return ", so every score below zero is lost"
    if outer == "softmax" and inner in _BOUNDED:
        return ", so that even a sure prediction comes out nearly even"
    if inner in _POSITIVE and outer in ("sigmoid", "hard_sigmoid"):
        return ", so no output is below 0.5"
    return ""


def _fix(before: Node, *, safe: bool) -> Fix | None:
    place = core(before.layer).places.get("activation")
    # `Activation(None)` would be another layer without effect: there the author has to choose.
    return None if place is None or core(before.layer).class_name in ACTIVATIONS else Fix((Edit(place, "None"),), safe)
