"""A recurrent layer with relu, or with a setting that gives up the fused GPU kernel.

## What it does

It is a warning when an `LSTM` or `GRU` is given relu or another unbounded activation, and a hint when a setting that the
author wrote keeps it from the fused cuDNN kernel: `recurrent_dropout`, another `recurrent_activation` than sigmoid,
`unroll=True`, `use_bias=False`, or `reset_after=False`.

## Why it matters

The state goes through the activation at every step. tanh keeps it between -1 and 1; with relu it grows with the length
of the sequence until the loss is NaN, or is zero for good. Without the fused kernel a layer is several times slower on a
GPU.

## Bad

```python
from keras import Input, Sequential
from keras.layers import GRU, LSTM, Dense

model = Sequential([
    Input((50, 8)),
    LSTM(64, activation="relu", return_sequences=True),  # KC219
    GRU(32, recurrent_dropout=0.2),  # KC219
    Dense(1),
])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import GRU, LSTM, Dense

model = Sequential([
    Input((50, 8)),
    LSTM(64, return_sequences=True),
    GRU(32, dropout=0.2),
    Dense(1),
])
```

## Known limits

`SimpleRNN` with relu has its uses and no fused kernel. Clipped gradients and short sequences can carry relu.

## References

- Le, Jaitly and Hinton, A Simple Way to Initialize Recurrent Networks of Rectified Linear Units, 2015
- https://keras.io/api/layers/recurrent_layers/lstm/ (the conditions of the cuDNN kernel)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import class_names, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Value
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_GATED: Final = frozenset({"LSTM", "GRU"})
_UNBOUNDED: Final = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "softplus"})
_FUSED: Final[tuple[tuple[str, Value], ...]] = (
    ("recurrent_dropout", 0),
    ("unroll", False),
    ("use_bias", True),
    ("recurrent_activation", "sigmoid"),
    ("reset_after", True),
)
# Keras 1 and 2 stored their own defaults of these in every file: they are no choice of the author.
_STORED: Final = frozenset({"recurrent_activation", "reset_after"})


@rule("KC219", "recurrent-activation", Severity.WARNING, since="0.1", mentions=("LSTM", "GRU", "RNN"))
def recurrent_activation(graph: ModelGraph) -> Iterator[Finding]:
    found = list(_found(graph))
    for severity in dict.fromkeys(finding.severity for finding in found):
        yield from folded(finding for finding in found if finding.severity is severity)


def _found(graph: ModelGraph) -> Iterator[Finding]:
    if not _GATED & class_names(graph):
        return
    for outer in graph.layers:
        layer = core(outer)
        if layer.kind is not LayerKind.BUILTIN or layer.class_name not in _GATED:
            continue
        if layer.activation in _UNBOUNDED:
            yield _unbounded(outer, layer)
            continue
        for name, fused in _FUSED:
            value = layer.config.get(name, UNKNOWN)
            skipped = graph.from_file and name in _STORED
            if name in layer.given and not skipped and value is not UNKNOWN and value != fused:
                yield _slow(outer, layer, name, value, fused)
                break


def _unbounded(outer: Layer, layer: Layer) -> Finding:
    return Finding(
        f"`{layer.label}` applies {layer.activation} to its state at every step: "
        "on long sequences it can grow without bound, up to NaN",
        layer.place("activation"),
        help='keep the default `activation="tanh"`; put a relu on the Dense behind it',
        label="unbounded state",
        layer=outer.address,
    )


def _slow(outer: Layer, layer: Layer, name: str, value: Value, fused: Value) -> Finding:
    return Finding(
        f"`{layer.label}` has {name}={value!r}, which the fused GPU kernel does not know: it runs several times slower",
        layer.place(name),
        help=f"with `{name}={fused!r}` the layer uses the fused kernel",
        label="gives up the fused kernel",
        severity=Severity.INFO,
        layer=outer.address,
    )
