"""A dense layer that squeezes a classifier, or dense layers that widen towards its output.

## What it does

Looks at the dense layers of one chain in front of an output. It speaks of a hidden layer that has less than half the
units of the output and less than half those of the layer before it, and of hidden widths that double, or more, twice
on the way to a narrow output. One finding a model.

## Why it matters

What does not fit through the narrowest layer is lost to all layers behind it: 46 classes cannot be told apart well by
4 numbers. Layers that widen towards a few classes spend most of the parameters where the least is left to be learned;
a classifier goes from many features to few.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential([
    Input((1000,)),
    Dense(64, activation="relu"),
    Dropout(0.3),
    Dense(4, activation="relu"),  # KC227
    Dense(46, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((100,)))
model.add(Dense(32, activation="relu"))  # KC227
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(512, activation="relu"))
model.add(Dense(3, activation="softmax"))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential([
    Input((1000,)),
    Dense(128, activation="relu"),
    Dropout(0.3),
    Dense(64, activation="relu"),
    Dense(46, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Dense

autoencoder = Sequential([
    Input((64,)),
    Dense(48, activation="relu"),
    Dense(3, activation="relu", activity_regularizer="l1"),
    Dense(48, activation="relu"),
    Dense(64),
])
```

## Known limits

Silent where the output is as wide as the input (an autoencoder), for outputs of 500 units and more (the vocabulary of a
language model), for generators, which start from noise, and where paths fork or merge.

## References

- Chollet, Deep Learning with Python, section 4.2: why hidden layers must be wide enough
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from kerascheck.facts.chains import chains
from kerascheck.facts.families import PASSING, activation_of
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

VOCABULARY: Final = 500
_CLASSIFIERS: Final = frozenset({"softmax", "sigmoid"})
_BETWEEN: Final = PASSING | {
    "Activation",
    "BatchNormalization",
    "LayerNormalization",
    "ReLU",
    "LeakyReLU",
    "PReLU",
    "ELU",
}


@rule("KC227", "early-bottleneck", Severity.INFO, since="0.1", options={"vocabulary": VOCABULARY})
def early_bottleneck(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    most = options.number("vocabulary", VOCABULARY)
    yield from folded(finding for chain in chains(graph) for finding in _findings(graph, chain, most))


def _findings(graph: ModelGraph, chain: Sequence[Node], most: float) -> Iterator[Finding]:
    dense = _dense_tail(chain)
    if len(dense) < 3 or not graph.is_output(chain[-1]):
        return
    widths = [_width(node) for node in dense]
    output = widths[-1]
    if output >= most or output in (_features(dense[0].input_shape), _features(_entry(graph))):
        return
    for before, node, width, wider in zip(dense, dense[1:-1], widths[1:-1], widths, strict=False):
        if 2 * width < output and 2 * width < wider:
            yield _bottleneck(before, node, dense[-1], (wider, width, output))
            return
    if _grows(widths[:-1]) and output < widths[0] and _is_classifier(chain):
        yield _growing(dense)


def _dense_tail(chain: Sequence[Node]) -> list[Node]:
    """The dense layers of known width at the end of a chain."""
    found: list[Node] = []
    for node in reversed(chain):
        if node.layer.class_name == "Dense":
            if _width(node) < 1:
                break
            found.insert(0, node)
        elif node.layer.class_name not in _BETWEEN:
            break
    return found


def _width(node: Node) -> int:
    units = node.layer["units"]
    return units if isinstance(units, int) else 0


def _entry(graph: ModelGraph) -> Shape:
    return graph.inputs[0].shape if graph.inputs else ()


def _features(shape: Shape) -> object:
    return None if isinstance(shape, Unknown) or not shape else shape[-1]


def _grows(widths: Sequence[int]) -> bool:
    return sum(after >= 2 * before for before, after in pairwise(widths)) >= 2 and list(widths) == sorted(widths)


def _is_classifier(chain: Sequence[Node]) -> bool:
    return any(activation_of(node.layer) in _CLASSIFIERS for node in chain[-2:])


def _bottleneck(before: Node, node: Node, output: Node, widths: tuple[int, int, int]) -> Finding:
    wider, width, last = widths
    return Finding(
        f"`{node.layer.label}` squeezes {wider} features into {width}, from which {last} outputs must be told apart",
        node.layer.place("units"),
        help=f"give it at least the {last} units of the output",
        label="the narrowest layer",
        related=(Related(output.layer.place("units"), f"{last} outputs"),),
        layer=node.layer.address,
    )


def _growing(dense: Sequence[Node]) -> Finding:
    widths = [_width(node) for node in dense]
    first = dense[0].layer
    return Finding(
        f"the dense layers widen from {widths[0]} to {widths[-2]} units towards an output of {widths[-1]}",
        first.place("units"),
        help="let the widths fall towards the output, for instance by turning their order round",
        label="widens from here",
        related=tuple(Related(node.layer.place("units"), f"{_width(node)} units") for node in dense[1:]),
        layer=first.address,
    )
