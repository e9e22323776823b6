"""Units of one layer that are equal, or each other's opposite.

## What it does

Compares the weights of all units of a layer of at least four inputs. From a quarter of equal or opposite ones on (`share`)
it is a hint; where all units are equal, a warning.

## Why it matters

Equal units do the work of one, at the price of all. Where all of a layer are equal it was initialized with one number for
all, and training cannot tell them apart: their gradients are equal as well.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((8,)), Dense(6, activation="relu"), Dense(2)])
kernel, bias = model.layers[0].get_weights()
kernel[:, 1] = kernel[:, 2] = kernel[:, 0]
model.layers[0].set_weights([kernel, bias])
model.save("repeated.keras")  # KC707
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((8,)), Dense(6, activation="relu"), Dense(2)])
model.save("model.keras")
```

## Known limits

Equal is what differs by less than the rounding of single precision. Units without weights are dead units (KC702).
Convolutions that are transposed are left alone.

## References

- Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 8.4: breaking the symmetry between units
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import Units
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule


@rule("KC707", "duplicate-filters", Severity.INFO, since="0.1", options={"share": 0.25})
def duplicate_filters(saved: SavedModel, options: Options) -> Iterator[Finding]:
    share = options.number("share", 0.25)
    for tensor, stats in saved.kernels():
        units = stats.units
        if units is None or stats.constant or units.repeated + units.opposite <= share * units.count:
            continue
        symmetric = units.repeated == units.count - 1 > 0
        yield Finding(
            f"all {units.count:,} units of `{tensor.label}` are equal: training cannot tell them apart"
            if symmetric
            else f"{_counted(units)} of {units.count:,} units of `{tensor.label}`: they do the work of one",
            saved.place(tensor.layer),
            help="start from a random initializer, and train anew"
            if symmetric
            else "make the layer narrower, or train anew with less weight decay",
            layer=tensor.layer or None,
            severity=Severity.WARNING if symmetric else Severity.INFO,
        )


def _counted(units: Units) -> str:
    parts = [f"{units.repeated:,} equal another one"] if units.repeated else []
    return " and ".join([*parts, f"{units.opposite:,} are the opposite of one"] if units.opposite else parts)
