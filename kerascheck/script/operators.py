"""Operators, comparisons and truth."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from kerascheck.facts.values import UNKNOWN
from kerascheck.keras_api.layers import class_of
from kerascheck.script.containers import Containers
from kerascheck.script.values import (
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    Opaque,
    Path,
    TensorValue,
    TransformerValue,
)

SIZE_LIMIT = 100_000
BIT_LIMIT = 4096
_NUMBER = (bool, int, float)
_NUMBERS = frozenset(_NUMBER)
_PLAIN = (bool, int, float, str, bytes, type(None))
_COMPUTED = (bool, int, float, complex, str, bytes, tuple)
_CLASSES = (Path, ClassValue)
_TRUE = (LayerValue, ModelValue, TensorValue, FunctionValue, ClassValue, InstanceValue, TransformerValue)

_Function: TypeAlias = Callable[..., object]

OPERATORS: Final[Mapping[type[ast.operator], tuple[str, _Function]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("mod", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("bitwise_and", operator.and_),
    ast.BitOr: ("bitwise_or", operator.or_),
    ast.BitXor: ("bitwise_xor", operator.xor),
    ast.LShift: ("left_shift", operator.lshift),
    ast.RShift: ("right_shift", operator.rshift),
}
COMPARISONS: Final[Mapping[type[ast.cmpop], tuple[str, _Function]]] = {
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
}


class Operators(Containers):
    """What operators give."""

    def binary(self, node: ast.BinOp) -> object:
        return self.operate(node, node.op, self.evaluate(node.left), self.evaluate(node.right))

    def operate(self, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
        """`left op right`."""
        name, function = OPERATORS[type(op)]
        if type(left) in _NUMBERS and type(right) in _NUMBERS:
            return self._computed(function, op, left, right)
        if isinstance(left, ListValue) != isinstance(right, ListValue) and self.tensors_in([left, right]):
            # What an unknown call gave is taken for a tensor, and added to a list it was one.
            return self.unknown("a list of tensors")
        if isinstance(left, TensorValue) or isinstance(right, TensorValue):
            return self.operation(node, name, [left, right])
        if isinstance(left, ArrayValue) or isinstance(right, ArrayValue):
            return self.arithmetic(node, name, left, right)
        if isinstance(left, ListValue) and isinstance(right, ListValue) and isinstance(op, ast.Add):
            if len(left.items) + len(right.items) > SIZE_LIMIT:
                return ListValue([], whole=False)
            whole = left.whole and right.whole
            return ListValue([*left.items, *right.items], whole, [*left.growth, *right.growth])
        if isinstance(op, ast.Mult):
            for many, times in ((left, right), (right, left)):
                if isinstance(many, (ListValue, tuple)) and isinstance(times, int):
                    return self._repeated(many, times)
                if isinstance(many, ListValue) and isinstance(times, Opaque) and len(many.items) == 1:
                    return self.constant_rows(many.items[0], times, node)
        if isinstance(op, ast.BitOr) and isinstance(left, DictValue) and isinstance(right, DictValue):
            return DictValue({**left.items, **right.items}, left.whole and right.whole)
        if isinstance(left, str) and isinstance(op, ast.Mod):
            return self._formatted(left, right)
        return self._computed(function, op, left, right)

    def _repeated(self, many: ListValue | tuple[object, ...], times: int) -> object:
        items = many.items if isinstance(many, ListValue) else list(many)
        if len(items) * max(times, 0) > SIZE_LIMIT:
            return self.unknown("long list")
        repeated = items * times
        return ListValue(repeated, many.whole) if isinstance(many, ListValue) else tuple(repeated)

    def _formatted(self, text: str, values: object) -> object:
        parts = values if isinstance(values, tuple) else (values,)
        # A width in the format could ask for gigabytes.
        if len(text) > SIZE_LIMIT or "*" in text or any(digits in text for digits in ("0000", "9999")):
            return self.unknown("format")
        if not all(isinstance(part, (str, int, float)) for part in parts):
            return self.unknown("format")
        try:
            return text % parts
        except (TypeError, ValueError, OverflowError):
            return self.unknown("format")

    def _computed(self, function: _Function, op: ast.operator, left: object, right: object) -> object:
        if not isinstance(left, _COMPUTED) or not isinstance(right, _COMPUTED):
            return self._text_with(op, left, right)
        if not _is_small(op, left, right):
            return self.unknown("large number")
        try:
            return function(left, right)
        except (TypeError, ValueError, ArithmeticError, MemoryError):
            return self.unknown("arithmetic")

    def _text_with(self, op: ast.operator, left: object, right: object) -> Opaque:
        """A text, or a path, with a part that is not known: the same each time."""
        parts = [part.key if isinstance(part, Opaque) and part.key else part for part in (left, right)]
        joined = isinstance(op, (ast.Add, ast.Div)) and any(isinstance(part, str) for part in parts)
        if joined and all(isinstance(part, (str, int)) for part in parts):
            return Opaque("arithmetic", self.cut("text", type(op), *parts))
        return self.unknown("arithmetic")

    def unary(self, node: ast.UnaryOp) -> object:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            decided = self.truth(value)
            return self.unknown("not") if decided is None else not decided
        if isinstance(value, TensorValue):
            return self.operation(node, "negative", [value])
        if isinstance(value, ArrayValue):
            inverted = isinstance(node.op, ast.Invert) or (isinstance(node.op, ast.USub) and value.positions)
            return self.inverted(value, node) if inverted else self.derive(value, minimum=UNKNOWN, maximum=UNKNOWN)
        if isinstance(value, _NUMBER):
            if isinstance(node.op, ast.USub):
                return -value
            if isinstance(node.op, ast.UAdd):
                return +value
            if isinstance(value, int):
                return ~int(value)
        return self.unknown("unary")

    def boolean(self, node: ast.BoolOp) -> object:
        stop = isinstance(node.op, ast.Or)
        value: object = None
        for position, part in enumerate(node.values):
            value = self.evaluate(part)
            decided = self.truth(value)
            if decided is None:
                rest = [self.evaluate(part) for part in node.values[position + 1 :]]
                # `unknown and False` is false whatever the unknown is.
                return stop if any(later is stop for later in rest) else self.unknown("condition")
            if decided is stop:
                return value
        return value

    def comparison(self, node: ast.Compare) -> object:
        left = self.evaluate(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node)
            if type(op) in COMPARISONS and (isinstance(left, TensorValue) or isinstance(right, TensorValue)):
                return self.operation(node, COMPARISONS[type(op)][0], [left, right])
            if type(op) in COMPARISONS and (isinstance(left, ArrayValue) or isinstance(right, ArrayValue)):
                return self.mask(node, COMPARISONS[type(op)][0], left, right)
            decided = self._compared(op, left, right)
            if decided is None:
                self.note_choice((left, right), node)
                return self.unknown("comparison")
            if not decided:
                return False
            left = right
        return True

    def _compared(self, op: ast.cmpop, left: object, right: object) -> bool | None:
        if isinstance(op, (ast.Is, ast.IsNot)):
            same = _is_same(left, right)
            return None if same is None else same == isinstance(op, ast.Is)
        if isinstance(op, (ast.In, ast.NotIn)):
            found = _is_in(left, right)
            return None if found is None else found == isinstance(op, ast.In)
        if isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(left, _CLASSES) and isinstance(right, _CLASSES):
            same = _is_same(left, right)
            return None if same is None else same == isinstance(op, ast.Eq)
        if not (_is_plain(left) and _is_plain(right)):
            return None
        try:
            return bool(COMPARISONS[type(op)][1](left, right))
        except TypeError:
            return None

    def truth(self, value: object) -> bool | None:
        """Whether a value is true; None where that is not proven."""
        if value is None or isinstance(value, (bool, int, float, str, bytes, tuple, range)):
            return bool(value)
        if isinstance(value, (ListValue, DictValue)):
            return bool(value.items) if value.whole or value.items else None
        return True if isinstance(value, _TRUE) else None

    def conditional(self, node: ast.IfExp) -> object:
        decided = self.truth(self.evaluate(node.test))
        if decided is not None:
            return self.evaluate(node.body if decided else node.orelse)
        return self.each([node.body, node.orelse], lambda part: self.evaluate(part))


def _is_small(op: ast.operator, left: object, right: object) -> bool:
    """Whether a result fits a few hundred digits or characters."""
    match op:
        case ast.Pow() | ast.LShift():
            small = not isinstance(right, int) or abs(right) <= 512
            return small and not (isinstance(left, int) and left.bit_length() > BIT_LIMIT // 8)
        case ast.Mult():
            if not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
                return False
            return not any(isinstance(side, int) and side.bit_length() > BIT_LIMIT for side in (left, right))
        case ast.Add():
            return not (isinstance(left, (str, bytes, tuple)) and len(left) > SIZE_LIMIT)
        case _:
            return True


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(_is_plain(item) for item in value))


def _is_same(left: object, right: object) -> bool | None:
    if right is None:
        return None if isinstance(left, Opaque) else left is None
    if isinstance(right, bool) and isinstance(left, bool):
        return left is right
    if isinstance(left, Path) and isinstance(right, Path):
        return same_class(left, right)
    if isinstance(left, _CLASSES) and isinstance(right, _CLASSES):
        return left is right
    return None


def same_class(left: Path, right: Path) -> bool | None:
    """Whether two names of libraries stand for one class; None where one may be another name of the other."""
    if left == right:
        return True
    if left.parts[0] == right.parts[0] == "builtins":
        return False
    mine, theirs = (class_of(path.parts[-1]) if path.parts[0] == "keras" else None for path in (left, right))
    return None if mine is None or theirs is None else mine == theirs


def _is_in(left: object, right: object) -> bool | None:
    items = right.items if isinstance(right, (ListValue, DictValue)) and right.whole else right
    if isinstance(items, str) and isinstance(left, str):
        return left in items
    if isinstance(items, (list, tuple, dict)) and _is_plain(left):
        values = list(items)
        if all(_is_plain(value) for value in values):
            return left in values
    return None
