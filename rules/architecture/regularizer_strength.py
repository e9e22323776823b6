"""A weight penalty that does nothing, rewards large weights, or drowns the loss.

## What it does

Reads the factors of `L1`, `L2`, `L1L2` and of Keras 1's forms. It speaks where all factors of a regularizer are zero,
where one is negative, where a factor is 1 or more or the penalty on freshly initialized weights is far above any
usual loss, and where batch normalization or biases are all that a network regularizes. An error is the `OrthogonalRegularizer`
on the kernel of a convolution, which it does not take.

## Why it matters

The penalty is added to the loss. At zero it costs time and gives a false sense of safety; below zero training makes
the weights grow without bound; far above the loss, all that training does is to pull the weights to zero, and the
network predicts the same for every input. Overfitting sits in the kernels: a penalty on the scale of a batch
normalization or on biases alone does not hold it back.

## Bad

```python
from keras import Input, Sequential, regularizers
from keras.layers import Dense, Dropout

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", kernel_regularizer=regularizers.l2(0)),  # KC222
    Dense(64, activation="relu", kernel_regularizer=regularizers.L1L2(l1=-1e-5, l2=1e-4)),  # KC222
    Dropout(0.3),
    Dense(3, activation="softmax"),
])
```

```python
from keras import Input, Sequential, regularizers
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((784,)))
model.add(Dense(512, activation="relu", kernel_regularizer=regularizers.l2(5.0)))  # KC222
model.add(Dense(512, activation="relu", kernel_regularizer=regularizers.l1(0.1)))  # KC222
model.add(Dropout(0.3))
model.add(Dense(10, activation="softmax"))
```

```python
from keras import Input, Sequential, regularizers
from keras.layers import BatchNormalization, Dense

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", use_bias=False),
    BatchNormalization(gamma_regularizer=regularizers.L2(1e-4)),  # KC222
    Dense(3, activation="softmax", bias_regularizer="l2"),  # KC222
])
```

## Good

```python
from keras import Input, Sequential, regularizers
from keras.layers import Dense

model = Sequential([
    Input((20,)),
    Dense(64, activation="relu", kernel_regularizer=regularizers.L2(1e-4), bias_regularizer=regularizers.L2(1e-4)),
    Dense(3, activation="softmax", kernel_regularizer=regularizers.L1L2(l1=1e-6, l2=1e-4)),
])
```

## Known limits

A zero that comes from a variable may be a switch that stands on off: in a script it is a hint, once a model. The penalty at the
start is reckoned for kernels with Keras's default initializer and a known size. Activity
regularizers are judged for zero and negative factors only, since their size depends on the data.

## References

- https://keras.io/api/layers/regularizers/
- Krogh and Hertz, A simple weight decay can improve generalization, 1991
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.chains import first_layers
from kerascheck.facts.families import CONVOLUTIONS, core
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.initializers import initializer
from kerascheck.facts.values import Symbol, Unknown
from kerascheck.findings import Finding, Location, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

LARGEST_FACTOR: Final = 1.0
LARGEST_PENALTY: Final = 100.0
_FACTORS: Final = ("l1", "l2")
_KERNELS: Final = frozenset(
    {"kernel_regularizer", "recurrent_regularizer", "depthwise_regularizer", "pointwise_regularizer",
     "embeddings_regularizer", "activity_regularizer"}
)  # fmt: skip
_NORMALIZATION: Final = frozenset({"gamma_regularizer", "beta_regularizer"})


@rule(
    "KC222",
    "regularizer-strength",
    Severity.WARNING,
    since="0.1",
    options={"largest-factor": LARGEST_FACTOR, "largest-penalty": LARGEST_PENALTY},
    mentions=("egulariz",),
)
def regularizer_strength(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    factor = options.number("largest-factor", LARGEST_FACTOR)
    penalty = options.number("largest-penalty", LARGEST_PENALTY)
    regularized = [(node, found) for node in first_layers(graph) if (found := _regularizers(core(node.layer)))]
    on_kernels = any(argument in _KERNELS for _, found in regularized for argument, _ in found)
    switched_off: list[Finding] = []
    for node, regularizers in regularized:
        layer = core(node.layer)
        for argument, found in regularizers:
            if found.name == "OrthogonalRegularizer" and layer.class_name in CONVOLUTIONS and argument in _KERNELS:
                if argument != "activity_regularizer":
                    yield _no_matrix(node, layer, argument)
                continue
            factors = _factors(found)
            if not factors:
                continue
            if all(value == 0 for value in factors.values()):
                if graph.from_file or argument in layer.literal:
                    yield _zero(node, layer, argument)
                else:
                    switched_off.append(replace(_zero(node, layer, argument), severity=Severity.INFO))
            elif any(value < 0 for value in factors.values()):
                yield _negative(node, layer, argument, factors)
            elif not on_kernels and graph.whole:
                yield _beside_kernels(node, layer, argument)
            elif argument != "activity_regularizer":
                yield from _large(node, layer, argument, factors, (factor, penalty))
    yield from folded(switched_off)


def _regularizers(layer: Layer) -> list[tuple[str, Symbol]]:
    if layer.kind is not LayerKind.BUILTIN or Symbol not in map(type, layer.config.values()):
        return []
    found = [(argument, value) for argument, value in layer.config.items() if isinstance(value, Symbol)]
    return [(argument, value) for argument, value in found if argument.endswith("_regularizer")]


def _factors(found: Symbol) -> Mapping[str, float]:
    """The factors of a regularizer of Keras; none where one is not known."""
    if found.name not in ("L1", "L2", "L1L2"):
        return {}
    values = {name: found.arguments[name] for name in _FACTORS if name in found.arguments}
    known = {name: float(value) for name, value in values.items() if isinstance(value, (int, float))}
    missing = [name for name, value in values.items() if isinstance(value, Unknown)]
    return {} if missing else known


def _no_matrix(node: Node, layer: Layer, argument: str) -> Finding:
    found = _finding(
        node,
        layer.place(argument),
        f"`{argument}` of `{layer.label}` is `OrthogonalRegularizer`, which takes matrices, and the kernel of a convolution is none: Keras stops with a ValueError when the loss is computed",
        "no matrix",
        "use it on dense layers only",
    )
    return replace(found, severity=Severity.ERROR)


def _zero(node: Node, layer: Layer, argument: str) -> Finding:
    return _finding(
        node,
        layer.place(argument),
        f"`{argument}` of `{layer.label}` has no factor above 0: it adds nothing to the loss",
        "no effect",
        f"leave `{argument}` out, or write a factor such as 1e-4",
    )


def _negative(node: Node, layer: Layer, argument: str, factors: Mapping[str, float]) -> Finding:
    name, value = next((name, value) for name, value in factors.items() if value < 0)
    return _finding(
        node,
        layer.place(argument),
        f"`{argument}` of `{layer.label}` has {name}={value:g}: the loss falls as the weights grow, without bound",
        "rewards large weights",
        f"write a positive factor, such as {-value:g}",
    )


def _beside_kernels(node: Node, layer: Layer, argument: str) -> Finding:
    where = "the scale and offset of a normalization" if argument in _NORMALIZATION else "the biases"
    return _finding(
        node,
        layer.place(argument),
        f"`{argument}` of `{layer.label}` penalizes {where}, and no kernel of the network is regularized",
        "not where overfitting sits",
        "set `kernel_regularizer` on the layers that hold most of the parameters",
    )


def _large(
    node: Node, layer: Layer, argument: str, factors: Mapping[str, float], limits: tuple[float, float]
) -> Iterator[Finding]:
    name, value = max(factors.items(), key=lambda item: item[1])
    penalty = _penalty(layer, factors) if argument == "kernel_regularizer" else None
    if value < limits[0] and (penalty is None or penalty < limits[1]):
        return
    if penalty is None:
        consequence = "training does little else than pull the weights to zero"
    else:
        consequence = f"at the start it adds about {penalty:.3g} to a loss that is usually below 10"
    yield _finding(
        node,
        layer.place(argument),
        f"`{argument}` of `{layer.label}` has {name}={value:g}: {consequence}",
        "drowns the loss",
        "begin with a factor from 1e-5 to 1e-3, and raise it while validation gets better",
    )


def _penalty(layer: Layer, factors: Mapping[str, float]) -> float | None:
    """The penalty on a dense or convolutional kernel as Keras's default, Glorot uniform, starts it.

    Its limit is sqrt(6 / (fan_in + fan_out)): the mean of w² is a third of the limit squared, that of |w| half the limit.
    """
    units, parameters = layer["units"] if "units" in layer.config else layer["filters"], layer.parameters
    started = initializer(layer, "kernel_initializer")
    if started is None or started.name != "GlorotUniform":
        return None
    if (
        not isinstance(units, int)
        or isinstance(parameters, Unknown)
        or units < 1
        or "recurrent_initializer" in layer.config
    ):
        return None
    weights = parameters - (units if layer["use_bias"] is True else 0)
    window = math.prod(size for size in _window(layer))
    if weights < 1 or window < 1:
        return None
    limit = math.sqrt(6 / (weights / units + units * window))
    return weights * (factors.get("l2", 0.0) * limit**2 / 3 + factors.get("l1", 0.0) * limit / 2)


def _window(layer: Layer) -> tuple[int, ...]:
    value = layer.config.get("kernel_size", ())
    return tuple(size for size in value if isinstance(size, int)) if isinstance(value, tuple) else ()


def _finding(node: Node, place: Location, message: str, label: str, advice: str) -> Finding:
    return Finding(message, place, help=advice, label=label, layer=node.layer.address)
