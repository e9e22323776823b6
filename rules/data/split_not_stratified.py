"""A small or unbalanced classification set is split without `stratify`.

## What it does

Looks for `train_test_split` without `stratify` of a classification set that is known to be small (under 1,000 rows) or
unbalanced.

## Why it matters

By chance alone a class of 20 rows puts 1 or 8 of them into a test part of a fifth. The score of that class is then decided
by the draw, and a rare class can be missing altogether.

## Bad

```python
import keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=1)  # KC122
scaler = StandardScaler().fit(x_train)
model = keras.Sequential([keras.Input((13,)), keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(scaler.transform(x_train), y_train, batch_size=8, epochs=20)
print(model.evaluate(scaler.transform(x_test), y_test, batch_size=8))
```

## Good

```python
import keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=1, stratify=y)
scaler = StandardScaler().fit(x_train)
model = keras.Sequential([keras.Input((13,)), keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(scaler.transform(x_train), y_train, batch_size=8, epochs=20)
print(model.evaluate(scaler.transform(x_test), y_test, batch_size=8))
```

## Known limits

Only sets whose size and classes are known are judged: the toy sets, and labels that the script itself makes.

## References

- <https://scikit-learn.org/stable/modules/cross_validation.html#stratification>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Encoding
from kerascheck.facts.events import Split
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule


@rule("KC122", "split-not-stratified", Severity.INFO, since="0.1", options={"rows": 1000})
def split_not_stratified(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    limit = options.number("rows", 1000)
    for split in program.of(Split):
        if split.function != "train_test_split" or split.stratified is not False or split.shuffle is not True:
            continue
        labels = next((data for data in split.inputs if _is_labels(data)), None)
        rows = labels.shape[0] if labels is not None and isinstance(labels.shape, tuple) and labels.shape else None
        if labels is not None and isinstance(rows, int) and rows < limit:
            yield _finding(split, labels, rows)


def _is_labels(data: DataArray) -> bool:
    return (
        data.labels and data.encoding in (Encoding.INTEGER, Encoding.ONE_HOT) and not isinstance(data.classes, Unknown)
    )


def _finding(split: Split, labels: DataArray, rows: int) -> Finding:
    name = f"`{labels.name}`" if labels.name else "the labels"
    return Finding(
        message=f"{name} has {rows:,} rows in {labels.classes} classes, and the split leaves it to chance how many of each class are tested",
        location=split.location,
        help=f"pass `stratify={labels.name or 'y'}`",
        label="not stratified",
    )
