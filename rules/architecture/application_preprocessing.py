"""A pretrained base that gets images in another scale than it was trained with.

## What it does

Follows the pixels from the data set, the generator or the folder through the program and through the layers in front of
a base of `keras.applications` with ImageNet weights. It speaks where they arrive as they were loaded although the base
has a `preprocess_input` of its own, where they were scaled in another way or by another base's function, and where they
were scaled for a base that scales by itself (EfficientNet, ConvNeXt, MobileNetV3).

## Why it matters

The weights were learned from inputs of one scale: VGG and ResNet v1 from BGR minus the mean colour, Inception, Xception,
MobileNet and ResNet v2 from -1 to 1, DenseNet from standardized channels. On any other scale the features of the base are
worth much less, and nothing says so: the training runs, and the accuracy stays a few to many points lower. Pixels divided
by 255 in front of an EfficientNet are divided twice, so that every image is black to it.

## Bad

```python
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
base = keras.applications.VGG16(include_top=False, pooling="avg", input_shape=(32, 32, 3))  # KC232
base.trainable = False
model = keras.Sequential([base, layers.Dropout(0.3), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
```

```python
import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(224, 224))  # KC232
base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
model = keras.Sequential([base, layers.Dropout(0.3), layers.Dense(5, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train, epochs=10)
```

```python
import keras
from keras import layers

train = keras.utils.image_dataset_from_directory("train", image_size=(224, 224))
inputs = keras.Input((224, 224, 3))
x = layers.Rescaling(1 / 255)(inputs)  # KC232
x = keras.applications.EfficientNetB0(include_top=False, pooling="avg")(x)
model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.Dropout(0.3)(x)))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train, epochs=10)
```

```python
import keras
from keras import layers
from keras.applications.vgg16 import preprocess_input

inputs = keras.Input((224, 224, 3))
x = preprocess_input(inputs)  # KC232
x = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(224, 224, 3))(x)
model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.Dropout(0.3)(x)))
```

## Good

```python
import keras
from keras import layers

keras.utils.set_random_seed(1)
train = keras.utils.image_dataset_from_directory("train", image_size=(224, 224))
valid = keras.utils.image_dataset_from_directory("valid", image_size=(224, 224), shuffle=False)
inputs = keras.Input((224, 224, 3))
x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
x = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(224, 224, 3))(x, training=False)
model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.Dropout(0.3)(x)))
model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train, validation_data=valid, epochs=10)
print(history.history["val_accuracy"])
model.save("model.keras")
```

## Known limits

Silent where a step on the way from the pixels to the base is not known, for bases without ImageNet weights, and for models that load weights of their own.
`Rescaling(1 / 255)` in a model is taken to mean that it gets pixels from 0 to 255.

## References

- https://keras.io/api/applications/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.facts.applications import Base, bases
from kerascheck.facts.data import DataArray, DataKind, Step, StepKind
from kerascheck.facts.entries import keeps_values
from kerascheck.facts.events import Data, Evaluation, Fit
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.keras_api.applications import Scaling, modules
from kerascheck.rule import rule

_BYTES: Final = 255.0
_WANTED: Final = {
    Scaling.CAFFE: "BGR pixels minus the mean colour of ImageNet",
    Scaling.TF: "pixels from -1 to 1",
    Scaling.TORCH: "pixels standardized by the colours of ImageNet",
    Scaling.NONE: "pixels from 0 to 255, which it scales itself",
}


class Pixels(Struct, frozen=True):
    """What is known of the values on their way: their range, or the function that made them; `place` did it."""

    low: float | None = None
    high: float | None = None
    module: str = ""
    place: Location | None = None
    by: str = ""


@rule("KC232", "application-preprocessing", Severity.WARNING, since="0.1", mentions=("applications",))
def application_preprocessing(program: TrainingProgram) -> Iterator[Finding]:
    for graph in program.models.values():
        if not any(True for _ in program.uses(graph.key, "load_weights", "set_weights")):
            yield from _in_model(graph, program)


def _in_model(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    for base in bases(graph):
        way = _way_in(graph, base.node)
        if way is None or not base.is_pretrained or base.layer.config.get("include_preprocessing", True) is not True:
            continue
        for pixels in _sources(graph, program, way):
            arriving = _through(way, pixels)
            if arriving is not None and (found := _judged(base, arriving)) is not None:
                yield found
                break


def _way_in(graph: ModelGraph, node: Node) -> Sequence[Node] | None:
    """The calls between the only input of the graph and a call, in order; None where the way forks."""
    found: list[Node] = []
    while len(node.inputs) == 1:
        before = graph.producer(node.inputs[0])
        if before is None or not before.inputs:
            return found[::-1] if len(graph.inputs) == 1 and node.inputs[0].key == graph.inputs[0].key else None
        found.append(before)
        node = before
    return None


def _sources(graph: ModelGraph, program: TrainingProgram, way: Sequence[Node]) -> Iterator[Pixels]:
    """The data that the model gets; where none is known, the layers in front of the base speak for themselves."""
    known = False
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)) and event.model == graph.key and event.certain:
            pixels = _of_data(event.x)
            if pixels is not None:
                known = True
                yield pixels
    if not known and way:
        yield Pixels()


def _of_data(data: Data) -> Pixels | None:
    if isinstance(data, tuple) and len(data) == 1:
        data = data[0]
    if not isinstance(data, DataArray):
        return None
    array = data if data.kind is DataKind.ARRAY else next(iter(data.elements), None)
    if array is None or array.labels:
        return None
    step = _scaling_step(array.history)
    if step is not None and step.by.endswith(".preprocess_input"):
        return Pixels(module=step.by.partition(".")[0], place=step.location, by=step.by)
    if isinstance(array.minimum, Unknown) or isinstance(array.maximum, Unknown):
        return None
    place = step.location if step is not None else None
    return Pixels(float(array.minimum), float(array.maximum), place=place, by=step.by if step is not None else "")


def _scaling_step(history: Sequence[Step]) -> Step | None:
    return next((step for step in reversed(history) if step.kind is StepKind.SCALED), None)


def _through(way: Sequence[Node], pixels: Pixels) -> Pixels | None:
    """What the layers in front of the base make of the values; None where that is not known."""
    for node in way:
        layer = node.layer
        if layer.kind is LayerKind.OPERATION and layer.class_name == "preprocess_input":
            module = layer["module"]
            if pixels.module or not isinstance(module, str) or module not in modules():
                return None
            if modules()[module] is not Scaling.NONE:
                pixels = Pixels(module=module, place=node.location, by=f"{module}.preprocess_input")
        elif layer.kind is not LayerKind.BUILTIN:
            return None
        elif layer.class_name == "Rescaling":
            scale, offset = layer["scale"], layer["offset"]
            if pixels.module or not isinstance(scale, (int, float)) or not isinstance(offset, (int, float)):
                return None
            low = 0.0 if pixels.low is None else pixels.low
            high = _BYTES if pixels.high is None else pixels.high
            pixels = Pixels(low * scale + offset, high * scale + offset, place=node.location, by=layer.label)
        elif not keeps_values(layer):
            return None
    return pixels


def _judged(base: Base, pixels: Pixels) -> Finding | None:
    wanted = base.network.scaling
    if pixels.module:
        done = modules().get(pixels.module)
        if done is None or done is wanted:
            return None
        return _wrong(base, pixels, f"`{pixels.by}`, which is made for another network")
    low, high = pixels.low, pixels.high
    if low is None or high is None:
        return None
    if low == 0 and high == _BYTES:
        return None if wanted is Scaling.NONE else _unscaled(base)
    if low < 0 and (wanted is Scaling.TF or high > 1.5):
        # From -1 to 1 as it should be, or standardized by hand in a way that only the numbers could tell.
        return None
    if high <= 1.5:
        return _wrong(base, pixels, f"values from {low:.2g} to {high:.2g}")
    return None


def _unscaled(base: Base) -> Finding:
    network = base.network
    return Finding(
        f"`{base.layer.written}` gets pixels from 0 to 255 as they were loaded, and was trained on {_WANTED[network.scaling]}",
        base.layer.location,
        help=f"pass the images through `keras.applications.{network.module}.preprocess_input` first",
        label="without its preprocessing",
        layer=base.layer.address,
    )


def _wrong(base: Base, pixels: Pixels, what: str) -> Finding:
    network = base.network
    place = pixels.place or base.layer.location
    twice = network.scaling is Scaling.NONE
    consequence = ": they are scaled twice" if twice else ""
    return Finding(
        f"`{base.layer.written}` gets {what}, and was trained on {_WANTED[network.scaling]}{consequence}",
        place,
        help="leave the pixels from 0 to 255 as they are"
        if twice
        else f"use `keras.applications.{network.module}.preprocess_input` on pixels from 0 to 255 instead",
        label="scaled twice" if twice else "not the scale of the base",
        layer=base.layer.address,
        related=(Related(base.layer.location, "this base"),) if place != base.layer.location else (),
    )
