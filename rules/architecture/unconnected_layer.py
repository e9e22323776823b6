"""A layer, an input or an output that is no part of the model.

## What it does

In every graph: an input that reaches no output, and an output that needs an input which the model does not list. In a
script also: a layer that is made in a statement of its own and never added, a layer whose output is thrown away,
overwritten before anything reads it, or bound to a name that nothing reads, and a layer in an attribute of a custom
layer or model that no code reads.

## Why it matters

The model that is trained is not the one that was written down: a dropout that was forgotten in `add` regularizes
nothing, a branch that was overwritten is gone, an input that reaches no output is data the model never sees. Keras says
nothing about any of it.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((20,)))
model.add(Dense(64, activation="relu"))
Dropout(0.5)  # KC225
model.add(Dense(3, activation="softmax"))
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout

inputs = Input((20,))
x = Dense(64, activation="relu")(inputs)
Dropout(0.5)(x)  # KC225
hidden = Dense(32, activation="relu")(x)  # KC225
hidden = Dense(48, activation="relu")(x)
features = Dense(16, activation="relu")(hidden)  # KC225
model = Model(inputs, Dense(3, activation="softmax")(hidden))
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout


def build():
    inputs = Input((20,))
    x = Dense(64, activation="relu")(inputs)  # KC225
    x = Dropout(0.5)(inputs)
    return Model(inputs, Dense(3, activation="softmax")(x))


model = build()
```

```python
from keras import Input, Model
from keras.layers import Dense, Dropout

image, text = Input((20,)), Input((30,))  # KC225
x = Dropout(0.5)(Dense(64, activation="relu")(image))
model = Model([image, text], Dense(3, activation="softmax")(x))
```

```python
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.drop = layers.Dropout(0.5)  # KC225
        self.head = layers.Dense(1)

    def call(self, inputs):
        return self.head(self.hidden(inputs))
```

## Good

```python
from keras import Input, Model
from keras.layers import Concatenate, Dense, Dropout

image, text = Input((20,)), Input((30,))
x = Dense(64, activation="relu")(image)
x = Dropout(0.5)(x)
y = Dense(64, activation="relu")(text)
merged = Concatenate()([x, y])
model = Model([image, text], Dense(3, activation="softmax")(merged))
```

## Known limits

Names are followed through straight runs of statements, not through branches and loops. What a notebook's cell ends with
is shown, not lost. A layer that was made before and is called again counts as used.

## References

- https://keras.io/guides/functional_api/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.classes import CustomClass, UnusedLayer
from kerascheck.facts.graph import GraphKind, Layer, ModelGraph, Node, Tensor
from kerascheck.facts.loose import Fate, LooseLayer
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC225", "unconnected-layer", Severity.WARNING, since="0.1")
def unconnected_layer(graph: ModelGraph | None, program: TrainingProgram | None) -> Iterator[Finding]:
    if graph is not None and graph.whole and graph.kind is GraphKind.FUNCTIONAL:
        yield from _unused_inputs(graph)
        yield from _missing_inputs(graph)
    # What a script loses belongs to no graph: each graph tells of it, and it is reported once.
    # A line that does not parse may have taken what seems to be lost.
    if program is not None and program.whole:
        yield from (_lost(loose) for loose in program.loose)
        yield from (_unused(cls, unused) for cls in program.classes for unused in cls.unused)


def _reached(graph: ModelGraph) -> tuple[set[int], list[Node]]:
    """The tensors that the outputs are made of, and the calls that make them."""
    border = {tensor.key for tensor in graph.inputs}
    waiting: list[Tensor] = list(graph.outputs)
    seen: set[int] = set()
    nodes: list[Node] = []
    while waiting:
        tensor = waiting.pop()
        if tensor.key in seen:
            continue
        seen.add(tensor.key)
        node = graph.producer(tensor)
        if node is not None and tensor.key not in border:
            nodes.append(node)
            waiting.extend(node.inputs)
    return seen, nodes


def _unused_inputs(graph: ModelGraph) -> Iterator[Finding]:
    reached, _ = _reached(graph)
    for tensor in graph.inputs:
        if tensor.key in reached:
            continue
        node = graph.producer(tensor)
        layer = node.layer if node is not None else None
        yield Finding(
            f"input `{_title(layer, graph)}` of the model reaches none of its outputs: what is passed in there is ignored",
            layer.location if layer is not None else graph.location,
            help="connect it, or leave it out of `inputs`",
            label="leads nowhere",
            layer=layer.address if layer is not None else None,
            related=(Related(graph.location, "the model lists it as an input"),) if graph.location.line else (),
        )


def _title(layer: Layer | None, graph: ModelGraph) -> str:
    return graph.name if layer is None else layer.name if "name" in layer.given or graph.from_file else layer.label


def _missing_inputs(graph: ModelGraph) -> Iterator[Finding]:
    _, nodes = _reached(graph)
    for node in nodes:
        if node.layer.class_name == "InputLayer" and "tensor" not in node.layer.given:
            yield Finding(
                f"an output needs the input `{_title(node.layer, graph)}`, which is not in `inputs`: Keras stops with "
                "`Graph disconnected`",
                graph.location,
                help="list it in `inputs`, or build the output from the listed inputs",
                related=(Related(node.layer.location, "this input is needed"),),
            )


def _lost(loose: LooseLayer) -> Finding:
    layer = loose.layer
    what = f"the output of `{layer.label}`" if loose.called else f"`{layer.label}`"
    related: tuple[Related, ...] = ()
    if loose.fate is Fate.DISCARDED:
        message = f"{what} is thrown away: it is no part of any model"
        advice = (
            "assign the output to the tensor that the next layer takes"
            if loose.called
            else "add it to the model, or remove it"
        )
    elif loose.fate is Fate.OVERWRITTEN:
        message = f"`{loose.name}`, {what}, is overwritten before any layer takes it: it is no part of any model"
        advice = f"pass `{loose.name}` on, or remove the line"
        related = (Related(loose.other, "overwritten here"),) if loose.other is not None else ()
    else:
        message = f"`{loose.name}`, {what}, is never used: it is no part of any model"
        advice = f"pass `{loose.name}` on, or remove the line"
    return Finding(message, loose.location, help=advice, label="not connected", related=related)


def _unused(cls: CustomClass, unused: UnusedLayer) -> Finding:
    return Finding(
        f"`self.{unused.attribute}`, a `{unused.class_name}`, is made in `{cls.name}` and never used",
        unused.location,
        help=f"call `self.{unused.attribute}` in `call`, or remove it",
        label="not connected",
    )
