"""Inputs and labels are shuffled or sorted apart, or taken from different parts.

## What it does

Follows the inputs and the labels of `fit`, `evaluate` and `validation_data` back to the rows they come from. It speaks
when both come from the same rows and one was shuffled or sorted without the other, each by a shuffle of its own, or when
one is the training part and the other the test part.

## Why it matters

Row 17 of the inputs then belongs to another row of the labels. Nothing fails: the shapes agree, the loss goes down to that
of guessing the class frequencies, and the model has learned noise.

## Bad

```python
import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
np.random.shuffle(x_train)
np.random.shuffle(y_train)  # KC108
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=16))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
x_val, y_val = x_train[:50], y_train[50:]
history = model.fit(x_train[50:], y_train[50:], batch_size=16, epochs=50, validation_data=(x_val, y_val))  # KC108
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Good

```python
import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
order = np.random.permutation(len(x_train))
x_train, y_train = x_train[order], y_train[order]
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Known limits

Two shuffles from equal seeds or from a restored state are known to agree. Inputs and labels that come from different
files are not compared.

## References

- <https://numpy.org/doc/stable/reference/random/generated/numpy.random.shuffle.html>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.events import Data, Evaluation, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

HELP = "apply one permutation to both: `order = rng.permutation(len(x))`, then `x[order]` and `y[order]`"


MEANT: Final = r"(?i)random|permut|(?:^|_)nois"
"""Names of labels that are mixed on purpose, to see what a model makes of noise."""


@rule("KC108", "inputs-and-labels-out-of-step", Severity.ERROR, since="0.1")
def inputs_and_labels_out_of_step(program: TrainingProgram) -> Iterator[Finding]:
    seen: set[Location] = set()
    for finding in _findings(program):
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _findings(program: TrainingProgram) -> Iterator[Finding]:
    for event in program.events:
        if isinstance(event, Fit):
            yield from _compare(event.x, event.y, event.place("y"))
            yield from _compare(event.validation_x, event.validation_y, event.place("validation_data"))
        elif isinstance(event, Evaluation):
            yield from _compare(event.x, event.y, event.place("y"))


def _compare(x: Data, y: Data, place: Location) -> Iterator[Finding]:
    if not isinstance(x, DataArray) or not isinstance(y, DataArray):
        return
    if x.kind is not DataKind.ARRAY or y.kind is not DataKind.ARRAY or x.rows is None or y.rows is None:
        return
    if x.rows.source != y.rows.source or x.rows.partial or y.rows.partial:
        return
    names = f"`{x.name or 'x'}` and `{y.name or 'y'}`"
    if x.disjoint(y):
        yield Finding(
            message=f"{names} hold different rows of the same data: each input is paired with the label of another row",
            location=place,
            help="take inputs and labels from the same part of the split",
            label="labels of other rows",
            related=_places(x, y, StepKind.SPLIT),
        )
    elif _differs(x, y) and not re.search(MEANT, y.name):
        related = _places(x, y, StepKind.SHUFFLED)
        yield Finding(
            message=f"{names} come from the same rows and stand in different orders {place.words}: each input is paired with the label of another row",
            # The last reordering that the other side lacks is what must change.
            location=related[-1].location if related else place,
            help=HELP,
            label="the other side keeps its order",
            related=(*related[:-1], Related(place, "paired here")),
        )


def _differs(x: DataArray, y: DataArray) -> bool:
    known = not isinstance(x.arrangement, Unknown) and not isinstance(y.arrangement, Unknown)
    return known and x.arrangement != y.arrangement


def _places(x: DataArray, y: DataArray, kind: StepKind) -> tuple[Related, ...]:
    found: list[Related] = []
    word = "cut" if kind is StepKind.SPLIT else "reordered"
    for data, other, what in ((x, y, "inputs"), (y, x, "labels")):
        step = next((step for step in reversed(data.history) if step.kind is kind and step not in other.history), None)
        if step is not None:
            found.append(Related(step.location, f"the {what} are {word} here"))
    return tuple(found)
