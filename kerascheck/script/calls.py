"""Calls: arguments, and the dispatch to functions, classes, methods and library handlers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kerascheck.findings import Location
from kerascheck.script.api import call_of
from kerascheck.script.classes import Classes
from kerascheck.script.handlers import HANDLERS, LIBRARIES
from kerascheck.script.unseen import is_compiled_otherwise
from kerascheck.script.uses import WATCHED, note_library_call, note_passed
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ChoiceValue,
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
    TensorValue,
)

ADAPTABLE = frozenset({"Normalization", "TextVectorization", "StringLookup", "IntegerLookup", "Discretization"})
RECURSION_BOUND = 3
KERAS_MODEL_CLASSES = frozenset({"Model", "Sequential", "Functional"})
# Decorators that leave the function's meaning as it is.
TRANSPARENT = frozenset(
    {"function", "wraps", "staticmethod", "classmethod", "abstractmethod", "njit", "jit", "override"}
)


if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


class Calls(Classes):
    """Everything that happens at a call."""

    data_names: dict[int, tuple[object, str]]

    def call_expression(self, node: ast.Call) -> object:
        """The value of a call in the source."""
        function = self._callee(node)
        return self.apply(function, self.arguments(node), node)

    def _callee(self, node: ast.Call) -> object:
        """What is called. A value that is not known and is trained as a model is taken for one."""
        func = node.func
        if not isinstance(func, ast.Attribute):
            return self.evaluate(func)
        owner = self.evaluate(func.value)
        if isinstance(owner, Opaque) and (owner in self.assumed_models or trains(func.attr, node)):
            if func.attr == "compile" and is_compiled_otherwise(owner.origin):
                return self.unknown("compile")
            return MethodValue(self.assumed_model(owner, func.value), func.attr)
        return self.attribute(owner, func.attr, func)

    def arguments(self, node: ast.Call) -> Arguments:
        """The evaluated arguments of a call."""
        evaluate = self.evaluate
        positional: list[object] = []
        complete, starred = True, False
        for argument in node.args:
            kind = type(argument)
            starred = starred or kind is ast.Starred
            value = evaluate(argument)
            positional.append(value)
            # `model.fit(...)` of a template.
            complete = complete and not (value is Ellipsis and kind is ast.Constant)
        result = Arguments(positional, {}, node, node.args, complete=complete)
        if starred:
            self._expand(result)
        for keyword in node.keywords:
            value = evaluate(keyword.value)
            if keyword.arg is not None:
                result.keywords[keyword.arg] = value
                result.keyword_nodes[keyword.arg] = keyword
            elif isinstance(value, DictValue):
                result.keywords.update({name: item for name, item in value.items.items() if isinstance(name, str)})
                result.complete = result.complete and value.whole
            else:
                result.complete = False
        return result

    def _expand(self, arguments: Arguments) -> None:
        """Put what `*args` holds in its place."""
        values: list[object] = []
        nodes: list[ast.expr] = []
        for value, node in zip(arguments.positional, arguments.positional_nodes, strict=True):
            if not isinstance(node, ast.Starred):
                values.append(value)
                nodes.append(node)
            elif (items := self.iterate(value)) is None or (self.uncalled and not items):
                arguments.complete = False
            else:
                values.extend(items)
                nodes.extend([node.value] * len(items))
        arguments.positional, arguments.positional_nodes = values, nodes

    def apply(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """Call a value."""
        if self.tapes:
            from kerascheck.script.own_steps import note_loss

            note_loss(cast("Evaluator", self), function, arguments, node)
        # The commonest first: this is asked at every call.
        if isinstance(function, Path):
            return self._library(function, arguments, node)
        if isinstance(function, MethodValue):
            return self.call_method(function.subject, function.name, arguments, node)
        if isinstance(function, FunctionValue):
            return self.call_function(function, arguments)
        match function:
            case LayerValue():
                return self.call_layer(function, arguments, node)
            case ClassValue():
                return self.instantiate(function, arguments, node)
            case ModelValue():
                return self.call_model(function, arguments, node)
            case InstanceValue():
                return self.call_instance(function, arguments, node)
            case ChoiceValue(options=options):
                return self.each(options, lambda option: self.apply(option, arguments, node))
            case _:
                return self.unknown_call(function, arguments, node)

    def _library(self, path: Path, arguments: Arguments, node: ast.expr) -> object:
        parts = path.parts
        if parts[0] == "keras":
            self.note_call(parts[-1], path.dotted, arguments, node)
        note_passed(self, path, arguments, node)
        if parts[-1] in WATCHED:
            note_library_call(self, path, arguments, node)
        handler = HANDLERS.get(parts) or LIBRARIES.get(parts[0])
        if handler is None:
            return self.unknown_call(path, arguments, node)
        return handler(cast("Evaluator", self), path, arguments)

    def note_call(
        self, name: str, qualified: str, arguments: Arguments, node: ast.expr, *, certain: bool = True
    ) -> None:
        """Record a call of the Keras API; not `certain` when the class of its owner may have methods of its own."""
        identity = (qualified, node)
        if identity in self.api_calls or self.page.path != self.path:
            return
        call = call_of(self, name, qualified, arguments, node, self.name_place(node))
        guarded = len(self.frames) in self.guards
        self.api_calls[identity] = replace(call, certain=certain, guarded=guarded) if guarded or not certain else call

    def name_place(self, node: ast.expr) -> Location:
        """Where the last part of the name of what is called stands."""
        called = node.func if isinstance(node, ast.Call) else node
        place = self.place(called)
        if isinstance(called, ast.Attribute):
            return replace(place, line=place.end_line, column=place.end_column - len(called.attr))
        return place

    def unknown_call(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """The result of a function that is not known: an opaque node when it takes tensors."""
        origin = function.dotted if isinstance(function, Path) else getattr(function, "origin", "") or "call"
        if not isinstance(function, Path):
            note_passed(self, function, arguments, node)
        values = arguments.values
        tensors = self.tensors_in(values)
        if tensors:
            return self.opaque_call(origin.rpartition(".")[2] or "call", tensors, node)
        discarded = id(node) in self.discarded
        for value in values:
            if isinstance(value, LayerValue) and value.layer.class_name in ADAPTABLE:
                # The function may adapt it.
                self.adapted(value, "passed", Arguments([], {}, None), node)
            elif discarded and isinstance(value, ArrayValue):
                self.forget_order(value)
        return self.unknown(f"call {origin}")

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
            if not isinstance(value, _WITH_TENSORS):
                continue
            if isinstance(value, TensorValue):
                found.append(value)
            elif isinstance(value, DictValue):
                # Keras takes dictionaries in the order of their keys.
                items = [value.items[name] for name in sorted(value.items, key=str)]
                found += [item for item in items if isinstance(item, TensorValue)]
            else:
                items = value.items if isinstance(value, ListValue) else value
                found += [item for item in items if isinstance(item, TensorValue)]
        return found


_WITH_TENSORS = (TensorValue, ListValue, tuple, DictValue)

_TRAINING: Mapping[str, frozenset[str]] = {
    "compile": frozenset({"loss", "optimizer", "metrics"}),
    "fit": frozenset({"epochs", "nb_epoch", "batch_size", "validation_data", "validation_split", "steps_per_epoch"}),
    "fit_generator": frozenset(),
    "train_on_batch": frozenset(),
}


def trains(name: str, node: ast.Call) -> bool:
    """Whether a call of a method is one that only a Keras model has."""
    keywords = _TRAINING.get(name)
    if keywords is None:
        return False
    if name == "compile" and len(node.args) > 1:
        return True
    return not keywords or any(keyword.arg in keywords for keyword in node.keywords)
