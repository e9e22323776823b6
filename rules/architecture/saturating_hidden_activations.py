"""Sigmoid or tanh throughout a deep stack, or a softmax in the middle of the network.

## What it does

It is a hint when every hidden Dense and convolution of a chain of `depth` (3) or more uses sigmoid or tanh, and a warning
when a hidden layer's softmax goes straight into another layer of weights.

## Why it matters

The slope of a sigmoid is at most 1/4: through three of them a gradient shrinks by 64 or more, and the first layers hardly
learn. A softmax makes the units of a hidden layer compete for a sum of 1, so that it passes on little more than which of
them is the largest.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([
    Input((20,)),
    Dense(64, activation="sigmoid"),  # KC212
    Dense(64, activation="sigmoid"),
    Dense(64, activation="tanh"),
    Dense(1),
])
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout

inputs = Input((20,))
x = Dense(64, activation="softmax")(inputs)  # KC212
x = Dropout(0.2)(x)
model = Model(inputs, Dense(5, activation="softmax")(x))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu"),
    Dense(64, activation="relu"),
    Dense(64, activation="tanh"),
    Dense(1, activation="sigmoid"),
])
```

## Known limits

Softmax that weighs other tensors (attention, gates) goes into a product and is left alone. Small networks for physics or
control use tanh on purpose.

## References

- Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.families import ACTIVATIONS, CONVOLUTIONS, DENSE, PASSING, WINDOWS, activation_of, core
from kerascheck.facts.graph import LayerKind, ModelGraph, Node
from kerascheck.facts.paths import target
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

_WEIGHTED: Final = DENSE | CONVOLUTIONS
_SATURATING: Final = frozenset({"sigmoid", "tanh", "hard_sigmoid", "softsign"})
_BEFORE_ACTIVATION: Final = PASSING | {"BatchNormalization"}
_BETWEEN: Final = PASSING | WINDOWS | {"Flatten", "BatchNormalization"}


@rule("KC212", "saturating-hidden-activations", Severity.INFO, since="0.1", options={"depth": 3})
def saturating_hidden_activations(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    hidden: list[tuple[Node, str]] = []
    for node in graph.nodes:
        layer = core(node.layer)
        if layer.kind is not LayerKind.BUILTIN or layer.class_name not in _WEIGHTED:
            continue
        applied = _applied(graph, node)
        following = None if applied is None else target(graph, applied, _passes)
        if applied is None or following is None or core(following.layer).class_name not in _WEIGHTED:
            # An output, a fork or something unknown: the chain is not of one kind.
            hidden = (
                hidden if graph.is_output(node) or (applied and graph.is_output(applied)) else [*hidden, (node, "")]
            )
            continue
        function = activation_of(applied.layer)
        hidden.append((node, function if isinstance(function, str) else ""))
        if function == "softmax" and not _is_attention(applied):
            yield _competing(applied, following)
    if len(hidden) >= options.number("depth", 3) and all(function in _SATURATING for _, function in hidden):
        yield _saturating(hidden)


def _is_attention(node: Node) -> bool:
    """Whether a layer of its own weighs places against one another, not the units of a sample."""
    shape = node.outputs[0].shape if node.outputs else UNKNOWN
    return core(node.layer).class_name in ACTIVATIONS and not isinstance(shape, Unknown) and len(shape) > 2


def _passes(node: Node) -> bool:
    return core(node.layer).class_name in _BETWEEN


def _keeps_scale(node: Node) -> bool:
    return core(node.layer).class_name in _BEFORE_ACTIVATION


def _applied(graph: ModelGraph, node: Node) -> Node | None:
    """The call that applies the activation of a layer of weights: itself, or the activation layer behind it."""
    if activation_of(node.layer) is not None:
        return node
    following = target(graph, node, _keeps_scale)
    if following is not None and core(following.layer).class_name in ACTIVATIONS:
        return following
    return node


def _competing(node: Node, following: Node) -> Finding:
    layer = core(node.layer)
    return Finding(
        f"`{layer.label}` is hidden and applies softmax: its units share a sum of 1, "
        f"and `{core(following.layer).label}` gets little more than which of them is the largest",
        layer.place("activation"),
        help='use `activation="relu"` in hidden layers, and softmax on the output only',
        label="softmax in the middle",
        severity=Severity.WARNING,
        layer=node.layer.address,
        related=(Related(following.layer.location, "the next layer of weights"),),
    )


def _saturating(hidden: list[tuple[Node, str]]) -> Finding:
    first = core(hidden[0][0].layer)
    names = " and ".join(sorted({function for _, function in hidden}))
    return Finding(
        f"all {len(hidden)} hidden layers use {names}, so the gradient shrinks on its way to `{first.label}`",
        first.place("activation"),
        help='use `activation="relu"` or another function that does not saturate in the hidden layers',
        label="saturates",
        layer=hidden[0][0].layer.address,
        related=tuple(Related(node.layer.location, f"uses {function}") for node, function in hidden[1:4]),
    )
