"""A classifier is fitted without any metric.

## What it does

Finds classifiers (softmax outputs, or one sigmoid unit, under a cross-entropy) that are compiled without metrics and then
fitted. Silent for autoencoders, for models that are trained as part of another, and for training loops of the script's
own.

## Why it matters

Only the loss is reported. A cross-entropy of 0.4 does not tell how many samples are put into the right class: it can rise
while the accuracy still gets better, and the other way round. Nothing but the loss can be monitored by callbacks either.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")  # KC317
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

A script that computes its figures itself from `predict` does not need metrics; that is not looked for.

## References

- <https://keras.io/api/metrics/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import CROSSENTROPIES, Judgement, gives_back_input, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC317", "no-metric", Severity.INFO, since="0.1")
def no_metric(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    found = list(judgements(graph, program))
    for compiled in graph.compiles:
        judged = [judgement for judgement in found if judgement.compile is compiled]
        if compiled.metrics != () or "weighted_metrics" in compiled.arguments or graph.nested:
            continue
        if judged and all(_classifies(judgement) for judgement in judged):
            yield Finding(
                message="the classifier is compiled without metrics: `fit` reports the loss and not how many samples are classified rightly",
                location=compiled.location,
                label="no metrics",
                help='add `metrics=["accuracy"]`',
                layer=judged[0].output.address,
            )


def _classifies(judgement: Judgement) -> bool:
    output = judgement.output
    one_choice = output.activation == "softmax" or (output.activation == "sigmoid" and output.units == 1)
    fits = [fit for fit in judgement.fits if fit.method != "train_on_batch"]
    return (
        judgement.loss.name in CROSSENTROPIES
        and one_choice
        and bool(fits)
        and not any(gives_back_input(f) for f in fits)
    )
