"""An argument is given that `fit` refuses for a dataset or generator.

## What it does

Looks for `y`, `sample_weight` and `validation_split` beside a `tf.data.Dataset`, a `Sequence` or `PyDataset`, a directory
iterator, a loader of torch or grain, or a Python generator, in `fit` and `evaluate`, and for `class_weight` beside a Python
generator or such a loader. A hint is given
where a model of `tf.keras` gets a list of arrays as `validation_data` and no tuple.

## Why it matters

A dataset brings its labels and weights along and has no last rows that could be held out. Keras raises a `ValueError` as
soon as `fit` is called, after the data have been loaded and the model has been built. A list stands for several inputs:
the first releases of TensorFlow 2 took the labels in it for a second input.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(rows, epochs=20, validation_split=0.2)  # KC115
```

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(rows, y, epochs=20)  # KC115
```

```python
import numpy as np
from tensorflow import keras

x, y = np.load("x.npy"), np.load("y.npy")
x_val, y_val = np.load("x_val.npy"), np.load("y_val.npy")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, epochs=20, batch_size=64, validation_data=[x_val, y_val])  # KC115
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
validation = tf.data.Dataset.from_tensor_slices((x[:200], y[:200])).batch(32)
training = tf.data.Dataset.from_tensor_slices((x[200:], y[200:])).shuffle(1000).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(training, epochs=20, validation_data=validation)
print(history.history["val_loss"])
```

## Known limits

`batch_size` and `shuffle` are ignored, not refused, and are no matter of this rule.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.events import Evaluation, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule

INSTEAD = {
    "y": "put the labels into it, as the second part of each batch, and leave `y` out",
    "sample_weight": "put the weights into it, as the third part of each batch",
    "validation_split": "cut the validation part off yourself and pass it as `validation_data`",
    "class_weight": "yield the weights as the third part of each batch",
}


OWN = ("yields", "loader")
"""What `class_weight` cannot be mixed into."""


@rule("KC115", "argument-against-data-kind", Severity.ERROR, since="0.1", fixable=True)
def argument_against_data_kind(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)) and event.method in ("fit", "evaluate", "fit_generator"):
            data = event.x
            if isinstance(data, DataArray) and data.kind in (DataKind.DATASET, DataKind.GENERATOR):
                for finding in _refused(event, data):
                    yield replace(finding, fix=_without(program, finding.location, event, data))
        if isinstance(event, Fit) and event.validation_list and "tf.keras" in usage.flavours:
            yield _listed(event)


def _listed(event: Fit) -> Finding:
    place = event.place("validation_data")
    opening = replace(place, end_line=place.line, end_column=place.column + 1)
    closing = replace(place, line=place.end_line, column=place.end_column - 1)
    return Finding(
        message="`validation_data` is a list where Keras documents a tuple: early TensorFlow 2 took its labels for a second input",
        location=place,
        help="write `(x, y)` in place of `[x, y]`",
        label="a list",
        severity=Severity.INFO,
        fix=Fix((Edit(opening, "("), Edit(closing, ")")), safe=False),
    )


def _refused(event: Fit | Evaluation, data: DataArray) -> Iterator[Finding]:
    for argument in INSTEAD:
        if argument == "validation_split" and event.method == "fit_generator":
            continue
        if argument == "class_weight" and data.container not in OWN:
            continue
        given = event.y is not None if argument == "y" else event.arguments.get(argument) is not None
        if (
            given
            and argument in event.places
            and not (argument == "validation_split" and event.arguments[argument] == 0)
        ):
            yield _finding(event, data, argument)


def _finding(event: Fit | Evaluation, data: DataArray, argument: str) -> Finding:
    kind = "a `DataLoader`" if data.container == "loader" else "a generator"
    kind = "a `tf.data.Dataset`" if data.kind is DataKind.DATASET else kind
    name = f"`{data.name}` is {kind}" if data.name else f"the data are {kind}"
    return Finding(
        message=f"{name}, and `{event.method}` raises a ValueError for `{argument}` beside it",
        location=event.place(argument),
        help=INSTEAD[argument],
        label="refused beside a dataset",
        related=(Related(data.location, f"{kind} is made here"),),
    )


def _without(program: TrainingProgram, place: Location, event: Fit | Evaluation, data: DataArray) -> Fix | None:
    """Take the argument out, where nothing is lost but what the data do not bear: the labels must be among them."""
    if place not in (event.places.get("validation_split"), event.places.get("y")) or program.statements is None:
        return None
    if place == event.places.get("y") and len(data.elements) < 2:
        return None
    edit = program.statements.remove_argument(place)
    return Fix((edit,), safe=False) if edit is not None else None
