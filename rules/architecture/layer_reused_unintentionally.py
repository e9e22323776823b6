"""One layer applied again and again where several were meant.

## What it does

Finds layers with weights that a script applies to their own output: one object added twice to a `Sequential`, or called
in a loop or twice in a row in a functional model.

## Why it matters

A layer object is one set of weights. Adding it three times does not make three layers: the network applies the same
kernel three times, has a third of the parameters that its summary suggests, and learns far less than the deep network
that was meant.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

hidden = Dense(64, activation="relu")  # KC226
model = Sequential([Input((64,))])
for _ in range(3):
    model.add(hidden)
model.add(Dropout(0.3))
model.add(Dense(3, activation="softmax"))
```

```python
from keras import Input, Model
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D

inputs = Input((32, 32, 16))
conv = Conv2D(16, 3, padding="same", activation="relu")
x = conv(inputs)
x = conv(x)  # KC226
x = Dropout(0.3)(GlobalAveragePooling2D()(x))
model = Model(inputs, Dense(3, activation="softmax")(x))
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout

inputs = Input((64,))
hidden = Dense(64, activation="relu")
x = inputs
for _ in range(3):
    x = hidden(x)  # KC226
model = Model(inputs, Dense(3, activation="softmax")(Dropout(0.3)(x)))
```

## Good

```python
from keras import Input, Model
from keras.layers import Concatenate, Dense, Dropout

tower = Dense(64, activation="relu")  # one tower for both sides, on purpose
left, right = Input((20,)), Input((20,))
x = Concatenate()([tower(left), tower(right)])
for _ in range(3):
    x = Dense(64, activation="relu")(x)
x = Dropout(0.3)(x)
model = Model([left, right], Dense(3, activation="softmax")(x))
```

## Known limits

Weights shared between different inputs, as in siamese networks, are no finding. A network that applies one layer
repeatedly on purpose can say so with a comment that silences the rule.

## References

- https://keras.io/guides/functional_api/#shared-layers
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.facts.chains import chains
from kerascheck.facts.families import EMBEDDINGS, KERNELS, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_WEIGHTED: Final = KERNELS | EMBEDDINGS


@rule("KC226", "layer-reused-unintentionally", Severity.WARNING, since="0.1")
def layer_reused_unintentionally(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    for chain in chains(graph):
        uses: dict[int, list[Node]] = {}
        for node in chain:
            if node.layer.kind is LayerKind.BUILTIN and core(node.layer).class_name in _WEIGHTED:
                uses.setdefault(node.layer.key, []).append(node)
        for nodes in uses.values():
            if len(nodes) > 1:
                yield _finding(nodes)


def _finding(nodes: Sequence[Node]) -> Finding:
    layer = nodes[0].layer
    second = nodes[1].location
    looped = second in (nodes[0].location, layer.location)
    return Finding(
        f"`{layer.label}` is one layer, applied {len(nodes)} times one after the other: these steps share the same weights",
        layer.location if second == layer.location else second,
        help=f"make a new `{layer.written}` for each place",
        label="one set of weights",
        related=() if second == layer.location else (Related(layer.location, "made once, here"),),
        layer=layer.address,
        severity=None if looped else Severity.INFO,
    )
