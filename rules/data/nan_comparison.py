"""Missing values are looked for with `== nan`.

## What it does

Looks for `== np.nan` and `!= np.nan` (also `float("nan")` and `math.nan`) on data that a model is trained on.

## Why it matters

NaN is unequal to everything, itself included: `frame["age"] == np.nan` is False in every row. Nothing is found, nothing is
filled or dropped, the NaN goes into `fit`, and the loss is `nan` from the first batch on.

## Bad

```python
import keras
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("loans.csv")
frame = frame[frame["income"] != np.nan]  # KC128
y = frame.pop("default")
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y.to_numpy(), stratify=y, random_state=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("loans.csv")
frame = frame[frame["income"].notna()]
y = frame.pop("default")
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y.to_numpy(), stratify=y, random_state=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

Comparisons of data that never reach `fit` are passed over.

## References

- <https://pandas.pydata.org/docs/user_guide/missing_data.html>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Fit, NanComparison, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Severity
from kerascheck.rule import rule

FRAMES = frozenset({"frame", "series"})


@rule("KC128", "nan-comparison", Severity.ERROR, since="0.1", fixable=True, mentions=("nan", "NaN", "NAN"))
def nan_comparison(program: TrainingProgram) -> Iterator[Finding]:
    sources = {
        source for fit in program.of(Fit) for data in (*arrays(fit.x), *arrays(fit.y)) for source in _sources(data)
    }
    for comparison in program.of(NanComparison):
        if _sources(comparison.data) & sources:
            yield _finding(comparison)


def _sources(data: DataArray) -> set[int]:
    own = {data.rows.source} if data.rows is not None else set[int]()
    return own.union(*(_sources(part) for part in data.parts))


def _finding(comparison: NanComparison) -> Finding:
    name = f"`{comparison.data.name}`" if comparison.data.name else "the data"
    always = "False" if comparison.operator == "==" else "True"
    return Finding(
        message=f"`{comparison.operator} {comparison.written}` is {always} in every row of {name}, also where a value is missing: the missing values go into `fit`, and the loss becomes nan",
        location=comparison.location,
        help="ask with `.isna()` or `.notna()`, or `numpy.isnan`",
        label=f"always {always}",
        fix=_fix(comparison),
    )


def _fix(comparison: NanComparison) -> Fix | None:
    place, operand = comparison.location, comparison.operand
    if operand is None:
        return None
    rest = replace(place, line=operand.end_line, column=operand.end_column)
    if comparison.data.container in FRAMES:
        return Fix((Edit(rest, ".isna()" if comparison.operator == "==" else ".notna()"),))
    module = comparison.written.rpartition(".")[0]
    if not module:
        return None
    start = replace(operand, end_line=operand.line, end_column=operand.column)
    call = f"{module}.isnan(" if comparison.operator == "==" else f"~{module}.isnan("
    return Fix((Edit(start, call), Edit(rest, ")")))
