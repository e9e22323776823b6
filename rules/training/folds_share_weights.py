"""The folds of a cross-validation, or repeated random splits, train one model on and on.

## What it does

Finds a loop over folds (or over repetitions with a new random split in each) that fits a model built before the loop, and
neither builds it anew nor sets its weights back.

## Why it matters

From the second turn on, the model has already been trained on the rows that it is now judged on. Its score rises from fold
to fold and says nothing about new data. `compile` inside the loop does not help: it resets the optimizer, not the weights.

## Bad

```python
import keras
import numpy as np
from sklearn.model_selection import KFold

x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(1, "sigmoid")])
scores = []
for train, test in KFold(n_splits=5, shuffle=True, random_state=1).split(x):
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x[train], y[train], batch_size=32, epochs=20)  # KC511
    scores.append(model.evaluate(x[test], y[test], batch_size=32))
```

```python
import keras
import numpy as np
from sklearn.model_selection import train_test_split

x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
for seed in range(10):
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
    history = model.fit(x_train, y_train, batch_size=32, epochs=20)  # KC511
    print(seed, model.evaluate(x_test, y_test, batch_size=32))
```

## Good

```python
import keras
import numpy as np
from sklearn.model_selection import KFold

keras.utils.set_random_seed(1)


def build():
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


x, y = np.load("x.npy"), np.load("y.npy")
scores, curves = [], []
for train, test in KFold(n_splits=5, shuffle=True, random_state=1).split(x):
    keras.utils.clear_session()
    model = build()
    curves.append(model.fit(x[train], y[train], batch_size=32, epochs=20).history)
    scores.append(model.evaluate(x[test], y[test], batch_size=32))
```

## Known limits

Silent where the weights are set or loaded inside the loop, or the model goes through code that cannot be followed.

## References

- <https://scikit-learn.org/stable/modules/cross_validation.html>
- <https://keras.io/api/models/model/#clonemodel-function>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Fit, Loop, Split, arrays
from kerascheck.facts.lives import built, resets_weights
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC511", "folds-share-weights", Severity.ERROR, since="0.1", group="leakage")
def folds_share_weights(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        loop = next((loop for loop in fit.loops if _is_repetition(loop, fit, program)), None)
        made = built(program, fit.model)
        if loop is None or made is None or any(around.key == loop.key for around in made.loops):
            continue
        if resets_weights(program, fit.model, loop.key):
            continue
        what = "fold" if loop.over == "folds" else "split"
        yield Finding(
            message=f"each {what} goes on training the model of the one before: from the second on it is judged on rows that it was trained on",
            location=fit.name_place or fit.location,
            label=f"trained on, {what} after {what}",
            help="build the model inside the loop, by a function that makes and compiles it",
            related=(
                Related(made.location, "the model is built once, before the loop"),
                Related(loop.location, f"the loop over {what}s"),
            ),
        )


def _is_repetition(loop: Loop, fit: Fit, program: TrainingProgram) -> bool:
    """Whether each turn of a loop trains on another part of the same rows."""
    if loop.over == "folds":
        return True
    if loop.over not in ("range", "values"):
        return False
    return any(
        split.function == "train_test_split"
        and split.shuffle is True
        and any(around.key == loop.key for around in split.loops)
        and any(part.holds(array) for part in split.outputs for array in arrays(fit.x))
        for split in program.of(Split)
    )
