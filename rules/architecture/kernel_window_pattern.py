"""A convolution with a smaller window than one before it in the same chain.

## What it does

Compares the windows of the convolutions of one chain, leaves out the first one (the stem) and windows of 1, and speaks
where a later window is smaller, or larger again, than the one before. One finding a model. Off until selected.

## Why it matters

Most published networks keep one window, 3 by 3, after the stem. Windows that change from layer to layer without a
reason are often the mark of numbers that were tried out, and make a network harder to reason about.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(32, 3, activation="relu"),
    Conv2D(32, 5, activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 3, activation="relu"),  # KC241
    Conv2D(64, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(32, 7, strides=2, activation="relu"),
    Conv2D(32, 3, activation="relu"),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 1, activation="relu"),
    Conv2D(64, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

## Known limits

Sound networks do so too, which is why it is off by default. Inception-like blocks have their windows in branches, which
are chains of their own.

## References

- Nikanjam et al., NeuraLint: automatic fault detection for deep learning programs using graph transformations, 2021
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kerascheck.facts.chains import chains, is_convolution, sizes
from kerascheck.facts.families import core
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule


@rule("KC241", "kernel-window-pattern", Severity.INFO, since="0.1", preview=True)
def kernel_window_pattern(graph: ModelGraph) -> Iterator[Finding]:
    yield from folded(finding for chain in chains(graph) for finding in _findings(chain))


def _findings(chain: Sequence[Node]) -> Iterator[Finding]:
    found = [(node, window) for node in chain if is_convolution(node.layer) and (window := _window(node)) > 1]
    for (wider, before), (node, after) in pairwise(found[1:]):
        if after < before:
            yield _finding(wider, node, before, after)


def _window(node: Node) -> int:
    return max(sizes(node.layer, "kernel_size") or (0,))


def _finding(wider: Node, node: Node, before: int, after: int) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` has a window of {after} behind one of {before}",
        layer.place("kernel_size"),
        help="keep one window in a stack, 3 for most, or write down why it changes",
        label=f"{before}, then {after}",
        related=(Related(core(wider.layer).place("kernel_size"), f"a window of {before}"),),
        layer=node.layer.address,
    )
