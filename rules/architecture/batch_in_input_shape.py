"""The number of samples stands in the input shape.

## What it does

Compares the declared input shape with the data that the model is fitted on, and with what the first layer takes: the
whole shape of the array was given, rows included, or the shape begins with None or a number of rows and has one axis more
than the first layer allows. It also compares a written `input_dim` with the width of the data.

## Why it matters

Keras puts the batch axis in front by itself. With the rows in the shape the model waits for samples that are each as
large as the whole data set, and fit, or already the first layer, stops with an error about the number of axes.

## Bad

```python
import numpy as np
from keras import Sequential
from keras.layers import LSTM, Dense

x = np.random.random((100, 10, 32))
y = np.random.random((100, 1))
model = Sequential([
    LSTM(16, input_shape=x.shape),  # KC217
    Dense(1),
])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=10, epochs=5, validation_split=0.2)
```

```python
import numpy as np
from keras import Input, Model
from keras.layers import Dense

x = np.random.random((335, 48))
y = np.random.random((335, 1))
inputs = Input(shape=(335, 48))  # KC217
model = Model(inputs, Dense(1)(inputs))
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=10, epochs=5, validation_split=0.2)
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten

model = Sequential([
    Input((None, 64, 64, 3)),  # KC217
    Conv2D(16, 3, activation="relu"),
    Flatten(),
    Dense(2, activation="softmax"),
])
```

```python
import numpy as np
from keras import Sequential
from keras.layers import Dense

x = np.random.random((335, 48))
y = np.random.random((335, 1))
model = Sequential([
    Dense(16, activation="relu", input_dim=335),  # KC217
    Dense(1),
])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=10, epochs=5, validation_split=0.2)
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense

x = np.random.random((100, 10, 32))
y = np.random.random((100, 1))
model = Sequential([
    Input(x.shape[1:]),
    LSTM(16),
    Dense(1),
])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=10, epochs=5, validation_split=0.2)
```

## Known limits

The shape of data that is read from files is not known.

## References

- https://keras.io/api/layers/core_layers/input/ (shape does not include the batch size)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.problems import batch_in_shape
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC217", "batch-in-input-shape", Severity.ERROR, since="0.1")
def batch_in_input_shape(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    if len(graph.inputs) != 1:
        return
    declared, place = graph.inputs[0].shape, _place(graph)
    if isinstance(declared, Unknown) or place is None:
        return
    data = _fitted(graph, program)
    if data is not None and not isinstance(data.shape, Unknown) and data.shape:
        if declared[1:] == data.shape and all(isinstance(size, int) for size in data.shape):
            yield _whole(declared[1:], place, data)
            return
        narrow = _narrow(graph, data.shape)
        if narrow is not None:
            yield _width(narrow, data.shape[1], data)
            return
    for problem in graph.problems:
        if batch_in_shape(graph, problem):
            yield _one_more(declared[1:], place, problem.layer)


def _place(graph: ModelGraph) -> Location | None:
    """Where the input shape is written."""
    entry = graph.producer(graph.inputs[0]) or next(iter(graph.consumers(graph.inputs[0])), None)
    if entry is None or entry.layer.kind is LayerKind.MODEL:
        return None
    return entry.layer.place("batch_shape")


def _fitted(graph: ModelGraph, program: TrainingProgram) -> DataArray | None:
    fits = (fit for fit in program.of(Fit) if fit.model == graph.key)
    return next((fit.x for fit in fits if isinstance(fit.x, DataArray)), None)


def _narrow(graph: ModelGraph, data: tuple[object, ...]) -> Layer | None:
    """The first layer, when its `input_dim` is written and is not the width of the data."""
    for node in graph.consumers(graph.inputs[0]):
        width = node.layer["input_dim"]
        wide = data[1] if len(data) == 2 else None
        takes_width = node.layer.class_name == "Dense" and "input_dim" in node.layer.given
        if takes_width and isinstance(width, int) and isinstance(wide, int) and width != wide:
            return node.layer
    return None


def _whole(sizes: tuple[object, ...], place: Location, data: DataArray) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    return Finding(
        f"the input shape {_written(sizes)} is the whole of {name}, rows included: "
        f"the model waits for samples of {len(sizes)} axes and gets {len(sizes) - 1}",
        place,
        help=f"leave the number of rows out: {_written(sizes[1:])}",
        label="rows included",
        related=(Related(data.location, f"{name} has {sizes[0]} rows"),),
    )


def _width(layer: Layer, wide: object, data: DataArray) -> Finding:
    name = f"`{data.name}`" if data.name else "the data"
    return Finding(
        f"`{layer.label}` waits for {layer['input_dim']} features, and {name} has {wide}",
        layer.place("input_dim"),
        help=f"set `input_dim={wide}`",
        label="not the width of the data",
        layer=layer.address,
        related=(Related(data.location, f"{name} has {wide} columns"),),
    )


def _one_more(sizes: tuple[object, ...], place: Location, layer: Layer) -> Finding:
    return Finding(
        f"the input shape {_written(sizes)} has one axis more than `{layer.label}` takes: "
        f"Keras adds the batch axis by itself, and {sizes[0]} stands in its place",
        place,
        help=f"leave the batch axis out: {_written(sizes[1:])}",
        label="batch axis included",
        related=(Related(layer.location, f"`{layer.label}` takes one axis less"),),
    )


def _written(sizes: tuple[object, ...]) -> str:
    words = ["?" if isinstance(size, Unknown) else f"{size}" for size in sizes]
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"
