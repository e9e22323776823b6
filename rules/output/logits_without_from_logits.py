"""A cross-entropy that expects probabilities gets the raw numbers of a linear output.

## What it does

Finds outputs without an activation (looking through Reshape, Flatten, Dropout, wrappers and nested models) whose loss is
a cross-entropy with `from_logits=False`, which is the default: the loss of `compile`, or one that a training loop computes
itself inside a `GradientTape`.

## Why it matters

The loss takes the logarithm of what it believes to be a probability. Values below 0 or above 1 are clipped, where the
gradient is zero: units that start on the wrong side never move, the loss jumps or stands still, and `predict` gives no
probabilities.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10)])  # KC304
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
```

A loss object, and an activation that is written out:

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.losses import BinaryCrossentropy

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="linear")])  # KC304
model.compile(optimizer="adam", loss=BinaryCrossentropy(), metrics=["accuracy"])
```

```python
import keras
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(1)
(x, y), _ = keras.datasets.mnist.load_data()
batches = tf.data.Dataset.from_tensor_slices((x.reshape(-1, 784) / 255, y)).shuffle(60000).batch(64)
model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10)])  # KC304
loss_fn = keras.losses.SparseCategoricalCrossentropy()
optimizer = keras.optimizers.Adam()
for images, labels in batches:
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, model(images, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
model.save("digits.keras")
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.losses import SparseCategoricalCrossentropy

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10)])
model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

An activation inside a Lambda or a custom layer is not seen, and nothing is said of such outputs. The fix makes a loss
object take logits; for a loss given by name it adds the activation, so code that applies softmax to the predictions
afterwards must drop it.

## References

- <https://keras.io/api/losses/probabilistic_losses/> (`from_logits`)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.outputs import BINARY, CROSSENTROPIES, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC304", "logits-without-from-logits", Severity.ERROR, since="0.1", fixable=True)
def logits_without_from_logits(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        output, loss = judgement.output, judgement.loss
        if loss.name not in CROSSENTROPIES or loss.from_logits is not False:
            continue
        if output.is_known and output.activation is None and (output.units != 1 or loss.name in BINARY):
            yield _finding(graph, judgement)


def _finding(graph: ModelGraph, judgement: Judgement) -> Finding:
    output, loss = judgement.output, judgement.loss
    layer, place = output.layer, output.location
    assert layer is not None and place is not None
    activation = "sigmoid" if loss.name in BINARY else "softmax"
    given = loss.places.get("from_logits")
    if given is not None:
        return Finding(
            message=f"`{judgement.loss_name}` is told to expect probabilities, but `{output.title}` gives unbounded numbers: what lies outside 0..1 is clipped and gets no gradient",
            location=given,
            label="the output has no activation",
            help=f'write `from_logits=True`, or `activation="{activation}"` on the output',
            related=(Related(place, "no activation here"),),
            fix=_fix(graph, judgement, layer, activation),
            layer=output.address,
        )
    return Finding(
        message=f"`{output.title}` gives unbounded numbers, but `{judgement.loss_name}` takes them for probabilities: what lies outside 0..1 is clipped and gets no gradient",
        location=place,
        label="no activation",
        help=f'write `activation="{activation}"` here, or `from_logits=True` in the loss',
        related=(Related(judgement.location, "the loss expects probabilities"),) if loss.location.line else (),
        fix=_fix(graph, judgement, layer, activation),
        layer=output.address,
    )


def _fix(graph: ModelGraph, judgement: Judgement, layer: Layer, activation: str) -> Fix | None:
    slot = judgement.loss.slot
    if slot is not None:
        given = judgement.loss.places.get("from_logits")
        edit = slot.insert("from_logits=True") if given is None else Edit(given, "True")
        return Fix((edit,))
    if layer.repeated or _made_at(graph, layer.location) != 1:
        return None
    written = layer.places.get("activation")
    if written is not None:
        return Fix((Edit(written, f'"{activation}"'),))
    return Fix((layer.slot.insert(f'activation="{activation}"'),)) if layer.slot is not None else None


def _made_at(graph: ModelGraph, place: Location) -> int:
    return sum(layer.location == place for layer in graph.layers)
