"""Runs of loop bodies, and the lists that they fill."""

from __future__ import annotations

import ast

from msgspec import Struct


class LoopRun(Struct, eq=False):
    """One run of a loop's body: `source` is what it goes through, `once` when the run stands for an unknown number of
    rounds, `filtered` when a condition leaves some out, `trail` the branch in which the body stands."""

    key: int
    source: object
    node: ast.AST
    parent: LoopRun | None = None
    once: bool = True
    filtered: bool = False
    trail: object = None


class Growth(Struct, eq=False):
    """One append to a list: the loop and the branch that it stands in, and the expression that is appended."""

    run: LoopRun | None
    branch: object = None
    node: ast.expr | None = None
