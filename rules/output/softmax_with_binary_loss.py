"""Binary cross-entropy judges softmax outputs as if each were a question of its own.

## What it does

Compares the loss of each output with its last activation. It speaks where `binary_crossentropy` meets a softmax: an error
for three or more units, or where the labels are known to be class indices, a warning for two and for a number that is
not known.

## Why it matters

Softmax makes the classes compete for one answer; binary cross-entropy asks of every class by itself whether it is there.
The loss is then not the likelihood of the labels: with ten classes nine tenths of it reward saying no to the wrong ones.
Older Keras also derives `binary_accuracy` from this loss, which counts each unit and shows 90 % for a model that knows
nothing. Class indices do not even fit: one column of labels is compared with several of predictions. With exactly two
units and one-hot labels both losses are equal, which is luck.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])  # KC302
```

Two units:

```python
from keras import Input, Sequential
from keras.layers import Activation, Dense
from keras.losses import BinaryCrossentropy

model = Sequential()
model.add(Input((20,)))
model.add(Dense(2))
model.add(Activation("softmax"))
model.compile("adam", BinaryCrossentropy(), metrics=["accuracy"])  # KC302
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

Labels that can go together (a film of several genres):

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
```

## Known limits

The fix takes the classes to exclude each other, which only the author knows: it is marked unsafe.

## References

- <https://keras.io/api/losses/probabilistic_losses/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import Encoding
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import BINARY, Judgement, gives_back_input, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule


@rule("KC302", "softmax-with-binary-loss", Severity.ERROR, since="0.1", fixable=True, mentions=("oftmax",))
def softmax_with_binary_loss(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        output = judgement.output
        if (
            judgement.loss.name not in BINARY
            or output.activation != "softmax"
            or judgement.loss.from_logits is not False
        ):
            continue
        if output.units != 1:
            yield _finding(judgement)


def _finding(judgement: Judgement) -> Finding:
    output, loss = judgement.output, judgement.loss_name
    count = f"{output.units} " if isinstance(output.units, int) else ""
    if any(gives_back_input(fit) for fit in judgement.fits):
        return _of_autoencoder(judgement, count)
    integers = next((array for _, array in judgement.targets() if array.encoding is Encoding.INTEGER), None)
    right = "sparse_categorical_crossentropy" if integers is not None else "categorical_crossentropy"
    if integers is not None:
        labels = f"`{integers.name}`" if integers.name else "the labels"
        message = f"`{loss}` compares one column of class indices in {labels} with the {count}softmax outputs of `{output.title}`: shapes and meaning disagree"
    else:
        message = f"`{loss}` judges the {count}softmax outputs of `{output.title}` as {count}separate yes/no questions, though softmax gives one answer"
    return Finding(
        message=message,
        location=judgement.location,
        label="judges each class by itself",
        help=f'write `loss="{right}"` for classes that exclude each other, or `activation="sigmoid"` for labels that can go together',
        severity=Severity.ERROR if integers is not None or _several(output.units) else Severity.WARNING,
        related=(Related(output.location, "softmax is applied here"),) if output.location is not None else (),
        fix=judgement.other_loss(right, safe=False),
        layer=output.address,
    )


def _of_autoencoder(judgement: Judgement, count: str) -> Finding:
    output, layer = judgement.output, judgement.output.layer
    written = layer.places.get("activation") if layer is not None else None
    place = written or output.location
    return Finding(
        message=f"`{output.title}` is to give back the inputs, but softmax makes its {count}numbers sum to 1, and `{judgement.loss_name}` judges each by itself",
        location=place or judgement.location,
        label="shares a sum of 1",
        help='write `activation="sigmoid"`, which lets each number be anything from 0 to 1',
        severity=Severity.ERROR if _several(output.units) else Severity.WARNING,
        related=(Related(judgement.location, "the loss is set here"),) if judgement.loss.location.line else (),
        fix=Fix((Edit(written, '"sigmoid"'),), safe=False) if written is not None else None,
        layer=output.address,
    )


def _several(units: int | Unknown) -> bool:
    return isinstance(units, int) and units > 2
