"""A preprocessing step is fitted again on validation or test data.

## What it does

Looks for `fit` or `fit_transform` of a scaler, imputer, projection or feature selection on the validation or test part,
when the training part was fitted by the same object or by another of its class.

## Why it matters

The model has learned what a value means after the training part's scaling. Scaled by its own mean and deviation, the same
raw value gets another number on the test part, and the score is taken on inputs that the model was not trained for. In
use, where rows come one by one, there is nothing to fit on at all.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = np.loadtxt("sensor.csv", delimiter=",")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], random_state=1)
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.fit_transform(x_test)  # KC106
model = Sequential([Input((8,)), Dropout(0.1), Dense(16, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = np.loadtxt("sensor.csv", delimiter=",")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], random_state=1)
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
model = Sequential([Input((8,)), Dropout(0.1), Dense(16, "relu"), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=50)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

Encoders that learn nothing but the set of values are the matter of KC119. The fix replaces `fit_transform` by
`transform` where the same object was fitted on the training part before.

## References

- <https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Role, StepKind
from kerascheck.facts.events import Evaluation, Fit, Fitting, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.keras_api.transformers import SPREADS, STRONG, Learned, learned
from kerascheck.rule import rule

JUDGED = (Role.TEST, Role.VALIDATION)


@rule("KC106", "refitted-on-test", Severity.ERROR, since="0.1", group="leakage", fixable=True)
def refitted_on_test(program: TrainingProgram) -> Iterator[Finding]:
    seen: list[Fitting] = []
    used = _used(program)
    for fitting in program.of(Fitting):
        if learned(fitting.transformer) not in SPREADS | STRONG:
            continue
        if not fitting.transformer[:1].isupper() and fitting.key not in used:
            # A number that is only looked at.
            continue
        data = fitting.data
        if data is not None and part_of(data) in JUDGED:
            first = _first(seen, fitting, data)
            if first is not None:
                yield _finding(fitting, first, data)
        seen.append(fitting)


def _used(program: TrainingProgram) -> set[int]:
    """The keys of what scaled the data that models are trained or judged on; a gap may be filled with a number of its own."""
    found: set[int] = set()
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)):
            judged = arrays(event.validation_x) if isinstance(event, Fit) else ()
            for array in (*arrays(event.x), *judged):
                scaled = (step for step in array.history if step.kind is StepKind.SCALED)
                found |= {step.transformer for step in scaled if step.transformer is not None}
    return found


def part_of(data: DataArray) -> Role:
    """The part that an array is: proven, or else claimed by its name."""
    return data.named_role if data.role is Role.UNKNOWN else data.role


def _first(seen: list[Fitting], fitting: Fitting, data: DataArray) -> Fitting | None:
    """The fitting of the training part that this one repeats."""
    for earlier in reversed(seen):
        same = earlier.key == fitting.key or earlier.transformer == fitting.transformer
        if learned(fitting.transformer) is Learned.VOCABULARY and earlier.key != fitting.key:
            # Two vocabularies are the matter of KC119.
            continue
        if same and earlier.data is not None and part_of(earlier.data) is Role.TRAIN and not earlier.data.holds(data):
            return earlier
    return None


def _finding(fitting: Fitting, first: Fitting, data: DataArray) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    what = (
        f"`{fitting.transformer}` is fitted"
        if fitting.transformer[:1].isupper()
        else f"the {fitting.transformer} is taken"
    )
    part = f"the {part_of(data).value} part"
    return Finding(
        message=f"{what} again on {name}, {part}: the same raw value becomes another number than in training, and the model is judged on inputs that it was not trained for",
        location=fitting.method_place or fitting.location,
        help="fit once, on the training part, and call `transform` with that object here",
        label=f"learns from {part}",
        related=(Related(first.location, "the training part is fitted here"),),
        fix=_fix(fitting, first),
    )


def _fix(fitting: Fitting, first: Fitting) -> Fix | None:
    if fitting.method != "fit_transform" or fitting.method_place is None or first.key != fitting.key:
        return None
    return Fix((Edit(fitting.method_place, "transform"),))
