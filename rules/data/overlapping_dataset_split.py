"""`take` and `skip` split a dataset that is shuffled anew in each pass.

## What it does

Looks for a `tf.data` pipeline that is cut by `take` and `skip` behind a `shuffle` that reshuffles in each iteration, which
is the default.

## Why it matters

`take(100)` does not name 100 rows: it takes the first 100 of each pass, and each pass has another order. In the second
epoch the training part holds rows that the validation part showed before, and after a few epochs all rows have been in
both. The validation score is then a training score.

## Bad

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)  # KC113
validation = rows.take(200).batch(32)
training = rows.skip(200).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(training, epochs=20, validation_data=validation)
```

## Good

```python
import keras
import numpy as np
import tensorflow as tf

x, y = np.load("x.npy"), np.load("y.npy")
rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000, seed=1, reshuffle_each_iteration=False)
validation = rows.take(200).batch(32)
training = rows.skip(200).shuffle(1000).batch(32)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.1), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(training, epochs=20, validation_data=validation)
print(history.history["val_loss"])
```

## Known limits

A `cache` between the shuffle and the cut may fix the order; such pipelines are passed over.

## References

- <https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, Step, StepKind
from kerascheck.facts.events import Split
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

ARGUMENT = "reshuffle_each_iteration"


@rule(
    "KC113",
    "overlapping-dataset-split",
    Severity.ERROR,
    since="0.1",
    group="leakage",
    fixable=True,
    mentions=("take", "skip"),
)
def overlapping_dataset_split(program: TrainingProgram) -> Iterator[Finding]:
    for split in program.of(Split):
        if split.function != "take and skip" or len(split.outputs) < 2:
            continue
        step = next((found for data in split.inputs if (found := _reshuffle(data)) is not None), None)
        if step is not None and {data.history[-1].by for data in split.outputs} >= {"take", "skip"}:
            yield _finding(split, step)


def _reshuffle(data: DataArray) -> Step | None:
    """The shuffle that gives the rows another order in each pass."""
    step = data.step(StepKind.SHUFFLED, StepKind.CACHED)
    if step is None or step.kind is StepKind.CACHED or step.by != "shuffle":
        return None
    return step if step.arguments.get("reshuffle") is True else None


def _finding(split: Split, step: Step) -> Finding:
    related = tuple(
        Related(data.location, f"`{data.history[-1].by}` cuts another set of rows in each epoch")
        for data in split.outputs[:2]
    )
    return Finding(
        message="this `shuffle` gives the rows another order in each epoch, so that the parts which `take` and `skip` cut from it exchange rows: the model is validated on rows that it was trained on",
        location=step.location,
        help=f"write `{ARGUMENT}=False` here, and shuffle the training part again after the cut",
        label="another order in each epoch",
        related=related,
        fix=_fix(step),
    )


def _fix(step: Step) -> Fix | None:
    if ARGUMENT in step.places:
        return Fix((Edit(step.places[ARGUMENT], "False"),))
    return Fix((step.slot.insert(f"{ARGUMENT}=False"),)) if step.slot is not None else None
