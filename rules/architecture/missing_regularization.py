"""A large model with nothing against overfitting.

## What it does

Counts the weights of a model that holds no dropout, weight penalty, normalization, noise or augmentation, and, in a
script, is trained without early stopping, augmentation and weight decay. From `min-parameters` (100000) on it is a hint,
once a model. It is a warning where the script shows at least `ratio` (50) weights for each training sample over
`epochs` (10) or more.

## Why it matters

A network with far more weights than samples can learn its training data by heart: training loss goes to zero while
validation loss turns and rises. Dropout, weight penalties, augmentation and stopping in time each hold it back.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype("float32") / 255
model = Sequential([  # KC221
    Input((32, 32, 3)),
    Conv2D(64, 3, activation="relu"),
    MaxPooling2D(),
    Flatten(),
    Dense(512, activation="relu"),
    Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=60, validation_split=0.1)
```

## Good

```python
from keras import Input, Sequential
from keras.callbacks import EarlyStopping
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype("float32") / 255
model = Sequential([
    Input((32, 32, 3)),
    Conv2D(64, 3, activation="relu"),
    MaxPooling2D(),
    Conv2D(256, 3, activation="relu"),
    GlobalAveragePooling2D(),
    Dense(512, activation="relu"),
    Dropout(0.5),
    Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(patience=5, restore_best_weights=True)
history = model.fit(x_train, y_train, batch_size=64, epochs=60, validation_split=0.1, callbacks=[stop])
```

## Known limits

A frozen base of `keras.applications` counts neither as weights nor as regularization. Silent where a custom layer or callback, an unknown optimizer or a dataset pipeline may hold the missing part, and for
models that the script does not train. Of public models 19 in 20 use no weight penalty: by itself this is a hint.

## References

- Goodfellow, Bengio and Courville, Deep Learning, 2016, chapter 7
- https://keras.io/api/layers/regularizers/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.counting import trainable_of
from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.regularization import (
    may_augment,
    may_be_regularized,
    may_decay_weights,
    may_stop_early,
)
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

_DEFAULTS = {"min-parameters": 100_000, "ratio": 50, "epochs": 10}


@rule("KC221", "missing-regularization", Severity.INFO, since="0.1", options=_DEFAULTS)
def missing_regularization(graph: ModelGraph, program: TrainingProgram | None, options: Options) -> Iterator[Finding]:
    weights = 0 if graph.nested else _weights(graph)
    if weights < options.number("min-parameters", _DEFAULTS["min-parameters"]) or may_be_regularized(graph):
        return
    fits = [] if program is None else [fit for fit in program.of(Fit) if fit.model == graph.key]
    if program is not None and (not fits or any(_held_back(fit) for fit in fits)):
        return
    if any(may_decay_weights(compiled.optimizer) for compiled in graph.compiles):
        return
    yield _unprotected(graph, weights, _evidence(fits, weights, options))


def _weights(graph: ModelGraph) -> int:
    """The weights that are known to be trained; a lower bound."""
    counts = (trainable_of(layer, graph) for layer in graph.layers)
    return sum(count for count in counts if isinstance(count, int))


def _held_back(fit: Fit) -> bool:
    same = isinstance(fit.x, DataArray) and isinstance(fit.y, DataArray) and fit.x.key == fit.y.key
    # Adversarial and reinforcement learning train batch by batch; an autoencoder is held back by its bottleneck.
    return fit.method == "train_on_batch" or same or may_stop_early(fit) or may_augment(fit)


def _evidence(fits: list[Fit], weights: int, options: Options) -> tuple[int, DataArray] | None:
    """The number of training samples and the data, where the weights are far more and training is long."""
    for fit in fits:
        epochs = fit.arguments.get("epochs")
        for array in arrays(fit.x)[:1]:
            rows = None if isinstance(array.shape, Unknown) or not array.shape else array.shape[0]
            if not isinstance(rows, int) or not isinstance(epochs, int):
                continue
            long = epochs >= options.number("epochs", _DEFAULTS["epochs"])
            if long and rows and weights >= rows * options.number("ratio", _DEFAULTS["ratio"]):
                return rows, array
    return None


def _unprotected(graph: ModelGraph, weights: int, evidence: tuple[int, DataArray] | None) -> Finding:
    largest = _largest(graph)
    share = largest.parameters if isinstance(largest.parameters, int) else 0
    samples = f" for {evidence[0]:,} samples" if evidence else ""
    related = [Related(largest.location, f"`{largest.label}` holds {share:,} of them")]
    if evidence:
        related.append(Related(evidence[1].location, f"{evidence[0]:,} samples"))
    return Finding(
        f"the model has {weights:,} weights to learn{samples} and nothing against overfitting: no dropout, weight penalty, "
        "normalization, noise, augmentation or early stopping",
        graph.location,
        help=f"put `Dropout(0.5)` behind `{largest.label}`, which holds {share:,} of the weights, or give it "
        '`kernel_regularizer="l2"`; or train with `EarlyStopping(restore_best_weights=True)` and validation data',
        label="nothing against overfitting",
        severity=Severity.WARNING if evidence else None,
        related=tuple(related),
    )


def _largest(graph: ModelGraph) -> Layer:
    """The layer that learns most; of a nested model, the one inside it."""
    layers = [layer for layer in graph.every_layer() if layer.model is None]
    return max(layers, key=lambda layer: count if isinstance(count := trainable_of(layer, graph), int) else -1)
