"""A name that Keras has lost.

## What it does

Compares imported names and modules, called functions and the methods of models with the names of Keras 1.2, 2.3, the last
2.x and 3. It speaks where an earlier Keras had the name and Keras 3 does not, says since when, and what takes its place.

It is an error where the Keras that the script aims at is known (`target-keras`, or imports that only it has) and lacks the
name. A script that aims at Keras 1 is left alone.

## Why it matters

The script stops at the import with an `ImportError`, or worse: hours later, at the first call of a method that is gone.

## Bad

```python
from keras.layers.core import Dense, Dropout  # KC602
from keras.utils import np_utils  # KC602

hidden = Dense(64, activation="relu")
dropout = Dropout(0.5)
labels = np_utils.to_categorical([0, 1, 2])
```

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = Sequential([Input((784,)), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(model.predict_classes(x_test, batch_size=128))  # KC602
```

```python
import keras


def train(model, batches):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "categorical_crossentropy")
    return model.fit_generator(batches, steps_per_epoch=100, epochs=5)  # KC602
```

```python
from keras import backend as K
from keras.layers import merge  # KC602
from keras.optimizers import adam  # KC602

K.set_image_dim_ordering("th")  # KC602
```

## Good

```python
from keras import backend
from keras.layers import Concatenate, Dense, Dropout
from keras.optimizers import Adam
from keras.utils import to_categorical

backend.set_image_data_format("channels_first")
hidden = Dense(64, activation="relu")
dropout = Dropout(0.5)
optimizer = Adam(1e-3)
labels = to_categorical([0, 1, 2])
```

## Known limits

Names that were never public (`keras.engine`, `tensorflow.python.keras`) are another rule's matter, and so are the functions
of `keras.backend` that Keras 2 still had. Attributes of values that cannot be followed are not seen.

## References

- <https://github.com/keras-team/keras/wiki/Keras-2.0-release-notes>
- <https://keras.io/guides/migrating_to_keras_3/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Evaluation
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.keras_api import history
from kerascheck.keras_api.changes import KERAS_3, Release
from kerascheck.keras_api.changes import METHODS as CHANGED_METHODS
from kerascheck.keras_api.removals import SECOND_NAMES, Removal, removed, removed_method
from kerascheck.keras_api.training import positional_names
from kerascheck.rule import rule

OLD_OPTIMIZERS: Final = ("optimizers", "legacy")
PRIVATE: Final = (".engine", ".src", ".python.", ".legacy", ".contrib")


@rule("KC602", "removed-api", Severity.ERROR, since="0.1", group="migration", fixable=True)
def removed_api(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    if usage.target == 1:
        return
    told: set[Location] = set()
    failing: set[str] = set()
    private = {call.bound or call.name for call in usage.calls if not call.is_call and _is_private(call)}
    # Imports first: one that fails speaks for all that is taken from it.
    for call in sorted(usage.calls, key=lambda call: call.is_call):
        if call.is_call and ((call.name in private and not call.attribute) or _is_covered(call, failing)):
            continue
        finding = _method(call, usage, program) if call.qualified.startswith("Model.") else _name(call, usage)
        if finding is None:
            continue
        if not call.is_call:
            failing.add(call.qualified.removesuffix(".*"))
        if finding.location not in told:
            told.add(finding.location)
            yield finding


def _is_private(call: ApiCall) -> bool:
    return any(mark in f"{call.origin}." for mark in PRIVATE)


def _is_covered(call: ApiCall, failing: set[str]) -> bool:
    """Whether the import of the name, or of the module that it is taken from, tells it already."""
    parts = call.qualified.split(".")
    return any(".".join(parts[:length]) in failing for length in range(2, len(parts) + 1))


def _method(call: ApiCall, usage: KerasUsage, program: TrainingProgram) -> Finding | None:
    removal = removed_method(call.name)
    if removal is None or (usage.is_of_tf_keras(call) and removal.gone >= KERAS_3):
        return None
    fix = _classes(call, program) if call.name == "predict_classes" else _method_fix(call, removal)
    return _finding(f"`{call.name}`", "a model has no", call.name_place, removal, usage, fix)


def _classes(call: ApiCall, program: TrainingProgram) -> Fix | None:
    """The predictions, and the class that is most likely by them: the largest of several units, or one unit above a half."""
    event = next((event for event in program.of(Evaluation) if event.location == call.location), None)
    graph = program.graph(event.model) if event is not None else None
    shape = graph.outputs[0].shape if graph is not None and len(graph.outputs) == 1 else UNKNOWN
    units = shape[-1] if not isinstance(shape, Unknown) and len(shape) == 2 else None
    if not isinstance(units, int) or not call.attribute:
        return None
    place = call.location
    end = replace(place, line=place.end_line, column=place.end_column)
    name = Edit(call.name_place, "predict")
    if units > 1:
        return Fix((name, Edit(end, ".argmax(axis=-1)")))
    return Fix((Edit(_start(place), "("), name, Edit(end, ' > 0.5).astype("int32")')))


def _method_fix(call: ApiCall, removal: Removal) -> Fix | None:
    """The call of the method that took over, with the same arguments under their names."""
    gone = CHANGED_METHODS.get(call.name, {})
    names = positional_names(call.name)
    extra = call.positional_places[1:]
    if not removal.rename or not call.attribute or not call.complete or gone.keys() & call.keywords.keys():
        return None
    if CHANGED_METHODS.get(removal.rename, {}).keys() & call.keywords.keys() or len(extra) >= len(names):
        return None
    edits = [Edit(call.name_place, removal.rename)]
    edits += [Edit(_start(place), f"{name}=") for name, place in zip(names[1:], extra, strict=False)]
    if "generator" in call.keywords:
        edits.append(Edit(call.keywords["generator"], "x"))
    return Fix(tuple(edits))


def _name(call: ApiCall, usage: KerasUsage) -> Finding | None:
    parts = tuple(part for part in call.qualified.split(".")[1:] if part != "*")
    if not parts or (parts[:2] != OLD_OPTIMIZERS and _is_private(call)):
        return None
    place = call.name_place
    if call.is_call and place.end_column - place.column != len(call.name):
        # The name came through a variable, and does not stand here.
        return None
    if parts[0] == "layers" and parts[-1] in SECOND_NAMES and len(parts) == 2:
        return _second_name(call)
    removal = removed(parts, usage.newest(call))
    if removal is None or (parts[0] == "backend" and history.has("2", parts)):
        return None
    if call.is_call and not call.attribute and len(parts) > removal.path.count(".") + 1:
        # A plain name that no import of this source binds: the module that another file takes it from is that file's matter.
        return None
    what = f"`keras.{removal.path}`"
    if removal.module and call.module_place is not None and len(parts) > removal.path.count(".") + 1:
        return _finding(
            what, "there is no", call.module_place, _with_module(removal), usage, _module_fix(call, removal)
        )
    place = call.name_place
    fix = _rename_fix(call, removal) if removal.rename else _submodule_fix(call, parts, removal)
    return _finding(what, "there is no", place, _with_module(removal), usage, fix)


def _with_module(removal: Removal) -> Removal:
    if removal.instead or removal.rename or not removal.module:
        return removal
    return replace(removal, instead=f"take the names from `keras.{removal.module}`")


def _module_fix(call: ApiCall, removal: Removal) -> Fix | None:
    """`from keras.layers.core import Dense` as `from keras.layers import Dense`, when all its names are there."""
    known = history.names("3", removal.module)
    if call.module_place is None or "*" in call.imported or not all(name in known for name in call.imported):
        return None
    root = call.origin.removesuffix(f".{removal.path}.{call.name}")
    return Fix((Edit(call.module_place, f"{root}.{removal.module}"),)) if root != call.origin else None


def _rename_fix(call: ApiCall, removal: Removal) -> Fix | None:
    if call.is_call:
        return Fix((Edit(call.name_place, removal.rename), *_value_edits(call))) if call.attribute else None
    bound = removal.rename if call.bound != call.name else f"{removal.rename} as {call.bound}"
    return Fix((Edit(call.name_place, bound),))


def _value_edits(call: ApiCall) -> tuple[Edit, ...]:
    """`set_image_dim_ordering("th")` changes its argument with its name."""
    values = {"th": '"channels_first"', "tf": '"channels_last"'}
    if call.name != "set_image_dim_ordering" or not call.positional_places:
        return ()
    value = call.positional_values[0]
    known = values.get(value) if isinstance(value, str) else None
    return (Edit(call.positional_places[0], known),) if known is not None else ()


def _submodule_fix(call: ApiCall, parts: tuple[str, ...], removal: Removal) -> Fix | None:
    """`from keras.utils import np_utils` as `from keras import utils as np_utils`."""
    whole = ".".join(parts) == removal.path and removal.module
    if not whole or removal.instead or call.statement is None or len(call.imported) != 1 or call.is_call:
        return None
    root = call.origin.removesuffix(f".{removal.path}")
    above, _, last = f"{root}.{removal.module}".rpartition(".")
    return Fix((Edit(call.statement, f"from {above} import {last} as {call.bound}"),)) if root != call.origin else None


def _second_name(call: ApiCall) -> Finding | None:
    """Keras 1's name of a layer, which is still there and which no documentation mentions."""
    today = SECOND_NAMES[call.name]
    if call.is_call:
        fix = Fix((Edit(call.name_place, today),)) if call.attribute else None
    else:
        fix = Fix((Edit(call.name_place, today if call.bound != call.name else f"{today} as {call.bound}"),))
    return Finding(
        message=f"`{call.name}` is what Keras 1 called `{today}`",
        location=call.name_place,
        label=f"now `{today}`",
        help=f"write `{today}`, with the kernel size as one tuple",
        severity=Severity.WARNING,
        fix=fix,
    )


def _finding(what: str, lack: str, place: Location, removal: Removal, usage: KerasUsage, fix: Fix | None) -> Finding:
    proven = usage.is_past(removal.gone)
    since = _written(removal.gone)
    message = f"{lack} {what} in Keras {usage.target}" if proven else f"{what} is gone since Keras {since}"
    return Finding(
        message=message,
        location=place,
        label=f"gone since {since}",
        help=removal.instead or (f"use `{removal.rename}`" if removal.rename else "nothing took its place"),
        severity=Severity.ERROR if proven else Severity.WARNING,
        fix=fix,
    )


def _written(release: Release) -> str:
    return ".".join(map(str, release))


def _start(place: Location) -> Location:
    return replace(place, end_line=place.line, end_column=place.column)
