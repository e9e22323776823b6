"""Asks real Keras, in one process of its own, what scripts build and train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RUNNER = Path(__file__).parent / "runner.py"


@dataclass(frozen=True, slots=True)
class Task:
    """A script to run: its text; a folder to save its models to; whether it may go on after a failing statement."""

    name: str
    text: str
    save: str | None = None
    lenient: bool = False


def ask(tasks: Iterable[Task], folder: Path) -> dict[str, dict]:
    """What Keras built for each task by its name: `models`, `events`, `errors`, and `saved` where it was asked for."""
    questions, results = folder / "tasks.json", folder / "results.json"
    described = [{"name": t.name, "text": t.text, "save": t.save, "lenient": t.lenient} for t in tasks]
    questions.write_text(json.dumps(described))
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(questions), str(results)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(results.read_text())
