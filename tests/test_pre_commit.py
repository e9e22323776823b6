"""The real pre-commit, with this checkout as the source of the hooks, on a repository of scripts and models."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT, copy_to

FIXTURES = ROOT / "fixtures"
BAD_SCRIPT = FIXTURES / "scripts" / "demo_pitfalls.py"
GOOD_SCRIPT = FIXTURES / "scripts" / "good_sequential.py"
BAD_MODEL = FIXTURES / "models" / "pitfalls.keras"
GOOD_MODEL = FIXTURES / "models" / "good_cnn.keras"
LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 104857600\n"

CONFIG = """
repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: kerascheck
      - id: kerascheck-model
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it builds, once for all tests here."""
    return tmp_path_factory.mktemp("pre_commit_home")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with the sources as they stand here, committed or not, and its revision."""
    folder = tmp_path_factory.mktemp("hooks")
    copy_to(folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "hooks")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, source: tuple[Path, str]) -> Path:
    """A user's repository that has asked for both hooks."""
    git(tmp_path, "init", "--quiet")
    folder, revision = source
    (tmp_path / ".pre-commit-config.yaml").write_text(CONFIG.format(source=folder, revision=revision))
    return tmp_path


def hooks(repository: Path, home: Path) -> tuple[dict[str, str], str]:
    """What each hook came to on everything that is staged, and all that pre-commit printed."""
    git(repository, "add", "--all")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose", "--color", "never"],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    outcomes = dict(re.findall(r"^(kerascheck(?:-model)?)\.+(?:\(.*\))?(\w+)$", done.stdout, re.MULTILINE))
    assert set(outcomes) == {"kerascheck", "kerascheck-model"}, done.stdout + done.stderr
    assert done.returncode == (1 if "Failed" in outcomes.values() else 0)
    return outcomes, done.stdout


def test_a_bad_script_and_a_bad_model_each_fail_their_hook(repository: Path, home: Path) -> None:
    shutil.copy(BAD_SCRIPT, repository / "train.py")
    shutil.copy(BAD_MODEL, repository / "model.keras")
    outcomes, out = hooks(repository, home)
    assert outcomes == {"kerascheck": "Failed", "kerascheck-model": "Failed"}
    assert re.search(r"KC201 batchnorm-axis\].*\n +--> train\.py:\d+:\d+", out)
    assert re.search(r"KC201 batchnorm-axis\].*\n +--> model\.keras: ", out)


def test_good_ones_pass(repository: Path, home: Path) -> None:
    shutil.copy(GOOD_SCRIPT, repository / "train.py")
    shutil.copy(GOOD_MODEL, repository / "model.keras")
    outcomes, out = hooks(repository, home)
    assert outcomes == {"kerascheck": "Passed", "kerascheck-model": "Passed"}, out


def test_a_notebook_is_a_script(repository: Path, home: Path) -> None:
    shutil.copy(FIXTURES / "notebooks" / "magics.ipynb", repository / "lab.ipynb")
    _, out = hooks(repository, home)
    assert "lab.ipynb:cell" in out


def test_a_pointer_of_git_lfs_passes_with_a_note(repository: Path, home: Path) -> None:
    (repository / "model.h5").write_text(LFS_POINTER)
    outcomes, out = hooks(repository, home)
    assert outcomes["kerascheck-model"] == "Passed"
    assert re.search(r"note: model\.h5 was skipped: .*Git LFS", out)
