"""A model whose output is computed in half precision.

## What it does

Finds outputs that a layer under a `float16` or `bfloat16` policy computes, be it the global policy or the layer's own.

## Why it matters

Softmax and sigmoid run over many magnitudes, and so does the loss behind them. `float16` holds about three digits and
nothing beyond 65504: probabilities come out as exactly 0 or 1, their logarithm as infinity, and training ends in NaN.
`bfloat16` has the range, and two digits. The rest of the network may stay in half precision; only its end must not.

## Bad

```python
import keras
from keras import Input, Sequential
from keras.layers import Dense, Dropout

keras.mixed_precision.set_global_policy("mixed_float16")
model = Sequential([
    Input((20,)),
    Dense(64, activation="relu"),
    Dropout(0.3),
    Dense(3, activation="softmax"),  # KC234
])
```

```python
from keras import Input, Model
from keras.layers import Activation, Dense, Dropout

inputs = Input((20,))
x = Dense(64, activation="relu", dtype="mixed_bfloat16")(inputs)
x = Dropout(0.3)(x)
x = Dense(3)(x)
outputs = Activation("softmax", dtype="bfloat16")(x)  # KC234
model = Model(inputs, outputs)
```

## Good

```python
import keras
from keras import Input, Sequential
from keras.layers import Activation, Dense, Dropout

keras.mixed_precision.set_global_policy("mixed_float16")
model = Sequential([
    Input((20,)),
    Dense(64, activation="relu"),
    Dropout(0.3),
    Dense(3),
    Activation("softmax", dtype="float32"),
])
```

## Known limits

Outputs that a custom layer or an operation computes are not judged, and neither are models that serve as layers of
another.

## References

- https://www.tensorflow.org/guide/mixed_precision#building_the_model
- https://keras.io/api/mixed_precision/policy/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.families import core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.precision import half_precision
from kerascheck.findings import Edit, Finding, Fix, Severity
from kerascheck.rule import rule


@rule(
    "KC234",
    "mixed-precision-output",
    Severity.WARNING,
    since="0.1",
    fixable=True,
    mentions=("float16", "half", "mixed"),
)
def mixed_precision_output(graph: ModelGraph) -> Iterator[Finding]:
    if graph.nested:
        return
    for _, node in graph.output_nodes():
        layer = core(node.layer)
        found = half_precision(layer) if layer.kind is LayerKind.BUILTIN and layer.class_name != "InputLayer" else None
        if found is not None:
            yield _finding(layer, found)


def _finding(layer: Layer, computed: str) -> Finding:
    what = f"`{layer.activation}` of `{layer.label}`" if isinstance(layer.activation, str) else f"`{layer.label}`"
    limit = "nothing beyond 65504" if computed == "float16" else "two digits"
    return Finding(
        f"{what} computes the output of the model in {computed}, which holds {limit}: the loss behind it may become NaN",
        layer.place("dtype"),
        help='write `dtype="float32"` on the last layer, with the activation in a layer of its own',
        label=f"{computed} output",
        layer=layer.address,
        fix=_fix(layer),
    )


def _fix(layer: Layer) -> Fix | None:
    if "dtype" in layer.places:
        return Fix((Edit(layer.places["dtype"], '"float32"'),))
    return Fix((layer.slot.insert('dtype="float32"'),)) if layer.slot is not None else None
