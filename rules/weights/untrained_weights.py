"""A model that was compiled for training, and whose weights are as they were made.

## What it does

Compares every kernel with the distribution that its initializer draws from, and biases with what they start as. Where all
of a compiled model are so, it was never trained, or training changed nothing; the optimizer's count of its steps tells
which. In a model that was trained it finds `BatchNormalization` layers whose moving mean and variance are still exactly 0
and 1.

## Why it matters

The file predicts by chance. Usually the wrong object was saved, the best weights were never written back, or no gradient
reached any layer. A `BatchNormalization` with its first statistics normalizes nothing when the model predicts, though it
did while training, so that predictions differ from what validation showed.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.save("untrained.keras")  # KC704
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="sgd", loss="mse")
rng = np.random.default_rng(1)
model.fit(rng.normal(size=(64, 20)), rng.normal(size=64), epochs=2, verbose=0)
model.save("model.keras")
```

## Known limits

A model with a layer of its own class, or with an initializer that is not Keras's, is not judged, and neither is one without
biases whose kernels are all small. Files without a training configuration are taken for what they are.

## References

- https://keras.io/api/layers/initializers/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import Layer, LayerKind
from kerascheck.facts.initial import State, bias_state, iterations, kernel_state, tells, untouched
from kerascheck.facts.weights import KERNELS, StoredTensor, WeightStats
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_NORMALIZERS = {"gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}


@rule("KC704", "untrained-weights", Severity.WARNING, since="0.1")
def untrained_weights(saved: SavedModel) -> Iterator[Finding]:
    graph = saved.graph
    if graph is None or not saved.weights:
        return
    judged = list(_judged(saved))
    states = [state for _, _, state in judged]
    kernels = [(tensor, stats) for tensor, stats, _ in judged if tensor.name in KERNELS]
    if not kernels:
        return
    if all(state is State.INITIAL for state in states):
        if graph.compiles and (len(judged) > len(kernels) or any(tells(stats) for _, stats in kernels)):
            yield _untrained(saved, kernels)
    elif State.CHANGED in states:
        yield from folded(_frozen_statistics(saved))


def _judged(saved: SavedModel) -> Iterator[tuple[StoredTensor, WeightStats, State]]:
    """Each weight with how it stands to its initializer."""
    for tensor in saved.tensors():
        if tensor.stats is None:
            continue
        layer = saved.layer(tensor.layer)
        yield tensor, tensor.stats, _state(tensor, tensor.stats, layer)


def _state(tensor: StoredTensor, stats: WeightStats, layer: Layer | None) -> State:
    if layer is None or layer.kind is not LayerKind.BUILTIN:
        return State.UNKNOWN
    if tensor.name in KERNELS:
        return kernel_state(tensor, stats, layer)
    if tensor.name == "bias":
        return bias_state(stats, layer)
    if tensor.name in _NORMALIZERS:
        return State.INITIAL if untouched(stats, _NORMALIZERS[tensor.name]) else State.CHANGED
    return State.UNKNOWN


def _untrained(saved: SavedModel, kernels: Sequence[tuple[StoredTensor, WeightStats]]) -> Finding:
    steps = iterations(saved)
    count = sum(stats.count for _, stats in kernels)
    if steps:
        said = f"training changed nothing in {steps:,} steps"
        help = "check that the layers are trainable, that the loss has a gradient, and that the learning rate is not 0"
    else:
        said = "it was compiled and never trained" if steps is None else "the optimizer has counted no step"
        help = "save the model after `fit`, or the object that was trained"
    return Finding(
        f"all {count:,} kernel weights lie as their initializers drew them, and every bias as it started: {said}",
        saved.location,
        help=help,
    )


def _frozen_statistics(saved: SavedModel) -> Iterator[Finding]:
    for tensor in saved.tensors():
        if tensor.name != "moving_variance" or tensor.stats is None or not untouched(tensor.stats, 1.0):
            continue
        layer = saved.layer(tensor.layer)
        mean = next((other for other in saved.of_layer(tensor.layer) if other.name == "moving_mean"), None)
        if layer is None or layer.class_name != "BatchNormalization" or mean is None or mean.stats is None:
            continue
        if untouched(mean.stats, 0.0):
            yield Finding(
                f"`{layer.label}` never learned its statistics: its moving mean is 0 and its variance 1 in all "
                f"{mean.stats.count:,} channels, while other weights were trained",
                saved.place(tensor.layer),
                help="train with the layer in training mode (`training=True` in a step of your own), and apply its updates",
                layer=tensor.layer,
            )
