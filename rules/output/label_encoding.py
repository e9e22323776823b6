"""The labels are written in another way than the loss reads them.

## What it does

Follows the labels from where they are made to `fit` and compares how they are written with the loss of the output that
they are held against: one-hot rows with a sparse loss, class indices with `categorical_crossentropy`, and one-hot rows,
also those of `flow_from_directory`, for an output of one unit.

## Why it matters

`categorical_crossentropy` reads one column a class, `sparse_categorical_crossentropy` one index a sample. The shapes
cannot meet: `fit` stops with an error about incompatible shapes. Where broadcasting lets it through (older releases, one
unit), every sample is compared with the labels of others.

## Bad

Class indices and the loss for one-hot rows:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])  # KC306
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
```

One-hot rows and the loss for class indices:

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = mnist.load_data()
y_train = to_categorical(y_train, 10)
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC306
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
```

One-hot rows for one unit:

```python
from keras import Input, Sequential
from keras.datasets import imdb
from keras.layers import Dense
from keras.utils import to_categorical, pad_sequences

(x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=1000)
y_train = to_categorical(y_train)  # KC306
model = Sequential([Input((200,)), Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(pad_sequences(x_train, maxlen=200), y_train, batch_size=128, epochs=5, validation_split=0.1)
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
y_train, y_test = to_categorical(y_train), to_categorical(y_test)
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Labels read from files count only where the script itself encodes them. Labels that a dataset yields are not looked into.

## References

- <https://keras.io/api/losses/probabilistic_losses/>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, StepKind
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import BINARY, ONE_HOT, SPARSE, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC306", "label-encoding", Severity.ERROR, since="0.1", fixable=True)
def label_encoding(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        for labels in judgement.judged(program):
            finding = _compared(judgement, labels)
            if finding is not None:
                yield finding if finding.fix is not None else replace(finding, fix=_plain(program, labels, finding))
                break


def _plain(program: TrainingProgram, labels: DataArray, finding: Finding) -> Fix | None:
    """The two classes as they were before they were made one-hot rows."""
    statements = program.statements
    if statements is None or _width(labels) != 2 or finding.location != _made(labels):
        return None
    edit = statements.remove_change(finding.location)
    return Fix((edit,), safe=False) if edit is not None else None


def _compared(judgement: Judgement, labels: DataArray) -> Finding | None:
    name, units = judgement.loss.name, judgement.output.units
    if name in SPARSE and _is_one_hot(labels, units):
        return _wrong_loss(judgement, labels, "categorical_crossentropy")
    if name in ONE_HOT and _is_column(labels, judgement):
        return _wrong_loss(judgement, labels, "sparse_categorical_crossentropy")
    if name in BINARY and units == 1 and labels.encoding is Encoding.ONE_HOT and _width(labels) != 1:
        return _wrong_labels(judgement, labels)
    return None


def _is_one_hot(labels: DataArray, units: int | Unknown) -> bool:
    """Whether the labels have one column a class: they were made so, or are as wide as the output."""
    if labels.encoding is Encoding.ONE_HOT:
        return _width(labels) != 1
    shape = labels.shape
    return not isinstance(shape, Unknown) and len(shape) == 2 and isinstance(units, int) and shape[1] == units > 1


def _is_column(labels: DataArray, judgement: Judgement) -> bool:
    """Whether the labels are one number a sample, for an output of several units."""
    if judgement.output.units == 1:
        return False
    if labels.encoding is Encoding.INTEGER and _width(labels) in (None, 1):
        return True
    shape, output = labels.shape, judgement.output
    if isinstance(shape, Unknown) or not isinstance(output.units, int) or output.rank != 2 or output.units < 2:
        return False
    return len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)


def _width(labels: DataArray) -> int | None:
    """The number of label columns; 1 for plain rows of indices, None where it is not known."""
    shape = labels.shape
    if isinstance(shape, Unknown):
        return None
    last = shape[-1] if len(shape) > 1 else 1
    return last if isinstance(last, int) else None


def _wrong_loss(judgement: Judgement, labels: DataArray, right: str) -> Finding:
    name = f"`{labels.name}`" if labels.name else "the label array"
    if judgement.loss.name in SPARSE:
        told = f"`{judgement.loss_name}` reads one class index a sample, but {name} has one column a class"
    else:
        told = f"`{judgement.loss_name}` reads one column a class, but {name} holds one class index a sample"
    return Finding(
        message=f"{told}: the shapes cannot meet and training fails",
        location=judgement.location,
        label="does not read these labels",
        help=f'write `loss="{right}"`',
        related=(Related(_made(labels), _how(labels)),),
        fix=judgement.other_loss(right, safe=True),
        layer=judgement.output.address,
    )


def _wrong_labels(judgement: Judgement, labels: DataArray) -> Finding:
    output = judgement.output
    width = _width(labels)
    rows = f"one-hot rows of {width} columns" if width is not None else "one-hot rows"
    name = f"`{labels.name}`" if labels.name else "the labels"
    if labels.kind is DataKind.GENERATOR:
        name, help_ = "the generator", 'write `class_mode="binary"`'
    else:
        help_ = f"keep the class indices, or give `{output.title}` one unit a class with softmax and `categorical_crossentropy`"
    place = output.source.location if output.source is not None else None
    return Finding(
        message=f"{name} gives {rows}, but `{output.title}` has one unit: `{judgement.loss_name}` cannot compare them",
        location=_made(labels),
        label="one-hot rows",
        help=help_,
        related=(Related(place, "one unit here"),) if place is not None else (),
        layer=output.address,
    )


def _made(labels: DataArray) -> Location:
    step = labels.step(StepKind.ENCODED) or labels.step(StepKind.LOADED)
    return step.location if step is not None else labels.location


def _how(labels: DataArray) -> str:
    return "one-hot rows are made here" if labels.encoding is Encoding.ONE_HOT else "the labels come from here"
