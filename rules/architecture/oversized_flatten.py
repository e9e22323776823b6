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
from kerascheck.facts.families import ACTIVATIONS, NORMALIZATIONS, PASSING, POOLINGS, core
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
        if flatten is not None and flatten.layer.class_name == "Flatten":
            channels = _channels(graph, flatten)
            if channels is not None and _places(flatten, channels) >= FEWEST_PLACES:
                yield _finding(node, flatten, channels, (held, total))


def _channels(graph: ModelGraph, flatten: Node) -> int | None:
    """The filters of the convolution whose maps are flattened; None where none is, or their number is not known."""
    before = source(graph, flatten, lambda found: found.layer.class_name in _PASSED | POOLINGS)
    if before is None or not is_convolution(before.layer):
        return None
    filters = core(before.layer)["filters"]
    return filters if isinstance(filters, int) and filters > 0 else None


def _places(flatten: Node, channels: int) -> int:
    shape = flatten.input_shape
    sides = [] if isinstance(shape, Unknown) else [side for side in shape[1:] if isinstance(side, int)]
    return math.prod(sides) // channels if sides else 0


def _finding(node: Node, flatten: Node, channels: int, sizes: tuple[int, int]) -> Finding:
    units, (held, total) = node.layer["units"], sizes
    maps = flatten.input_shape
    return Finding(
        f"`{node.layer.label}` holds {held:,} of the {total:,} parameters, {100 * held // total}%, "
        f"because `{flatten.layer.label}` hands it maps of shape {_written(maps)} place by place",
        node.layer.location,
        label=f"{held / 1e6:.1f} million weights",
        help=_help(maps, channels, units if isinstance(units, int) else 1),
        related=(Related(flatten.layer.location, "the maps are flattened here"),),
        layer=node.layer.address,
    )


def _written(maps: Shape) -> str:
    return written(maps if isinstance(maps, Unknown) else maps[1:])


def _help(maps: Shape, channels: int, units: int) -> str:
    rank = 4 if isinstance(maps, Unknown) else len(maps)
    return (
        f"write `GlobalAveragePooling{rank - 2}D()` in place of `Flatten()`: {(channels + 1) * units:,} parameters in this "
        "layer; or pool further before it"
    )
