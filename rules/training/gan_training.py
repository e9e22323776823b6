"""A discriminator whose `trainable` flag or whose labels do not do what is meant.

## What it does

Looks at models that are trained on their own and as a part of another one: a flag that is set after the combined model was
compiled, and a model that is frozen for good and then trained on its own. Where the labels are written out as constants it
compares them: of real rows, of generated ones, and of those that the combined model is trained with.

## Why it matters

Keras 2 takes the flag over at `compile`: set later, it changes nothing, and training the generator trains the discriminator
too, towards being fooled. Keras 3 looks at the flag when it trains: the usual recipe, which freezes the discriminator once and
for all after its own `compile`, then trains a discriminator without trainable weights. A generator that is trained with the label
of generated rows learns to be told apart, and never to deceive.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
critic = keras.Sequential([keras.Input((784,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")])
critic.compile("adam", "binary_crossentropy")
painter = keras.Sequential([keras.Input((32,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(784, "sigmoid")])
critic.trainable = False
both = keras.Sequential([keras.Input((32,)), painter, critic])
both.compile("adam", "binary_crossentropy")
for step in range(1000):
    noise = np.random.normal(size=(64, 32))
    rows = np.random.randint(0, 60000, 64)
    critic.train_on_batch(x_train[rows], np.ones(64))  # KC519
    critic.train_on_batch(painter.predict(noise, batch_size=64), np.zeros(64))
    both.train_on_batch(noise, np.ones(64))
```

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
critic = keras.Sequential([keras.Input((784,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")])
critic.compile("adam", "binary_crossentropy")
painter = keras.Sequential([keras.Input((32,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(784, "sigmoid")])
both = keras.Sequential([keras.Input((32,)), painter, critic])
critic.trainable = False
both.compile("adam", "binary_crossentropy")
for step in range(1000):
    noise = np.random.normal(size=(64, 32))
    rows = np.random.randint(0, 60000, 64)
    critic.trainable = True
    critic.train_on_batch(x_train[rows], np.ones(64))
    critic.train_on_batch(painter.predict(noise, batch_size=64), np.zeros(64))
    critic.trainable = False
    both.train_on_batch(noise, np.zeros(64))  # KC519
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
critic = keras.Sequential([keras.Input((784,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")])
critic.compile("adam", "binary_crossentropy")
history = critic.fit(x_train, np.ones(60000), batch_size=64, epochs=3, validation_split=0.1)
print(history.history["val_loss"])
```

## Known limits

Labels are compared where they are constants in a call of their own for real and for generated rows. One finding speaks for a
model.

## References

- <https://keras.io/guides/transfer_learning/>
- <https://keras.io/examples/generative/dcgan_overriding_train_step/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Compiled, Fit, ModelUse
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC519", "gan-training", Severity.WARNING, since="0.1", mentions=("trainable",))
def gan_training(program: TrainingProgram) -> Iterator[Finding]:
    for model in {use.model: use for use in program.of(ModelUse) if _freezes(use)}:
        flags = [use for use in program.uses(model, "trainable") if not use.uncalled]
        whole = _combined(program, model)
        if not whole or not flags:
            continue
        late = _set_late(program, flags, whole)
        if late is not None and program.target_keras != 3:
            yield _too_late(*late)
        elif program.target_keras not in (1, 2) and (frozen := _trained_frozen(program, model, flags)) is not None:
            yield _frozen(*frozen)
        elif (swapped := _swapped(program, model, whole)) is not None:
            yield swapped


def _swapped(program: TrainingProgram, model: int, whole: set[int]) -> Finding | None:
    """The combined model with the label of generated rows, or one label for real and generated rows."""
    alone = [fit for fit in program.of(Fit) if fit.model == model and isinstance(fit.x, DataArray)]
    generated = {_label(fit): fit for fit in alone if isinstance(fit.x, DataArray) and fit.x.prediction is not None}
    real = {_label(fit) for fit in alone if isinstance(fit.x, DataArray) and fit.x.prediction is None}
    if not real or None in real or not generated or None in generated:
        return None
    for label, fit in generated.items():
        if label in real:
            return _same(
                fit, f"real rows and generated ones both get the label {label:g}: there is nothing to tell apart"
            )
    for fit in program.of(Fit):
        label = _label(fit) if fit.model in whole else None
        if label is not None and label in generated:
            told = f"the combined model is trained with {label:g}, the label of generated rows: the generator learns to be told apart"
            return _same(fit, told, generated[label])
    return None


def _label(fit: Fit) -> float | None:
    """The one number that all labels of a fit are; None for any others."""
    labels = fit.y
    if not isinstance(labels, DataArray) or labels.origin != "constant" or labels.minimum != labels.maximum:
        return None
    return float(labels.minimum) if isinstance(labels.minimum, (int, float)) else None


def _same(fit: Fit, message: str, other: Fit | None = None) -> Finding:
    return Finding(
        message=message,
        location=fit.place("y"),
        label="the wrong label",
        help="train the discriminator with 1 for real and 0 for generated rows, and the combined model with 1",
        related=(Related(other.place("y"), "generated rows get it here"),) if other is not None else (),
    )


def _freezes(use: ModelUse) -> bool:
    return use.use == "trainable" and use.arguments.get("trainable") is False


def _combined(program: TrainingProgram, model: int) -> set[int]:
    """The models that hold the model as a layer."""
    return {
        graph.key
        for graph in program.models.values()
        if graph.key != model and any(layer.key == model for layer in graph.every_layer())
    }


def _set_late(program: TrainingProgram, flags: list[ModelUse], whole: set[int]) -> tuple[ModelUse, Compiled] | None:
    """A freeze that no compile of the combined model takes over, with the compile before it."""
    compiles = [event for event in program.of(Compiled) if event.model in whole and not event.uncalled]
    first = next((flag for flag in flags if _freezes(flag)), None)
    if first is None or not compiles or any(event.order > first.order for event in compiles):
        return None
    if not any(fit.model in whole and _may_follow(fit, first) for fit in program.of(Fit)):
        return None
    return first, compiles[-1]


def _may_follow(fit: Fit, flag: ModelUse) -> bool:
    return fit.order > flag.order or bool({loop.key for loop in fit.loops} & {loop.key for loop in flag.loops})


def _trained_frozen(program: TrainingProgram, model: int, flags: list[ModelUse]) -> tuple[Fit, ModelUse] | None:
    """A training of the model itself while it is frozen for good."""
    if not flags or any(not _freezes(flag) for flag in flags):
        return None
    freeze = flags[0]
    return next(((fit, freeze) for fit in program.of(Fit) if fit.model == model and fit.order > freeze.order), None)


def _too_late(flag: ModelUse, compiled: Compiled) -> Finding:
    return Finding(
        message="`trainable` is set after the combined model was compiled: Keras 2 goes on training this model within it",
        location=flag.location,
        label="comes after `compile`",
        help="set the flag before the combined model is compiled, or compile it again",
        related=(Related(compiled.location, "compiled here, with the flag as it was"),),
    )


def _frozen(fit: Fit, flag: ModelUse) -> Finding:
    return Finding(
        message=f"`{fit.method}` trains a model that is frozen: Keras 3 looks at the flag as it is now and trains nothing",
        location=fit.name_place or fit.location,
        label="no trainable weights in Keras 3",
        help="set `trainable = True` before each training of this model and `False` after it, or write a `train_step` for both",
        related=(Related(flag.location, "frozen here"),),
    )
