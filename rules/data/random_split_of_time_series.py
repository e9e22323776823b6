"""A time series, or windows of one, is split at random.

## What it does

Looks for a shuffling split (`train_test_split`, `KFold(shuffle=True)`, `ShuffleSplit`) of rows that are known to follow
each other in time: windows that a loop or `timeseries_dataset_from_array` cuts from a series, a frame indexed or sorted by
date.

## Why it matters

Neighbours in time are nearly equal, and windows share most of their values. Split at random, each test row has its past
and its future in the training part: the model interpolates, and the score says nothing of how it forecasts.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense
from sklearn.model_selection import train_test_split

series = np.load("load.npy")
windows, targets = [], []
for start in range(len(series) - 24):
    windows.append(series[start : start + 24])
    targets.append(series[start + 24])
x = np.array(windows)[..., None]
x_train, x_test, y_train, y_test = train_test_split(x, np.array(targets), test_size=0.2, random_state=1)  # KC117
model = Sequential([Input((24, 1)), LSTM(16, dropout=0.1), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=64, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=64))
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
x_train, y_train = cut(series[:8000])
x_test, y_test = cut(series[8000:])
model = Sequential([Input((24, 1)), LSTM(16, dropout=0.1), Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=64, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=64))
```

## Known limits

That rows are a series is known by what the script does with them, not by the names of columns. Many series of different
origin in one array, split by origin, would be sound and are rare.

## References

- <https://scikit-learn.org/stable/modules/cross_validation.html#time-series-split>
- Hyndman, Athanasopoulos: Forecasting: Principles and Practice, section 5.8
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Order, StepKind
from kerascheck.facts.events import Split
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC117", "random-split-of-time-series", Severity.WARNING, since="0.1", group="leakage")
def random_split_of_time_series(program: TrainingProgram) -> Iterator[Finding]:
    for split in program.of(Split):
        series = next((data for data in split.inputs if data.order is Order.TEMPORAL), None)
        if split.shuffle is True and series is not None:
            yield _finding(split, series)


def _finding(split: Split, series: DataArray) -> Finding:
    name = f"`{series.name}`" if series.name else "the data"
    window = series.step(StepKind.WINDOWED)
    what = "windows of one series" if window is not None else "a time series"
    origin = window or series.step(StepKind.LOADED)
    return Finding(
        message=f"{name} holds {what}, and `{split.function}` splits its rows at random: each test row has neighbours in the training part, and the score does not show how well the model forecasts",
        location=split.location,
        help="split in time: `shuffle=False`, a cut at a date, or `TimeSeriesSplit`",
        label="splits neighbours in time",
        related=(Related(origin.location, "the rows follow each other in time from here"),)
        if origin is not None
        else (),
    )
