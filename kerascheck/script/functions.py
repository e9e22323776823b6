"""Functions of the program: how they are made and what a call of one gives."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Final, TypeVar

from kerascheck.script.joins import join
from kerascheck.script.machine import DEPTH_LIMIT
from kerascheck.script.modules import Modules
from kerascheck.script.values import Arguments, DictValue, FunctionValue, ObjectValue, Scope
from kerascheck.script.walking import walk

RECURSION_BOUND = 16
UNDECIDED_BOUND = 3
Option = TypeVar("Option")
# Decorators that leave the function's meaning as it is.
_TRANSPARENT = frozenset({"function", "wraps", "abstractmethod", "njit", "jit", "override"})


class Functions(Modules):
    """Functions of the program."""

    def call_function(self, function: FunctionValue, arguments: Arguments) -> object:
        """Evaluate a function of the program with the given arguments."""
        node = function.node
        if len(self.frames) >= DEPTH_LIMIT or self._is_running(node):
            return self.unknown("recursion")
        if not _takes(node.args, arguments):
            return self.unknown("refused call")
        self.called.add(id(node))
        if not isinstance(node, ast.Lambda) and self._yields(node):
            return self.generator_of(node, function.name, arguments)
        scope = Scope(parent=function.scope, module=self.module_of(function.scope))
        self._bind_parameters(function, arguments, scope)
        outer = (self.scope, self.page)
        self.scope, self.page = scope, function.page
        self.frames.append(function)
        self.returns.append([])
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            self.run(node.body)
        finally:
            self.scope, self.page = outer
            self.frames.pop()
            results = self.returns.pop()
        if not results:
            return None
        result = results[0]
        for other in results[1:]:
            result = join(self, result, other)
        return result

    def _is_running(self, node: ast.AST) -> bool:
        # Where no condition is decided a function that calls itself twice would branch without end.
        bound = UNDECIDED_BOUND if self.undecided else RECURSION_BOUND
        return sum(frame.node is node for frame in self.frames) >= bound

    def _yields(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        found = self.generators.get(node)
        if found is None:
            found = self.generators[node] = self.has_yield and _holds_yield(node)
        return found

    def _bind_parameters(self, function: FunctionValue, arguments: Arguments, scope: Scope) -> None:
        spec = function.node.args
        positional = [*function.first, *arguments.positional]
        names = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
        bound = scope.names
        bound.update(zip(names, positional, strict=False))
        if spec.vararg is not None:
            bound[spec.vararg.arg] = self._rest(positional[len(names) :], arguments)
        names += [parameter.arg for parameter in spec.kwonlyargs]
        extra: dict[object, object] = {}
        for name, value in arguments.keywords.items():
            if name in names:
                bound[name] = value
            else:
                extra[name] = value
        if spec.kwarg is not None:
            extra = {**{name: value for name, value in function.defaults.items() if name not in names}, **extra}
            # What nothing calls may be called with more than its parameters.
            closed = arguments.complete and not (self.uncalled and arguments.node is None)
            bound[spec.kwarg.arg] = DictValue(extra, closed)
        for name in names:
            if name not in bound:
                known = arguments.complete and name in function.defaults
                bound[name] = function.defaults[name] if known else self.unknown("parameter")

    def _rest(self, values: list[object], arguments: Arguments) -> object:
        return tuple(values) if arguments.complete or values else self.unknown("parameter")

    def make_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> FunctionValue:
        """The function that a def or lambda makes."""
        spec = node.args
        defaults: dict[str, object] = {}
        if spec.defaults:
            names = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
            for parameter, default in zip(names[-len(spec.defaults) :], spec.defaults, strict=True):
                defaults[parameter] = self.evaluate(default)
        for parameter, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default is not None:
                defaults[parameter.arg] = self.evaluate(default)
        return FunctionValue(node, self.scope, name, self.page, defaults)

    def decorate(self, function: FunctionValue, value: object, decorator: ast.expr) -> object:
        """Apply one decorator."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        match name:
            case "property" | "cached_property" | "lazy_property":
                function.is_property = True
                return function
            case "staticmethod":
                function.is_static = True
                return value
            case "classmethod":
                function.is_class_method = True
                return value
            case "setter" | "deleter" if isinstance(target, ast.Attribute):
                return self.evaluate(target.value)
            case _ if name in _TRANSPARENT:
                return value
            case _:
                return self._decorated(function, value, decorator)

    def _decorated(self, function: FunctionValue, value: object, decorator: ast.expr) -> object:
        applied = self.evaluate(decorator)
        if isinstance(applied, FunctionValue):
            result = self.call_function(applied, Arguments([value], {}, None))
            return result if isinstance(result, FunctionValue) else value
        if isinstance(applied, ObjectValue) and isinstance(decorator, ast.Call):
            return self.call_method(applied, "__call__", Arguments([value], {}, decorator), decorator) or value
        return value

    def joined(self, left: object, right: object) -> object:
        return join(self, left, right)

    def each(self, options: Sequence[Option], run: Callable[[Option], object]) -> object:
        """What is known of a result that any of several values may give."""
        self.undecided += 1
        try:
            results = [run(option) for option in options]
        finally:
            self.undecided -= 1
        return reduce(self.joined, results)


def _takes(spec: ast.arguments, arguments: Arguments) -> bool:
    """Whether a function has a parameter for every keyword of a call."""
    if spec.kwarg is not None or not arguments.keywords:
        return True
    names = {parameter.arg for parameter in (*spec.args, *spec.kwonlyargs)}
    return names.issuperset(arguments.keywords)


def _holds_yield(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in walk(node, _CLOSED))


_CLOSED: Final = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
"""What has frames of its own."""
