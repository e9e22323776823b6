"""HDF5 is read in a child process, because a damaged file can send the HDF5 library into an endless loop or crash it.

The child is a fork that may use a bounded amount of processor time and memory, and that answers in JSON. Where there is
no safe fork (all but Linux) the work is done in place, and several files are given to worker processes from the start.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, TypeVar, cast

import msgspec

from kerascheck.artifact.refusals import MEBIBYTE, TEXT_LIMIT, DamagedError, ForeignError, HostileError
from kerascheck.remote import FetchError

T = TypeVar("T")
Answer: TypeAlias = "Mapping[str, str | int | None]"

SECONDS: Final = 1
"""Processor time; the configuration of the largest real file takes a hundredth of a second."""
MEMORY: Final = 1024 * MEBIBYTE
_ANSWER_LIMIT: Final = 4 * TEXT_LIMIT
_BLOCK: Final = MEBIBYTE
_TOO_MUCH: Final = "it takes more memory than any model's configuration"
_REFUSALS: Final[Mapping[str, type[Exception]]] = {
    "DamagedError": DamagedError,
    "HostileError": HostileError,
    "ForeignError": ForeignError,
    "OSError": OSError,
    "FetchError": FetchError,
}


def isolated_value(work: Callable[[], T], kind: type[T], seconds: float) -> T:
    """What `work` returns, of a type that msgspec knows, done in a child process as by `isolated`."""
    if sys.platform != "linux":
        return _in_place(work)
    found = isolated(lambda: {"value": cast("str", msgspec.to_builtins(work()))}, seconds)
    return msgspec.convert(found["value"], kind)


def isolated(work: Callable[[], Answer], seconds: float = 0) -> Answer:
    """What `work` returns, done in a child process.

    Args:
        work: what to do there.
        seconds: the processor time that it may take, where that is more than `SECONDS`.

    Raises:
        DamagedError: when the child raised it, crashed, or used up its time or memory.
        ForeignError: when the child raised it.
        RuntimeError: for any other exception in the child, which is a fault of its code.
    """
    if sys.platform != "linux":
        return _in_place(work)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 and newer warn of threads; the only one there may be draws the progress bar.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(work, writing, max(seconds, SECONDS))
    os.close(writing)
    try:
        received = _received(reading)
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    if status or not received:
        raise DamagedError("the HDF5 library cannot cope with it: it crashed, or did not come to an end")
    return _opened(received)


def _in_place(work: Callable[[], T]) -> T:
    try:
        return work()
    except (MemoryError, RecursionError):
        raise HostileError(_TOO_MUCH) from None


def _answer(work: Callable[[], Answer], writing: int, seconds: float) -> NoReturn:
    """The child: bounded, and gone without any clean-up that belongs to the parent."""
    code = 1
    try:
        _limit(seconds)
        try:
            answer: object = {"answer": work()}
        except Exception as error:
            answer = {"error": type(error).__name__, "text": " ".join(str(error).split())}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(answer).encode())
        code = 0
    finally:
        os._exit(code)


def _limit(seconds: float) -> None:
    import faulthandler
    import resource

    # A crash is an answer here, and its traceback no news to the user.
    faulthandler.disable()

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * resource.getpagesize() + MEMORY
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_CORE, 0),
    ):
        soft, hard = resource.getrlimit(kind)
        allowed = limit if soft == resource.RLIM_INFINITY else min(limit, soft)
        resource.setrlimit(kind, (allowed, hard))


def _received(reading: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while block := os.read(reading, _BLOCK):
        parts.append(block)
        size += len(block)
        if size > _ANSWER_LIMIT:
            raise HostileError("it holds more text than any model")
    return b"".join(parts)


def _opened(received: bytes) -> Answer:
    message = cast("Mapping[str, object]", json.loads(received))
    if "answer" in message:
        return cast("Answer", message["answer"])
    kind, text = str(message.get("error")), str(message.get("text"))
    known = _REFUSALS.get(kind)
    if known is not None:
        raise known(text)
    if kind in ("MemoryError", "RecursionError"):
        raise HostileError(_TOO_MUCH)
    raise RuntimeError(f"{kind}: {text}")
