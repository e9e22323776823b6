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
from typing import TYPE_CHECKING, Final

from kerascheck.facts.graph import GraphKind
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.rule import rule

if TYPE_CHECKING:
    from kerascheck.facts.statements import Statements

TAKEN: Final = ("input_shape", "input_dim")
INPUTS: Final = ("keras.Input", "keras.layers.Input", "tensorflow.keras.Input", "tensorflow.keras.layers.Input")


@rule(
    "KC613",
    "input-shape-argument",
    Severity.INFO,
    since="0.1",
    group="migration",
    fixable=True,
    mentions=("input_shape", "input_dim"),
)
def input_shape_argument(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    if usage.target != 3:
        return
    layers = [call for call in usage.calls if call.is_call and _is_layer(call)]
    places = [(call, name, place) for call in layers if (found := _shape(call)) is not None for name, place in [found]]
    if places:
        (call, name, first), *others = places
        moved = [edit for call, name, _ in places for edit in _moved(program, call, name)]
        edits = list(dict.fromkeys(moved))
        yield Finding(
            message=f"`{call.name}` is given `{name}`: Keras 3 warns of it and asks for an `Input` object",
            location=first,
            label="the model's input, given to a layer",
            help="make `keras.Input(shape)` the first entry of the Sequential model",
            related=tuple(Related(place, f"`{again}` here") for _, again, place in others),
            fix=Fix(tuple(edits)) if edits else None,
        )
    for call in layers:
        if "batch_input_shape" in call.keywords:
            edits = _moved(program, call, "batch_input_shape")
            yield Finding(
                message=f"`{call.name}` is given `batch_input_shape`, which Keras 3 refuses: the call fails",
                location=call.keywords["batch_input_shape"],
                label="gone since 3.0",
                help="make `keras.Input(batch_shape=...)` the first entry of the Sequential model",
                severity=Severity.ERROR,
                fix=Fix(tuple(edits)) if edits else None,
            )


def _moved(program: TrainingProgram, call: ApiCall, name: str) -> list[Edit]:
    """The shape as an `Input` in front of the first layer of a Sequential model, and no longer an argument of it."""
    statements = program.statements
    keras = _input(statements, call) if statements is not None else None
    text = statements.text(call.places[name]) if statements is not None else None
    if statements is None or keras is None or text is None or not _is_first(program, call):
        return []
    shape = {"input_dim": f"({text},)", "batch_input_shape": f"batch_shape={text}"}.get(name, text)
    model = statements.adds(call.location)
    put = (
        statements.insert_before(call.location, f"{model}.add({keras[0]}({shape}))")
        if model is not None
        else statements.prepend_entry(call.location, f"{keras[0]}({shape})")
    )
    gone = statements.remove_argument(call.places[name])
    line = statements.insert_after_imports(call.location, keras[1]) if keras[1] else None
    if put is None or gone is None or (keras[1] and line is None):
        return []
    return [put, gone, *([line] if line is not None else [])]


def _input(statements: Statements, call: ApiCall) -> tuple[str, str] | None:
    """How the source calls `Input`, and the import that it lacks for that."""
    for name in INPUTS:
        if (known := statements.module(name, call.location)) is not None:
            return known, ""
    found = statements.keras_import(call.location)
    return (f"{found[0]}.Input", found[1]) if found is not None else None


def _is_first(program: TrainingProgram, call: ApiCall) -> bool:
    """Whether a call makes the first layer of a Sequential model, whose rank says all that the argument does."""
    return (
        any(
            graph.kind is GraphKind.SEQUENTIAL and graph.layers and graph.layers[0].location == call.location
            for graph in program.models.values()
        )
        and "input_length" not in call.keywords
    )


def _is_layer(call: ApiCall) -> bool:
    return call.name not in ("Input", "InputLayer", "Embedding", "ReversibleEmbedding") and (
        kind_of(tuple(call.qualified.split(".")[1:])) is ApiKind.LAYER
    )


def _shape(call: ApiCall) -> tuple[str, Location] | None:
    return next(((name, call.keywords[name]) for name in TAKEN if name in call.keywords), None)
