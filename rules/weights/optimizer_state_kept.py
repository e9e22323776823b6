"""The state of the optimizer takes a part of the file.

## What it does

Adds up the arrays that the optimizer keeps for the weights, and says how much of the file they take.

## Why it matters

Only further training needs them. Adam keeps two arrays as large as each weight, so that a file that is shipped for
prediction is three times as large as it has to be.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(np.random.rand(32, 20), np.random.rand(32), verbose=0)
model.save("checkpoint.h5")  # KC710
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(np.random.rand(32, 20), np.random.rand(32), verbose=0)
model.save("model.h5", include_optimizer=False)
```

## Known limits

Whether the file is a checkpoint to go on from is not known: then the state belongs there. Keras 3 writes the state into
every `.keras` file of a compiled model; `include_optimizer=False` counts for HDF5 only.

## References

- https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import Purpose
from kerascheck.findings import Finding, Severity
from kerascheck.rule import Options, rule


@rule("KC710", "optimizer-state-kept", Severity.INFO, since="0.1", options={"share": 0.1}, group="performance")
def optimizer_state_kept(saved: SavedModel, options: Options) -> Iterator[Finding]:
    state = sum(tensor.size for tensor in saved.tensors(Purpose.OPTIMIZER) if tensor.shape)
    kept = state + sum(tensor.size for tensor in saved.tensors())
    if not state or state < options.number("share", 0.1) * kept:
        return
    yield Finding(
        f"the state of the optimizer takes {_size(state)} of the {_size(kept)} of arrays in the file "
        f"({state / kept:.0%}), which only further training needs",
        saved.location,
        help="save what you ship from a copy that is not compiled: `keras.models.clone_model(model)` with `set_weights`"
        if saved.form == "keras"
        else "save what you ship without it: `model.save(path, include_optimizer=False)`",
    )


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} KB"
