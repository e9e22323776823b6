"""A `call` in which dropout or batch normalization is cut off from the mode of training.

## What it does

Reads the `call` of layers and models that the script defines, with the methods that it calls. An error: a dropout,
noise or batch normalization layer run by `.call()`, which skips Keras; a dropout with `training=False` written out; and a
`dropout` function that nothing turns off. A hint, once a class: layers of this kind that are called without `training`.

## Why it matters

`fit` calls the model with `training=True`, `evaluate` and `predict` with `training=False`. Keras hands the mode on to
inner layers, but only through their `__call__`: by `.call()` a dropout never drops anything and a batch normalization
never learns its statistics, without any message. A bare dropout function does the opposite and goes on dropping when
the model predicts.

## Bad

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.drop = layers.Dropout(0.5)
        self.head = layers.Dense(1)

    def call(self, inputs, training=None):
        x = self.hidden(inputs)
        x = self.drop.call(x)  # KC238
        return self.head(x)
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.drop = layers.Dropout(0.5)
        self.head = layers.Dense(1)

    def call(self, inputs):
        return self.head(self.drop(self.hidden(inputs), training=False))  # KC238
```

```python
import keras
import tensorflow as tf


class Block(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units)

    def call(self, inputs):
        return tf.nn.dropout(self.dense(inputs), rate=0.3)  # KC238
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.norm = layers.BatchNormalization()
        self.head = layers.Dense(1)

    def call(self, inputs):
        x = self.norm(self.hidden(inputs))  # KC238
        return self.head(x)
```

## Good

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(0.5)
        self.head = layers.Dense(1)

    def call(self, inputs, training=False):
        x = self.hidden(inputs)
        x = self.norm(x, training=training)
        x = self.drop(x, training=training)
        return self.head(x)
```

## Known limits

`training=True` written out is taken for Monte Carlo dropout and `training=False` on a batch normalization for a frozen
one: both are left alone. Custom training loops are the subject of another rule.

## References

- https://keras.io/guides/making_new_layers_and_models_via_subclassing/#privileged-training-argument-in-the-call-method
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.classes import CustomClass, InnerCall, Training
from kerascheck.facts.families import DROPOUTS, NOISE
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_DROPPING: Final = DROPOUTS | NOISE
_MODAL: Final = _DROPPING | {"BatchNormalization"}
_HELP: Final = "give `call` the parameter `training=False` and write `self.{}(x, training=training)`"


@rule("KC238", "call-ignores-training", Severity.ERROR, since="0.1", mentions=("def call(", "def call ("))
def call_ignores_training(program: TrainingProgram) -> Iterator[Finding]:
    for cls in program.classes:
        calls = [call for call in cls.calls if call.class_name in _MODAL]
        for call in calls:
            if call.bypasses and call.training is Training.ABSENT:
                yield _bypassed(call)
            elif call.training is Training.FALSE and call.class_name in _DROPPING:
                yield _switched_off(call)
        for place in cls.dropouts:
            yield Finding(
                f"`{cls.name}.call` drops values in every call, when the model predicts as well",
                place,
                help="make a `Dropout` layer in `__init__` and call it with `training=training`",
                label="never turned off",
            )
        yield from folded(
            _silent(cls, call) for call in calls if call.training is Training.ABSENT and not call.bypasses
        )


def _bypassed(call: InnerCall) -> Finding:
    drops = call.class_name in _DROPPING
    effect = "drops nothing in training" if drops else "never updates its statistics in training"
    return Finding(
        f"`self.{call.attribute}.call` skips what Keras does around a call: this `{call.class_name}` {effect}",
        call.location,
        help=_HELP.format(call.attribute),
        label="not told that it trains",
    )


def _switched_off(call: InnerCall) -> Finding:
    return Finding(
        f"`self.{call.attribute}` is called with `training=False` in training as well: this `{call.class_name}` "
        "never does anything",
        call.location,
        help=_HELP.format(call.attribute),
        label="always off",
    )


def _silent(cls: CustomClass, call: InnerCall) -> Finding:
    return Finding(
        f"`self.{call.attribute}` is called without `training`: this `{call.class_name}` learns the mode only from Keras, "
        f"and not where `{cls.name}.call` is run by itself",
        call.location,
        help=_HELP.format(call.attribute),
        severity=Severity.INFO,
    )
