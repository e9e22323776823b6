"""The output has another number of units, or the model another number of outputs, than the labels and losses need.

## What it does

Compares the units of each output with what is known of the labels: the number of classes, the width of one-hot rows, the
largest class index, values outside 0..1 under a binary loss, axes of a feature map that the labels do not have. It also
compares the number of losses, loss weights and label arrays with the number of outputs.

## Why it matters

With too few units the highest class index is out of range: the loss is NaN or `fit` stops. Rows of another width than
the output cannot be compared. One sigmoid unit cannot tell three classes apart, and `binary_crossentropy` becomes negative
for targets above 1. A list of losses of the wrong length is refused when training starts.

## Bad

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
model = Sequential([Input((28, 28)), Flatten(), Dense(9, activation="softmax")])  # KC311
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train / 255.0, y_train, batch_size=128, epochs=5, validation_split=0.1)
```

More than two classes on one unit:

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

x = np.array([[0.1, 1.0], [0.5, 0.2], [0.9, 0.4], [0.7, 0.8]])
y = np.array([[0], [1], [2], [3]])
model = Sequential([Input((2,)), Dense(8, activation="relu"), Dense(1, activation="sigmoid")])  # KC311
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=4, epochs=100)
```

A feature map as the output:

```python
from keras import Input, Sequential
from keras.datasets import cifar10
from keras.layers import Conv2D
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
model = Sequential([Input((32, 32, 3)), Conv2D(32, 3, activation="relu"), Conv2D(10, 3, activation="softmax")])  # KC311
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train / 255.0, to_categorical(y_train), batch_size=128, epochs=5, validation_split=0.1)
```

Three losses for two outputs:

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(16, activation="relu")(inputs)
model = Model(inputs, [Dense(1, name="age")(hidden), Dense(3, activation="softmax", name="kind")(hidden)])
model.compile("adam", loss=["mse", "mae", "categorical_crossentropy"])  # KC311
```

## Good

```python
from keras import Input, Sequential
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = Sequential([Input((28, 28)), Flatten(), Dropout(0.2), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

The number of classes in a file or folder is not known.

## References

- <https://keras.io/api/losses/probabilistic_losses/>
- <https://keras.io/api/models/model_training_apis/#compile-method>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding
from kerascheck.facts.graph import Compile, ModelGraph
from kerascheck.facts.outputs import (
    BINARY,
    ONE_HOT,
    REGRESSION,
    SPARSE,
    Judgement,
    counts_outputs,
    fits_of,
    judgements,
    with_reached_range,
)
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

LISTS = {"loss": "losses", "loss_weights": "loss weights"}


@rule("KC311", "output-count", Severity.ERROR, since="0.1")
def output_count(graph: ModelGraph, program: TrainingProgram, usage: KerasUsage | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        for labels in judgement.judged(program):
            if _is_map(judgement, labels):
                level = usage.refusal if usage is not None and _is_flat(judgement) else Severity.ERROR
                if level is not None:
                    yield _at(level, _map(graph, judgement, labels))
                break
            told = _told(judgement, with_reached_range(labels))
            if told is not None:
                yield _units(judgement, labels, *told)
                break
    if counts_outputs(graph) and graph.outputs:
        for compiled in graph.compiles:
            yield from _lists(graph, compiled)
            yield from _label_arrays(graph, program, compiled)


def _told(judgement: Judgement, labels: DataArray) -> tuple[Severity, str] | None:
    """How loudly, and what does not fit; None where nothing is known to be wrong."""
    name, units = judgement.loss.name, judgement.output.units
    if labels.kind is not DataKind.ARRAY or not isinstance(units, int):
        return None
    if name in SPARSE:
        return _indices(labels, units)
    if name in BINARY and units == 1 and labels.encoding is not Encoding.ONE_HOT:
        return _yes_or_no(labels)
    if name in ONE_HOT or (name in BINARY and units > 1):
        return _columns(judgement, labels, units)
    return None


def _is_map(judgement: Judgement, labels: DataArray) -> bool:
    """Whether the output has axes for which the labels have none."""
    shape, rank = labels.shape, judgement.output.rank
    if labels.kind is not DataKind.ARRAY or isinstance(shape, Unknown) or not shape or not isinstance(rank, int):
        return False
    given = judgement.output.tensor.shape
    if not isinstance(given, Unknown) and 0 in given:
        return False  # Keras has refused the input of such a network before.
    excess = rank - len(shape)
    if judgement.loss.name in REGRESSION and (rank, len(shape), judgement.output.units) == (3, 1, 1):
        return False  # Keras compares each of the steps with the one number.
    return excess > 1 or (excess == 1 and judgement.loss.name in ONE_HOT and len(shape) > 1)


def _at(level: Severity, finding: Finding) -> Finding:
    message = finding.message
    if level is Severity.WARNING:
        message = message.replace("the two cannot be compared", "Keras 3 cannot compare the two")
    return replace(finding, message=message, severity=level)


def _is_flat(judgement: Judgement) -> bool:
    """Whether earlier releases flatten the output to one row of classes a sample."""
    shape = judgement.output.tensor.shape
    inner = () if isinstance(shape, Unknown) else shape[1:-1]
    return judgement.loss.name in SPARSE and all(size == 1 for size in inner)


def _map(graph: ModelGraph, judgement: Judgement, labels: DataArray) -> Finding:
    output = judgement.output
    node = graph.producer(output.tensor)
    place = node.layer.location if node is not None else judgement.location
    title = f"`{node.layer.label}`" if node is not None else "the output"
    return Finding(
        message=f"{title} gives shape {_shape(output.tensor.shape)}, but {_name(labels)} {_holds(labels.shape)}: the two cannot be compared",
        location=place,
        label="axes that the labels do not have",
        help="add `Flatten()` or a pooling layer, and a `Dense` output of one unit a class",
        related=(Related(labels.location, "the labels come from here"),),
        layer=node.layer.address if node is not None else None,
    )


def _holds(shape: Shape) -> str:
    one = isinstance(shape, tuple) and len(shape) == 1
    return "holds one number a row" if one else f"has shape {_shape(shape)}"


def _shape(shape: Shape) -> str:
    if isinstance(shape, Unknown):
        return "unknown"
    return "(" + ", ".join("?" if isinstance(dim, Unknown) else str(dim) for dim in shape) + ")"


def _indices(labels: DataArray, units: int) -> tuple[Severity, str] | None:
    if labels.encoding is Encoding.ONE_HOT or units < 2:
        return None
    highest = labels.maximum if isinstance(labels.maximum, (int, float)) else None
    classes = labels.classes if isinstance(labels.classes, int) else None
    if highest is not None and highest >= units:
        return Severity.ERROR, f"{_name(labels)} goes up to class {highest:g}, which is out of range"
    if highest is None and classes is not None and classes > units:
        return Severity.ERROR, f"{_name(labels)} has {classes} classes: the last of them are out of range"
    if classes is not None and units > classes + 1:
        return Severity.WARNING, f"{_name(labels)} has {classes} classes: the other units never get a sample"
    return None


def _yes_or_no(labels: DataArray) -> tuple[Severity, str] | None:
    if isinstance(labels.classes, int) and labels.classes > 2:
        return Severity.ERROR, f"{_name(labels)} has {labels.classes} classes, of which one unit tells two apart"
    if isinstance(labels.maximum, (int, float)) and labels.maximum > 1:
        return Severity.ERROR, f"{_name(labels)} goes up to {labels.maximum:g}, and a yes or no is 0 or 1"
    if isinstance(labels.minimum, (int, float)) and labels.minimum < 0:
        return Severity.ERROR, f"{_name(labels)} goes down to {labels.minimum:g}, and a yes or no is 0 or 1"
    return None


def _columns(judgement: Judgement, labels: DataArray, units: int) -> tuple[Severity, str] | None:
    shape = labels.shape
    if isinstance(shape, Unknown) or len(shape) < 2 or len(shape) != judgement.output.rank:
        return None
    width = shape[-1]
    # A single column of class indices is another fault, and KC306's.
    if not isinstance(width, int) or width in (1, units):
        return None
    return Severity.ERROR, f"{_name(labels)} has {width} columns: the two cannot be compared"


def _name(labels: DataArray) -> str:
    return f"`{labels.name}`" if labels.name else "the label array"


def _units(judgement: Judgement, labels: DataArray, severity: Severity, told: str) -> Finding:
    output = judgement.output
    layer = output.source or output.layer
    place = judgement.location
    if layer is not None:
        place = next((layer.places[key] for key in ("units", "filters") if key in layer.places), layer.location)
    count = f"{output.units} units" if output.units != 1 else "one unit"
    return Finding(
        message=f"`{output.title}` has {count}, but {told}",
        location=place,
        label=count,
        help="give the output one unit a class, and the loss that belongs to it",
        severity=severity,
        related=(
            Related(labels.location, "the labels come from here"),
            Related(judgement.location, "the loss is set here"),
        ),
        layer=output.address,
    )


def _lists(graph: ModelGraph, compiled: Compile) -> Iterator[Finding]:
    outputs = len(graph.outputs)
    for argument, what in LISTS.items():
        given = compiled.arguments.get(argument)
        if isinstance(given, tuple) and len(given) != outputs:
            yield _count(compiled.place(argument), len(given), what, graph)


def _label_arrays(graph: ModelGraph, program: TrainingProgram, compiled: Compile) -> Iterator[Finding]:
    for fit in fits_of(program, graph, compiled):
        given = fit.y
        if isinstance(given, tuple) and len(given) != len(graph.outputs) and _are_arrays(given):
            yield _count(fit.place("y"), len(given), "label arrays", graph)


def _are_arrays(given: tuple[object, ...]) -> bool:
    return len(given) > 1 and all(isinstance(part, DataArray) and part.kind is DataKind.ARRAY for part in given)


def _count(place: Location, given: int, what: str, graph: ModelGraph) -> Finding:
    outputs = len(graph.outputs)
    return Finding(
        message=f"{given} {what} are given for {outputs} output{'s' if outputs != 1 else ''}: Keras refuses this when training starts",
        location=place,
        label=f"{given} for {outputs}",
        help="give one an output, in the order of the model's outputs",
        related=(Related(graph.location, f"the model has {outputs} output{'s' if outputs != 1 else ''}"),),
    )
