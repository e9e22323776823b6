"""What a function of the program does that Keras is to call: a loss traced to a graph, a schedule sampled by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kerascheck.facts.graph import GraphKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Value
from kerascheck.findings import Location
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, FunctionValue, InstanceValue, TensorValue

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

EPOCHS: Final = (*range(32), *range(32, 128, 8), 150, 200, 250, 300, 400, 500, 750, 1000)
"""The epochs at which a schedule is sampled."""

START: Final = 1e-3
"""The rate that a schedule of two arguments is first given: the default of most optimizers."""


def parameters_of(function: FunctionValue) -> tuple[str, ...]:
    """The names of the arguments that Keras passes by position, and must pass."""
    spec = function.node.args
    names = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)][len(function.first) :]
    return tuple(name for name in names if name not in function.defaults)


def body_of(evaluator: Evaluator, value: FunctionValue | InstanceValue) -> ModelGraph | None:
    """A loss or metric as the graph from `y_true` and `y_pred` to its value; None where it cannot be called so.

    The graph has no output where the result is no tensor that is known.
    """
    function = _callable(evaluator, value)
    if function is None or len(parameters_of(function)) > 2:
        return None
    inputs = (evaluator.assembly.tensor(), evaluator.assembly.tensor())
    result = _called(evaluator, function, [TensorValue(tensor) for tensor in inputs])
    return evaluator.assembly.model(
        key=next(evaluator.keys),
        name=function.name,
        kind=GraphKind.FUNCTIONAL,
        inputs=inputs,
        outputs=(result.tensor,) if isinstance(result, TensorValue) else (),
        location=_place(function),
    )


def _callable(evaluator: Evaluator, value: FunctionValue | InstanceValue) -> FunctionValue | None:
    if isinstance(value, FunctionValue):
        return value
    for name in ("call", "__call__"):
        method = evaluator.class_attribute(value.cls, name)
        if isinstance(method, FunctionValue):
            return evaluator.bound(method, value)
    return None


def _place(function: FunctionValue) -> Location:
    node, page = function.node, function.page
    return Location(page.path, node.lineno, node.col_offset + 1, node.lineno, node.col_offset + 4, page.cell)


def samples_of(evaluator: Evaluator, function: FunctionValue) -> tuple[tuple[int, Value], ...]:
    """The rates that a schedule gives, each with its epoch; nothing where Keras cannot call it."""
    spec = function.node.args
    room = len((*spec.posonlyargs, *spec.args)) - len(function.first) if spec.vararg is None else 2
    wanted = min(room, 2)
    if wanted < 1 or len(parameters_of(function)) > wanted:
        return ()
    samples: list[tuple[int, Value]] = []
    rate: object = START
    for epoch in EPOCHS if wanted == 1 else range(64):
        rate = _called(evaluator, function, [epoch, rate][:wanted])
        samples.append((epoch, to_value(rate)))
        if samples[-1][1] is UNKNOWN or (wanted == 2 and not isinstance(rate, float)):
            break
    return tuple(samples)


def _called(evaluator: Evaluator, function: FunctionValue, positional: Sequence[object]) -> object:
    evaluator.undecided += 1
    try:
        return evaluator.call_function(function, Arguments(list(positional), {}, None))
    finally:
        evaluator.undecided -= 1
