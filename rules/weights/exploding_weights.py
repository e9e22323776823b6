"""Weights that are far larger than those of any sound layer.

## What it does

Finds weights above 10,000 in absolute value (`magnitude`; from a tenth of it on, it is a hint), and kernels whose
spectral norm, the most that a layer can stretch its input, is above 1,000 (`spectral-norm`).

## Why it matters

Such weights come from a training that was about to diverge, from inputs or targets that nobody scaled, or from regression
on large numbers. The model then answers to the smallest change of its input with a jump, half precision overflows, and
quantization has no steps left for the other weights.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
kernel, bias = model.layers[0].get_weights()
model.layers[0].set_weights([kernel * 1e5, bias])
model.save("exploded.keras")  # KC706
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

A last layer that has to reach large targets may need a large bias, which is judged like any weight. The spectral norm is
taken of matrices of 16 to 512 rows or columns.

## References

- Yoshida and Miyato, "Spectral Norm Regularization for Improving the Generalizability of Deep Learning" (2017)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import StoredTensor, WeightStats
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule

_STATISTICS = frozenset({"moving_mean", "moving_variance", "mean", "variance", "count"})
_HELP = "scale inputs and targets to about 1, and train with a lower learning rate, clipped gradients or weight decay"


@rule(
    "KC706",
    "exploding-weights",
    Severity.WARNING,
    since="0.1",
    options={"magnitude": 10_000.0, "spectral-norm": 1_000.0},
)
def exploding_weights(saved: SavedModel, options: Options) -> Iterator[Finding]:
    magnitude, norm = options.number("magnitude", 10_000.0), options.number("spectral-norm", 1_000.0)
    for tensor in saved.tensors():
        stats = tensor.stats
        if stats is None or not tensor.name or tensor.name in _STATISTICS or not tensor.dtype.startswith(("f", "b")):
            continue
        said = _said(tensor, stats, magnitude, norm)
        if said:
            hint = stats.magnitude <= magnitude and (stats.spectrum is None or stats.spectrum.largest <= norm)
            yield Finding(
                said,
                saved.place(tensor.layer),
                help=_HELP,
                layer=tensor.layer or None,
                severity=Severity.INFO if hint else Severity.WARNING,
            )


def _said(tensor: StoredTensor, stats: WeightStats, magnitude: float, norm: float) -> str:
    if stats.magnitude > magnitude / 10:
        return (
            f"`{tensor.label}` holds weights up to {stats.magnitude:.3g}, with a standard deviation of "
            f"{stats.deviation:.3g}: small changes of the input make the output jump"
        )
    if stats.spectrum is not None and stats.spectrum.largest > norm:
        return f"`{tensor.label}` stretches its input up to {stats.spectrum.largest:,.0f} times (its spectral norm)"
    return ""
