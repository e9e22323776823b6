"""A model is saved in a format that Keras 3 has left behind.

## What it does

Looks at `model.save` and `save_model`: a name that ends in `.h5`, a name without any suffix (a SavedModel folder), and the
argument `save_format`.

## Why it matters

Keras 3 writes `.h5` with a warning and keeps it for old files only: custom objects and the state of the optimizer are poorly
kept. A name without suffix stops with a `ValueError` after the training, when everything is lost; `save_format` is deprecated.

## Bad

```python
import keras
from keras import ops

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.load_weights("weights.weights.h5")
print(ops.sum(model.get_weights()[0]))
model.save("model.h5")  # KC608
model.save("model")  # KC608
model.save("model.keras", save_format="keras")  # KC608
```

## Good

```python
import keras
from keras import ops

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.load_weights("weights.weights.h5")
print(ops.sum(model.get_weights()[0]))
model.save("model.keras")
model.export("serving")
```

## Known limits

Speaks only where the script is known to aim at Keras 3, by the configuration or by names that only Keras 3 has.

## References

- <https://keras.io/guides/serialization_and_saving/>
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from kerascheck.facts.training import KerasUsage, ModelUse, TrainingProgram
from kerascheck.facts.values import Value
from kerascheck.findings import Edit, Finding, Fix, Severity
from kerascheck.rule import rule


@rule("KC608", "legacy-save-format", Severity.WARNING, since="0.1", group="migration", fixable=True)
def legacy_save_format(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    if usage.target != 3:
        return
    for use in program.of(ModelUse):
        if use.use != "save":
            continue
        path = use.arguments.get("filepath")
        if "save_format" in use.arguments:
            yield _format(use, usage)
        elif isinstance(path, str):
            yield from _path(use, path, program)


def _format(use: ModelUse, usage: KerasUsage) -> Finding:
    removal = next(
        (
            call.removals["save_format"]
            for call in usage.calls
            if call.location == use.location and "save_format" in call.removals
        ),
        None,
    )
    return Finding(
        message="`save_format` is deprecated in Keras 3: the suffix of the name decides on the format",
        location=use.place("save_format"),
        label="deprecated",
        help="leave it out and end the name in `.keras`",
        fix=Fix((Edit(removal, ""),)) if removal is not None else None,
    )


def _path(use: ModelUse, path: str, program: TrainingProgram) -> Iterator[Finding]:
    suffix = PurePosixPath(path).suffix.lower()
    stem = path[: len(path) - len(suffix)]
    if suffix in (".h5", ".hdf5"):
        yield Finding(
            message=f"`{path}` is written in the HDF5 format, which Keras 3 keeps for old files only",
            location=use.place("filepath"),
            label="legacy format",
            help=f'save to `"{stem}.keras"`, and load it from there',
            fix=_renamed(use, path, f"{stem}.keras", program),
        )
    elif suffix == "":
        yield Finding(
            message=f"`{path}` has no suffix: Keras 3 raises a `ValueError`, it no longer saves to a folder",
            location=use.place("filepath"),
            label="no suffix",
            help=f'save to `"{path}.keras"`; to serve the model use `model.export("{path}")`',
            severity=Severity.ERROR,
            fix=_renamed(use, path, f"{path}.keras", program),
        )


def _renamed(use: ModelUse, path: str, name: str, program: TrainingProgram) -> Fix | None:
    """The edit of a literal, unless the file is named a second time."""
    place = use.place("filepath")
    plain = path.isascii() and not set(path) & set("\\\"'{}")
    literal = place.line == place.end_line and place.end_column - place.column == len(path) + 2
    elsewhere = any(path in call.positional for call in program.calls("load_model"))
    again = any(_names(other.arguments, path) for other in program.of(ModelUse) if other is not use)
    return Fix((Edit(place, f'"{name}"'),), safe=False) if plain and literal and not elsewhere and not again else None


def _names(arguments: dict[str, Value] | object, path: str) -> bool:
    return isinstance(arguments, dict) and path in arguments.values()
