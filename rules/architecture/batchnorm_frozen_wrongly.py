"""Batch normalization that is frozen, or set, against its purpose.

## What it does

Three things, in scripts only: a base model that is set not trainable but called with `training=True`; a pretrained base
that is trained on top first, then made trainable and fitted again, while its batch normalization runs in training mode;
and a `momentum` or `epsilon` outside sense.

## Why it matters

With `training=True` written into the call, dropout in the base stays on when the model predicts, and in older Keras the
frozen statistics change. When a pretrained base is made trainable, its moving statistics follow the few new batches and
spoil what its weights were trained with, unless the base is called with `training=False`. Keras's momentum is the share
that is kept: PyTorch's 0.1 here makes the statistics those of the last few batches.

## Bad

```python
from keras import Input, Model
from keras.applications import ResNet50
from keras.layers import Dense

base = ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
inputs = Input((224, 224, 3))
x = base(inputs, training=True)  # KC206
model = Model(inputs, Dense(5, activation="softmax")(x))
```

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Conv2D, Dense, Flatten, ReLU

model = Sequential([
    Input((32, 32, 3)),
    Conv2D(16, 3, use_bias=False),
    BatchNormalization(momentum=0.1),  # KC206
    ReLU(),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

## Good

```python
from keras import Input, Model
from keras.applications import ResNet50
from keras.layers import BatchNormalization, Dense, ReLU

base = ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
inputs = Input((224, 224, 3))
x = base(inputs, training=False)
x = Dense(64, use_bias=False)(x)
x = ReLU()(BatchNormalization(momentum=0.9)(x))
model = Model(inputs, Dense(5, activation="softmax")(x))
```

## Known limits

Layers that are frozen one by one are not followed.

## References

- https://keras.io/guides/transfer_learning/ (important notes about BatchNormalization layer)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Fit, ModelUse
from kerascheck.facts.families import core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.keras_api import tables
from kerascheck.rule import rule

_LEAST_MOMENTUM: Final = 0.5
_MOST_EPSILON: Final = 0.1
_WITHOUT_NORM: Final = ("VGG", "ConvNeXt")


@rule(
    "KC206",
    "batchnorm-frozen-wrongly",
    Severity.WARNING,
    since="0.1",
    mentions=("trainable", "BatchNorm", "batch_norm"),
)
def batchnorm_frozen_wrongly(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.layer.kind in (LayerKind.MODEL, LayerKind.CUSTOM):
            if node.layer.trainable is False and node.arguments.get("training") is True:
                yield _always_on(node)
            elif (unfrozen := _unfrozen(program, graph, node)) is not None:
                yield _drifting(node, unfrozen)
        yield from _settings(core(node.layer))


def _always_on(node: Node) -> Finding:
    return Finding(
        f"`{node.layer.label}` is not trainable but called with training=True: "
        "its dropout stays on when the model predicts",
        node.location,
        help="call the frozen base with `training=False`",
        label="training mode for good",
        layer=node.layer.address,
        related=(Related(node.layer.location, "this base is frozen"),),
    )


def _unfrozen(program: TrainingProgram, graph: ModelGraph, node: Node) -> Location | None:
    """Where a pretrained base with batch normalization is made trainable between two trainings of the model."""
    if node.arguments.get("training") is False or not _is_normalized_base(node.layer):
        return None
    fits = [fit.order for fit in program.of(Fit) if fit.model == graph.key and fit.certain]
    changes = [use for use in program.of(ModelUse) if use.use == "trainable" and use.model == node.layer.key]
    frozen = [use for use in changes if use.arguments.get("trainable") is False]
    for use in changes:
        opened = use.arguments.get("trainable") is True and use.certain
        between = any(order < use.order for order in fits) and any(order > use.order for order in fits)
        if opened and between and any(before.order < use.order for before in frozen):
            return use.location
    return None


def _is_normalized_base(layer: Layer) -> bool:
    """Whether a base of keras.applications holds batch normalization."""
    graph, bases = layer.model, tables.section("applications")
    if graph is None:
        return False
    return any(
        core(found).class_name == "BatchNormalization"
        or (found.class_name in bases and not found.class_name.startswith(_WITHOUT_NORM))
        for found in graph.layers
        if found.config.get("weights", "imagenet") is not None
    )


def _drifting(node: Node, place: Location) -> Finding:
    return Finding(
        f"`{node.layer.label}` is made trainable after the first training, so the moving statistics of its batch "
        "normalization follow the new batches and no longer fit its pretrained weights",
        node.location,
        help="call the base with `training=False`: it can be fine-tuned and keeps its statistics",
        label="training mode while fine-tuning",
        layer=node.layer.address,
        related=(Related(place, "made trainable here"),),
    )


def _settings(layer: Layer) -> Iterator[Finding]:
    if layer.class_name != "BatchNormalization" or layer.kind is not LayerKind.BUILTIN:
        return
    momentum, epsilon = layer["momentum"], layer["epsilon"]
    if isinstance(momentum, (int, float)) and not _LEAST_MOMENTUM <= momentum < 1:
        kept = (
            "it never changes its moving statistics"
            if momentum >= 1
            else f"each batch replaces {100 * (1 - momentum):.3g}% of the moving statistics"
        )
        yield Finding(
            f"`{layer.label}` has momentum={momentum:g}: {kept}",
            layer.place("momentum"),
            help="momentum is the share that is kept: write 0.9 to 0.99 (1 minus PyTorch's value)",
            label="share that is kept",
            layer=layer.address,
        )
    if isinstance(epsilon, (int, float)) and not 0 < epsilon <= _MOST_EPSILON:
        effect = "a channel without variance divides by zero" if epsilon <= 0 else "it outweighs the variance"
        yield Finding(
            f"`{layer.label}` has epsilon={epsilon:g}: {effect}",
            layer.place("epsilon"),
            help="write 1e-5 to 1e-3",
            label="guards the division",
            layer=layer.address,
        )
