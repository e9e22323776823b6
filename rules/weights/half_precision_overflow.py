"""Weights that half precision cannot hold.

## What it does

In layers that compute in `float16` by their policy it finds weights above 65,504 in absolute value, and arrays in which a
tenth of the weights (`share`) are so small that half precision makes 0 of them.

## Why it matters

Keras casts the weights of a `mixed_float16` layer to half precision at every call: what is too large becomes infinite, and
what is too small 0. The model in the file is not the model that was trained in single precision.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", dtype="mixed_float16"), Dense(1)])
kernel, bias = model.layers[0].get_weights()
model.layers[0].set_weights([kernel, bias + 70_000.0])
model.save("overflow.keras")  # KC708
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", dtype="mixed_float16"), Dense(1)])
model.save("model.keras")
```

## Known limits

What the products of sound weights add up to is not known: sums of activations overflow as well.

## References

- https://keras.io/api/mixed_precision/
- IEEE 754-2019: binary16
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.precision import half_precision
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule

_LARGEST = 65_504.0


@rule("KC708", "half-precision-overflow", Severity.WARNING, since="0.1", options={"share": 0.1})
def half_precision_overflow(saved: SavedModel, options: Options) -> Iterator[Finding]:
    share = options.number("share", 0.1)
    for tensor in saved.tensors():
        stats = tensor.stats
        layer = saved.layer(tensor.layer)
        if stats is None or layer is None or half_precision(layer) != "float16":
            continue
        flushed = stats.flushed or 0
        if stats.magnitude > _LARGEST:
            said = f"`{tensor.label}` holds weights up to {stats.magnitude:.3g}, which are infinite in float16"
        elif flushed > share * stats.count:
            said = f"{flushed:,} of {stats.count:,} values of `{tensor.label}` become 0 in float16"
        else:
            continue
        yield Finding(
            f"{said}, the precision that `{layer.label}` computes in",
            saved.place(tensor.layer),
            help='compute this layer in `float32` (`dtype="float32"`) or in `mixed_bfloat16`',
            layer=tensor.layer,
        )
