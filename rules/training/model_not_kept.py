"""A model is trained and then forgotten.

## What it does

Finds a trained model that is neither saved, returned, judged nor handed on before the script ends. One finding speaks for
the whole file.

## Why it matters

When the process ends the weights are gone, and with them the hours that went into them. The curves alone cannot be used to
predict anything.

## Bad

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1)  # KC510
print(max(history.history["val_accuracy"]))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1)
print(max(history.history["val_accuracy"]))
model.save("digits.keras")
```

## Known limits

Silent in notebooks, where the model lives on in the session, for fewer than ten epochs, and in functions that the file
itself never calls.

## References

- <https://keras.io/guides/serialization_and_saving/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Evaluation, Fit, ModelUse, is_made_up
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

METHODS: Final = frozenset({"fit", "fit_generator"})
FEW: Final = 10
NO_USE: Final = frozenset({"built", "summary", "history", "trainable"})
SAVERS: Final = frozenset({"ModelCheckpoint", "BackupAndRestore", "LambdaCallback", "SwapEMAWeights"})


@rule("KC510", "model-not-kept", Severity.INFO, since="0.1", options={"epochs": FEW})
def model_not_kept(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    few = options.number("epochs", FEW)
    found: dict[int | Unknown, Finding] = {}
    for fit in program.of(Fit) if program.whole else ():
        epochs = fit.arguments.get("epochs", 1)
        if fit.method not in METHODS or fit.uncalled or fit.repeated or fit.location.cell is not None:
            continue
        if not isinstance(epochs, int) or epochs < few or is_made_up(fit.x) or _is_kept(program, fit):
            continue
        found.setdefault(
            fit.model,
            Finding(
                message=f"the model is trained for {epochs} epochs and then forgotten: nothing saves, returns or uses it",
                location=fit.name_place or fit.location,
                label="lost when the script ends",
                help='save it: `model.save("model.keras")`',
            ),
        )
    if found:
        first, *others = found.values()
        yield replace(first, related=tuple(Related(other.location, "this one too") for other in others))


def _is_kept(program: TrainingProgram, fit: Fit) -> bool:
    if isinstance(fit.callbacks, Unknown) or any(call.custom or call.name in SAVERS for call in fit.callbacks):
        return True
    for event in program.events:
        if isinstance(event, ModelUse) and event.use in NO_USE:
            continue
        later = event.order > fit.order or event.repeated
        if isinstance(event, (Evaluation, ModelUse)) and later and program.related(event.model, fit.model):
            return True
    return False
