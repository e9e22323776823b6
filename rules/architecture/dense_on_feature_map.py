"""A Dense output on feature maps that were never flattened or pooled.

## What it does

Reports a Dense that is the output while its input still has more axes than batch and features. It speaks when the script
shows that there is one label for each sample, or when convolutions and pooling have changed the size of the maps and the
loss is a cross-entropy, so that no label for each place can be meant.

## Why it matters

Dense works along the last axis only. Without `Flatten` or global pooling the model makes one prediction for each place
of the maps; training stops because the shapes of labels and predictions differ, or goes on with a loss over all places.

## Bad

```python
import keras
from keras import Input, Model
from keras.layers import Dense

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train / 255
y_train = keras.utils.to_categorical(y_train, 10)
inputs = Input((28, 28))
x = Dense(64, activation="relu")(inputs)
model = Model(inputs, Dense(10, activation="softmax")(x))  # KC215
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
```

```python
from keras import Input, Sequential
from keras.layers import Activation, Conv2D, Dense, MaxPooling2D

model = Sequential()
model.add(Input((32, 32, 3)))
model.add(Conv2D(32, 3, activation="relu"))
model.add(MaxPooling2D())
model.add(Dense(10))  # KC215
model.add(Activation("softmax"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D

model = Sequential()
model.add(Input((32, 32, 3)))
model.add(Conv2D(32, 3, activation="relu"))
model.add(MaxPooling2D())
model.add(GlobalAveragePooling2D())
model.add(Dense(10, activation="softmax"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

Silent where the output may be meant for each place or step: segmentation, sequences, losses of one's own. Recurrent layers
that keep the sequence are reported as KC218.

## References

- https://keras.io/api/layers/core_layers/dense/ (input with more than two axes)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Fit
from kerascheck.facts.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    DENSE,
    NORMALIZATIONS,
    PASSING,
    RECURRENT,
    TRANSPOSED,
    WINDOWS,
    core,
)
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.losses import own_losses
from kerascheck.facts.paths import source
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_TAIL: Final = PASSING | ACTIVATIONS
_CHAIN: Final = DENSE | PASSING | ACTIVATIONS | NORMALIZATIONS | WINDOWS | (CONVOLUTIONS - TRANSPOSED)
_CLASSES: Final = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"})


@rule("KC215", "dense-on-feature-map", Severity.WARNING, since="0.1")
def dense_on_feature_map(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    if len(graph.outputs) != 1 or len(graph.inputs) != 1 or graph.nested:
        return
    for _, output in graph.output_nodes():
        tail = core(output.layer).class_name in _TAIL
        dense = source(graph, output, lambda node: core(node.layer).class_name in _TAIL) if tail else output
        shape = graph.outputs[0].shape
        if dense is None or dense.layer.class_name != "Dense" or isinstance(shape, Unknown) or len(shape) < 3:
            continue
        labels = None if program is None else _labels(graph, program, shape)
        if labels is not None and not _keeps_sequence(graph, dense):
            yield _each_place(dense, shape, f"`{labels.name}` has" if labels.name else "the labels have", labels)
        elif labels is None and _shrinks(graph, dense, shape) and _classifies(graph):
            yield _each_place(dense, shape, None, None)


def _labels(graph: ModelGraph, program: TrainingProgram, output: tuple[object, ...]) -> DataArray | None:
    """Labels that are proven to be one row for each sample, where the model predicts more."""
    for fit in program.of(Fit):
        if fit.model != graph.key or not isinstance(fit.y, DataArray) or isinstance(fit.y.shape, Unknown):
            continue
        shape = fit.y.shape
        wide = shape[1] if len(shape) == 2 else None
        other = isinstance(wide, int) and isinstance(output[1], int) and wide not in (output[1], 1)
        if len(shape) == 1 or wide == 1 or other:
            return fit.y
    return None


def _keeps_sequence(graph: ModelGraph, dense: Node) -> bool:
    before = source(graph, dense, lambda node: core(node.layer).class_name in _CHAIN)
    return before is not None and core(before.layer).class_name in RECURRENT


def _shrinks(graph: ModelGraph, dense: Node, output: tuple[object, ...]) -> bool:
    """Whether a plain chain of convolutions and pooling leads from the input to maps of another size."""
    entry = source(graph, dense, lambda node: core(node.layer).class_name in _CHAIN)
    shape = graph.inputs[0].shape
    if isinstance(shape, Unknown) or len(shape) != len(output):
        return False
    if entry is not None and (entry.layer.class_name != "InputLayer" or entry.layer.kind is not LayerKind.BUILTIN):
        return False
    if entry is None and any(core(node.layer).class_name not in _CHAIN for node in graph.nodes if node.inputs):
        return False
    sizes = list(zip(shape[1:-1], output[1:-1], strict=True))
    # Maps of a single place are predictions for the whole sample with axes to spare.
    return all(isinstance(a, int) and isinstance(b, int) for a, b in sizes) and any(
        before != after and after != 1 for before, after in sizes
    )


def _classifies(graph: ModelGraph) -> bool:
    losses = own_losses(graph)
    return bool(losses) and all(loss.name in _CLASSES for loss in losses)


def _each_place(dense: Node, shape: Shape, labels: str | None, data: DataArray | None) -> Finding:
    layer = core(dense.layer)
    axes = () if isinstance(shape, Unknown) else shape[1:-1]
    places = " x ".join("?" if isinstance(size, Unknown) else str(size) for size in axes)
    contrast = f", while {labels} one row for each sample" if labels else ""
    return Finding(
        f"`{layer.label}` predicts for each of {places} places instead of once for each sample{contrast}",
        layer.location,
        help="put `Flatten()` or global pooling in front of the first Dense",
        label="on maps that were not flattened",
        layer=dense.layer.address,
        related=() if data is None else (Related(data.location, "one row for each sample"),),
    )
