"""A kernel that starts constant or far out of scale, or an initializer that does not suit its layer.

## What it does

Reads the initializers of dense, convolutional and recurrent kernels. An error: a hidden layer whose kernel starts with
one constant everywhere, `Identity` for weights that are no matrix, and `Orthogonal` for a bias. A warning: a variance that is written down and lies outside 0.00001 to 10. A hint, once a
model: a He initializer before tanh or sigmoid, `selu` without a LeCun initializer, and a hidden bias that is set to a
constant other than zero.

## Why it matters

Units that start alike put out the same value for every input, so the layer is one unit wide; behind zeros, relu passes
no gradient back and the layer never learns at all. A variance that does not fit the width of the layer makes signals
and gradients shrink or grow from layer to layer until training stands still or diverges. `selu` keeps its promise of
unit variance only with LeCun's variance. An initializer of matrices stops with a `ValueError` when the layer is built.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", kernel_initializer="zeros"),  # KC224
    Dropout(0.3),
    Dense(3, activation="softmax"),
])
```

```python
from keras import Input, Sequential, initializers
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D

model = Sequential()
model.add(Input((64, 64, 3)))
model.add(Conv2D(16, 3, activation="relu", kernel_initializer="ones"))  # KC224
model.add(MaxPooling2D())
model.add(Conv2D(32, 3, activation="relu", kernel_initializer=initializers.Constant(0.1)))  # KC224
model.add(GlobalAveragePooling2D())
model.add(Dropout(0.3))
model.add(Dense(3, activation="softmax"))
```

```python
from keras import Input, Sequential
from keras.initializers import RandomNormal, RandomUniform
from keras.layers import Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", kernel_initializer=RandomNormal(stddev=10.0)),  # KC224
    Dense(64, activation="relu", kernel_initializer=RandomUniform(-0.001, 0.001)),  # KC224
    Dropout(0.3),
    Dense(3, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, activation="tanh", kernel_initializer="he_normal"),  # KC224
    Dense(64, activation="selu", kernel_initializer="glorot_uniform"),
    Dropout(0.3),
    Dense(3, activation="softmax"),
])
```

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", bias_initializer="ones"),  # KC224
    Dropout(0.3),
    Dense(3, activation="softmax"),
])
```

```python
from keras.layers import Conv2D
from keras import Input, Sequential

model = Sequential([Input((28, 28, 1)), Conv2D(1, 3, kernel_initializer="identity")])  # KC224
```

## Good

```python
from keras import Input, Model
from keras.initializers import Constant
from keras.layers import LSTM, Add, AlphaDropout, Concatenate, Dense, Dropout, Embedding

inputs = Input((20,))
x = Dense(64, activation="relu", kernel_initializer="he_normal")(inputs)
branch = Dense(64, kernel_initializer="zeros")(x)  # a residual branch may begin as nothing
x = Dropout(0.3)(Add()([x, branch]))
y = Dense(32, activation="selu", kernel_initializer="lecun_normal")(inputs)
y = AlphaDropout(0.1)(y)
words = Input((50,))
z = LSTM(16, dropout=0.3, bias_initializer="ones")(Embedding(1000, 8, mask_zero=True)(words))
x = Concatenate()([x, y, z])
outputs = Dense(1, activation="sigmoid", kernel_initializer="zeros", bias_initializer=Constant(-2.0))(x)
model = Model([inputs, words], outputs)
```

## Known limits

Only literal initializers of Keras are judged. Silent for frozen layers, for layers that are given their weights, for
the last layer of a network, which may well start at zero, and where a kernel's output is added or multiplied into
another path. The scale of a kernel before a batch normalization does not matter, and is not judged.

## References

- Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010
- He et al., Delving deep into rectifiers, 2015
- Klambauer et al., Self-normalizing neural networks, 2017
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.chains import first_layers, has_kernel
from kerascheck.facts.families import CONVOLUTIONS, DENSE, RECURRENT, SAME_SHAPE, WINDOWS, activation_of, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.initializers import HE, KERNEL_ARGUMENTS, LECUN, constant, initializer, initializers, variance
from kerascheck.facts.paths import target
from kerascheck.facts.values import Symbol
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

LOW: Final = 1e-5
HIGH: Final = 10.0
MATRICES: Final = frozenset({"Identity", "Orthogonal"})
VECTORS: Final = frozenset({"bias_initializer", "gamma_initializer", "beta_initializer"})
_FEED_FORWARD: Final = CONVOLUTIONS | DENSE
_WEIGHTED: Final = _FEED_FORWARD | RECURRENT
_PASSED: Final = SAME_SHAPE | WINDOWS | {"Flatten", "Reshape", "GlobalAveragePooling2D", "GlobalMaxPooling2D"}
_SATURATING: Final = frozenset({"tanh", "sigmoid", "hard_sigmoid", "softsign"})


@rule(
    "KC224",
    "kernel-initializer",
    Severity.ERROR,
    since="0.1",
    options={"smallest-variance": LOW, "largest-variance": HIGH},
)
def kernel_initializer(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    low, high = options.number("smallest-variance", LOW), options.number("largest-variance", HIGH)
    hints: list[Finding] = []
    yield from _no_matrices(graph)
    for node in first_layers(graph):
        layer = core(node.layer)
        if layer.kind is not LayerKind.BUILTIN or layer.class_name not in _WEIGHTED:
            continue
        if node.layer.trainable is not True or layer.config.get("weights") is not None:
            continue
        hidden = _is_hidden(graph, node)
        for argument, found in initializers(layer):
            value, spread = constant(found), variance(found)
            if value is not None:
                if hidden and layer["units"] != 1:
                    yield _constant(node, layer, argument, value)
            elif spread is not None and (spread > high or (spread < low and hidden)) and _keeps_scale(graph, node):
                yield _out_of_scale(node, layer, argument, found, spread, (low, high))
        if hidden:
            hints.extend(_hints(node, layer, graph.from_file))
    yield from folded(hints)


def _no_matrices(graph: ModelGraph) -> Iterator[Finding]:
    """Initializers that make matrices, for weights of another number of axes."""
    for node in first_layers(graph):
        layer = core(node.layer)
        for argument in layer.given if layer.kind is LayerKind.BUILTIN and not graph.from_file else ():
            if not argument.endswith("_initializer") or (argument.startswith("bias") and layer["use_bias"] is not True):
                continue
            found = initializer(layer, argument)
            name = found.name if found is not None else ""
            kernel = argument in KERNEL_ARGUMENTS and layer.class_name in CONVOLUTIONS
            if (name in MATRICES and argument in VECTORS) or (name == "Identity" and kernel):
                yield Finding(
                    f"`{argument}` of `{layer.label}` is `{name}`, which makes a matrix, and these weights have "
                    f"{'one axis' if argument in VECTORS else 'more than two axes'}: Keras stops when the layer is built",
                    layer.place(argument),
                    help='use `"zeros"` for a bias'
                    if argument in VECTORS
                    else "use another initializer for a convolution",
                    label="no matrix",
                    layer=node.layer.address,
                )


def _is_hidden(graph: ModelGraph, node: Node) -> bool:
    """Whether the output is proven to go straight into one further kernel."""
    behind = target(graph, node, _passes)
    return behind is not None and has_kernel(behind)


def _passes(node: Node) -> bool:
    layer = core(node.layer)
    return layer.kind is LayerKind.BUILTIN and layer.class_name in _PASSED


def _keeps_scale(graph: ModelGraph, node: Node) -> bool:
    """Whether the scale of the kernel is the scale of what comes out: no gates, no normalization behind it."""
    if core(node.layer).class_name not in _FEED_FORWARD:
        return False
    return not any("Normalization" in core(after.layer).class_name for after in graph.after(node))


def _constant(node: Node, layer: Layer, argument: str, value: float) -> Finding:
    width = layer["units"] if "units" in layer.config else layer["filters"]
    units = "units" if "units" in layer.config else "filters"
    many = f"{width} {units}" if isinstance(width, int) else units
    dead = value == 0 and activation_of(layer) == "relu" and constant(_bias(layer)) == 0
    consequence = (
        "relu passes no gradient back, and they never learn" if dead else "they put out the same value for every input"
    )
    return Finding(
        f"`{layer.label}` starts its {many} all alike with a kernel of {value:g}: {consequence}",
        layer.place(argument),
        label="no two units differ",
        help='leave the initializer out for Keras\'s "glorot_uniform", or write "he_normal" before relu',
        layer=node.layer.address,
    )


def _bias(layer: Layer) -> Symbol:
    return initializer(layer, "bias_initializer") or Symbol("", {})


def _out_of_scale(
    node: Node, layer: Layer, argument: str, found: Symbol, spread: float, bounds: tuple[float, float]
) -> Finding:
    effect = "outputs and gradients grow" if spread > bounds[1] else "outputs and gradients shrink"
    return Finding(
        f"`{layer.label}` starts its kernel with a variance of {spread:.2g}, "
        f"outside {bounds[0]:g} to {bounds[1]:g}: {effect} from layer to layer",
        layer.place(argument),
        label=f"variance {spread:.2g}",
        help="take an initializer that sets the variance by the size of the layer, such as `glorot_uniform` or `he_normal`",
        layer=node.layer.address,
        severity=Severity.WARNING,
    )


def _hints(node: Node, layer: Layer, stored: bool) -> Iterator[Finding]:
    found = initializer(layer, "kernel_initializer")
    activation = activation_of(layer)
    if found is not None and "kernel_initializer" in layer.given and found.name in HE and activation in _SATURATING:
        yield _hint(
            node,
            layer,
            "kernel_initializer",
            f"`{layer.label}` starts with `{found.written}`, whose variance is meant for relu, twice what {activation} wants",
            f"write `glorot_uniform` for {activation}",
        )
    elif found is not None and activation == "selu" and found.name not in LECUN:
        yield _hint(
            node,
            layer,
            "kernel_initializer",
            f"`{layer.label}` starts with `{found.written}`, so that `selu` does not keep the variance of its input",
            'write `kernel_initializer="lecun_normal"` with selu',
        )
    bias = constant(_bias(layer)) if layer.class_name in _FEED_FORWARD else None
    if bias and "bias_initializer" in layer.given and (stored or "bias_initializer" in layer.literal):
        yield _hint(
            node,
            layer,
            "bias_initializer",
            f"`{layer.label}` starts every bias at {bias:g} where 0 is usual",
            "leave the bias at zeros, unless a published recipe asks for this value",
        )


def _hint(node: Node, layer: Layer, argument: str, message: str, advice: str) -> Finding:
    return Finding(message, layer.place(argument), help=advice, layer=node.layer.address, severity=Severity.INFO)
