"""A dropout rate that is impossible, does nothing, or drops most of the signal.

## What it does

Reads the rate of every dropout layer, and `dropout` and `recurrent_dropout` of recurrent and attention layers. It is an
error outside 0 to 1 or where everything is dropped, a warning where a layer drops more than 0.8, and a hint above 0.5 and
where a layer is written to drop nothing. The limits are the options `much` (0.5) and `most` (0.8).

## Why it matters

The rate is the share that is dropped, not the one that is kept, and a fraction, not per cent. Above one half a network
trains on a small and ever changing part of itself: training metrics are measured with dropout on and validation metrics
with dropout off, so that validation looks better than training, and the usual signs of overfitting are gone.

## Bad

```python
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Dropout, Embedding

model = Sequential([
    Input((80,)),
    Embedding(5000, 64),
    LSTM(64, dropout=1.0),  # KC207
    Dropout(20),  # KC207
    Dense(1, activation="sigmoid"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((20,)))
model.add(Dense(256, activation="relu"))
model.add(Dropout(0.9))  # KC207
model.add(Dense(256, activation="relu"))
model.add(Dropout(0.0))  # KC207
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.6))  # KC207
model.add(Dense(1))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import LSTM, Dense, Dropout, Embedding

model = Sequential([
    Input((80,)),
    Embedding(5000, 64),
    LSTM(64, dropout=0.2),
    Dropout(0.5),
    Dense(1, activation="sigmoid"),
])
```

## Known limits

A rate that a search or the command line sets is not known. A wide layer on few samples can bear a high rate.

## References

- Srivastava and others, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014, section A.4
- https://keras.io/api/layers/regularization_layers/dropout/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import ATTENTION, CONVOLUTIONAL_RECURRENT, DROPOUTS, RECURRENT
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

_INSIDE: Final = RECURRENT | CONVOLUTIONAL_RECURRENT | ATTENTION
_ARGUMENTS: Final = ("dropout", "recurrent_dropout")


@rule("KC207", "dropout-rate", Severity.WARNING, since="0.1", options={"much": 0.5, "most": 0.8})
def dropout_rate(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    much, most = options.number("much", 0.5), options.number("most", 0.8)
    found = list(_found(graph, much, most))
    yield from (finding for finding in found if finding.severity is not Severity.INFO)
    hints = [finding for finding in found if finding.severity is Severity.INFO]
    for label in dict.fromkeys(hint.label for hint in hints):
        yield from folded(hint for hint in hints if hint.label == label)


def _found(graph: ModelGraph, much: float, most: float) -> Iterator[Finding]:
    for outer in graph.layers:
        layer = outer.inner if outer.inner is not None else outer
        if layer.kind is not LayerKind.BUILTIN:
            continue
        names = ("rate",) if layer.class_name in DROPOUTS else _ARGUMENTS if layer.class_name in _INSIDE else ()
        for name in names:
            rate = layer[name]
            if isinstance(rate, (int, float)) and not isinstance(rate, bool):
                yield from _judged(outer, layer, name, float(rate), much, most)


def _judged(outer: Layer, layer: Layer, name: str, rate: float, much: float, most: float) -> Iterator[Finding]:
    if not 0 <= rate <= 1:
        percent = f": did you mean {rate / 100:g}" if 1 < rate < 100 else ""
        yield _finding(
            outer, layer, name, Severity.ERROR,
            f"`{layer.label}` has the {name} {rate:g}, and Keras takes a fraction from 0 to 1{percent}",
            "write the share of values to drop, between 0 and 0.5",
            "outside 0 to 1",
        )  # fmt: skip
    elif rate == 1:
        yield _finding(
            outer, layer, name, Severity.ERROR,
            f"`{layer.label}` has the {name} 1: it drops every value, and nothing behind it learns from the data",
            "write the share of values to drop, between 0 and 0.5",
            "drops everything",
        )  # fmt: skip
    elif rate == 0 and name == "rate":
        # A rate that a variable switches off is a choice.
        if layer.location.line and name not in layer.literal:
            return
        yield _finding(
            outer, layer, name, Severity.INFO, f"`{layer.label}` has the rate 0: it drops nothing",
            "give it a rate between 0.1 and 0.5, or remove the layer", "drops nothing",
        )  # fmt: skip
    elif rate > most:
        yield _finding(
            outer, layer, name, None,
            f"`{layer.label}` drops {100 * rate:.3g}% of its input: the network learns from the {100 - 100 * rate:.3g}% that is left",
            f"{_kept(rate)}write a rate of 0.5 or less", f"keeps {100 - 100 * rate:.3g}%",
        )  # fmt: skip
    elif rate > much:
        yield _finding(
            outer, layer, name, Severity.INFO,
            f"`{layer.label}` drops {100 * rate:.3g}% of its input while training and nothing while validating, "
            "so validation metrics may look better than training metrics",
            "try 0.5 or less, and judge overfitting by evaluating on the training data too", "more than half",
        )  # fmt: skip


def _kept(rate: float) -> str:
    return f"the rate is the share that is dropped: to keep {100 * rate:.3g}% write {1 - rate:.2g}; else "


def _finding(
    outer: Layer, layer: Layer, name: str, severity: Severity | None, message: str, advice: str, label: str
) -> Finding:
    return Finding(message, layer.place(name), advice, label, severity, layer=outer.address)
