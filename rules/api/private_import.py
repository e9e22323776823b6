"""An import reaches into the insides of Keras.

## What it does

Finds imports from `tensorflow.python.keras`, `tensorflow.contrib.keras`, `keras.src`, `keras.engine` and the like.

## Why it matters

These modules are not public: they move and vanish without notice. `tensorflow.python.keras` is a copy of Keras that nobody
maintains, whose layers do not fit into models of `tensorflow.keras`; `tensorflow.contrib` is gone since TensorFlow 2.0.

## Bad

```python
from tensorflow.python.keras.layers import Dense, Dropout  # KC604
from tensorflow.python.keras.models import Sequential  # KC604

model = Sequential([Dropout(0.2), Dense(1)])
```

```python
from keras.engine.topology import Layer  # KC604
from keras.src.optimizers import Adam  # KC604

optimizer = Adam(1e-3)
```

## Good

```python
from tensorflow.keras.layers import Dense, Dropout
from tensorflow.keras.models import Sequential

model = Sequential([Dropout(0.2), Dense(1)])
```

## Known limits

A fix is offered where every name of the import is public under one module. In a file of tests it is a hint, and tests of
Keras itself, known by its own `keras.src.testing`, are left alone.

## References

- <https://keras.io/api/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.keras_api import history
from kerascheck.rule import rule

PRIVATE: Final = {
    "tensorflow.python.keras": "tensorflow.keras",
    "tensorflow.contrib.keras": "tensorflow.keras",
    "keras.src": "keras",
    "keras.engine": "keras",
    "keras.api": "keras",
    "keras._tf_keras": "keras",
    "keras.legacy": "keras",
    "keras.backend.tensorflow_backend": "keras",
    "tf_keras.src": "tf_keras",
}
OWN_TESTS: Final = ("keras.src.testing", "tf_keras.src.testing_infra")
"""What the tests of Keras itself are made with."""
HOMES: Final = (
    "layers",
    "models",
    "",
    "utils",
    "backend",
    "optimizers",
    "callbacks",
    "losses",
    "metrics",
    "regularizers",
)


@rule("KC604", "private-import", Severity.WARNING, since="0.1", group="migration", fixable=True)
def private_import(usage: KerasUsage) -> Iterator[Finding]:
    told: set[Location] = set()
    if any(call.origin.startswith(OWN_TESTS) for call in usage.calls):
        return
    for call in usage.calls:
        if call.is_call or call.module_place is None or call.module_place in told:
            continue
        prefix = next((prefix for prefix in PRIVATE if f"{call.origin}.".startswith(f"{prefix}.")), None)
        if prefix is None:
            continue
        told.add(call.module_place)
        public = _public(call, prefix)
        gone = ", and TensorFlow 2 has no `contrib`" if "contrib" in prefix else ""
        yield Finding(
            message=f"`{prefix}` is not public: it changes or vanishes without notice{gone}",
            location=call.module_place,
            label="an inside of Keras",
            help=f"import from `{public}`" if public else f"look for a public name below `{PRIVATE[prefix]}`",
            severity=Severity.INFO if _is_test(call.location.path) else Severity.WARNING,
            fix=Fix((Edit(call.module_place, public),)) if public and call.statement != call.location else None,
        )


def _is_test(path: str) -> bool:
    stem = path.rpartition("/")[2].removesuffix(".py")
    return stem.startswith("test_") or stem.endswith("_test")


def _public(call: ApiCall, prefix: str) -> str | None:
    """The public module that has all the names of the import."""
    root = PRIVATE[prefix]
    inner = call.origin.removeprefix(prefix).strip(".").split(".")[:-1]
    if inner[:2] == ["api", "keras"] or inner[:2] == ["python", "keras"]:
        inner = inner[2:]
    candidates = [".".join(inner), inner[0] if inner else "", *HOMES]
    for module in candidates:
        known = history.names("3.tf" if root == "tensorflow.keras" else "3", module)
        if all(name in known for name in call.imported):
            return f"{root}.{module}".rstrip(".")
    return None
