"""A layer that must learn from the data first is used without `adapt`.

## What it does

Looks for `Normalization`, `TextVectorization`, `StringLookup`, `IntegerLookup` and `Discretization` layers in a model that is
trained or used, which got neither their statistics or vocabulary as arguments nor by `adapt`, `set_vocabulary` or loaded
weights; and for `adapt` of a layer that was made with its vocabulary, boundaries or statistics.

## Why it matters

A `Normalization` that was never adapted subtracts 0 and divides by 1: it does nothing, and the model trains on raw values.
A lookup without a vocabulary raises an error, or turns every word into the one for unknown words. A layer that has its
vocabulary already refuses to learn another.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
scale = keras.layers.Normalization()  # KC124
model = keras.Sequential([keras.Input((13,)), scale, keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=16))
```

```python
import keras
import numpy as np

lookup = keras.layers.StringLookup(vocabulary=["cat", "dog"])
lookup.adapt(np.array(["cat", "dog", "bird"]))  # KC124
```

## Good

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
scale = keras.layers.Normalization()
scale.adapt(x_train)
model = keras.Sequential([keras.Input((13,)), scale, keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=16, epochs=50, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=16))
```

## Known limits

That a layer was adapted on all rows, test rows among them, is the matter of KC105.

## References

- <https://keras.io/api/layers/preprocessing_layers/>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.events import Evaluation, Fit, Fitting, Misstep, ModelUse
from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.missteps import Step
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule

NEEDED = {
    "Normalization": ("mean", "variance"),
    "TextVectorization": ("vocabulary",),
    "StringLookup": ("vocabulary",),
    "IntegerLookup": ("vocabulary",),
    "Discretization": ("bin_boundaries",),
}
EFFECT = {
    "Normalization": "it subtracts 0 and divides by 1, so that the model is trained on raw values",
    "Discretization": "it has no boundaries and fails when it is called",
}
FILLING = frozenset({"load_weights", "set_weights", "passed", "returned"})


@rule(
    "KC124",
    "normalization-not-adapted",
    Severity.ERROR,
    since="0.1",
    mentions=("Normalization", "Vectorization", "Lookup", "Discretization"),
)
def normalization_not_adapted(program: TrainingProgram) -> Iterator[Finding]:
    yield from (_filled(misstep) for misstep in program.missteps(Step.FILLED))
    # A model that is saved and loaded has layers of its own: the place where a layer was made tells it again.
    keys = {fitting.key for fitting in program.of(Fitting)}
    adapted = {layer.location for graph in program.models.values() for layer in _layers(graph) if layer.key in keys}
    filled = {use.model for use in program.of(ModelUse) if use.use in FILLING}
    seen: set[Location] = set()
    for event in program.events:
        if not isinstance(event, (Fit, Evaluation)):
            continue
        graph = program.graph(event.model)
        if graph is None or graph.key in filled or event.uncalled:
            continue
        for layer in _layers(graph):
            if layer.location not in adapted | seen and layer.key not in keys and _is_empty(layer):
                seen.add(layer.location)
                yield _finding(layer, event)


def _filled(misstep: Misstep) -> Finding:
    return Finding(
        f"`{misstep.subject}` was made with its `{misstep.found}`, and cannot learn it from data: `adapt` fails",
        misstep.location,
        label="nothing left to learn",
        help=f"leave out `adapt`, or make the layer without `{misstep.found}`",
    )


def _layers(graph: ModelGraph) -> Iterator[Layer]:
    for layer in graph.layers:
        yield layer
        if layer.model is not None:
            yield from _layers(layer.model)


def _is_empty(layer: Layer) -> bool:
    names = NEEDED.get(layer.class_name)
    return (
        names is not None
        and not layer.repeated
        and all(layer[name] in (None, UNKNOWN) and name not in layer.given for name in names)
    )


def _finding(layer: Layer, event: Fit | Evaluation) -> Finding:
    names = " and ".join(f"`{name}`" for name in NEEDED[layer.class_name])
    effect = EFFECT.get(layer.class_name, "it has no vocabulary, so that it fails or knows no word")
    return Finding(
        message=f"`{layer.class_name}` is neither adapted nor given {names} before `{event.method}` {event.location.words}: {effect}",
        location=layer.location,
        help="call `adapt` with the training part before the model is trained",
        label="never adapted",
        related=(Related(event.location, "the model is used here"),),
    )
