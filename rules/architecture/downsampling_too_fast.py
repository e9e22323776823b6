"""Feature maps that are pooled away before the convolutions have worked on them.

## What it does

Follows the size of the maps through a chain of convolutions. It speaks where a convolution with a window larger than 1
gets maps of a single place, where the input is pooled before any convolution has seen it, where two pooling layers
follow each other, and where each of ten or more convolutions has a pooling behind it. One finding a model.

## Why it matters

A window of 3 by 3 on a map of 1 by 1 multiplies eight of its nine weights by padding: the layer costs what it always
costs and does the work of a dense layer. Pooling right behind the input throws away the fine detail that the first
convolution is there to find, and a second pooling in a row takes no more decision than one larger window.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((8, 8, 3)),
    Conv2D(32, 3, padding="same", activation="relu"),
    MaxPooling2D(4),
    Conv2D(64, 3, padding="same", activation="relu"),
    MaxPooling2D(2),
    Conv2D(128, 3, padding="same", activation="relu"),  # KC228
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential()
model.add(Input((64, 64, 3)))
model.add(MaxPooling2D(2))  # KC228
model.add(Conv2D(32, 3, activation="relu"))
model.add(MaxPooling2D(2))
model.add(Conv2D(64, 3, activation="relu"))
model.add(GlobalAveragePooling2D())
model.add(Dropout(0.3))
model.add(Dense(4, activation="softmax"))
```

```python
from keras import Input, Sequential
from keras.layers import Conv1D, Dense, Dropout, GlobalMaxPooling1D, MaxPooling1D

model = Sequential([
    Input((400, 6)),
    Conv1D(32, 5, activation="relu"),
    MaxPooling1D(2),
    MaxPooling1D(2),  # KC228
    Conv1D(64, 5, activation="relu"),
    GlobalMaxPooling1D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([Input((2048, 2048, 3))])
for filters in (16, 16, 32, 32, 64, 64, 64, 64, 64, 64):
    model.add(Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D(2))  # KC228
model.add(GlobalAveragePooling2D())
model.add(Dropout(0.3))
model.add(Dense(4, activation="softmax"))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(32, 3, padding="same", activation="relu"),
    Conv2D(32, 3, padding="same", activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 3, padding="same", activation="relu"),
    Conv2D(64, 3, padding="same", activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

## Known limits

Where paths fork or merge each branch is judged on its own, and only by what it holds itself. Sizes must be known for
the first case. Pooling an input by averaging, which is a plain way to make images smaller, is not mentioned.

## References

- Nikanjam et al., NeuraLint: automatic fault detection for deep learning programs using graph transformations, 2021
- Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2014
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from kerascheck.facts.chains import chains, is_convolution, sizes, spatial
from kerascheck.facts.families import ACTIVATIONS, NORMALIZATIONS, PASSING, POOLINGS, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

DEEP: Final = 10
_BETWEEN: Final = PASSING | ACTIVATIONS | NORMALIZATIONS
_PREPARING: Final = frozenset({"Rescaling", "Normalization", "InputLayer", "Resizing", "CenterCrop"})


@rule("KC228", "downsampling-too-fast", Severity.INFO, since="0.1", options={"convolutions": DEEP})
def downsampling_too_fast(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    deep = options.number("convolutions", DEEP)
    found = [finding for chain in chains(graph) for finding in _findings(graph, chain, deep)]
    yield from folded(found)


def _findings(graph: ModelGraph, chain: Sequence[Node], deep: float) -> Iterator[Finding]:
    steps = [node for node in chain if core(node.layer).class_name not in _BETWEEN]
    if not any(is_convolution(node.layer) for node in chain):
        return
    yield from _at_the_input(graph, chain, steps)
    yield from _in_a_row(steps)
    yield from _after_each(steps, deep)
    yield from _on_one_place(steps)


def _is_pooling(node: Node) -> bool:
    layer = core(node.layer)
    shrinks = any(stride > 1 for stride in sizes(layer, "strides") or ())
    return layer.kind is LayerKind.BUILTIN and layer.class_name in POOLINGS and shrinks


def _at_the_input(graph: ModelGraph, chain: Sequence[Node], steps: Sequence[Node]) -> Iterator[Finding]:
    before = graph.before(chain[0])
    if graph.nested or any(node.layer.class_name != "InputLayer" for node in before) or not graph.whole:
        return
    first = next((node for node in steps if node.layer.class_name not in _PREPARING), None)
    if first is not None and _is_pooling(first) and "Max" in core(first.layer).class_name:
        yield _finding(
            first,
            f"`{first.layer.label}` pools the input before any convolution has seen it",
            "let a convolution come first, or make the images smaller by averaging, with `Resizing`",
        )


def _in_a_row(steps: Sequence[Node]) -> Iterator[Finding]:
    for before, node in pairwise(steps):
        if _is_pooling(before) and _is_pooling(node):
            yield _finding(
                node,
                f"`{node.layer.label}` pools what `{before.layer.label}` has just pooled, with no convolution between",
                "leave one of the two out, or put a convolution between them",
            )


def _after_each(steps: Sequence[Node], deep: float) -> Iterator[Finding]:
    layers = [node for node in steps if is_convolution(node.layer)]
    pooled = [after for node, after in pairwise(steps) if is_convolution(node.layer) and _is_pooling(after)]
    if len(layers) >= deep and len(pooled) == len(layers):
        yield _finding(
            pooled[-1],
            f"each of the {len(layers)} convolutions has a pooling behind it, which divides the maps by {2 ** len(pooled):,}",
            "pool after every second or third convolution",
        )


def _on_one_place(steps: Sequence[Node]) -> Iterator[Finding]:
    for node in steps:
        window = sizes(node.layer, "kernel_size")
        places = spatial(node, node.input_shape) if node.layer.inner is None else None
        if is_convolution(node.layer) and window and max(window) > 1 and places and max(places) == 1:
            size = " by ".join(str(length) for length in window)
            yield _finding(
                node,
                f"`{node.layer.label}` slides a window of {size} over maps of a single place",
                "pool less before it, take larger images, or leave the layer out",
            )
            return


def _finding(node: Node, message: str, advice: str) -> Finding:
    return Finding(message, node.layer.location, help=advice, layer=node.layer.address)
