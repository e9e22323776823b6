"""Accuracy as the metric of a regression.

## What it does

Finds models whose only losses are regression losses (`mean_squared_error`, `mean_absolute_error`, `huber` …), whose outputs
are no class probabilities, and that report `accuracy`. Silent where the targets are known to be classes or to lie within
0..1, and for the discriminator of a GAN.

## Why it matters

Accuracy counts predictions that are exactly equal to the target (for one unit: on the same side of 0.5). Of real numbers
nearly none are: the figure stands at 0 or at some constant share, whether the model has learned anything or not, and
early stopping or a checkpoint that monitors it picks an epoch at random.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((13,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])  # KC309
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((13,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
```

## Known limits

Outputs that end in sigmoid or softmax may be class probabilities trained with a regression loss; of these nothing is said
unless the model is fitted to give back its own input. The fix changes the name under which the metric is logged: it is
unsafe where the history is used or a callback monitors it.

## References

- <https://keras.io/api/metrics/regression_metrics/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Encoding
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import Compile, Loss, ModelGraph
from kerascheck.facts.outputs import REGRESSION, Judgement, gives_back_input, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Severity
from kerascheck.rule import rule

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid"})


@rule("KC309", "accuracy-for-regression", Severity.WARNING, since="0.1", fixable=True)
def accuracy_for_regression(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    found = list(judgements(graph, program))
    for compiled in () if graph.nested else graph.compiles:
        judged = [judgement for judgement in found if judgement.compile is compiled]
        metrics = compiled.metrics
        if isinstance(metrics, Unknown) or len(judged) != len(graph.outputs) or not judged:
            continue
        if not all(_is_regression(judgement) for judgement in judged):
            continue
        for metric in metrics:
            if metric.name == "accuracy" and not metric.custom:
                yield _finding(compiled, judged, metric, metrics)


def _is_regression(judgement: Judgement) -> bool:
    if judgement.loss.name not in REGRESSION or not judgement.output.is_known:
        return False
    if any(_may_be_classes(labels) for _, labels in judgement.targets()):
        return False
    return judgement.output.activation not in PROBABILITIES or any(gives_back_input(fit) for fit in judgement.fits)


def _may_be_classes(labels: DataArray) -> bool:
    if labels.encoding in (Encoding.ONE_HOT, Encoding.INTEGER):
        return True
    low, high = labels.minimum, labels.maximum
    if isinstance(low, Unknown) or isinstance(high, Unknown) or labels.encoding is Encoding.CONTINUOUS:
        return False
    return low >= 0 and high <= 1


def _finding(compiled: Compile, judged: list[Judgement], metric: Loss, metrics: tuple[Loss, ...]) -> Finding:
    output = judged[0].output
    return Finding(
        message=f"`{judged[0].loss_name}` is the loss of a regression and `{metric.written or metric.name}` the metric of a classifier: one of the two does not fit `{output.title}`",
        location=metric.location if metric.location.line else judged[0].location,
        label="not a regression metric",
        help='report `"mae"` for numbers; for classes take a cross-entropy as the loss',
        fix=_fix(compiled, judged, metric, metrics),
        layer=output.address,
    )


def _fix(compiled: Compile, judged: list[Judgement], metric: Loss, metrics: tuple[Loss, ...]) -> Fix | None:
    place = metric.location
    literal = place.line == place.end_line and place.end_column - place.column == len(metric.written) + 2
    names = {other.name for other in metrics}
    if not metric.quoted or not literal or "mean_absolute_error" in names or place == compiled.place("metrics"):
        return None
    return Fix((Edit(place, '"mae"'),), safe=not any(_reads(fit) for judgement in judged for fit in judgement.fits))


def _reads(fit: Fit) -> bool:
    """Whether the run's figures are used by name afterwards."""
    callbacks = fit.callbacks if isinstance(fit.callbacks, tuple) else ()
    monitored = any("acc" in str(callback["monitor"]) for callback in callbacks)
    return fit.result_used or isinstance(fit.callbacks, Unknown) or monitored
