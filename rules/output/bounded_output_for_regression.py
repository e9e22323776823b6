"""The last activation cannot reach the values that a regression is to predict.

## What it does

Looks at outputs that end in relu, sigmoid, tanh, softmax or another bounded function under a regression loss
(`mean_squared_error`, `mean_absolute_error`, `huber` …). It is an error where the range of the targets is known and
reaches beyond the activation's. It is a warning where the targets are numbers that nothing in the script has scaled to
the range of sigmoid, tanh or softmax, and a hint for a single sigmoid unit where nothing is known of the targets. Silent
for targets known to fit, for scaled ones, class labels, autoencoders and images.

## Why it matters

A sigmoid cannot predict a price of 250,000: the output saturates at 1, its gradient vanishes, and the loss stands still
at the variance of the targets or above. A relu output never becomes negative, and once it is 0 for every sample it
has no gradient left.

## Bad

Targets of a known range:

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

x = np.array([[1.0], [2.0], [3.0], [4.0]])
y = np.array([[-2.0], [1.5], [4.0], [7.0]])
model = Sequential([Input((1,)), Dense(16, activation="tanh"), Dense(1, activation="relu")])  # KC307
model.compile("adam", "mean_squared_error", metrics=["mae"])
model.fit(x, y, batch_size=4, epochs=200)
```

Targets that nothing has scaled:

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense

frame = pd.read_csv("houses.csv")
y = frame.pop("price").to_numpy()
model = Sequential()
model.add(Input((9,)))
model.add(Dense(32, activation="relu"))
model.add(Dense(1, activation="sigmoid"))  # KC307
model.compile("adam", "mse", metrics=["mae"])
model.fit(frame.to_numpy(), y, batch_size=32, epochs=50)
```

## Good

```python
import pandas as pd
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split

frame = pd.read_csv("houses.csv")
y = frame.pop("price").to_numpy()
x_train, x_val, y_train, y_val = train_test_split(frame.to_numpy(), y, test_size=0.2, random_state=7)
model = Sequential([Input((9,)), Dense(32, activation="relu"), Dropout(0.2), Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
history = model.fit(x_train, y_train, batch_size=32, epochs=50, validation_data=(x_val, y_val))
print(history.history["val_mae"])
```

## Known limits

The range of values read from a file is not known: a warning then rests on no scaling being seen. In a model file the
targets are not known at all.

## References

- <https://developers.google.com/machine-learning/guides/text-classification/step-4> (last layers by task)
- <https://keras.io/api/layers/activations/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray, DataKind, Encoding, StepKind
from kerascheck.facts.events import Fit, Fitting
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.outputs import REGRESSION, Judgement, gives_back_input, judgements, with_reached_range
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

INFINITE = float("inf")
RANGES: dict[str, tuple[float, float]] = {
    "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1),
    "sparse_sigmoid": (0, 1),
    "softmax": (0, 1),
    "sparsemax": (0, 1),
    "tanh": (-1, 1),
    "hard_tanh": (-1, 1),
    "softsign": (-1, 1),
    "relu6": (0, 6),
    "relu": (0, INFINITE),
    "softplus": (0, INFINITE),
    "exponential": (0, INFINITE),
    "selu": (-1.7581, INFINITE),
    "elu": (-1, INFINITE),
    "log_softmax": (-INFINITE, 0),
    "log_sigmoid": (-INFINITE, 0),
}
"""What each activation can give back (<https://keras.io/api/layers/activations/>)."""

CHANGING = frozenset({StepKind.SCALED, StepKind.ENCODED, StepKind.TRANSFORMED})
STILL_UNSCALED = frozenset(
    {
        "astype",
        "cosh",
        "log",
        "log10",
        "log1p",
        "log2",
        "power",
        "sinh",
        "sort_index",
        "sort_values",
        "sqrt",
        "square",
        "tan",
    }
)
"""Steps after which values are as little known to lie in a small range as before."""

TOLERANCE = 1e-6


@rule("KC307", "bounded-output-for-regression", Severity.WARNING, since="0.1")
def bounded_output_for_regression(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    for judgement in judgements(graph, program):
        activation = judgement.output.activation
        if judgement.loss.name not in REGRESSION or not isinstance(activation, str) or activation not in RANGES:
            continue
        told = _told(judgement, RANGES[activation], graph, program)
        if told is not None:
            yield _finding(judgement, activation, *told)


def _told(
    judgement: Judgement, bounds: tuple[float, float], graph: ModelGraph, program: TrainingProgram | None
) -> tuple[Severity, str, DataArray | None] | None:
    """How loudly to speak, what to say of the targets, and the array; None for silence."""
    targets = list(judgement.targets())
    for labels in (with_reached_range(labels) for _, labels in targets):
        low, high = labels.minimum, labels.maximum
        below = not isinstance(low, Unknown) and low < bounds[0] - TOLERANCE
        above = not isinstance(high, Unknown) and high > bounds[1] + TOLERANCE
        if below or above:
            both = not isinstance(low, Unknown) and not isinstance(high, Unknown)
            span = (
                f"holds values from {low:g} to {high:g}"
                if both
                else f"goes down to {low:g}"
                if below
                else f"goes up to {high:g}"
            )
            return (Severity.ERROR if both else Severity.WARNING), f"{_name(labels)} {span}", labels
    if bounds[1] == INFINITE or bounds[0] == -INFINITE:
        return None
    unscaled = next((labels for fit, labels in targets if _is_unscaled(fit, labels)), None)
    if unscaled is not None:
        return Severity.WARNING, f"nothing scales {_name(unscaled)} to that range", unscaled
    if _is_lone_sigmoid(judgement, graph) and _nothing_known(judgement, program):
        return Severity.INFO, "nothing shows that the targets were scaled to that range", None
    return None


def _is_unscaled(fit: Fit, labels: DataArray) -> bool:
    """Whether the way of the targets was followed and nothing on it made them fit a small range."""
    if labels.kind is not DataKind.ARRAY or labels.encoding not in (Encoding.CONTINUOUS, Encoding.UNKNOWN):
        return False
    if not isinstance(labels.minimum, Unknown) and not isinstance(labels.maximum, Unknown):
        return False
    computed = labels.encoding is Encoding.CONTINUOUS and labels.step(StepKind.TRANSFORMED) is not None
    followed = computed or labels.step(StepKind.LOADED) is not None
    changed = any(step.kind in CHANGING and step.by not in STILL_UNSCALED for step in labels.history)
    return followed and not changed and not gives_back_input(fit)


def _is_lone_sigmoid(judgement: Judgement, graph: ModelGraph) -> bool:
    output = judgement.output
    return output.activation == "sigmoid" and output.units == 1 and output.rank == 2 and len(graph.outputs) == 1


def _nothing_known(judgement: Judgement, program: TrainingProgram | None) -> bool:
    if program is None:
        return True
    if not judgement.fits or any(_says_something(labels) for _, labels in judgement.targets()):
        return False
    return not any("Scaler" in fitting.transformer for fitting in program.of(Fitting))


def _says_something(labels: DataArray) -> bool:
    ranged = not isinstance(labels.minimum, Unknown) or not isinstance(labels.maximum, Unknown)
    return ranged or labels.encoding is not Encoding.UNKNOWN or bool(labels.history)


def _finding(judgement: Judgement, activation: str, severity: Severity, told: str, labels: DataArray | None) -> Finding:
    output = judgement.output
    low, high = RANGES[activation]
    reach = (
        f"never gets below {low:g}"
        if high == INFINITE
        else f"never gets above {high:g}"
        if low == -INFINITE
        else f"stays within {low:g}..{high:g}"
    )
    related = [Related(judgement.location, "a regression loss")] if judgement.loss.location.line else []
    if labels is not None and labels.location.line:
        related.append(Related(labels.location, "the targets come from here"))
    assert output.location is not None
    return Finding(
        message=f"`{output.title}` ends in {activation}, which {reach}, but {told}: `{judgement.loss_name}` cannot pull the predictions to targets outside",
        location=output.location,
        label=reach,
        help="leave the activation out for a regression, or scale the targets to its range; for classes take a cross-entropy as the loss",
        severity=severity,
        related=tuple(related),
        layer=output.address,
    )


def _name(labels: DataArray) -> str:
    return f"`{labels.name}`" if labels.name else "the target array"
