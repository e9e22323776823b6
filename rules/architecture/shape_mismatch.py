"""Sizes that cannot meet: Keras refuses to build the model.

## What it does

Infers the shape of every tensor as Keras does, and reports the call where sizes cannot go together: `Concatenate`, `Add`,
`Dot` and other merges, the number of elements of a `Reshape`, channels against groups, a window larger than its input,
the table that an `Embedding` is given against its sizes.

## Why it matters

Building the model stops with an error; for a window that is too large, often with one that names another layer.

## Bad

```python
from keras import Input, Model
from keras.layers import Concatenate, Conv2D, Dense, Flatten, MaxPooling2D

inputs = Input((32, 32, 3))
fine = Conv2D(16, 3, activation="relu")(inputs)
coarse = MaxPooling2D()(fine)
x = Concatenate()([fine, coarse])  # KC214
x = Flatten()(x)
model = Model(inputs, Dense(10, activation="softmax")(x))
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

model = Sequential()
model.add(Input((32, 32, 3)))
for filters in (16, 32, 64):
    model.add(Conv2D(filters, 5, activation="relu"))
    model.add(MaxPooling2D())  # KC214
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
```

```python
from keras import Input, Sequential
from keras.layers import Conv2D, Dense, Flatten, Reshape

model = Sequential([
    Input((784,)),
    Reshape((60000, 28, 28, 1)),  # KC214
    Conv2D(16, 3, activation="relu"),
    Flatten(),
    Dense(10, activation="softmax"),
])
```

```python
from keras import Input, Model
from keras.layers import Add, Conv2D, Dense, Flatten

inputs = Input((32, 32, 3))
x = Conv2D(16, 3, padding="same", activation="relu")(inputs)
x = Conv2D(16, 3, padding="same", activation="relu", groups=6)(x)  # KC214
x = Conv2D(32, 3, padding="same")(x)
x = Add()([Conv2D(16, 1)(inputs), x])
model = Model(inputs, Dense(10, activation="softmax")(Flatten()(x)))
```

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Embedding

vectors = np.zeros((20000, 300))
model = Sequential([
    Input((100,)),
    Embedding(20000, 100, weights=[vectors], trainable=False),  # KC214
    LSTM(64),
    Dense(1, activation="sigmoid"),
])
```

## Good

```python
from keras import Input, Model
from keras.layers import Add, Conv2D, Dense, Flatten, MaxPooling2D, Reshape

inputs = Input((784,))
image = Reshape((28, 28, 1))(inputs)
x = Conv2D(16, 3, padding="same", activation="relu")(image)
x = Add()([Conv2D(16, 1)(image), x])
x = MaxPooling2D()(x)
model = Model(inputs, Dense(10, activation="softmax")(Flatten()(x)))
```

## Known limits

Behind custom layers and unknown functions no shape is proven, and nothing is said. Only the first refused call of a chain
is reported: what comes behind it has no shape.

## References

- https://keras.io/guides/functional_api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import MERGES
from kerascheck.facts.graph import ModelGraph, Problem
from kerascheck.facts.problems import sources_of
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

_TABLES: Final = frozenset({"Embedding", "ReversibleEmbedding"})


@rule("KC214", "shape-mismatch", Severity.ERROR, since="0.1")
def shape_mismatch(graph: ModelGraph) -> Iterator[Finding]:
    for problem in graph.problems:
        if problem.kind == "shape":
            yield _refused(graph, problem)


def _refused(graph: ModelGraph, problem: Problem) -> Finding:
    layer = problem.layer
    sources = sources_of(graph, problem)
    batch = _batch_axis(problem, sources[0][1]) if len(sources) == 1 else None
    note = "" if batch is None else f"; {batch} is the batch axis, which does not belong in `target_shape`"
    return Finding(
        f"`{layer.label}` {problem.message}{note}",
        _place(problem) if batch is None else layer.place("target_shape"),
        help=_advice(problem, batch is not None),
        label="Keras refuses this call",
        layer=layer.address,
        related=tuple(
            Related(node.location, f"`{node.layer.label}` gives {_written(shape)}") for node, shape in sources
        ),
    )


def _place(problem: Problem) -> Location:
    """Where the table stands that an Embedding is given, or the call that is refused."""
    given = (name for name in ("weights", "embeddings_initializer") if name in problem.layer.given)
    name = next(given, "") if problem.layer.class_name in _TABLES else ""
    return problem.layer.place(name) if name else problem.location


def _batch_axis(problem: Problem, shape: Shape) -> int | None:
    """The first size of a `target_shape` whose other sizes hold all elements of one sample."""
    target = problem.layer["target_shape"]
    if problem.layer.class_name != "Reshape" or not isinstance(target, tuple) or isinstance(shape, Unknown):
        return None
    sizes = [size for size in target if isinstance(size, int)]
    given = [size for size in shape[1:] if isinstance(size, int)]
    if len(sizes) != len(target) or len(given) != len(shape) - 1 or -1 in sizes[1:] or len(sizes) < 2:
        return None
    return sizes[0] if _product(sizes[1:]) == _product(given) else None


def _product(sizes: list[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _advice(problem: Problem, batch: bool) -> str:
    name = problem.layer.class_name
    if batch:
        return "write `target_shape` for one sample, without the batch axis"
    if name in MERGES or name == "Dot":
        return "bring the inputs to one size: same padding and strides on both ways, a 1x1 convolution, or a crop"
    if name in _TABLES:
        return "make the layer with the number of rows and columns that the table has"
    if name == "Reshape":
        return "write a `target_shape` with as many elements as one sample has, or -1 for one of its axes"
    if "would be empty" in problem.message:
        return 'use `padding="same"`, a smaller window, fewer pooling layers, or a larger input'
    return "change one of the two sizes so that they fit"


def _written(shape: Shape) -> str:
    if isinstance(shape, Unknown):
        return "a shape that is not known"
    return "(" + ", ".join("?" if isinstance(size, Unknown) else str(size) for size in shape) + ")"
