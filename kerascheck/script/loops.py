"""Loops: unrolled while that tells something new, and widened from there on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.facts.events import Evaluation, Fit
from kerascheck.script.expressions import Expressions
from kerascheck.script.joins import Flow, repeat
from kerascheck.script.loop_facts import for_fact, while_fact
from kerascheck.script.machine import LOOP_BOUND
from kerascheck.script.values import DictValue, ListValue, Mutable

CHEAP: Final = 60
"""The steps that an iteration may take which builds nothing and yet is unrolled."""

ENOUGH: Final = 2
"""The iterations after which one that trains, or costs much and builds nothing, tells nothing new."""


class Mark(Struct, frozen=True):
    """How far the evaluation had come before an iteration."""

    steps: int
    tensors: int
    events: int


class Loops(Expressions):
    """What loops do."""

    def for_loop(self, node: ast.For | ast.AsyncFor) -> Flow:
        source = self.evaluate(node.iter)
        self.loop_path.append(for_fact(self, node, source))
        self.loop_nodes.append((node, len(self.frames)))
        try:
            return self._for(node, source)
        finally:
            self.loop_path.pop()
            self.loop_nodes.pop()

    def _for(self, node: ast.For | ast.AsyncFor, source: object) -> Flow:
        items = self.iterate(source)
        if items is not None and len(items) <= LOOP_BOUND:
            return self._unrolled(node, items)
        element = self.element_of(source, items)
        return self._of_unknown_length(node, lambda: self.bind(node.target, element), source)

    def while_loop(self, node: ast.While) -> Flow:
        self.loop_path.append(while_fact(self, node))
        self.loop_nodes.append((node, len(self.frames)))
        try:
            return self._while(node)
        finally:
            self.loop_path.pop()
            self.loop_nodes.pop()

    def _while(self, node: ast.While) -> Flow:
        """A loop whose condition is decided by counting is unrolled."""
        endless = isinstance(node.test, ast.Constant)
        decided = self.truth(self.evaluate(node.test))
        if decided is False:
            return self.run(node.orelse)
        if decided is None or endless:
            return self._of_unknown_length(node)
        return self._counted(node)

    def _counted(self, node: ast.While) -> Flow:
        self.loops += 1
        self.trails.append({})
        try:
            for index in range(LOOP_BOUND):
                mark = self._mark()
                flow = self.run(node.body)
                if flow is Flow.BREAK:
                    return Flow.NEXT
                if flow in (Flow.RETURN, Flow.RAISE):
                    return flow
                decided = self.truth(self.evaluate(node.test))
                if decided is False:
                    return self.run(node.orelse)
                if decided is None or self._is_enough(mark, index):
                    break
        finally:
            self.loops -= 1
            touched = self.merge_trail()
        self._widen(node.body, touched)
        return Flow.NEXT

    def _unrolled(self, node: ast.For | ast.AsyncFor, items: Sequence[object]) -> Flow:
        several = len(items) > 1
        self.loops += several
        self.trails.append({})
        stopped = False
        try:
            for index, item in enumerate(items):
                mark = self._mark()
                self.bind(node.target, item)
                self.enter_loop(None, node, once=False)
                flow = self.run(node.body)
                self.leave_loop()
                if flow is Flow.BREAK:
                    return Flow.NEXT
                if flow in (Flow.RETURN, Flow.RAISE):
                    return flow
                if index + 1 < len(items) and self._is_enough(mark, index):
                    stopped = True
                    break
        finally:
            self.loops -= several
            touched = self.merge_trail()
        if stopped:
            self._widen(node.body, touched)
            self.bind(node.target, items[-1])
        return self.run(node.orelse)

    def _of_unknown_length(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        start: Callable[[], None] | None = None,
        source: object = None,
    ) -> Flow:
        """A loop of unknown length, run once."""
        self.forget_assigned(node.body)
        self.loops += 1
        try:
            flow = repeat(self, lambda: self._once(node, start, source), self.place(node))
        finally:
            self.loops -= 1
        return flow

    def _once(self, node: ast.For | ast.AsyncFor | ast.While, start: Callable[[], None] | None, source: object) -> Flow:
        if start is not None:
            start()
        self.enter_loop(source, node, once=True)
        flow = self.run(node.body)
        self.leave_loop()
        return flow if flow is Flow.RETURN else Flow.NEXT

    def _mark(self) -> Mark:
        return Mark(self.steps, self.assembly.size, len(self.events))

    def _is_enough(self, mark: Mark, index: int) -> bool:
        """Whether more iterations like the last one would tell nothing new."""
        # Of loops inside one another each runs once more for the outermost, not for each of the others.
        if index + 1 < (ENOUGH if self.loops == 1 else 1):
            return False
        if any(isinstance(event, (Fit, Evaluation)) for event in self.events[mark.events :]):
            return True
        if index + 1 < ENOUGH:
            return False
        return self.assembly.size == mark.tensors and self.steps - mark.steps > CHEAP

    def merge_trail(self) -> dict[Mutable, object]:
        """Close a trail; what changed in it changed in the one around it."""
        trail = self.trails.pop()
        if self.trails:
            outer = self.trails[-1]
            for subject, state in trail.items():
                outer.setdefault(subject, state)
        return trail

    def _widen(self, body: Sequence[ast.stmt], touched: dict[Mutable, object]) -> None:
        """Forget what further iterations would change."""
        self.forget_assigned(body)
        for subject in touched:
            if isinstance(subject, (ListValue, DictValue)):
                self.touch(subject)
                subject.whole = False
