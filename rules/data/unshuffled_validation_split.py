"""`validation_split` cuts the last rows off data that nothing has shuffled.

## What it does

Follows the arrays given to `fit` together with `validation_split`. It warns when their rows are known to be sorted: one
class or one source after the other, as class-wise loops, concatenated blocks and sorted frames leave them. It gives a
hint when the whole way from the file to `fit` was followed and no shuffle was met on it. It is silent where a shuffle
was seen, for data sets that ship shuffled, for time series, and where the order is not known.

## Why it matters

`validation_split=0.2` takes the last fifth of the rows as they lie, before any shuffling: `shuffle=True` only mixes what
is left. Of rows sorted by class the model never sees the last classes and is validated on nothing else, so the
validation score says nothing about the task.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout

cats, dogs = np.load("cats.npy"), np.load("dogs.npy")
x = np.concatenate([cats, dogs])
y = np.concatenate([np.zeros(len(cats)), np.ones(len(dogs))])
model = Sequential([Input((64,)), Dropout(0.2), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=32, epochs=20, validation_split=0.2)  # KC102
print(history.history["val_accuracy"])
```

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout

frame = pd.read_csv("wine.csv")
x, y = frame.iloc[:, 1:12].to_numpy(), frame.iloc[:, 0].to_numpy()
model = Sequential([Input((11,)), Dropout(0.2), Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=16, epochs=30, validation_split=0.2)  # KC102
print(history.history["val_accuracy"])
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout

cats, dogs = np.load("cats.npy"), np.load("dogs.npy")
x = np.concatenate([cats, dogs])
y = np.concatenate([np.zeros(len(cats)), np.ones(len(dogs))])
order = np.random.default_rng(1).permutation(len(x))
x, y = x[order], y[order]
model = Sequential([Input((64,)), Dropout(0.2), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=32, epochs=20, validation_split=0.2)
print(history.history["val_accuracy"])
```

## Known limits

A file may have been written in random order; the hint cannot see into it. Shuffles inside functions of other modules are
not followed: the order is then unknown and nothing is said.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method> (`validation_split`)
- <https://keras.io/getting_started/faq/#how-is-the-validation-split-computed>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Order
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Fix, Related, Severity
from kerascheck.rule import rule

SPEAKING = {Order.SORTED: Severity.WARNING, Order.AS_LOADED: Severity.INFO}


@rule(
    "KC102",
    "unshuffled-validation-split",
    Severity.WARNING,
    since="0.1",
    group="leakage",
    fixable=True,
    mentions=("validation_split",),
)
def unshuffled_validation_split(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        share = fit.arguments.get("validation_split")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
            continue
        if fit.validation_x is not None or "validation_data" in fit.places:
            continue
        given = [array for array in (*arrays(fit.x), *arrays(fit.y)) if array.kind is DataKind.ARRAY]
        if any(array.order in (Order.SHUFFLED, Order.TEMPORAL) for array in given):
            continue
        array = _telling(given)
        if array is not None:
            yield replace(_finding(fit, array, float(share)), fix=_shuffled(program, fit))


def _telling(given: list[DataArray]) -> DataArray | None:
    for order in SPEAKING:
        for array in given:
            if array.order is order:
                return array
    return None


def _finding(fit: Fit, array: DataArray, share: float) -> Finding:
    known = array.order is Order.SORTED
    name = f"`{array.name}`" if array.name else "the data"
    rows = array.shape[0] if isinstance(array.shape, tuple) and array.shape else None
    part = (
        f"the last {int(rows * share):,} of {rows:,} rows"
        if isinstance(rows, int)
        else f"the last {share:.0%} of the rows"
    )
    if known:
        message = f"`validation_split` takes {part} of {name}, which are sorted by class or source: the model is validated on other classes than it is trained on"
    else:
        message = f"`validation_split` takes {part} of {name} in the order of the file, and nothing shuffled them: if the file is sorted, the validation rows are not like the training rows"
    step = array.history[-1] if array.history else None
    loaded = array.cut_off
    related = (Related(loaded.location, f"the rows come from `{loaded.by}` in this order"),) if loaded else ()
    if not related and step is not None:
        related = (Related(step.location, "the rows get their order here"),)
    return Finding(
        message=message,
        location=fit.place("validation_split"),
        help="shuffle inputs and labels with one permutation before `fit`, or split with `train_test_split(..., stratify=y)` and pass `validation_data`",
        label="the last rows, before any shuffle",
        severity=SPEAKING[array.order],
        related=related,
    )


def _shuffled(program: TrainingProgram, fit: Fit) -> Fix | None:
    """One permutation of inputs and labels in front of `fit`, where both are NumPy arrays with a name."""
    parts = [fit.x, fit.y]
    if program.statements is None or not all(isinstance(part, DataArray) and not part.container for part in parts):
        return None
    names = [program.statements.name_at(fit.place(argument)) for argument in ("x", "y")]
    numpy = program.statements.imported("numpy", "np", fit.location)
    if None in names or numpy is None:
        return None
    edit = program.statements.insert_before(
        fit.location,
        f"order = {numpy[0]}.random.permutation(len({names[0]}))",
        f"{names[0]}, {names[1]} = {names[0]}[order], {names[1]}[order]",
    )
    return Fix((*numpy[1], edit), safe=False) if edit is not None else None
