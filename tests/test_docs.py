"""The pages of the rules are those that their docstrings make, and the other pages say what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kerascheck.config import KEYS, parse_config
from kerascheck.linter import Plan
from kerascheck.runner import MANY_FILES
from kerascheck.script.machine import LOOP_BOUND, STEP_BUDGET
from kerascheck.workers import MIB, Limits

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def text(name: str) -> str:
    """A page with its lines joined, so that a sentence is found wherever it is broken."""
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


def test_the_pages_of_the_rules_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"run `python tools/generate_docs.py`: {done.stdout}{done.stderr}"
    assert (DOCS / "rules" / "KC201.md").is_file()


def test_the_table_of_the_configuration_has_every_key() -> None:
    table = (DOCS / "configuration.md").read_text(encoding="utf-8").partition("```")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(KEYS)


def test_the_configuration_that_is_shown_is_accepted() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text(encoding="utf-8"), re.DOTALL)
    config = parse_config(tomllib.loads(shown)["tool"]["kerascheck"], Path(), "configuration.md")
    selection = Plan(config).selection
    assert "KC241" in selection.codes
    assert "KC204" not in selection.codes
    assert selection.severities["KC101"].label == "error"


def test_the_limits_that_are_named_are_those_of_the_program() -> None:
    assert f"unrolled up to {LOOP_BOUND} turns" in text("how-it-works.md")
    assert f"{STEP_BUDGET:,} steps" in text("how-it-works.md")
    assert f"From {MANY_FILES} files on" in text("configuration.md")
    assert (Limits().seconds, Limits().memory) == (60, 2048 * MIB)
    assert "one minute and 2 GiB" in text("configuration.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [name for name in linked if not (page.parent / name).exists()] == []


def test_the_index_names_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert linked == {page.name for page in PAGES} - {"README.md"}
