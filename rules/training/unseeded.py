"""Results are reported that nobody can get again.

## What it does

Finds a script that trains a model and reports a result without setting any seed (a hint), that seeds numpy or Python alone,
and that sets the seed after the model was built (both warnings).

## Why it matters

Weights, shuffling, dropout and augmentation are drawn at random. Two runs of the same script differ by more than many
improvements are worth. `np.random.seed` reaches none of these in Keras: they come from the backend.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)  # KC512
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras
import numpy as np

np.random.seed(7)  # KC512
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
keras.utils.set_random_seed(7)  # KC512
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras

keras.utils.set_random_seed(7)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(history.history["val_accuracy"])
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

A script that is written for Keras 1 is left alone: on Theano, numpy's seed was the one that counted. Even with a seed, some
GPU operations differ from run to run unless `tf.config.experimental.enable_op_determinism()` is called.

## References

- <https://keras.io/examples/keras_recipes/reproducibility_recipes/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Evaluation, Event, Fit, LibraryCall
from kerascheck.facts.lives import built
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

SEEDS: Final = ("seed", "set_seed", "set_random_seed", "manual_seed")
ELSEWHERE: Final = ("numpy.", "random.")


@rule("KC512", "unseeded", Severity.INFO, since="0.1", fixable=True)
def unseeded(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    fit = next((fit for fit in program.of(Fit) if _is_reported(program, fit)), None)
    if fit is None or not program.whole or 1 in (usage.target, usage.written_for):
        return
    seeds = [call for call in program.calls(*SEEDS) if not call.uncalled]
    real = [call for call in seeds if not call.name.startswith(ELSEWHERE)]
    if any(True for _ in program.calls("default_rng")) and not seeds:
        return
    if not seeds:
        yield replace(_without(fit), fix=_seeded(program, fit))
    elif not real:
        yield replace(_partial(seeds, fit, usage), fix=_reaching(program, seeds[0]))
    elif (made := built(program, fit.model)) is not None and made.order < real[0].order and not real[0].loops:
        yield Finding(
            message="the seed is set after the model was built: its first weights differ from run to run",
            location=real[0].location,
            label="too late for the weights",
            help="set the seed at the top of the script, before anything random",
            severity=Severity.WARNING,
            related=(Related(made.location, "the weights are drawn here"),),
            fix=_moved(program, real[0], made),
        )


def _seeded(program: TrainingProgram, fit: Fit) -> Fix | None:
    """A seed below the imports."""
    statements = program.statements
    keras = statements.keras_import(fit.location) if statements is not None else None
    if statements is None or keras is None:
        return None
    name, line = keras
    edit = statements.insert_after_imports(fit.location, *filter(None, [line]), "", f"{name}.utils.set_random_seed(7)")
    return Fix((edit,), safe=False) if edit is not None else None


def _reaching(program: TrainingProgram, seed: LibraryCall) -> Fix | None:
    """The seed of numpy or Python as one of Keras, which seeds those too."""
    statements = program.statements
    keras = statements.keras_import(seed.location) if statements is not None else None
    plain = len(seed.positional) == 1 and not seed.arguments
    if statements is None or keras is None or seed.name_place is None or not plain:
        return None
    edits = [Edit(seed.name_place, f"{keras[0]}.utils.set_random_seed")]
    if keras[1]:
        line = statements.insert_after_imports(seed.location, keras[1])
        edits += [line] if line is not None else []
    complete = isinstance(seed.positional[0], int) and len(edits) == 1 + bool(keras[1])
    return Fix(tuple(edits), safe=False) if complete else None


def _moved(program: TrainingProgram, seed: LibraryCall, made: Event) -> Fix | None:
    """The seed in front of the statement that builds the model."""
    statements = program.statements
    text = statements.text(seed.location) if statements is not None else None
    plain = len(seed.positional) == 1 and isinstance(seed.positional[0], int)
    if (
        statements is None
        or text is None
        or not plain
        or seed.location.cell != made.location.cell
        or made.scope != seed.scope
    ):
        return None
    edits = (statements.insert_after_imports(made.location, "", text), statements.remove(seed.location))
    kept = tuple(edit for edit in edits if edit is not None)
    return Fix(kept, safe=False) if len(kept) == len(edits) else None


def _is_reported(program: TrainingProgram, fit: Fit) -> bool:
    if fit.method not in ("fit", "fit_generator") or fit.uncalled:
        return False
    return any(event.order > fit.order and event.method.startswith("evaluate") for event in program.of(Evaluation))


def _without(fit: Fit) -> Finding:
    return Finding(
        message="no seed is set: the reported result differs from run to run, and nobody can get it again",
        location=fit.name_place or fit.location,
        label="trained without a seed",
        help="call `keras.utils.set_random_seed(7)` at the top; on a GPU also `tf.config.experimental.enable_op_determinism()`",
    )


def _partial(seeds: list[LibraryCall], fit: Fit, usage: KerasUsage) -> Finding:
    seed, libraries = seeds[0], {"numpy" if seed.name.startswith("numpy.") else "Python" for seed in seeds}
    seeded = f"only {' and '.join(sorted(libraries))} {'are' if len(libraries) > 1 else 'is'} seeded"
    if "Python" in libraries:
        # Keras 3 draws the seeds of layers and initializers from Python's own generator.
        told = f"{seeded}: the shuffling of `{fit.method}`, and before Keras 3 the weights and the dropout too, still differ from run to run"
    elif "keras" in usage.flavours:
        told = f"{seeded}, which since Keras 2.4 no longer reaches the weights, the shuffling and the dropout: they differ from run to run"
    else:
        told = f"{seeded}: the weights, the shuffling and the dropout of Keras still differ from run to run"
    return Finding(
        message=told,
        location=seed.location,
        label="does not reach Keras",
        help="call `keras.utils.set_random_seed(...)`, which seeds Python, numpy and the backend",
        severity=Severity.INFO if "Python" in libraries else Severity.WARNING,
        related=(Related(fit.name_place or fit.location, "trained at random"),),
    )
