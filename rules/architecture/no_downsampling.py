"""A convolutional network that never makes its maps smaller before it flattens them.

## What it does

Speaks where three or more convolutions lead to `Flatten` in one chain without pooling, stride, dilation or global
pooling between them.

## Why it matters

Each 3 by 3 convolution widens what a unit can see by two places: three of them see 7 by 7 out of, say, 128 by 128. No
unit before the dense layers ever sees a whole object, and `Flatten` hands over every place of every map, which makes
the dense layer behind it huge.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(16, 3, activation="relu"),
    Conv2D(16, 3, activation="relu"),
    Conv2D(16, 3, activation="relu"),
    Flatten(),  # KC242
    Dropout(0.3),
    Dense(10, activation="softmax"),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(16, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(16, 3, activation="relu"),
    Conv2D(16, 3, strides=2, activation="relu"),
    Flatten(),
    Dropout(0.3),
    Dense(10, activation="softmax"),
])
```

## Known limits

The chain from the input to `Flatten` must be known whole. Maps that are small from the start, at most 16 places a side
(boards of games, patches), need no pooling and are left alone.

## References

- Luo et al., Understanding the effective receptive field in deep convolutional neural networks, 2016
- Nikanjam et al., NeuraLint: automatic fault detection for deep learning programs using graph transformations, 2021
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.facts.chains import chains, is_convolution, sizes, spatial
from kerascheck.facts.families import SAME_SHAPE, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

FEWEST: Final = 3
SMALL: Final = 16
_PADDING: Final = frozenset({"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"})


@rule("KC242", "no-downsampling", Severity.INFO, since="0.1", options={"convolutions": FEWEST, "places": SMALL})
def no_downsampling(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    if not graph.whole or graph.nested:
        return
    for chain in chains(graph):
        before = graph.before(chain[0])
        if any(node.layer.class_name != "InputLayer" for node in before):
            continue
        flatten = next((node for node in chain if node.layer.class_name == "Flatten"), None)
        if flatten is not None:
            yield from _finding(chain[: chain.index(flatten)], flatten, options)


def _finding(chain: Sequence[Node], flatten: Node, options: Options) -> Iterator[Finding]:
    found = [node for node in chain if is_convolution(node.layer)]
    if len(found) < options.number("convolutions", FEWEST) or not all(_keeps_size(node) for node in chain):
        return
    places = spatial(found[0], found[0].input_shape)
    if places is None or max(places) <= options.number("places", SMALL):
        return
    size = " by ".join(str(length) for length in places)
    yield Finding(
        f"{len(found)} convolutions on maps of {size} reach `{flatten.layer.label}` without pooling or stride: "
        f"each unit sees {_sight(found)} of {max(places)} places a side",
        flatten.layer.location,
        help="put a pooling layer after every one or two convolutions, or give some of them `strides=2`",
        label="maps of nearly full size",
        related=(Related(found[0].layer.location, "the first convolution"),),
        layer=flatten.layer.address,
    )


def _keeps_size(node: Node) -> bool:
    layer = core(node.layer)
    if layer.kind is not LayerKind.BUILTIN:
        return False
    if is_convolution(layer):
        return sizes(layer, "strides") == (1,) * len(sizes(layer, "strides") or ()) and _is_dense(node)
    return layer.class_name in SAME_SHAPE | _PADDING


def _is_dense(node: Node) -> bool:
    return set(sizes(node.layer, "dilation_rate") or (1,)) == {1}


def _sight(found: Sequence[Node]) -> int:
    return 1 + sum(max(sizes(node.layer, "kernel_size") or (1,)) - 1 for node in found)
