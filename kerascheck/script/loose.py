"""Layers whose value is lost: thrown away, bound to a name that nothing reads, or overwritten before anything does."""

from __future__ import annotations

import ast
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kerascheck.facts.graph import Layer, LayerKind
from kerascheck.facts.loose import Fate, LooseLayer
from kerascheck.script.source import Unit
from kerascheck.script.walking import functions, walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def loose_layers(ev: Evaluator, units: Sequence[Unit]) -> tuple[LooseLayer, ...]:
    """The layers of a script that are lost, in order of their places."""
    finder = _Finder(ev, units)
    return tuple(found for unit in units for found in finder.in_unit(unit))


class _Finder:
    """Looks up what the evaluation made at a place."""

    def __init__(self, ev: Evaluator, units: Sequence[Unit]) -> None:
        self.ev = ev
        self.nodes = {node.location: node for node in ev.assembly.calls}
        self.used = {layer.key for node in ev.assembly.calls for layer in _with_inner(node.layer)}
        self.made = {value.layer.location: value.layer for value in ev.layer_values.values()}
        self.lines: dict[tuple[str, int | None], list[int]] = {}
        for place in self.nodes:
            insort(self.lines.setdefault((place.path, place.cell), []), place.line)
        self.units = units

    @cached_property
    def read(self) -> set[str]:
        """The names that anything reads."""
        nodes = (node for unit in self.units for node in walk(unit.tree))
        return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}

    @cached_property
    def captured(self) -> set[str]:
        """The names that functions take from around them; most scripts are read without asking."""
        return {name for unit in self.units for name in _captured(unit.tree)}

    def in_unit(self, unit: Unit) -> Iterator[LooseLayer]:
        outer, self.ev.page = self.ev.page, self.ev.pages[unit.cell]
        try:
            # A notebook shows what its cell ends with.
            shown = unit.tree.body[-1] if unit.cell is not None and unit.tree.body else None
            yield from self._in_block(unit.tree.body, module=True, shown=shown)
            for function in functions(unit.tree):
                yield from self._in_block(function.body, module=False)
        finally:
            self.ev.page = outer

    def _in_block(
        self, body: Sequence[ast.stmt], *, module: bool, shown: ast.stmt | None = None
    ) -> Iterator[LooseLayer]:
        statements = list(_straight(body))
        if not self._builds(statements):
            return
        for index, statement in enumerate(statements):
            if isinstance(statement, ast.Expr) and statement is not shown:
                yield from self._discarded(statement.value)
            elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                if isinstance(target, ast.Name) and (found := self._lost(statement.value)) is not None:
                    yield from self._unread(found, statement, target.id, statements[index + 1 :], module=module)

    def _builds(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether layers are called in a block: where none is, one that stands by itself is shown, not forgotten."""
        if not statements:
            return False
        first, last = statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
        page = self.ev.page
        lines = self.lines.get((page.path, page.cell), ())
        index = bisect_left(lines, first)
        return index < len(lines) and lines[index] <= last

    def _lost(self, node: ast.expr) -> tuple[Layer, bool] | None:
        """The Keras layer that an expression makes and perhaps calls; None for any other."""
        if not isinstance(node, ast.Call) or (isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"):
            return None
        place = self.ev.place(node)
        called = self.nodes.get(place)
        if called is not None and called.layer.class_name == "InputLayer":
            return called.layer, False
        if called is not None and isinstance(node.func, ast.Call):
            return (called.layer, True) if called.layer.kind is LayerKind.BUILTIN else None
        made = self.made.get(place)
        if made is None or made.kind is not LayerKind.BUILTIN or made.class_name == "Layer" or made.key in self.used:
            return None
        return made, False

    def _discarded(self, node: ast.expr) -> Iterator[LooseLayer]:
        if (found := self._lost(node)) is not None:
            layer, called = found
            yield LooseLayer(layer, Fate.DISCARDED, self.ev.place(node), called)

    def _unread(
        self,
        found: tuple[Layer, bool],
        statement: ast.Assign,
        name: str,
        following: Sequence[ast.stmt],
        *,
        module: bool,
    ) -> Iterator[LooseLayer]:
        layer, called = found
        if layer.class_name == "InputLayer":
            # An input that no layer takes is harmless unless a model lists it.
            return
        place = self.ev.place(statement.targets[0])
        again = _bound_again(name, following)
        lost = again is not None or (name not in self.read if module else not _mentioned(name, following))
        if not lost or name in self.captured:
            return
        if again is not None:
            yield LooseLayer(layer, Fate.OVERWRITTEN, place, called, name, self.ev.place(again))
        else:
            yield LooseLayer(layer, Fate.UNREAD, place, called, name)


def _captured(tree: ast.Module) -> Iterator[str]:
    """The names that a function inside another, or any function of a module, takes from around it."""
    for node in walk(tree):
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            inner = walk(node)
            own = {part.id for part in inner if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
            own |= {part.arg for part in inner if isinstance(part, ast.arg)}
            yield from (part.id for part in inner if isinstance(part, ast.Name) and part.id not in own)


class _Mention(Struct, frozen=True):
    reads: bool
    binds: ast.expr | None


def _straight(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block that run one after the other; those of `with` among them."""
    for statement in body:
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            yield from _straight(statement.body)
        else:
            yield statement


def _bound_again(name: str, following: Sequence[ast.stmt]) -> ast.expr | None:
    """The target that binds a name again before anything reads it; None where something does, or may."""
    for statement in following:
        mention = _mention(name, statement)
        if mention.reads:
            return None
        if mention.binds is not None:
            return mention.binds if isinstance(statement, ast.Assign) else None
    return None


def _mention(name: str, statement: ast.stmt) -> _Mention:
    found = [node for node in walk(statement) if isinstance(node, ast.Name) and node.id == name]
    reads = any(isinstance(node.ctx, ast.Load) for node in found)
    reads = reads or isinstance(statement, (ast.AugAssign, ast.Global, ast.Nonlocal))
    return _Mention(reads, found[0] if found else None)


def _mentioned(name: str, following: Sequence[ast.stmt]) -> bool:
    return any(_mention(name, statement).binds is not None for statement in following) or any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"locals", "vars", "eval"}
        for statement in following
        for node in walk(statement)
    )


def _with_inner(layer: Layer) -> Iterator[Layer]:
    current: Layer | None = layer
    while current is not None:
        yield current
        current = current.inner
