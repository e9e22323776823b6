"""Dropout on the output of the model.

## What it does

Looks at each output of a model that is compiled with one of Keras's losses, or that ends in softmax or sigmoid: a dropout
layer there, or between the last layer of weights and its final activation, is reported.

## Why it matters

While training, a share of the predictions themselves is set to zero and the rest scaled up: probabilities no longer sum
to 1, a class that was dropped cannot be right, and the loss of such a sample is huge whatever the network learned.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((20,)))
model.add(Dense(64, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.add(Dropout(0.3))  # KC208
```

```python
from keras import Input, Model
from keras.layers import Activation, Dense, Dropout

inputs = Input((20,))
x = Dense(64, activation="relu")(inputs)
x = Dense(3)(x)
x = Dropout(0.3)(x)  # KC208
model = Model(inputs, Activation("softmax")(x))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense, Dropout

model = Sequential()
model.add(Input((20,)))
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(3, activation="softmax"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

A model that ends in dropout, and neither is compiled with a known loss nor ends in probabilities, may be a part of
another, or make embeddings: silent.

## References

- https://keras.io/api/layers/regularization_layers/dropout/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.families import DROPOUTS, KERNELS, activation_of, class_names, core, is_active
from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.losses import own_losses
from kerascheck.facts.paths import between, source
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Fix, Related, Severity
from kerascheck.rule import rule

_AFTER_LAST: Final = DROPOUTS | frozenset({"Activation", "Softmax", "Flatten", "Reshape", "Identity"})
_PROBABILITIES: Final = ("softmax", "sigmoid")


@rule("KC208", "dropout-on-output", Severity.ERROR, since="0.1", fixable=True, mentions=("ropout",))
def dropout_on_output(graph: ModelGraph, program: TrainingProgram | None) -> Iterator[Finding]:
    if graph.nested or not DROPOUTS & class_names(graph):
        return
    for _, output in graph.output_nodes():
        if core(output.layer).class_name not in _AFTER_LAST:
            continue
        last = source(graph, output, lambda found: core(found.layer).class_name in _AFTER_LAST)
        if last is None or core(last.layer).class_name not in KERNELS:
            continue
        tail = [output, *between(graph, output, last)]
        ends = {activation_of(node.layer) for node in (*tail, last)}
        if not own_losses(graph) and not ends & set(_PROBABILITIES):
            continue
        for node in tail:
            if core(node.layer).class_name in DROPOUTS and is_active(node):
                yield replace(_dropped(node, last), fix=_removed(program, node))


def _removed(program: TrainingProgram | None, node: Node) -> Fix | None:
    statements = program.statements if program is not None else None
    edit = statements.remove_layer(node.layer.location) if statements is not None else None
    return Fix((edit,)) if edit is not None else None


def _dropped(node: Node, last: Node) -> Finding:
    layer = core(node.layer)
    rate = layer["rate"]
    share = f"{100 * rate:.3g}%" if isinstance(rate, (int, float)) else "a share"
    return Finding(
        f"`{layer.label}` sets {share} of the model's own predictions to zero while training",
        layer.location,
        help=f"remove it, or move it in front of `{core(last.layer).label}`",
        label="drops predictions",
        layer=node.layer.address,
        related=(Related(last.layer.location, "the last layer of weights"),),
    )
