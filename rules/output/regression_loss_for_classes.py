"""A distance between numbers as the loss of a classifier.

## What it does

Finds softmax outputs under a regression loss (`mean_squared_error`, `mean_absolute_error`, `huber` …), and regression losses
on labels that are known to be classes: one-hot rows, or class indices of a data set or an encoder.

## Why it matters

Squared error on probabilities is flat where the model is surest of the wrong class: the gradient of the softmax is near
zero there and nothing pulls it back, so training is slow and often ends with all samples in one class. On class
indices it claims that class 9 is nine times as far from class 0 as class 1 is.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(5, activation="softmax")])
model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])  # KC308
```

Class indices as numbers:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mean_absolute_error")  # KC308
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
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

## Known limits

Labels that mean an order (ratings of one to five) may well be fitted as numbers; where an encoder made them, this is
pointed out all the same. Softmax outputs that are to match given proportions are better served by `kl_divergence`.

## References

- <https://keras.io/api/losses/>
- Golik, Doetsch, Ney, Cross-entropy vs. squared error training (Interspeech 2013)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Encoding
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import REGRESSION, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

CLASSES = (Encoding.ONE_HOT, Encoding.INTEGER)


@rule("KC308", "regression-loss-for-classes", Severity.WARNING, since="0.1")
def regression_loss_for_classes(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        if judgement.loss.name not in REGRESSION:
            continue
        targets = [labels for _, labels in judgement.targets()]
        classes = next((labels for labels in targets if labels.encoding in CLASSES), None)
        if classes is not None:
            yield _finding(judgement, classes)
        elif judgement.output.activation == "softmax" and judgement.output.units != 1 and not _are_numbers(targets):
            yield _finding(judgement, None)


def _are_numbers(targets: list[DataArray]) -> bool:
    return any(labels.encoding is Encoding.CONTINUOUS for labels in targets)


def _finding(judgement: Judgement, classes: DataArray | None) -> Finding:
    output, loss = judgement.output, judgement.loss_name
    if classes is None:
        message = f"`{loss}` on the softmax outputs of `{output.title}` hardly corrects a model that is sure of the wrong class"
    else:
        form = "one-hot rows" if classes.encoding is Encoding.ONE_HOT else "class indices"
        name = f"`{classes.name}` holds" if classes.name else "the labels are"
        if classes.kind is DataKind.GENERATOR:
            name = "the generator yields"
        message = f"{name} {form}, but `{loss}` measures the distance between numbers"
    related = [Related(output.location, "softmax is applied here")] if classes is None and output.location else []
    if classes is not None:
        related.append(Related(classes.location, "the labels come from here"))
    return Finding(
        message=message,
        location=judgement.location,
        label="a regression loss for classes",
        help=_help(judgement, classes),
        related=tuple(related) if judgement.loss.location.line else (),
        layer=output.address,
    )


def _help(judgement: Judgement, classes: DataArray | None) -> str:
    count = classes.classes if classes is not None else None
    if judgement.output.units == 1 and isinstance(count, int) and count > 2:
        return f'give `{judgement.output.title}` {count} units and softmax, and write `loss="sparse_categorical_crossentropy"`'
    return f'write `loss="{_right(judgement, classes)}"`'


def _right(judgement: Judgement, classes: DataArray | None) -> str:
    if judgement.output.units == 1:
        return "binary_crossentropy"
    sparse = classes is not None and classes.encoding is Encoding.INTEGER
    return "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
