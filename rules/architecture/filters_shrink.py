"""Convolutions that have fewer filters the deeper they stand.

## What it does

Compares each convolution of a chain with the one before it, and speaks where the number of filters falls to half or
less and does not rise again. One finding a model.

## Why it matters

Going up, a network trades places for meaning: the maps get smaller, and each needs more filters for what can be told
apart there. Fewer filters on smaller maps throw information away twice at the same place, and the first layers, which
have only edges and colours to find, hold filters that they have no use for.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(224, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(55, 3, activation="relu"),  # KC230
    MaxPooling2D(2),
    Conv2D(13, 3, activation="relu"),
    Flatten(),
    Dropout(0.3),
    Dense(2, activation="softmax"),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(16, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 3, activation="relu"),
    Conv2D(16, 1, activation="relu"),
    Flatten(),
    Dropout(0.3),
    Dense(2, activation="softmax"),
])
```

## Known limits

Silent for convolutions of window 1, which are there to narrow, for a convolution that makes an output, in a graph that
makes maps larger anywhere (decoders, generators, segmentation), and where paths fork or merge. Sound encoders of
autoencoders do so too where the decoder is another model.

## References

- Nikanjam et al., NeuraLint: automatic fault detection for deep learning programs using graph transformations, 2021
- He et al., Deep residual learning for image recognition, 2015, section 3.3: halve the maps, double the filters
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from kerascheck.facts.chains import chains, has_kernel, is_convolution, sizes
from kerascheck.facts.families import TRANSPOSED, core
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_ENLARGING: Final = TRANSPOSED | {"UpSampling1D", "UpSampling2D", "UpSampling3D"}


@rule("KC230", "filters-shrink", Severity.INFO, since="0.1")
def filters_shrink(graph: ModelGraph) -> Iterator[Finding]:
    if any(core(node.layer).class_name in _ENLARGING or node.layer.model is not None for node in graph.nodes):
        return
    yield from folded(finding for chain in chains(graph) for finding in _findings(chain))


def _findings(chain: Sequence[Node]) -> Iterator[Finding]:
    last = max((index for index, node in enumerate(chain) if has_kernel(node)), default=0)
    found = [
        node
        for node in chain[:last]
        if is_convolution(node.layer) and max(sizes(node.layer, "kernel_size") or (1,)) > 1
    ]
    counts = [_filters(node) for node in found]
    if 0 in counts:
        return
    for index, (before, after) in enumerate(pairwise(counts)):
        if 2 * after <= before and max(counts[index + 1 :]) < before:
            yield _finding(found[index], found[index + 1], before, after)
            return


def _filters(node: Node) -> int:
    filters = core(node.layer)["filters"]
    return filters if isinstance(filters, int) and not isinstance(filters, bool) else 0


def _finding(wider: Node, node: Node, before: int, after: int) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` has {after} filters where the convolution before it has {before}",
        layer.place("filters"),
        help=f"let the filters stay or grow with depth, for instance {after} first and {before} here",
        label=f"{before} fall to {after}",
        related=(Related(core(wider.layer).place("filters"), f"{before} filters"),),
        layer=node.layer.address,
    )
