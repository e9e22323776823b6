"""A recurrent layer that hands on the last step where the sequence is wanted, or the sequence where the last is wanted.

## What it does

Reports a recurrent layer without `return_sequences=True` in front of a layer that takes a sequence: another recurrent
layer, `TimeDistributed`, a 1-D convolution or pooling. In a script whose labels are known to be one row for each sample
it also reports a last recurrent layer that keeps the sequence, up to an output with one prediction for each step.

## Why it matters

Without the sequence the next layer gets two axes where it takes three, and Keras refuses to build the model. With it,
the model makes a prediction for each step and training fails, or spreads one label over all steps without a word.

## Bad

```python
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Dropout

model = Sequential([
    Input((30, 8)),
    LSTM(64),  # KC218
    Dropout(0.2),
    LSTM(32),
    Dense(1),
])
```

```python
from keras import Input, Sequential
from keras.layers import GRU, Bidirectional, Dense, TimeDistributed

model = Sequential()
model.add(Input((30, 8)))
model.add(Bidirectional(GRU(16, return_sequences=False)))  # KC218
model.add(TimeDistributed(Dense(4)))
```

```python
import keras
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Embedding

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=5000)
x_train = keras.utils.pad_sequences(x_train, 100)
model = Sequential([
    Input((100,)),
    Embedding(5000, 32),
    LSTM(32, return_sequences=True, dropout=0.2),  # KC218
    Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=4, validation_split=0.1)
```

## Good

```python
import keras
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Embedding

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=5000)
x_train = keras.utils.pad_sequences(x_train, 100)
model = Sequential([
    Input((100,)),
    Embedding(5000, 32, mask_zero=True),
    LSTM(32, return_sequences=True, dropout=0.2),
    LSTM(32, dropout=0.2),
    Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=4, validation_split=0.1)
```

## Known limits

Whether labels are for each step is known only where the script shows their shape; in a model file it never is.

## References

- https://keras.io/guides/working_with_rnns/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Fit
from kerascheck.facts.families import (
    ACTIVATIONS,
    CONVOLUTIONAL_RECURRENT,
    DENSE,
    NORMALIZATIONS,
    PASSING,
    RECURRENT,
    class_names,
    core,
)
from kerascheck.facts.graph import ModelGraph, Node, Problem
from kerascheck.facts.paths import source
from kerascheck.facts.problems import without_sequence
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Edit, Finding, Fix, Related, Severity
from kerascheck.rule import rule

_BEHIND: Final = PASSING | NORMALIZATIONS | ACTIVATIONS | DENSE


@rule("KC218", "return-sequences", Severity.ERROR, since="0.1", fixable=True)
def return_sequences(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for problem in graph.problems:
        recurrent = without_sequence(graph, problem)
        if recurrent is not None:
            yield _cut(recurrent, problem)
    recurs = class_names(graph) & (RECURRENT | CONVOLUTIONAL_RECURRENT)
    labels = _labels_of_samples(graph, program) if recurs and program is not None else None
    if labels is not None:
        yield from _kept(graph, labels)


def _cut(node: Node, problem: Problem) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` hands on its last step only, and `{problem.layer.label}` {problem.message}",
        layer.place("return_sequences"),
        help="set `return_sequences=True`",
        label="the sequence ends here",
        layer=node.layer.address,
        related=(Related(problem.location, f"`{problem.layer.label}` takes a sequence"),),
        fix=_fix(node, "True"),
    )


def _labels_of_samples(graph: ModelGraph, program: TrainingProgram) -> DataArray | None:
    """The labels that a model is fitted on, when they are proven to be one number or one class for each sample."""
    for fit in program.of(Fit):
        if fit.model == graph.key and isinstance(fit.y, DataArray) and not isinstance(fit.y.shape, Unknown):
            return fit.y if len(fit.y.shape) == 1 or fit.y.shape[1:] == (1,) else None
    return None


def _kept(graph: ModelGraph, labels: DataArray) -> Iterator[Finding]:
    for _, output in graph.output_nodes():
        shape = output.output_shape
        if len(graph.outputs) != 1 or isinstance(shape, Unknown) or len(shape) != 3:
            continue
        behind = core(output.layer).class_name in _BEHIND
        last = source(graph, output, lambda node: core(node.layer).class_name in _BEHIND) if behind else output
        if last is not None and _keeps_sequence(last) and shape[1] != 1:
            yield _whole(last, output, labels)


def _keeps_sequence(node: Node) -> bool:
    layer = core(node.layer)
    return layer.class_name in RECURRENT | CONVOLUTIONAL_RECURRENT and layer["return_sequences"] is True


def _whole(node: Node, output: Node, labels: DataArray) -> Finding:
    layer = core(node.layer)
    shape = output.output_shape
    steps = f"{shape[1]} steps" if not isinstance(shape, Unknown) and isinstance(shape[1], int) else "every step"
    name = f"`{labels.name}`" if labels.name else "the labels"
    return Finding(
        f"`{layer.label}` keeps the whole sequence, so the model predicts {steps} of each sample, "
        f"while {name} has one label for each",
        layer.place("return_sequences"),
        help="set `return_sequences=False` on the last recurrent layer",
        label="the whole sequence",
        severity=Severity.WARNING,
        layer=node.layer.address,
        related=(Related(labels.location, f"{name} has one label for each sample"),),
        fix=_fix(node, "False"),
    )


def _fix(node: Node, value: str) -> Fix | None:
    layer = core(node.layer)
    if "return_sequences" in layer.places:
        return Fix((Edit(layer.places["return_sequences"], value),))
    return Fix((layer.slot.insert(f"return_sequences={value}"),)) if layer.slot is not None else None
