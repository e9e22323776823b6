"""Names that the cells of a notebook, or of a script in cells, use above the only cell that defines them."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.facts.cells import EarlyName
from kerascheck.findings import Location
from kerascheck.script.machine import Machine
from kerascheck.script.source import Unit

KNOWN: Final = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out", "_", "__", "exit", "quit", "__file__"}
DEFINING_MAGICS: Final = ("%run", "%pylab", "%load", "%store", "%%capture", "%R", "%autocall", "%%time ")
_SCOPES: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


MARKS: Final = ("# %%", "#%%", "# In[")


class Cell(Struct, frozen=True):
    """The statements of one cell; `page` is where the machine finds its lines."""

    page: int | None
    body: Sequence[ast.stmt]


def is_divided(lines: Sequence[str]) -> bool:
    """Whether a script is cut into cells."""
    return any(line.startswith(MARKS) for line in lines)


def cells_of(units: Sequence[Unit], lines: Sequence[str]) -> tuple[Cell, ...]:
    """The cells of a notebook, or what the marks of a script cut it into; nothing for a script without marks."""
    if any(unit.cell is not None for unit in units):
        return tuple(Cell(unit.cell, unit.tree.body) for unit in units)
    marks = [number for number, line in enumerate(lines, 1) if line.startswith(MARKS)]
    if not marks:
        return ()
    parts: list[list[ast.stmt]] = [[] for _ in range(len(marks) + 1)]
    for unit in units:
        for statement in unit.tree.body:
            parts[sum(mark < statement.lineno for mark in marks)].append(statement)
    return tuple(Cell(None, part) for part in parts)


def early_names(machine: Machine, units: Sequence[Cell]) -> tuple[EarlyName, ...]:
    """Each such name once, where it is first used."""
    if any(line.lstrip().startswith(DEFINING_MAGICS) for page in machine.pages.values() for line in page.lines):
        return ()
    defined: dict[str, tuple[int, ast.AST]] = {}
    for index, unit in enumerate(units):
        for name, node in _bound(unit.body):
            if name == "*":
                return ()
            defined.setdefault(name, (index, node))
    found: dict[str, EarlyName] = {}
    for index, unit in enumerate(units):
        for node in _used(unit.body):
            later = defined.get(node.id)
            if later is not None and later[0] > index and node.id not in KNOWN and node.id not in found:
                place = _place(machine, units[index], node)
                found[node.id] = EarlyName(node.id, place, _place(machine, units[later[0]], later[1]))
    return tuple(found.values())


def _place(machine: Machine, unit: Cell, node: ast.AST) -> Location:
    machine.page = machine.pages[unit.page]
    return machine.place(node)  # pyright: ignore[reportArgumentType]


def _bound(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """The names that a cell binds in the module, with what binds them."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
                yield from _globals(node)
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield alias.asname or alias.name.partition(".")[0], node
            case ast.ExceptHandler(name=str() as name):
                yield name, node
            case _:
                pass
        stack.extend(ast.iter_child_nodes(node))


def _globals(function: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            for name in node.names:
                yield name, node


def _used(body: Sequence[ast.stmt]) -> Iterator[ast.Name]:
    """The names that a cell needs whenever it runs: outside functions, comprehensions, attempts and undecided branches."""
    stack: list[ast.AST] = list(body)
    while stack:
        match stack.pop():
            case ast.Name(ctx=ast.Load()) as name:
                yield name
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                stack.append(test)
            case ast.BoolOp(values=[first, *_]):
                stack.append(first)
            case node if not isinstance(node, (*_SCOPES, ast.ClassDef, ast.Try)):
                stack.extend(ast.iter_child_nodes(node))
            case _:
                pass
