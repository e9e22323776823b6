"""`Flatten` into a dense layer that holds most of the network.

## What it does

Finds feature maps that are flattened into a `Dense` layer, where this one layer has several million parameters and most
of all that the network has. It gives the figures, and those of a global pooling in the same place.

## Why it matters

Every place of every map gets its own weight to every unit, so that the layer must learn the same thing anew for each
place. It overfits first, it fills the memory with its gradients and optimizer state, and it ties the network to one
image size. Averaging each map keeps what the convolutions found and needs a few thousand weights.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

model = Sequential([
    Input((224, 224, 3)),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(),
    Conv2D(64, 3, activation="relu"),
    MaxPooling2D(),
    Flatten(),
    Dropout(0.5),
    Dense(128, activation="relu"),  # KC223
    Dense(2, activation="softmax"),
])
```

```python
from keras import Input, Model
from keras.layers import Conv1D, Dense, Dropout, Flatten

inputs = Input((4000, 6))
x = Conv1D(64, 9, strides=2, activation="relu")(inputs)
x = Dropout(0.3)(Flatten()(x))
x = Dense(100, activation="relu")(x)  # KC223
model = Model(inputs, Dense(1, activation="sigmoid")(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((224, 224, 3)),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(),
    Conv2D(64, 3, activation="relu"),
    MaxPooling2D(),
    GlobalAveragePooling2D(),
    Dropout(0.5),
    Dense(128, activation="relu"),
    Dense(2, activation="softmax"),
])
```

## Known limits

Needs the input shape. Silent below 5 million parameters and below 80% of the network, both of which the configuration
can set, for maps of fewer than 16 places, and for a network that begins with `Flatten`, where there are no maps to
average.

## References

- Lin et al., Network in network, 2013, section 3.2: global average pooling in place of dense layers
- https://keras.io/api/layers/pooling_layers/global_average_pooling2d/
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.chains import first_layers, is_convolution
from kerascheck.facts.families import ACTIVATIONS, CONVOLUTIONS, NORMALIZATIONS, PASSING, POOLINGS
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.paths import source
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule
from kerascheck.shapes.call import written

SMALLEST: Final = 5_000_000
SHARE: Final = 0.8
FEWEST_PLACES: Final = 16
_PASSED: Final = PASSING | ACTIVATIONS | NORMALIZATIONS
_MAPS: Final = CONVOLUTIONS | POOLINGS


@rule(
    "KC223",
    "oversized-flatten",
    Severity.WARNING,
    since="0.1",
    group="performance",
    options={"parameters": SMALLEST, "share": SHARE},
)
def oversized_flatten(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    total = graph.parameters
    if isinstance(total, Unknown) or not total:
        return
    smallest, share = options.number("parameters", SMALLEST), options.number("share", SHARE)
    for node in first_layers(graph):
        held = node.layer.parameters
        if node.layer.class_name != "Dense" or isinstance(held, Unknown) or held < smallest or held < share * total:
            continue
        flatten = source(graph, node, lambda found: found.layer.class_name in _PASSED)
        if flatten is not None and flatten.layer.class_name == "Flatten" and _flattens_maps(graph, flatten):
            yield _finding(node, flatten, held, total)


def _flattens_maps(graph: ModelGraph, flatten: Node) -> bool:
    """Whether maps with more than a few places, made by a convolution, are flattened."""
    shape = flatten.input_shape
    axes = () if isinstance(shape, Unknown) else shape[1:-1]
    sides = [axis for axis in axes if isinstance(axis, int)]
    if len(sides) != len(axes) or math.prod(sides) < FEWEST_PLACES:
        return False
    before = source(graph, flatten, lambda found: found.layer.class_name in _PASSED | POOLINGS)
    return before is not None and is_convolution(before.layer)


def _finding(node: Node, flatten: Node, held: int, total: int) -> Finding:
    units = node.layer["units"]
    maps = flatten.input_shape
    return Finding(
        f"`{node.layer.label}` holds {held:,} of the {total:,} parameters, {held / total:.0%}, "
        f"because `{flatten.layer.label}` hands it maps of shape {_written(maps)} place by place",
        node.layer.location,
        label=f"{held / 1e6:.1f} million weights",
        help=_help(maps, units if isinstance(units, int) else 1),
        related=(Related(flatten.layer.location, "the maps are flattened here"),),
        layer=node.layer.address,
    )


def _written(maps: Shape) -> str:
    return written(maps if isinstance(maps, Unknown) else maps[1:])


def _help(maps: Shape, units: int) -> str:
    pooling = "GlobalAveragePooling2D"
    if isinstance(maps, Unknown):
        return f"write `{pooling}()` in place of `Flatten()`, or pool further before it"
    pooling = f"GlobalAveragePooling{len(maps) - 2}D"
    channels = maps[-1]
    saved = f": {(channels + 1) * units:,} parameters in this layer" if isinstance(channels, int) else ""
    return f"write `{pooling}()` in place of `Flatten()`{saved}; or pool further before it"
