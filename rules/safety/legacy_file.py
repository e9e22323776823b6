"""A file that an old Keras wrote: whether Keras 3 reads it, and how.

## What it does

Tells of files of Keras 1 and 2, SavedModel folders, and architectures in YAML what has to be done to use them with Keras 3,
and which of their layers Keras 3 does not have.

## Why it matters

Keras 3 has no loader for some of these, and for others one that fails at the first layer that is gone. That is better known
before the environment with the old Keras is.

## Bad

```python
import tf_keras
from tf_keras.layers import Dense, Input

model = tf_keras.Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("old.h5")  # KC806
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

That Keras 3 has a layer of the name does not prove that it takes the same arguments.

## References

- https://keras.io/guides/migrating_to_keras_3/
- https://keras.io/api/layers/backend_specific_layers/tfsm_layer/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import Layer, LayerKind
from kerascheck.findings import Finding, Severity
from kerascheck.keras_api import tables
from kerascheck.rule import rule

_RAW = frozenset(
    {"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty"}
)
_CONVERT = "load it with the Keras that wrote it (`pip install tf-keras` for 2.x, with `TF_USE_LEGACY_KERAS=1`), and save it anew"
_FIRST = "load it with Keras 2.2, save it there, and load that file with Keras 3"


@rule("KC806", "legacy-file", Severity.INFO, since="0.1", group="migration")
def legacy_file(saved: SavedModel) -> Iterator[Finding]:
    found = _said(saved)
    if found is not None:
        yield Finding(found[0], saved.location, help=found[1])


def _said(saved: SavedModel) -> tuple[str, str] | None:
    version = f"Keras {saved.keras_version}" if isinstance(saved.keras_version, str) else ""
    major = saved.generation
    if saved.form == "yaml":
        return "no Keras since TensorFlow 2.6 reads an architecture in YAML (CVE-2021-37678)", "convert it to JSON"
    if saved.form == "saved_model":
        return (
            f"Keras 3 does not load a SavedModel{f' of {version}' if version else ''} as a model",
            f"call it through `keras.layers.TFSMLayer`, or {_CONVERT} as `.keras`",
        )
    if major == 1 and saved.graph is not None:
        return f"{version or 'Keras 1.0'} wrote it, whose layers Keras 3 cannot read", _FIRST
    if major != 2:
        return None
    gone = sorted({layer.written for layer in _layers(saved) if _is_gone(layer)})
    if gone:
        names = ", ".join(f"`{name}`" for name in gone[:6])
        return f"{version} wrote it, and Keras 3 has no {names}: it cannot load this model", _CONVERT
    form = {"hdf5": "HDF5 file", "keras": ".keras file", "json": "architecture", "tfjs": "model"}.get(
        saved.form, "file"
    )
    return (
        f"{version} wrote this {form}, which Keras 3 reads by its rules for old files",
        f"check its predictions, or {_CONVERT}",
    )


def _layers(saved: SavedModel) -> Iterator[Layer]:
    if saved.graph is not None:
        yield from saved.graph.every_layer()


def _is_gone(layer: Layer) -> bool:
    if layer.written in _RAW:
        return True
    known = layer.kind in (LayerKind.BUILTIN, LayerKind.LAMBDA)
    return known and layer.written not in tables.section("layers") and layer.written not in tables.aliases("layers")
