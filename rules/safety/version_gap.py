"""A file from a newer Keras than the one that is to load it, or from a backend that lays kernels out otherwise.

## What it does

Compares the version in the file with the Keras (or tf-keras) that is installed beside kerascheck, and with `target-keras` of
the configuration. It also finds convolutions whose kernels Theano wrote.

## Why it matters

A newer Keras writes arguments and forms that an older one does not know: loading fails with a message about some argument, or
what is not known is left out. Theano turned kernels by 180 degrees; Keras 3 and tf.keras load them as they stand, and the model
predicts worse than it did without any message.

## Bad

```python
import json
import zipfile

from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("today.keras")
with zipfile.ZipFile("today.keras") as source, zipfile.ZipFile("newer.keras", "w") as target:
    for name in source.namelist():
        data = json.dumps({"keras_version": "3.999.0"}) if name == "metadata.json" else source.read(name)
        target.writestr(name, data)  # KC808
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

Where no Keras is installed beside kerascheck, as in the environment of a pre-commit hook, only `target-keras` counts. The
version is what the file says of itself.

## References

- https://keras.io/getting_started/
- https://github.com/keras-team/keras/blob/2.3.1/keras/engine/saving.py: `preprocess_weights_for_loading`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.families import core
from kerascheck.facts.graph import LayerKind
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

_NUMBERS = r"(\d+)\.(\d+)"


@rule("KC808", "version-gap", Severity.WARNING, since="0.1", group="migration")
def version_gap(saved: SavedModel) -> Iterator[Finding]:
    said = _newer(saved)
    if said:
        yield Finding(
            said,
            saved.location,
            help="upgrade Keras where the model is to be loaded, or save it there with the older one",
        )
    turned = _turned(saved)
    if turned:
        yield Finding(
            f"Theano wrote the kernels of {turned} convolution{'s' * (turned > 1)}, turned by 180 degrees: Keras 3 and tf.keras "
            "load them without turning them back",
            saved.location,
            help="load the file with Keras 2.3 or older, which turns them, and save it anew; or flip the spatial axes of each "
            "kernel",
        )


def _newer(saved: SavedModel) -> str:
    written = _numbers(saved.keras_version)
    if written is None:
        return ""
    setting = saved.setting
    if isinstance(setting.target, int) and written[0] > setting.target:
        return f"Keras {saved.keras_version} wrote the file, and `target-keras` is {setting.target}: it cannot be read there"
    readers = [("Keras", setting.keras), ("tf-keras", setting.tf_keras)]
    installed = [(name, version, numbers) for name, version in readers if (numbers := _numbers(version)) is not None]
    if not installed or isinstance(setting.target, int):
        return ""
    newest = max(installed, key=lambda item: item[2])
    alike = [item for item in installed if item[2][0] == written[0]]
    name, version, numbers = max(alike, key=lambda item: item[2]) if alike else newest
    if numbers < written:
        return f"Keras {saved.keras_version} wrote the file, and {name} {version} is installed, which is older"
    return ""


def _turned(saved: SavedModel) -> int:
    """How many convolutions have kernels of Theano, as the backend or the names of the arrays prove."""
    if saved.graph is None or saved.generation not in (1, 2) or saved.form != "hdf5":
        return 0
    paths = [tensor.path for tensor in saved.tensors()]
    theano = saved.backend == "theano" or (
        not isinstance(saved.backend, str) and bool(paths) and not any(path.endswith(":0") for path in paths)
    )
    layers = {core(layer).key: core(layer) for layer in saved.graph.every_layer()} if theano else {}
    return sum(layer.kind is LayerKind.BUILTIN and "Conv" in layer.class_name for layer in layers.values())


def _numbers(version: object) -> tuple[int, int] | None:
    found = re.match(_NUMBERS, version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None
