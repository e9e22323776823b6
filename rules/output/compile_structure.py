"""Losses, weights or metrics are given to `compile` in a form that does not fit the outputs.

## What it does

Looks at `loss`, `loss_weights`, `metrics` and `weighted_metrics` of `compile`: a metric that stands outside of a list, `None`
among the metrics, keys of a dictionary that are the name of no output, outputs that a dictionary of losses leaves out, and for
several outputs one list of metrics that is meant for all of them.

## Why it matters

Keras 3 stops with a `ValueError`, for most of this only at the first batch of `fit`. Earlier releases of `tf.keras` took a
metric without a list, shared one list among all outputs, and passed an output over that had no loss.

## Bad

A metric without a list:

```python
import keras

model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics="accuracy")  # KC320
```

A key that is the name of no output:

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(16, activation="relu")(inputs)
model = Model(inputs, [Dense(1, name="age")(hidden), Dense(3, activation="softmax", name="kind")(hidden)])
model.compile("adam", {"age": "mse", "species": "categorical_crossentropy"})  # KC320
```

One list of metrics for two outputs:

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(16, activation="relu")(inputs)
model = Model(inputs, [Dense(3, activation="softmax")(hidden), Dense(4, activation="softmax")(hidden)])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])  # KC320
```

## Good

```python
from keras import Input, Model
from keras.layers import Dense

inputs = Input((8,))
hidden = Dense(16, activation="relu")(inputs)
model = Model(inputs, [Dense(1, name="age")(hidden), Dense(3, activation="softmax", name="kind")(hidden)])
model.compile(
    "adam",
    {"age": "mse", "kind": "categorical_crossentropy"},
    loss_weights={"age": 1.0, "kind": 0.5},
    metrics={"kind": ["accuracy"]},
)
```

## Known limits

What earlier releases took is an error where the script is known to aim at Keras 3, a warning where that is not known, and
passed over where it aims at an earlier one. The names of outputs are known for functional models only. How many losses and
weights a list holds is the matter of KC311.

## References

- <https://keras.io/api/models/model_training_apis/#compile-method>
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.graph import Compile, GraphKind, ModelGraph
from kerascheck.facts.outputs import fits_of
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.usage import KerasUsage
from kerascheck.facts.values import Symbol, Value
from kerascheck.findings import Edit, Finding, Fix, Location, Severity
from kerascheck.rule import rule

METRICS: Final = ("metrics", "weighted_metrics")


@rule("KC320", "compile-structure", Severity.ERROR, since="0.1", fixable=True)
def compile_structure(graph: ModelGraph, program: TrainingProgram, usage: KerasUsage) -> Iterator[Finding]:
    for compiled in graph.compiles:
        level = usage.refusal
        for argument in ("loss", "loss_weights", *METRICS):
            yield from _keys(compiled, argument, level)
        if level is None:
            continue
        for argument in METRICS:
            yield from _metrics(graph, compiled, argument, level)
        yield from _weights(compiled, level)
        if fits_of(program, graph, compiled):
            yield from _left_out(compiled, level)


def _keys(compiled: Compile, argument: str, level: Severity | None) -> Iterator[Finding]:
    """Keys that name no output, which every Keras refuses for several outputs, and for losses also for one.

    Where the outputs are a dictionary themselves, Keras 3 alone does so, and takes weights under any names.
    """
    given = compiled.arguments.get(argument)
    if compiled.by_key and (level is None or argument == "loss_weights"):
        return
    if not isinstance(given, Mapping) or len(compiled.outputs) < (2 if argument in METRICS else 1):
        return
    wrong = [key for key in given if not any(_is_name(key, name) for name in compiled.outputs)]
    if wrong:
        keys = " and ".join(f"`{key}`" for key in wrong)
        yield Finding(
            message=f"{keys} of `{argument}` {'is' if len(wrong) == 1 else 'are'} the name of no output: training stops at its first batch",
            location=compiled.place(argument),
            label=f"the outputs are {_outputs(compiled)}",
            help=_naming(compiled),
            severity=level if compiled.by_key else None,
        )


def _is_name(key: str, name: str) -> bool:
    """Whether a key may be the name of an output."""
    stem = name.removesuffix("*")
    if stem == name or not stem:
        return name in (key, "*")
    return re.fullmatch(rf"{re.escape(stem)}(_\d+)?", key) is not None


def _outputs(compiled: Compile) -> str:
    return " and ".join(f"`{name}`" if not name.endswith("*") else "one without a name" for name in compiled.outputs)


def _naming(compiled: Compile) -> str:
    if any(name.endswith("*") for name in compiled.outputs):
        return "give the layer of each output its `name=`, and use these names as keys"
    return f"write {_outputs(compiled)}"


def _metrics(graph: ModelGraph, compiled: Compile, argument: str, level: Severity) -> Iterator[Finding]:
    given = compiled.arguments.get(argument)
    if isinstance(given, (str, Symbol)) and given:
        yield _bare(compiled, argument, given, level)
    elif isinstance(given, tuple) and given:
        count = _count(graph, compiled, given)
        if None in given and count < 2:
            message = f"there is `None` among the `{argument}`, where Keras 3 expects a metric: training stops at its first batch"
            yield _refused(compiled, argument, message, "leave it out", level)
        elif count > 1 and len(given) != count:
            yield _refused(
                compiled,
                argument,
                f"the model has {count} outputs and `{argument}` is one list of {len(given)}: Keras 3 wants a list for each and stops at the first batch",
                f"pass a list of {count} lists, one an output, or a dictionary with the names of the outputs",
                level,
            )


def _count(graph: ModelGraph, compiled: Compile, given: tuple[Value, ...]) -> int:
    """How many outputs there are, 0 where that is not known; those of a class may be nested as the metrics are."""
    if compiled.outputs or graph.kind is not GraphKind.SUBCLASSED or not graph.whole:
        return len(compiled.outputs)
    return len(graph.outputs) if all(isinstance(item, (str, Symbol)) for item in given) else 0


def _bare(compiled: Compile, argument: str, given: str | Symbol, level: Severity) -> Finding:
    place = compiled.place(argument)
    name = f'"{given}"' if isinstance(given, str) else f"{given.written}(…)"
    opening = replace(place, end_line=place.line, end_column=place.column)
    closing = replace(place, line=place.end_line, column=place.end_column)
    found = _refused(
        compiled,
        argument,
        f"`{argument}={name}` is no list: `compile` of Keras 3 raises a ValueError",
        f"write `{argument}=[{name}]`",
        level,
    )
    return replace(found, label="not in a list", fix=Fix((Edit(opening, "["), Edit(closing, "]"))))


def _left_out(compiled: Compile, level: Severity) -> Iterator[Finding]:
    """Outputs without a loss; the guides of Keras show such a `compile`, and no training with it."""
    loss = compiled.arguments.get("loss")
    if not isinstance(loss, Mapping) or compiled.by_key or len(loss) >= len(compiled.outputs):
        return
    left = [name for name in compiled.outputs if not any(_is_name(key, name) for key in loss)]
    if left:
        yield _refused(
            compiled,
            "loss",
            f"`loss` has no key for the output {_named(left)}: Keras 3 stops at the first batch",
            "add the key with `None` for an output that is not trained",
            level,
        )


def _weights(compiled: Compile, level: Severity) -> Iterator[Finding]:
    loss, weights = compiled.arguments.get("loss"), compiled.arguments.get("loss_weights")
    if isinstance(weights, (str, int)):
        yield _refused(
            compiled,
            "loss_weights",
            f"`loss_weights={weights!r}` is neither a float nor a list or dictionary: `compile` of Keras 3 raises a ValueError",
            "pass one float an output, in a list",
            level,
        )
    elif isinstance(weights, (tuple, Mapping)) and len(weights) > 1 and isinstance(loss, (str, Symbol)):
        yield _refused(
            compiled,
            "loss_weights",
            f"{len(weights)} loss weights are given for one loss: Keras 3 stops at the first batch",
            "write the loss once for each output, in the same form as the weights",
            level,
        )


def _named(names: list[str]) -> str:
    return " and ".join("without a name" if name.endswith("*") else f"`{name}`" for name in names)


def _refused(compiled: Compile, argument: str, message: str, help_: str, level: Severity) -> Finding:
    place: Location = compiled.place(argument)
    return Finding(message, place, help=help_, label="not what Keras 3 takes", severity=level)
