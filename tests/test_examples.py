"""Every rule's documented examples do what they say: Bad is found on the marked lines, Good is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle.answers import write_files
from rule_examples import HEADINGS, Example, built_in_rules, examples, headings

from kerascheck import Config, Severity, check_model, check_script
from kerascheck.config import Choice
from kerascheck.findings import FileReport, FileStatus, Finding
from kerascheck.rule import Rule

RULES = Path(__file__).parent.parent / "rules"


BAD = [example for example in examples("Bad") if not example.writes_files]
GOOD = [example for example in examples("Good") if not example.writes_files]
BAD_FILES = [example for example in examples("Bad") if example.writes_files]
GOOD_FILES = [example for example in examples("Good") if example.writes_files]


def lint(example: Example) -> FileReport:
    report = check_script(example.text, config=Config().override(Choice(extend_select=(example.rule.code,))))
    assert report.status is FileStatus.OK, report.reason or "the example is not linted"
    assert not report.fault
    return report


@pytest.mark.parametrize("example", BAD, ids=lambda example: example.name)
def test_a_bad_example_is_found_on_the_marked_lines(example: Example) -> None:
    found = [finding for finding in lint(example).findings if finding.code == example.rule.code]
    assert example.marked, "no line of the example is marked"
    assert [finding.location.line for finding in found] == example.marked
    assert all(finding.name == example.rule.name for finding in found)


@pytest.mark.parametrize("example", GOOD, ids=lambda example: example.name)
def test_a_good_example_is_silent(example: Example) -> None:
    family = example.rule.code[:3]
    loud = [
        f"{finding.location.line}: {finding.code} {finding.message}"
        for finding in lint(example).findings
        if finding.code.startswith(family) or finding.severity in (Severity.WARNING, Severity.ERROR)
    ]
    assert loud == []


@pytest.mark.parametrize("example", BAD, ids=lambda example: example.name)
def test_messages_are_one_sentence_without_a_full_stop(example: Example) -> None:
    for finding in lint(example).findings:
        if finding.code == example.rule.code:
            assert finding.message
            assert "\n" not in finding.message
            assert not finding.message.endswith(".")
            assert finding.help


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which each example that writes files has its own."""
    folder = tmp_path_factory.mktemp("files")
    errors = write_files({example.name: example.text for example in (*BAD_FILES, *GOOD_FILES)}, folder)
    assert {name: error for name, error in errors.items() if error} == {}
    return folder


def findings(example: Example, saved: Path) -> list[Finding]:
    """What is said of the files that an example has written."""
    config = Config().override(Choice(extend_select=(example.rule.code,)))
    files = sorted((saved / example.name).iterdir())
    assert files
    reports = [check_model(path, config=config) for path in files]
    assert not any(report.fault for report in reports)
    return [finding for report in reports for finding in report.findings]


@pytest.mark.parametrize("example", BAD_FILES, ids=lambda example: example.name)
def test_a_bad_file_is_found(example: Example, saved: Path) -> None:
    found = [finding for finding in findings(example, saved) if finding.code == example.rule.code]
    assert len(found) == len(example.marked) > 0
    for finding in found:
        assert "\n" not in finding.message
        assert not finding.message.endswith(".")
        assert finding.help


@pytest.mark.parametrize("example", GOOD_FILES, ids=lambda example: example.name)
def test_a_good_file_is_silent(example: Example, saved: Path) -> None:
    family = example.rule.code[:3]
    loud = [
        f"{finding.code} {finding.message}"
        for finding in findings(example, saved)
        if finding.code.startswith(family) or finding.severity in (Severity.WARNING, Severity.ERROR)
    ]
    assert loud == []


@pytest.mark.parametrize("rule", built_in_rules(), ids=lambda rule: rule.code)
def test_a_rule_is_documented_under_the_headings_in_order(rule: Rule) -> None:
    assert headings(rule) == list(HEADINGS)
    assert {example.heading for kind in ("Bad", "Good") for example in examples(kind) if example.rule is rule} == {
        "Bad",
        "Good",
    }
    assert rule.summary


@pytest.mark.parametrize("rule", built_in_rules(), ids=lambda rule: rule.code)
def test_a_rule_stands_in_a_file_of_its_name(rule: Rule) -> None:
    file = RULES / rule.family / f"{rule.name.replace('-', '_')}.py"
    assert file.is_file()
