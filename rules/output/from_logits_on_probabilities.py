"""A loss with `from_logits=True` gets outputs that are probabilities already.

## What it does

Finds outputs that end in softmax or sigmoid (looking through Reshape, Flatten, Dropout, wrappers and nested models) whose
loss was made with `from_logits=True`, or is one of TensorFlow's functions `…_with_logits` inside a `GradientTape`.

## Why it matters

The loss applies the softmax or sigmoid a second time. Squeezed twice, ten probabilities can never get further apart than
0.23 against 0.085, the loss stays high whatever is learned, and gradients shrink: training is slow and seems to be stuck.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.losses import SparseCategoricalCrossentropy

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])  # KC305
```

```python
import keras
from keras import layers

inputs = keras.Input((20,))
outputs = layers.Dense(1, activation="sigmoid")(layers.Dense(64, activation="relu")(inputs))
model = keras.Model(inputs, outputs)
loss = keras.losses.BinaryCrossentropy(from_logits=True)  # KC305
model.compile("adam", loss, metrics=["accuracy"])
```

```python
import keras
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(1)
(x, y), _ = keras.datasets.mnist.load_data()
batches = tf.data.Dataset.from_tensor_slices((x.reshape(-1, 784) / 255, y)).shuffle(60000).batch(64)
model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
optimizer = keras.optimizers.Adam()
for images, labels in batches:
    with tf.GradientTape() as tape:
        answers = model(images, training=True)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=answers)  # KC305
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
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", SparseCategoricalCrossentropy(), metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

On the TensorFlow backend some releases notice the activation in the graph, undo it and only print a warning; JAX, PyTorch
and custom training loops do what is written.

## References

- <https://keras.io/api/losses/probabilistic_losses/> (`from_logits`)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import CROSSENTROPIES, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

PROBABILITIES = frozenset({"softmax", "sigmoid"})


@rule(
    "KC305",
    "from-logits-on-probabilities",
    Severity.ERROR,
    since="0.1",
    fixable=True,
    mentions=("logits", "cross_entropy", "entropy(True"),
)
def from_logits_on_probabilities(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        loss = judgement.loss
        if loss.name in CROSSENTROPIES and loss.from_logits is True and judgement.output.activation in PROBABILITIES:
            yield _finding(judgement)


def _finding(judgement: Judgement) -> Finding:
    output, loss = judgement.output, judgement.loss
    written = loss.places.get("from_logits")
    by_name = loss.written.rpartition("_")[2] == "logits"
    who = f"`{loss.written}` squashes" if by_name else f"`from_logits=True` makes `{judgement.loss_name}` squash"
    return Finding(
        message=f"{who} the {output.activation} outputs of `{output.title}` a second time: the probabilities are flattened and learning stalls",
        location=written or judgement.location,
        label=f"the output is {output.activation} already",
        help="leave the last activation out"
        if by_name
        else "write `from_logits=False`, or leave the last activation out",
        related=(Related(output.location, f"{output.activation} is applied here"),)
        if output.location is not None and loss.location.line
        else (),
        fix=Fix((Edit(written, "False"),)) if written is not None else None,
        layer=output.address,
    )
