"""Batch normalization along an axis that does not hold the channels.

## What it does

Follows the channel axis from the convolutions, in both data formats and from 2 to 5 axes, through pooling, activations,
dropout, padding, upsampling, merges, `Permute` and `Reshape` to each `BatchNormalization`, and compares it with `axis`.
It knows `axis` as a list, Keras 1's `mode` and `TimeDistributed`. It also speaks where `axis` is the batch axis, and, as
a warning, where it is the step axis behind a Dense, recurrent or embedding layer.

## Why it matters

`BatchNormalization` keeps one mean and one variance for each place along `axis`. Along the rows of an image they
describe "everything in row 7", over all channels together: channels of different scale are not brought to one scale,
what was learned depends on where in the image a thing stands, and the model is tied to one image size. Nothing crashes.

## Bad

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D

inputs = Input((64, 64, 3))
x = Conv2D(32, 3, use_bias=False)(inputs)
x = BatchNormalization(axis=1)(x)  # KC201
x = Activation("relu")(x)
x = GlobalAveragePooling2D()(x)
model = Model(inputs, Dense(5, activation="softmax")(x))
```

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D

model = Sequential()
model.add(Input((3, 64, 64)))
model.add(Conv2D(32, 3, activation="relu", data_format="channels_first"))
model.add(MaxPooling2D(data_format="channels_first"))
model.add(BatchNormalization())  # KC201
model.add(Flatten())
model.add(Dense(5, activation="softmax"))
```

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Conv1D, Dense, GlobalMaxPooling1D

model = Sequential([
    Input((200, 6)),
    Conv1D(16, 5, activation="relu"),
    BatchNormalization(axis=1),  # KC201
    GlobalMaxPooling1D(),
    Dense(1, activation="sigmoid"),
])
```

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Conv2D, Dense, Flatten, TimeDistributed

model = Sequential([
    Input((10, 32, 32, 3)),
    TimeDistributed(Conv2D(8, 3, activation="relu")),
    TimeDistributed(BatchNormalization(axis=1)),  # KC201
    Flatten(),
    Dense(4, activation="softmax"),
])
```

## Good

```python
from keras import Input, Model
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Flatten, Permute

inputs = Input((3, 64, 64))
x = Permute((2, 3, 1))(inputs)
x = Conv2D(32, 3, use_bias=False)(x)
x = BatchNormalization()(x)
x = Activation("relu")(x)
x = Permute((3, 1, 2))(x)
x = BatchNormalization(axis=1)(x)
x = Flatten()(x)
x = Dense(64, use_bias=False)(x)
x = BatchNormalization(axis=1)(x)
x = Activation("relu")(x)
model = Model(inputs, Dense(5, activation="softmax")(x))
```

## Known limits

Silent where no layer before it makes the channels: normalizing an input along frequency or time is a choice. Silent behind
custom layers, and where nobody wrote down the data format and the input shape speaks against Keras's own default.

## References

- Ioffe and Szegedy, Batch Normalization, 2015, section 3.2: one mean and variance for each feature map
- https://keras.io/api/layers/normalization_layers/batch_normalization/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.channels import CHANNELS_LAST, ChannelAxis, channel_axes, channels_into
from kerascheck.facts.families import class_names, core
from kerascheck.facts.graph import Layer, ModelGraph, Node
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

# Keras 1's mode 1 normalizes each sample on its own, whatever the axis.
_FEATURE_WISE: Final = (0, 2)
_PLACES: Final = {
    (3, CHANNELS_LAST): ("steps",),
    (4, CHANNELS_LAST): ("rows", "columns"),
    (5, CHANNELS_LAST): ("frames", "rows", "columns"),
}


@rule("KC201", "batchnorm-axis", Severity.ERROR, since="0.1", fixable=True, mentions=("BatchNorm", "batch_norm"))
def batchnorm_axis(graph: ModelGraph) -> Iterator[Finding]:
    if "BatchNormalization" not in class_names(graph):
        return
    axes = channel_axes(graph)
    for node in graph.nodes:
        if core(node.layer).class_name != "BatchNormalization":
            continue
        channels = channels_into(graph, node, axes)
        wanted = _axes(node, channels)
        if 0 in wanted:
            yield _over_batch(node)
        elif channels is not None and wanted and channels.axis not in wanted:
            yield _off_channels(node, wanted, channels)


def _axes(node: Node, channels: ChannelAxis | None) -> tuple[int, ...]:
    """The normalized axes counted from the front; none where they or the rank are not known, or are out of range."""
    layer = core(node.layer)
    value = layer["axis"]
    given = value if isinstance(value, tuple) else (value,)
    axes = [axis for axis in given if isinstance(axis, int) and not isinstance(axis, bool)]
    if len(axes) != len(given) or layer.config.get("mode", 0) not in _FEATURE_WISE:
        return ()
    shape = node.input_shape
    rank = channels.rank if channels is not None else 0 if isinstance(shape, Unknown) else len(shape)
    step = int(layer is not node.layer)
    # Inside a wrapper the axes of one step count: its batch axis is 0, all others stand one further behind.
    found = [0 if axis in (0, step - rank) else axis + step if axis > 0 else axis + rank for axis in axes]
    return tuple(found) if all(0 <= axis < rank for axis in found) else ()


def _off_channels(node: Node, wanted: tuple[int, ...], channels: ChannelAxis) -> Finding:
    layer, source = core(node.layer), channels.layer
    shape = node.input_shape
    axis = wanted[0]
    size = None if isinstance(shape, Unknown) else shape[axis]
    made = None if isinstance(shape, Unknown) else shape[channels.axis]
    what = "channels" if channels.maps else "features"
    places = f"{size} {_place(axis, channels)}" if isinstance(size, int) else _place(axis, channels)
    kept = f"{made} {what}" if isinstance(made, int) else what
    return Finding(
        f"`{layer.label}` keeps a mean and variance for each of the {places} on axis {_written(layer)}, "
        f"not for each of the {kept} that `{source.label}` puts on axis {channels.axis}",
        layer.place("axis"),
        help=f"set `axis={_right(node, channels)}`, so that each of the {what} gets its own mean and variance",
        label=f"{_place(axis, channels)}, not {what}",
        # Statistics for each step of a sequence of features can be meant; for each row of a picture they cannot.
        severity=None if channels.maps else Severity.WARNING,
        layer=node.layer.address,
        related=(Related(source.place("data_format"), _cause(channels)),),
        fix=_fix(node, channels),
    )


def _over_batch(node: Node) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` keeps a mean and variance for each sample of the batch on axis {_written(layer)}, "
        "not for each channel",
        layer.place("axis"),
        help="set `axis=-1`, or `axis=1` where the data format is channels_first",
        label="the batch axis",
        layer=node.layer.address,
    )


def _written(layer: Layer) -> str:
    value = layer["axis"]
    return f"{list(value)}" if isinstance(value, tuple) else f"{value}"


def _place(axis: int, channels: ChannelAxis) -> str:
    """What the places along an axis between the batch and the channels are."""
    names = _PLACES.get((channels.rank, CHANNELS_LAST), ("places",))
    index = axis - 1 if channels.axis > axis else axis - 2
    return names[index] if len(names) == channels.rank - 2 and 0 <= index < len(names) else "places"


def _right(node: Node, channels: ChannelAxis) -> int:
    """The axis to write: -1 for the last one, else counted from the front as the layer counts."""
    step = int(core(node.layer) is not node.layer)
    return -1 if channels.data_format == CHANNELS_LAST else channels.axis - step


def _cause(channels: ChannelAxis) -> str:
    if not channels.maps:
        return f"`{channels.layer.label}` makes the last axis"
    return f"`{channels.layer.label}` is {channels.layer['data_format']}: its channels stand on axis {channels.axis}"


def _fix(node: Node, channels: ChannelAxis) -> Fix | None:
    layer = core(node.layer)
    right = f"{_right(node, channels)}"
    if "axis" in layer.places:
        return Fix((Edit(layer.places["axis"], right),))
    return Fix((layer.slot.insert(f"axis={right}"),)) if layer.slot is not None else None
