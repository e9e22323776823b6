"""A random split has no seed in a script that reports a result.

## What it does

Looks for `train_test_split` and shuffled folds without `random_state`, where numpy's generator was not seeded either, in a
script that seeds something else or scores the model afterwards.

## Why it matters

Each run is tested on other rows. Two runs differ by the luck of the split, often by more than the change that they are
meant to judge, and nobody can repeat the reported number. A seed of Keras or TensorFlow alone does not reach the split.

## Bad

```python
import keras
import numpy as np
from sklearn.model_selection import train_test_split

data = np.load("sensor.npy")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8])  # KC116
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras
import numpy as np
from sklearn.model_selection import train_test_split

data = np.load("sensor.npy")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], random_state=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=32, epochs=20)
print(model.evaluate(x_test, y_test, batch_size=32))
```

## Known limits

`numpy.random.seed` and `keras.utils.set_random_seed` seed the split too, when they stand before it.

## References

- <https://scikit-learn.org/stable/glossary.html#term-random_state>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Evaluation, Split
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC116", "unseeded-split", Severity.INFO, since="0.1")
def unseeded_split(program: TrainingProgram) -> Iterator[Finding]:
    for split in program.of(Split):
        if split.shuffle is True and split.seeded is False:
            reported = any(event.order > split.order for event in program.of(Evaluation))
            if reported or program.seeds:
                yield Finding(
                    message=f"`{split.function}` draws another test part in each run: scores of two runs differ by the split alone, and the reported one cannot be repeated",
                    location=split.location,
                    help="pass `random_state=` with a fixed number",
                    label="no seed",
                )
