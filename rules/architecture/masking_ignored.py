"""Padded sequences that a recurrent layer reads to the end of the padding.

## What it does

Finds rows that `pad_sequences` filled up to one length and that reach a recurrent layer through an `Embedding` without
`mask_zero` and without a `Masking` layer. One finding a model.

## Why it matters

Behind the last word of a short text come dozens of zeros, and the state that a recurrent layer hands on is the one after
the last of them: what it has read is washed out by what was never there. With a mask it stops at the last word. Where
the zeros come first, which is the default of `pad_sequences`, the harm is smaller: steps are spent on nothing.

## Bad

```python
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10000)
x_train = keras.utils.pad_sequences(x_train, maxlen=200, padding="post")
model = keras.Sequential([
    layers.Embedding(10000, 32),
    layers.LSTM(32, dropout=0.2),  # KC240
    layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)
```

## Good

```python
import keras
from keras import layers

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10000)
x_train = keras.utils.pad_sequences(x_train, maxlen=200, padding="post")
x_test = keras.utils.pad_sequences(x_test, maxlen=200, padding="post")
model = keras.Sequential([
    layers.Embedding(10000, 32, mask_zero=True),
    layers.LSTM(32, dropout=0.2),
    layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)
print(history.history["val_accuracy"], model.evaluate(x_test, y_test, batch_size=64))
model.save("model.keras")
```

## Known limits

Only data that the script itself is seen to pad. In a model file nothing tells of padding, so the rule is for scripts. A
convolution or a pooling between embedding and recurrent layer ends any mask and is left alone.

## References

- https://keras.io/guides/understanding_masking_and_padding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind, Step
from kerascheck.facts.events import Data, Fit
from kerascheck.facts.families import EMBEDDINGS, PASSING, RECURRENT, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import source
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_BETWEEN: Final = PASSING - {"Masking"}


@rule("KC240", "masking-ignored", Severity.INFO, since="0.1")
def masking_ignored(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    padded = _padding_of(graph, program)
    if padded is not None:
        yield from folded(_finding(node, embedding, padded) for node, embedding in _unmasked(graph))


def _padding_of(graph: ModelGraph, program: TrainingProgram) -> Step | None:
    for fit in program.of(Fit):
        if fit.model == graph.key and (array := _rows(fit.x)) is not None:
            return next((step for step in reversed(array.history) if step.by == "pad_sequences"), None)
    return None


def _rows(data: Data) -> DataArray | None:
    if isinstance(data, tuple) and len(data) == 1:
        data = data[0]
    if not isinstance(data, DataArray):
        return None
    return data if data.kind is DataKind.ARRAY else next(iter(data.elements), None)


def _unmasked(graph: ModelGraph) -> Iterator[tuple[Node, Node]]:
    """Each recurrent layer right behind an embedding that makes no mask."""
    for node in graph.nodes:
        if core(node.layer).class_name not in RECURRENT or "mask" in node.arguments:
            continue
        found = source(graph, node, lambda before: before.layer.class_name in _BETWEEN)
        if found is None or found.layer.kind is not LayerKind.BUILTIN or found.layer.class_name not in EMBEDDINGS:
            continue
        if found.layer["mask_zero"] is False:
            yield node, found


def _finding(node: Node, embedding: Node, padded: Step) -> Finding:
    layer = core(node.layer)
    post = padded.arguments.get("padding") == "post"
    effect = "the state it hands on is the one after the padding" if post else "it spends its steps on the padding"
    return Finding(
        f"`{layer.label}` reads the zeros of `pad_sequences` like words: {effect}",
        layer.location,
        help="write `mask_zero=True` on the `Embedding`, whose index 0 must then mean padding alone",
        label="no mask reaches it",
        layer=node.layer.address,
        related=(
            Related(embedding.layer.location, "this embedding makes no mask"),
            Related(padded.location, "the rows are filled up here"),
        ),
    )
