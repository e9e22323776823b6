"""Two layers of one model have the same name.

## What it does

Looks at the names that the author gave to the layers, inputs and models of one model.

## Why it matters

Keras refuses a model in which two layers have one name. It happens when a function that names its layers is called twice, or
when a pretrained network is built twice.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([
    Input((8,)),
    Dense(16, activation="relu", name="hidden"),
    Dense(8, activation="relu", name="hidden"),  # KC245
    Dense(1),
])
```

```python
from keras import Input, Model
from keras.layers import Concatenate, Dense


def branch(inputs):
    return Dense(16, activation="relu", name="features")(inputs)  # KC245


left, right = Input((8,)), Input((8,))
x = Concatenate()([branch(left), branch(right)])
model = Model([left, right], Dense(1)(x))
```

## Good

```python
from keras import Input, Model
from keras.layers import Concatenate, Dense


def branch(inputs, side):
    return Dense(16, activation="relu", name=f"features_{side}")(inputs)


left, right = Input((8,)), Input((8,))
x = Concatenate()([branch(left, "left"), branch(right, "right")])
model = Model([left, right], Dense(1)(x))
```

## Known limits

A given name that meets one which Keras chooses itself is not reported, nor are the names of models in which a branch that
could not be decided chooses among layers.

## References

- <https://keras.io/guides/functional_api/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import GraphKind, Layer, LayerKind, ModelGraph
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC245", "duplicate-layer-name", Severity.ERROR, since="0.1", mentions=("name", "applications", "weights"))
def duplicate_layer_name(graph: ModelGraph) -> Iterator[Finding]:
    if graph.kind is GraphKind.SUBCLASSED or any(layer.kind is LayerKind.CHOICE for layer in graph.layers):
        return
    first: dict[str, Layer] = {}
    for layer in graph.layers:
        if "name" not in layer.given:
            continue
        other = first.setdefault(layer.name, layer)
        if other.key != layer.key:
            yield _found(layer, other)


def _found(layer: Layer, other: Layer) -> Finding:
    related = (Related(other.place("name"), f"the other `{layer.name}`"),) if other.location != layer.location else ()
    return Finding(
        message=f"two layers of this model are named `{layer.name}`: Keras refuses to build it",
        location=layer.place("name"),
        label="a name that is taken",
        help="give each layer a name of its own, or none: Keras finds one",
        layer=layer.address,
        related=related,
    )
