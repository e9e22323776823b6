"""A stateful recurrent layer that is trained as if it had no state.

## What it does

Looks at models with `stateful=True` on a recurrent layer: a `fit` that shuffles the rows, an input whose batch size is left
open, and states that nothing ever resets.

## Why it matters

With `stateful=True` the state that row i of a batch ends with is where row i of the next batch starts. That makes sense only
when the batches come in order. Keras refuses such a layer when it does not know the batch size, and a state that is never
reset leaks from the end of one epoch into the beginning of the next.

## Bad

```python
import keras
import numpy as np

x, y = np.load("windows.npy"), np.load("next.npy")
model = keras.Sequential([keras.Input(batch_shape=(16, 24, 3)), keras.layers.LSTM(32, stateful=True), keras.layers.Dense(1)])
model.compile("adam", "mse")
for epoch in range(20):
    model.fit(x, y, batch_size=16, epochs=1)  # KC517
    model.layers[0].reset_states()
print(model.evaluate(x, y, batch_size=16))
```

```python
import keras

model = keras.Sequential()
model.add(keras.Input((24, 3)))
model.add(keras.layers.LSTM(32, stateful=True))  # KC517
model.add(keras.layers.Dense(1))
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(1)
x, y = np.load("windows.npy"), np.load("next.npy")
x_new, y_new = np.load("later.npy"), np.load("later_next.npy")
model = keras.Sequential([keras.Input(batch_shape=(16, 24, 3)), keras.layers.LSTM(32, stateful=True), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(clipnorm=1.0), "mse")
for epoch in range(20):
    model.fit(x, y, batch_size=16, epochs=1, shuffle=False)
    model.layers[0].reset_states()
print(model.evaluate(x_new, y_new, batch_size=16))
```

## Known limits

Whether the rows are in an order that a state can follow is not checked.

## References

- <https://keras.io/guides/working_with_rnns/#crossbatch-statefulness>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataKind
from kerascheck.facts.events import Fit, arrays
from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC517", "stateful-recurrence", Severity.WARNING, since="0.1", mentions=("stateful",))
def stateful_recurrence(program: TrainingProgram) -> Iterator[Finding]:
    for graph in program.models.values():
        layer = _stateful(graph)
        if layer is None or graph.nested:
            continue
        yield from _open_batch(graph, layer)
        fits = [fit for fit in program.of(Fit) if fit.model == graph.key and fit.method == "fit"]
        for fit in fits:
            yield from _shuffled(fit, layer)
        if fits and not _resets(program, fits):
            yield _never_reset(fits[0], layer)


def _stateful(graph: ModelGraph) -> Layer | None:
    return next((layer for layer in graph.every_layer() if layer["stateful"] is True), None)


def _open_batch(graph: ModelGraph, layer: Layer) -> Iterator[Finding]:
    shapes = [tensor.shape for tensor in graph.inputs]
    if shapes and all(isinstance(shape, tuple) and shape and shape[0] is None for shape in shapes):
        yield Finding(
            message=f"`{layer.written}` is stateful, but the batch size of its input is left open: building the model fails",
            location=layer.place("stateful"),
            label="needs a fixed batch size",
            help="declare the input as `keras.Input(batch_shape=(batch, steps, features))` (`batch_input_shape` before Keras 3)",
            severity=Severity.ERROR,
            related=(Related(graph.location, "the model"),),
        )


def _shuffled(fit: Fit, layer: Layer) -> Iterator[Finding]:
    batched = any(array.kind in (DataKind.DATASET, DataKind.GENERATOR) for array in arrays(fit.x))
    if batched or fit.unexpanded or fit.arguments.get("shuffle", True) is not True:
        return
    yield Finding(
        message=f"`fit` shuffles the rows, but `{layer.written}` is stateful: each row starts from the state of an unrelated one",
        location=fit.place("shuffle") if "shuffle" in fit.arguments else fit.name_place or fit.location,
        label="shuffles by default" if "shuffle" not in fit.arguments else "shuffles",
        help="pass `shuffle=False`, or leave `stateful` off",
        related=(Related(layer.place("stateful"), "keeps its state from batch to batch"),),
    )


def _resets(program: TrainingProgram, fits: list[Fit]) -> bool:
    if any(True for _ in program.calls("reset_states", "reset_state")):
        return True
    if any(True for fit in fits for _ in program.uses(fit.model, "reset_states", "passed", "returned")):
        return True
    return any(not isinstance(fit.callbacks, tuple) or any(call.custom for call in fit.callbacks) for fit in fits)


def _never_reset(fit: Fit, layer: Layer) -> Finding:
    return Finding(
        message=f"the state of `{layer.written}` is never reset: each epoch starts with what the one before ended with",
        location=layer.place("stateful"),
        label="carried over from epoch to epoch",
        help="train in a loop of single epochs and call `reset_states()` after each, or do it in a callback",
        related=(Related(fit.name_place or fit.location, "trained here"),),
    )
