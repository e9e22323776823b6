"""The data cannot meet the input of the model: another rank, width or number of inputs, a Python list, text.

## What it does

Compares what is known of the arrays at `fit`, `evaluate` and `predict` with the input of the model: the number of axes (one
sample without its batch axis, a missing channel axis, a window without its feature axis), the size of each axis, the number
of inputs, the number of rows of inputs and labels, and the type (a Python list, rows of different lengths, text).

## Why it matters

Keras raises an error in the first step: after the data were loaded and the model was built, on a cluster after hours of
waiting in the queue.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train / 255, x_test / 255
model = keras.Sequential([keras.Input((3072,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)  # KC127
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train / 255, x_test / 255
inputs = keras.Input((32, 32, 3))
outputs = keras.layers.Dense(10, "softmax")(keras.layers.Dropout(0.2)(keras.layers.Flatten()(inputs)))
model = keras.Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=64))
print(model.predict(x_test[0]))  # KC127
```

```python
import keras

x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
y = [0, 1, 1, 0]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x, y, batch_size=4, epochs=500)  # KC127
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=5000)
model = keras.Sequential([keras.layers.Embedding(5000, 16), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)  # KC127
```

A generator of images gives what `target_size` says, whatever size the files have:

```python
import keras
from keras.preprocessing.image import ImageDataGenerator

images = ImageDataGenerator(rescale=1 / 255).flow_from_directory("birds", target_size=(128, 128))
model = keras.Sequential(
    [keras.Input((96, 96, 3)), keras.layers.Conv2D(8, 3), keras.layers.Flatten(), keras.layers.Dense(4, "softmax")]
)
model.compile("adam", "categorical_crossentropy")
model.fit(images, epochs=5)  # KC127
```

Images of one channel often come without its axis:

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train / 255, x_test / 255
model = keras.Sequential(
    [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=5)  # KC127
```

## Good

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train.reshape(-1, 3072) / 255, x_test.reshape(-1, 3072) / 255
model = keras.Sequential([keras.Input((3072,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=64))
print(model.predict(x_test[:1]))
```

## Known limits

A last axis of size 1 may be surplus, and a missing one is only a hint: newer Keras adds or drops it. What is read from a file has no known shape.

## References

- <https://keras.io/api/models/model_training_apis/>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.entries import entries
from kerascheck.facts.events import Data, Evaluation, Fit
from kerascheck.facts.families import KERNELS
from kerascheck.facts.graph import GraphKind, ModelGraph
from kerascheck.facts.inputs import agree, batch_shape, is_list, is_ragged, lacks_channels, mismatch, view_for, words_of
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Dim, Unknown
from kerascheck.findings import Finding, Fix, Location, Related, Severity
from kerascheck.rule import rule

STRICT = KERNELS | {"BatchNormalization", "Normalization"}
"""Layers that refuse an input of another rank or width; others may take what the model was not made for."""

LIST = "a Python list"
SEVERAL = "arrays"
ON_TEXT = frozenset({"TextVectorization", "StringLookup", "Hashing", "Lambda"})


@rule("KC127", "data-against-input", Severity.ERROR, since="0.1", fixable=True)
def data_against_input(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    told = False
    for finding in _findings(program, usage):
        if finding.label != LIST or not told:
            yield finding
        told = told or finding.label == LIST


def _findings(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for event in program.events:
        if not isinstance(event, (Fit, Evaluation)):
            continue
        graph = program.graph(event.model)
        for finding in _of_types(event, graph, usage):
            yield replace(finding, fix=_as_arrays(program, event)) if finding.label == LIST else finding
        yield from _of_rows(event)
        if graph is not None and graph.whole:
            for finding in _of_inputs(event, graph, event.x, event.place("x")):
                yield replace(finding, fix=_reshaped(program, event, graph))
            if isinstance(event, Fit):
                yield from _of_inputs(event, graph, event.validation_x, event.place("validation_data"))


def _as_arrays(program: TrainingProgram, event: Fit | Evaluation) -> Fix | None:
    """The lists among the data of a call as arrays."""
    statements = program.statements
    numpy = statements.imported("numpy", "np", event.location) if statements is not None else None
    if statements is None or numpy is None:
        return None
    edits = list(numpy[1])
    for data, argument in ((event.x, "x"), (event.y, "y")):
        if isinstance(data, DataArray) and is_list(data):
            around = statements.wrapped(event.place(argument), f"{numpy[0]}.array")
            if around is None:
                return None
            edits += around
    return Fix(tuple(edits), safe=False)


def _reshaped(program: TrainingProgram, event: Fit | Evaluation, graph: ModelGraph) -> Fix | None:
    """The axis that is missing, or the axes in one, behind the array itself."""
    data = event.x
    if not isinstance(data, DataArray) or data.kind is not DataKind.ARRAY or data.container or not graph.inputs:
        return None
    wanted = graph.inputs[0].shape
    if isinstance(data.shape, Unknown) or isinstance(wanted, Unknown) or program.statements is None:
        return None
    text = view_for(data.shape, wanted, one=event.method.startswith("predict"))
    edit = program.statements.append(event.place("x"), text) if text else None
    return Fix((edit,), safe=False) if edit is not None else None


def _of_types(event: Fit | Evaluation, graph: ModelGraph | None, usage: KerasUsage) -> Iterator[Finding]:
    x, y = event.x, event.y
    own = graph is not None and entries(graph) is not None
    # Keras 1 and 2 made an array of a list of numbers.
    if own and usage.target not in (1, 2) and usage.written_for != 1:
        severity = Severity.ERROR if usage.target == 3 else Severity.WARNING
        if isinstance(x, DataArray) and is_list(x):
            yield _list(event, x, "x", severity)
        elif isinstance(y, DataArray) and is_list(y) and isinstance(x, DataArray) and x.kind is DataKind.ARRAY:
            yield _list(event, y, "y", severity)
    if isinstance(x, DataArray) and is_ragged(x):
        yield Finding(
            message=f"{_name(x)} holds rows of different lengths, and `{event.method}` raises an error for them",
            location=event.place("x"),
            help="bring all rows to one length with `pad_sequences(..., maxlen=...)`",
            label="rows of different lengths",
        )
    if (
        isinstance(x, DataArray)
        and x.kind is DataKind.ARRAY
        and x.dtype == "str"
        and x.container != SEVERAL
        and graph is not None
        and _takes_numbers(graph)
    ):
        yield Finding(
            message=f"{_name(x)} holds text, and the model has no layer that turns text into numbers: `{event.method}` raises an error",
            location=event.place("x"),
            help="put a `TextVectorization` layer in front, or encode the texts before",
            label="text as input",
        )


def _takes_numbers(graph: ModelGraph) -> bool:
    found = entries(graph)
    return found is not None and not any(layer.class_name in ON_TEXT for layer in found)


def _list(event: Fit | Evaluation, data: DataArray, argument: str, severity: Severity) -> Finding:
    what = "holds the labels as a Python list" if argument == "y" else "is a Python list"
    return Finding(
        message=f"{_name(data)} {what}, and `{event.method}` raises a ValueError for it in Keras 3: a list stands for several inputs",
        location=event.place(argument),
        help=f"pass `numpy.array({data.name or '...'})`",
        label=LIST,
        severity=severity,
        related=(Related(data.location, "the list is made here"),) if data.location.line else (),
    )


def _of_rows(event: Fit | Evaluation) -> Iterator[Finding]:
    pairs = [(event.x, event.y, event.place("y"))]
    if isinstance(event, Fit):
        pairs.append((event.validation_x, event.validation_y, event.place("validation_data")))
    for x, y, place in pairs:
        rows, labels = _count(x), _count(y)
        if isinstance(rows, int) and isinstance(labels, int) and rows != labels:
            assert isinstance(x, DataArray) and isinstance(y, DataArray)
            yield Finding(
                message=f"{_name(x)} has {rows:,} rows and {_name(y)} has {labels:,}: `{event.method}` raises a ValueError",
                location=place,
                help="take as many labels as inputs, from the same rows",
                label=f"{labels:,} rows for {rows:,} inputs",
            )


def _count(data: Data) -> Dim:
    if (
        not isinstance(data, DataArray)
        or data.kind is not DataKind.ARRAY
        or isinstance(data.shape, Unknown)
        or not data.shape
    ):
        return None
    return data.shape[0]


def _of_inputs(event: Fit | Evaluation, graph: ModelGraph, data: Data, place: Location) -> Iterator[Finding]:
    if (
        isinstance(data, tuple)
        and all(isinstance(part, DataArray) for part in data)
        and graph.kind is GraphKind.FUNCTIONAL
    ):
        if len(data) != len(graph.inputs):
            wanted = f"{len(graph.inputs)} input" + "s" * (len(graph.inputs) != 1)
            yield Finding(
                message=f"the model has {wanted} and is given {len(data)} arrays: `{event.method}` raises a ValueError",
                location=place,
                help="pass one array for each input, in the order of the model's inputs",
                label=f"{len(data)} arrays for {wanted}",
                related=(Related(graph.location, "the model is made here"),),
            )
            return
        for part, tensor in zip(data, graph.inputs, strict=True):
            if isinstance(part, DataArray):
                yield from _of_shape(event, graph, part, tensor.shape, place)
    elif isinstance(data, DataArray) and len(graph.inputs) == 1:
        yield from _of_shape(event, graph, data, graph.inputs[0].shape, place)


def _of_shape(
    event: Fit | Evaluation, graph: ModelGraph, data: DataArray, wanted: object, place: Location
) -> Iterator[Finding]:
    shape = batch_shape(data)
    found = entries(graph)
    if isinstance(shape, Unknown) or not isinstance(wanted, tuple) or not shape:
        return
    if found is None or any(layer.class_name not in STRICT for layer in found):
        return
    if data.container == SEVERAL:
        return
    reason = mismatch(shape, wanted)
    if reason is None:
        if isinstance(event, Fit) and place == event.place("x") and lacks_channels(shape, wanted):
            yield _without_channels(event, graph, data, shape, wanted)
        return
    one = event.method.startswith("predict") and len(shape) == len(wanted) - 1 and agree(shape, wanted[1:])
    if one:
        message = f"{_name(data)} is one sample of shape {words_of(shape)}, while the model takes batches of shape {words_of(wanted)}"
        advice = "keep the batch axis: slice with `[i : i + 1]`, or add it with `[None]`"
    else:
        message = f"{_name(data)} has the shape {words_of(shape)}, while the input of the model is {words_of(wanted)}: {reason}"
        advice = "reshape the data, or change the model's input, so that all axes behind the first agree"
    yield Finding(
        message=f"{message}, and `{event.method}` raises a ValueError",
        location=place,
        help=advice,
        label="one sample without its batch axis" if one else reason,
        related=(Related(graph.location, "the model is made here"),),
    )


def _without_channels(
    event: Fit, graph: ModelGraph, data: DataArray, shape: tuple[Dim, ...], wanted: tuple[Dim, ...]
) -> Finding:
    return Finding(
        message=(
            f"{_name(data)} has the shape {words_of(shape)}, without the last axis of the input {words_of(wanted)}: Keras 3 "
            "adds it, older ones raise a ValueError"
        ),
        location=event.place("x"),
        help=f"add the axis yourself: `{data.name or '...'}[..., numpy.newaxis]`",
        label="no axis of channels",
        severity=Severity.INFO,
        related=(Related(graph.location, "the model is made here"),),
    )


def _name(data: DataArray) -> str:
    return f"`{data.name}`" if data.name else "the data"
