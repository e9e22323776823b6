"""A layer is called on more or fewer tensors than it takes.

## What it does

Looks at calls of layers that put several tensors together (`Add`, `Concatenate`, `Dot`, `Attention`, …) and get one tensor, of
`Dot` and `Subtract` on another number than two, and of models on another number of tensors than they have inputs. In a
`Sequential` each layer gets one tensor, so a merging layer has no place there.

## Why it matters

Keras stops with an error when the layer is called.

## Bad

```python
from keras import Input, Model
from keras.layers import Add, Dense

inputs = Input((8,))
x = Dense(64, activation="relu")(inputs)
x = Add()(x)  # KC244
model = Model(inputs, Dense(1)(x))
```

```python
from keras import Input, Model
from keras.layers import Dense, Subtract

inputs = Input((8,))
parts = [Dense(4, activation="relu")(inputs) for _ in range(3)]
x = Subtract()(parts)  # KC244
model = Model(inputs, Dense(1)(x))
```

```python
from keras import Input, Sequential
from keras.layers import Concatenate, Dense

model = Sequential([
    Input((8,)),
    Dense(64, activation="relu"),
    Concatenate(),  # KC244
    Dense(1),
])
```

```python
from keras import Input, Model
from keras.layers import Concatenate, Dense

left, right = Input((8,)), Input((8,))
pair = Model([left, right], Dense(4)(Concatenate()([left, right])))
x = pair(Input((8,)))  # KC244
```

## Good

```python
from keras import Input, Model
from keras.layers import Add, Dense, Subtract

inputs = Input((8,))
x = Dense(8, activation="relu")(inputs)
x = Add()([x, inputs])
x = Subtract()([x, inputs])
model = Model(inputs, Dense(1)(x))
```

## Known limits

Where it is not known whether a value is one tensor or several, nothing is said.

## References

- <https://keras.io/api/layers/merging_layers/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC244", "input-count", Severity.ERROR, since="0.1")
def input_count(program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(Step.ONE_TENSOR, Step.WRONG_COUNT):
        yield _one(misstep) if misstep.step is Step.ONE_TENSOR else _number(misstep)


def _one(misstep: Misstep) -> Finding:
    queried = "Attention" in misstep.wanted and misstep.sort != "list"
    if misstep.sort == "chain":
        message = f"`{misstep.subject}` takes several tensors, and in a `Sequential` it gets one: the call fails"
        advice = "build the model with `Input` and `Model(inputs, outputs)`, and call the layer on a list"
    elif queried:
        message = f"`{misstep.subject}` is called on a query alone and needs a value too: the call fails"
        advice = "hand on the value, for self-attention the same tensor again"
    else:
        message = f"`{misstep.subject}` is called on one tensor, and takes a list of them: the call fails"
        advice = "call the layer on a list: `[x, y]`"
    return Finding(message=message, location=misstep.location, label="one tensor", help=advice)


def _number(misstep: Misstep) -> Finding:
    noun = "tensor" if misstep.wanted == "1" else "tensors"
    return Finding(
        message=f"`{misstep.subject}` is called on {misstep.found}, and takes {misstep.wanted} {noun}: the call fails",
        location=misstep.location,
        label=f"takes {misstep.wanted}",
        help=f"call it on a list of {misstep.wanted} tensors" if misstep.wanted != "1" else "call it on one tensor",
    )
