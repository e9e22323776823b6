"""The table of library functions: to teach the evaluator a function is to add an entry here, from one file a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kerascheck.script.values import Arguments, ArrayValue, GeneratorValue, ObjectValue, Path, TransformerValue

if TYPE_CHECKING:
    import ast

    from kerascheck.script.evaluator import Evaluator

Handler: TypeAlias = "Callable[[Evaluator, Path, Arguments], object]"

MethodHandler: TypeAlias = "Callable[[Evaluator, ObjectValue, Arguments], object]"
NameHandler: TypeAlias = "Callable[[Evaluator, str], object]"

ArrayHandler: TypeAlias = "Callable[[Evaluator, ArrayValue, Arguments, ast.expr], object]"
GeneratorHandler: TypeAlias = "Callable[[Evaluator, GeneratorValue, Arguments, ast.expr], object]"
TransformerHandler: TypeAlias = "Callable[[Evaluator, TransformerValue, ArrayValue, Arguments, ast.expr], object]"

HANDLERS: dict[tuple[str, ...], Handler] = {}
LIBRARIES: dict[str, Handler] = {}
METHODS: dict[str, MethodHandler] = {}
NAMES: dict[tuple[str, ...], NameHandler] = {}
ARRAY_METHODS: dict[str, ArrayHandler] = {}
DATASET_METHODS: dict[str, ArrayHandler] = {}
GENERATOR_METHODS: dict[str, GeneratorHandler] = {}
TRANSFORMER_METHODS: dict[str, TransformerHandler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register a function for calls of the dotted names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[tuple(name.split("."))] = handler
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


def array_method(*names: str) -> Callable[[ArrayHandler], ArrayHandler]:
    """Register a function for methods of arrays, lists that are data, and frames."""

    def register(handler: ArrayHandler) -> ArrayHandler:
        ARRAY_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def dataset_method(*names: str) -> Callable[[ArrayHandler], ArrayHandler]:
    """Register a function for methods of a `tf.data.Dataset`."""

    def register(handler: ArrayHandler) -> ArrayHandler:
        DATASET_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def generator_method(*names: str) -> Callable[[GeneratorHandler], GeneratorHandler]:
    """Register a function for methods of an ImageDataGenerator."""

    def register(handler: GeneratorHandler) -> GeneratorHandler:
        GENERATOR_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def transformer_method(*names: str) -> Callable[[TransformerHandler], TransformerHandler]:
    """Register a function for a method of one transformer (`Tokenizer.texts_to_matrix`)."""

    def register(handler: TransformerHandler) -> TransformerHandler:
        TRANSFORMER_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register
