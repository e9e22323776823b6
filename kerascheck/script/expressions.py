"""Expressions: constants, displays, attributes, subscripts and comprehensions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from kerascheck.script.freezing import SomeLayers
from kerascheck.script.handlers import METHODS, NAMES
from kerascheck.script.machine import LOOP_BOUND, STEP_BUDGET, BudgetError
from kerascheck.script.missteps import check_attribute
from kerascheck.script.operators import Operators
from kerascheck.script.unseen import OF_MODELS, REPLICATED
from kerascheck.script.uses import note_curve
from kerascheck.script.values import (
    ArrayValue,
    ChoiceValue,
    ClassValue,
    DictValue,
    HistoryValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    ModuleValue,
    ObjectValue,
    Opaque,
    OptimizerValue,
    Path,
    SuperValue,
    TensorValue,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


class Expressions(Operators):
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
        self.steps += 1
        if self.steps > STEP_BUDGET:
            raise BudgetError
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
            self.put(result, self.evaluate(key), item)
        return result

    def _joined_string(self, node: ast.JoinedStr) -> object:
        parts: list[str] = []
        for piece in node.values:
            if isinstance(piece, ast.Constant):
                parts.append(str(piece.value))
                continue
            assert isinstance(piece, ast.FormattedValue)
            value = self.evaluate(piece.value)
            spec = self.evaluate(piece.format_spec) if piece.format_spec is not None else ""
            text = _formatted(value, spec, piece.conversion)
            if text is None:
                return self.unknown("f-string")
            parts.append(text)
        return "".join(parts)

    def _attribute(self, node: ast.Attribute) -> object:
        found = self.attribute(self.evaluate(node.value), node.attr, node)
        if isinstance(found, MethodValue) and isinstance(found.subject, ArrayValue):
            return self.frame_column(found, found.subject, node)
        return found

    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        """`owner.name`."""
        # The commonest first: this is asked at every dot.
        if isinstance(owner, Path):
            handler = NAMES.get(owner.parts)
            if handler is not None:
                return handler(cast("Evaluator", self), name)
            if name == "__name__":
                return owner.parts[-1]
            parts = (*owner.parts, name)
            return self.canonical(parts) if parts[0] != "keras" else Path(parts)
        if isinstance(owner, Opaque):
            if name == "output" and isinstance(owner, SomeLayers) and owner.model is not None:
                return self.tensor_inside(owner.model, node)
            kept = name in OF_MODELS or (name == "set_weights" and isinstance(owner, SomeLayers))
            kept = kept or (name in REPLICATED and "distribute" in owner.origin)
            return MethodValue(owner, name) if kept else self.part_of(owner)
        match owner:
            case InstanceValue():
                return self.instance_attribute(owner, name, node)
            case ModuleValue():
                return self.name_in(owner, name)
            case ClassValue():
                return self.class_member(owner, name)
            case SuperValue():
                return self.super_attribute(owner, name, node)
            case ModelValue():
                return self.model_attribute(owner, name, node)
            case LayerValue():
                check_attribute(self, owner, name, node)
                return self.layer_attribute(owner, name)
            case TensorValue():
                return self.tensor_attribute(owner, name)
            case ArrayValue():
                return self.array_attribute(owner, name, node)
            case HistoryValue():
                return HistoryValue(owner.order, curves=True) if name == "history" else MethodValue(owner, name)
            case OptimizerValue():
                return self.optimizer_attribute(owner, name, node)
            case ObjectValue():
                return self.object_attribute(owner, name)
            case ChoiceValue(options=options):
                return self.each(options, lambda option: self.attribute(option, name, node))
            case _:
                return MethodValue(owner, name)

    def object_attribute(self, owner: ObjectValue, name: str) -> object:
        """`object.name` of an object that a handler made."""
        if name in owner.attributes:
            return owner.attributes[name]
        if f"{owner.path}.{name}" in METHODS:
            return MethodValue(owner, name)
        if name == "__dict__":
            return DictValue({**owner.attributes}, owner.whole)
        return self.unknown(f"{owner.path}.{name}")

    def _subscript(self, node: ast.Subscript) -> object:
        owner = self.evaluate(node.value)
        if isinstance(owner, ArrayValue):
            return self.array_item(owner, node)
        if isinstance(owner, TensorValue):
            return self.tensor_item(owner, node)
        if isinstance(node.slice, ast.Slice):
            return self.slice_of(owner, node.slice)
        if isinstance(owner, HistoryValue):
            return note_curve(self, owner, self.evaluate(node.slice), node)
        return self.item(owner, self.evaluate(node.slice))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> object:
        result = ListValue([])
        outer, self.scope = self.scope, self.inner_scope()
        try:
            add = partial(self._add, result, node.elt)
            result.whole = self._comprehend(node.generators, 0, add)
        finally:
            self.scope = outer
        return result

    def _add(self, target: ListValue, node: ast.expr) -> None:
        self.grow(target, self.evaluate(node), node)

    def _dict_comprehension(self, node: ast.DictComp) -> object:
        result = DictValue({})

        def add() -> None:
            key = self.evaluate(node.key)
            self.put(result, key, self.evaluate(node.value))

        outer, self.scope = self.scope, self.inner_scope()
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
        self.enter_loop(source, generator, once=not whole, filtered=bool(generator.ifs))
        for item in items if items is not None and whole else [self.element_of(source, items)]:
            self.bind(generator.target, item)
            decided = [self.truth(self.evaluate(test)) for test in generator.ifs]
            if False in decided:
                continue
            whole = whole and None not in decided
            whole = self._comprehend(generators, index + 1, add) and whole
        self.leave_loop()
        return whole

    def _lambda(self, node: ast.Lambda) -> object:
        return self.make_function(node, "<lambda>")

    def _named_expression(self, node: ast.NamedExpr) -> object:
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value

    def _inner(self, node: ast.Await | ast.Starred) -> object:
        return self.evaluate(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> object:
        self.evaluate(node.value)
        return self.unknown("yield")

    _EXPRESSIONS: ClassVar[dict[type[ast.expr], Callable[..., object]]] = {
        ast.Tuple: _tuple,
        ast.List: _list,
        ast.Set: _list,
        ast.Dict: _dict,
        ast.BinOp: Operators.binary,
        ast.UnaryOp: Operators.unary,
        ast.BoolOp: Operators.boolean,
        ast.Compare: Operators.comparison,
        ast.IfExp: Operators.conditional,
        ast.JoinedStr: _joined_string,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _dict_comprehension,
        ast.Lambda: _lambda,
        ast.Call: Operators.call_expression,
        ast.NamedExpr: _named_expression,
        ast.Await: _inner,
        ast.Starred: _inner,
        ast.Yield: _yield,
        ast.YieldFrom: _yield,
    }


def _formatted(value: object, spec: object, conversion: int) -> str | None:
    """A value as an f-string writes it; None where that is not known, or would be long."""
    if not isinstance(value, (str, int, float)) or not isinstance(spec, str) or re.search(r"\d{4}", spec):
        return None
    if conversion != -1:
        value = repr(value) if conversion in (ord("r"), ord("a")) else str(value)
    try:
        return format(value, spec)
    except (ValueError, TypeError, OverflowError):
        return None
