"""Calls: arguments, functions and classes of the program, and the dispatch to library handlers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.training import ApiCall
from kerascheck.script.handlers import HANDLERS, LIBRARIES
from kerascheck.script.joins import Flow, join
from kerascheck.script.machine import DEPTH_LIMIT
from kerascheck.script.names import Names
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    Opaque,
    Path,
    Scope,
    SuperValue,
    TensorValue,
)

if TYPE_CHECKING:
    pass

RECURSION_BOUND = 3
KERAS_MODEL_CLASSES = frozenset({"Model", "Sequential", "Functional"})
# Decorators that leave the function's meaning as it is.
TRANSPARENT = frozenset(
    {"function", "wraps", "staticmethod", "classmethod", "abstractmethod", "njit", "jit", "override"}
)


class Calls(Names):
    """Everything that happens at a call."""

    data_names: dict[int, tuple[object, str]]
    returns: list[list[object]]
    defined: list[FunctionValue]
    classes: list[ClassValue]
    running: list[ast.AST]

    def call_expression(self, node: ast.Call) -> object:
        """The value of a call in the source."""
        function = self.evaluate(node.func)
        return self.apply(function, self.arguments(node), node)

    def arguments(self, node: ast.Call) -> Arguments:
        """The evaluated arguments of a call."""
        result = Arguments([], {}, node)
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                items = self.iterate(self.evaluate(argument.value))
                if items is None:
                    result.complete = False
                    continue
                result.positional.extend(items)
                result.positional_nodes.extend([argument.value] * len(items))
            else:
                result.positional.append(self.evaluate(argument))
                result.positional_nodes.append(argument)
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                result.keywords[keyword.arg] = value
                result.keyword_nodes[keyword.arg] = keyword
            elif isinstance(value, DictValue):
                result.keywords.update({str(name): item for name, item in value.items.items()})
                result.complete = result.complete and value.whole
            else:
                result.complete = False
        return result

    def apply(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """Call a value."""
        match function:
            case Path():
                return self._library(function, arguments, node)
            case FunctionValue():
                return self.call_function(function, arguments)
            case ClassValue():
                return self.instantiate(function, arguments, node)
            case MethodValue(subject=subject, name=name):
                return self.call_method(subject, name, arguments, node)
            case LayerValue():
                return self.call_layer(function, arguments, node)
            case ModelValue():
                return self.call_model(function, arguments, node)
            case InstanceValue():
                return self._call_instance(function, arguments, node)
            case _:
                return self.unknown_call(function, arguments, node)

    def _library(self, path: Path, arguments: Arguments, node: ast.expr) -> object:
        dotted = path.dotted
        if path.parts[0] == "keras":
            self.note_call(path.parts[-1], dotted, arguments, node)
        handler = HANDLERS.get(dotted) or LIBRARIES.get(path.parts[0])
        if handler is None:
            return self.unknown_call(path, arguments, node)
        return handler(self, path, arguments)

    def note_call(self, name: str, qualified: str, arguments: Arguments, node: ast.expr) -> None:
        """Record a call of the Keras API."""
        place = self.place(node)
        identity = (qualified, place)
        if identity in self.api_calls:
            return
        called = node.func if isinstance(node, ast.Call) else node
        name_place = self.place(called)
        if isinstance(called, ast.Attribute):
            width = len(called.attr)

            name_place = replace(name_place, line=name_place.end_line, column=name_place.end_column - width)
        keywords = {}
        for keyword_name, keyword in arguments.keyword_nodes.items():
            whole = self.place(keyword)

            keywords[keyword_name] = replace(whole, end_line=whole.line, end_column=whole.column + len(keyword_name))
        self.api_calls[identity] = ApiCall(
            name, qualified, place, True, keywords, len(arguments.positional), name_place
        )

    def unknown_call(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """The result of a function that is not known: an opaque node when it takes tensors."""
        origin = function.dotted if isinstance(function, Path) else getattr(function, "origin", "") or "call"
        values = [*arguments.positional, *arguments.keywords.values()]
        tensors = self.tensors_in(values)
        if tensors:
            return self.opaque_call(origin.rpartition(".")[2] or "call", tensors, node)
        if id(node) in self.discarded:
            for value in values:
                if isinstance(value, ArrayValue):
                    self.forget_order(value)
        return self.unknown(f"call {origin}")

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

    def instantiate(self, cls: ClassValue, arguments: Arguments, node: ast.expr) -> object:
        """An object of a class of the program."""
        base = self.keras_base(cls)
        instance = InstanceValue(cls)
        if base == "layer":
            instance.layer = self.custom_layer(cls, arguments, node)
        elif base == "model":
            instance.model = self.subclassed_model(cls, arguments, node)
        elif base == "callback":
            return self.custom_callback(cls, node)
        elif base == "data":
            return self.sequence_of(cls, node)
        elif base == "other":
            return self.unknown(f"object of {cls.name}")
        initializer = self.class_attribute(cls, "__init__")
        if isinstance(initializer, FunctionValue):
            self.call_function(self._bind_method(initializer, instance), arguments)
        return instance

    def keras_base(self, cls: ClassValue, depth: int = 0) -> str:
        """What Keras class a class of the program extends: layer, model, callback, data, other, or none."""
        for base in cls.bases:
            if isinstance(base, ClassValue) and depth < DEPTH_LIMIT:
                if found := self.keras_base(base, depth + 1):
                    return found
            elif isinstance(base, Path):
                last = base.parts[-1]
                if base.parts[0] == "keras":
                    if last in KERAS_MODEL_CLASSES:
                        return "model"
                    if last in {"Sequence", "PyDataset"}:
                        return "data"
                    return "callback" if last.endswith("Callback") else "layer" if "layers" in base.parts else "other"
                if base.dotted not in {"builtins.object", "enum.Enum", "abc.ABC", "typing.NamedTuple"}:
                    return "other" if base.parts[0] == "builtins" else ""
        return ""

    def class_attribute(self, cls: ClassValue, name: str, depth: int = 0) -> object:
        """An attribute of a class or its bases; None for none."""
        if name in cls.scope.names:
            return cls.scope.names[name]
        for base in cls.bases:
            if isinstance(base, ClassValue) and depth < DEPTH_LIMIT:
                found = self.class_attribute(base, name, depth + 1)
                if found is not None:
                    return found
        return None

    def _bind_method(self, function: FunctionValue, instance: object) -> FunctionValue:
        if function.is_static:
            return function
        return FunctionValue(
            function.node,
            function.scope.parent or function.scope,
            function.name,
            function.cell,
            function.defaults,
            function.keyword_defaults,
            function.owner,
            instance,
            True,
        )

    def instance_attribute(self, instance: InstanceValue, name: str, node: ast.expr) -> object:
        """`instance.name`."""
        if name in instance.attributes:
            return instance.attributes[name]
        found = self.class_attribute(instance.cls, name)
        if isinstance(found, FunctionValue):
            method = self._bind_method(found, instance)
            return self.call_function(method, Arguments([], {}, None)) if found.is_property else method
        if found is not None:
            return found
        if instance.model is not None:
            return self.attribute(instance.model, name, node)
        if instance.layer is not None:
            return self.attribute(instance.layer, name, node)
        return self.unknown(f"attribute {name}")

    def super_attribute(self, parent: SuperValue, name: str) -> object:
        """`super().name`."""
        for base in parent.cls.bases:
            if isinstance(base, ClassValue):
                found = self.class_attribute(base, name)
                if isinstance(found, FunctionValue):
                    return self._bind_method(found, parent.instance)
                if found is not None:
                    return found
        instance = parent.instance
        if isinstance(instance, InstanceValue) and instance.model is not None and name != "__init__":
            return MethodValue(instance.model, name)
        return Opaque("super")

    def _call_instance(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> object:
        if instance.layer is not None:
            return self.call_layer(instance.layer, arguments, node)
        if instance.model is not None:
            return self.call_model(instance.model, arguments, node)
        method = self.class_attribute(instance.cls, "__call__")
        if isinstance(method, FunctionValue):
            return self.call_function(self._bind_method(method, instance), arguments)
        return self.unknown_call(instance, arguments, node)

    def joined(self, left: object, right: object) -> object:
        return join(self, left, right)

    def leaves(self, node: ast.Call) -> bool:
        """Whether a statement's call ends the program."""
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "exit":
            return isinstance(function.value, ast.Name) and function.value.id == "sys"
        return (
            isinstance(function, ast.Name) and function.id in {"exit", "quit"} and function.id not in self.scope.names
        )

    def tensors_in(self, values: Sequence[object]) -> list[TensorValue]:
        """The symbolic tensors among values, one level deep."""
        found: list[TensorValue] = []
        for value in values:
            if isinstance(value, TensorValue):
                found.append(value)
            elif isinstance(value, (ListValue, tuple)):
                items = value.items if isinstance(value, ListValue) else value
                found.extend(item for item in items if isinstance(item, TensorValue))
        return found
