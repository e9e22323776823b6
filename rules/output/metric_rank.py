"""A metric or loss is given an output or labels with a number of axes that it does not take.

## What it does

Looks at `F1Score`, `FBetaScore` and `R2Score`, which compare tables of one row a sample, at `AUC(multi_label=True)`, and at the
loss `CTC`, which reads a sequence: it speaks where the number of axes of the output or of the labels is known and is another.

## Why it matters

Keras stops with a `ValueError` at the first batch. Class numbers are the usual cause: `F1Score` wants the labels one-hot, or
for one sigmoid unit in a column; `tf.keras` 2 made a column of plain numbers by itself.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=[keras.metrics.F1Score(average="macro")])  # KC321
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

model = keras.Sequential([keras.Input((None, 40)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=[keras.metrics.R2Score()])  # KC321
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
y_train, y_test = keras.utils.to_categorical(y_train), keras.utils.to_categorical(y_test)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy", keras.metrics.F1Score(average="macro")])
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1)
print(history.history["val_f1_score"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Models of one output only. Labels in a column of their own (`y[:, None]`) are taken by all of these.

## References

- <https://keras.io/api/metrics/classification_metrics/#f1score-class>
- <https://keras.io/api/metrics/regression_metrics/#r2score-class>
- <https://keras.io/api/losses/probabilistic_losses/#ctc-class>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import Compile, Loss, ModelGraph
from kerascheck.facts.outputs import Output, fits_of, outputs
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

TABLES: Final = frozenset({"f1_score", "f_beta_score", "r2_score"})
ONE_HOT: Final = frozenset({"f1_score", "f_beta_score"})
"""Of these, the ones for which Keras 3 makes no column of plain numbers."""


@rule("KC321", "metric-rank", Severity.ERROR, since="0.1", mentions=("Score", "AUC", "CTC", "ctc", "_score"))
def metric_rank(graph: ModelGraph, program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    found = outputs(graph)
    if len(found) != 1:
        return
    for compiled in graph.compiles:
        ranks = list(_ranks(fits_of(program, graph, compiled)))
        for metric, axes in _demanding(compiled):
            yield from _output(metric, axes, found[0])
            yield from _labels(metric, axes, ranks, usage)


def _ranks(fits: Iterable[Fit]) -> Iterator[tuple[DataArray, int]]:
    """The label arrays of which the axes are known."""
    for fit in fits:
        if isinstance(fit.y, DataArray) and fit.y.kind is DataKind.ARRAY and isinstance(fit.y.shape, tuple):
            yield fit.y, len(fit.y.shape)


def _demanding(compiled: Compile) -> Iterator[tuple[Loss, int]]:
    """The metrics and losses that take outputs of one rank only, with that rank."""
    for metric in compiled.metrics if isinstance(compiled.metrics, tuple) else ():
        if metric.name in TABLES or (metric.name == "auc" and metric.arguments.get("multi_label") is True):
            yield metric, 2
    for loss in compiled.losses if isinstance(compiled.losses, tuple) else ():
        if loss is not None and loss.name == "ctc" and not loss.custom:
            yield loss, 3


def _output(metric: Loss, axes: int, output: Output) -> Iterator[Finding]:
    if isinstance(output.rank, int) and output.rank != axes:
        wanted = "one row of numbers a sample" if axes == 2 else "one row of numbers for each step of a sequence"
        yield Finding(
            message=f"`{metric.written}` takes outputs of {axes} axes, and `{output.title}` gives {output.rank}: Keras stops at the first batch",
            location=metric.location,
            label=f"{axes} axes, not {output.rank}",
            help=f"let the model give {wanted}",
            layer=output.address,
        )


def _labels(metric: Loss, axes: int, ranks: list[tuple[DataArray, int]], usage: KerasUsage) -> Iterator[Finding]:
    for array, rank in ranks:
        if metric.name == "ctc" and rank != axes - 1:
            level: Severity | None = Severity.ERROR
            wanted, advice = "labels of two axes", "give the labels as one row of class numbers a sample"
        elif metric.name in ONE_HOT and rank == 1:
            level, wanted = usage.refusal, "labels of two axes"
            advice = (
                "one-hot the labels with `keras.utils.to_categorical`, or put those of one sigmoid unit in a column"
            )
        else:
            continue
        if level is not None:
            name = f"`{array.name}`" if array.name else "the label array"
            yield Finding(
                message=f"`{metric.written}` takes {wanted}, and {name} has {rank}: Keras stops at the first batch",
                location=metric.location,
                label="labels of another form",
                help=advice,
                severity=level,
                related=(Related(array.location, "the labels come from here"),),
            )
            return
