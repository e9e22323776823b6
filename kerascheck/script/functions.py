"""Functions of the program: how they are made and what a call of one gives."""

from __future__ import annotations

import ast

from kerascheck.script.joins import Flow, join
from kerascheck.script.machine import DEPTH_LIMIT
from kerascheck.script.names import Names
from kerascheck.script.values import (
    Arguments,
    DictValue,
    FunctionValue,
    Scope,
)

RECURSION_BOUND = 3
KERAS_MODEL_CLASSES = frozenset({"Model", "Sequential", "Functional"})
# Decorators that leave the function's meaning as it is.
TRANSPARENT = frozenset(
    {"function", "wraps", "staticmethod", "classmethod", "abstractmethod", "njit", "jit", "override"}
)


class Functions(Names):
    """Functions of the program."""

    returns: list[list[object]]
    defined: list[FunctionValue]
    running: list[ast.AST]

    def call_function(self, function: FunctionValue, arguments: Arguments) -> object:
        """Evaluate a function of the program with the given arguments."""
        node = function.node
        if self.depth >= DEPTH_LIMIT or self.running.count(node) >= RECURSION_BOUND:
            return self.unknown("recursion")
        self.called.add(id(node))
        if not isinstance(node, ast.Lambda) and self._yields(node):
            return self.generator_of(node, function.name)
        scope = Scope(parent=function.scope, module=self.module_of(function.scope))
        self._bind_parameters(function, arguments, scope)
        outer_scope, outer_cell = self.scope, self.cell
        self.scope, self.cell = scope, function.cell
        self.depth += 1
        self.running.append(node)
        self.functions.append(function.name)
        self.returns.append([])
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            flow = self.run(node.body)
        finally:
            self.scope, self.cell = outer_scope, outer_cell
            self.depth -= 1
            self.running.pop()
            self.functions.pop()
            results = self.returns.pop()
        if flow is not Flow.RETURN and not results:
            return None
        result = results[0] if results else None
        for other in results[1:]:
            result = join(self, result, other)
        return result

    @staticmethod
    def _yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        stack: list[ast.AST] = list(node.body)
        while stack:
            current = stack.pop()
            if isinstance(current, (ast.Yield, ast.YieldFrom)):
                return True
            if not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                stack.extend(ast.iter_child_nodes(current))
        return False

    def _bind_parameters(self, function: FunctionValue, arguments: Arguments, scope: Scope) -> None:
        spec = function.node.args
        positional = [*([function.bound] if function.is_bound else []), *arguments.positional]
        names = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
        bound = scope.names
        for name, value in zip(names, positional, strict=False):
            bound[name] = value
        if spec.vararg is not None:
            bound[spec.vararg.arg] = tuple(positional[len(names) :])
        extra: dict[object, object] = {}
        keyword_only = {parameter.arg for parameter in spec.kwonlyargs}
        for name, value in arguments.keywords.items():
            if name in names or name in keyword_only:
                bound[name] = value
            else:
                extra[name] = value
        if spec.kwarg is not None:
            bound[spec.kwarg.arg] = DictValue(extra, arguments.complete)
        first_default = len(names) - len(function.defaults)
        for index, name in enumerate(names):
            if name not in bound:
                known = index >= first_default and arguments.complete
                bound[name] = function.defaults[index - first_default] if known else self.unknown("parameter")
        for name in keyword_only - bound.keys():
            known_default = name in function.keyword_defaults and arguments.complete
            bound[name] = function.keyword_defaults[name] if known_default else self.unknown("parameter")

    def make_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> FunctionValue:
        """The function that a def or lambda makes."""
        spec = node.args
        return FunctionValue(
            node,
            self.scope,
            name,
            self.cell,
            tuple(self.evaluate(default) for default in spec.defaults),
            {
                parameter.arg: self.evaluate(default)
                for parameter, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
                if default is not None
            },
        )

    def decorate(self, function: FunctionValue, value: object, decorator: ast.expr) -> object:
        """Apply one decorator."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in {"property", "cached_property"}:
            function.is_property = True
            return function
        if name == "staticmethod":
            function.is_static = True
        if name in TRANSPARENT:
            return value
        applied = self.evaluate(decorator)
        if isinstance(applied, FunctionValue):
            result = self.call_function(applied, Arguments([value], {}, None))
            return result if isinstance(result, FunctionValue) else value
        return value

    def joined(self, left: object, right: object) -> object:
        return join(self, left, right)
