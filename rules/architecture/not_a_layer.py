"""Something else stands where Keras expects a layer or a tensor.

## What it does

Looks at what layers, wrappers and models are given: a class in place of a layer (`TimeDistributed(Dense)`), a name or a function
that is added to a `Sequential` (`model.add("relu")`), a layer that was never called as the output of a model, a layer that is
called on a layer, a layer that is made with a tensor in place of being called on it (`Flatten(x)`), a recurrent layer around something that is no cell. Arguments like `training` that are passed to a call by
position are reported where the script is known to aim at Keras 3, which takes only tensors so.

## Why it matters

The call stops with an error, and for some the message shows an object of Keras in place of what is wrong.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, TimeDistributed

model = Sequential([Input((30, 8)), TimeDistributed(Dense)])  # KC243
```

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((8,))])
model.add(Dense(64))
model.add("relu")  # KC243
model.add(Dense)  # KC243
```

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(64, activation="relu")(inputs)
model = Model(inputs, Dense(1))  # KC243
```

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(64, activation="relu")
outputs = Dense(1)(hidden)  # KC243
```

```python
from keras import Input, Model
from keras.layers import Dense, Flatten

inputs = Input((8, 8, 1))
x = Flatten(inputs)  # KC243
model = Model(inputs, Dense(1)(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Activation, Dense, TimeDistributed

model = Sequential([Input((30, 8)), TimeDistributed(Dense(64)), Activation("relu"), Dense(1)])
```

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(64, activation="relu")(inputs)
model = Model(inputs, Dense(1)(hidden))
```

## Known limits

Objects of libraries that are not followed are taken for layers.

## References

- <https://keras.io/guides/functional_api/>
- <https://keras.io/guides/sequential_model/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

ACTIVATIONS: Final = frozenset(
    {"relu", "sigmoid", "softmax", "tanh", "elu", "selu", "gelu", "swish", "silu", "softplus"}
)


@rule("KC243", "not-a-layer", Severity.ERROR, since="0.1")
def not_a_layer(program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(Step.NOT_A_LAYER, Step.NOT_A_CELL, Step.NOT_A_TENSOR):
        if misstep.step is Step.NOT_A_CELL:
            yield _no_cell(misstep)
        elif misstep.sort == "argument":
            yield _argument(misstep)
        elif misstep.sort == "made":
            yield _made(misstep)
        elif misstep.wanted == "list":
            yield _listed(misstep)
        else:
            yield _other(misstep)


def _other(misstep: Misstep) -> Finding:
    wanted = "a tensor" if misstep.step is Step.NOT_A_TENSOR else "a layer"
    where = f"as {misstep.wanted} " if misstep.wanted else ""
    given = f"the {misstep.sort} `{misstep.found}`" if misstep.found else f"a {misstep.sort}"
    return Finding(
        message=f"`{misstep.subject}` is given {given} {where}and needs {wanted}: the call fails",
        location=misstep.location,
        label=f"a {misstep.sort}, not {wanted}",
        help=_advice(misstep),
    )


def _advice(misstep: Misstep) -> str:
    name, sort = misstep.found, misstep.sort
    if misstep.step is Step.NOT_A_TENSOR:
        if sort == "class":
            return f"make the layer and call it on a tensor: `{name}(...)(x)`"
        if sort in ("layer", "model"):
            return f"call `{name}` on a tensor, and hand on what comes out"
        return "hand on the tensor that a call of a layer gives"
    if sort == "class":
        return f"make the layer: `{name}(...)`"
    if sort in ("text", "function") and name in ACTIVATIONS:
        return f'write `Activation("{name}")`'
    if sort == "function":
        return "wrap the function in a layer of your own, or in `Lambda`"
    if sort == "tensor":
        return "hand on the layer itself, without calling it"
    return "add layers one by one" if sort == "list" else "give a layer"


def _no_cell(misstep: Misstep) -> Finding:
    lack = (
        f"`state_size` of `{misstep.found}` is {misstep.wanted}"
        if misstep.wanted
        else f"`{misstep.found}` has no `state_size`"
    )
    return Finding(
        message=f"`{misstep.subject}` runs a cell, and {lack}: the call fails",
        location=misstep.location,
        label="not a recurrent cell",
        help="give a cell such as `LSTMCell(units)`, or set `self.state_size` to the size of the state in its `__init__`",
    )


def _made(misstep: Misstep) -> Finding:
    return Finding(
        message=f"`{misstep.subject}` is made with the output of `{misstep.found}`, and not called on it: it never becomes part of a model",
        location=misstep.location,
        label="a tensor, where settings belong",
        help=f"write `{misstep.subject}(...)(x)`: first the settings of the layer, then the tensor",
    )


def _listed(misstep: Misstep) -> Finding:
    return Finding(
        message=f"`Sequential` is given the {misstep.sort} `{misstep.found}`, and Keras 3 takes a list of layers: the call fails",
        location=misstep.location,
        label="not a list",
        help="write `Sequential([...])`",
    )


def _argument(misstep: Misstep) -> Finding:
    return Finding(
        message=f"`{misstep.subject}` is called with `{misstep.found}` by position, where Keras 3 takes only tensors: the call fails",
        location=misstep.location,
        label="needs its keyword",
        help="name the argument, for instance `training=True`",
    )
