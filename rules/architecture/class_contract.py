"""A class of one's own that does not do what Keras expects of it.

## What it does

Looks at the classes of the script that extend a layer, a model, a metric, an optimizer or a data set of Keras: an `__init__`
that never calls `super().__init__()`, an object that is called although its class has no `call`, a model that sets
`self.layers`, a `PyDataset` without `__getitem__`, a class of no library that is registered without a `get_config`. Where the script is known to aim at Keras 3: `add_weight` with the name in
front, `add_metric`, `add_loss` on a functional model or with something else than a tensor.

## Why it matters

The object stops with an error when it is made, or when it is first called.

## Bad

```python
import keras
from keras import layers


class Scaled(layers.Layer):
    def __init__(self, factor):  # KC247
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.layers = [layers.Dense(64, activation="relu"), layers.Dense(1)]  # KC247

    def call(self, inputs):
        x = inputs
        for layer in self.layers:
            x = layer(x)
        return x
```

```python
import keras
from keras import layers, ops


class Linear(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", shape=(input_shape[-1], self.units))  # KC247

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)

    def forward(self, inputs):
        return self.head(inputs)


outputs = Net()(keras.Input((8,)))  # KC247
```

## Good

```python
import keras
from keras import layers, ops


class Linear(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)
```

## Known limits

An initializer that calls another method of its class is taken for one that goes up from there.

## References

- <https://keras.io/guides/making_new_layers_and_models_via_subclassing/>
- <https://keras.io/guides/migrating_to_keras_3/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

STEPS = (
    Step.NO_SUPER,
    Step.NO_CALL,
    Step.RESERVED_NAME,
    Step.WEIGHT_ORDER,
    Step.GONE_METHOD,
    Step.LOSS_ARGUMENT,
    Step.NO_ITEMS,
    Step.NO_CONFIG,
)


@rule(
    "KC247",
    "class-contract",
    Severity.ERROR,
    since="0.1",
    mentions=("class ", "add_loss", "add_metric"),
)
def class_contract(program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(*STEPS):
        message, label, advice = _words(misstep)
        severity = Severity.WARNING if misstep.sort == "data" else None
        yield Finding(message=message, location=misstep.location, label=label, help=advice, severity=severity)


def _words(misstep: Misstep) -> tuple[str, str, str]:
    """The message, the label and the advice."""
    subject, found = misstep.subject, misstep.found
    match misstep.step:
        case Step.NO_SUPER if misstep.sort == "data":
            return (
                f"`{subject}` does not call `super().__init__()`: Keras 3 warns, and ignores `workers` and the like",
                "no `super().__init__()`",
                "begin with `super().__init__(**kwargs)`",
            )
        case Step.NO_SUPER:
            return (
                f"`{subject}` does not call the `__init__` of `{misstep.wanted}`: its first use fails",
                "no `super().__init__()`",
                "begin with `super().__init__()`",
            )
        case Step.NO_CALL:
            return (
                f"an object of `{found}` is called, and the class has no `call`: the call fails",
                "nothing to call",
                "define `call(self, inputs)` in the class",
            )
        case Step.RESERVED_NAME:
            return (
                f"`{subject}` sets `self.{found}`, which Keras keeps for itself: the assignment fails",
                "a name of Keras",
                "choose another name, for instance `self.blocks`",
            )
        case Step.WEIGHT_ORDER:
            return _weight(misstep)
        case Step.GONE_METHOD if found == "add_loss":
            return (
                "a functional model of Keras 3 has no `add_loss`: the call fails",
                "gone since 3.0",
                "add the loss inside the `call` of a layer of your own, or hand it to `compile`",
            )
        case Step.GONE_METHOD:
            return (
                f"Keras 3 has no `{found}`: the call fails",
                "gone since 3.0",
                "keep a metric object in the class and update it in `call`, or hand it to `compile`",
            )
        case Step.LOSS_ARGUMENT:
            return (
                f"`add_loss` is given a {misstep.sort}, and Keras 3 takes only tensors: the call fails",
                "no tensor",
                "compute the loss in `call` and hand on the tensor",
            )
        case Step.NO_CONFIG:
            return (
                f"`{subject}` is registered and has no `get_config`, which a saved model is written by: the decorator fails",
                "no `get_config` in this class",
                "define `get_config(self)` to return the arguments of `__init__`",
            )
        case _:
            return (
                f"`{subject}` has no `__getitem__`: training on it fails",
                "no `__getitem__` in this class",
                "define `__getitem__(self, index)` to give one batch",
            )


def _weight(misstep: Misstep) -> tuple[str, str, str]:
    found = misstep.found
    if misstep.sort == "name":
        return (
            f'`add_weight` of Keras 3 takes the shape first and is given the name `"{found}"`: the call fails',
            "the name, where the shape belongs",
            f'write `add_weight(shape=…, name="{found}")`',
        )
    if misstep.sort == "many":
        return (
            f"`add_weight` is given {found} values by position, and Keras 3 takes at most 3: the call fails",
            "needs its keyword",
            "name the arguments behind `shape`, `initializer` and `dtype`",
        )
    return (
        f"`add_weight` is given `{found}` by position and by name: the call fails",
        f"`{found}` twice",
        f"keep one of the two `{found}`",
    )
