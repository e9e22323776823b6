"""Momentum, betas, epsilon, rho or clipping outside of the range where the optimizer works.

## What it does

Checks the other numbers of an optimizer: momentum, beta_1, beta_2, rho and ema_momentum lie from 0 to below 1, epsilon,
clipping bounds, weight decay and the strengths of `Ftrl` are not negative, steps of accumulation are at least 2. It warns where nesterov is set without momentum, where the two betas
are swapped, where epsilon is 0, and where gradients are clipped in more than one way.

## Why it matters

With momentum or a beta of 1 or more the running average grows without end. Clipping at 0 throws every gradient away.
Nesterov changes nothing without momentum, and of two ways to clip Keras 3 refuses one.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import SGD

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(SGD(0.01, momentum=9.0), "categorical_crossentropy", metrics=["accuracy"])  # KC405
```

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import SGD

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(SGD(0.01, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])  # KC405
```

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import Adam

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(Adam(beta_1=0.999, beta_2=0.9), "categorical_crossentropy", metrics=["accuracy"])  # KC405
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import SGD

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(SGD(0.01, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

Numbers that are computed from what the script does not show are not judged.

## References

- <https://keras.io/api/optimizers/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph, Optimizer
from kerascheck.facts.optimizers import number
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

SHARES = ("momentum", "beta_1", "beta_2", "rho", "ema_momentum")
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
STRENGTHS = ("l1_regularization_strength", "l2_regularization_strength", "l2_shrinkage_regularization_strength")
NOT_NEGATIVE = ("epsilon", "weight_decay", "decay", "initial_accumulator_value", *STRENGTHS)
STEPS = {"gradient_accumulation_steps": 2, "ema_overwrite_frequency": 1}
"""Numbers of steps, with the least that Keras takes."""


@rule(
    "KC405",
    "momentum-and-betas",
    Severity.ERROR,
    since="0.1",
    mentions=(
        "momentum",
        "beta",
        "rho",
        "clip",
        "epsilon",
        "decay",
        "accumul",
        "nesterov",
        "strength",
        "power",
        "ema",
        "dynamic",
    ),
)
def momentum_and_betas(graph: ModelGraph, usage: KerasUsage | None) -> Iterator[Finding]:
    for compiled in graph.trained_with:
        if compiled.optimizer is not None:
            yield from _ranges(compiled.optimizer)
            yield from _refused(compiled.optimizer)
            yield from _combinations(compiled.optimizer)
            if usage is not None and usage.refusal is not None and compiled.optimizer.name == "loss_scale_optimizer":
                yield from _static(compiled.optimizer, usage.refusal)


def _ranges(optimizer: Optimizer) -> Iterator[Finding]:
    for name in SHARES:
        value = number(optimizer, name) if name in optimizer.given else None
        if value is not None and not 0 <= value < 1:
            why = "is no share of the past" if value < 0 else "never forgets and grows without end"
            yield _finding(
                optimizer, name, f"the running average {why}", "write a value from 0 to below 1, such as 0.9"
            )
    for name in CLIPS:
        value = number(optimizer, name) if name in optimizer.given else None
        if value is not None and value <= 0:
            told = "every gradient is cut down to nothing" if value == 0 else "Keras refuses a negative bound"
            yield _finding(optimizer, name, told, "write a positive bound, such as 1.0")
    for name in NOT_NEGATIVE:
        value = number(optimizer, name) if name in optimizer.given else None
        if value is not None and value < 0:
            yield _finding(optimizer, name, "a negative value drives the weights away", "write a value of 0 or more")
        elif value == 0 and name == "epsilon":
            told = "the step divides by 0 where a gradient has been 0 so far"
            yield _finding(optimizer, name, told, "write a small value, such as 1e-7", Severity.WARNING)


def _refused(optimizer: Optimizer) -> Iterator[Finding]:
    """What the constructors refuse beside the ranges that make no sense."""
    for name, least in STEPS.items():
        value = number(optimizer, name) if name in optimizer.given else None
        # 0 turns both off, and the second matters to averages alone.
        idle = value == 0 or (name == "ema_overwrite_frequency" and optimizer["use_ema"] is not True)
        if value is not None and value < least and not idle:
            yield _finding(optimizer, name, f"Keras refuses less than {least}", f"write a whole number from {least} on")
    power = number(optimizer, "learning_rate_power") if "learning_rate_power" in optimizer.given else None
    if power is not None and power > 0:
        yield _finding(
            optimizer, "learning_rate_power", "Keras refuses a power above 0", "write 0 or less, such as -0.5"
        )
    if optimizer.name == "lion" and "beta_1" in optimizer.given and number(optimizer, "beta_1") == 0:
        told = "at 0 nothing of the past is left, and Keras refuses it"
        yield _finding(optimizer, "beta_1", told, "write a value above 0, such as 0.9")


def _static(optimizer: Optimizer, level: Severity) -> Iterator[Finding]:
    """A scale that stays as it is, which Keras 3 sets on the optimizer inside."""
    if optimizer["dynamic"] is False:
        told = "Keras 3 always adapts the scale, and raises a ValueError"
        yield _finding(
            optimizer, "dynamic", told, "leave it out, and set `loss_scale_factor` on the optimizer inside", level
        )


def _combinations(optimizer: Optimizer) -> Iterator[Finding]:
    if optimizer.name == "sgd" and optimizer["nesterov"] is True and number(optimizer, "momentum") == 0:
        told = "without `momentum` it changes nothing"
        yield _finding(optimizer, "nesterov", told, "add `momentum=0.9`, or leave `nesterov` out", Severity.WARNING)
    first, second = number(optimizer, "beta_1"), number(optimizer, "beta_2")
    written = {"beta_1", "beta_2"} & optimizer.given
    if optimizer.name != "lion" and written and first is not None and second is not None and 0 <= second < first < 1:
        told = f"`beta_1` looks further back than `beta_2` ({first:g} and {second:g}): the two seem to be swapped"
        place = "beta_1" if "beta_1" in optimizer.given else "beta_2"
        yield _finding(optimizer, place, told, "write `beta_1=0.9, beta_2=0.999`", Severity.WARNING)
    clips = [name for name in CLIPS if number(optimizer, name) is not None]
    if len(clips) > 1:
        told = f"`{clips[0]}` is set as well, and Keras 3 takes only one of them"
        yield _finding(optimizer, clips[1], told, "keep one way of clipping", Severity.WARNING)


def _finding(optimizer: Optimizer, name: str, told: str, help_: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        message=f"`{name}={optimizer[name]}` of `{optimizer.label}`: {told}",
        location=optimizer.place(name),
        label="out of range" if severity is Severity.ERROR else "has no such effect",
        help=help_,
        severity=severity,
    )
