"""A training step of one's own that does not train, or not as it should.

## What it does

Looks at `with tf.GradientTape()` blocks: gradients that nothing uses, a loss that is computed below the block, a loss that
numpy computes, and a model with dropout or batch normalization that is called without `training=True`.

## Why it matters

The tape knows only what happens inside its block and in TensorFlow: the gradient of any other loss is `None`. Gradients that
are never applied change nothing. Called without `training=True`, dropout is off and batch normalization does not learn its
statistics.

## Bad

```python
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(1e-3)


def step(x, y):
    with tf.GradientTape() as tape:
        prediction = model(x)  # KC515
        loss = tf.reduce_mean(tf.square(y - prediction))
    gradients = tape.gradient(loss, model.trainable_variables)  # KC515
    return loss
```

```python
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(1e-3)


def step(x, y):
    with tf.GradientTape() as tape:
        prediction = model(x, training=True)
    loss = tf.reduce_mean(tf.square(y - prediction))
    gradients = tape.gradient(loss, model.trainable_variables)  # KC515
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

```python
import tensorflow as tf
from tensorflow import keras


class Own(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x))  # KC515
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


inputs = keras.Input((20,))
outputs = keras.layers.Dense(1)(keras.layers.Dropout(0.5)(inputs))
model = Own(inputs, outputs)
model.compile("adam", "mse")
```

## Good

```python
import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(1e-3)


@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        prediction = model(x, training=True)
        loss = tf.reduce_mean(tf.square(y - prediction))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss
```

## Known limits

Of a `train_step` only calls of the model itself are looked at, and models that are arguments of a step are not looked into.

## References

- <https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.steps import Tape
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

TWO_MODES: Final = frozenset(
    {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout"}
    | {"GaussianNoise", "BatchNormalization"}
)


@rule("KC515", "gradient-tape", Severity.ERROR, since="0.1", mentions=("Tape",))
def gradient_tape(program: TrainingProgram) -> Iterator[Finding]:
    for tape in program.tapes:
        yield from _outside(tape)
        for place in tape.constant:
            yield Finding(
                message="numpy computes this loss, so that the tape gives `None` for every weight",
                location=place,
                label="no gradient flows through numpy",
                help="compute the loss with `tf` or `keras.ops` functions",
            )
        for place in tape.unused:
            yield Finding(
                message="these gradients are never applied: the step changes no weight",
                location=place,
                label="nothing uses them",
                help="apply them: `optimizer.apply_gradients(zip(gradients, model.trainable_variables))`",
            )
        yield from _untrained(tape, program)


def _outside(tape: Tape) -> Iterator[Finding]:
    for place in tape.outside:
        yield Finding(
            message="this loss is computed outside the tape's block, so that the tape gives `None` for every weight",
            location=place,
            label="not recorded",
            help="move the computation of the loss into the `with` block",
            related=(Related(tape.location, "the tape records here only"),),
        )


def _untrained(tape: Tape, program: TrainingProgram) -> Iterator[Finding]:
    for key, place in tape.untrained:
        graph = program.graph(key)
        layer = next((layer for layer in graph.every_layer() if layer.class_name in TWO_MODES), None) if graph else None
        if layer is not None:
            yield Finding(
                message=f"the model is called without `training=True`: `{layer.class_name}` behaves as in prediction while it is trained",
                location=place,
                label="in prediction mode",
                help="call it with `training=True` inside the tape's block",
                severity=Severity.WARNING,
                related=(Related(layer.location, "this layer has two modes"),),
            )
