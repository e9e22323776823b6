"""Names that Python 2 had and Python 3 has not, in a source that parses all the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from kerascheck.findings import Location
from kerascheck.script.machine import Machine
from kerascheck.script.source import Unit
from kerascheck.script.walking import walk

BUILTINS: Final = frozenset({"xrange", "raw_input", "unicode", "basestring", "execfile", "unichr", "long"})
MODULES: Final = frozenset(
    {"cPickle", "urllib2", "ConfigParser", "Queue", "StringIO", "httplib", "commands", "Tkinter"}
)
METHODS: Final = frozenset({"iteritems", "itervalues", "iterkeys", "has_key"})
_NAMES: Final = tuple(sorted(BUILTINS | MODULES | METHODS))


# Compiled on first use: few sources mention one.
@cache
def _mention() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(_NAMES) + r")\b")


@cache
def _version() -> re.Pattern[str]:
    # `sys.version_info`, `six.PY2`, `IS_PY3`, `python_version()`.
    return re.compile(r"version_info|hexversion|python_version|(?:IS_?)?PY_?[23]", re.IGNORECASE)


def old_names(machine: Machine, units: Sequence[Unit]) -> tuple[tuple[str, Location], ...]:
    """The names with their places, in order; nothing for those that the source defines, or only tries to import."""
    if not machine.mentions(*_NAMES) or not any(map(_mention().search, (page.text for page in machine.pages.values()))):
        return ()
    trees = [(unit, walk(unit.tree)) for unit in units]
    bound = {name for _, nodes in trees for node in nodes for name in _bound(node)}
    found: list[tuple[str, Location]] = []
    for unit, nodes in trees:
        machine.page = machine.pages[unit.cell]
        ready = {id(inner) for node in nodes if _is_ready(node) for inner in walk(node)}
        for node in nodes:
            if id(node) not in ready:
                found += [(name, machine.place(place)) for name, place in _old(node, bound)]
    return tuple(found)


def _is_ready(node: ast.AST) -> bool:
    """Whether a statement takes both Pythons into account: it tries, or asks for the version."""
    if not isinstance(node, (ast.If, ast.IfExp)):
        return isinstance(node, ast.Try)
    return any(_version().fullmatch(_last_name(part)) for part in walk(node.test))


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                if alias.name not in MODULES:
                    yield alias.asname or alias.name
        case _:
            pass


def _old(node: ast.AST, bound: set[str]) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name in BUILTINS and name not in bound:
            yield name, node
        case ast.Import(names=aliases):
            for alias in aliases:
                if alias.name in MODULES:
                    yield alias.name, node
        case ast.ImportFrom(module=str() as module, level=0) if module in MODULES:
            yield module, node
        case ast.Call(func=ast.Attribute(attr=name) as called, args=[]) if name in METHODS:
            yield name, called
        case _:
            pass
