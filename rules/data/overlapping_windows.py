"""Windows of a series that overlap lie on both sides of a split.

## What it does

Looks for windows that a loop or `timeseries_dataset_from_array` cuts from one series with a step smaller than their length,
which are split into parts afterwards, by position, by `train_test_split(shuffle=False)` or by `validation_split`.

## Why it matters

The last windows of the training part and the first of the test part share values. With long windows and short series the
shared stretch is a good part of the test, and its score is better than a forecast would be.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense

series = np.load("load.npy")
windows, targets = [], []
for start in range(len(series) - 24):
    windows.append(series[start : start + 24])
    targets.append(series[start + 24])
x, y = np.array(windows)[..., None], np.array(targets)
model = Sequential([Input((24, 1)), LSTM(16, dropout=0.1), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=64, epochs=20, validation_split=0.2)  # KC118
print(history.history["val_loss"])
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense


def cut(series):
    windows, targets = [], []
    for start in range(len(series) - 24):
        windows.append(series[start : start + 24])
        targets.append(series[start + 24])
    return np.array(windows)[..., None], np.array(targets)


series = np.load("load.npy")
x, y = cut(series[:8000])
x_val, y_val = cut(series[8000:])
model = Sequential([Input((24, 1)), LSTM(16, dropout=0.1), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=64, epochs=20, validation_data=(x_val, y_val))
print(history.history["val_loss"])
```

## Known limits

The number of shared values is not computed; for thousands of windows it is negligible, hence a hint.

## References

- Cerqueira, Torgo, Mozetic: Evaluating time series forecasting models. Machine Learning 109 (2020)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Step, StepKind
from kerascheck.facts.events import Fit, Split, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC118", "overlapping-windows", Severity.INFO, since="0.1", group="leakage")
def overlapping_windows(program: TrainingProgram) -> Iterator[Finding]:
    for event in program.events:
        if isinstance(event, Split) and event.divides and event.shuffle is not True:
            yield from _find(event.inputs, event.location)
        elif isinstance(event, Fit) and event.arguments.get("validation_split"):
            given = tuple(data for data in arrays(event.x) if data.kind is DataKind.ARRAY)
            yield from _find(given, event.place("validation_split"))


def _find(data: tuple[DataArray, ...], place: Location) -> Iterator[Finding]:
    for array in data:
        window = _uncut(array)
        if window is not None:
            yield _finding(array, window, place)
            return


def _uncut(array: DataArray) -> Step | None:
    """The step that made windows, unless a split came after it."""
    step = array.step(StepKind.WINDOWED, StepKind.SPLIT)
    return step if step is not None and step.kind is StepKind.WINDOWED else None


def _finding(array: DataArray, window: Step, place: Location) -> Finding:
    name = f"`{array.name}`" if array.name else "the data"
    return Finding(
        message=f"{name} holds overlapping windows of one series and is cut after they were made: the last windows before the cut and the first ones behind it share values",
        location=place,
        help="cut the series first and make the windows of each part, or leave a gap of one window at the cut",
        label="cuts through overlapping windows",
        related=(Related(window.location, "the windows are made here"),),
    )
