"""The pages of the rules are those that their docstrings make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_pages_of_the_rules_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"run `python tools/generate_docs.py`: {done.stdout}{done.stderr}"
    assert (ROOT / "docs" / "rules" / "KC201.md").is_file()
