"""Predictions of a shuffled generator are compared with labels in file order.

## What it does

Looks for predictions made on a generator or dataset that shuffles, which are then compared with the labels, classes or
file names of that generator, or with labels that another pass over it collects.

## Why it matters

`generator.classes` lists the labels in the order of the files. `predict` goes through the batches in the order of the
shuffle. The two lists do not belong together: the confusion matrix is that of a coin, whatever the model has learned.

## Bad

```python
import numpy as np
from keras.models import load_model
from sklearn.metrics import confusion_matrix
from tensorflow.keras.preprocessing.image import ImageDataGenerator

images = ImageDataGenerator(rescale=1 / 255).flow_from_directory("holdout", target_size=(96, 96), class_mode="binary")
model = load_model("cats.keras")
scores = model.predict(images)  # KC112
print(confusion_matrix(images.classes, np.round(scores)))
```

```python
import keras
import numpy as np
from sklearn.metrics import confusion_matrix

images = keras.utils.image_dataset_from_directory("holdout", image_size=(96, 96), label_mode="binary")
model = keras.models.load_model("cats.keras")
scores = model.predict(images)  # KC112
labels = np.concatenate([batch for _, batch in images])
print(confusion_matrix(labels, np.round(scores)))
```

## Good

```python
import keras
import numpy as np
from sklearn.metrics import confusion_matrix

images = keras.utils.image_dataset_from_directory("holdout", image_size=(96, 96), label_mode="binary", shuffle=False)
model = keras.models.load_model("cats.keras")
scores = model.predict(images)
labels = np.concatenate([batch for _, batch in images])
print(confusion_matrix(labels, np.round(scores)))
```

## Known limits

A comparison inside a function of another module is not seen. The fix writes `shuffle=False` into the call that makes the
generator.

## References

- <https://keras.io/api/data_loading/image/> (`shuffle`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind, Order, Step, StepKind
from kerascheck.facts.events import Comparison, Evaluation, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

ATTRIBUTES: Final = frozenset({"classes", "labels", "filenames", "filepaths"})


@rule("KC112", "shuffled-predictions", Severity.ERROR, since="0.1", group="leakage", fixable=True)
def shuffled_predictions(program: TrainingProgram) -> Iterator[Finding]:
    predictions = {event.order: event for event in program.of(Evaluation)}
    seen: set[int] = set()
    for comparison in program.of(Comparison):
        for guess in comparison.arrays:
            event = predictions.get(guess.prediction) if guess.prediction is not None else None
            source = next(iter(arrays(event.x)), None) if event is not None else None
            if event is None or source is None or event.order in seen or not _is_shuffled(source):
                continue
            truth = next((array for array in comparison.arrays if _is_in_order(array, source)), None)
            if truth is not None:
                seen.add(event.order)
                yield _finding(event, source, truth, comparison)


def _is_shuffled(source: DataArray) -> bool:
    return source.kind in (DataKind.GENERATOR, DataKind.DATASET) and source.order is Order.SHUFFLED


def _is_in_order(array: DataArray, source: DataArray) -> bool:
    """Whether an array holds the labels of a source in an order of its own."""
    return array.prediction is None and array.of == source.key


def _labels(source: DataArray, truth: DataArray) -> str:
    if not source.name or truth.order is not Order.AS_LOADED:
        return "the labels of another pass"
    return f"`{source.name}.{truth.name}`" if truth.name in ATTRIBUTES else f"`{truth.name}`"


def _finding(event: Evaluation, source: DataArray, truth: DataArray, comparison: Comparison) -> Finding:
    name = f"`{source.name}`" if source.name else "the generator"
    labels = _labels(source, truth)
    step = source.step(StepKind.SHUFFLED)
    related = [Related(comparison.location, f"compared with {labels} here")]
    if step is not None:
        related.append(Related(step.location, "the shuffle is on here"))
    return Finding(
        message=f"{name} shuffles, so these predictions come in another order than {labels} that `{comparison.function}` compares them with: the score is that of a guess",
        location=event.place("x"),
        help="make the generator with `shuffle=False` for prediction",
        label="predicted in shuffled order",
        related=tuple(related),
        fix=_fix(step),
    )


def _fix(step: Step | None) -> Fix | None:
    if step is None:
        return None
    if "shuffle" in step.places:
        return Fix((Edit(step.places["shuffle"], "False"),))
    return Fix((step.slot.insert("shuffle=False"),)) if step.slot is not None else None
