"""A stride that jumps over its input, or a window whose padding cannot be even.

## What it does

Finds convolutions and pooling layers whose stride is larger than their window (but for windows of 1), and convolutions
with an even window whose `"same"` padding cannot be shared evenly between the two sides. One finding a model.

## Why it matters

With a stride beyond the window there are rows and columns that no window ever covers: they never reach the output. With
an even window at stride 1 the padding is one longer at the end than at the beginning, so each layer shifts its maps by
half a place, and a stack of them by several.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(32, 2, strides=3, activation="relu"),  # KC229
    MaxPooling2D(2),
    Conv2D(64, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(32, 4, padding="same", activation="relu"),  # KC229
    MaxPooling2D(2),
    Conv2D(64, 4, padding="same", activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Conv1D, Dense, Dropout, GlobalMaxPooling1D, MaxPooling1D

model = Sequential([
    Input((400, 6)),
    Conv1D(32, 5, activation="relu"),
    MaxPooling1D(2, strides=4),  # KC229
    Conv1D(64, 5, activation="relu"),
    GlobalMaxPooling1D(),
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
    Conv2D(32, 4, strides=2, padding="same", activation="relu"),  # one place of padding on each side
    Conv2D(32, 3, padding="same", activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 1, strides=2, activation="relu"),
    GlobalAveragePooling2D(),
    Dropout(0.3),
    Dense(4, activation="softmax"),
])
```

## Known limits

A stride of 2 with a window of 1, as in the shortcuts of residual networks, is left alone, and so are transposed
convolutions, for which an even window is the better choice.

## References

- Wu et al., Convolution with even-sized kernels and symmetric padding, 2019
- Nikanjam et al., NeuraLint: automatic fault detection for deep learning programs using graph transformations, 2021
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.chains import first_layers, sizes
from kerascheck.facts.families import CONVOLUTIONS, POOLINGS, TRANSPOSED, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_SLIDING: Final = (CONVOLUTIONS - TRANSPOSED) | POOLINGS


@rule("KC229", "even-kernel-or-odd-stride", Severity.INFO, since="0.1")
def even_kernel_or_odd_stride(graph: ModelGraph) -> Iterator[Finding]:
    yield from folded(finding for node in first_layers(graph) for finding in _findings(node))


def _findings(node: Node) -> Iterator[Finding]:
    layer = core(node.layer)
    if layer.kind is not LayerKind.BUILTIN or layer.class_name not in _SLIDING:
        return
    argument = "pool_size" if layer.class_name in POOLINGS else "kernel_size"
    windows, strides = sizes(layer, argument), sizes(layer, "strides")
    if windows is None or strides is None or len(windows) != len(strides):
        return
    for window, stride in zip(windows, strides, strict=True):
        if stride > window > 1:
            yield _skipping(node, layer, window, stride)
            return
    if layer.class_name in POOLINGS or layer["padding"] != "same":
        return
    for window, stride, gap in zip(windows, strides, _gaps(layer, len(windows)), strict=True):
        if window % 2 == 0 and window > stride and (gap * (window - 1) + 1 - stride) % 2:
            yield _uneven(node, layer, window, gap * (window - 1) + 1 - stride)
            return


def _gaps(layer: Layer, rank: int) -> tuple[int, ...]:
    gaps = sizes(layer, "dilation_rate") or (1,)
    return gaps if len(gaps) == rank else (gaps[0],) * rank


def _skipping(node: Node, layer: Layer, window: int, stride: int) -> Finding:
    return Finding(
        f"`{layer.label}` moves its window of {window} by {stride}: {stride - window} in every {stride} places "
        "never reach the output",
        layer.place("strides"),
        help=f"set a stride of {window} or less, or a window of {stride} or more",
        label="jumps over input",
        layer=node.layer.address,
    )


def _uneven(node: Node, layer: Layer, window: int, padding: int) -> Finding:
    return Finding(
        f"`{layer.label}` has a window of {window} with `same` padding: {padding // 2} places before the input "
        f"and {padding - padding // 2} behind it, so that the maps shift by half a place",
        layer.place("kernel_size"),
        help=f"take an odd window, {window - 1} or {window + 1}",
        label="an even window",
        layer=node.layer.address,
    )
