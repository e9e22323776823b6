"""Units that give the same value whatever comes in.

## What it does

Looks at the weights of each unit of a `Dense` or convolutional layer together with its bias. It speaks of units without
any weight other than 0, and of units that ReLU silences for every input that can come in: from layers before that give
nothing below 0, units without a weight above 0 and with no bias above 0. From 10 % of a layer on (`share`), and for
every unit of an output layer, it is a warning; for fewer it is a hint.

## Why it matters

A dead unit adds nothing and never recovers, as no gradient flows through it: the layer is narrower than it looks. In the
output layer it is a class that is never told from others. The usual causes are a learning rate that is too high and
biases that were pushed far below 0.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
kernel, bias = model.layers[0].get_weights()
kernel[:, :3] = 0.0
model.layers[0].set_weights([kernel, bias])
model.save("narrow.keras")  # KC702
```

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(6, activation="relu"), Dense(1)])
kernel, bias = model.layers[1].get_weights()
kernel[:, 0] = -np.abs(kernel[:, 0])
bias[0] = -0.1
model.layers[1].set_weights([kernel, bias])
model.save("silenced.keras")  # KC702
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="leaky_relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

What the data never bring about is not known: a unit may be silent for all of them without being so by its weights. Where
more than 30 % of all kernel weights are 0 (`pruned`), a model was pruned on purpose, which is said once. Units of
recurrent layers and of attention are left alone.

## References

- Lu, Shin, Su and Karniadakis, "Dying ReLU and Initialization" (2020)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Node
from kerascheck.facts.paths import target
from kerascheck.facts.signals import input_range, is_bounded
from kerascheck.facts.weights import StoredTensor, Units, WeightStats
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule

_LAYERS = ("Dense", "Conv", "SeparableConv", "DepthwiseConv")


@rule("KC702", "dead-units", Severity.WARNING, since="0.1", options={"share": 0.1, "pruned": 0.3})
def dead_units(saved: SavedModel, options: Options) -> Iterator[Finding]:
    kernels = [(tensor, stats) for tensor, stats in saved.kernels() if tensor.name != "embeddings"]
    total = sum(stats.count for _, stats in kernels)
    zeros = sum(stats.zeros for _, stats in kernels)
    if total and zeros > options.number("pruned", 0.3) * total:
        yield from _pruned(saved, kernels, zeros / total)
        return
    for tensor, stats in kernels:
        if stats.units is not None and not stats.constant and tensor.name != "depthwise_kernel":
            yield from _of_layer(saved, tensor, stats.units, options.number("share", 0.1))


def _pruned(saved: SavedModel, kernels: list[tuple[StoredTensor, WeightStats]], share: float) -> Iterator[Finding]:
    units = [stats.units for _, stats in kernels if stats.units is not None and not stats.constant]
    empty = sum(found.zero for found in units)
    if empty:
        yield Finding(
            f"{share:.0%} of the kernel weights are 0, as pruning leaves them, and {empty:,} of "
            f"{sum(found.count for found in units):,} units have none left",
            saved.location,
            help="cut these units out for a smaller and faster model; if nobody pruned it, train anew",
            severity=Severity.INFO,
        )


def _of_layer(saved: SavedModel, tensor: StoredTensor, units: Units, share: float) -> Iterator[Finding]:
    layer = saved.layer(tensor.layer)
    if layer is None or layer.kind is not LayerKind.BUILTIN or not layer.class_name.startswith(_LAYERS):
        return
    found = _call(saved.graph, layer)
    count, what = (units.zero, "their weights are all 0") if found is None else _silent(*found, units)
    if not count:
        return
    output = found is not None and found[0].is_output(found[1])
    loud = output or count >= share * units.count
    yield Finding(
        f"{count:,} of {units.count:,} units of `{layer.label}` give the same value whatever comes in: {what}",
        saved.place(tensor.layer),
        help="train anew with a lower learning rate, He initialization or an activation that leaks (`leaky_relu`)"
        if not output
        else "check that the labels hold every class, and train anew with a lower learning rate",
        layer=tensor.layer,
        severity=Severity.WARNING if loud else Severity.INFO,
    )


def _silent(graph: ModelGraph, node: Node, units: Units) -> tuple[int, str]:
    """How many units are constant, and by what."""
    if not _is_cut(graph, node):
        return units.zero, "their weights are all 0"
    found = input_range(graph, node)
    if is_bounded(found, 0.0, 1.0):
        count, cause = units.below_one, "for inputs from 0 to 1 ReLU cuts off all that their weights and bias can give"
    elif is_bounded(found, 0.0):
        count, cause = units.unreachable, "no input is below 0, and neither a weight nor the bias is above"
    elif is_bounded(found, -1.0, 1.0):
        count, cause = (
            units.below_sign,
            "for inputs from -1 to 1 ReLU cuts off all that their weights and bias can give",
        )
    else:
        count, cause = units.dead, "their weights are all 0, and their bias is not above"
    return (count, cause) if count > units.zero else (units.zero, "their weights are all 0")


def _is_cut(graph: ModelGraph, node: Node) -> bool:
    """Whether what a layer gives goes through ReLU and nowhere else."""
    if node.layer.activation is not None:
        return node.layer.activation == "relu"
    after = target(graph, node, lambda _: False)
    if after is None:
        return False
    layer = after.layer
    return (layer.class_name == "Activation" and layer.activation == "relu") or (
        layer.class_name == "ReLU" and layer["negative_slope"] in (0, None)
    )


def _call(graph: ModelGraph | None, layer: Layer) -> tuple[ModelGraph, Node] | None:
    """The only call of a layer, with the graph that it is in; None for one inside a wrapper, or that is called twice."""
    for found in _graphs(graph):
        calls = [node for node in found.nodes if node.layer.key == layer.key]
        if len(calls) == 1:
            return found, calls[0]
    return None


def _graphs(graph: ModelGraph | None) -> Iterator[ModelGraph]:
    if graph is not None:
        yield graph
        for layer in graph.layers:
            yield from _graphs(layer.model)
