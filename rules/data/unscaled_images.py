"""Images with values from 0 to 255 reach the first layer as they are.

## What it does

Follows images of a known data set, of an image loader or of a generator to `fit`, or to a `GradientTape`. It warns when their values still go up to
255 and the model neither rescales nor normalizes them before its first convolution or dense layer. It is an error when the
class labels were divided along with the pixels.

## Why it matters

The default initializers and learning rates are made for inputs around -1 to 1. Inputs a hundred times larger give
activations and gradients a hundred times larger: the first steps throw the weights about, sigmoid and tanh saturate, relu
units die, and training is slow or ends at chance. Class labels divided by 255 are no classes any more: a sparse
cross-entropy rounds them all to class 0.

## Bad

```python
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()  # KC109
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=20, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=64))
```

```python
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, y_train = x_train.reshape(-1, 784) / 255, y_train / 255
x_test, y_test = x_test.reshape(-1, 784) / 255, y_test / 255
model = keras.Sequential([keras.Input((784,)), layers.Dropout(0.2), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=20, validation_split=0.1)  # KC109
```

## Good

```python
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=20, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=64))
```

## Known limits

Silent where a Lambda, a custom layer or a pretrained base stands before the first layer: it may scale itself. Pretrained
bases are the matter of KC232. Silent too where a normalization takes the output of the first convolutions or dense layers:
it divides by the scale of the input, and the training is the same.

## References

- LeCun, Bottou, Orr, Mueller: Efficient BackProp (1998), section 4.3
- <https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.entries import SCALING, entries, loses_scale
from kerascheck.facts.events import Fit, ModelUse, arrays
from kerascheck.facts.families import KERNELS
from kerascheck.facts.graph import Layer
from kerascheck.facts.own_steps import OwnStep
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

LOADING = frozenset({"load_weights", "set_weights"})


@rule("KC109", "unscaled-images", Severity.WARNING, since="0.1")
def unscaled_images(program: TrainingProgram) -> Iterator[Finding]:
    seen: set[Location] = set()
    for finding in _findings(program):
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _findings(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.events:
        if not isinstance(fit, (Fit, OwnStep)):
            continue
        graph = program.graph(fit.model)
        if any(use.use in LOADING and use.order < fit.order for use in program.of(ModelUse)):
            # Weights from elsewhere bring their own idea of the input's scale.
            graph = None
        images = next((data for data in inputs_of(fit) if _is_bytes(data)), None)
        if images is not None and graph is not None and not loses_scale(graph):
            layer = _unscaled_entry(entries(graph))
            if layer is not None:
                yield _of_images(fit, images, layer)
        labels = next((data for data in arrays(fit.y) if _was_divided(data)), None)
        if labels is not None:
            yield _of_labels(fit, labels)


def inputs_of(fit: Fit | OwnStep) -> Iterator[DataArray]:
    """What the model is fed: the arrays themselves, or the first component of a dataset's batches."""
    for data in arrays(fit.x):
        if data.kind is DataKind.ARRAY:
            yield data
        else:
            yield from data.elements[:1]


def _is_bytes(data: DataArray) -> bool:
    images = isinstance(data.shape, tuple) and len(data.shape) >= 4
    known = data.origin in ("mnist", "fashion_mnist", "cifar10", "cifar100")
    return (images or known) and data.minimum == 0 and data.maximum == 255


def _unscaled_entry(found: tuple[Layer, ...] | None) -> Layer | None:
    """The first layer, where all that the input meets first are kernels."""
    if found is None or any(layer.class_name in SCALING or layer.class_name not in KERNELS for layer in found):
        return None
    return found[0]


def _was_divided(data: DataArray) -> bool:
    number = next(
        (step.arguments.get("number") for step in data.history if step.kind is StepKind.SCALED and step.by == "divide"),
        None,
    )
    classes = data.classes
    return data.labels and not isinstance(classes, Unknown) and number in (255, 255.0, 256, 256.0)


def _of_images(fit: Fit | OwnStep, images: DataArray, layer: Layer) -> Finding:
    name = f"`{images.name}`" if images.name else "the images"
    loaded = images.step(StepKind.LOADED)
    return Finding(
        message=f"{name} still {'holds' if images.name else 'hold'} values from 0 to 255 at `{layer.class_name}` in `{fit.method}` {fit.location.words}: inputs a hundred times the usual scale make training slow and unsteady",
        location=loaded.location if loaded is not None else fit.place("x"),
        help="divide by 255 before `fit`, or start the model with `layers.Rescaling(1 / 255)`",
        label="values from 0 to 255",
        related=(
            Related(layer.location, f"`{layer.class_name}` is the first layer to compute with them"),
            Related(fit.place("x"), "the model is trained on them here"),
        ),
    )


def _of_labels(fit: Fit | OwnStep, labels: DataArray) -> Finding:
    name = f"`{labels.name}`" if labels.name else "the labels"
    step = next((step for step in labels.history if step.kind is StepKind.SCALED), None)
    return Finding(
        message=f"{name} are class labels divided by 255 like pixels: they are fractions near 0 and no classes any more",
        location=fit.place("y"),
        help="scale the inputs only and leave the labels as whole numbers",
        label="scaled labels",
        severity=Severity.ERROR,
        related=(Related(step.location, "the labels are divided here"),) if step is not None else (),
    )
