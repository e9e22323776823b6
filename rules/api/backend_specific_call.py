"""A call that only one backend, or only an earlier Keras, understands.

## What it does

Finds functions of `keras.backend` that Keras 3 has lost, with the one in `keras.ops` that does their work, and, where the
script is known to aim at Keras 3, TensorFlow operations on the symbolic tensors of a functional model.

## Why it matters

`keras.backend` of Keras 3 keeps a dozen settings and no operations: the call is an `AttributeError`. A TensorFlow function on
a symbolic tensor of Keras 3 stops with a `ValueError`.

## Bad

```python
from keras import backend as K


def dice(y_true, y_pred):
    overlap = K.sum(y_true * y_pred)  # KC607
    return 2 * overlap / (K.sum(y_true) + K.sum(y_pred) + K.epsilon())


print(dice([1.0], [1.0]))
```

## Good

```python
from keras import backend, ops


def dice(y_true, y_pred):
    overlap = ops.sum(y_true * y_pred)
    return 2 * overlap / (ops.sum(y_true) + ops.sum(y_pred) + backend.epsilon())


print(dice([1.0], [1.0]))
```

## Known limits

One finding speaks for the whole file. `tensorflow.keras.backend` still has most functions, and is left alone for these.

## References

- <https://keras.io/guides/migrating_to_keras_3/>
- <https://keras.io/api/ops/>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.graph import LayerKind
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.keras_api import history, tables
from kerascheck.rule import rule

RENAMED: Final = {
    "l2_normalize": "normalize",
    "pow": "power",
    "gather": "take",
    "cast": "cast",
    "permute_dimensions": "transpose",
    "concatenate": "concatenate",
    "batch_dot": "matmul",
    "batch_flatten": "reshape",
    "sqrt": "sqrt",
    "tile": "tile",
    "repeat_elements": "repeat",
    "random_normal": "",
    "random_uniform": "",
    "int_shape": "shape",
    "ndim": "ndim",
    "eval": "convert_to_numpy",
    "get_value": "convert_to_numpy",
}
RANDOM: Final = {
    "random_normal": "normal",
    "random_uniform": "uniform",
    "truncated_normal": "truncated_normal",
    "dropout": "dropout",
}


@rule("KC607", "backend-specific-call", Severity.WARNING, since="0.1", group="migration")
def backend_specific_call(usage: KerasUsage, program: TrainingProgram) -> Iterator[Finding]:
    if usage.target == 1:
        return
    lost = [call for call in usage.calls if call.is_call and _is_lost(call, usage)]
    if lost and usage.target != 2:
        yield _of_backend(lost, usage)
    if usage.target == 3:
        yield from _on_symbolic(program)


def _is_lost(call: ApiCall, usage: KerasUsage) -> bool:
    parts = tuple(call.qualified.split(".")[1:])
    if len(parts) != 2 or parts[0] != "backend" or parts[1] in tables.names("backend"):
        return False
    return not history.has(usage.newest(call), parts) and any(
        history.has(generation, parts) for generation in ("2", "2.last")
    )


def _of_backend(lost: list[ApiCall], usage: KerasUsage) -> Finding:
    first, *others = {call.name_place: call for call in lost}.values()
    proven = usage.target == 3
    return Finding(
        message=f"`keras.backend` has no `{first.name}`"
        + (" in Keras 3: the call fails" if proven else " since Keras 3.0"),
        location=first.name_place,
        label="gone since 3.0",
        help=_instead(first.name),
        severity=Severity.ERROR if proven else Severity.WARNING,
        related=tuple(Related(call.name_place, f"nor `{call.name}`") for call in others),
    )


def _instead(name: str) -> str:
    if name in RANDOM:
        return f"use `keras.random.{RANDOM[name]}`"
    today = RENAMED.get(name, name)
    if today in tables.names("operations"):
        return f"use `keras.ops.{today}`"
    return "look for the operation in `keras.ops`, or call the backend itself"


def _on_symbolic(program: TrainingProgram) -> Iterator[Finding]:
    """TensorFlow operations as nodes of a functional graph."""
    for graph in program.models.values():
        for node in graph.nodes:
            if node.layer.kind is LayerKind.OPERATION and node.layer.written.startswith("tensorflow."):
                yield Finding(
                    message=f"`{node.layer.written}` is called on a symbolic tensor of Keras 3, which raises a `ValueError`",
                    location=node.location,
                    label="a TensorFlow operation",
                    help="use the function of `keras.ops`, or wrap the call in a layer",
                    severity=Severity.ERROR,
                )
