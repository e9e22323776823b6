"""The table of library functions: to teach the evaluator a function is to add an entry here, from one file a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kerascheck.script.values import Arguments, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

Handler: TypeAlias = "Callable[[Evaluator, Path, Arguments], object]"

HANDLERS: dict[str, Handler] = {}
LIBRARIES: dict[str, Handler] = {}


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
