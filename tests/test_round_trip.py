"""A defect is found in the file as it is in the script: bad examples are built by real Keras, saved and read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle.answers import Task, ask
from rule_examples import Example, examples

from kerascheck import Config, FileReport, check_model, check_script
from kerascheck.config import Choice
from kerascheck.findings import Severity
from kerascheck.rule import Rule

MENDING = {"KC208"}
"""Rules that look at the script for their fix alone."""


def asked(rule: Rule) -> set[str]:
    """The facts that decide what a rule says; that of the generation of a script only keeps it quiet."""
    passed = {"KerasUsage", "TrainingProgram"} if rule.code in MENDING else {"KerasUsage"}
    return set(rule.facts) - (rule.optional & passed)


# Rules that only a script can break say so by the facts that they ask for.
BAD = [
    example
    for example in examples("Bad")
    if "ModelGraph" in example.rule.facts and not asked(example.rule) & {"TrainingProgram", "KerasUsage"}
]
SUFFIXES = (".keras", ".h5")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("round_trip")
    return ask([Task(example.name, example.text, str(folder), lenient=True) for example in BAD], folder)


def refused(answer: dict) -> bool:
    """Whether Keras itself stops at the example: what it refuses to build or to compile, it cannot save."""
    return any(
        error["type"] in ("ValueError", "TypeError", "IndexError", "InvalidArgumentError") for error in answer["errors"]
    )


def found(reports: list[FileReport], code: str) -> list[Severity]:
    """The severities of a rule's findings, the lowest first."""
    return sorted(f.severity for report in reports for f in report.findings if f.code == code and f.severity)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("example", BAD, ids=lambda example: example.name)
def test_the_file_has_the_findings_of_the_script(example: Example, suffix: str, answers: dict[str, dict]) -> None:
    answer = answers[example.name]
    if refused(answer):
        pytest.skip(f"Keras refuses the example: {answer['errors'][0]['message'].splitlines()[0][:120]}")
    saved = [entry for entry in answer["saved"] if entry["suffix"] == suffix]
    assert saved, answer["errors"]
    assert not [entry for entry in saved if "error" in entry]
    config = Config().override(Choice(extend_select=(example.rule.code,)))
    from_script = found([check_script(example.text, config=config)], example.rule.code)
    reports = [check_model(Path(entry["path"]), config=config) for entry in saved]
    assert from_script
    from_file = found(reports, example.rule.code)
    assert len(from_file) == len(from_script)
    # A file writes down what a script may leave to defaults and settings, so that it can prove more.
    assert all(proven >= said for proven, said in zip(from_file, from_script, strict=True))


@pytest.mark.parametrize("code", ["KC213", "KC214"])
def test_what_cannot_be_built_is_refused_by_keras(code: str, answers: dict[str, dict]) -> None:
    bad = [example for example in BAD if example.rule.code == code]
    assert bad
    for example in bad:
        assert refused(answers[example.name]), answers[example.name]
