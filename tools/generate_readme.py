"""Renews what README.md and docs/*.md show of the program: every block below `<!-- output of: COMMAND -->`.

Run with the development environment: `python tools/generate_readme.py`; `--check` compares instead of writing.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PROGRAM = Path(sys.executable).parent / "kerascheck"
WIDTH = "100"
BLOCK = re.compile(r"(<!-- output of: (.+?) -->\n+```\w+\n).*?(^```\n)", re.DOTALL | re.MULTILINE)


def renewed(text: str) -> str:
    """The text with every block as the program prints it now."""
    return BLOCK.sub(lambda block: f"{block[1]}{output(block[2])}\n{block[3]}", text)


def output(command: str) -> str:
    """What a command prints in the checkout, without colours, at a fixed width.

    Raises:
        RuntimeError: for a command that ends in a fault.
    """
    program, *arguments = shlex.split(command)
    if program != "kerascheck":
        raise RuntimeError(f"`{command}` is no command of kerascheck")
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"`{command}` ended in {done.returncode}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page shows something else")
    check = parser.parse_args().check
    changed = [path for path in PAGES if _renew(path, write=not check)]
    if check and changed:
        print("\n".join(path.name for path in changed), file=sys.stderr)
    return int(check and bool(changed))


def _renew(path: Path, *, write: bool) -> bool:
    """Whether a page shows something else than the program prints now; it is mended when asked to be written."""
    text = path.read_text(encoding="utf-8")
    new = renewed(text)
    if write and new != text:
        path.write_text(new, encoding="utf-8")
    return new != text


if __name__ == "__main__":
    sys.exit(main())
