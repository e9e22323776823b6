"""A second `compile` replaces the first before anything used it.

## What it does

Finds two `compile` calls on one model, one after the other, with different losses or optimizers, and no training, judging
or change of `trainable` in between.

## Why it matters

Only the last call counts. The loss or optimizer of the first, which the reader of the script takes for the one in use, is
gone without a word.

## Bad

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC524
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Good

```python
import keras

keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
print(max(history.history["val_accuracy"]))
print(model.evaluate(x_test, y_test, batch_size=128))
```

## Known limits

Silent where either call stands in a branch or a loop, and where the model goes to other code in between. A hint in a
notebook, and in a script with prose between its statements: both may show one way after the other.

## References

- <https://keras.io/api/models/model_training_apis/#compile-method>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.facts.events import Compiled, Evaluation, Event, Fit, ModelUse
from kerascheck.facts.graph import Compile, Optimizer
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC524", "compiled-twice", Severity.WARNING, since="0.1")
def compiled_twice(program: TrainingProgram) -> Iterator[Finding]:
    last: dict[int, Compiled] = {}
    for event in program.events:
        if isinstance(event, Compiled):
            before = last.get(event.model)
            last[event.model] = event
            if before is not None and before.compile is not None and event.compile is not None:
                for finding in _compared(before, before.compile, event, event.compile):
                    # A page may show one way after the other.
                    yield replace(finding, severity=Severity.INFO) if program.is_page else finding
        elif (model := _used(event)) is not None:
            for key in [key for key in last if program.related(key, model)]:
                del last[key]


def _used(event: Event) -> int | Unknown | None:
    """The model that an event puts to use; None for one that does not."""
    if isinstance(event, (Fit, Evaluation)):
        return event.model
    return event.model if isinstance(event, ModelUse) and event.use not in ("built", "summary") else None


def _compared(before: Compiled, old: Compile, event: Compiled, new: Compile) -> Iterator[Finding]:
    apart = before.location == event.location or before.loops != event.loops or event.repeated
    if apart or not before.certain or not event.certain:
        return
    changed = [
        name
        for name, differs in (
            ("optimizer", _other_optimizer(old.optimizer, new.optimizer)),
            ("loss", _other_loss(old, new)),
        )
        if differs
    ]
    if changed:
        what = " and the ".join(changed)
        yield Finding(
            message=f"this `compile` replaces the {what} of the one before, which nothing has used",
            location=new.place(changed[0]),
            label=f"another {changed[0]}",
            help="delete the call that is not meant",
            related=(Related(old.place(changed[0]), "replaced before any use"),),
        )


def _other_optimizer(old: Optimizer | None, new: Optimizer | None) -> bool:
    if old is None or new is None or isinstance(old.name, Unknown) or isinstance(new.name, Unknown):
        return False
    return old.name != new.name or (old["learning_rate"] != new["learning_rate"] and "learning_rate" in new.given)


def _other_loss(old: Compile, new: Compile) -> bool:
    if isinstance(old.losses, Unknown) or isinstance(new.losses, Unknown):
        return False
    names = [[loss.name if loss is not None else None for loss in losses] for losses in (old.losses, new.losses)]
    return names[0] != names[1] and not any(isinstance(name, Unknown) for part in names for name in part)
