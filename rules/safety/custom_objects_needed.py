"""Classes and functions that are not in the file, and that its loader must bring along.

## What it does

Lists the layers, losses, metrics, activations and models of a user's own that the configuration names.

## Why it matters

The file holds their names and arguments, not their code: `load_model` fails without them, on the machine where it is
deployed if not before.

## Bad

```python
import keras
from keras import Input, Sequential
from keras.layers import Dense


@keras.saving.register_keras_serializable(package="house")
class Halve(keras.layers.Layer):
    def call(self, inputs):
        return inputs / 2


model = Sequential([Input((4,)), Halve(), Dense(1)])
model.save("custom.keras")  # KC805
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense, Rescaling

model = Sequential([Input((4,)), Rescaling(0.5), Dense(1)])
model.save("model.keras")
```

## Known limits

Which package has them is known only where the file says so.

## References

- https://keras.io/guides/serialization_and_saving/#custom-objects
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import LayerKind
from kerascheck.facts.mentions import NamedObject
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.keras_api import normalize
from kerascheck.keras_api.layers import class_of
from kerascheck.rule import rule

_KERAS = frozenset({"keras", "tf_keras", "tensorflow", "builtins", ""})
_SHOWN = 12


@rule("KC805", "custom-objects-needed", Severity.INFO, since="0.1", group="migration")
def custom_objects_needed(saved: SavedModel) -> Iterator[Finding]:
    found: dict[str, str] = {}
    for name, layer in _custom(saved):
        found.setdefault(name, layer)
    if not found:
        return
    names = ", ".join(f"`{name}`" for name in list(found)[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    first = next(iter(found.values()))
    yield Finding(
        f"loading the model takes {names}{more}, of which the file has the name only",
        saved.place(first),
        help="import the code that registers them before `load_model`, or pass `custom_objects={...}`, and ship that code with "
        "the file",
        layer=first or None,
        related=tuple(
            Related(saved.place(layer), f"`{name}` is used here")
            for name, layer in list(found.items())[1:_SHOWN]
            if layer and layer != first
        ),
    )


def _custom(saved: SavedModel) -> Iterator[tuple[str, str]]:
    """The names of what is not Keras's, each with the first layer that needs it."""
    yield from _of_graph(saved)
    yield from ((_short(item.name), item.layer) for item in saved.mentions.objects if _foreign(item))


def _of_graph(saved: SavedModel) -> Iterator[tuple[str, str]]:
    graph = saved.graph
    if graph is None:
        return
    for layer in graph.every_layer():
        if layer.kind is LayerKind.CUSTOM and class_of(layer.class_name) is None and layer.class_name not in _MODELS:
            yield layer.class_name, layer.path
    for compiled in graph.compiles:
        for group in (compiled.losses, compiled.metrics):
            for loss in () if isinstance(group, Unknown) else group:
                if loss is not None and loss.custom and loss.written:
                    yield loss.written, ""


_MODELS = frozenset({"Functional", "Sequential", "Model"})


def _foreign(item: NamedObject) -> bool:
    """Whether an object lives in code that is not Keras's: by its module, or by the package that it is registered for."""
    if item.module.partition(".")[0] not in _KERAS:
        return True
    short = _short(item.name)
    registered = ">" in item.registered or ">" in item.name
    known = class_of(short) or normalize.optimizer(short) or normalize.loss(short) or normalize.metric(short)
    return registered and not known and not item.registered.startswith("keras")


def _short(name: str) -> str:
    return name.rpartition(">")[2]
