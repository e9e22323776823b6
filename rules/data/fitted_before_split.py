"""A statistic is learned from all rows before they are split into train and test.

## What it does

Follows each preprocessing step that learns from data (scaler, imputer, PCA, feature selection, target encoding, tokenizer
vocabulary, a layer that is adapted, a mean or standard deviation) to the rows that it was fitted on, and from there to the split. It speaks when
rows that are split off afterwards took part. Where the target takes part (feature selection, target encoding) it is an
error, for scaling, imputing, projections and vocabularies a warning; a projection of fewer than ten rows for each column is
an error too.

## Why it matters

The test rows stand for data that does not exist yet. A scaler that has seen their mean, or a selection that has seen
their labels, hands the model knowledge that it will not have in use: the test score is too good. With feature selection
on all rows, random labels can be "predicted" far above chance.

## Bad

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

frame = pd.read_csv("houses.csv")
y = frame.pop("price").to_numpy()
scaler = StandardScaler()
x = scaler.fit_transform(frame)  # KC105
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=1)
model = Sequential([Input((12,)), Dropout(0.1), Dense(32, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))
```

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import train_test_split

frame = pd.read_csv("genes.csv")
y = frame.pop("ill").to_numpy()
x = SelectKBest(k=20).fit_transform(frame, y)  # KC105
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=1)
model = Sequential([Input((20,)), Dropout(0.1), Dense(16, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, y_train, batch_size=16, epochs=30)
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Good

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

frame = pd.read_csv("houses.csv")
y = frame.pop("price").to_numpy()
x_train, x_test, y_train, y_test = train_test_split(frame, y, test_size=0.2, random_state=1)
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
model = Sequential([Input((12,)), Dropout(0.1), Dense(32, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

What only learns which values occur (`LabelEncoder`, `OneHotEncoder`) is passed over, and so is a statistic of a training
part that is split once more for validation.

## References

- <https://scikit-learn.org/stable/common_pitfalls.html#data-leakage>
- Ambroise, McLachlan: Selection bias in gene extraction on the basis of microarray gene-expression data. PNAS 99 (2002)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, Role, StepKind
from kerascheck.facts.events import Evaluation, Fit, Fitting, Split, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.folding import folded
from kerascheck.keras_api.transformers import SPREADS, STRONG, Learned, learned
from kerascheck.rule import Options, rule

EFFECT = {
    Learned.SCALE: "the ranges of the test rows",
    Learned.FILLING: "the values of the test rows",
    Learned.PROJECTION: "the directions of the test rows",
    Learned.VOCABULARY: "the words of the test rows",
    Learned.CHOICE: "the labels of the test rows",
    Learned.TARGET: "the targets of the test rows",
}


USES: Final = (Fit, Evaluation, Split)

FEW_ROWS: Final = 10
"""Rows for each column, below which every row turns the directions of a projection."""


@rule(
    "KC105",
    "fitted-before-split",
    Severity.WARNING,
    since="0.1",
    group="leakage",
    options={"rows-per-column": FEW_ROWS},
)
def fitted_before_split(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    found = list(_found(program, options.number("rows-per-column", FEW_ROWS)))
    for message in dict.fromkeys(finding.message for finding in found):
        same = [finding for finding in found if finding.message == message]
        # The same statistic of several columns of one frame is one mistake.
        yield from folded(same) if message[0] != "`" else same


def _found(program: TrainingProgram, few: float) -> Iterator[Finding]:
    for fitting in program.of(Fitting):
        kind = learned(fitting.transformer)
        data = fitting.data
        if kind not in SPREADS | STRONG or data is None:
            continue
        judged = _judged_part(data)
        if judged is not None:
            later = any(event.order > fitting.order for event in program.events if isinstance(event, USES))
            if not later and not fitting.uncalled:
                continue  # The variances of a projection are looked at, and nothing is trained.
            yield _joined(fitting, data, kind, judged, few)
        elif not _is_part(data):
            place = _split_later(program, fitting, data) or _judged_apart(program, fitting, data)
            if place is not None and not (data.path and _only_validates(program, data)):
                yield _finding(fitting, data, kind, place, few)


def _is_part(data: DataArray) -> bool:
    """Whether the rows were split off before; a file of training rows may be split once more."""
    return data.role in (Role.TRAIN, Role.VALIDATION, Role.TEST) and (
        not data.path or data.step(StepKind.SPLIT) is not None
    )


def _judged_part(data: DataArray) -> DataArray | None:
    """The validation or test part among the rows, where they were joined with the training part."""
    if not any(part_of(part) is Role.TRAIN for part in data.parts):
        return None
    return next((part for part in data.parts if part_of(part) in (Role.TEST, Role.VALIDATION)), None)


def part_of(data: DataArray) -> Role:
    """The part that an array is: proven, or else claimed by its name."""
    return data.named_role if data.role is Role.UNKNOWN else data.role


def _only_validates(program: TrainingProgram, data: DataArray) -> bool:
    """Whether the parts of a training file are used for training and validation, by their names, and the test is elsewhere."""
    if data.role is not Role.TRAIN:
        return False
    judged = [array for fit in program.of(Fit) for array in arrays(fit.validation_x)]
    judged += [array for event in program.of(Evaluation) for array in arrays(event.x)]
    within = [array for array in judged if data.shares(array) and array.named_role is not Role.TRAIN]
    return bool(within) and all(array.named_role is Role.VALIDATION for array in within)


def _split_later(program: TrainingProgram, fitting: Fitting, data: DataArray) -> Location | None:
    """The first split into train and test of what the fitted object made of the data."""
    for split in program.of(Split):
        if split.order > fitting.order and split.divides:
            for array in split.inputs:
                if array.passed(fitting.key) and data.shares(array):
                    return split.location
    return None


def _judged_apart(program: TrainingProgram, fitting: Fitting, data: DataArray) -> Location | None:
    """Where rows are judged that took part in the fitting, as other rows do that a model is trained on."""
    for fit in program.of(Fit):
        graph = program.graph(fit.model)
        # A layer that was adapted may stand in the model itself.
        inside = graph is not None and any(layer.key == fitting.key for layer in graph.every_layer())
        trained = [array for array in arrays(fit.x) if (inside or array.passed(fitting.key)) and data.holds(array)]
        judged = [*arrays(fit.validation_x)]
        judged += [array for event, array in program.judged(after=fit) if not inside or event.model == fit.model]
        for array in judged:
            if (
                (inside or array.passed(fitting.key))
                and data.holds(array)
                and any(array.disjoint(part) for part in trained)
            ):
                step = array.cut_off
                return step.location if step is not None else array.location
    return None


def _is_strong(kind: Learned, data: DataArray, few: float) -> bool:
    """Whether so much of the judged rows gets through that their score means nothing."""
    if kind is not Learned.PROJECTION or not isinstance(data.shape, tuple) or len(data.shape) != 2:
        return kind in STRONG
    rows, columns = data.shape
    return isinstance(rows, int) and isinstance(columns, int) and rows < few * columns


def _effect(fitting: Fitting, kind: Learned) -> str:
    """What of the test rows gets into the training; a plain mean may fill gaps as well as scale."""
    return EFFECT[Learned.FILLING if kind is Learned.SCALE and fitting.transformer.islower() else kind]


def _joined(fitting: Fitting, data: DataArray, kind: Learned, judged: DataArray, few: float) -> Finding:
    name = f"`{judged.name}`" if judged.name else f"the {judged.role.value} part"
    origin = judged.cut_off
    severity = Severity.ERROR if _is_strong(kind, data, few) else Severity.WARNING
    return Finding(
        message=f"{_what(fitting)} is computed on the training rows joined with {name}: {_effect(fitting, kind)} reach the training, and the score on them is too good",
        location=fitting.method_place or fitting.location,
        help="`fit` on the training part only and `transform` the other parts with the same object",
        label="fitted on rows that are judged",
        severity=Severity.INFO if judged.role is Role.UNKNOWN else severity,
        related=(Related(origin.location, f"the {part_of(judged).value} part comes from here"),) if origin else (),
    )


def _what(fitting: Fitting) -> str:
    return f"`{fitting.transformer}`" if fitting.transformer[:1].isupper() else f"the {fitting.transformer}"


def _finding(fitting: Fitting, data: DataArray, kind: Learned, split: Location, few: float) -> Finding:
    name = f"`{data.name}`" if data.name else "all rows"
    return Finding(
        message=f"{_what(fitting)} is computed on {name} before the rows are split {split.words}: {_effect(fitting, kind)} reach the training, and the test score is too good",
        location=fitting.method_place or fitting.location,
        help="split first, then `fit` on the training part only and `transform` the other parts with the same object",
        label="fitted on train and test rows",
        severity=Severity.ERROR if _is_strong(kind, data, few) else Severity.WARNING,
        related=(Related(split, "the test rows are split off here"),),
    )
