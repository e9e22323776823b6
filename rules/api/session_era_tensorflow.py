"""Sessions, placeholders and the like of TensorFlow 1 beside Keras.

## What it does

Finds `tf.Session`, `tf.placeholder`, `tf.ConfigProto`, `tf.get_default_graph`, `K.set_session` and their kin. One finding
speaks for the whole file.

## Why it matters

TensorFlow 2 runs operations at once and has none of these names (`tf.Session()` is an `AttributeError`); under
`tf.compat.v1` they work on graphs of their own, which the models of Keras 2 and 3 do not live in. Settings made through a
session, such as the growth of GPU memory, have no effect there.

## Bad

```python
import tensorflow as tf
from tensorflow import keras

config = tf.ConfigProto()  # KC609
config.gpu_options.allow_growth = True
session = tf.Session(config=config)
keras.backend.set_session(session)
```

## Good

```python
import tensorflow as tf
from tensorflow import keras

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
```

## Known limits

A script that is written for Keras 1 is left alone: it can run with nothing else.

## References

- <https://www.tensorflow.org/guide/migrate>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

INSTEAD: Final = {
    "Session": "run the operations directly; TensorFlow 2 needs no session",
    "InteractiveSession": "run the operations directly; TensorFlow 2 needs no session",
    "ConfigProto": "use `tf.config`, such as `tf.config.experimental.set_memory_growth(gpu, True)`",
    "GPUOptions": "use `tf.config.experimental.set_memory_growth(gpu, True)`",
    "placeholder": "give the values as arguments of a function, or use `keras.Input`",
    "global_variables_initializer": "delete it; variables are initialized when they are made",
    "get_default_graph": "delete it; models can be used from any thread",
    "reset_default_graph": "use `keras.utils.clear_session()`",
    "set_session": "delete it; set devices with `tf.config`",
    "get_session": "run the operations directly",
    "get_variable": "use `tf.Variable`, or `add_weight` inside a layer",
}


@rule(
    "KC609",
    "session-era-tensorflow",
    Severity.INFO,
    since="0.1",
    group="migration",
    mentions=(
        "ession",
        "ConfigProto",
        "GPUOptions",
        "placeholder",
        "default_graph",
        "variables_initializer",
        "get_variable",
    ),
)
def session_era_tensorflow(program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    if 1 in (usage.target, usage.written_for):
        return
    calls = {call.name_place or call.location: call for call in program.calls(*INSTEAD) if _is_of_tensorflow(call.name)}
    if not calls:
        return
    (place, first), *others = calls.items()
    name = first.name.rpartition(".")[2]
    yield Finding(
        message=f"`{first.name}` is TensorFlow 1: version 2 has it under `tf.compat.v1` at most, and Keras takes no notice of it",
        location=place,
        label="of TensorFlow 1",
        help=INSTEAD[name],
        related=tuple(Related(other, f"`{call.name}`") for other, call in others),
    )


def _is_of_tensorflow(name: str) -> bool:
    return name.startswith(("tensorflow.", "keras.backend."))
