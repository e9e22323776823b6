"""A classifier's last layer ends in relu or another function that gives no probabilities.

## What it does

Finds outputs that end in relu, elu, selu, gelu, swish, softplus, tanh or the like under a cross-entropy.

## Why it matters

The loss takes the logarithm of the output as a probability. Relu gives any number above 0 and exactly 0 for everything
below: a true class at 0 is clipped to the smallest probability and gets no gradient, the loss is huge and stays so, and
values above 1 count as certain whatever they are. Often training shows a constant loss from the first epoch on. With
`from_logits=True` relu cuts off all negative logits, so that no class can be ruled out.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(9, activation="relu")])  # KC312
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
```

```python
from keras import Input, Sequential
from keras.layers import Activation, Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.add(Activation("relu"))  # KC312
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(9, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

Tanh under `binary_crossentropy` is what the generator of a GAN looks like that was compiled by itself: it is only pointed
out where the model is fitted and has one unit.

## References

- <https://keras.io/api/losses/probabilistic_losses/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import BINARY, CROSSENTROPIES, Judgement, judgements
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

UNFIT = frozenset(
    {
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_silu",
        "leaky_relu",
        "leakyrelu",
        "mish",
        "relu",
        "relu6",
        "selu",
        "silu",
        "softplus",
        "softsign",
        "squareplus",
        "tanh",
    }
)
BOTH_SIDES = frozenset({"tanh", "softsign"})


@rule("KC312", "relu-output", Severity.WARNING, since="0.1")
def relu_output(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        if judgement.loss.name in CROSSENTROPIES and judgement.output.activation in UNFIT and _matters(judgement):
            yield _finding(judgement)


def _matters(judgement: Judgement) -> bool:
    binary, units = judgement.loss.name in BINARY, judgement.output.units
    if judgement.loss.from_logits is not False:
        return judgement.loss.from_logits is True and judgement.output.activation in ("relu", "relu6")
    if binary and judgement.output.activation in BOTH_SIDES:
        return units == 1 and bool(judgement.fits)
    return binary or units != 1


def _finding(judgement: Judgement) -> Finding:
    output, loss = judgement.output, judgement.loss
    assert output.location is not None
    right = "sigmoid" if loss.name in BINARY else "softmax"
    if loss.from_logits is True:
        told, help_ = "cuts off all negative logits, so that no class can be ruled out", "leave the activation out"
    else:
        told = f"gives no probabilities, though `{judgement.loss_name}` takes its values for such"
        help_ = f'write `activation="{right}"`'
    return Finding(
        message=f"`{output.title}` ends in {output.activation}, which {told}",
        location=output.location,
        label="no probabilities" if loss.from_logits is not True else "negative logits are lost",
        help=help_,
        related=(Related(judgement.location, "the loss is set here"),) if loss.location.line else (),
        layer=output.address,
    )
