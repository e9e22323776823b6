"""A model is judged that nothing ever trained.

## What it does

Finds `evaluate` or `predict` on a model that the script builds, that no `fit` trains (nor any model that shares its layers),
that loads no weights, holds no pretrained base, and goes to no code that cannot be followed.

## Why it matters

The weights are still the random ones that the model was born with. The numbers look like numbers, but they are noise.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
print(model.evaluate(x_test / 255, y_test, batch_size=128))  # KC523
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.load_weights("digits.weights.h5")
print(model.evaluate(x_test / 255, y_test, batch_size=128))
```

## Known limits

Silent for models that hold code of the author's own, for scripts with a training loop of their own, for data that the script
itself makes up, and for models without weights.

## References

- <https://keras.io/guides/training_with_built_in_methods/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Compiled, Evaluation, Fit, is_demonstration
from kerascheck.facts.lives import built, may_be_trained
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

JUDGING: Final = frozenset({"evaluate", "evaluate_generator", "predict", "predict_generator", "predict_classes"})


@rule("KC523", "never-trained", Severity.WARNING, since="0.1")
def never_trained(program: TrainingProgram) -> Iterator[Finding]:
    told: set[int | Unknown] = set()
    for call in program.of(Evaluation):
        graph = program.graph(call.model)
        if call.method not in JUDGING or call.model in told or call.uncalled or graph is None:
            continue
        if not program.whole or graph.parameters == 0 or may_be_trained(program, call.model):
            continue
        if is_demonstration(call.x) or any(fit.model != call.model for fit in program.of(Fit)):
            continue
        told.add(call.model)
        made = built(program, call.model)
        yield Finding(
            message=f"`{call.method}` runs on a model that nothing trains: its weights are still random",
            location=call.name_place or call.location,
            label="never trained",
            help="train it with `fit` first, or load its weights",
            # A model that was never meant to be trained may show what a layer does.
            severity=Severity.WARNING if _is_compiled(program, call) else Severity.INFO,
            related=(Related(made.location, "the model is built here"),) if made is not None else (),
        )


def _is_compiled(program: TrainingProgram, call: Evaluation) -> bool:
    return any(event.model == call.model for event in program.of(Compiled))
