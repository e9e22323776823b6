"""Files are read in worker processes: the same findings, and a reader that crashes costs its own file only."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kerascheck import Config
from kerascheck.findings import FileKind, FileReport, FileStatus
from kerascheck.linter import Plan, Target
from kerascheck.runner import run
from kerascheck.workers import MIB, Limits, _bound_memory, lint_all

FIXTURES = Path(__file__).parent.parent / "fixtures"


def target(name: str) -> Target:
    return Target(Path(name), name, FileKind.SCRIPT)


def answer(target: Target, plan: Plan) -> FileReport:
    """Stands for the reader: what it does is the name of the file."""
    match target.display:
        case "killed.py":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit.py":
            os._exit(3)
        case "hang.py":
            time.sleep(60)
        case "hog.py":
            _ = bytearray(4096 * MIB)
        case _:
            pass
    return FileReport(target.display, FileKind.SCRIPT, FileStatus.OK)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerascheck.workers.lint", answer)


def reports(names: list[str], jobs: int, limits: Limits) -> dict[str, FileReport]:
    done = list(lint_all([target(name) for name in names], Plan(Config(Path())), jobs, limits))
    assert len(done) == len(names)
    return {report.path: report for report in done}


@pytest.mark.parametrize("jobs", [1, 2, 8])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("killed.py", "reading it ended the process (SIGKILL)"),
        ("exit.py", "reading it ended the process (exit code 3)"),
        ("hang.py", "reading it takes more than 1 s"),
        ("hog.py", "reading it takes more than 512 MiB of memory"),
    ],
)
def test_a_file_that_its_reader_cannot_bear_costs_no_other(reader: None, name: str, reason: str, jobs: int) -> None:
    names = ["a.py", "b.py", name, "c.py", "d.py"]
    found = reports(names, jobs, Limits(seconds=1.0, memory=512 * MIB))
    assert found[name].status is FileStatus.ERROR
    assert found[name].reason == reason
    assert [finding.code for finding in found[name].findings] == ["KC902"]
    assert all(found[other].status is FileStatus.OK for other in names if other != name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no files that are read without end")
def test_workers_that_are_no_forks_are_ended_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kerascheck.workers._context", lambda: multiprocessing.get_context("spawn"))
    os.mkfifo(tmp_path / "endless.h5")
    shutil.copy(FIXTURES / "models" / "good_cnn.h5", tmp_path / "sound.h5")
    targets = [Target(path, path.name, FileKind.MODEL) for path in sorted(tmp_path.iterdir())]
    found = {report.path: report for report in lint_all(targets, Plan(Config(tmp_path)), 2, Limits(seconds=20.0))}
    assert found["sound.h5"].status is FileStatus.OK
    assert found["endless.h5"].reason == "reading it takes more than 20 s"
    assert [finding.code for finding in found["endless.h5"].findings] == ["KC807"]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_without_forks_several_models_are_read_in_workers_and_one_in_place(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    asked: list[int] = []

    def workers(targets: Sequence[Target], *_: object) -> Iterator[FileReport]:
        asked.append(len(targets))
        return iter(())

    monkeypatch.setattr("kerascheck.workers.lint_all", workers)
    model = Target(FIXTURES / "models" / "good_cnn.h5", "good_cnn.h5", FileKind.MODEL)
    assert run([model], Plan(Config(Path()))).files[0].status is FileStatus.OK
    assert asked == []
    run([model, model, target("a.py")], Plan(Config(Path())))
    assert asked == [3]


def test_without_a_module_for_limits_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    _bound_memory(1)
    assert len(bytearray(64 * MIB)) == 64 * MIB


@pytest.mark.parametrize("error", [ValueError("not allowed"), OSError("not permitted")])
def test_where_no_limit_can_be_set_there_is_none(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    asked: list[int] = []

    def refused(kind: int, _limits: tuple[int, int]) -> None:
        asked.append(kind)
        raise error

    monkeypatch.setattr(resource, "setrlimit", refused)
    _bound_memory(512 * MIB)
    assert asked == ([resource.RLIMIT_AS] if sys.platform == "linux" else [])


def test_workers_find_what_one_process_finds() -> None:
    files = sorted((FIXTURES / "scripts").glob("*.py")) + sorted((FIXTURES / "notebooks").glob("*.ipynb"))
    targets = [Target(path, path.name, FileKind.SCRIPT) for path in files]
    alone = run(targets, Plan(Config(Path())), jobs=0)
    assert run(targets, Plan(Config(Path())), jobs=3) == alone
    assert alone.findings


def test_progress_is_told_after_each_file() -> None:
    seen: list[None] = []
    targets = [Target(path, path.name, FileKind.SCRIPT) for path in sorted((FIXTURES / "scripts").glob("*.py"))]
    run(targets, Plan(Config(Path())), advance=lambda: seen.append(None), jobs=2)
    assert len(seen) == len(targets)


def test_no_files_need_no_worker() -> None:
    assert list(lint_all([], Plan(Config(Path())), 4, Limits())) == []
