"""Stored weights that do not fit the architecture in the same file.

## What it does

Counts the weights that each layer's configuration and input ask for, and compares them with those that the file stores;
names layers whose weights are missing, and stored weights that belong to no layer. It also finds state that the optimizer
keeps for a variable whose weights are not there.

## Why it matters

Keras refuses to load such a file, or loads it with some layers as they were initialized: the model then predicts worse, or
by chance, and nothing says why. State without weights comes from layers that are held where Keras does not look for them,
in a nested list or dictionary of a class of one's own: the optimizer saw their weights, the file never did.

## Bad

```python
import h5py
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1, name="score")])
model.save("cut.h5")  # KC709
with h5py.File("cut.h5", "a") as file:
    weights = file["model_weights/hidden"]
    names = list(weights.attrs["weight_names"])
    kernel = next(name for name in names if name.endswith("kernel"))
    del weights[kernel]
    weights[kernel] = [[0.5] * 6] * 4
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1, name="score")])
model.save("model.h5")
```

## Known limits

Layers with code of their own are taken for what they store. A weight of another shape and the same size is not seen, unless
it is a kernel with another number of units.

## References

- https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import GraphKind, Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN
from kerascheck.facts.weights import Purpose, StoredTensor
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_COUNTED_OTHERWISE = frozenset({"SpectralNormalization", "Normalization", "Discretization", "RandomFourierFeatures"})
_WHOLE_SLOTS = frozenset({"adam", "adamw", "adamax", "nadam", "sgd", "rmsprop", "adagrad", "adadelta", "ftrl", "lion"})
"""Optimizers whose state for a variable has the variable's own shape."""


@rule("KC709", "weights-config-mismatch", Severity.ERROR, since="0.1")
def weights_config_mismatch(saved: SavedModel) -> Iterator[Finding]:
    graph = saved.graph
    if graph is None or saved.weights is None:
        return
    stored = list(saved.tensors())
    if not stored:
        yield from _nothing(saved, graph)
        return
    sizes: dict[str, int] = {}
    for tensor in stored:
        sizes[tensor.layer] = sizes.get(tensor.layer, 0) + tensor.elements
    elsewhere = {(path.rsplit("/", 1)[-1], size) for path, size in sizes.items()}
    for layer in _layers(graph):
        shared = saved.form == "saved_model" and (layer.name, layer.parameters) in elsewhere
        if shared and not any(_belongs(tensor, layer) for tensor in stored):
            # A layer that stands in two places is one object there, and stored once. In a `.keras` file Keras stores it once
            # as well, and then fails to load it in the other place.
            continue
        yield from _of_layer(saved, layer, [tensor for tensor in stored if _belongs(tensor, layer)])
    yield from folded(_extra(saved, graph, stored))
    yield from _state_without_weights(saved, stored)


def _nothing(saved: SavedModel, graph: ModelGraph) -> Iterator[Finding]:
    """A file without any weights: a model that was not built has none, and loads."""
    wanting = [layer for layer in _layers(graph) if layer.parameters not in (0, UNKNOWN)]
    if not wanting or saved.container.damages:
        return
    built = all(tensor.shape is not UNKNOWN for tensor in graph.inputs) and bool(graph.inputs)
    yield Finding(
        f"the file stores no weights at all, for `{wanting[0].label}` and any other layer: "
        + ("they were lost" if built else "the model was saved before it was built, by an `Input` or by data"),
        saved.location,
        help="save the model after it was built and trained",
        severity=None if built else Severity.WARNING,
    )


def _layers(graph: ModelGraph) -> Iterator[Layer]:
    """The layers that have weights of their own, of nested models too, each once."""
    for layer in graph.layers:
        model = layer.model or (layer.inner.model if layer.inner is not None else None)
        if model is not None:
            yield from _layers(model)
        elif layer.kind is LayerKind.BUILTIN and layer.class_name not in _COUNTED_OTHERWISE:
            yield layer


def _belongs(tensor: StoredTensor, layer: Layer) -> bool:
    return tensor.layer == layer.path or tensor.layer.startswith(f"{layer.path}/")


def _of_layer(saved: SavedModel, layer: Layer, stored: list[StoredTensor]) -> Iterator[Finding]:
    wanted = layer.parameters
    if not isinstance(wanted, int):
        return
    found = sum(tensor.elements for tensor in stored)
    if found == wanted:
        said = _kernel(layer, stored)
    elif not stored:
        if saved.container.damages:
            return
        said = f"the file stores no weights for `{layer.label}`, which has {wanted:,}"
    else:
        shapes = ", ".join(f"{tensor.name or tensor.path.rsplit('/', 1)[-1]} {_shape(tensor)}" for tensor in stored[:4])
        said = f"`{layer.label}` has {wanted:,} weights by its configuration, and the file stores {found:,}: {shapes}"
    if said:
        yield Finding(
            f"{said}: Keras cannot load them",
            saved.place(layer.path),
            help="save the model anew from the code that trained it; weights of another architecture load by name only",
            layer=layer.path,
        )


def _kernel(layer: Layer, stored: list[StoredTensor]) -> str:
    """What is wrong with a kernel that has the right size."""
    units = layer["units"]
    kernel = next((tensor for tensor in stored if tensor.name == "kernel" and len(tensor.shape) == 2), None)
    if layer.class_name != "Dense" or kernel is None or not isinstance(units, int) or kernel.shape[1] == units:
        return ""
    return f"the kernel of `{layer.label}` is stored with the shape {_shape(kernel)}, whose last axis must be {units} units"


def _shape(tensor: StoredTensor) -> str:
    return f"({', '.join(map(str, tensor.shape))}{',' * (len(tensor.shape) == 1)})"


def _extra(saved: SavedModel, graph: ModelGraph, stored: list[StoredTensor]) -> Iterator[Finding]:
    if not graph.whole or graph.kind is GraphKind.SUBCLASSED:
        return
    known = {layer.path for layer in graph.every_layer()}
    opaque = [layer.path for layer in graph.every_layer() if layer.kind is not LayerKind.BUILTIN]
    for tensor in stored:
        inside = any(tensor.layer.startswith(f"{path}/") for path in opaque)
        if tensor.layer not in known and tensor.layer != saved.location.layer and not inside:
            yield Finding(
                f"the file stores `{tensor.path}` {_shape(tensor)}, and no layer of its configuration is called so: Keras "
                "leaves it out, or refuses the file",
                saved.location,
                help="save the model anew from the code that trained it",
            )


def _state_without_weights(saved: SavedModel, stored: list[StoredTensor]) -> Iterator[Finding]:
    compiles = saved.graph.compiles if saved.graph is not None else ()
    optimizer = compiles[-1].optimizer if compiles else None
    if optimizer is None or optimizer.name not in _WHOLE_SLOTS:
        return
    shapes = {tensor.shape for tensor in stored}
    lost = [tensor for tensor in saved.tensors(Purpose.OPTIMIZER) if tensor.elements > 1 and tensor.shape not in shapes]
    if lost:
        yield Finding(
            f"the optimizer keeps state for variables of the shape {_shape(lost[0])}, which no stored weight has: those "
            "weights were trained, and are lost",
            saved.location,
            help="hold layers in attributes or plain lists of the model, not in nested ones or in dictionaries of lists",
        )
