"""What reads HDF5 may crash, loop or grow without taking the linter with it."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from kerascheck.artifact import isolation
from kerascheck.artifact.isolation import Answer, isolated, isolated_value
from kerascheck.artifact.refusals import DamagedError, ForeignError, HostileError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no child process elsewhere")


def test_an_answer_comes_back_as_it_was() -> None:
    answer: Answer = {"text": "schön \udcff\x00", "number": 2**70, "nothing": None}
    assert isolated(lambda: answer) == answer


def test_the_parent_is_left_alone() -> None:
    here = os.getpid()
    assert isolated(lambda: {"child": os.getpid()})["child"] != here
    assert os.getpid() == here


def test_where_there_is_no_safe_fork_the_work_is_done_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isolated(lambda: {"child": os.getpid()})["child"] == os.getpid()


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_what_asks_for_too_much_in_place_is_damage(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    def work() -> Answer:
        raise error

    with pytest.raises(HostileError):
        isolated(work)
    with pytest.raises(HostileError):
        isolated_value(work, dict, 0)


def crashing() -> Answer:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def looping() -> Answer:
    while True:
        pass


def growing() -> Answer:
    return {"size": len(bytearray(64 * 2**30))}


def leaving() -> Answer:
    os._exit(0)


@pytest.mark.parametrize("work", [crashing, looping, growing, leaving])
def test_a_child_that_fails_is_damage(work: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "SECONDS", 1)
    assert callable(work)
    with pytest.raises(DamagedError):
        isolated(work)


@pytest.mark.parametrize("error", [DamagedError("cut off"), ForeignError("a table"), OSError("no disk")])
def test_refusals_pass_through(error: Exception) -> None:
    def work() -> Answer:
        raise error

    with pytest.raises(type(error), match=str(error)):
        isolated(work)


def test_a_fault_of_the_code_is_no_damage() -> None:
    def work() -> Answer:
        raise AttributeError("mistake")

    with pytest.raises(RuntimeError, match="AttributeError: mistake"):
        isolated(work)
