"""`trainable` set where it changes nothing, or a model trained that has nothing to train.

## What it does

Follows every assignment to `trainable`, on models and on layers, between `compile` and `fit`. It speaks where a change
comes after `compile` and the model is fitted without being compiled again, and where a model is fitted after all of it
was frozen. For layers that are unfrozen inside a base that stays frozen itself it warns.

## Why it matters

What is trained is settled when the training step is made. A base that is unfrozen for fine-tuning after that stays
frozen: the second training runs, costs what it costs, and changes only the head. A model whose own `trainable` is False
has no weights to train at all, whatever its layers say.

## Bad

```python
import keras
from keras.layers import Dense, Dropout

x_train, y_train = keras.random.uniform((200, 20)), keras.random.uniform((200, 1))
base = keras.Sequential([keras.Input((20,)), Dense(64, activation="relu"), Dropout(0.3)])
base.trainable = False
model = keras.Sequential([keras.Input((20,)), base, Dense(1)])
model.compile("adam", "mse")
head = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
base.trainable = True  # KC231
tuned = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
```

```python
import keras
from keras.layers import Dense, Dropout

x_train, y_train = keras.random.uniform((200, 20)), keras.random.uniform((200, 1))
model = keras.Sequential([keras.Input((20,)), Dense(64, activation="relu"), Dropout(0.3), Dense(1)])
model.trainable = False
model.layers[-1].trainable = True
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)  # KC231
```

```python
import keras
from keras.layers import Dense, Dropout

x_train, y_train = keras.random.uniform((200, 20)), keras.random.uniform((200, 1))
model = keras.Sequential([keras.Input((20,)), Dense(64, activation="relu"), Dropout(0.3), Dense(1)])
for layer in model.layers:
    layer.trainable = False
model.compile("adam", "mse")
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)  # KC231
```

```python
import numpy as np
import keras
from keras.layers import Dense, Dropout

x_train, y_train = np.random.rand(200, 20), np.random.rand(200, 1)
model = keras.Sequential([keras.Input((20,)), Dense(64, activation="relu"), Dropout(0.3), Dense(1)])
model.compile("adam", "mse")
for layer in model.layers[:-1]:
    layer.trainable = False  # KC231
history = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
```

## Good

```python
import keras
from keras.layers import Dense, Dropout

keras.utils.set_random_seed(1)
x_train, y_train = keras.random.uniform((200, 20)), keras.random.uniform((200, 1))
base = keras.Sequential([keras.Input((20,)), Dense(64, activation="relu"), Dropout(0.3)])
base.trainable = False
model = keras.Sequential([keras.Input((20,)), base, Dense(1)])
model.compile(keras.optimizers.Adam(1e-3), "mse")
head = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
base.trainable = True
model.compile(keras.optimizers.Adam(1e-5), "mse")
tuned = model.fit(x_train, y_train, batch_size=64, epochs=10, validation_split=0.1)
print(head.history["val_loss"], tuned.history["val_loss"])
model.save("tuned.keras")
```

## Known limits

A change before the first `fit` does take effect in Keras 3: it is a warning where the version is not known, and none
where the configuration says 3. A discriminator that is frozen for the combined model of a GAN is the subject of another
rule.

## References

- https://keras.io/guides/transfer_learning/#important-notes-about-compile-and-trainable
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascheck.facts.events import Compiled, Fit
from kerascheck.facts.freezing import Change, changes, keys_of
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

_METHODS = ("fit", "fit_generator")


@rule("KC231", "frozen-without-effect", Severity.ERROR, since="0.1", mentions=("trainable",))
def frozen_without_effect(program: TrainingProgram) -> Iterator[Finding]:
    made = list(changes(program))
    if not made:
        return
    for fit in program.of(Fit):
        graph = program.graph(fit.model)
        compiled = _compiled_for(program, fit)
        if graph is None or compiled is None or fit.method not in _METHODS:
            continue
        keys = keys_of(graph)
        mine = [change for change in made if change.keys & keys and change.order < fit.order]
        frozen = _frozen_whole(graph, mine, compiled) or _frozen_one_by_one(graph, mine, compiled)
        if frozen is not None:
            yield _nothing_to_train(graph, fit, frozen)
            continue
        for change in _late(mine, compiled):
            if not _meant_for_another(program, change, graph):
                yield from _without_effect(program, change, compiled, fit)
        yield from _shut_in(program, graph, mine, compiled)


def _compiled_for(program: TrainingProgram, fit: Fit) -> Compiled | None:
    """The last `compile` of the model before a fit; None where it may not have run."""
    found = [event for event in program.of(Compiled) if event.model == fit.model and event.order < fit.order]
    return found[-1] if found and found[-1].certain and fit.certain else None


def _frozen_whole(graph: ModelGraph, mine: Sequence[Change], compiled: Compiled) -> Change | None:
    """The assignment that froze the model itself before it was compiled, if it still holds."""
    own = [change for change in mine if change.whole and graph.key in change.keys and change.event.certain]
    own = [change for change in own if _is_of(change, graph)]
    last = own[-1] if own else None
    return last if last is not None and last.trainable is False and last.order < compiled.order else None


def _frozen_one_by_one(graph: ModelGraph, mine: Sequence[Change], compiled: Compiled) -> Change | None:
    """The assignment that froze the last layer with weights before the model was compiled, if all of them are frozen."""
    last: Change | None = None
    weighted = [layer for layer in graph.layers if layer.parameters != 0 and layer.class_name != "InputLayer"]
    for layer in weighted:
        found = [change for change in mine if layer.key in change.keys and change.order < compiled.order]
        if any(change.trainable is not False for change in found) or not graph.whole:
            return None
        settled = [change for change in found if change.event.certain and not change.part]
        if not settled and layer.trainable is not False:
            return None
        last = max([*settled, *([last] if last is not None else [])], key=lambda change: change.order, default=last)
    return last


def _is_of(change: Change, graph: ModelGraph) -> bool:
    """Whether the assignment was made on this very model, not on one that holds it."""
    return change.keys == keys_of(graph) | {graph.key}


def _late(mine: Sequence[Change], compiled: Compiled) -> Iterator[Change]:
    """The changes after `compile` that leave layers in another state than they were compiled in."""
    late = [change for change in mine if change.order > compiled.order and change.event.certain]
    for change in late:
        if isinstance(change.trainable, Unknown):
            continue
        undone = any(other.order > change.order and other.covers(change) for other in late)
        if not undone and _state(mine, change, compiled) is not change.trainable:
            yield change


def _state(mine: Sequence[Change], change: Change, compiled: Compiled) -> bool | Unknown:
    """What the layers of a change were set to when the model was compiled; trainable where nothing was set."""
    before = [other for other in mine if other.order < compiled.order and other.keys & change.keys]
    return before[-1].trainable if before else True


def _meant_for_another(program: TrainingProgram, change: Change, graph: ModelGraph) -> bool:
    """Whether another model that holds these layers is compiled after the change."""
    return any(
        event.order > change.order and event.model != graph.key and change.keys & keys_of(program.graph(event.model))
        for event in program.of(Compiled)
    )


def _without_effect(program: TrainingProgram, change: Change, compiled: Compiled, fit: Fit) -> Iterator[Finding]:
    earlier = [event for event in program.of(Fit) if event.model == fit.model and event.order < change.order]
    trained = any(compiled.order < event.order for event in earlier)
    if not trained and program.target_keras == 3:
        return
    verb = "unfreezes" if change.trainable else "freezes"
    state = "frozen" if change.trainable else "trainable"
    when = "" if trained or program.target_keras in (1, 2) else " before Keras 3"
    yield Finding(
        f"this {verb} layers after `compile`, and the model is not compiled again: `{fit.method}` leaves them {state}{when}",
        change.event.location,
        help="call `compile` again after the change, with a low learning rate for layers that were trained before",
        label="no effect",
        related=(
            Related(compiled.location, "compiled here"),
            Related(fit.location, "fitted here as it was compiled"),
        ),
        severity=Severity.WARNING if when else None,
    )


def _nothing_to_train(graph: ModelGraph, fit: Fit, frozen: Change) -> Finding:
    what, where = (
        ("all of it", "the model") if frozen.whole else ("the last of its layers", "the layers that are to learn")
    )
    return Finding(
        f"`{graph.name}` has nothing left to train: `{fit.method}` runs and changes no weight",
        fit.name_place or fit.location,
        help=f"set `trainable = True` on {where} before `compile`",
        label="nothing to train",
        related=(Related(frozen.event.location, f"{what} is frozen here"),),
    )


def _shut_in(
    program: TrainingProgram, graph: ModelGraph, mine: Sequence[Change], compiled: Compiled
) -> Iterator[Finding]:
    """Layers that are unfrozen while the nested model around them stays frozen."""
    if program.target_keras == 3:
        return
    nested = {layer.key: layer for layer in graph.layers if layer.model is not None}
    for key, layer in nested.items():
        inside = keys_of(layer.model)
        own = [
            change
            for change in mine
            if change.whole and change.keys == inside | {key} and change.order < compiled.order
        ]
        if not own or own[-1].trainable is not False or not own[-1].event.certain:
            continue
        for change in mine:
            opened = change.trainable is True and not change.whole and change.order > own[-1].order
            if opened and change.keys & inside and change.event.certain:
                yield Finding(
                    f"this unfreezes layers of `{layer.label}`, which stays frozen itself: before Keras 3 none of its "
                    "weights is trained",
                    change.event.location,
                    help="set `trainable = True` on the model, and freeze the other layers one by one",
                    label="shut in a frozen model",
                    related=(Related(own[-1].event.location, "frozen as a whole"),),
                    severity=Severity.ERROR if program.target_keras in (1, 2) else Severity.WARNING,
                )
                return
