"""Which arguments of a call are written out where they stand."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from kerascheck.script.values import Arguments


def literal_arguments(arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]]) -> frozenset[str]:
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
