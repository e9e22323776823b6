"""A call of Keras with an argument that no Keras takes, or without one that it needs.

## What it does

Compares the arguments of layers, optimizers, callbacks, losses, metrics, and of `compile`, `fit` and their kin with the
signatures of all generations of Keras: keywords that none of them has, more positional arguments than any of them takes,
and required arguments that are missing; and functions and tensors that `clone_model` takes for models of another kind only.

## Why it matters

The call stops with a `TypeError` or `ValueError`. A keyword that was meant to matter and is misspelt may come to light only
when the line is reached, after the data have been loaded for an hour.

## Bad

```python
from keras.callbacks import EarlyStopping
from keras.layers import Conv2D, Dense

hidden = Dense(64, activations="relu")  # KC605
kernel = Conv2D(32)  # KC605
stop = EarlyStopping(patient=5)  # KC605
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metric=["accuracy"])  # KC605
history = model.fit(x_train, y_train, batch_size=128, epoch=10, validation_split=0.1)  # KC605
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
import keras


class Scaled(keras.layers.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


scaled = Scaled(0.5, input_shape=(28, 28))  # KC605
```

## Good

```python
from keras.callbacks import EarlyStopping
from keras.layers import Conv2D, Dense

hidden = Dense(64, activation="relu")
kernel = Conv2D(32, 3)
stop = EarlyStopping(patience=5)
```

## Known limits

Arguments that some other Keras takes are the matter of KC601. Of layers and models of the author's own only keywords are
looked at. Missing arguments are not looked for in calls with `**kwargs` that are not known.

## References

- <https://keras.io/api/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.keras_api.normalize import layer
from kerascheck.keras_api.signatures import Accepted, accepted, suits_today
from kerascheck.rule import rule

BASE: Final = frozenset({"name", "dtype", "trainable", "input_shape", "batch_input_shape", "input_dim", "autocast"})
SURE: Final = 0.85
"""How near a name must be for a fix: one letter more or less."""


@rule("KC605", "unknown-argument", Severity.ERROR, since="0.1", fixable=True)
def unknown_argument(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    for misstep in program.missteps(Step.COPY_ARGUMENT, Step.SEVERAL_RATES, Step.MAP_ENTRY):
        yield _misplaced(misstep)
    yield from map(_of_own_class, program.missteps(Step.INIT_KEYWORD))
    for call in usage.calls:
        if not call.is_call or not call.certain or suits_today(call.qualified, call.keywords.keys(), call.positional):
            continue
        known = accepted(call.qualified)
        if known is None:
            continue
        yield from _keywords(call, known)
        if known.positions is not None and call.positional > known.positions and call.positional_places:
            yield _surplus(call, known.positions)
        elif known.required and call.complete and (missing := _missing(call, known)):
            yield _lacking(call, missing)


def _misplaced(misstep: Misstep) -> Finding:
    match misstep.step, misstep.sort:
        case Step.SEVERAL_RATES, _:
            what, label = f"`{misstep.subject}` has no `{misstep.found}` of its own", "one for each optimizer inside"
            advice = "go through `optimizer.optimizers`"
        case Step.MAP_ENTRY, "twice":
            what, label = f'`OptimizerMap` has an optimizer for "{misstep.found}" already', "set before"
            advice = "give each pattern one optimizer"
        case Step.MAP_ENTRY, "key":
            what, label = f"`OptimizerMap` takes texts as keys, and not {misstep.found}", "no text"
            advice = 'write a pattern of the paths of variables, such as `"encoder/.*"`'
        case Step.MAP_ENTRY, _:
            what, label = f"`OptimizerMap` takes optimizers of one rate, and not `{misstep.found}`", "no such optimizer"
            advice = "give the optimizer itself, such as `SGD(0.01)`"
        case _, "data":
            what, label = "`clone_model` builds on tensors of `Input`, and is given data", "no tensors of Keras"
            advice = "leave `input_tensors` out"
        case _, "count":
            what = f"`clone_model` is given {misstep.found} tensors for a model of {misstep.wanted}"
            label, advice = f"{misstep.wanted} wanted", "give one tensor for each input of the model"
        case _:
            what, label = (
                f"`clone_model` takes no `{misstep.sort}` for a {misstep.subject} model",
                "not for such a model",
            )
            advice = "leave it out, or build the model with the functional API"
    ends = {Step.SEVERAL_RATES: "to read or set it fails", Step.MAP_ENTRY: "the assignment fails"}
    end = ends.get(misstep.step, "the call fails")
    return Finding(message=f"{what}: {end}", location=misstep.location, label=label, help=advice)


def _keywords(call: ApiCall, known: Accepted) -> Iterator[Finding]:
    for name, place in call.keywords.items():
        # The layouts of DTensor were arguments of every layer for a while.
        if name in known.keywords or name.endswith("_layout"):
            continue
        if _is_of_arrays(call, name):
            yield _for_arrays(call, name, place)
            continue
        from difflib import get_close_matches

        choices = sorted((known.today or known.keywords) - call.keywords.keys())
        near = get_close_matches(name, choices, n=1, cutoff=0.8)
        hint = f", it has `{near[0]}`" if near else ""
        yield Finding(
            message=f"`{call.name}` has no argument `{name}`{hint}: the call fails",
            location=place,
            label="no such argument",
            help=f"write `{near[0]}`" if near else f"leave it out, or look it up in the documentation of `{call.name}`",
            fix=Fix((Edit(place, near[0]),), safe=bool(get_close_matches(name, near, cutoff=SURE))) if near else None,
        )


def _is_of_arrays(call: ApiCall, name: str) -> bool:
    """Whether `fit` has an argument that `fit_generator` does not take."""
    plain = accepted(call.qualified.removesuffix("_generator")) if call.name.endswith("_generator") else None
    return plain is not None and name in plain.keywords


def _for_arrays(call: ApiCall, name: str, place: Location) -> Finding:
    plain = call.name.removesuffix("_generator")
    split = "make a second generator for the validation rows and pass it as `validation_data`"
    return Finding(
        message=f"`{call.name}` has no argument `{name}`, which `{plain}` takes for arrays: the call fails",
        location=place,
        label="for arrays only",
        help=split if name == "validation_split" else "leave it out: the generator decides this",
    )


def _of_own_class(event: Misstep) -> Finding:
    """Keras hands nothing on by itself: what `__init__` does not take, a class of one's own does not take."""
    if event.found in BASE:
        remedy = f"take `**kwargs` in its `__init__`, and hand them on: `super().__init__(**kwargs)`, or leave `{event.found}` out"
    else:
        remedy = f"leave it out, or take it in the `__init__` of `{event.subject}`"
    return Finding(
        message=f"the `__init__` of `{event.subject}` takes no `{event.found}`: the call fails with a TypeError",
        location=event.location,
        label="no such argument",
        help=remedy,
    )


def _surplus(call: ApiCall, most: int) -> Finding:
    return Finding(
        message=f"`{call.name}` takes at most {most} positional arguments and is given {call.positional}: the call fails",
        location=call.positional_places[min(most, len(call.positional_places) - 1)],
        label="one too many",
        help="pass the arguments by name",
    )


def _missing(call: ApiCall, known: Accepted) -> list[str]:
    if call.positional >= len(known.required):
        return []
    found = layer(call.name, call.positional_values, call.values)
    given = set(found.sources) if found is not None else set(call.values)
    names = [name for name in known.required if name not in given]
    return names if found is not None or not call.positional else []


def _lacking(call: ApiCall, missing: list[str]) -> Finding:
    names = " and ".join(f"`{name}`" for name in missing)
    return Finding(
        message=f"`{call.name}` is called without {names}, which it requires: the call fails",
        location=call.name_place,
        label=f"needs {names}",
        help=f"give {names}",
    )
