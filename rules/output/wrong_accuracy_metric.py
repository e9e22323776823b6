"""An accuracy metric that reads the outputs or the labels in another way than the loss.

## What it does

Compares the metrics of a model of one output with its loss and its last activation. It speaks where

- `binary_accuracy` judges several classes that exclude each other,
- `categorical_accuracy` or `sparse_categorical_accuracy` takes the largest of a single unit,
- the metric expects one-hot labels and the loss class indices, or the reverse,
- the class `Accuracy`, which asks for exact equality, is given probabilities,
- a metric with a threshold of 0.5 is given logits (`from_logits=True`).

## Why it matters

The number is wrong while training goes well, or fine while it does not. `binary_accuracy` of ten classes is 0.9 for a model
that always answers with zeros; the largest of one unit is always the first; of probabilities none is exactly 0 or 1; and
a logit changes sides at 0, not at 0.5, so that yes answers between 0 and 0.5 are counted as no.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["binary_accuracy"])  # KC310
```

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["categorical_accuracy"])  # KC310
```

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["categorical_accuracy"])  # KC310
```

```python
from keras import Input, Sequential, metrics
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[metrics.Accuracy()])  # KC310
```

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.losses import BinaryCrossentropy

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", BinaryCrossentropy(from_logits=True), metrics=["accuracy"])  # KC310
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.losses import BinaryCrossentropy
from keras.metrics import BinaryAccuracy

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile("adam", BinaryCrossentropy(from_logits=True), metrics=[BinaryAccuracy(threshold=0.0)])
```

## Known limits

Models of several outputs are not judged. `accuracy` by name is resolved by Keras from the shapes and is right except on
logits.

## References

- <https://keras.io/api/metrics/accuracy_metrics/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Loss, ModelGraph
from kerascheck.facts.outputs import BINARY, CATEGORICAL, ONE_HOT, SPARSE, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

LARGEST = frozenset({"categorical_accuracy", "top_k_categorical_accuracy"})
LARGEST_OF_INDEX = frozenset({"sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"})
THRESHOLDED = frozenset(
    {
        "binary_accuracy",
        "precision",
        "recall",
        "true_positives",
        "true_negatives",
        "false_positives",
        "false_negatives",
        "binary_iou",
    }
)


@rule("KC310", "wrong-accuracy-metric", Severity.ERROR, since="0.1")
def wrong_accuracy_metric(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    if len(graph.outputs) != 1:
        return
    for judgement in judgements(graph, program):
        metrics = judgement.compile.metrics
        for metric in metrics if isinstance(metrics, tuple) else ():
            if metric.custom or not judgement.output.is_known:
                continue
            told = _told(judgement, metric)
            if told is not None:
                yield _finding(judgement, metric, *told)


def _told(judgement: Judgement, metric: Loss) -> tuple[Severity, str, str] | None:
    """How loudly, what happens, and what to write instead; None for a metric that fits."""
    return _by_units(judgement, metric) or _by_labels(judgement, metric) or _by_threshold(judgement, metric)


def _by_units(judgement: Judgement, metric: Loss) -> tuple[Severity, str, str] | None:
    output, loss = judgement.output, judgement.loss
    if metric.name in LARGEST | LARGEST_OF_INDEX and output.units == 1 and loss.name not in CATEGORICAL:
        told = "takes the largest of a single unit, which is always the first: the figure does not depend on the predictions"
        return Severity.ERROR, told, "`binary_accuracy`"
    if metric.name == "binary_accuracy" and output.activation == "softmax" and output.units != 1:
        several = isinstance(output.units, int) and output.units > 2
        if not several:
            return Severity.WARNING, "rounds each softmax unit by itself", "`accuracy`"
        share = 1 - 1 / output.units if isinstance(output.units, int) else 0
        told = f"rounds each of {output.units} softmax units by itself: it shows about {share:.2f} for a model that never finds a class"
        return Severity.ERROR, told, "`accuracy`"
    return None


def _by_labels(judgement: Judgement, metric: Loss) -> tuple[Severity, str, str] | None:
    loss = judgement.loss_name
    if judgement.output.units == 1:
        return None
    if metric.name in LARGEST and judgement.loss.name in SPARSE:
        return (
            Severity.ERROR,
            f"expects one-hot labels, but `{loss}` is fed class indices",
            "`sparse_categorical_accuracy`",
        )
    if metric.name in LARGEST_OF_INDEX and judgement.loss.name in ONE_HOT:
        return Severity.ERROR, f"expects class indices, but `{loss}` is fed one-hot labels", "`categorical_accuracy`"
    return None


def _by_threshold(judgement: Judgement, metric: Loss) -> tuple[Severity, str, str] | None:
    loss, output = judgement.loss, judgement.output
    if metric.name == "accuracy" and metric.written == "Accuracy" and not metric.quoted:
        if output.activation in ("sigmoid", "softmax") or loss.name in BINARY | CATEGORICAL:
            right = "`binary_accuracy`" if loss.name in BINARY else '`"accuracy"`'
            return Severity.ERROR, "asks for exact equality, which probabilities never reach: it stays at 0", right
        return None
    if loss.name not in BINARY or loss.from_logits is not True or output.activation is not None:
        return None
    by_shape = metric.name == "accuracy" and output.units == 1
    threshold = metric.arguments.get("threshold", metric.arguments.get("thresholds"))
    if (by_shape or metric.name in THRESHOLDED) and (threshold is None or threshold == 0.5):
        told = "draws the line at 0.5, but logits change sides at 0: yes answers between 0 and 0.5 are counted as no"
        return (
            Severity.WARNING,
            told,
            "`BinaryAccuracy(threshold=0.0)`" if "accuracy" in str(metric.name) else "a threshold of 0",
        )
    return None


def _finding(judgement: Judgement, metric: Loss, severity: Severity, told: str, right: str) -> Finding:
    return Finding(
        message=f"`{metric.written or metric.name}` {told}",
        location=metric.location if metric.location.line else judgement.location,
        label="does not fit this output",
        help=f"write {right}",
        severity=severity,
        layer=judgement.output.address,
    )
