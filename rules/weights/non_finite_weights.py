"""Weights that are NaN or infinite.

## What it does

Looks at every array that a model file stores: weights, moving statistics and the state of the optimizer. It names the
first with a value that is not finite, counts such values, and lists the others.

## Why it matters

Whatever is computed from a NaN is NaN: one of them in a kernel makes every prediction NaN. It comes from a training that
diverged, by too large a learning rate, a division by zero in the loss, or NaN in the data, and the file was saved
afterwards. Training on from it cannot repair it.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
kernel, bias = model.layers[0].get_weights()
kernel[0, 3] = np.nan
model.layers[0].set_weights([kernel, bias])
model.save("diverged.keras")  # KC701
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

Arrays in chunks of more than 32 MiB, arrays that are declared far larger than they are stored, and pickled ones in NumPy
archives are not read. Of a file at an address none are, unless `--fetch-weights` asks for it.

## References

- https://keras.io/api/callbacks/terminate_on_nan/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import Purpose, StoredTensor, WeightStats
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_SHOWN = 9


@rule("KC701", "non-finite-weights", Severity.ERROR, since="0.1")
def non_finite_weights(saved: SavedModel) -> Iterator[Finding]:
    found = [
        (tensor, tensor.stats)
        for tensor in saved.weights or ()
        if tensor.stats is not None and tensor.stats.finite < tensor.stats.count
    ]
    if not found:
        return
    found.sort(key=lambda pair: pair[0].purpose is not Purpose.WEIGHT)
    tensor, stats = found[0]
    others = found[1:]
    also = f", and {len(others)} other array{'s' * (len(others) > 1)} hold such values too" if others else ""
    yield Finding(
        f"`{tensor.label}` holds {_counted(stats)} among {stats.count:,} values{also}: {_consequence(tensor)}",
        saved.place(tensor.layer),
        help="train anew with a lower learning rate, clipped gradients (`clipnorm`) and `TerminateOnNaN`, and check that "
        "the data hold no NaN",
        layer=tensor.layer or None,
        related=tuple(
            Related(saved.place(other.layer), f"`{other.label}` holds {_counted(numbers)}")
            for other, numbers in others[:_SHOWN]
        ),
    )


def _counted(stats: WeightStats) -> str:
    parts = [f"{stats.nans:,} NaN"] if stats.nans else []
    return " and ".join([*parts, f"{stats.infinities:,} infinite"] if stats.infinities else parts)


def _consequence(tensor: StoredTensor) -> str:
    if tensor.purpose is Purpose.OPTIMIZER:
        return "the next step of training makes the weights NaN"
    return "what the model computes from them is NaN"
