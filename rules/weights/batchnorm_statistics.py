"""Moving statistics or scales of `BatchNormalization` that say that something went wrong.

## What it does

Finds moving variances below 0 (an error), above a million, and below 0.000001 in more than half of the channels
(`share`), and scales (`gamma`) below 0.0001 in more than half of them.

## Why it matters

A variance below 0 makes the square root NaN. A huge one says that the input of the layer exploded, or was never scaled:
prediction divides by it and loses the signal. A variance near 0 comes from channels that are dead before the layer, and
dividing by it makes noise out of rounding errors. A scale near 0 lets nothing of its channel through.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import BatchNormalization, Dense, ReLU

model = Sequential([Input((4,)), Dense(8), BatchNormalization(), ReLU(), Dense(2)])
gamma, beta, mean, variance = model.layers[1].get_weights()
model.layers[1].set_weights([gamma, beta, mean, variance * 3e12])
model.save("exploded.keras")  # KC705
```

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import BatchNormalization, Dense, ReLU

model = Sequential([Input((4,)), Dense(8), BatchNormalization(), ReLU(), Dense(2)])
gamma, beta, mean, variance = model.layers[1].get_weights()
model.layers[1].set_weights([gamma, beta, mean, variance * 0])
model.save("vanished.keras")  # KC705
```

## Good

A few channels without variance are usual: the weights that come with MobileNet have them.

```python
from keras import Input, Sequential
from keras.layers import BatchNormalization, Dense, ReLU

model = Sequential([Input((4,)), Dense(8), BatchNormalization(), ReLU(), Dense(2)])
gamma, beta, mean, variance = model.layers[1].get_weights()
variance[0] = 1e-9
model.layers[1].set_weights([gamma, beta, mean, variance])
model.save("model.keras")
```

## Known limits

Statistics that were never updated are told by KC704.

## References

- Ioffe and Szegedy, "Batch Normalization" (2015)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import HUGE, IDLE, VANISHED, Channels, StoredTensor
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule


@rule("KC705", "batchnorm-statistics", Severity.WARNING, since="0.1", options={"share": 0.5})
def batchnorm_statistics(saved: SavedModel, options: Options) -> Iterator[Finding]:
    share = options.number("share", 0.5)
    for tensor in saved.tensors():
        layer = saved.layer(tensor.layer)
        stats = tensor.stats
        if stats is None or stats.channels is None or (layer is not None and layer.class_name != "BatchNormalization"):
            continue
        if tensor.name == "moving_variance":
            yield from _variance(saved, tensor, stats.channels, stats.count, stats.maximum, share)
        elif tensor.name == "gamma" and layer is not None and stats.channels.idle > share * stats.count:
            yield _finding(
                saved,
                tensor,
                f"the scale of {stats.channels.idle:,} of {stats.count:,} channels is below {IDLE:g}, so that nothing of "
                "them gets through",
                "use less weight decay on `gamma`, or leave these channels out",
            )


def _variance(
    saved: SavedModel, tensor: StoredTensor, channels: Channels, count: int, maximum: float, share: float
) -> Iterator[Finding]:
    if channels.negative:
        yield _finding(
            saved,
            tensor,
            f"the moving variance of {channels.negative:,} of {count:,} channels is below 0: its square root is NaN",
            "write the weights anew: no training makes a variance negative",
            Severity.ERROR,
        )
    elif channels.huge:
        yield _finding(
            saved,
            tensor,
            f"the moving variance of {channels.huge:,} of {count:,} channels is above {HUGE:g}, up to {maximum:.2g}: what "
            "comes into the layer is not scaled, or exploded",
            "scale the inputs of the model, and train with a lower learning rate or clipped gradients",
        )
    elif channels.vanished > share * count:
        yield _finding(
            saved,
            tensor,
            f"the moving variance of {channels.vanished:,} of {count:,} channels is below {VANISHED:g}: no signal comes "
            "into the layer, and rounding errors are made large",
            "look for dead units in the layers before, and train with a lower learning rate",
        )


def _finding(
    saved: SavedModel, tensor: StoredTensor, said: str, help: str, severity: Severity | None = None
) -> Finding:
    name = tensor.layer.rsplit("/", 1)[-1]
    return Finding(f"in `{name}`, {said}", saved.place(tensor.layer), help=help, layer=tensor.layer, severity=severity)
