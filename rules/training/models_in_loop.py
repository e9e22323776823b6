"""Models are built in a loop and the old ones never let go.

## What it does

Finds a loop that builds and trains a model in each turn, in a script that never calls `clear_session`. One finding speaks
for the whole file.

## Why it matters

Keras keeps a global state of graphs, names and seeds that every new model adds to. Over many turns (a search, a
cross-validation, an evaluation over seeds) memory grows and building gets slower, until the process is killed.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
for units in range(10, 200, 10):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)  # KC513
    print(units, max(history.history["val_accuracy"]))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
for units in range(10, 200, 10):
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=128, epochs=5, validation_split=0.1)
    print(units, max(history.history["val_accuracy"]))
```

## Known limits

Silent for a loop of fewer than five turns, where their number is known, and where the models are kept for later use.

## References

- <https://keras.io/api/utils/config_utils/#clearsession-function>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.events import Fit, Loop
from kerascheck.facts.lives import built
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Fix, Related, Severity
from kerascheck.rule import Options, rule

FEW: Final = 5


@rule("KC513", "models-in-loop", Severity.INFO, since="0.1", group="performance", fixable=True, options={"turns": FEW})
def models_in_loop(program: TrainingProgram, options: Options) -> Iterator[Finding]:
    few = options.number("turns", FEW)
    if not program.whole or any(True for _ in program.calls("clear_session", "reset_default_graph")):
        return
    found: dict[int, Finding] = {}
    for fit in program.of(Fit):
        graph = program.graph(fit.model)
        # A model of which nothing is known was made elsewhere.
        made = built(program, fit.model) if graph is not None and graph.layers else None
        inner = {loop.key for loop in fit.loops}
        loop = next((loop for loop in made.loops if loop.key in inner and _is_long(loop, few)), None) if made else None
        if loop is not None and made is not None:
            found.setdefault(loop.key, replace(_finding(fit, loop), fix=_cleared(program, loop)))
    if found:
        first, *others = found.values()
        yield replace(first, related=(*first.related, *(Related(other.location, "and here") for other in others)))


def _cleared(program: TrainingProgram, loop: Loop) -> Fix | None:
    statements = program.statements
    keras = statements.keras_import(loop.location) if statements is not None else None
    if statements is None or keras is None:
        return None
    module = "utils" if program.target_keras == 3 else "backend"
    edits = [statements.insert_first(loop.location, f"{keras[0]}.{module}.clear_session()")]
    edits += [statements.insert_after_imports(loop.location, keras[1])] if keras[1] else []
    kept = tuple(edit for edit in edits if edit is not None)
    return Fix(kept) if len(kept) == len(edits) else None


def _is_long(loop: Loop, few: float) -> bool:
    return loop.over != "" and (isinstance(loop.turns, Unknown) or loop.turns >= few)


def _finding(fit: Fit, loop: Loop) -> Finding:
    turns = f"each of the {loop.turns} turns" if isinstance(loop.turns, int) else "each turn"
    return Finding(
        message=f"{turns} of the loop builds another model and nothing lets the old ones go: memory grows from turn to turn",
        location=fit.name_place or fit.location,
        label="trained in a loop",
        help="call `keras.utils.clear_session()` at the start of each turn (`keras.backend.clear_session()` before Keras 3)",
        related=(Related(loop.location, "the loop"),),
    )
