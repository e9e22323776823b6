"""Worker processes: many files at once, and each file under a limit of time and memory.

A worker that dies or does not answer costs its own file only: the parent says so and starts another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kerascheck.findings import FileReport
from kerascheck.linter import Plan, Target, lint, lost

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

MIB: Final = 1 << 20
ALONE: Final = 5.0
"""How often, in seconds, an idle worker looks whether its parent still lives."""


class Limits(Struct, frozen=True):
    """What one file may take: seconds, and bytes of memory on top of what a worker has at its start."""

    seconds: float = 60.0
    memory: int = 2048 * MIB


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lint_all(targets: Iterable[Target], plan: Plan, jobs: int, limits: Limits) -> Iterator[FileReport]:
    """The reports of the targets, in the order in which they are done."""
    waiting = deque(targets)
    workers = [_Worker(plan, limits) for _ in range(min(jobs, len(waiting)))]
    try:
        busy: list[_Worker] = []
        while waiting or busy:
            while waiting and len(busy) < len(workers):
                worker = next(worker for worker in workers if worker not in busy)
                worker.begin(waiting.popleft())
                busy.append(worker)
            for worker in _answered(busy):
                busy.remove(worker)
                yield worker.finish()
    finally:
        for worker in workers:
            worker.stop()


def _answered(busy: list[_Worker]) -> list[_Worker]:
    """The workers that are done, dead, or out of time; waits for the first of them."""
    left = max(min(worker.deadline for worker in busy) - time.monotonic(), 0.0)
    ready = wait([worker.connection for worker in busy], left)
    now = time.monotonic()
    return [worker for worker in busy if worker.connection in ready or worker.deadline <= now]


class _Worker:
    """One process and the file that it reads."""

    def __init__(self, plan: Plan, limits: Limits) -> None:
        self._plan = plan
        self._limits = limits
        self._process: BaseProcess | None = None
        self._target: Target | None = None
        self.deadline = 0.0
        self._start()

    def _start(self) -> None:
        context = _context()
        self.connection, theirs = context.Pipe()
        # A daemon, so that it cannot outlive a parent that is stopped in the middle.
        process: BaseProcess = context.Process(target=_serve, args=(theirs, self._plan, self._limits), daemon=True)  # pyright: ignore[reportAttributeAccessIssue]
        process.start()
        self._process = process
        theirs.close()

    def begin(self, target: Target) -> None:
        self._target = target
        self.deadline = time.monotonic() + self._limits.seconds
        try:
            self.connection.send(target)
        except (BrokenPipeError, ConnectionResetError):
            return  # The worker died between two files; `finish` meets the end of its pipe.

    def finish(self) -> FileReport:
        """The report of the file, whatever became of the worker."""
        assert self._target is not None
        if not self.connection.poll():
            self._restart(kill=True)
            return lost(self._target, f"reading it takes more than {self._limits.seconds:g} s", self._plan)
        try:
            return self.connection.recv()
        except (EOFError, ConnectionResetError):
            code = self._restart(kill=False)
            return lost(self._target, f"reading it ended the process ({_ending(code)})", self._plan)

    def _restart(self, *, kill: bool) -> int:
        code = self.stop(kill=kill)
        self._start()
        return code

    def stop(self, *, kill: bool = True) -> int:
        """End the process, or wait for the end of one that is dying; its exit code, negative for a signal."""
        process = self._process
        if process is None:
            return 0
        self.connection.close()
        if kill:
            process.kill()
        process.join()
        code = process.exitcode or 0
        process.close()
        self._process = None
        return code


def _context() -> BaseContext:
    # A fork shares what is imported; where threads of the platform forbid it a fresh interpreter starts.
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _ending(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _serve(connection: Connection, plan: Plan, limits: Limits) -> None:
    """Read files until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound_memory(limits.memory)
    parent = os.getppid()
    while True:
        # Later workers hold a copy of the parent's end, so that its death alone does not close the pipe.
        while not connection.poll(ALONE):
            if os.getppid() != parent:
                return
        try:
            target = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            report = lint(target, plan)
        except MemoryError:
            report = lost(target, f"reading it takes more than {limits.memory // MIB} MiB of memory", plan)
        connection.send(report)


def _bound_memory(extra: int) -> None:
    """Let this process grow by no more than `extra` bytes, where the platform can hold it to that."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except (ImportError, OSError):
        return
    bound = pages * resource.getpagesize() + extra
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        bound = min(bound, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    except (OSError, ValueError):
        # A sandbox that lets nobody set limits has some of its own.
        return
