"""A name given as text that Keras does not know.

## What it does

Looks at the losses, metrics, optimizers, activations, initializers and regularizers that are given by name, and names the
nearest that Keras has. Silent in sources that register objects of their own.

## Why it matters

Keras looks the name up when the layer is made or the model is compiled, and stops with "Could not interpret identifier":
after the data has been loaded, and for losses and metrics only at the first batch.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentopy", metrics=["accuracy"])  # KC313
```

An activation and a metric:

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((20,)), Dense(64, activation="rellu"), Dense(1)])  # KC313
model.compile(optimizer="adam", loss="mse", metrics=["rmse"])  # KC313
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.metrics import RootMeanSquaredError

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=[RootMeanSquaredError()])
```

## Known limits

A name that some release of Keras knew is not reported here. In a model file only names that are nearly one of Keras's are
reported: the others belong to objects that must be handed over on loading.

## References

- <https://keras.io/api/losses/>, <https://keras.io/api/metrics/>, <https://keras.io/api/optimizers/>
- <https://keras.io/api/layers/activations/>, <https://keras.io/api/layers/initializers/>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.facts.values import Value
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.keras_api import normalize
from kerascheck.rule import rule

if TYPE_CHECKING:
    from kerascheck.facts.artifact import SavedModel

REGISTERING = frozenset(
    {
        "get_custom_objects",
        "custom_object_scope",
        "CustomObjectScope",
        "register_keras_serializable",
        "register_serializable",
        "_GLOBAL_CUSTOM_OBJECTS",
    }
)
LAYERS_AS_ACTIVATIONS = frozenset({"ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"})
"""Layer classes that tf.keras 2 takes as the name of an activation."""

BY_SHAPE = frozenset({"accuracy", "acc", "crossentropy", "ce"})
COMPILE = {
    "optimizer": (0, "optimizer"),
    "loss": (1, "loss"),
    "metrics": (2, "metric"),
    "weighted_metrics": (9, "metric"),
}
NEAR = 0.85


@rule("KC313", "unknown-identifier", Severity.ERROR, since="0.1", fixable=True)
def unknown_identifier(
    usage: KerasUsage | None, saved: SavedModel | None, program: TrainingProgram | None
) -> Iterator[Finding]:
    statements = program.statements if program is not None else None
    if usage is not None and not any(call.name in REGISTERING for call in usage.calls):
        for call in usage.calls:
            for kind, text, place in _names(call):
                if not _is_known(kind, text, usage):
                    written = statements.literal(place, text) if statements is not None else None
                    yield _finding(kind, text, written or place)
    if saved is not None and saved.graph is not None:
        yield from _stored(saved.graph)


def _names(call: ApiCall) -> Iterator[tuple[str, str, Location]]:
    """The names in a call that Keras will look up, by kind, each with its place."""
    if call.qualified == "Model.compile":
        for argument, (position, kind) in COMPILE.items():
            value, place = _argument(call, argument, position)
            yield from ((kind, text, place) for text in _texts(value))
    elif call.is_call and ".layers." in call.qualified:
        for argument, value in call.values.items():
            kind = _kind(argument)
            if kind is not None and isinstance(value, str):
                yield kind, value, call.places.get(argument, call.location)
        position = {"Activation": 0, "Dense": 1}.get(call.name)
        if position is not None and position < len(call.positional_values):
            value = call.positional_values[position]
            if isinstance(value, str) and position < len(call.positional_places):
                yield "activation", value, call.positional_places[position]


def _kind(argument: str) -> str | None:
    if argument in ("activation", "recurrent_activation", "inner_activation"):
        return "activation"
    if argument.endswith("_initializer") or argument in ("init", "inner_init"):
        return "initializer"
    return "regularizer" if argument.endswith("_regularizer") else None


def _argument(call: ApiCall, name: str, position: int) -> tuple[Value, Location]:
    if name in call.values:
        return call.values[name], call.places.get(name, call.location)
    if position < min(len(call.positional_values), len(call.positional_places)):
        return call.positional_values[position], call.positional_places[position]
    return None, call.location


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


def _is_known(kind: str, text: str, usage: KerasUsage | None = None) -> bool:
    """Whether Keras finds a name; that of a package, as in `mine>huber`, is registered by code that lies elsewhere."""
    if ">" in text:
        return True
    match kind:
        case "loss":
            return normalize.loss(text) is not None or text.lower() in BY_SHAPE
        case "metric":
            return normalize.metric(text) is not None or text.lower() in BY_SHAPE
        case "optimizer":
            return normalize.optimizer(text) is not None or text.lower() == "tfoptimizer"
        case "activation":
            past = usage is not None and usage.is_past((3, 0))
            return normalize.activation(text) is not None or (text in LAYERS_AS_ACTIVATIONS and not past)
        case _:
            return normalize.symbol(text) is not None


def _nearest(kind: str, text: str) -> str | None:
    found = normalize.suggestion(text, kind)
    return found.lower() if found is not None and kind == "optimizer" else found


def _finding(kind: str, text: str, place: Location) -> Finding:
    nearest = _nearest(kind, text)
    a = "an" if kind[0] in "aeio" else "a"
    return Finding(
        message=f"Keras knows no {kind} `{text}`: it stops with an error when it looks the name up",
        location=place,
        label=f"not {a} {kind} of Keras",
        help=f'write `"{nearest}"`'
        if nearest
        else f"take {a} {kind} of the API reference, or pass the function itself",
        fix=_fix(text, nearest, place),
    )


def _fix(text: str, nearest: str | None, place: Location) -> Fix | None:
    literal = place.line == place.end_line and place.end_column - place.column == len(text) + 2
    if nearest is None or not literal:
        return None
    return Fix((Edit(place, f'"{nearest}"'),), safe=_likeness(text, nearest) >= NEAR and len(text) > 4)


def _likeness(first: str, second: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, first.lower(), second.lower()).ratio()


def _stored(graph: ModelGraph) -> Iterator[Finding]:
    for layer in graph.layers:
        if layer.model is not None:
            yield from _stored(layer.model)
        for argument, value in layer.config.items():
            kind = _kind(argument)
            if kind is None or not isinstance(value, str) or _is_known(kind, value):
                continue
            nearest = _nearest(kind, value)
            if nearest is not None and _likeness(value, nearest) >= NEAR:
                yield _misspelt(layer, argument, kind, value, nearest)


def _misspelt(layer: Layer, argument: str, kind: str, value: str, nearest: str) -> Finding:
    return Finding(
        message=f"`{layer.label}` has `{argument}` `{value}`, a name Keras does not know: the file cannot be loaded",
        location=layer.place(argument),
        help=f"write the file again with the {kind} `{nearest}`",
        layer=layer.address,
    )
