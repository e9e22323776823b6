"""The names in a part of a syntax tree, kept with it once they are found: walking takes as long as parsing does."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

_STORED: Final = "_names_stored"
_LOADED: Final = "_names_loaded"


def stored_names(node: ast.AST) -> frozenset[str]:
    """The names that a part binds."""
    kept = node.__dict__
    if _STORED not in kept:
        _find(node)
    return kept[_STORED]


def loaded_names(node: ast.AST) -> frozenset[str]:
    """The names that a part reads."""
    kept = node.__dict__
    if _LOADED not in kept:
        _find(node)
    return kept[_LOADED]


def stored_in(body: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that statements bind."""
    return frozenset[str]().union(*map(stored_names, body))


def _find(node: ast.AST) -> None:
    names = [found for found in ast.walk(node) if type(found) is ast.Name]
    node.__dict__[_STORED] = frozenset(found.id for found in names if type(found.ctx) is ast.Store)
    node.__dict__[_LOADED] = frozenset(found.id for found in names if type(found.ctx) is ast.Load)
