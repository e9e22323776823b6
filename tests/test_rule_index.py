"""Rules are known by the index of their pack before they are imported, and run only on scripts that mention their matter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace
from rule_examples import examples

from kerascheck import Config, check_script, linter, registry
from kerascheck.findings import Finding
from kerascheck.linter import Subject
from kerascheck.rule import Rule
from kerascheck.rule_index import Entry, declared, read_index
from kerascheck.script import read_script
from kerascheck.selection import Selection

FIXTURES = Path(__file__).parent.parent / "fixtures" / "scripts"
PACK = "kerascheck_rules"


def test_what_the_index_says_is_what_the_modules_declare() -> None:
    found = {rule.code: declared(rule) for rule in registry.load().rules}
    for name, _, module in registry.declared(PACK):
        for rule in registry.rules_of(module):
            assert found[rule.code] == declared(rule), name


def test_a_module_that_has_changed_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.load()

    def stale(folder: str) -> Mapping[str, Entry]:
        return {name: Entry(entry.size + 1, []) for name, entry in read_index(folder).items()}

    monkeypatch.setattr(registry, "read_index", stale)
    assert [rule.code for rule in registry.load().rules] == [rule.code for rule in known.rules]


def test_an_index_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert read_index(str(tmp_path)) == {}
    (tmp_path / "index.json").write_text('{"data.x": {"rules": 3}}')
    assert read_index(str(tmp_path)) == {}


def test_rules_that_have_nothing_to_look_at_are_not_imported(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import keras\n\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n")
    code = (
        "import sys, kerascheck\n"
        f"kerascheck.check_script({str(script)!r})\n"
        "print(*(name for name in sys.modules if name.startswith('kerascheck_rules.')), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    imported = done.stdout.split()
    assert "kerascheck_rules.output.not_compiled" in imported
    assert "kerascheck_rules.weights.dead_units" not in imported
    assert "kerascheck_rules.architecture.batchnorm_axis" not in imported


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What rules find in the scripts that the test lints though none of their words is mentioned there."""
    found: list[Finding] = []
    run = linter.run_rules

    def run_twice(subject: Subject, selection: Selection) -> tuple[tuple[Finding, ...], bool]:
        found.extend(run(replace(subject, text=""), replace(selection, rules=tuple(left_out(subject, selection))))[0])
        return run(subject, selection)

    monkeypatch.setattr(linter, "run_rules", run_twice)
    return found


def left_out(subject: Subject, selection: Selection) -> list[Rule]:
    return [rule for rule in selection.rules if rule.mentions and not subject.concerns(rule)]


def test_a_rule_finds_nothing_where_its_words_are_not_mentioned(unasked: list[Finding]) -> None:
    texts = [example.text for heading in ("Bad", "Good") for example in examples(heading) if not example.writes_files]
    for text in (*texts, *(path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.py")))):
        check_script(text, config=Config())
    assert [f"{finding.code}: {finding.message}" for finding in unasked] == []


def test_what_a_loaded_model_holds_is_mentioned_by_no_text(tmp_path: Path) -> None:
    layers = [{"class_name": "Dense", "config": {"name": "dense", "units": 1, "batch_input_shape": [None, 4]}}]
    model = {"class_name": "Sequential", "config": {"name": "model", "layers": layers}, "keras_version": "2.15.0"}
    (tmp_path / "model.json").write_text(json.dumps(model))
    script = tmp_path / "train.py"
    text = 'import keras\n\nmodel = keras.models.model_from_json(open("{}").read())\n'
    assert read_script("train.py", text.format("other.json"), file=script).words
    assert not read_script("train.py", text.format("model.json"), file=script).words
