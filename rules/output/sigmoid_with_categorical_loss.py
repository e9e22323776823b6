"""A categorical loss on independent sigmoid outputs, or on a single unit.

## What it does

Compares the loss of each output with its last activation. It speaks where `categorical_crossentropy` or
`sparse_categorical_crossentropy` meets sigmoid outputs, and where either meets an output of one unit.

## Why it matters

Sigmoid outputs are answers to separate questions and do not sum to 1; a categorical loss rescales them behind the scenes
and trains something else than what `predict` gives back: several classes can be near 1 at once. On a single unit the
rescaled output is always 1: `categorical_crossentropy` is 0 for every sample, there is no gradient, and class 1 of
`sparse_categorical_crossentropy` lies out of range.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(5, activation="sigmoid")])  # KC303
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
```

One unit:

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])  # KC303
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

Two classes on one unit:

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
```

## Known limits

The fix takes the classes to exclude each other, which only the author knows: it is marked unsafe.

## References

- <https://keras.io/api/losses/probabilistic_losses/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import CATEGORICAL, SPARSE, Judgement, judgements, outputs
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule


@rule("KC303", "sigmoid-with-categorical-loss", Severity.ERROR, since="0.1", fixable=True)
def sigmoid_with_categorical_loss(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    titles = [output.title for output in outputs(graph)]
    for judgement in judgements(graph, program):
        output = judgement.output
        if judgement.loss.name not in CATEGORICAL or not output.is_known or output.activation == "softmax":
            continue
        if output.units == 1:
            yield _one_unit(judgement, titles)
        elif output.activation == "sigmoid" and judgement.loss.from_logits is False:
            yield _independent(judgement)


def _one_unit(judgement: Judgement, titles: list[str]) -> Finding:
    output, loss = judgement.output, judgement.loss_name
    if judgement.loss.name in SPARSE:
        message = f"`{loss}` needs one unit a class, but `{output.title}` has a single one: every label other than 0 is out of range"
    else:
        message = f"`{loss}` on the single unit of `{output.title}` is 0 for every sample: nothing is learned"
    right = judgement.other_loss("binary_crossentropy", safe=False) if output.activation == "sigmoid" else None
    return Finding(
        message=message,
        location=judgement.location,
        label="one unit cannot tell classes apart",
        help='write `loss="binary_crossentropy"` with a sigmoid unit for two classes, or one unit a class with softmax'
        + _order(judgement, titles),
        related=(Related(output.source.location, "one unit here"),) if output.source is not None else (),
        fix=right,
        layer=output.address,
    )


def _order(judgement: Judgement, titles: list[str]) -> str:
    """Which loss goes where: Keras puts the outputs of a dictionary into an order of its own."""
    losses = judgement.compile.losses
    places = [loss.location for loss in losses if loss is not None] if isinstance(losses, tuple) else []
    if len(titles) < 2 or len(set(places)) < 2:
        return ""
    return f"; the outputs stand in the order {', '.join(f'`{title}`' for title in titles)}"


def _independent(judgement: Judgement) -> Finding:
    output = judgement.output
    count = f"the {output.units} sigmoid outputs" if isinstance(output.units, int) else "the sigmoid outputs"
    assert output.layer is not None and output.location is not None
    written = output.layer.places.get("activation")
    return Finding(
        message=f"`{judgement.loss_name}` takes {count} of `{output.title}` for one choice among classes, but they are independent and do not sum to 1",
        location=output.location,
        label="independent outputs",
        help='write `activation="softmax"` for classes that exclude each other, or `loss="binary_crossentropy"` for labels that can go together',
        related=(Related(judgement.location, "the loss is set here"),) if judgement.loss.location.line else (),
        fix=Fix((Edit(written, '"softmax"'),), safe=False) if written is not None else None,
        layer=output.address,
    )
