"""The same kernels are pulled to zero by weight decay and by an L2 regularizer.

## What it does

Finds models whose optimizer decays weights (AdamW, or `weight_decay` above 0) and whose layers have an L2 part in their
kernel regularizer.

## Why it matters

Both shrink the kernels, and the two strengths add up in a way that is hard to see: the penalty goes through the running
averages of the optimizer, the decay does not, which is the very difference AdamW was made for. Tuning one of them
then tunes the other as well.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import AdamW

model = Sequential(
    [Input((20,)), Dense(64, activation="relu", kernel_regularizer="l2"), Dense(10, activation="softmax")]
)
model.compile(AdamW(weight_decay=0.01), "categorical_crossentropy", metrics=["accuracy"])  # KC409
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import AdamW

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(AdamW(weight_decay=0.01), "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

Variables that the script excludes from weight decay (`exclude_from_weight_decay`) are not taken into account.

## References

- Loshchilov, Hutter, Decoupled Weight Decay Regularization (ICLR 2019)
- <https://keras.io/api/optimizers/adamw/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import Layer, ModelGraph, Optimizer
from kerascheck.facts.optimizers import number
from kerascheck.facts.values import Symbol
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

KERNELS = ("kernel_regularizer", "recurrent_regularizer", "depthwise_regularizer", "pointwise_regularizer")


@rule("KC409", "weight-decay-twice", Severity.WARNING, since="0.1", mentions=("decay",))
def weight_decay_twice(graph: ModelGraph) -> Iterator[Finding]:
    decaying = [(optimizer, decay) for optimizer in _optimizers(graph) if (decay := number(optimizer, "weight_decay"))]
    if not decaying:
        return
    penalized = [(layer, argument) for layer in _layers(graph) for argument in KERNELS if _pulls(layer, argument)]
    if not penalized:
        return
    layer, argument = penalized[0]
    for optimizer, decay in decaying:
        if decay < 0:
            continue
        several = f"{len(penalized)} layers have" if len(penalized) > 1 else f"`{layer.label}` has"
        yield Finding(
            message=f"`{optimizer.label}` decays all weights by {decay:g}, and {several} an L2 penalty on the kernel besides: both pull the same weights to zero",
            location=optimizer.place("weight_decay"),
            label="decays the weights",
            help=f"keep one of the two: leave `{argument}` out, or take `Adam` without `weight_decay`",
            related=(Related(layer.place(argument), "the L2 penalty"),) if layer.location.line else (),
            layer=layer.address,
        )


def _optimizers(graph: ModelGraph) -> Iterator[Optimizer]:
    return (compiled.optimizer for compiled in graph.compiles if compiled.optimizer is not None)


def _layers(graph: ModelGraph) -> Iterator[Layer]:
    for layer in graph.layers:
        yield layer.inner or layer
        if layer.model is not None:
            yield from _layers(layer.model)


def _pulls(layer: Layer, argument: str) -> bool:
    value = layer[argument]
    if not isinstance(value, Symbol):
        return False
    strength = value.arguments.get("l2", 0)
    return isinstance(strength, (int, float)) and strength > 0
