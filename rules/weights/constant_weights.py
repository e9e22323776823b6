"""A kernel whose values are all the same.

## What it does

Finds kernels, recurrent kernels and embeddings whose values are all 0, or all one other number.

## Why it matters

All units of such a layer give the same value, so that it has one unit at the most, and those behind it see no input at
all where the value is 0. Gradients of equal units are equal too: training keeps them alike. It comes from a constant
initializer, from weights that were not loaded, from a collapse of the training, or from a loss without gradient.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(2)])
model.layers[0].set_weights([np.zeros((4, 8)), np.zeros(8)])
model.save("collapsed.keras")  # KC703
```

## Good

Biases, PReLU's slopes and positional tables may well be constant.

```python
from keras import Input, Sequential
from keras.layers import Dense, PReLU

model = Sequential([Input((4,)), Dense(8), PReLU(), Dense(2)])
model.save("model.keras")
```

## Known limits

Only arrays that are known to be kernels are judged: those of layers with code of their own are not.

## References

- https://keras.io/api/layers/initializers/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule


@rule("KC703", "constant-weights", Severity.WARNING, since="0.1")
def constant_weights(saved: SavedModel) -> Iterator[Finding]:
    for tensor, stats in saved.kernels():
        if not stats.constant or len(tensor.shape) < 2:
            continue
        what = "its units give nothing but their bias" if stats.minimum == 0 else "its units all give the same value"
        yield Finding(
            f"all {stats.count:,} values of `{tensor.label}` are {stats.minimum:g}: {what}",
            saved.place(tensor.layer),
            help="start from a random initializer such as `glorot_uniform`, check that the weights were loaded and that "
            "the loss has a gradient, and train anew",
            layer=tensor.layer,
        )
