"""Very unequal classes are judged by accuracy alone.

## What it does

Where the script itself puts the labels together from blocks of one class each, the share of every class is known. It
gives a hint where one class outweighs the others by far (a normalised perplexity of the shares below 0.5: about 87 % to
13 % for two classes), nothing but accuracy is reported, and `fit` is given no class or sample weights.

## Why it matters

With 95 % of one class a model that always answers with it has an accuracy of 0.95. The rare class, most often the one that
matters, has next to no part in the loss and is not learned; the figure does not show it.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

x = np.load("machines.npy")
y = np.concatenate([np.zeros(1900), np.ones(100)])
order = np.random.default_rng(1).permutation(2000)
x, y = x[order], y[order]
model = Sequential([Input((12,)), Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])  # KC318
model.fit(x, y, batch_size=32, epochs=20, validation_split=0.2)
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from keras.metrics import Precision, Recall

x = np.load("machines.npy")
y = np.concatenate([np.zeros(1900), np.ones(100)])
order = np.random.default_rng(1).permutation(2000)
x, y = x[order], y[order]
model = Sequential([Input((12,)), Dense(16, activation="relu"), Dropout(0.2), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[Precision(), Recall()])
history = model.fit(x, y, batch_size=32, epochs=20, validation_split=0.2, class_weight={0: 1.0, 1: 19.0})
print(history.history["val_recall"])
```

## Known limits

The shares of labels that are read from files are not known. Sampling that evens out the classes before `fit` is seen only
where it changes the blocks.

## References

- <https://keras.io/examples/structured_data/imbalanced_classification/>
- He, Garcia, Learning from Imbalanced Data (IEEE TKDE 2009)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import exp, log

from kerascheck.facts.data import DataArray, StepKind
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import Compile, ModelGraph
from kerascheck.facts.outputs import CROSSENTROPIES, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

ACCURACIES = frozenset({"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"})
WEIGHTS = frozenset({"class_weight", "sample_weight"})
EVENNESS = 0.5


@rule("KC318", "class-imbalance-ignored", Severity.INFO, since="0.1", options={"evenness": EVENNESS})
def class_imbalance_ignored(graph: ModelGraph, program: TrainingProgram, options: Options) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        if judgement.loss.name not in CROSSENTROPIES or not _by_accuracy_alone(judgement.compile):
            continue
        for fit, labels in judgement.targets():
            counts = _counts(labels)
            if counts is None or _is_weighted(fit) or labels.step(StepKind.RESAMPLED) is not None:
                continue
            if _evenness(counts) < options.number("evenness", EVENNESS):
                yield _finding(judgement.compile, labels, counts)
                break


def _by_accuracy_alone(compiled: Compile) -> bool:
    metrics = compiled.metrics
    known = not isinstance(metrics, Unknown) and bool(metrics) and "weighted_metrics" not in compiled.arguments
    return known and isinstance(metrics, tuple) and all(metric.name in ACCURACIES for metric in metrics)


def _is_weighted(fit: Fit) -> bool:
    return fit.unexpanded or not WEIGHTS.isdisjoint(fit.arguments)


def _counts(labels: DataArray) -> Counter[float] | None:
    """The rows of each class, of labels that were joined from blocks of one class each; None for others."""
    counts: Counter[float] = Counter()
    for part in labels.parts:
        rows = part.shape[0] if isinstance(part.shape, tuple) and part.shape else None
        if isinstance(part.minimum, Unknown) or part.minimum != part.maximum or not isinstance(rows, int):
            return None
        counts[part.minimum] += rows
    return counts if len(counts) > 1 and min(counts.values()) > 0 else None


def _evenness(counts: Counter[float]) -> float:
    """0 for one class alone, 1 for equal shares: the perplexity of the shares, less 1, by the classes, less 1."""
    total = counts.total()
    entropy = -sum(count / total * log(count / total) for count in counts.values())
    return (exp(entropy) - 1) / (len(counts) - 1)


def _finding(compiled: Compile, labels: DataArray, counts: Counter[float]) -> Finding:
    label, most = counts.most_common(1)[0]
    share = most / counts.total()
    name = f"`{labels.name}`" if labels.name else "the labels"
    return Finding(
        message=f"{share:.0%} of {name} are class {label:g}: a model that always answers with it has an accuracy of {share:.2f}",
        location=compiled.place("metrics"),
        label="accuracy alone",
        help="report `Precision`, `Recall` or `AUC` as well, and give `fit` a `class_weight`",
        related=(Related(labels.location, "the labels come from here"),),
    )
