"""A model is saved or loaded in a format that Keras 3 has left behind.

## What it does

Looks at `model.save` and `save_model`: a name that ends in `.h5`, a name without any suffix (a SavedModel folder), and the
argument `save_format`; at the file names of `save_weights`, which must end in `.weights.h5`; at `load_weights` by name from a
file of Keras 3; at `load_model` of a folder that `export` writes, or of a name that is neither `.keras` nor `.h5`; and at a
`format` that `export` does not know.

## Why it matters

Keras 3 writes `.h5` with a warning and keeps it for old files only: custom objects and the state of the optimizer are poorly
kept. A name without suffix stops with a `ValueError` after the training, when everything is lost, and so does a file of weights with another ending; `save_format` is deprecated. A SavedModel serves
predictions: Keras 3 does not load it as a model again.

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

```python
import keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
print(keras.ops.sum(model.get_weights()[0]))
model.save_weights("best.h5")  # KC608
model.load_weights("best.weights.h5", by_name=True)  # KC608
model.export("serving", format="tf")  # KC608
served = keras.models.load_model("serving")  # KC608
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

Of whole models it speaks only where the script is known to aim at Keras 3, by the configuration or by names that only Keras 3
has; of what Keras 3 refuses by a name that is written out it warns also where the aim is not known.

## References

- <https://keras.io/guides/serialization_and_saving/>
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import ModelUse
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Value
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.rule import rule

FORMATS: Final = ("tf_saved_model", "onnx", "openvino", "litert", "torch")
"""What `export` takes as `format`, as of Keras 3.15."""
SERVED: Final = ("tf", "saved_model", "SavedModel", "savedmodel")
OWN: Final = (".keras", ".weights.h5", ".weights.json")
MODELS: Final = (".keras", ".h5", ".hdf5")
OLD: Final = (".hdf5", ".hdf", ".h5", ".keras", ".ckpt", ".tf", ".model", ".pb")


@rule(
    "KC608",
    "legacy-save-format",
    Severity.WARNING,
    since="0.1",
    group="migration",
    fixable=True,
    mentions=("save", "load_model", "load_weights", "export"),
)
def legacy_save_format(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    level = usage.refusal
    if level is None:
        return
    told: set[Location] = set()
    for use in program.of(ModelUse):
        path = use.arguments.get("filepath")
        if use.location in told:
            # One line of a loop, with another name in each turn.
            continue
        told.add(use.location)
        if use.use == "save" and level is Severity.ERROR:
            if "save_format" in use.arguments:
                yield _format(use, usage)
            elif isinstance(path, str):
                yield from _path(use, path, program)
        elif use.use == "save_weights" and isinstance(path, str):
            yield from _weights(use, path, program, level)
        elif use.use == "load_weights" and isinstance(path, str):
            for finding in _lenient(use, path, level):
                yield replace(finding, fix=_without(program, finding.location))
        elif use.use == "export":
            yield from _exported(use, level)
    yield from _loaded(program, level)


def _weights(use: ModelUse, path: str, program: TrainingProgram, level: Severity) -> Iterator[Finding]:
    split = use.arguments.get("max_shard_size") is not None
    if path.endswith(("weights.h5", "weights.json") if split else ".weights.h5"):
        return
    suffix = ".weights.json" if split else ".weights.h5"
    name = next((path.removesuffix(old) for old in OLD if path.endswith(old)), path).removesuffix(".weights") + suffix
    yield Finding(
        message=f"weights are saved to `{path}`: Keras 3 raises a `ValueError`, it takes names that end in `{suffix}`",
        location=use.place("filepath"),
        label=f"does not end in `{suffix}`",
        help=f'save to `"{name}"`, and load it from there',
        severity=level,
        fix=_renamed(use, path, name, program),
    )


def _without(program: TrainingProgram, value: Location) -> Fix | None:
    edit = program.statements.remove_argument(value) if program.statements is not None else None
    return Fix((edit,), safe=False) if edit is not None else None


def _lenient(use: ModelUse, path: str, level: Severity) -> Iterator[Finding]:
    """Arguments that Keras 3 takes with files of one kind only."""
    old = path.endswith((".h5", ".hdf5")) and not path.endswith(OWN)
    if use.arguments.get("by_name") is not None and path.endswith(OWN):
        argument, kind = "by_name", "old files, which end in `.h5` alone"
    elif use.arguments.get("objects_to_skip") is not None and (old or path.endswith(".keras")):
        argument, kind = "objects_to_skip", "files that end in `.weights.h5`"
    else:
        return
    yield Finding(
        message=f"`{argument}` is given for `{path}`: Keras 3 raises a `ValueError`, it takes it with {kind}",
        location=use.place(argument),
        label="not with this file",
        help="leave it out, and pass `skip_mismatch=True` to take over the layers that fit",
        severity=level,
    )


def _exported(use: ModelUse, level: Severity) -> Iterator[Finding]:
    kind = use.arguments.get("format")
    if isinstance(kind, str) and kind not in FORMATS:
        words = ", ".join(f'"{word}"' for word in FORMATS)
        yield Finding(
            message=f'`export` does not know the format "{kind}": Keras 3 raises a `ValueError`',
            location=use.place("format"),
            label="no such format",
            help=f"use one of {words}",
            severity=level,
            fix=Fix((Edit(use.place("format"), f'"{FORMATS[0]}"'),)) if kind in SERVED else None,
        )


def _loaded(program: TrainingProgram, level: Severity) -> Iterator[Finding]:
    """What `load_model` cannot read; a folder may be one that Keras 3 wrote itself, unzipped or by Orbax."""
    exported = [use.arguments.get("filepath") for use in program.of(ModelUse) if use.use == "export"]
    orbax = any(callback.name == "OrbaxCheckpoint" for callback in program.callbacks)
    for call in program.calls("load_model"):
        path = call.arguments.get("filepath", call.positional[0] if call.positional else None)
        if not isinstance(path, str) or path.endswith(MODELS) or not call.name.startswith("keras."):
            continue
        served = path in exported
        suffix = PurePosixPath(path).suffix
        if not served and (level is not Severity.ERROR or orbax or "://" in path or not path):
            continue
        what = "a SavedModel for serving" if served else "neither a `.keras` nor an `.h5` file"
        yield Finding(
            message=f"`load_model` is given `{path}`, {what}: Keras 3 loads no SavedModel as a model",
            location=call.location,
            label="not what `load_model` reads",
            help="load the `.keras` file that `model.save` writes; a SavedModel is taken in by `keras.layers.TFSMLayer`",
            severity=level if served or suffix else Severity.WARNING,
        )


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
