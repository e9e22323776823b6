"""Kernels whose singular values say that a layer uses little of its size, or learned little.

## What it does

Takes the singular values of kernels with 16 to 512 rows or columns. It tells of kernels whose rank is less than half
(`rank-share`) of what their shape allows, and, from 50 values on, of those whose spectrum has a tail with an exponent
outside 2 to 6 (`least-alpha`, `most-alpha`), by the method of WeightWatcher.

## Why it matters

A kernel of rank 12 passes on no more than 12 directions of its input, however many units it has: the layer collapsed, or is
much too wide. The squares of the singular values of well trained layers have tails that fall off like a power law with an
exponent between 2 and 6; above, a kernel is much as it was drawn, and below, a few directions rule it.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((64,)), Dense(64, activation="relu"), Dense(1)])
kernel, bias = model.layers[0].get_weights()
rng = np.random.default_rng(1)
model.layers[0].set_weights([rng.normal(size=(64, 3)) @ rng.normal(size=(3, 64)), bias])
model.save("collapsed.keras")  # KC711
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((32,)), Dense(32, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

The exponent says what is usual, no more. It is not told of models that were not trained, and of few values it is a rough
figure. A large file is sampled: spectra are taken as long as they cost little beside reading the file.

## References

- Martin, Peng and Mahoney, "Predicting trends in the quality of state-of-the-art neural networks without access to training
  or testing data" (2021)
- Clauset, Shalizi and Newman, "Power-law distributions in empirical data" (2009)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import Layer
from kerascheck.facts.initial import State, kernel_state
from kerascheck.facts.weights import Spectrum, StoredTensor, WeightStats
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule


@rule(
    "KC711",
    "ill-conditioned-layer",
    Severity.INFO,
    since="0.1",
    options={"rank-share": 0.5, "least-alpha": 2.0, "most-alpha": 6.0},
)
def ill_conditioned_layer(saved: SavedModel, options: Options) -> Iterator[Finding]:
    collapsed: list[Finding] = []
    unusual: list[Finding] = []
    for tensor, stats in saved.kernels():
        spectrum = stats.spectrum
        if spectrum is None or stats.constant:
            continue
        layer = saved.layer(tensor.layer)
        if _living(stats, spectrum) * options.number("rank-share", 0.5) > spectrum.rank:
            collapsed.append(_collapsed(saved, tensor, spectrum))
        elif spectrum.alpha is not None and layer is not None and _trained(tensor, stats, layer):
            low, high = options.number("least-alpha", 2.0), options.number("most-alpha", 6.0)
            if not low <= spectrum.alpha <= high:
                unusual.append(_unusual(saved, tensor, spectrum, spectrum.alpha, low, high))
    yield from folded(collapsed)
    yield from folded(unusual)


def _living(stats: WeightStats, spectrum: Spectrum) -> int:
    """The rank that the units which are not dead could have."""
    dead = stats.units.zero if stats.units is not None else 0
    return min(spectrum.rows, spectrum.columns - dead)


def _trained(tensor: StoredTensor, stats: WeightStats, layer: Layer) -> bool:
    return kernel_state(tensor, stats, layer) is State.CHANGED


def _collapsed(saved: SavedModel, tensor: StoredTensor, spectrum: Spectrum) -> Finding:
    return Finding(
        f"`{tensor.label}` of {spectrum.rows:,} x {spectrum.columns:,} weights has rank {spectrum.rank}: the layer passes on "
        f"{spectrum.rank} directions of its input and no more",
        saved.place(tensor.layer),
        help="make the layer narrower, or train anew with less weight decay and a lower learning rate",
        layer=tensor.layer or None,
    )


def _unusual(
    saved: SavedModel, tensor: StoredTensor, spectrum: Spectrum, alpha: float, low: float, high: float
) -> Finding:
    said = "much of the kernel is as it was drawn" if alpha > high else "a few directions rule the kernel"
    return Finding(
        f"the spectrum of `{tensor.label}` falls off with an exponent of {alpha:.1f}, where trained layers have {low:g} to "
        f"{high:g}: {said} (stable rank {spectrum.stable_rank:.1f} of {spectrum.full})",
        saved.place(tensor.layer),
        help="train longer or make the layer smaller"
        if alpha > high
        else "regularize the layer, or lower the learning rate",
        layer=tensor.layer or None,
    )
