"""The best weights are saved, and the last ones are judged.

## What it does

Finds a training with `ModelCheckpoint(save_best_only=True)` whose model is then evaluated or predicts without the saved file
having been loaded.

## Why it matters

After `fit` the model holds the weights of the last epoch. When it has overfitted by then, the reported score is worse than
that of the file on disk, and not the score of the model that will be used.

## Bad

```python
import keras
from keras.callbacks import ModelCheckpoint

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = ModelCheckpoint("best.keras", save_best_only=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=[best])
print(model.evaluate(x_test, y_test, batch_size=128))  # KC522
```

## Good

```python
import keras
from keras.callbacks import ModelCheckpoint

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = ModelCheckpoint("best.keras", save_best_only=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=50, validation_split=0.1, callbacks=[best])
print(max(history.history["val_accuracy"]))
model = keras.models.load_model("best.keras")
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent as soon as the script loads any weights or model after the training, and beside early stopping that restores the best
weights itself.

## References

- <https://keras.io/api/callbacks/model_checkpoint/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Callback, Evaluation, Fit
from kerascheck.facts.keeping import loads_later
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC522", "evaluation-after-reload", Severity.WARNING, since="0.1")
def evaluation_after_reload(program: TrainingProgram) -> Iterator[Finding]:
    told: set[Location] = set()
    for fit in program.of(Fit) if program.whole else ():
        saver = _saver(fit)
        if saver is None or loads_later(program, fit):
            continue
        judged = _judged(program, fit)
        if judged is None or judged.location in told:
            continue
        told.add(judged.location)
        path = saver["filepath"]
        file = f"`{path}`" if isinstance(path, str) and "{" not in path else "the checkpoint"
        yield Finding(
            message=f"`{judged.method}` judges the weights of the last epoch, the best ones are in {file} and are not loaded",
            location=judged.name_place or judged.location,
            label="last epoch, not the best",
            help="load them first (`model.load_weights(...)` or `keras.models.load_model(...)`), or use `EarlyStopping` with `restore_best_weights=True`",
            related=(
                Related(saver.location, "saves the best"),
                Related(fit.name_place or fit.location, "trained here"),
            ),
        )


def _saver(fit: Fit) -> Callback | None:
    callbacks = fit.callbacks if isinstance(fit.callbacks, tuple) else ()
    if any(callback.custom or callback["restore_best_weights"] is True for callback in callbacks):
        return None
    return next((callback for callback in callbacks if callback["save_best_only"] is True), None)


def _judged(program: TrainingProgram, fit: Fit) -> Evaluation | None:
    """The first time that the trained model is judged, unless it is trained on before that."""
    for event in program.events:
        if event.order <= fit.order or (fit.uncalled and event.scope != fit.scope):
            continue
        if isinstance(event, Fit) and event.model == fit.model:
            return None
        if isinstance(event, Evaluation) and event.model == fit.model:
            return event
    return None
