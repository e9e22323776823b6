"""An input shape in one data format, layers in the other.

## What it does

Compares the shape of image inputs with the `data_format` of the layers that read them: 1 or 3 channels in front for
channels_last layers, or at the end for channels_first ones. It also follows the channel axis through the graph and
reports a layer that reads feature maps in the other format than the one they were made in.

## Why it matters

Nothing crashes as long as the sizes fit: the rows of the picture are taken for its channels, and a convolution slides over
colours as if they were a direction. The network trains, and is poor for no visible reason.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten

model = Sequential([
    Input((3, 64, 64)),  # KC216
    Conv2D(32, 2, activation="relu"),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

model = Sequential([
    Input((3, 64, 64)),
    Conv2D(32, 3, activation="relu", data_format="channels_first"),
    MaxPooling2D(data_format="channels_last"),  # KC216
    Flatten(),
    Dense(10, activation="softmax"),
])
```

```python
from keras import backend as K
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten

K.set_image_data_format("channels_first")
model = Sequential([
    Conv2D(32, 3, activation="relu", input_shape=(64, 64, 3)),  # KC216
    Flatten(),
    Dense(10, activation="softmax"),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

model = Sequential([
    Input((3, 64, 64)),
    Conv2D(32, 3, activation="relu", data_format="channels_first"),
    MaxPooling2D(data_format="channels_first"),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

## Known limits

Where nobody wrote down the data format it is a warning, since `keras.json` can set another than Keras's own default.
Flat windows (1 by n) over few rows are taken for meant.

## References

- https://keras.io/api/utils/config_utils/ (set_image_data_format)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kerascheck.facts.channels import CHANNELS_FIRST, CHANNELS_LAST, ChannelAxis, channel_axes, channels_into
from kerascheck.facts.families import CONVOLUTIONS, POOLINGS, WINDOWS, class_names, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node, Tensor
from kerascheck.facts.paths import target
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import UNKNOWN, Dim, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_READING: Final = CONVOLUTIONS | POOLINGS
_PICTURE: Final = 8
"""The least size of an axis that is taken for rows or columns of a picture."""


@rule("KC216", "data-format-mismatch", Severity.WARNING, since="0.1")
def data_format_mismatch(graph: ModelGraph, usage: KerasUsage | None) -> Iterator[Finding]:
    if not _READING & class_names(graph):
        return
    # Keras 1 programs were written for the channels_first default of their authors' keras.json.
    old = usage is not None and usage.written_for == 1 and "tf.keras" not in usage.flavours
    for tensor in graph.inputs:
        for node in graph.consumers(tensor):
            reader = target(graph, node, _reads_later) if _reads_later(node) else node
            if reader is not None and core(reader.layer).class_name in _READING:
                yield from _against_input(graph, tensor, reader.layer, doubtful=old)
    yield from _against_maps(graph, channel_axes(graph))


def _reads_later(node: Node) -> bool:
    return core(node.layer).class_name in WINDOWS - POOLINGS


def _is_written(graph: ModelGraph, layer: Layer) -> bool:
    """Whether the data format of a layer is a choice: every file holds one, mostly Keras's own default."""
    return layer["data_format"] == CHANNELS_FIRST if graph.from_file else "data_format" in layer.given


def _against_input(graph: ModelGraph, tensor: Tensor, layer: Layer, *, doubtful: bool) -> Iterator[Finding]:
    shape, explicit = tensor.shape, _is_written(graph, layer)
    if layer.kind is not LayerKind.BUILTIN or isinstance(shape, Unknown) or not _is_picture(shape):
        return
    if not _slides_both_ways(layer) or (doubtful and not explicit):
        return
    # Where nobody wrote one it is Keras's own default, unless a `keras.json` says otherwise.
    written = layer["data_format"] if explicit or graph.from_file else CHANNELS_LAST
    found = CHANNELS_FIRST if _colours(shape[1]) and _large(shape[-1]) else CHANNELS_LAST
    if found == CHANNELS_LAST and not (_colours(shape[-1]) and _large(shape[1])):
        return
    if written in (CHANNELS_FIRST, CHANNELS_LAST) and written != found:
        yield _swapped(graph, tensor, layer, found)


def _is_picture(shape: tuple[Dim, ...]) -> bool:
    return len(shape) in (4, 5) and all(_large(size) for size in shape[2:-1])


def _colours(size: Dim) -> bool:
    return size in (1, 3)


def _large(size: Dim) -> bool:
    return isinstance(size, int) and size >= _PICTURE


def _slides_both_ways(layer: Layer) -> bool:
    """Whether a window is more than one place along each axis, so that no axis is meant to stand still."""
    window = layer.config.get("kernel_size", layer.config.get("pool_size"))
    return isinstance(window, tuple) and all(isinstance(size, int) and size > 1 for size in window)


def _swapped(graph: ModelGraph, tensor: Tensor, layer: Layer, found: str) -> Finding:
    sizes: tuple[Dim, ...] = (UNKNOWN,) if isinstance(tensor.shape, Unknown) else tensor.shape[1:]
    entry = graph.producer(tensor) or next(iter(graph.consumers(tensor)))
    first = found == CHANNELS_FIRST
    taken = f"{sizes[0]} rows and {sizes[-1]} channels" if first else f"{sizes[0]} channels and {sizes[-1]} columns"
    written = CHANNELS_LAST if first else CHANNELS_FIRST
    return Finding(
        f"`{layer.label}` is {written} and takes the input ({', '.join(str(size) for size in sizes)}) "
        f"for pictures with {taken}",
        entry.layer.place("batch_shape"),
        help=f"give the shape and the data with the channels {'last' if first else 'first'}, "
        f'or set `data_format="{found}"` on every layer',
        label=found.replace("_", " "),
        severity=Severity.ERROR if _is_written(graph, layer) else None,
        layer=layer.address,
        related=(Related(layer.place("data_format"), f"`{layer.label}` is {written}"),),
    )


def _against_maps(graph: ModelGraph, axes: Mapping[int, ChannelAxis]) -> Iterator[Finding]:
    for node in graph.nodes:
        layer = node.layer
        channels = channels_into(graph, node, axes) if layer.class_name in _READING else None
        if channels is None or not channels.maps or channels.rank < 4 or layer.kind is not LayerKind.BUILTIN:
            continue
        written = layer["data_format"]
        proven = graph.from_file or "data_format" in layer.given or "data_format" not in channels.layer.given
        if written in (CHANNELS_FIRST, CHANNELS_LAST) and written != channels.data_format:
            yield _mixed(node, channels, Severity.ERROR if proven else None)


def _mixed(node: Node, channels: ChannelAxis, severity: Severity | None) -> Finding:
    layer = node.layer
    return Finding(
        f"`{layer.label}` is {layer['data_format']}, but the channels that `{channels.layer.label}` makes "
        f"stand on axis {channels.axis}: it takes them for places of the picture",
        layer.place("data_format"),
        help=f'set `data_format="{channels.data_format}"` here too, or put a `Permute` between',
        label=f"reads {channels.data_format} maps",
        severity=severity,
        layer=layer.address,
        related=(Related(channels.layer.place("data_format"), f"`{channels.layer.label}` is {channels.data_format}"),),
    )
