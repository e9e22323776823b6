"""Renews what README.md shows of the program: every block below `<!-- output of: COMMAND -->`.

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
README = ROOT / "README.md"
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
    if done.returncode not in (0, 1):
        raise RuntimeError(f"`{command}` ended in {done.returncode}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when README.md shows something else")
    text = README.read_text(encoding="utf-8")
    new = renewed(text)
    if parser.parse_args().check:
        return int(new != text)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
