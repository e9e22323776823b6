"""Rows are copied or invented before the data are split into train and test.

## What it does

Follows rows made by over-sampling (SMOTE and its kin, `RandomOverSampler`, `resample`, `sample(replace=True)`), by
augmentation or by joining rows with copies of themselves to a later split: `train_test_split`, folds, a cut by position,
`validation_split`.

## Why it matters

A copied row lands on both sides of the split: the model is tested on rows that it was trained on. SMOTE draws new rows
between neighbours, and augmentation draws them around one image, so near copies stand on both sides too. The score can
rise to near perfection while the model has learned nothing that holds for new data.

## Bad

```python
import pandas as pd
from imblearn.over_sampling import SMOTE
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split

frame = pd.read_csv("churn.csv")
y = frame.pop("churn")
x, y = SMOTE(random_state=1).fit_resample(frame, y)  # KC107
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=1)
model = Sequential([Input((24,)), Dropout(0.1), Dense(16, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=30)
print(model.evaluate(x_test, y_test, batch_size=32))
```

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout

frame = pd.read_csv("churn.csv")
lost, kept = frame[frame["churn"] == 1], frame[frame["churn"] == 0]
lost = lost.sample(len(kept), replace=True, random_state=1)  # KC107
frame = pd.concat([lost, kept]).sample(frac=1, random_state=1)
model = Sequential([Input((24,)), Dropout(0.1), Dense(16, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
x, y = frame.drop(columns="churn").to_numpy(), frame["churn"].to_numpy()
history = model.fit(x, y, batch_size=32, epochs=30, validation_split=0.2)
print(history.history["val_accuracy"])
```

## Good

```python
import pandas as pd
from imblearn.over_sampling import SMOTE
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split

frame = pd.read_csv("churn.csv")
y = frame.pop("churn")
x_train, x_test, y_train, y_test = train_test_split(frame, y, test_size=0.2, stratify=y, random_state=1)
x_train, y_train = SMOTE(random_state=1).fit_resample(x_train, y_train)
model = Sequential([Input((24,)), Dropout(0.1), Dense(16, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=30)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

Samplers that only leave rows out are no leak and are passed over. Copies that another program wrote into the file are
not seen.

## References

- <https://imbalanced-learn.org/stable/common_pitfalls.html#data-leakage>
- Santos et al.: Cross-validation for imbalanced datasets. IEEE Computational Intelligence Magazine 13 (2018)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Step, StepKind
from kerascheck.facts.events import Fit, Split, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

MADE = (StepKind.RESAMPLED, StepKind.AUGMENTED)


@rule("KC107", "resampled-before-split", Severity.ERROR, since="0.1", group="leakage")
def resampled_before_split(program: TrainingProgram) -> Iterator[Finding]:
    seen: set[Location] = set()
    for data, place in _splits(program):
        step = _made(data)
        if step is not None and step.location not in seen:
            seen.add(step.location)
            yield _finding(step, data, place)


def _splits(program: TrainingProgram) -> Iterator[tuple[DataArray, Location]]:
    """What is split, and where."""
    for event in program.events:
        if isinstance(event, Split) and event.divides:
            # Joined parts that are cut at a position are taken apart again.
            yield from ((data, event.location) for data in _with_rows(event))
        elif isinstance(event, Fit) and event.arguments.get("validation_split"):
            given = (data for data in arrays(event.x) if data.kind is DataKind.ARRAY)
            yield from ((data, event.place("validation_split")) for data in given)


def _with_rows(event: Split) -> Iterator[DataArray]:
    """The data of a split that may hold one row twice: labels that stand beside others' rows repeat by nature."""
    for position, data in enumerate(event.inputs):
        repeats = position > 0 and all(step.kind not in MADE for step in data.history)
        # Joined parts that are cut at a position are taken apart again.
        if not repeats and (event.function != "slice" or not data.parts):
            yield data


def _made(data: DataArray) -> Step | None:
    """The step that copied or invented rows of this part, after the last split that cut it off."""
    for step in reversed(data.history):
        if step.kind in MADE or (step.kind is StepKind.JOINED and _repeats(data)):
            return step
        if step.kind is StepKind.SPLIT:
            return None
    return None


def _repeats(data: DataArray) -> bool:
    """Whether rows were joined with themselves, in a changed form or as they are."""
    parts = [part for part in data.parts if part.rows is not None and not part.rows.partial]
    return any(first.holds(second) for i, first in enumerate(parts) for second in parts[i + 1 :])


def _finding(step: Step, data: DataArray, place: Location) -> Finding:
    maker = "joining the rows with themselves" if step.kind is StepKind.JOINED else f"`{step.by}`"
    copies = "near copies" if step.kind is StepKind.AUGMENTED or "SMOTE" in step.by or "ADASYN" in step.by else "copies"
    name = f"`{data.name}`" if data.name else "the data"
    return Finding(
        message=f"{maker} makes {copies} of rows before {name} is split on line {place.line}: copies of one row stand on both sides, and the model is judged on rows that it was trained on",
        location=step.location,
        help="split first, and over-sample or augment the training part only",
        label="copies rows of train and test",
        related=(Related(place, "the rows are split here"),),
    )
