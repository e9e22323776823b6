"""What a loop runs over, as the facts tell it."""

from __future__ import annotations

import ast

from kerascheck.facts.data import DataKind
from kerascheck.facts.events import Loop
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.machine import Machine
from kerascheck.script.values import ArrayValue, ListValue, Scope, SplitterValue
from kerascheck.script.walking import walk


def for_fact(machine: Machine, node: ast.For | ast.AsyncFor, source: object) -> Loop:
    """A for loop over an evaluated source."""
    targets = _targets(node.target)
    over, turns = _kind(machine, node.iter, source)
    return Loop(machine.cut("loop", id(node)), machine.place(node), over, turns, targets)


def _targets(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    return tuple(item.id for item in walk(node) if isinstance(item, ast.Name))


def while_fact(machine: Machine, node: ast.While) -> Loop:
    """A while loop."""
    return Loop(machine.cut("loop", id(node)), machine.place(node), "while")


def _kind(machine: Machine, node: ast.expr, source: object) -> tuple[str, int | Unknown]:
    if _is_of_folds(machine, node):
        return "folds", UNKNOWN
    if isinstance(source, range):
        return "range", len(source)
    if _calls(node, "range") or _calls(node, "trange"):
        return "range", UNKNOWN
    if isinstance(source, ArrayValue):
        shape = source.data.shape
        rows = shape[0] if source.data.kind is DataKind.ARRAY and isinstance(shape, tuple) and shape else UNKNOWN
        return "batches", rows if isinstance(rows, int) else UNKNOWN
    if isinstance(source, (ListValue, tuple)):
        items = source.items if isinstance(source, ListValue) else source
        return "values", len(items) if not isinstance(source, ListValue) or source.whole else UNKNOWN
    return "", UNKNOWN


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_of_folds(machine: Machine, node: ast.expr) -> bool:
    """Whether the source is `folds.split(...)` of a cross-validation, bare or inside `enumerate` and the like."""
    for item in walk(node):
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "split":
            owner = item.func.value
            if isinstance(owner, ast.Name) and isinstance(_bound(machine.scope, owner.id), SplitterValue):
                return True
            if isinstance(owner, ast.Call) and isinstance(owner.func, (ast.Name, ast.Attribute)):
                name = owner.func.id if isinstance(owner.func, ast.Name) else owner.func.attr
                if name.endswith("KFold"):
                    return True
    return False


def _bound(scope: Scope | None, name: str) -> object:
    while scope is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    return None


def follows(node: ast.For | ast.AsyncFor | ast.While, value: ast.expr) -> bool:
    """Whether an expression in the body of a for loop is made from what the loop runs over, by plain assignments."""
    if isinstance(node, ast.While):
        return False
    targets = _names(node.target)
    made: dict[str, set[str]] = {}
    for item in walk(node):
        if isinstance(item, ast.Assign):
            for target in item.targets:
                if isinstance(target, ast.Name):
                    made.setdefault(target.id, set()).update(_names(item.value))
    wanted, seen = _names(value), set[str]()
    while wanted:
        if wanted & targets:
            return True
        seen |= wanted
        wanted = {name for target in wanted for name in made.get(target, ())} - seen
    return False


def _names(node: ast.expr) -> set[str]:
    return {item.id for item in walk(node) if isinstance(item, ast.Name)}
