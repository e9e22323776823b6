"""An input that is declared twice, not at all, or otherwise than what it stands for.

## What it does

Looks at `Input`, at models and at `Sequential.build`: an `Input` without a shape, or with `shape` and `batch_shape` at once;
an input that is at odds with the tensor it is made from; a second `Input` in a `Sequential`; a `build` with another shape than
the input has; a `ConvLSTM` layer on maps of any size; a `Sequential` that is used without a layer; a `Model` of no inputs or no outputs; a dictionary of inputs whose
keys are not the names of the inputs.

## Why it matters

Keras stops with an error; the keys of a dictionary it only warns about, and the data is matched with the wrong names later.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

inputs = Input()  # KC246
```

```python
import keras
from keras import Input, Sequential
from keras.layers import Dense

keras.config.set_floatx("float32")
model = Sequential()
model.add(Input((8,)))
model.add(Input((8,)))  # KC246
model.add(Dense(1))
```

```python
import keras

keras.config.set_floatx("float32")
inputs = keras.Input(shape=(8,), batch_shape=(32, 8))  # KC246
```

```python
import keras
import numpy as np

keras.config.set_floatx("float32")
model = keras.Sequential()
model.compile("adam", "mse")
history = model.fit(np.zeros((64, 8)), np.zeros(64), batch_size=32)  # KC246
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential()
model.add(Input((8,)))
model.add(Dense(1))
```

## Known limits

What Keras 2 lets pass is reported only where the script is known to aim at Keras 3.

## References

- <https://keras.io/api/layers/core_layers/input/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

STEPS = (
    Step.NO_SHAPE,
    Step.TWO_SHAPES,
    Step.OTHER_TENSOR,
    Step.SECOND_INPUT,
    Step.OTHER_INPUT,
    Step.OPEN_SIZE,
    Step.NO_LAYERS,
    Step.NO_TENSORS,
    Step.INPUT_KEYS,
)


@rule("KC246", "input-declaration", Severity.ERROR, since="0.1")
def input_declaration(program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(*STEPS):
        message, label, advice = _words(misstep)
        severity = Severity.WARNING if misstep.step is Step.INPUT_KEYS else None
        yield Finding(message=message, location=misstep.location, label=label, help=advice, severity=severity)


def _words(misstep: Misstep) -> tuple[str, str, str]:
    """The message, the label and the advice."""
    found, wanted = misstep.found, misstep.wanted
    match misstep.step:
        case Step.NO_SHAPE:
            return "`Input` is given no shape: the call fails", "no shape", "write `shape=(…)`, without the batch axis"
        case Step.TWO_SHAPES:
            return (
                f"`Input` is given `{wanted}` and `{found}`, which do not go together: the call fails",
                "the shape a second time",
                "keep one of them: `shape` leaves the batch axis out, `batch_shape` has it",
            )
        case Step.OTHER_TENSOR if wanted == "tensor":
            return f"`Input` is made from the {misstep.sort} `{found}` and needs a tensor", "no tensor", "give a tensor"
        case Step.OTHER_TENSOR:
            return (
                f"`Input` is told {found}, and the tensor that it is made from has {wanted}: the call fails",
                "another tensor",
                "leave the shape and type to the tensor",
            )
        case Step.SECOND_INPUT:
            shape = f" of shape {wanted}" if wanted else ""
            return (
                f"this `Sequential` has an input{shape} already: Keras 3 refuses a second one",
                "a second input",
                "remove it, or build a model of several inputs with `Model(inputs, outputs)`",
            )
        case Step.OTHER_INPUT:
            return (
                f"`build` is given {found}, and the input of this `Sequential` is {wanted}: the call fails",
                "another shape",
                "leave out `build`: a model with an `Input` is built already",
            )
        case Step.OPEN_SIZE:
            return (
                f"`{misstep.subject}` needs maps of a fixed size in Keras 3, and the input {found} leaves it open",
                "a size that is None",
                "give the height and width of the input",
            )
        case Step.NO_LAYERS:
            return f"`{misstep.subject}` has no layers: the call fails", "no layers yet", "add layers before it is used"
        case Step.NO_TENSORS:
            return (
                f"`Model` is made with no {wanted}: the call fails",
                f"no {wanted}",
                f"hand on the tensors as `{wanted}`",
            )
        case _:
            return (
                f"the key `{found}` stands for the input named `{wanted}`: Keras 3 goes by the names, not by the keys",
                "keys and names differ",
                f'write `"{wanted}"` as the key, or name the input `"{found}"`',
            )
