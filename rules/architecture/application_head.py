"""A pretrained base whose head or arguments do not go together.

## What it does

Looks at the bases of `keras.applications`. An error: ImageNet weights with the head of 1000 classes but another number of
`classes`, another `input_shape` or another activation, with images that are not of three channels, or for a width that there
are none for; a name of weights that is none; images smaller than the network takes, a shape that is not of three sizes or leaves
open what must be known, an `input_tensor` of another width or that is data. A warning: new layers behind the 1000 class probabilities of a base that kept its head, and a base without pooling
that goes straight into dense layers.

## Why it matters

Keras refuses the first kinds at once. Behind `include_top=True` a new classifier sees only how much an image looks like
each of the 1000 ImageNet classes, and the features below, which transfer learning is about, are out of reach. Without
pooling or `Flatten` a `Dense` works at each place of the feature maps by itself: the output has the shape of a map, not
of a label.

## Bad

```python
import keras

base = keras.applications.ResNet50(weights="imagenet", classes=10)  # KC233
```

```python
import keras

base = keras.applications.VGG16(input_shape=(150, 150, 3))  # KC233
gray = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 1))  # KC233
small = keras.applications.Xception(include_top=False, input_shape=(32, 32, 3))  # KC233
thin = keras.applications.MobileNetV2(alpha=0.3)  # KC233
fresh = keras.applications.VGG16(weights="None")  # KC233
```

```python
import keras
from keras.layers import Dense, Dropout

base = keras.applications.VGG16()
x = Dropout(0.3)(base.output)
outputs = Dense(5, activation="softmax")(x)  # KC233
model = keras.Model(base.input, outputs)
```

```python
import keras
from keras.layers import Dense, Dropout

model = keras.Sequential([
    keras.applications.ResNet50(include_top=False, input_shape=(224, 224, 3)),
    Dropout(0.3),
    Dense(64, activation="relu"),  # KC233
    Dense(5, activation="softmax"),
])
```

## Good

```python
import keras
from keras.layers import Dense, Dropout

base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
inputs = keras.Input((224, 224, 3))
x = keras.applications.resnet.preprocess_input(inputs)
x = Dropout(0.3)(base(x, training=False))
model = keras.Model(inputs, Dense(5, activation="softmax")(x))
```

## Known limits

Weights in a file of one's own may fit any head, and are not judged. What is taken from a layer inside the base, such as
`base.get_layer("fc2").output`, is a feature like any other.

## References

- https://keras.io/api/applications/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.applications import Base, bases
from kerascheck.facts.chains import beyond, has_kernel
from kerascheck.facts.families import GLOBAL_POOLINGS, PASSING, POOLINGS, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.paths import target
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Symbol, Unknown, Value
from kerascheck.findings import Finding, Related, Severity
from kerascheck.keras_api.applications import modules
from kerascheck.rule import rule
from kerascheck.shapes.call import written

_CLASSES: Final = 1000
NEAR: Final = 0.8
NOTHING: Final = frozenset({"none", "null", "random", "false"})
WIDTHS: Final = {
    "MobileNet": (0.25, 0.5, 0.75, 1.0),
    "MobileNetV2": (0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
    "MobileNetV3Small": (0.75, 1.0),
    "MobileNetV3Large": (0.75, 1.0),
}
"""The widths that ImageNet weights exist for."""
COMPARING: Final = frozenset({"MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"})
_BETWEEN: Final = PASSING | {"Activation", "ReLU", "LeakyReLU", "BatchNormalization"}
_GATHERING: Final = GLOBAL_POOLINGS | POOLINGS | {"Flatten", "Reshape"}


@rule("KC233", "application-head", Severity.WARNING, since="0.1", mentions=("applications",))
def application_head(graph: ModelGraph | None, program: TrainingProgram | None) -> Iterator[Finding]:
    if program is not None:
        # A base by itself is no graph of the file: each graph tells of all bases, and each is reported once.
        for model in program.models.values():
            for base in bases(model):
                yield from _refused(base)
    if graph is not None:
        yield from _joined(graph)


def _joined(graph: ModelGraph) -> Iterator[Finding]:
    for base in bases(graph):
        yield from _behind_the_head(graph, base)
        if base.layer["include_top"] is False and base.layer["pooling"] is None:
            yield from _without_pooling(graph, base.node, base.layer)
    if graph.from_file:
        for node in graph.nodes:
            if node.layer.kind is LayerKind.MODEL and _is_stored_base(node.layer):
                yield from _without_pooling(graph, node, node.layer)


def _is_stored_base(layer: Layer) -> bool:
    """Whether a model inside a file carries the name of a network of `keras.applications`."""
    return layer.name.lower().startswith(tuple({module.partition("_")[0] for module in modules()}))


def _refused(base: Base) -> Iterator[Finding]:
    """Arguments that Keras refuses."""
    yield from _weights(base)
    shape = base.layer["input_shape"]
    if isinstance(shape, tuple):
        yield from _images(base, shape)
    yield from _tensor(base)
    if base.is_pretrained:
        yield from _width(base)
        yield from _head(base)


def _weights(base: Base) -> Iterator[Finding]:
    """A name of weights that is none; any other text may be the path of a file."""
    given = base.layer["weights"]
    if not isinstance(given, str) or given == "imagenet":
        return
    from difflib import SequenceMatcher

    plain = given.lower().replace("_", "").replace("-", "").replace(" ", "")
    near = SequenceMatcher(None, plain, "imagenet").ratio() > NEAR
    if near or plain in NOTHING:
        advice = 'write `weights="imagenet"`' if near else "write `weights=None`"
        yield _error(base, "weights", f'`{base.layer.written}` knows no weights called "{given}"', advice)


def _head(base: Base) -> Iterator[Finding]:
    layer = base.layer
    if layer["include_top"] is not True:
        return
    classes, activation = layer["classes"], layer["classifier_activation"]
    if isinstance(classes, int) and classes != _CLASSES:
        yield _error(
            base,
            "classes",
            f"`{layer.written}` has ImageNet weights for {_CLASSES} classes and cannot be made with classes={classes}",
            "write `include_top=False` and put a `Dense` layer of your own behind it",
        )
    if isinstance(activation, str) and activation not in ("softmax", "linear"):
        yield _error(
            base,
            "classifier_activation",
            f"`{layer.written}` with ImageNet weights ends in softmax, or with None in logits, and not in `{activation}`",
            "write `include_top=False` and put a `Dense` layer of your own behind it",
        )


def _width(base: Base) -> Iterator[Finding]:
    """Widths that there are no weights for."""
    layer = base.layer
    alpha, depth, small = layer["alpha"], layer["depth_multiplier"], layer.config.get("minimalistic")
    widths = WIDTHS.get(layer.class_name, ())
    widths = (1.0,) if small is True else widths
    if widths and isinstance(alpha, (int, float)) and alpha not in widths and not isinstance(small, Unknown):
        choice = " or ".join(f"{width:g}" for width in widths)
        message = f"`{layer.written}` has ImageNet weights for alpha={choice} and not for {alpha:g}"
        yield _error(base, "alpha", message, f"write `alpha={widths[-1]:g}`, or `weights=None`")
    if layer.class_name == "MobileNet" and isinstance(depth, int) and depth != 1:
        message = f"`{layer.written}` has ImageNet weights for depth_multiplier=1 and not for {depth}"
        yield _error(base, "depth_multiplier", message, "leave it out, or write `weights=None`")


def _tensor(base: Base) -> Iterator[Finding]:
    """What `input_tensor` is, and, where it is looked at, whether it is as wide as `input_shape`."""
    layer, entry, shape = base.layer, base.entry, base.layer["input_shape"]
    if layer["input_tensor"] == Symbol("array", {}):
        message = f"`{layer.written}` is built on a tensor of `Input`, and is given data"
        yield _error(base, "input_tensor", message, "leave `input_tensor` out, and call the network on the data")
    elif (
        "input_tensor" in layer.given and layer.class_name in COMPARING and isinstance(shape, tuple) and len(shape) == 3
    ):
        width = entry[2] if isinstance(entry, tuple) and len(entry) == 4 else UNKNOWN
        if isinstance(width, int) and isinstance(shape[1], int) and width != shape[1]:
            message = f"`{layer.written}` is told images {shape[1]} wide, and its `input_tensor` is {width} wide"
            yield _error(base, "input_shape", message, "leave `input_shape` out")


def _images(base: Base, shape: tuple[Value, ...]) -> Iterator[Finding]:
    layer, network = base.layer, base.network
    if len(shape) != 3:
        yield _error(
            base,
            "input_shape",
            f"`{layer.written}` takes a shape of three sizes, and is given {len(shape)}",
            "write height, width and channels, without the batch axis",
        )
        return
    top = layer["include_top"]
    if None in shape and (top is True or (base.is_pretrained and layer.class_name.startswith("NASNet"))):
        what = "with its head" if top is True else "with ImageNet weights"
        message = f"`{layer.written}` {what} needs images of one size, and the shape leaves it open"
        yield _error(base, "input_shape", message, f"write the size, such as ({network.side}, {network.side}, 3)")
        return
    if not all(isinstance(side, int) for side in shape) or layer.config.get("data_format") is not None:
        return
    rows, columns, channels = (side if isinstance(side, int) else 0 for side in shape)
    if base.is_pretrained and channels != 3 and rows != 3:
        yield _error(
            base,
            "input_shape",
            f"`{layer.written}` has ImageNet weights for 3 channels and cannot take images of shape {written((rows, columns, channels))}",
            "repeat a grey channel three times, or write `weights=None`",
        )
    elif channels in (1, 3) and min(rows, columns) < network.least:
        yield _error(
            base,
            "input_shape",
            f"`{layer.written}` takes images of at least {network.least} by {network.least}, not {rows} by {columns}",
            "enlarge the images with `Resizing` in front of it",
        )
    elif base.is_pretrained and channels == 3 and top is True and not (rows == columns and rows in network.sides):
        yield _error(
            base,
            "input_shape",
            f"`{layer.written}` with its head has weights for images of {network.side} by {network.side}, not {rows} by {columns}",
            "write `include_top=False` for images of another size",
        )


def _error(base: Base, argument: str, message: str, advice: str) -> Finding:
    layer = base.layer
    return Finding(
        message,
        layer.place(argument),
        help=advice,
        label="refused by Keras",
        layer=layer.address,
        severity=Severity.ERROR,
    )


def _behind_the_head(graph: ModelGraph, base: Base) -> Iterator[Finding]:
    if base.layer["include_top"] is not True or base.layer["weights"] is None:
        return
    head = target(graph, base.node, _passes)
    if head is not None and core(head.layer).class_name == "Dense":
        yield Finding(
            f"`{head.layer.label}` learns from the {_CLASSES} class probabilities of `{base.layer.written}`, not from its features",
            head.layer.location,
            help='make the base with `include_top=False, pooling="avg"`',
            label="behind the old head",
            layer=head.layer.address,
            related=(Related(base.layer.place("include_top"), "the base keeps its head"),),
        )


def _passes(node: Node) -> bool:
    layer = core(node.layer)
    return layer.kind is LayerKind.BUILTIN and layer.class_name in _BETWEEN


def _without_pooling(graph: ModelGraph, node: Node, layer: Layer) -> Iterator[Finding]:
    maps = node.output_shape
    head = target(graph, node, _passes)
    if isinstance(maps, Unknown) or len(maps) != 4 or head is None or core(head.layer).class_name != "Dense":
        return
    if not graph.whole or graph.nested or beyond(graph, head, _gathers) or beyond(graph, head, _is_opaque):
        return
    last = _last_dense(graph, head)
    yield Finding(
        f"`{head.layer.label}` works at each place of the feature maps {written(maps)} of `{layer.label}`: "
        f"the output has the shape {written(last.output_shape)}",
        head.layer.location,
        help='make the base with `pooling="avg"`, or put `GlobalAveragePooling2D()` behind it',
        label="no pooling before it",
        layer=head.layer.address,
        related=(Related(layer.location, "this base puts out maps"),),
    )


def _gathers(node: Node) -> bool:
    return core(node.layer).class_name in _GATHERING or (has_kernel(node) and core(node.layer).class_name != "Dense")


def _is_opaque(node: Node) -> bool:
    return core(node.layer).kind is not LayerKind.BUILTIN


def _last_dense(graph: ModelGraph, head: Node) -> Node:
    while len(after := graph.after(head)) == 1:
        head = after[0]
    return head
