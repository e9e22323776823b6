"""Settings are compared on one model that is trained on and on.

## What it does

Finds a loop over settings that compiles and fits a model built before the loop, without building it anew or setting its
weights back. One finding speaks for the whole file.

## Why it matters

`compile` sets a new optimizer and leaves the weights as they are. The second setting starts where the first one ended, so
that later settings look better than they are, and the comparison says nothing.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
for rate in [1e-4, 1e-3, 1e-2]:
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)  # KC527
    print(rate, max(history.history["val_accuracy"]))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
for rate in [1e-4, 1e-3, 1e-2]:
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
    print(rate, max(history.history["val_accuracy"]))
```

## Known limits

Silent for a loop that does not compile: training on in turns is common, and so is a rate that falls from turn to turn.

## References

- <https://keras.io/api/models/model/#clonemodel-function>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.events import Compiled, Fit, Loop, ModelUse
from kerascheck.facts.lives import built, resets_weights
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC527", "fit-again-continues", Severity.INFO, since="0.1")
def fit_again_continues(program: TrainingProgram) -> Iterator[Finding]:
    found: dict[int, Finding] = {}
    for fit in program.of(Fit):
        made = built(program, fit.model)
        loop = next((loop for loop in fit.loops if loop.over == "values"), None)
        if loop is None or made is None or any(around.key == loop.key for around in made.loops):
            continue
        if _compiles(program, fit, loop) and not resets_weights(program, fit.model, loop.key):
            found.setdefault(loop.key, _finding(fit, loop, made))
    if found:
        first, *others = found.values()
        yield replace(first, related=(*first.related, *(Related(other.location, "and here") for other in others)))


def _compiles(program: TrainingProgram, fit: Fit, loop: Loop) -> bool:
    """Whether each turn compiles the model, and nothing unfreezes it."""
    inside = [
        event
        for event in program.events
        if isinstance(event, (Compiled, ModelUse)) and any(around.key == loop.key for around in event.loops)
    ]
    frozen = any(isinstance(event, ModelUse) and event.use == "trainable" for event in inside)
    return not frozen and any(isinstance(event, Compiled) and event.model == fit.model for event in inside)


def _finding(fit: Fit, loop: Loop, made: ModelUse) -> Finding:
    return Finding(
        message="each setting goes on training the model of the one before: `compile` leaves the weights as they are",
        location=fit.name_place or fit.location,
        label="continues where the last turn ended",
        help="build the model inside the loop, or start each turn from `keras.models.clone_model(model)`",
        related=(Related(made.location, "the model is built once"), Related(loop.location, "the settings")),
    )
