"""Labels are strings when they reach `fit`.

## What it does

Follows the labels to `fit` and speaks when they are known to be text: names from a list, folder or file names, a column
that was read as text, without an encoder on the way.

## Why it matters

A loss computes with numbers. Keras raises an error for labels of type `str` in the first step, after everything has been
loaded.

## Bad

```python
import keras
import numpy as np

x = np.load("leaves.npy")
y = np.array(["oak"] * 50 + ["elm"] * 50)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(2, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x, y, batch_size=8, epochs=20)  # KC121
```

## Good

```python
import keras
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

x = np.load("leaves.npy")
y = LabelEncoder().fit_transform(["oak"] * 50 + ["elm"] * 50)
x_train, x_val, y_train, y_val = train_test_split(x, y, stratify=y, random_state=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(2, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=8, epochs=20, validation_data=(x_val, y_val))
print(history.history["val_loss"])
```

## Known limits

The type of a column that is read from a file is not known.

## References

- <https://keras.io/api/utils/python_utils/#to_categorical-function>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Encoding, StepKind
from kerascheck.facts.events import Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC121", "label-not-encoded", Severity.ERROR, since="0.1")
def label_not_encoded(program: TrainingProgram) -> Iterator[Finding]:
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)):
            for labels in arrays(event.y):
                if labels.kind is DataKind.ARRAY and _is_text(labels):
                    yield _finding(labels, event.place("y"), event.method)


def _is_text(labels: DataArray) -> bool:
    return labels.dtype == "str" or (labels.encoding is Encoding.STRING and labels.step(StepKind.ENCODED) is None)


def _finding(labels: DataArray, place: Location, method: str) -> Finding:
    name = f"`{labels.name}`" if labels.name else "the labels"
    return Finding(
        message=f"{name} holds text, and `{method}` raises an error for it: a loss computes with numbers",
        location=place,
        help="number the classes with `LabelEncoder`, or with a list of them and `.index`, before `fit`",
        label="text as labels",
        related=(Related(labels.location, "the labels are made here"),),
    )
