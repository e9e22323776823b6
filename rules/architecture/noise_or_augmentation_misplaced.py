"""Augmentation behind learned layers, or noise on whole numbers.

## What it does

Finds image augmentation layers (`RandomFlip`, `RandomRotation` and their kin) that work on the output of a layer with
weights, and Gaussian noise on integers: an input of an integer type, or what goes into an `Embedding`.

## Why it matters

Augmentation makes new images out of images. Between convolutions it shifts and turns feature maps, which no longer
stand for pictures: what the layers before it learn never sees an augmented image, and those behind it get maps that
no image would give. Indices with noise on them are other indices, or none.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D, RandomFlip

model = Sequential([
    Input((64, 64, 3)),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(),
    RandomFlip("horizontal"),  # KC236
    Conv2D(64, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dense(5, activation="softmax", kernel_regularizer="l2"),
])
```

```python
from keras import Input, Model
from keras.layers import Dense, Embedding, GaussianNoise, GlobalAveragePooling1D

words = Input((40,), dtype="int32")
x = GaussianNoise(0.1)(words)  # KC236
x = GlobalAveragePooling1D()(Embedding(5000, 16)(x))
model = Model(words, Dense(1, activation="sigmoid", kernel_regularizer="l2")(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, GaussianNoise, GlobalAveragePooling2D, RandomFlip, Rescaling

model = Sequential([
    Input((64, 64, 3)),
    RandomFlip("horizontal"),
    Rescaling(1 / 255),
    GaussianNoise(0.05),
    Conv2D(32, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dense(5, activation="softmax", kernel_regularizer="l2"),
])
```

## Known limits

Noise and dropout between layers are regularizers and are left alone.

## References

- https://keras.io/guides/preprocessing_layers/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.chains import has_kernel
from kerascheck.facts.families import EMBEDDINGS, NOISE, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import source
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_GEOMETRIC: Final = frozenset(
    {"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop", "RandomHeight", "RandomWidth",
     "RandomContrast", "RandomBrightness", "RandomShear", "RandomPerspective", "RandomErasing", "RandAugment",
     "RandomHue", "RandomSaturation", "RandomColorJitter", "AugMix", "AutoContrast", "Solarization"}
)  # fmt: skip
_INTEGERS: Final = ("int", "uint")


@rule("KC236", "noise-or-augmentation-misplaced", Severity.WARNING, since="0.1")
def noise_or_augmentation_misplaced(graph: ModelGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        layer = core(node.layer)
        if layer.kind is not LayerKind.BUILTIN:
            continue
        if layer.class_name in _GEOMETRIC:
            learned = source(graph, node, lambda found: not has_kernel(found))
            if learned is not None:
                yield _behind(node, learned)
        elif layer.class_name in NOISE and _on_integers(graph, node):
            yield _on_indices(node)


def _behind(node: Node, learned: Node) -> Finding:
    return Finding(
        f"`{node.layer.label}` augments the feature maps of `{learned.layer.label}`, not the images",
        node.layer.location,
        help="move it in front of the first layer with weights, or into the data pipeline",
        label="behind a learned layer",
        layer=node.layer.address,
        related=(Related(learned.layer.location, "learned from images that were never augmented"),),
    )


def _on_integers(graph: ModelGraph, node: Node) -> bool:
    into = any(core(after.layer).class_name in EMBEDDINGS for after in graph.after(node))
    kinds = [tensor.dtype for tensor in node.inputs]
    return into or any(isinstance(kind, str) and kind.startswith(_INTEGERS) for kind in kinds)


def _on_indices(node: Node) -> Finding:
    return Finding(
        f"`{node.layer.label}` adds fractions to whole numbers: what it puts out are no indices any more",
        node.layer.location,
        help="put the noise behind the `Embedding`, or behind a conversion to floating point",
        label="noise on integers",
        layer=node.layer.address,
    )
