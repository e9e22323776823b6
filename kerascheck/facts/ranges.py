"""The values that the operations of a traced function can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from kerascheck.facts.graph import ModelGraph, Node, Tensor
from kerascheck.facts.values import Value

INFINITE: Final = float("inf")


class Range(Struct, frozen=True):
    """From `low` to `high`; `zero` when exactly 0 is to be expected, `saturates` when 0 is only met by rounding."""

    low: float = -INFINITE
    high: float = INFINITE
    zero: bool = False
    saturates: bool = False


PROBABILITY: Final = Range(0.0, 1.0, saturates=True)
ANY: Final = Range(zero=True)
_COUNTS: Final = Range(0.0, 1.0, zero=True)
_KEEPING: Final = frozenset(
    {"mean", "max", "min", "reshape", "expand_dims", "squeeze", "flatten", "identity", "stop_gradient"}
)
_SYNONYMS: Final = {
    "clip_by_value": "clip",
    "neg": "negative",
    "pow": "power",
    "truediv": "divide",
    "true_divide": "divide",
    "div_no_nan": "divide_no_nan",
    "arg_max": "argmax",
}
_COMPARISONS: Final = frozenset({"equal", "not_equal", "greater", "greater_equal", "less", "less_equal"})


def operation(node: Node) -> str:
    """The name of a function under the name that `keras.ops` has for it (`tf.reduce_sum` is `sum`)."""
    name = node.layer.class_name.removeprefix("reduce_")
    return _SYNONYMS.get(name, name)


def ranges(body: ModelGraph, known: Mapping[int, Range]) -> dict[int, Range]:
    """The range of each tensor of which one is proven, by key; `known` are those of the function's arguments."""
    found = dict(known)
    for node in body.nodes:
        result = _applied(node, [found.get(tensor.key) for tensor in node.inputs])
        if result is not None:
            found.update((tensor.key, result) for tensor in node.outputs)
    return found


def operand(node: Node, found: Mapping[int, Range], position: int) -> Range | None:
    """The range of the operand at a position, a tensor or a number."""
    constant = node.arguments.get(f"x{position + 1}")
    if isinstance(constant, (int, float)) and not isinstance(constant, bool):
        return Range(constant, constant, zero=constant == 0)
    tensors: list[Tensor] = list(node.inputs)
    if len(tensors) == 1:
        return found.get(tensors[0].key) if f"x{position + 1}" not in node.arguments else None
    return found.get(tensors[position].key) if position < len(tensors) else None


def _applied(node: Node, inputs: list[Range | None]) -> Range | None:
    name = operation(node)
    if name in _COMPARISONS:
        return _COUNTS
    if len(inputs) == 1 and inputs[0] is not None:
        return _of_one(name, inputs[0], node.arguments)
    if len(inputs) == 2 and inputs[0] is not None and inputs[1] is not None:
        return _of_two(name, inputs[0], inputs[1])
    return None


def _of_one(name: str, value: Range, arguments: Mapping[str, Value]) -> Range | None:
    first, second = _number(arguments, "x1"), _number(arguments, "x2")
    constant = second if second is not None else first
    if constant is not None and name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power"):
        return _with_constant(name, value, constant, swapped=second is None)
    match name:
        case "clip":
            low, high = _number(arguments, "x_min", "x2", "min_value"), _number(arguments, "x_max", "x3", "max_value")
            if low is None or high is None:
                return None
            return Range(low, high, zero=low <= 0 <= high and (value.zero or low == 0 or high == 0))
        case "abs" | "square":
            return Range(0.0, INFINITE, zero=True)
        case "relu":
            return Range(0.0, max(value.high, 0.0), zero=True)
        case "exp" | "softplus":
            return Range(0.0, INFINITE)
        case "sigmoid" | "softmax":
            return Range(0.0, 1.0)
        case "round" | "cast":
            return Range(value.low, value.high, zero=value.low <= 0 <= value.high)
        case "sqrt":
            return Range(0.0, INFINITE, zero=value.zero, saturates=value.saturates)
        case "negative":
            return Range(-value.high, -value.low, value.zero, value.saturates)
        case "sum":
            low = 0.0 if value.low >= 0 else -INFINITE
            return Range(low, INFINITE if value.high > 0 else 0.0, zero=value.zero)
        case _ if name in _KEEPING:
            return Range(value.low, value.high, value.zero, value.saturates and name in ("max", "min", "reshape"))
        case _:
            return None


def _with_constant(name: str, value: Range, constant: float, *, swapped: bool) -> Range | None:
    match name:
        case "add":
            return _shifted(value, constant)
        case "subtract" if not swapped:
            return _shifted(value, -constant)
        case "subtract":
            low, high = constant - value.high, constant - value.low
            touches = value.saturates or (low <= 0 <= high and value.zero and constant == 0)
            return Range(low, high, zero=low < 0 < high, saturates=touches and low == 0)
        case "multiply" | "divide" if constant > 0 and not (swapped and name == "divide"):
            factor = constant if name == "multiply" else 1 / constant
            return Range(value.low * factor, value.high * factor, value.zero, value.saturates)
        case "maximum":
            low = max(value.low, constant)
            return Range(low, max(value.high, constant), zero=low <= 0 and (value.zero or constant == 0))
        case "power" if not swapped and value.low >= 0 and constant > 0:
            return Range(0.0, INFINITE if value.high > 1 else 1.0, value.zero, value.saturates)
        case "power" if not swapped and constant == 2:
            return Range(0.0, INFINITE, zero=True)
        case _:
            return None


def _shifted(value: Range, constant: float) -> Range:
    low, high = value.low + constant, value.high + constant
    return Range(
        low, high, zero=low < 0 < high or (constant == 0 and value.zero), saturates=constant == 0 and value.saturates
    )


def _of_two(name: str, first: Range, second: Range) -> Range | None:
    match name:
        case "add":
            zero = first.low + second.low < 0 or (first.zero and second.zero)
            return Range(first.low + second.low, first.high + second.high, zero=zero)
        case "subtract":
            return Range(first.low - second.high, first.high - second.low, zero=True)
        case "multiply" if first.low >= 0 and second.low >= 0:
            return Range(0.0, INFINITE, first.zero or second.zero, first.saturates or second.saturates)
        case "maximum":
            return Range(max(first.low, second.low), max(first.high, second.high), first.zero and second.zero)
        case _:
            return None


def _number(arguments: Mapping[str, Value], *names: str) -> float | None:
    for name in names:
        value = arguments.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None
