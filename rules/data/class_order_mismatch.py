"""Categories or words get their numbers on the training part and on the test part separately.

## What it does

Looks for a `LabelEncoder`, `OrdinalEncoder`, `OneHotEncoder`, `Tokenizer`, `StringLookup` or the like that is fitted on the
training part, and then fitted again, or another of its kind fitted, on the validation or test part.

## Why it matters

The numbers follow from what the part happens to contain. With one category missing from the test part, "dog" is 2 in
training and 1 in the test: labels and inputs no longer mean the same, and the score is wrong without a word of warning.

## Bad

```python
import keras
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

frame = pd.read_csv("animals.csv")
y = frame.pop("kind")
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y, random_state=1)
y_train = LabelEncoder().fit_transform(y_train)
y_test = LabelEncoder().fit_transform(y_test)  # KC119
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(5, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

```python
import keras
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

frame = pd.read_csv("animals.csv")
y = frame.pop("kind")
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y, random_state=1)
encoder = LabelEncoder()
y_train = encoder.fit_transform(y_train)
y_test = encoder.fit_transform(y_test)  # KC119
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(5, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

frame = pd.read_csv("animals.csv")
y = frame.pop("kind")
x_train, x_test, y_train, y_test = train_test_split(frame.to_numpy(), y, random_state=1)
encoder = LabelEncoder()
y_train = encoder.fit_transform(y_train)
y_test = encoder.transform(y_test)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(5, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

Two parts that are sure to hold the same set of categories get the same numbers; the rule cannot know that.

## References

- <https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.LabelEncoder.html>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Role
from kerascheck.facts.events import Fitting
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.keras_api.transformers import Learned, learned
from kerascheck.rule import rule

JUDGED = (Role.TEST, Role.VALIDATION)


@rule("KC119", "class-order-mismatch", Severity.WARNING, since="0.1", group="leakage", fixable=True)
def class_order_mismatch(program: TrainingProgram) -> Iterator[Finding]:
    seen: list[Fitting] = []
    for fitting in program.of(Fitting):
        data = fitting.data
        if data is None or not _numbers(fitting):
            continue
        if part_of(data) in JUDGED:
            first = next((earlier for earlier in reversed(seen) if _is_counterpart(earlier, fitting)), None)
            if first is not None:
                yield _finding(fitting, first, data)
        seen.append(fitting)


def _numbers(fitting: Fitting) -> bool:
    """Whether the fitting gives numbers to categories or words; a tokenizer that is fitted again only learns more words."""
    return learned(fitting.transformer) in (Learned.CATEGORIES, Learned.VOCABULARY)


def part_of(data: DataArray) -> Role:
    """The part that an array is: proven, or else claimed by its name."""
    return data.named_role if data.role is Role.UNKNOWN else data.role


def _is_counterpart(earlier: Fitting, fitting: Fitting) -> bool:
    first, second = earlier.data, fitting.data
    if (
        first is None
        or second is None
        or part_of(first) is not Role.TRAIN
        or earlier.transformer != fitting.transformer
    ):
        return False
    if earlier.key == fitting.key and learned(fitting.transformer) is Learned.VOCABULARY:
        return False
    if (
        not isinstance(first.classes, Unknown)
        and not isinstance(second.classes, Unknown)
        and first.origin == second.origin
    ):
        # Both halves of a known data set hold all its classes.
        return False
    # Columns of one frame are different things.
    return not first.columns or not second.columns or first.columns == second.columns


def _finding(fitting: Fitting, first: Fitting, data: DataArray) -> Finding:
    name = f"`{data.name}`" if data.name else "this part"
    part = f"the {part_of(data).value} part"
    return Finding(
        message=f"`{fitting.transformer}` numbers the values of {name}, {part}, anew: one value missing there shifts the numbers, and the same class or word is another number than in training",
        location=fitting.method_place or fitting.location,
        help="fit once, on the training part, and call `transform` with that object here",
        label=f"numbers {part} by itself",
        related=(Related(first.location, "the training part is numbered here"),),
        fix=_fix(fitting, first),
    )


def _fix(fitting: Fitting, first: Fitting) -> Fix | None:
    if fitting.method != "fit_transform" or fitting.method_place is None or first.key != fitting.key:
        return None
    return Fix((Edit(fitting.method_place, "transform"),))
