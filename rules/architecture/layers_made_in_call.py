"""Layers or variables that come to be in `call`, or that Keras does not find.

## What it does

Reads the `call` of layers and models that the script defines, with the methods that it calls. It speaks of layers with
weights, of `add_weight` and of variables that are made there in every call, of random layers made there, which Keras 3
refuses, and of layers with weights that `call` uses from a global name, from a plain object or from a container that
Keras does not look into.

## Why it matters

A layer that is made in `call` has new weights in each call: under `fit` TensorFlow stops at the second one, and in a
loop of your own nothing is ever learned. A layer that Keras does not find belongs to no model: its weights are not
trained, not saved and not counted, and nothing says so.

## Bad

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")

    def call(self, inputs):
        x = self.hidden(inputs)
        return layers.Dense(1)(x)  # KC239
```

```python
import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def call(self, inputs):
        factor = tf.Variable(1.0)  # KC239
        offset = self.add_weight(shape=(), initializer="zeros")  # KC239
        return inputs * factor + offset
```

```python
import keras
from keras import layers


class Head:
    def __init__(self, units):
        self.dense = layers.Dense(units)

    def __call__(self, inputs):
        return self.dense(inputs)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.head = Head(1)  # KC239

    def call(self, inputs):
        return self.head(self.hidden(inputs))
```

```python
import keras
from keras import layers

projection = layers.Dense(1)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")

    def call(self, inputs):
        return projection(self.hidden(inputs))  # KC239
```

```python
from collections import deque

import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = deque([layers.Dense(64, activation="relu"), layers.Dense(1)])  # KC239

    def call(self, inputs):
        x = inputs
        for block in self.blocks:
            x = block(x)
        return x
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)

    def call(self, inputs, training=False):
        x = layers.Dropout(0.5)(inputs, training=training)  # KC239
        return self.head(x)
```

## Good

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(64, activation="relu") for _ in range(3)]
        self.drop = layers.Dropout(0.5)
        self.head = None

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs, training=False):
        x = layers.Flatten()(inputs)  # holds nothing
        for block in self.blocks:
            x = block(x)
        if self.head is None:
            self.head = layers.Dense(1)
        return self.head(self.drop(x * self.scale, training=training))
```

## Known limits

What is made behind a test of the object's own state is taken to be made once. A class that overrides how its weights
are collected is trusted to find them.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/
- https://www.tensorflow.org/guide/function#creating_tfvariables
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.classes import CustomClass, Made, Untracked
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC239", "layers-made-in-call", Severity.ERROR, since="0.1", mentions=("def call(", "def call ("))
def layers_made_in_call(program: TrainingProgram) -> Iterator[Finding]:
    for cls in program.classes:
        for made in cls.made_in_call:
            if made.has_weights:
                yield _made(cls, made)
            elif made.is_random:
                yield _random(cls, made, Severity.ERROR if program.target_keras == 3 else Severity.WARNING)
        for hidden in cls.untracked:
            yield _hidden(cls, hidden)


def _made(cls: CustomClass, made: Made) -> Finding:
    return Finding(
        f"every call of `{cls.name}` makes a new `{made.class_name}` with new weights: `fit` stops with an error, and what "
        "is learned is lost",
        made.location,
        help=f"make it once, in `__init__` or `build` of `{cls.name}`, and keep it in an attribute",
        label="made in each call",
    )


def _random(cls: CustomClass, made: Made, level: Severity) -> Finding:
    return Finding(
        f"every call of `{cls.name}` makes a new `{made.class_name}`, whose random state Keras 3 refuses to create inside `fit`",
        made.location,
        help=f"make it once, in `__init__` of `{cls.name}`, and keep it in an attribute",
        label="made in each call",
        severity=level,
    )


def _hidden(cls: CustomClass, hidden: Untracked) -> Finding:
    layers = " and ".join(f"`{name}`" for name in hidden.layers)
    plural = "s" if len(hidden.layers) > 1 else ""
    return Finding(
        f"Keras does not find the {layers} layer{plural} that `{cls.name}` uses through {hidden.where}: their weights are "
        "neither trained nor saved",
        hidden.location,
        help=_advice(hidden),
        label="not tracked",
    )


def _advice(hidden: Untracked) -> str:
    if "no Layer" in hidden.where:
        return "let the class extend `keras.layers.Layer` and call `super().__init__()` in it"
    if "global" in hidden.where:
        return f"assign it to an attribute in `__init__`: `self.{hidden.name} = {hidden.name}`"
    return "keep the layers in a list, a tuple or a dictionary"
