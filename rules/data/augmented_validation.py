"""Validation or test images are augmented at random.

## What it does

Looks for validation data, and data that is evaluated, whose generator or pipeline flips, turns, shifts or recolours images
at random.

## Why it matters

Augmentation makes the training part harder and larger. On validation images it only adds noise: each epoch is judged on
other pictures, the score jumps without cause and lies below that of the plain images, and early stopping follows the noise.

## Bad

```python
from keras.applications import MobileNetV2
from tf_keras.preprocessing.image import ImageDataGenerator

changed = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True, validation_split=0.2)
training = changed.flow_from_directory("flowers", (224, 224), class_mode="sparse", subset="training")
validation = changed.flow_from_directory("flowers", (224, 224), class_mode="sparse", subset="validation")
model = MobileNetV2(weights=None, classes=5)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(training, epochs=10, validation_data=validation)  # KC111
```

## Good

```python
import keras
from keras import layers

folder = {"directory": "flowers", "image_size": (96, 96), "validation_split": 0.2, "seed": 1}
training = keras.utils.image_dataset_from_directory(**folder, subset="training")
validation = keras.utils.image_dataset_from_directory(**folder, subset="validation")
flip = layers.RandomFlip("horizontal")
training = training.map(lambda images, labels: (flip(images, training=True), labels))
model = keras.Sequential(
    [keras.Input((96, 96, 3)), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(), layers.Dense(5, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(training, epochs=10, validation_data=validation)
print(history.history["val_accuracy"])
```

## Known limits

Augmentation on purpose at test time, with several passes averaged, looks the same; there an inline comment says so.

## References

- <https://keras.io/api/layers/preprocessing_layers/image_augmentation/>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, Step, StepKind
from kerascheck.facts.events import Data, Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC111", "augmented-validation", Severity.WARNING, since="0.1", group="leakage")
def augmented_validation(program: TrainingProgram) -> Iterator[Finding]:
    trained = {array.key for fit in program.of(Fit) for array in arrays(fit.x)}
    seen: set[int] = set()
    for event in program.events:
        if isinstance(event, Fit):
            yield from _find(event.validation_x, event.place("validation_data"), trained, seen)
        elif isinstance(event, Evaluation) and event.method.startswith("evaluate"):
            plain = _judged_as_they_are(program, event)
            for finding in _find(event.x, event.place("x"), trained, seen):
                yield replace(finding, severity=Severity.INFO) if plain else finding


def _judged_as_they_are(program: TrainingProgram, event: Evaluation) -> bool:
    """Whether the same model is scored on these rows without changes too: the second score may be a trial of its own."""
    judged = [array for fit in program.of(Fit) if fit.model == event.model for array in arrays(fit.validation_x)]
    judged += [array for other in program.of(Evaluation) if other.model == event.model for array in arrays(other.x)]
    plain = [array for array in judged if array.step(StepKind.AUGMENTED) is None]
    return any(one.holds(array) or one.shares(array) for one in plain for array in arrays(event.x))


def _find(data: Data, place: Location, trained: set[int], seen: set[int]) -> Iterator[Finding]:
    for array in arrays(data):
        step = array.step(StepKind.AUGMENTED)
        if step is not None and array.key not in trained | seen:
            seen.add(array.key)
            yield _finding(array, step, place)


def _finding(array: DataArray, step: Step, place: Location) -> Finding:
    name = f"`{array.name}`" if array.name else "the validation data"
    return Finding(
        message=f"{name} is augmented at random: each pass is judged on other pictures, and the score is lower and noisier than that of the images themselves",
        location=place,
        help="make a second generator without random arguments for validation and test images; keep only the rescaling",
        label="changed at random",
        related=(Related(step.location, f"`{step.by}` draws at random here"),),
    )
