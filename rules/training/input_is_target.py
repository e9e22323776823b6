"""`fit` is given the same array as input and as target, and the model is no autoencoder.

## What it does

Finds a `fit` whose `x` and `y` are one array, where the array's name says that it holds labels, the loss is one for classes,
or the output is not as wide as the input.

## Why it matters

The model learns to copy its input. The loss falls nicely and the model knows nothing about the task; mostly a name was
mistyped.

## Bad

```python
import keras
import numpy as np

samples, labels = np.load("samples.npy"), np.load("labels.npy")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(labels, labels, batch_size=10, epochs=20, validation_split=0.2)  # KC525
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
samples, labels = np.load("samples.npy"), np.load("labels.npy")
rows = np.random.permutation(len(samples))
samples, labels = samples[rows], labels[rows]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.1), keras.layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(samples, labels, batch_size=10, epochs=20, validation_split=0.2)
print(history.history["val_loss"])
model.save("roots.keras")
```

## Known limits

An autoencoder trains on its input by design: its output is as wide as the input, and its array is not called a label.

## References

- <https://keras.io/api/models/model_training_apis/#fit-method>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.events import Fit
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

LABELS: Final = r"(?i)(^|_)(y|ys|labels?|targets?|classes)(_|$|\d)"
CLASS_LOSSES: Final = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy"})


@rule("KC525", "input-is-target", Severity.WARNING, since="0.1", group="leakage")
def input_is_target(program: TrainingProgram) -> Iterator[Finding]:
    for fit in program.of(Fit):
        x, y = fit.x, fit.y
        if not isinstance(x, DataArray) or not isinstance(y, DataArray) or x.key != y.key:
            continue
        if x.kind in (DataKind.DATASET, DataKind.GENERATOR) or not x.name:
            continue
        reason = _reason(fit, x, program.graph(fit.model))
        if reason:
            yield Finding(
                message=f"`{x.name}` is both the input and the target of `{fit.method}`, {reason}: the model learns to copy it",
                location=fit.place("x"),
                label="the same array as the target",
                help="pass the features as `x` and the labels as `y`",
                related=(Related(fit.place("y"), "the target"),),
            )


def _reason(fit: Fit, x: DataArray, graph: ModelGraph | None) -> str:
    """Why this cannot be an autoencoder; empty where it can."""
    if graph is not None and len(graph.inputs) == len(graph.outputs) == 1:
        wide, narrow = graph.inputs[0].shape, graph.outputs[0].shape
        if isinstance(wide, tuple) and isinstance(narrow, tuple) and wide and narrow:
            first, last = wide[-1], narrow[-1]
            if len(wide) == len(narrow) and isinstance(first, int) and isinstance(last, int) and first != last:
                return f"though the model turns {first} values into {last}"
    if re.search(LABELS, x.name):
        return "though its name says that it holds labels"
    losses = fit.compile.losses if fit.compile is not None and isinstance(fit.compile.losses, tuple) else ()
    classes = next((loss.name for loss in losses if loss is not None and loss.name in CLASS_LOSSES), None)
    if classes is not None and isinstance(x.shape, tuple) and len(x.shape) < 3:
        return f"though `{classes}` is a loss for classes"
    return ""
