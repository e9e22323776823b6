"""`fit` is validated on the rows that it trains on.

## What it does

Compares the arrays given as `validation_data` with the ones that `fit` trains on: the same value, the same rows under
another name, or a part of them. It does the same for data that is called validation or test data and is evaluated or
predicted later, such as a second iterator over the training folder.

## Why it matters

The validation score is then a training score. It rises as long as the model memorizes, `EarlyStopping` never stops for
the right reason, `ModelCheckpoint` keeps the most over-fitted epoch, and nothing shows it.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_data=(x_train, y_train))  # KC103
print(model.evaluate(x_test, y_test, batch_size=16))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
x_val, y_val = x_train[300:], y_train[300:]
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_data=(x_val, y_val))  # KC103
print(model.evaluate(x_test, y_test, batch_size=16))
```

```python
from keras.applications import MobileNetV2
from tf_keras.preprocessing.image import ImageDataGenerator

changed = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
training = changed.flow_from_directory("flowers", target_size=(224, 224), class_mode="sparse")
plain = ImageDataGenerator(rescale=1 / 255)
validation = plain.flow_from_directory("flowers", target_size=(224, 224), class_mode="sparse", shuffle=False)
model = MobileNetV2(weights=None, classes=5)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(training, epochs=10, validation_data=validation)  # KC103
```

## Good

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
x_val, y_val = x_train[300:], y_train[300:]
x_train, y_train = x_train[:300], y_train[:300]
model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_data=(x_val, y_val))
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Known limits

Rows that were copied into another file, or that a generator draws by its own arithmetic, are not recognised.

## References

- <https://keras.io/guides/training_with_built_in_methods/#using-a-validation-dataset>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kerascheck.facts.data import DataArray, DataKind, Role
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC103", "validation-is-training-data", Severity.ERROR, since="0.1", group="leakage")
def validation_is_training_data(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        if fit.is_tested:
            continue
        # Weights may hide in training the rows, as the nodes of one graph, that those of the validation show.
        hidden = fit.validation_weighted and "sample_weight" in fit.arguments
        found = _shared(fit, arrays(fit.validation_x)) if not hidden else None
        if found is not None:
            yield _finding(fit, *found, fit.place("validation_data"))
            continue
        judged = (array for event, array in program.judged(after=fit) if event.model == fit.model and _claims(array))
        found = _shared(fit, judged)
        if found is not None:
            origin = found[1].cut_off
            place = origin.location if origin is not None else found[1].location
            yield _finding(fit, *found, place)


def _claims(array: DataArray) -> bool:
    """Whether data is a validation or test part, or an iterator over files that is called so."""
    if array.role in (Role.VALIDATION, Role.TEST):
        return True
    return array.kind in (DataKind.GENERATOR, DataKind.DATASET) and array.named_role in (Role.VALIDATION, Role.TEST)


def _shared(fit: Fit, judged: Iterable[DataArray]) -> tuple[DataArray, DataArray] | None:
    for validated in judged:
        for trained in arrays(fit.x):
            # A value of unknown origin under two names may be a gap in the source.
            known = trained.kind is not DataKind.UNKNOWN or trained.name == validated.name
            if known and trained.holds(validated):
                return trained, validated
    return None


def _finding(fit: Fit, trained: DataArray, validated: DataArray, place: Location) -> Finding:
    same = validated.holds(trained)
    what = "the rows that `fit` trains on" if same else "a part of the rows that `fit` trains on"
    name = f"`{validated.name}`" if validated.name else "the validation data"
    return Finding(
        message=f"{name} holds {what}: its score is a training score and cannot show over-fitting",
        location=place,
        help="hold rows out before training: `validation_split`, `subset`, or the second part of a split that `fit` never sees as `x`",
        label="training rows",
        related=(Related(fit.place("x"), f"trained on {_named(trained)} here"),),
    )


def _named(array: DataArray) -> str:
    return f"`{array.name}`" if array.name else "the same rows"
