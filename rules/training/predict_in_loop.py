"""`predict` is called for one row at a time.

## What it does

Finds a loop that calls `predict` on a single row made from what the loop runs over.

## Why it matters

`predict` is made for many rows: each call sets up an iterator, callbacks and a progress bar, which takes far longer than
the row itself. One call for all rows is often a hundred times faster, and each call in a loop leaks a little memory.

## Bad

```python
import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.load_weights("digits.weights.h5")
digits = []
for index in range(len(x_test)):
    row = np.expand_dims(x_test[index] / 255, 0)
    digits.append(np.argmax(model.predict(row)))  # KC514
```

## Good

```python
import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.load_weights("digits.weights.h5")
digits = np.argmax(model.predict(x_test / 255, batch_size=256), axis=-1)
```

## Known limits

Silent where a prediction depends on the one before it (generated text, an agent that acts), and in loops of which the
number of turns is known to be small.

## References

- <https://keras.io/api/models/model_training_apis/#predict-method>
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from kerascheck.facts.events import Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

FEW: Final = 10
METHODS: Final = frozenset({"predict", "predict_classes", "predict_proba"})


@rule(
    "KC514",
    "predict-in-loop",
    Severity.WARNING,
    since="0.1",
    group="performance",
    mentions=("predict",),
    options={"turns": FEW},
)
def predict_in_loop(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    for call in program.of(Evaluation):
        if call.method not in METHODS or not call.follows_loop or not call.loops or not _is_one_row(call):
            continue
        loop = call.loops[-1]
        trained = any(loop.key == around.key for fit in program.of(Fit) for around in fit.loops)
        if trained or _turns(call) <= options.number("turns", FEW):
            continue
        yield Finding(
            message=f"`{call.method}` runs once for every row, each time with the overhead of a whole call",
            location=call.name_place or call.location,
            label="one row a call",
            help=f"collect the rows in one array and call `{call.method}` once; for a single row now and then use `model(x, training=False)`",
            related=(Related(loop.location, "the loop"),),
        )


def _turns(call: Evaluation) -> float:
    """How often the loops around a call run together; without bound where that is not known of one."""
    return math.prod(math.inf if isinstance(loop.turns, Unknown) else loop.turns for loop in call.loops)


def _is_one_row(call: Evaluation) -> bool:
    found = arrays(call.x)
    return bool(found) and all(isinstance(array.shape, tuple) and array.shape[:1] == (1,) for array in found)
