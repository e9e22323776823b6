"""The fixture scripts and notebooks are linted as their comments say; the good ones raise no warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_examples import marks

from kerascheck import Config, Severity, check_script
from kerascheck.findings import FileStatus
from kerascheck.script.source import read_source

FIXTURES = Path(__file__).parent.parent / "fixtures"
ALL = sorted(FIXTURES.glob("scripts/*.py")) + sorted(FIXTURES.glob("notebooks/*.ipynb"))
GOOD = [path for path in ALL if path.name.startswith("good_")]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_what_is_marked_is_found(path: Path) -> None:
    source = read_source(path.name, path.read_bytes())
    marked = {(cell, line, code) for cell, lines in source.text.cells for line, code in marks(lines)}
    report = check_script(path, config=Config())
    found = {(finding.location.cell, finding.location.line, finding.code) for finding in report.findings}
    assert marked <= found, marked - found
    assert not report.fault


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_scripts_raise_no_warning(path: Path) -> None:
    report = check_script(path, config=Config())
    loud = [f"{f.location.line}: {f.code} {f.message}" for f in report.findings if f.severity != Severity.INFO]
    assert loud == []
    assert report.status is FileStatus.OK


def test_the_demo_shows_the_five_pitfalls_of_the_mission() -> None:
    report = check_script(FIXTURES / "scripts" / "demo_pitfalls.py", config=Config())
    assert {"KC101", "KC102", "KC201", "KC221", "KC501"} <= {finding.code for finding in report.findings}


def test_a_script_of_2016_is_read_as_todays() -> None:
    report = check_script(FIXTURES / "scripts" / "keras1_2016.py", config=Config())
    found = {(finding.location.line, finding.code) for finding in report.findings}
    lines = (FIXTURES / "scripts" / "keras1_2016.py").read_text().splitlines()
    wrong = next(number for number, line in enumerate(lines, 1) if "mode=0, axis=-1" in line)
    right = next(number for number, line in enumerate(lines, 1) if "mode=0, axis=1" in line)
    assert (wrong, "KC201") in found
    assert (right, "KC201") not in found
    assert {"KC601", "KC602"} <= {code for _, code in found}


def test_a_python_2_script_ends_in_one_clear_finding() -> None:
    report = check_script(FIXTURES / "scripts" / "python2_print.py", config=Config())
    (problem,) = [finding for finding in report.findings if finding.code == "KC901"]
    assert problem.message.startswith("Python 2 source")
