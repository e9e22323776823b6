"""Expressions: constants, containers, operators, attributes, subscripts and comprehensions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence

from kerascheck.script.arrays import Arrays
from kerascheck.script.machine import LOOP_BOUND
from kerascheck.script.values import (
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    HistoryValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    Opaque,
    Path,
    Scope,
    SplitterValue,
    SuperValue,
    TensorValue,
    TransformerValue,
)

SIZE_LIMIT = 100_000
NUMBER = (bool, int, float)
KNOWN_TRUE = (LayerValue, ModelValue, TensorValue, FunctionValue, ClassValue, InstanceValue, TransformerValue)
OPERATORS: dict[type[ast.operator], tuple[str, Callable[[object, object], object]]] = {
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
COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Expressions(Arrays):
    """What an expression evaluates to."""

    def evaluate(self, node: ast.expr | None) -> object:
        """The abstract value of an expression."""
        if node is None:
            return None
        kind = type(node)
        if kind is ast.Constant:
            return node.value  # pyright: ignore[reportAttributeAccessIssue]
        if kind is ast.Name:
            return self.look_up(node.id)  # pyright: ignore[reportAttributeAccessIssue]
        self.step()
        handler = self._EXPRESSIONS.get(kind)
        return handler(self, node) if handler is not None else self.unknown(kind.__name__)

    def _tuple(self, node: ast.Tuple) -> object:
        items = self.elements(node.elts)
        return tuple(items) if items is not None else self.unknown("starred")

    def _list(self, node: ast.List | ast.Set) -> object:
        items = self.elements(node.elts)
        return ListValue(items) if items is not None else ListValue([], whole=False)

    def elements(self, nodes: Sequence[ast.expr]) -> list[object] | None:
        """The values of a display; None where a starred part is not known."""
        items: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                inner = self.iterate(self.evaluate(node.value))
                if inner is None:
                    return None
                items.extend(inner)
            else:
                items.append(self.evaluate(node))
        return items

    def _dict(self, node: ast.Dict) -> object:
        result = DictValue({})
        for key, value in zip(node.keys, node.values, strict=True):
            item = self.evaluate(value)
            if key is None:
                if isinstance(item, DictValue):
                    result.items.update(item.items)
                    result.whole = result.whole and item.whole
                else:
                    result.whole = False
                continue
            name = self.evaluate(key)
            if isinstance(name, (str, bool, int, float, bytes)) or name is None:
                result.items[name] = item
            else:
                result.whole = False
        return result

    def _binary(self, node: ast.BinOp) -> object:
        return self.operate(node, node.op, self.evaluate(node.left), self.evaluate(node.right))

    def operate(self, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
        """`left op right`."""
        name, function = OPERATORS[type(op)]
        if isinstance(left, TensorValue) or isinstance(right, TensorValue):
            return self.operation(node, name, [left, right])
        if isinstance(left, ArrayValue) or isinstance(right, ArrayValue):
            return self.arithmetic(node, name, left, right)
        if isinstance(left, ListValue) and isinstance(right, ListValue) and isinstance(op, ast.Add):
            return ListValue([*left.items, *right.items], left.whole and right.whole)
        if isinstance(op, ast.Mult):
            for many, times in ((left, right), (right, left)):
                if isinstance(many, (ListValue, tuple)) and isinstance(times, int):
                    return self._repeated(many, times)
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
        if not all(isinstance(part, (str, int, float)) for part in parts) or len(text) > SIZE_LIMIT:
            return self.unknown("format")
        try:
            return text % parts if "*" not in text else self.unknown("format")
        except (TypeError, ValueError, OverflowError):
            return self.unknown("format")

    def _computed(
        self, function: Callable[[object, object], object], op: ast.operator, left: object, right: object
    ) -> object:
        plain = (bool, int, float, complex, str, bytes, tuple)
        if not isinstance(left, plain) or not isinstance(right, plain):
            return self.unknown("arithmetic")
        if isinstance(op, (ast.Pow, ast.LShift)) and isinstance(right, int) and abs(right) > 512:
            return self.unknown("power")
        if isinstance(left, int) and isinstance(op, (ast.Pow, ast.Mult)) and left.bit_length() > 4096:
            return self.unknown("power")
        if isinstance(op, ast.Mult) and not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            return self.unknown("long text")
        try:
            return function(left, right)
        except (TypeError, ValueError, ArithmeticError, MemoryError):
            return self.unknown("arithmetic")

    def _unary(self, node: ast.UnaryOp) -> object:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            decided = self.truth(value)
            return self.unknown("not") if decided is None else not decided
        if isinstance(value, TensorValue):
            return self.operation(node, "negative", [value])
        if isinstance(value, ArrayValue):
            return self.derive(value)
        if isinstance(value, NUMBER):
            if isinstance(node.op, ast.USub):
                return -value
            if isinstance(node.op, ast.UAdd):
                return +value
            if isinstance(value, int):
                return ~int(value)
        return self.unknown("unary")

    def _boolean(self, node: ast.BoolOp) -> object:
        stop = isinstance(node.op, ast.Or)
        value: object = None
        for part in node.values:
            value = self.evaluate(part)
            decided = self.truth(value)
            if decided is None:
                for rest in node.values[node.values.index(part) + 1 :]:
                    self.evaluate(rest)
                return self.unknown("condition")
            if decided is stop:
                return value
        return value

    def _compare(self, node: ast.Compare) -> object:
        left = self.evaluate(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node)
            decided = self._compared(op, left, right)
            if decided is None:
                return self.unknown("comparison")
            if not decided:
                return False
            left = right
        return True

    def _compared(self, op: ast.cmpop, left: object, right: object) -> bool | None:
        plain = (bool, int, float, str, bytes, type(None))
        if isinstance(op, (ast.Is, ast.IsNot)):
            if right is None and isinstance(left, (Opaque, Path)):
                return None if isinstance(left, Opaque) else isinstance(op, ast.IsNot)
            if right is None or (isinstance(right, bool) and isinstance(left, bool)):
                return (left is right) == isinstance(op, ast.Is)
            return None
        if isinstance(op, (ast.In, ast.NotIn)):
            items = right.items if isinstance(right, (ListValue, DictValue)) and right.whole else right
            if isinstance(items, str) and isinstance(left, str):
                return (left in items) == isinstance(op, ast.In)
            if isinstance(left, plain) and isinstance(items, (list, tuple, dict)):
                values = list(items)
                if all(isinstance(value, plain) for value in values):
                    return (left in values) == isinstance(op, ast.In)
            return None
        compare = COMPARISONS[type(op)]
        if isinstance(left, plain) and isinstance(right, plain):
            try:
                return bool(compare(left, right))
            except TypeError:
                return None
        if isinstance(left, tuple) and isinstance(right, tuple):
            if all(isinstance(item, plain) for item in (*left, *right)):
                try:
                    return bool(compare(left, right))
                except TypeError:
                    return None
        return None

    def truth(self, value: object) -> bool | None:
        """Whether a value is true; None where that is not proven."""
        if value is None or isinstance(value, (bool, int, float, str, bytes, tuple)):
            return bool(value)
        if isinstance(value, (ListValue, DictValue)):
            return bool(value.items) if value.whole or value.items else None
        return True if isinstance(value, KNOWN_TRUE) else None

    def _conditional(self, node: ast.IfExp) -> object:
        decided = self.truth(self.evaluate(node.test))
        if decided is not None:
            return self.evaluate(node.body if decided else node.orelse)
        return self.joined(self.evaluate(node.body), self.evaluate(node.orelse))

    def _joined_string(self, node: ast.JoinedStr) -> object:
        parts: list[str] = []
        for piece in node.values:
            if isinstance(piece, ast.Constant):
                parts.append(str(piece.value))
                continue
            assert isinstance(piece, ast.FormattedValue)
            value = self.evaluate(piece.value)
            if not isinstance(value, (str, int, float)) or piece.format_spec is not None or piece.conversion != -1:
                return self.unknown("f-string")
            parts.append(str(value))
        return "".join(parts)

    def _attribute(self, node: ast.Attribute) -> object:
        return self.attribute(self.evaluate(node.value), node.attr, node)

    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        """`owner.name`."""
        match owner:
            case Path(parts=parts):
                return self.canonical((*parts, name)) if parts[0] != "keras" else Path((*parts, name))
            case InstanceValue():
                return self.instance_attribute(owner, name, node)
            case ClassValue():
                found = self.class_attribute(owner, name)
                return found if found is not None else self.unknown(name)
            case SuperValue():
                return self.super_attribute(owner, name)
            case ModelValue():
                return self.model_attribute(owner, name, node)
            case LayerValue():
                return self.layer_attribute(owner, name)
            case TensorValue():
                return self.tensor_attribute(owner, name)
            case ArrayValue():
                return self.array_attribute(owner, name, node)
            case HistoryValue():
                return self.unknown("history")
            case Opaque():
                return self.part_of(owner)
            case _:
                return MethodValue(owner, name)

    def _subscript(self, node: ast.Subscript) -> object:
        owner = self.evaluate(node.value)
        if isinstance(owner, ArrayValue):
            return self.array_item(owner, node)
        if isinstance(owner, TensorValue):
            return self.operation(node, "getitem", [owner])
        if isinstance(node.slice, ast.Slice):
            return self._sliced(owner, node.slice)
        key = self.evaluate(node.slice)
        if isinstance(owner, (ListValue, tuple)):
            items = owner.items if isinstance(owner, ListValue) else owner
            if isinstance(key, int) and -len(items) <= key < len(items):
                if key >= 0 or not isinstance(owner, ListValue) or owner.whole:
                    return items[key]
            return self._any_of(items)
        if isinstance(owner, DictValue):
            if isinstance(key, (str, int, float, bool, bytes)) and key in owner.items:
                return owner.items[key]
            return self.unknown("key")
        if isinstance(owner, str) and isinstance(key, int) and -len(owner) <= key < len(owner):
            return owner[key]
        return self.part_of(owner)

    def _any_of(self, items: Sequence[object]) -> object:
        first = items[0] if items else None
        if items and isinstance(first, (bool, int, float, str)) and all(item == first for item in items):
            return first
        return self.unknown("item")

    def _sliced(self, owner: object, node: ast.Slice) -> object:
        bounds = [self.evaluate(part) for part in (node.lower, node.upper, node.step)]
        if not all(bound is None or isinstance(bound, int) for bound in bounds) or bounds[2] == 0:
            return self.part_of(owner)
        part = slice(*bounds)  # pyright: ignore[reportArgumentType]
        if isinstance(owner, ListValue):
            return ListValue(owner.items[part], owner.whole)
        if isinstance(owner, (tuple, str, bytes)):
            return owner[part]
        return self.part_of(owner)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> object:
        items: list[object] = []
        outer, self.scope = self.scope, Scope(parent=self.scope, module=self.module_of(self.scope))
        try:
            whole = self._comprehend(node.generators, 0, lambda: items.append(self.evaluate(node.elt)))
        finally:
            self.scope = outer
        return ListValue(items, whole)

    def _dict_comprehension(self, node: ast.DictComp) -> object:
        result = DictValue({})

        def add() -> None:
            key = self.evaluate(node.key)
            if isinstance(key, (str, int, float, bool, bytes)):
                result.items[key] = self.evaluate(node.value)
            else:
                result.whole = False

        outer, self.scope = self.scope, Scope(parent=self.scope, module=self.module_of(self.scope))
        try:
            result.whole = self._comprehend(node.generators, 0, add) and result.whole
        finally:
            self.scope = outer
        return result

    def _comprehend(self, generators: list[ast.comprehension], index: int, add: Callable[[], None]) -> bool:
        if index == len(generators):
            add()
            return True
        generator = generators[index]
        source = self.evaluate(generator.iter)
        items = self.iterate(source)
        whole = items is not None and len(items) <= LOOP_BOUND
        for item in items if items is not None and whole else [self.element_of(source, items)]:
            self.bind(generator.target, item)
            decided = [self.truth(self.evaluate(test)) for test in generator.ifs]
            if False in decided:
                continue
            whole = whole and None not in decided
            whole = self._comprehend(generators, index + 1, add) and whole
        return whole

    def _lambda(self, node: ast.Lambda) -> object:
        return self.make_function(node, "<lambda>")

    def _call(self, node: ast.Call) -> object:
        return self.call_expression(node)

    def _named_expression(self, node: ast.NamedExpr) -> object:
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value

    def _inner(self, node: ast.Await | ast.Starred) -> object:
        return self.evaluate(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> object:
        self.evaluate(node.value)
        return self.unknown("yield")

    def iterate(self, value: object) -> list[object] | None:
        """The items of an iterable; None where they are not all known."""
        if isinstance(value, ListValue):
            return list(value.items) if value.whole else None
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, DictValue):
            return list(value.items) if value.whole else None
        if isinstance(value, str) and len(value) <= LOOP_BOUND:
            return list(value)
        if isinstance(value, range) and len(value) <= LOOP_BOUND:
            return list(value)
        return None

    def element_of(self, source: object, items: Sequence[object] | None) -> object:
        """What a loop variable holds when the loop is run once."""
        if items:
            first = items[0]
            return self.joined(first, items[-1]) if not isinstance(first, int) else self.unknown("loop")
        if isinstance(source, SplitterValue):
            return self.unknown("folds")
        if isinstance(source, ListValue) and source.items:
            return source.items[0] if isinstance(source.items[0], tuple) else self.unknown("loop")
        return self.part_of(source)

    def part_of(self, value: object) -> object:
        """Something taken from a value that is not known."""
        origin = value.origin if isinstance(value, Opaque) else type(value).__name__
        return self.unknown(origin)

    _EXPRESSIONS: dict[type[ast.expr], Callable[..., object]] = {
        ast.Tuple: _tuple,
        ast.List: _list,
        ast.Set: _list,
        ast.Dict: _dict,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _boolean,
        ast.Compare: _compare,
        ast.IfExp: _conditional,
        ast.JoinedStr: _joined_string,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _dict_comprehension,
        ast.Lambda: _lambda,
        ast.Call: _call,
        ast.NamedExpr: _named_expression,
        ast.Await: _inner,
        ast.Starred: _inner,
        ast.Yield: _yield,
        ast.YieldFrom: _yield,
    }
