"""How the call of a layer stands in its source."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeAlias

from kerascheck.facts.slot import Slot, Writing
from kerascheck.findings import Location
from kerascheck.script.layout import last_argument, slot
from kerascheck.script.values import Arguments, Page

Sources: TypeAlias = "Mapping[str, tuple[int | str, ...]]"
"""The positions and keywords that each argument came from."""


class CallWriting(Writing):
    """A call on a page. `format_place` is where the data format stands that the program set for all layers."""

    __slots__ = ("_arguments", "_format_place", "_node", "_page", "_sources")

    def __init__(
        self, page: Page, node: ast.expr, arguments: Arguments, sources: Sources, format_place: Location | None = None
    ) -> None:
        self._page = page
        self._node = node
        self._arguments = arguments
        self._sources = sources
        self._format_place = format_place

    @property
    def places(self) -> Mapping[str, Location]:
        places = argument_places(self._page, self._arguments, self._sources)
        if self._format_place is not None and "data_format" in self._sources:
            places.setdefault("data_format", self._format_place)
        return places

    @property
    def literal(self) -> frozenset[str]:
        return literal_arguments(self._arguments, self._sources)

    @property
    def slot(self) -> Slot | None:
        return slot_of(self._page, self._node)


class InputWriting(Writing):
    """A call of `Input`; its shape stands at `shape`."""

    __slots__ = ("_page", "_shape")

    def __init__(self, page: Page, shape: ast.expr) -> None:
        self._page = page
        self._shape = shape

    @property
    def places(self) -> Mapping[str, Location]:
        return {"batch_shape": self._page.place(self._shape)}


def argument_places(page: Page, arguments: Arguments, sources: Sources) -> dict[str, Location]:
    """Where the value of each given argument stands."""
    places: dict[str, Location] = {}
    for name, origin in sources.items():
        for source in origin:
            if isinstance(source, int):
                if source < len(arguments.positional_nodes):
                    places[name] = page.place(arguments.positional_nodes[source])
            elif source in arguments.keyword_nodes:
                places[name] = page.place(arguments.keyword_nodes[source].value)
    return places


def slot_of(page: Page, node: ast.expr) -> Slot | None:
    """Where one more argument goes into a call."""
    if not isinstance(node, ast.Call):
        return None
    last = last_argument(node)
    return slot(page.place(node), None if last is None else page.place(last), page.lines)


def literal_arguments(arguments: Arguments, sources: Sources) -> frozenset[str]:
    """The names of the arguments whose value no variable takes part in: numbers, strings, calls with such arguments."""
    return frozenset(
        name
        for name, origin in sources.items()
        if origin and all((node := _node(arguments, source)) is not None and is_literal(node) for source in origin)
    )


def _node(arguments: Arguments, source: int | str) -> ast.expr | None:
    if isinstance(source, int):
        return arguments.positional_nodes[source] if source < len(arguments.positional_nodes) else None
    keyword = arguments.keyword_nodes.get(source)
    return None if keyword is None else keyword.value


def is_literal(node: ast.AST) -> bool:
    """Whether an expression is written out; the name of a called function counts for nothing."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return is_literal(operand)
        case ast.BinOp(left=left, right=right):
            return is_literal(left) and is_literal(right)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return all(is_literal(item) for item in items)
        case ast.Call(args=positional, keywords=keywords):
            return all(is_literal(item) for item in positional) and all(is_literal(item.value) for item in keywords)
        case _:
            return False
