"""Where a program is ready for a library that lacks a name."""

from __future__ import annotations

import ast
from typing import Final

_ABSENCE: Final = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError"})
_ANYTHING: Final = frozenset({"", "Exception", "BaseException"})


def catches_absence(node: ast.Try | ast.TryStar) -> bool:
    """Whether a handler is there for a name that is gone; one for any error is, around nothing but imports."""
    caught = {name for handler in node.handlers for name in _names(handler.type)}
    if caught & _ABSENCE:
        return True
    return bool(caught & _ANYTHING) and all(isinstance(part, (ast.Import, ast.ImportFrom)) for part in node.body)


def asks_for_name(test: ast.expr) -> bool:
    """Whether a condition is `hasattr(...)`, or `not hasattr(...)`."""
    if isinstance(test, ast.UnaryOp):
        test = test.operand
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "hasattr"


def expects_refusal(context: ast.expr) -> bool:
    """Whether a `with` is a test that its body raises: `pytest.raises(...)`, `self.assertRaises(...)`."""
    called = context.func if isinstance(context, ast.Call) else context
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "raises" or name.startswith(("assertRaises", "suppress"))


def _names(kind: ast.expr | None) -> list[str]:
    if kind is None:
        return [""]
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return [kind.id for kind in kinds if isinstance(kind, ast.Name)]
