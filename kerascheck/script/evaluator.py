"""The abstract interpreter: runs the statements of a script on abstract values and records what a run would do."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path as File
from typing import ClassVar

from msgspec.structs import replace

from kerascheck.facts.data import Role, StepKind
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import SourceText
from kerascheck.script.freezing import SomeLayers, set_trainable, settle_model
from kerascheck.script.guards import asks_for_name, catches_absence, expects_refusal
from kerascheck.script.joins import Flow, fill, follow
from kerascheck.script.loops import Loops
from kerascheck.script.machine import STEP_BUDGET, BudgetError, to_value
from kerascheck.script.missteps import check_entry
from kerascheck.script.roles import named_role
from kerascheck.script.uses import record_use
from kerascheck.script.values import (
    ArrayValue,
    ClassValue,
    DictValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    ObjectValue,
    Opaque,
    OptimizerValue,
    Path,
    TensorValue,
)


class Evaluator(Loops):
    """Statements; expressions and calls are in the classes below it."""

    def __init__(self, path: str, text: SourceText, file: File | None = None) -> None:
        super().__init__(path, text, file)
        self.data_names: dict[int, tuple[object, str]] = {}

    def run(self, body: Sequence[ast.stmt]) -> Flow:
        """Execute a block."""
        handlers = self._STATEMENTS
        for statement in body:
            self.steps += 1
            if self.steps > STEP_BUDGET:
                raise BudgetError
            handler = handlers.get(type(statement))
            if handler is not None and (flow := handler(self, statement)) is not Flow.NEXT:
                return flow
        return Flow.NEXT

    def _expression(self, node: ast.Expr) -> Flow:
        value = node.value
        if isinstance(value, ast.Constant):
            return Flow.NEXT
        if isinstance(value, ast.Await):
            value = value.value
        self.discarded.add(id(value))
        self.evaluate(value)
        if isinstance(value, ast.Call) and self.leaves(value):
            return Flow.RAISE
        return Flow.NEXT

    def _assign(self, node: ast.Assign) -> Flow:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.bind(target, value)
        return Flow.NEXT

    def _annotated(self, node: ast.AnnAssign) -> Flow:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value))
        return Flow.NEXT

    def _augmented(self, node: ast.AugAssign) -> Flow:
        target = node.target
        current = self.evaluate(target)
        operand = self.evaluate(node.value)
        if isinstance(current, ListValue) and isinstance(node.op, ast.Add):
            self.touch(current)
            self.extend(current, operand)
            return Flow.NEXT
        self.bind(target, self.operate(node, node.op, current, operand))
        return Flow.NEXT

    def bind(self, target: ast.expr, value: object) -> None:
        """Assign a value to a target: a name, an attribute, an item or a nest of these."""
        if isinstance(target, ast.Name):
            name = target.id
            self.assign(name, self._named(name, value))
            return
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value)
            case ast.Starred(value=inner):
                self.bind(inner, value)
            case ast.Attribute(value=owner, attr=name):
                self.set_attribute(self.evaluate(owner), name, value, target)
            case ast.Subscript(value=owner, slice=index):
                self.set_item(self.evaluate(owner), index, value)
            case _:
                pass

    def _named(self, name: str, value: object) -> object:
        if isinstance(value, ArrayValue):
            data = value.data
            role = named_role(name)
            proven = data.role
            if proven is Role.TEST and role is Role.VALIDATION:
                proven = Role.VALIDATION
            elif proven is Role.UNKNOWN and data.history and data.history[-1].kind is StepKind.SPLIT:
                # A part that is cut off and named is that part.
                proven = role
            self.touch(value)
            value.data = replace(data, name=name, named_role=role, role=proven)
        elif isinstance(value, (ListValue, Opaque)):
            self.data_names.setdefault(id(value), (value, name))
        return value

    def _unpack(self, targets: list[ast.expr], value: object) -> None:
        items = self.iterate(value)
        if (
            isinstance(value, TensorValue)
            and targets
            and not any(isinstance(target, ast.Starred) for target in targets)
        ):
            items = self.tensor_parts(value, len(targets), targets[0])
        star = next((i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        if items is not None and star is not None and len(items) >= len(targets) - 1:
            rest = len(targets) - star - 1
            middle = ListValue(list(items[star : len(items) - rest]))
            items = [*items[:star], middle, *items[len(items) - rest :]]
        if items is None or len(items) != len(targets):
            items = [self.part_of(value) for _ in targets]
        for target, item in zip(targets, items, strict=True):
            self.bind(target, item)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Flow:
        function = self.make_function(node, node.name)
        value: object = function
        for decorator in reversed(node.decorator_list):
            value = self.decorate(function, value, decorator)
        self.assign(node.name, value)
        self.defined.append(function)
        return Flow.NEXT

    def _class(self, node: ast.ClassDef) -> Flow:
        bases = tuple(self.evaluate(base) for base in node.bases)
        cls = self.make_class(node, bases)
        outer, self.scope = self.scope, cls.scope
        try:
            self.run(node.body)
        finally:
            self.scope = outer
        self.finish_class(cls)
        self.assign(node.name, cls)
        self.classes.append(cls)
        return Flow.NEXT

    def _return(self, node: ast.Return) -> Flow:
        value = self.evaluate(node.value) if node.value is not None else None
        if self.returns:
            self.returns[-1].append(value)
        return Flow.RETURN

    def _if(self, node: ast.If) -> Flow:
        decided = self.truth(self.evaluate(node.test))
        if decided is True:
            return self.run(node.body)
        if decided is False:
            return self.run(node.orelse)
        if asks_for_name(node.test):
            return follow(self, [lambda: self._guarded(node.body), lambda: self._guarded(node.orelse)])
        return follow(self, [lambda: self.run(node.body), lambda: self.run(node.orelse)])

    def _guarded(self, body: list[ast.stmt]) -> Flow:
        """Run what the program has made safe against names that are gone."""
        self.guards.append(len(self.frames))
        try:
            return self.run(body)
        finally:
            self.guards.pop()

    def _with(self, node: ast.With | ast.AsyncWith) -> Flow:
        tapes = 0
        for item in node.items:
            value = self.evaluate(item.context_expr)
            tapes += isinstance(value, Opaque) and value.origin == "tensorflow.GradientTape"
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        expected = sum(expects_refusal(item.context_expr) for item in node.items)
        self.tapes += tapes
        self.refusals_expected += expected
        try:
            return self.run(node.body)
        finally:
            self.tapes -= tapes
            self.refusals_expected -= expected

    def _try(self, node: ast.Try | ast.TryStar) -> Flow:
        flow = self._guarded(node.body) if catches_absence(node) else self.run(node.body)
        if flow is Flow.RAISE and node.handlers:
            flow = self.run(node.handlers[0].body)
        elif flow is Flow.NEXT:
            flow = self.run(node.orelse)
        if not all(isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in node.body):
            for handler in node.handlers:
                self._instead(handler)
        final = self.run(node.finalbody)
        return flow if final is Flow.NEXT else final

    def _instead(self, handler: ast.ExceptHandler) -> None:
        """What a handler does if the body fails: it fills in what the body left unknown."""
        if any(isinstance(statement, (ast.Assign, ast.With, ast.If)) for statement in handler.body):
            fill(self, lambda: self.run(handler.body))

    def _delete(self, node: ast.Delete) -> Flow:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.scope.names:
                self.touch(self.scope)
                del self.scope.names[target.id]
            elif isinstance(target, ast.Subscript):
                self._delete_item(self.evaluate(target.value), target.slice)
        return Flow.NEXT

    def _delete_item(self, owner: object, index: ast.expr) -> None:
        """`del owner[index]`."""
        if isinstance(owner, ArrayValue):
            if owner.data.container:
                self.delete_column(owner)
        elif isinstance(index, ast.Slice):
            bounds = [self.evaluate(part) if part is not None else None for part in (index.lower, index.upper)]
            known = index.step is None and all(bound is None or isinstance(bound, int) for bound in bounds)
            self.remove_item(owner, slice(*bounds) if known else self.unknown("slice"))
        else:
            self.remove_item(owner, self.evaluate(index))

    def _global(self, node: ast.Global) -> Flow:
        self.scope.globals = self.scope.globals.union(node.names)
        return Flow.NEXT

    def _nonlocal(self, node: ast.Nonlocal) -> Flow:
        self.scope.outer = self.scope.outer.union(node.names)
        return Flow.NEXT

    def _match(self, node: ast.Match) -> Flow:
        subject = self.evaluate(node.subject)
        possible: list[Callable[[], Flow]] = []
        for case in node.cases:
            fits = None if case.guard is not None else self._fits(case.pattern, subject)
            if fits is False:
                continue
            if fits and not possible:
                if isinstance(case.pattern, ast.MatchAs) and case.pattern.name:
                    self.assign(case.pattern.name, subject)
                return self.run(case.body)
            possible.append(partial(self.run, case.body))
        return follow(self, [*possible, lambda: Flow.NEXT])

    def _fits(self, pattern: ast.pattern, subject: object) -> bool | None:
        """Whether a value fits a pattern of literals; None where that is not proven."""
        match pattern:
            case ast.MatchAs(pattern=None):
                return True
            case ast.MatchValue(value=literal):
                value = self.evaluate(literal)
                plain = isinstance(subject, (bool, int, float, str)) and isinstance(value, (bool, int, float, str))
                return subject == value if plain else None
            case ast.MatchOr(patterns=patterns):
                found = [self._fits(part, subject) for part in patterns]
                return True if True in found else None if None in found else False
            case _:
                return None

    def _raise(self, node: ast.Raise) -> Flow:
        self.evaluate(node.exc)
        return Flow.RAISE

    def _break(self, node: ast.Break) -> Flow:
        return Flow.BREAK

    def _continue(self, node: ast.Continue) -> Flow:
        return Flow.CONTINUE

    def set_attribute(self, owner: object, name: str, value: object, target: ast.Attribute) -> None:
        """`owner.name = value`."""
        if isinstance(owner, InstanceValue):
            self.touch(owner)
            owner.attributes[name] = self._named(name, value)
        elif isinstance(owner, ClassValue):
            self.touch(owner.scope)
            owner.scope.names[name] = value
        elif isinstance(owner, ObjectValue):
            self.touch(owner)
            owner.attributes[name] = value
        elif isinstance(owner, ModelValue) and name == "trainable":
            self.touch(owner)
            owner.trainable = value
            settle_model(self, owner, value)
            record_use(self, owner, "trainable", target, {"trainable": to_value(value)})
        elif isinstance(owner, ModelValue) and name in ("name", "_name"):
            owner.name, owner.is_named = (value, True) if isinstance(value, str) else (owner.name, False)
        elif isinstance(owner, LayerValue):
            self.touch(owner)
            if name in ("name", "_name"):
                known = owner.layer.given | {"name"} if isinstance(value, str) else owner.layer.given - {"name"}
                owner.layer = replace(
                    owner.layer, name=value if isinstance(value, str) else owner.layer.name, given=known
                )
            if name == "trainable":
                trainable = value if isinstance(value, bool) else UNKNOWN
                owner.layer = replace(owner.layer, trainable=trainable)
                set_trainable(self, owner, value, target)
            owner.attributes[name] = value
        elif isinstance(owner, SomeLayers) and name == "trainable":
            set_trainable(self, owner, value, target)
        elif isinstance(owner, OptimizerValue):
            self.optimizer_attribute(owner, name, target)

    def set_item(self, owner: object, index: ast.expr, value: object) -> None:
        """`owner[index] = value`."""
        key = self.evaluate(index) if not isinstance(index, ast.Slice) else None
        if isinstance(owner, DictValue):
            self.touch(owner)
            self.put(owner, key, value)
        elif isinstance(owner, ListValue):
            self.touch(owner)
            if isinstance(key, int) and -len(owner.items) <= key < len(owner.items):
                owner.items[key] = value
            else:
                owner.whole = False
        elif isinstance(owner, ArrayValue):
            self.write_into(owner, index, value)
        elif isinstance(owner, OptimizerValue):
            check_entry(self, owner, key, value, index)

    _STATEMENTS: ClassVar[dict[type[ast.stmt], Callable[..., Flow]]] = {
        ast.Expr: _expression,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Import: Loops.import_modules,
        ast.ImportFrom: Loops.import_names,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.Return: _return,
        ast.If: _if,
        ast.For: Loops.for_loop,
        ast.AsyncFor: Loops.for_loop,
        ast.While: Loops.while_loop,
        ast.With: _with,
        ast.AsyncWith: _with,
        ast.Try: _try,
        ast.TryStar: _try,
        ast.Delete: _delete,
        ast.Global: _global,
        ast.Nonlocal: _nonlocal,
        ast.Match: _match,
        ast.Raise: _raise,
        ast.Break: _break,
        ast.Continue: _continue,
    }


def is_library(value: object, *roots: str) -> bool:
    """Whether a value is a name of one of the libraries."""
    return isinstance(value, Path) and value.parts[0] in roots
