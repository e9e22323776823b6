"""The shape of the input is given to a layer, where Keras 3 asks for an `Input` object.

## What it does

Finds `input_shape`, `input_dim` and `batch_input_shape` on layers of a script that aims at Keras 3. One finding speaks for
the whole file; `batch_input_shape`, which Keras 3 refuses, is reported on its own.

## Why it matters

Keras 3 takes `input_shape` and `input_dim` with a warning at run time, and knows them in Sequential models only.
`batch_input_shape` stops with a `ValueError`.

## Bad

```python
import keras
from keras import ops

model = keras.Sequential()
model.add(keras.layers.Dense(64, input_shape=(784,)))  # KC613
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(10, "softmax"))
print(ops.shape(model.get_weights()[0]))
```

```python
import keras
from keras import ops

layer = keras.layers.LSTM(32, batch_input_shape=(16, 24, 3))  # KC613
print(ops.zeros(3))
```

## Good

```python
import keras
from keras import ops

model = keras.Sequential()
model.add(keras.Input((784,)))
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(10, "softmax"))
print(ops.shape(model.get_weights()[0]))
```

## Known limits

Silent where it is not known that the script aims at Keras 3: in Keras 2 these arguments are the usual way.

## References

- <https://keras.io/guides/sequential_model/#specifying-the-input-shape-in-advance>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.training import ApiCall, KerasUsage
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.rule import rule

TAKEN: Final = ("input_shape", "input_dim")


@rule(
    "KC613",
    "input-shape-argument",
    Severity.INFO,
    since="0.1",
    group="migration",
    mentions=("input_shape", "input_dim"),
)
def input_shape_argument(usage: KerasUsage) -> Iterator[Finding]:
    if usage.target != 3:
        return
    layers = [call for call in usage.calls if call.is_call and _is_layer(call)]
    places = [(call, name, place) for call in layers if (found := _shape(call)) is not None for name, place in [found]]
    if places:
        (call, name, first), *others = places
        yield Finding(
            message=f"`{call.name}` is given `{name}`: Keras 3 warns of it and asks for an `Input` object",
            location=first,
            label="the model's input, given to a layer",
            help="make `keras.Input(shape)` the first entry of the Sequential model",
            related=tuple(Related(place, f"`{again}` here") for _, again, place in others),
        )
    for call in layers:
        if "batch_input_shape" in call.keywords:
            yield Finding(
                message=f"`{call.name}` is given `batch_input_shape`, which Keras 3 refuses: the call fails",
                location=call.keywords["batch_input_shape"],
                label="gone since 3.0",
                help="make `keras.Input(batch_shape=...)` the first entry of the Sequential model",
                severity=Severity.ERROR,
            )


def _is_layer(call: ApiCall) -> bool:
    return call.name not in ("Input", "InputLayer", "Embedding") and (
        kind_of(tuple(call.qualified.split(".")[1:])) is ApiKind.LAYER
    )


def _shape(call: ApiCall) -> tuple[str, Location] | None:
    return next(((name, call.keywords[name]) for name in TAKEN if name in call.keywords), None)
