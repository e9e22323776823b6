"""An embedding that is too small for its vocabulary, or whose mask is lost on the way.

## What it does

Compares `input_dim` of an `Embedding` with the largest index that is known to reach it: of the data that the model is
fitted on, or of a vectorization layer in front. It also follows the mask of `mask_zero=True` and warns when a layer that
drops masks stands between the embedding and a recurrent layer, attention or average pooling, which would use it.

## Why it matters

An index of `input_dim` or above has no row: on a CPU training stops with an error, on a GPU it reads zeros without a word.
Index 0 is kept for padding, so a vocabulary of n words needs n + 1 rows. Without the mask the padding is read like words.

## Bad

```python
import keras
from keras import Sequential
from keras.layers import LSTM, Dense, Embedding

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10000)
x_train = keras.utils.pad_sequences(x_train, 200)
model = Sequential([
    Embedding(5000, 32),  # KC220
    LSTM(32, dropout=0.2),
    Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=3, validation_split=0.2)
```

```python
from keras import Input, Sequential
from keras.layers import LSTM, Conv1D, Dense, Embedding

model = Sequential([
    Input((200,)),
    Embedding(5000, 32, mask_zero=True),  # KC220
    Conv1D(32, 5, padding="same", activation="relu"),
    LSTM(32),
    Dense(1, activation="sigmoid"),
])
```

## Good

```python
import keras
from keras import Sequential
from keras.layers import LSTM, Dense, Embedding, SpatialDropout1D

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10000)
x_train = keras.utils.pad_sequences(x_train, 200)
model = Sequential([
    Embedding(10000, 32, mask_zero=True),
    SpatialDropout1D(0.2),
    LSTM(32),
    Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=3, validation_split=0.2)
```

## Known limits

The size of a vocabulary that is learned from files is not known.

## References

- https://keras.io/api/layers/core_layers/embedding/
- https://keras.io/guides/understanding_masking_and_padding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Evaluation, Fit, arrays
from kerascheck.facts.families import ATTENTION, EMBEDDINGS, RECURRENT, class_names, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import source
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

_USING: Final = RECURRENT | ATTENTION | {"GlobalAveragePooling1D"}
_DROPPING: Final = frozenset(
    {"Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose", "MaxPooling1D", "AveragePooling1D", "Permute",
     "Reshape", "Cropping1D", "UpSampling1D", "ZeroPadding1D"}
)  # fmt: skip
_VOCABULARIES: Final = {
    "TextVectorization": "max_tokens",
    "StringLookup": "max_tokens",
    "IntegerLookup": "max_tokens",
    "Hashing": "num_bins",
}


@rule("KC220", "embedding-range", Severity.ERROR, since="0.1", mentions=("mbedding",))
def embedding_range(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    if not EMBEDDINGS & class_names(graph):
        return
    for node in graph.nodes:
        layer = core(node.layer)
        if layer.kind is not LayerKind.BUILTIN or layer.class_name not in EMBEDDINGS or len(node.inputs) != 1:
            continue
        rows = layer["input_dim"]
        largest = _largest_index(graph, node, program)
        if isinstance(rows, int) and largest is not None and largest[0] >= rows:
            yield _too_small(node, rows, *largest)
        if layer["mask_zero"] is True:
            yield from _lost_masks(graph, node)


def _largest_index(graph: ModelGraph, node: Node, program: TrainingProgram | None) -> tuple[int, str, Location] | None:
    """The largest index known to reach an embedding, what it comes from, and where that stands."""
    made = graph.producer(node.inputs[0])
    if made is not None and made.layer.class_name in _VOCABULARIES:
        size = made.layer[_VOCABULARIES[made.layer.class_name]]
        integers = made.layer.config.get("output_mode", "int") == "int"
        return (size - 1, made.layer.label, made.layer.location) if isinstance(size, int) and integers else None
    if program is None or (made is not None and made.layer.class_name != "InputLayer"):
        return None
    keys = [tensor.key for tensor in graph.inputs]
    index = keys.index(node.inputs[0].key) if node.inputs[0].key in keys else None
    found = (
        []
        if index is None
        else [data for data in _data(graph, program, index) if isinstance(data.maximum, (int, float))]
    )
    if not found:
        return None
    data = max(found, key=lambda array: array.maximum if isinstance(array.maximum, (int, float)) else 0)
    assert isinstance(data.maximum, (int, float))
    return int(data.maximum), data.name or "the data", data.location


def _data(graph: ModelGraph, program: TrainingProgram, index: int) -> Iterator[DataArray]:
    """The arrays that a model gets for one of its inputs."""
    for event in program.events:
        if isinstance(event, (Fit, Evaluation)) and event.model == graph.key:
            given = arrays(event.x)
            if len(given) == len(graph.inputs):
                yield given[index]


def _too_small(node: Node, rows: int, largest: int, name: str, place: Location) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` has {rows} rows, for the indices 0 to {rows - 1}, and `{name}` holds indices up to {largest}",
        layer.place("input_dim"),
        help=f"set `input_dim={largest + 1}` or more: one row for each index, 0 included",
        label=f"at least {largest + 1}",
        layer=node.layer.address,
        related=(Related(place, f"indices up to {largest}"),),
    )


def _lost_masks(graph: ModelGraph, node: Node) -> Iterator[Finding]:
    for user in graph.nodes:
        if core(user.layer).class_name not in _USING or isinstance(user.input_shape, Unknown):
            continue
        losing: list[Node] = []

        def passing(found: Node, losing: list[Node] = losing) -> bool:
            if core(found.layer).class_name in _DROPPING:
                losing.append(found)
                return True
            return found is not node and core(found.layer).class_name not in _USING and len(found.inputs) == 1

        if source(graph, user, passing) is node and losing:
            yield _lost(node, losing[-1], user)


def _lost(node: Node, loser: Node, user: Node) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"the mask of `{layer.label}` ends at `{loser.layer.label}`, "
        f"so `{user.layer.label}` reads the padding like the rest of the sequence",
        layer.place("mask_zero"),
        help=f"move `{loser.layer.label}` behind `{user.layer.label}`, leave out `mask_zero`, "
        "or give every sequence of a batch one length",
        label="this mask is lost",
        severity=Severity.WARNING,
        layer=node.layer.address,
        related=(
            Related(loser.location, f"`{loser.layer.label}` hands on no mask"),
            Related(user.location, f"`{user.layer.label}` would use it"),
        ),
    )
