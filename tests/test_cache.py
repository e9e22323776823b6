"""A second run over a folder is served from what the first one kept, and never from what is out of date."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from kerascheck import Config
from kerascheck.cache import FOLDER, Cache, cache_of
from kerascheck.findings import FileKind, FileReport, Report
from kerascheck.linter import Plan, Target
from kerascheck.runner import run

BAD = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="mse")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(BAD)
    return tmp_path


class Run:
    """A run that counts which files it really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import kerascheck.runner

        self.read: list[str] = []
        real = kerascheck.runner.lint

        def counted(target: Target, plan: Plan) -> FileReport:
            self.read.append(target.display)
            return real(target, plan)

        monkeypatch.setattr(kerascheck.runner, "lint", counted)

    def __call__(self, project: Path, config: Config | None = None) -> Report:
        plan = Plan(config or Config(project))
        self.read.clear()
        files = [project / "train.py"]
        targets = [Target(path, path.name, FileKind.SCRIPT) for path in files]
        return run(targets, plan, cache=cache_of(plan))


@pytest.fixture
def lint(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_a_second_run_reads_nothing_and_reports_the_same(project: Path, lint: Run) -> None:
    first = lint(project)
    assert lint.read == ["train.py"]
    assert first.findings
    assert lint(project) == first
    assert lint.read == []


def test_a_changed_file_is_read_again(project: Path, lint: Run) -> None:
    lint(project)
    (project / "train.py").write_text(BAD.replace("softmax", "linear"))
    changed = lint(project)
    assert lint.read == ["train.py"]
    assert "KC301" not in {finding.code for finding in changed.findings}


def test_touching_a_script_changes_nothing(project: Path, lint: Run) -> None:
    lint(project)
    os.utime(project / "train.py", (1, 1))
    lint(project)
    assert lint.read == []


def test_another_configuration_has_its_own_entries(project: Path, lint: Run) -> None:
    lint(project)
    lint(project, Config(project, target_keras=3))
    assert lint.read == ["train.py"]


def test_a_damaged_entry_is_passed_by(project: Path, lint: Run) -> None:
    first = lint(project)
    entries = [path for path in (project / FOLDER).rglob("*") if path.is_file() and path.name != ".gitignore"]
    assert entries
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-9])
    assert lint(project) == first
    assert lint.read == ["train.py"]


def test_a_report_depends_on_the_files_that_were_read_beside(project: Path) -> None:
    (project / "layers.py").write_text("units = 3\n")
    target = Target(project / "train.py", "train.py", FileKind.SCRIPT)
    cache = Cache(project / FOLDER, "fingerprint")
    report = replace(FileReport("train.py", FileKind.SCRIPT), reads=(str(project / "layers.py"),))
    cache.keep(target, report)
    assert cache.find(target) == report
    (project / "layers.py").write_text("units = 4\n")
    assert cache.find(target) is None


def test_a_report_of_a_faulty_rule_is_not_kept(project: Path) -> None:
    target = Target(project / "train.py", "train.py", FileKind.SCRIPT)
    cache = Cache(project / FOLDER, "fingerprint")
    cache.keep(target, FileReport("train.py", FileKind.SCRIPT, fault=True))
    assert cache.find(target) is None


def test_the_cache_is_hidden_from_git(project: Path, lint: Run) -> None:
    lint(project)
    assert (project / FOLDER / ".gitignore").read_text() == "*\n"


def test_a_folder_that_cannot_be_written_costs_the_cache_alone(project: Path, lint: Run) -> None:
    (project / FOLDER).write_text("in the way")
    first = lint(project)
    assert lint(project) == first
    assert lint.read == ["train.py"]
