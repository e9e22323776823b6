"""`fit` is validated on the rows that it trains on.

## What it does

Compares the arrays given as `validation_data` with the ones that `fit` trains on: the same value, the same rows under
another name, or a part of them.

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

from collections.abc import Iterator

from kerascheck.facts.data import DataArray
from kerascheck.facts.training import Fit, TrainingProgram, arrays
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC103", "validation-is-training-data", Severity.ERROR, since="0.1")
def validation_is_training_data(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        found = _shared(fit)
        if found is None:
            continue
        trained, validated = found
        same = validated.holds(trained)
        what = "the rows that `fit` trains on" if same else "a part of the rows that `fit` trains on"
        name = f"`{validated.name}`" if validated.name else "the validation data"
        yield Finding(
            message=f"{name} holds {what}: the validation score is a training score and cannot show over-fitting",
            location=fit.place("validation_data"),
            help="hold rows out before training: `validation_split`, or the second part of a split that `fit` never sees as `x`",
            label="training rows",
            related=(Related(fit.place("x"), f"trained on {_named(trained)} here"),),
        )


def _shared(fit: Fit) -> tuple[DataArray, DataArray] | None:
    for validated in arrays(fit.validation_x):
        for trained in arrays(fit.x):
            if trained.holds(validated):
                return trained, validated
    return None


def _named(array: DataArray) -> str:
    return f"`{array.name}`" if array.name else "the same rows"
