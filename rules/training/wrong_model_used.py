"""One model is trained, another one is judged or saved.

## What it does

Finds a script that trains one model and evaluates, predicts with or saves another that it also builds, that shares no layer
with a trained one and that nothing trains or loads.

## Why it matters

The second model has random weights. Mostly a variable was mistyped, or a cell builds the model again after the training.

## Bad

```python
import keras


def build(units):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
small, large = build(16), build(256)
history = small.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(large.evaluate(x_test, y_test, batch_size=128))  # KC526
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent for random numbers in place of data, for models that hold code of the author's own or weights from elsewhere, and where a training loop of the script's own
may have trained them.

## References

- <https://keras.io/guides/training_with_built_in_methods/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Evaluation, Fit, ModelUse, is_made_up
from kerascheck.facts.keeping import loads
from kerascheck.facts.lives import built, may_be_trained
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

JUDGING: Final = frozenset({"evaluate", "evaluate_generator", "predict", "predict_generator", "predict_classes"})


@rule("KC526", "wrong-model-used", Severity.ERROR, since="0.1")
def wrong_model_used(program: TrainingProgram) -> Iterator[Finding]:
    told: set[int | Unknown] = set()
    for model, what, place, order in _uses(program):
        graph = program.graph(model)
        trained = next((fit for fit in program.of(Fit) if fit.model != model and fit.order < order), None)
        if model in told or graph is None or trained is None or graph.parameters == 0 or not program.whole:
            continue
        if may_be_trained(program, model):
            continue
        told.add(model)
        made = built(program, model)
        yield Finding(
            message=f"`{what}` uses a model that nothing trains, the trained one is another: these weights are random",
            location=place,
            label="not the trained model",
            help="use the model that was trained, or train this one",
            related=(
                Related(trained.name_place or trained.location, "this model is trained"),
                *((Related(made.location, "this one is only built"),) if made is not None else ()),
            ),
        )


def _uses(program: TrainingProgram) -> Iterator[tuple[int | Unknown, str, Location, int]]:
    """What is done with models that should be trained by then; a model that is loaded again may be trained later."""
    last_load = max((event.order for event in program.events if loads(event)), default=0)
    for event in program.events:
        if event.uncalled:
            continue
        if isinstance(event, Evaluation) and event.method in JUDGING and not is_made_up(event.x):
            yield event.model, event.method, event.name_place or event.location, event.order
        elif isinstance(event, ModelUse) and event.use in ("save", "save_weights") and event.order > last_load:
            yield event.model, event.use, event.location, event.order
