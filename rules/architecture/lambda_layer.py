"""A `Lambda` layer, or a function without a name, in a model that is kept.

## What it does

Finds `Lambda` layers: in a model file always, in a script where the model is saved whole or written out as JSON. Where
a script keeps no model it is a hint, once a model. Of models that a script saves it also finds each `lambda` that is an
activation, an initializer or another argument of a layer, and each that is a loss or a metric.

## Why it matters

The function is saved as the bytecode of one Python version. Another Python may not read it or, worse, misread it, and
whoever loads the file runs code that nobody can see: Keras 3 refuses by default to load such a layer. What the function
takes from around it is not saved at all.

## Bad

```python
from keras import Input, Model
from keras.layers import Dense, Dropout, Lambda

inputs = Input((20,))
x = Lambda(lambda t: t / 255.0)(inputs)  # KC235
x = Dense(64, activation="relu")(x)
model = Model(inputs, Dense(3, activation="softmax")(Dropout(0.3)(x)))
model.save("model.keras")
```

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout, Lambda

model = Sequential()
model.add(Input((20,)))
model.add(Lambda(lambda t: t**2))  # KC235
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(3, activation="softmax"))
```

```python
import keras
from keras.layers import Dense, Dropout

model = keras.Sequential()
model.add(keras.Input((20,)))
model.add(Dense(64, activation=lambda t: keras.ops.maximum(t, 0.1 * t)))  # KC235
model.add(Dropout(0.3))
model.add(Dense(1))
model.compile("adam", lambda true, guess: keras.ops.abs(true - guess))  # KC235
model.save("model.keras")
```

## Good

```python
import keras
from keras import Input, Model
from keras.layers import Dense, Dropout, Rescaling


@keras.saving.register_keras_serializable()
class Square(keras.layers.Layer):
    def call(self, inputs):
        return inputs**2


inputs = Input((20,))
x = Square()(Rescaling(1 / 255)(inputs))
x = Dense(64, activation="relu")(x)
model = Model(inputs, Dense(3, activation="softmax")(Dropout(0.3)(x)))
model.save("model.keras")
```

## Known limits

Weights alone carry no function: `save_weights` is no keeping of the model.

## References

- https://keras.io/api/layers/core_layers/lambda/
- https://keras.io/api/models/model_saving_apis/model_saving_and_loading/: `safe_mode`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.keeping import Keeping, keepings
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

LAMBDA: Final = "<lambda>"
FILES: Final = (".keras", ".h5", ".hdf5")


@rule("KC235", "lambda-layer", Severity.WARNING, since="0.1", group="security", mentions=("ambda",))
def lambda_layer(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    kept = None if program is None else next(keepings(program, graph), None)
    found = [layer for layer in graph.layers if layer.kind is LayerKind.LAMBDA]
    level = Severity.WARNING if program is None or kept is not None else Severity.INFO
    yield from folded(_finding(layer, kept, level) for layer in found)
    if program is not None and kept is not None and not graph.nested:
        yield from _nameless(graph, program)


def _finding(layer: Layer, kept: Keeping | None, level: Severity) -> Finding:
    return Finding(
        f"`{layer.label}` is kept as the bytecode of one Python version: another Python may not load it, and Keras 3 "
        "refuses it by default",
        layer.location,
        help="write a registered `Layer` subclass, or a layer of Keras such as `Rescaling`, `Reshape` or `Permute`",
        label="code in a model",
        layer=layer.address,
        related=(Related(kept.location, "the model is saved here"),) if kept is not None else (),
        severity=level,
    )


def _nameless(graph: ModelGraph, program: TrainingProgram) -> Iterator[Finding]:
    """The functions without a name that a saved model asks for when it is loaded."""
    found = tuple(keepings(program, graph))
    # A SavedModel holds what the function computed.
    named = next((item for item in found if item.is_text or item.suffix in FILES), None)
    if named is not None:
        for layer in graph.every_layer():
            for place in layer.lambdas if layer.kind is LayerKind.BUILTIN else ():
                yield _anonymous(f"an argument of `{layer.label}`", place, named)
    whole = next((item for item in found if not item.is_text), None)
    # Who loads without the loss and the metrics can do so on purpose.
    bare = any(call.arguments.get("compile") is False for call in program.calls("load_model"))
    if whole is None or bare or not graph.compiles:
        return
    compiled = graph.compiles[-1]
    told: set[Location] = set()
    for losses, what in ((compiled.losses, "a loss"), (compiled.metrics, "a metric")):
        for loss in losses if isinstance(losses, tuple) else ():
            if loss is not None and loss.custom and loss.name == LAMBDA and loss.location not in told:
                told.add(loss.location)
                yield _anonymous(what, loss.location, whole)


def _anonymous(what: str, place: Location, kept: Keeping) -> Finding:
    return Finding(
        f"{what} is a `lambda`, which a saved model cannot name: Keras 3 refuses to load it by default, earlier ones do not know it",
        place,
        help="write a function with a name, and register it with `@keras.saving.register_keras_serializable()`",
        label="has no name",
        related=(Related(kept.location, "the model is saved here"),),
    )
