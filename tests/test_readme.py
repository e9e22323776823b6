"""What the README shows of the program is what the program does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from checkout import ROOT, python

from kerascheck.config import KEYS, Config, parse_config
from kerascheck.linter import Plan
from kerascheck.registry import load

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    """The fenced block of a language that holds a text."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in text]
    return found


def test_the_output_it_shows_is_what_the_program_prints() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_readme.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"run `python tools/generate_readme.py`: {done.stderr}"
    assert README.count("<!-- output of: ") >= 3


def test_the_options_it_shows_are_those_of_every_command() -> None:
    def options(text: str) -> set[str]:
        return set(re.findall(r"^ +(?:-h, )?(--[a-z-]+)", text, re.MULTILINE))

    shown = options(block("text", "Usage: kerascheck check"))
    helps = {
        command: options(python("-m", "kerascheck", command, "--help", folder=ROOT).stdout)
        for command in ("script", "model", "check")
    }
    assert helps["check"] == shown
    assert helps["script"] == shown - {"--layers", "--no-weights", "--fetch-weights"}
    assert helps["model"] == shown - {"--stdin-filename"}


def test_the_configuration_it_shows_is_accepted_and_names_every_key() -> None:
    table = tomllib.loads(block("toml", "[tool.kerascheck]"))["tool"]["kerascheck"]
    assert set(table) == set(KEYS)
    config = parse_config(table, Path(), "README.md")
    assert config.fail_on is Config().fail_on
    assert Plan(config).selection.rules


def test_the_rules_it_names_exist() -> None:
    rules = load().by_name
    named = re.findall(r"\b(KC\d{3}) ([a-z][a-z-]+)", README.partition("## Install")[0])
    assert len(named) > 10
    assert [(code, rules[code].name) for code, _ in named if code in rules] == named


def test_the_table_of_families_is_complete() -> None:
    rows = set(re.findall(r"^\| (KC\d)xx \| ([a-z]+) \|", README, re.MULTILINE))
    assert rows == {(rule.code[:3], rule.family) for rule in load().rules if rule.family != "kerascheck"}


def test_the_rule_it_shows_runs(tmp_path: Path) -> None:
    (tmp_path / "wide_dense.py").write_text(block("python", "LAB001"))
    (tmp_path / "kerascheck.toml").write_text('rule-paths = ["wide_dense.py"]\nselect = ["LAB001"]\n')
    (tmp_path / "train.py").write_text(
        "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(512), keras.layers.Dense(1024)])\n"
    )
    out = python(
        "-m", "kerascheck", "script", "train.py", "--output-format", "json", folder=tmp_path, codes=(1,)
    ).stdout
    (finding,) = json.loads(out)["findings"]
    assert (finding["line"], finding["column"], finding["end_column"]) == (3, 71, 75)
    assert finding["message"].endswith("has 1024 units")


@pytest.mark.parametrize("name", ["pitfalls.keras"])
def test_the_calls_from_python_it_shows_run(name: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    shutil.copy(ROOT / "fixtures" / "models" / name, tmp_path / "models" / "model.keras")
    shutil.copy(ROOT / "fixtures" / "scripts" / "demo_pitfalls.py", tmp_path / "train.py")
    out = python("-c", block("python", "check_paths"), folder=tmp_path).stdout
    assert re.search(r"^train\.py \d+ KC201 ", out, re.MULTILINE)
    assert re.search(r"^models/model\.keras 0 KC201 ", out, re.MULTILINE)


def test_the_hooks_it_names_exist() -> None:
    offered = re.findall(r"^- id: (\S+)", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert re.findall(r"- id: (\S+)", block("yaml", "repos:")) == offered


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_make_targets_and_files_it_names_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake (demo|[a-z]+)  ", text))
    assert targets
    assert {target for target in targets if f"\n{target}:" not in makefile} == set()
    linked = re.findall(r"\]\(([^):]+)\)", text) + re.findall(
        r"`((?:kerascheck|tools|tests|benchmarks)/[\w/.]+)`", text
    )
    assert [name for name in linked if not (ROOT / name).exists()] == []
