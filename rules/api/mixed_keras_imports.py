"""One script takes its names from two packages of Keras.

## What it does

Finds imports and calls from more than one of `keras`, `tensorflow.keras` and `tf_keras` in one file, and models that are put
together from both.

## Why it matters

`tf_keras` (Keras 2) and `keras` (Keras 3) are different libraries: layers of one in a model of the other stop the script.
`keras` and `tensorflow.keras` are one package in some versions and two in others: stand-alone Keras up to 2.3 does not know
the layers of TensorFlow 2, and `TF_USE_LEGACY_KERAS` parts them again.

## Bad

```python
import tensorflow as tf
from keras.layers import Dense, Dropout

model = tf.keras.Sequential([tf.keras.Input((20,)), Dropout(0.2), Dense(1)])  # KC603
```

```python
import keras
import tf_keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), tf_keras.layers.Dense(1)])  # KC603
```

## Good

```python
import tensorflow as tf
from tensorflow.keras.layers import Dense, Dropout

model = tf.keras.Sequential([tf.keras.Input((20,)), Dropout(0.2), Dense(1)])
```

## Known limits

An import that is only tried, with another one to fall back on, is no mixture.

## References

- <https://keras.io/getting_started/#tensorflow--keras-2-backwards-compatibility>
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

HARMLESS = frozenset({"datasets", "utils", "preprocessing", "config", "version"})
"""Plain functions, whose results fit every Keras."""
FUNCTIONS = frozenset({"decode_predictions", "preprocess_input"})
"""Functions on arrays that stand among the networks."""
NAMES = {"keras": "`keras`", "tf.keras": "`tensorflow.keras`", "tf_keras": "`tf_keras`"}


@rule("KC603", "mixed-keras-imports", Severity.WARNING, since="0.1", group="migration")
def mixed_keras_imports(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    firsts: dict[str, ApiCall] = {}
    for call in usage.calls:
        parts = call.qualified.split(".")
        plain = parts[1] in HARMLESS if parts[1:2] else True
        if call.flavour and not plain and parts[-1] not in FUNCTIONS:
            firsts.setdefault(call.flavour, call)
    if len(firsts) < 2 or program.is_test:
        return
    mixture = _one_model(usage, program)
    if mixture is not None:
        yield _in_model(*mixture)
        return
    first, second, *_ = firsts.values()
    apart = "they are" if "tf_keras" in firsts else "beside TensorFlow before 2.16, Keras 3 makes them"
    yield Finding(
        message=f"`{second.name}` is taken from {NAMES[second.flavour]}, `{first.name}` from {NAMES[first.flavour]}: {apart} two libraries, and no layer or model of one fits the other",
        location=second.name_place,
        label=f"from {NAMES[second.flavour]}",
        help=f"take all names from {NAMES[first.flavour]}",
        related=(Related(first.name_place, f"from {NAMES[first.flavour]}"),),
    )


def _one_model(usage: KerasUsage, program: TrainingProgram) -> tuple[ApiCall, ApiCall] | None:
    """Two calls of one model that come from libraries that never fit together."""
    flavoured = {call.location: call for call in usage.calls if call.is_call and call.flavour}
    for graph in program.models.values():
        places = [graph.location, *(layer.location for layer in graph.every_layer())]
        calls = [flavoured[place] for place in places if place in flavoured]
        legacy = next((call for call in calls if call.flavour == "tf_keras"), None)
        today = next((call for call in calls if call.flavour != "tf_keras"), None)
        if legacy is not None and today is not None:
            return legacy, today
    return None


def _in_model(legacy: ApiCall, today: ApiCall) -> Finding:
    return Finding(
        message=f"`{legacy.name}` of {NAMES[legacy.flavour]} and `{today.name}` of {NAMES[today.flavour]} are parts of one model: Keras refuses it",
        location=legacy.name_place,
        label=f"from {NAMES[legacy.flavour]}",
        help="take all parts of a model from one package",
        severity=Severity.ERROR,
        related=(Related(today.name_place, f"from {NAMES[today.flavour]}"),),
    )
