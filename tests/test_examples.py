"""Every rule's documented examples do what they say: Bad is found on the marked lines, Good is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_examples import HEADINGS, Example, built_in_rules, examples, headings

from kerascheck import Config, Severity, check_script
from kerascheck.config import Choice
from kerascheck.findings import FileReport, FileStatus
from kerascheck.rule import Rule

RULES = Path(__file__).parent.parent / "rules"


def lint(example: Example) -> FileReport:
    report = check_script(example.text, config=Config().override(Choice(extend_select=(example.rule.code,))))
    assert report.status is FileStatus.OK, report.reason or "the example is not linted"
    assert not report.fault
    return report


@pytest.mark.parametrize("example", examples("Bad"), ids=lambda example: example.name)
def test_a_bad_example_is_found_on_the_marked_lines(example: Example) -> None:
    found = [finding for finding in lint(example).findings if finding.code == example.rule.code]
    assert example.marked, "no line of the example is marked"
    assert [finding.location.line for finding in found] == example.marked
    assert all(finding.name == example.rule.name for finding in found)


@pytest.mark.parametrize("example", examples("Good"), ids=lambda example: example.name)
def test_a_good_example_is_silent(example: Example) -> None:
    family = example.rule.code[:3]
    loud = [
        f"{finding.location.line}: {finding.code} {finding.message}"
        for finding in lint(example).findings
        if finding.code.startswith(family) or finding.severity in (Severity.WARNING, Severity.ERROR)
    ]
    assert loud == []


@pytest.mark.parametrize("example", examples("Bad"), ids=lambda example: example.name)
def test_messages_are_one_sentence_without_a_full_stop(example: Example) -> None:
    for finding in lint(example).findings:
        if finding.code == example.rule.code:
            assert finding.message
            assert "\n" not in finding.message
            assert not finding.message.endswith(".")
            assert finding.help


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
