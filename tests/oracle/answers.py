"""Asks real Keras, in one process of its own, what scripts build and train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

RUNNER = Path(__file__).parent / "runner.py"
FILE_RUNNER = Path(__file__).parent / "file_runner.py"


@dataclass(frozen=True, slots=True)
class Task:
    """A script to run: its text; a folder to save its models to; whether it may go on after a failing statement."""

    name: str
    text: str
    save: str | None = None
    lenient: bool = False


def ask(tasks: Iterable[Task], folder: Path) -> dict[str, dict]:
    """What Keras built for each task by its name: `models`, `events`, `errors`, and `saved` where it was asked for."""
    return _asked(
        RUNNER, [{"name": t.name, "text": t.text, "save": t.save, "lenient": t.lenient} for t in tasks], folder
    )


def write_files(texts: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Run scripts that write model files, each in the folder of its name; the error that each ended in."""
    for name in texts:
        (folder / name).mkdir()
    tasks = [{"name": name, "text": text, "folder": str(folder / name)} for name, text in texts.items()]
    return _asked(FILE_RUNNER, tasks, folder)


def _asked(runner: Path, tasks: list[dict], folder: Path) -> dict:
    questions, results = folder / "tasks.json", folder / "results.json"
    questions.write_text(json.dumps(tasks))
    done = subprocess.run(
        [sys.executable, str(runner), str(questions), str(results)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(results.read_text())
