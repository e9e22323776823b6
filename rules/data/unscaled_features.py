"""Features with a wide range reach a dense, convolutional or recurrent layer as they are.

## What it does

Follows tables and series whose range of values is known (the toy sets of Keras and scikit-learn, numbers made in the
script) to `fit`. It warns when values beyond 100 reach the first layer that has a kernel without a scaler, `Normalization` or
`BatchNormalization` on the way, and gives a hint beyond 10.

## Why it matters

A column of values around 500 gets gradients 500 times as large as one around 1. A learning rate that suits the one is
useless for the other: training is slow, or the loss is `nan` after the first batches. In the housing data the tax rate
drowns everything else.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(64, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)  # KC125
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Good

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
scale = keras.layers.Normalization()
scale.adapt(x_train)
model = keras.Sequential(
    [keras.Input((13,)), scale, keras.layers.Dense(64, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
)
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Known limits

The range of a file is not known, and most data come from files: silence proves nothing. Images are the matter of KC109.

## References

- LeCun, Bottou, Orr, Mueller: Efficient BackProp (1998), section 4.3
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.entries import SCALING, entries
from kerascheck.facts.events import Fit, ModelUse, arrays
from kerascheck.facts.families import KERNELS
from kerascheck.facts.graph import Layer
from kerascheck.facts.own_steps import OwnStep
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

ALONE = 1000
LOADING = frozenset({"load_weights", "set_weights"})
WORDS = ("imdb", "reuters")


@rule("KC125", "unscaled-features", Severity.WARNING, since="0.1", options={"warning": 100, "hint": 10})
def unscaled_features(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    loud, low = options.number("warning", 100), options.number("hint", 10)
    for fit in program.events:
        if not isinstance(fit, (Fit, OwnStep)):
            continue
        graph = program.graph(fit.model)
        wide = next((data for data in arrays(fit.x) if _width(data) > low), None)
        if (
            wide is None
            or graph is None
            or any(use.use in LOADING and use.order < fit.order for use in program.of(ModelUse))
        ):
            continue
        layer = _unscaled_entry(entries(graph))
        if layer is not None:
            yield _finding(fit, wide, layer, Severity.WARNING if _width(wide) > loud else Severity.INFO)


def _width(data: DataArray) -> float:
    """The largest absolute value of a table or series; 0 where it is not known, or where the data are images."""
    images = data.minimum == 0 and data.maximum == 255
    if data.kind is not DataKind.ARRAY or images or (isinstance(data.shape, tuple) and len(data.shape) > 3):
        return 0.0
    if isinstance(data.minimum, Unknown) or isinstance(data.maximum, Unknown) or data.dtype in ("bool", "object"):
        return 0.0
    width = float(max(abs(data.minimum), abs(data.maximum)))
    # One column drowns no other.
    return width if _columns(data) != 1 or width > ALONE else 0.0


def _columns(data: DataArray) -> object:
    return data.shape[-1] if isinstance(data.shape, tuple) and len(data.shape) > 1 else 1


def _unscaled_entry(found: tuple[Layer, ...] | None) -> Layer | None:
    """The first layer, where all that the input meets first are kernels."""
    if found is None or any(layer.class_name in SCALING or layer.class_name not in KERNELS for layer in found):
        return None
    return found[0]


def _finding(fit: Fit | OwnStep, data: DataArray, layer: Layer, severity: Severity) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    loaded = data.step(StepKind.LOADED)
    related = [Related(layer.location, f"`{layer.class_name}` is the first layer to compute with them")]
    if loaded is not None:
        related.append(Related(loaded.location, f"`{loaded.by}` gives values up to {_width(data):g}"))
    if data.origin in WORDS or any(step.by == "Tokenizer" for step in data.history):
        return Finding(
            message=f"{name} holds word numbers up to {data.maximum:g}, which `{layer.class_name}` takes for amounts: a rare word weighs more than a common one",
            location=fit.place("x"),
            help="put an `Embedding` layer in front of it",
            label="numbers of words",
            severity=severity,
            related=tuple(related),
        )
    return Finding(
        message=f"{name} holds values from {data.minimum:g} to {data.maximum:g} when it reaches `{layer.class_name}`: columns of large values drown the others, and training is slow or diverges",
        location=fit.place("x"),
        help="start the model with a `Normalization` layer adapted to the training part, or fit a `StandardScaler` on it",
        label=f"values up to {_width(data):g}",
        severity=severity,
        related=tuple(related),
    )
