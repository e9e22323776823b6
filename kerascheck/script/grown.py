"""Tensors that a loop of a traced function joins to themselves turn by turn, read off the syntax of a source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kerascheck.facts.steps import Grown
from kerascheck.script.source import Unit
from kerascheck.script.values import FunctionValue, Path
from kerascheck.script.walking import functions, walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

FEW: Final = 8
"""Turns that cost nothing to speak of."""

_JOINS: Final = frozenset({"concat", "concatenate", "Concatenate"})
_STEPS: Final = ("call", "train_step", "test_step", "predict_step")


def grown_tensors(ev: Evaluator, units: Sequence[Unit]) -> tuple[Grown, ...]:
    """The joins in the loops of functions below `@tf.function` and of the methods that Keras traces."""
    methods = {
        id(member.node)
        for cls in ev.classes
        if ev.keras_base(cls) in ("layer", "model")
        for name, member in cls.scope.names.items()
        if name in _STEPS and isinstance(member, FunctionValue)
    }
    found: dict[int, Grown] = {}
    for unit in units:
        for function in functions(unit.tree):
            if id(function) in methods or _is_traced(ev, function):
                ev.page = ev.pages[unit.cell]
                for loop in walk(function):
                    if isinstance(loop, ast.For | ast.While) and not _is_short(loop):
                        found |= {
                            id(node): Grown(name, ev.place(node), ev.place(loop)) for name, node in _joined(ev, loop)
                        }
    return tuple(found.values())


def _is_traced(ev: Evaluator, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(path := _path(ev, item.func if isinstance(item, ast.Call) else item), Path)
        and path.parts[0] == "tensorflow"
        and path.parts[-1] == "function"
        for item in function.decorator_list
    )


def _path(ev: Evaluator, node: ast.expr) -> object:
    """What a dotted name of a library stands for."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    known = isinstance(root, ast.Name) and isinstance(ev.scope.names.get(root.id), Path)
    return ev.evaluate(node) if known else None


def _is_short(loop: ast.For | ast.While) -> bool:
    turns = loop.iter if isinstance(loop, ast.For) else None
    if not isinstance(turns, ast.Call) or not isinstance(turns.func, ast.Name) or turns.func.id != "range":
        return False
    last = turns.args[min(1, len(turns.args) - 1)] if turns.args else None
    return isinstance(last, ast.Constant) and isinstance(last.value, int) and last.value < FEW


def _joined(ev: Evaluator, loop: ast.For | ast.While) -> Iterator[tuple[str, ast.Call]]:
    """The names that take each part in turn and that nothing else in the loop reads."""
    inside = [node for statement in loop.body for node in walk(statement)]
    for node in inside:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=function, args=[ast.List(elts=parts) | ast.Tuple(elts=parts), *_]) as call,
            ) if any(isinstance(part, ast.Name) and part.id == name for part in parts):
                path = _path(ev, function)
                reads = sum(
                    isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load) for part in inside
                )
                if reads == 1 and isinstance(path, Path) and path.parts[-1] in _JOINS and _is_of_tensors(path):
                    yield name, call
            case _:
                continue


def _is_of_tensors(path: Path) -> bool:
    return path.parts[0] in ("tensorflow", "keras")
