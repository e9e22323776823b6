"""The table of library functions: to teach the evaluator a function is to add an entry here, from one file a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kerascheck.script.values import Arguments, ObjectValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

Handler: TypeAlias = "Callable[[Evaluator, Path, Arguments], object]"

MethodHandler: TypeAlias = "Callable[[Evaluator, ObjectValue, Arguments], object]"
NameHandler: TypeAlias = "Callable[[Evaluator, str], object]"

HANDLERS: dict[str, Handler] = {}
LIBRARIES: dict[str, Handler] = {}
METHODS: dict[str, MethodHandler] = {}
NAMES: dict[tuple[str, ...], NameHandler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register a function for calls of the dotted names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register


def library(*roots: str) -> Callable[[Handler], Handler]:
    """Register a function for all other calls below a root package."""

    def register(handler: Handler) -> Handler:
        for root in roots:
            LIBRARIES[root] = handler
        return handler

    return register


def method(*names: str) -> Callable[[MethodHandler], MethodHandler]:
    """Register a function for calls of methods, by the dotted name of the class and the name of the method."""

    def register(handler: MethodHandler) -> MethodHandler:
        for name in names:
            METHODS[name] = handler
        return handler

    return register


def names_of(*modules: str) -> Callable[[NameHandler], NameHandler]:
    """Register a function for the attributes of a library's name that are no functions (`flags.FLAGS.epochs`)."""

    def register(handler: NameHandler) -> NameHandler:
        for module in modules:
            NAMES[tuple(module.split("."))] = handler
        return handler

    return register
