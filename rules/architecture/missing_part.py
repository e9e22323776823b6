"""A model or layer is asked for what it does not have, or does not have yet.

## What it does

Looks at `get_layer` with a name or an index that no layer of the model has, at `kernel`, `embeddings` and `count_params()` of a
layer that was never called, and at `output_shape`, `inputs` and the like of a `Sequential` whose input shape nobody gave.

## Why it matters

Keras stops with an error: a layer is built, and gets its weights, when it is first called.

## Bad

```python
from keras import Input, Model, Sequential
from keras.layers import Dense

model = Sequential([Input((8,)), Dense(16, activation="relu", name="features"), Dense(1, name="score")])
features = Model(model.inputs, model.get_layer("feature").output)  # KC248
```

```python
from keras.layers import Dense

layer = Dense(8)
print(layer.kernel)  # KC248
```

```python
from keras import Sequential
from keras.layers import Dense

model = Sequential([Dense(16, activation="relu"), Dense(1)])
print(model.output_shape)  # KC248
```

## Good

```python
from keras import Input, Model, Sequential
from keras.layers import Dense

model = Sequential([Input((8,)), Dense(16, activation="relu", name="features"), Dense(1, name="score")])
features = Model(model.inputs, model.get_layer("features").output)
print(model.output_shape, model.layers[0].kernel)
```

## Known limits

Names that Keras may have given itself are never called unknown.

## References

- <https://keras.io/guides/sequential_model/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule(
    "KC248",
    "missing-part",
    Severity.ERROR,
    since="0.1",
    mentions=(".get_layer", ".kernel", ".embeddings", ".count_params", ".input", ".output", ".reset_state"),
)
def missing_part(program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(Step.UNKNOWN_LAYER, Step.NOT_BUILT):
        yield _layer(misstep) if misstep.step is Step.UNKNOWN_LAYER else _unbuilt(misstep)


def _layer(misstep: Misstep) -> Finding:
    if misstep.sort == "both":
        return Finding(
            message="`get_layer` is given a name and an index: the call fails",
            location=misstep.location,
            label="one of the two",
            help="give the name alone",
        )
    if misstep.sort == "none":
        return Finding(
            message="`get_layer` is given neither a name nor an index: the call fails",
            location=misstep.location,
            label="no name",
            help="give the name of a layer",
        )
    if misstep.sort == "index":
        return Finding(
            message=f"`{misstep.subject}` has {misstep.wanted} layers, and none at index {misstep.found}: the call fails",
            location=misstep.location,
            label="behind the last layer",
            help=f"count from 0 to {int(misstep.wanted) - 1}, or ask by name",
        )
    from difflib import get_close_matches

    near = get_close_matches(misstep.found, misstep.known, n=1)
    return Finding(
        message=f"`{misstep.subject}` has no layer named `{misstep.found}`: the call fails",
        location=misstep.location,
        label="no such layer",
        help=f'write `"{near[0]}"`'
        if near
        else f"its layers are {', '.join(f'`{name}`' for name in misstep.known[:8])}",
    )


def _unbuilt(misstep: Misstep) -> Finding:
    if misstep.sort == "stateless":
        return Finding(
            message=f"`{misstep.subject}` keeps no state, and `{misstep.wanted}` fails on it",
            location=misstep.location,
            label="not stateful",
            help="make the layer with `stateful=True`, or leave out the call",
        )
    what = "layer was never called" if misstep.sort == "layer" else "model knows no input shape"
    advice = (
        "call the layer, or `build` it," if misstep.sort == "layer" else "give the model an `Input`, or `build` it,"
    )
    return Finding(
        message=f"`{misstep.wanted}` of `{misstep.subject}` does not exist yet, since the {what}: the access fails",
        location=misstep.location,
        label="not built yet",
        help=f"{advice} first",
    )
