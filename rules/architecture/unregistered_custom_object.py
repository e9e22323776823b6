"""A custom layer that a saved model cannot bring back.

## What it does

Looks at models that a script saves whole to `.keras` or `.h5`, by `save`, `save_model` or a checkpoint, and that hold
layers of the script's own classes. It speaks of a class whose `__init__` takes arguments and that has no `get_config`,
and of a class that is not registered while the script never tells a loader about it. A missing `get_config` of a class
that is registered is a hint. One finding a class.

## Why it matters

The file holds the name of the class and what `get_config` returns, no code. Without `get_config` older versions of
Keras stop as they save, at the end of the training, and today's bring back only plain numbers and strings; without
registration `load_model` stops with an unknown object. Both show when the model is needed, long after it was trained.

## Bad

```python
import keras
from keras import layers


class Block(layers.Layer):  # KC237
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(units, activation="relu", kernel_regularizer="l2")

    def call(self, inputs):
        return self.dense(inputs)


inputs = keras.Input((20,))
model = keras.Model(inputs, layers.Dense(1)(Block(64)(inputs)))
model.save("model.keras")
```

```python
import keras
from keras import layers


class Scale(layers.Layer):  # KC237
    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor


model = keras.Sequential([keras.Input((20,)), Scale(), layers.Dense(1, kernel_regularizer="l2")])
model.save("model.h5")
```

## Good

```python
import keras
from keras import layers


@keras.saving.register_keras_serializable()
class Block(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, activation="relu", kernel_regularizer="l2")

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


inputs = keras.Input((20,))
model = keras.Model(inputs, layers.Dense(1)(Block(64)(inputs)))
model.save("model.keras")
```

## Known limits

Silent for models that are saved to a folder or to a path that is not known, and for scripts that load or register with
custom objects anywhere.

## References

- https://keras.io/guides/serialization_and_saving/#custom-objects
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.classes import CustomClass
from kerascheck.facts.graph import GraphKind, Layer, LayerKind, ModelGraph
from kerascheck.facts.keeping import Keeping, keepings
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_SUFFIXES: Final = (".keras", ".h5", ".hdf5")
_NAMING: Final = frozenset({"custom_object_scope", "CustomObjectScope", "get_custom_objects"})


@rule("KC237", "unregistered-custom-object", Severity.WARNING, since="0.1")
def unregistered_custom_object(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    named = any(call.name in _NAMING or "custom_objects" in call.keywords for call in usage.calls)
    for cls in program.classes:
        if cls.is_model:
            continue
        kept = next((found for graph in program.models.values() for found in _kept(program, graph, cls)), None)
        if kept is None:
            continue
        if cls.parameters and not cls.has_get_config:
            yield _without_config(cls, kept, Severity.INFO if cls.registered or named else Severity.WARNING)
        elif not cls.registered and not named:
            yield _unregistered(cls, kept)


def _kept(program: TrainingProgram, graph: ModelGraph, cls: CustomClass) -> Iterator[Keeping]:
    """Where a model with a layer of the class is written to a file."""
    if any(layer.written == cls.name for layer in _rebuilt(graph)):
        for found in keepings(program, graph):
            if found.suffix in _SUFFIXES and found.model == graph.key:
                yield found


def _rebuilt(graph: ModelGraph) -> Iterator[Layer]:
    """The layers that a loader makes one by one; those inside a subclassed model or layer come with its `__init__`."""
    if graph.kind is GraphKind.SUBCLASSED:
        return
    for layer in graph.layers:
        yield layer
        if layer.kind is LayerKind.MODEL and layer.model is not None:
            yield from _rebuilt(layer.model)


def _without_config(cls: CustomClass, kept: Keeping, level: Severity) -> Finding:
    arguments = " and ".join(f"`{name}`" for name in cls.parameters)
    return Finding(
        f"`{cls.name}` takes {arguments} and has no `get_config`: older Keras cannot save it or loses {arguments}, and "
        "today's brings it back only where all arguments are plain numbers and strings",
        cls.location,
        help="define `get_config`, returning `super().get_config()` and the arguments of `__init__`",
        label="not saved with the model",
        related=(Related(kept.location, "a model with this layer is saved here"),),
        severity=level,
    )


def _unregistered(cls: CustomClass, kept: Keeping) -> Finding:
    return Finding(
        f"`{cls.name}` is not registered: `load_model` does not know the class when it reads the saved model",
        cls.location,
        help="decorate the class with `@keras.saving.register_keras_serializable()`",
        label="unknown to the loader",
        related=(Related(kept.location, "a model with this layer is saved here"),),
    )
