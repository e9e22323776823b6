"""Files that try to harm their loader are told, each by its own code; honest files that look like them are not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from checkout import ROOT

from kerascheck import Config, Severity, check_model
from kerascheck.findings import FileReport, FileStatus

sys.path.insert(0, str(ROOT / "tools"))

from make_hostile_models import CASES, Case

HOSTILE = [entry for entry in CASES if entry.codes]
HONEST = [entry for entry in CASES if not entry.codes]
SIZE_LIMIT = 128 * 1024
WARNED = {"soft_link.h5", "vocabulary_4.keras"}


def read(entry: Case, folder: Path) -> FileReport:
    path = folder / Path(entry.name).name
    entry.write(path)
    assert path.stat().st_size < SIZE_LIMIT
    return check_model(path, config=Config())


@pytest.mark.parametrize("entry", HOSTILE, ids=lambda entry: entry.name)
def test_what_harms_is_told(entry: Case, tmp_path: Path) -> None:
    report = read(entry, tmp_path)
    assert not report.fault
    loud = {finding.code for finding in report.findings if finding.severity is Severity.ERROR}
    told = {finding.code for finding in report.findings if (finding.severity or Severity.ERROR) >= Severity.WARNING}
    assert set(entry.codes) <= (told if entry.name in WARNED else loud)
    assert all("\n" not in finding.message for finding in report.findings)


@pytest.mark.parametrize("entry", HONEST, ids=lambda entry: entry.name)
def test_what_only_looks_harmful_is_let_be(entry: Case, tmp_path: Path) -> None:
    report = read(entry, tmp_path)
    assert report.status in (FileStatus.OK, FileStatus.PARTIAL), report.reason
    loud = [
        f"{finding.code} {finding.message}"
        for finding in report.findings
        if finding.code.startswith("KC8") and (finding.severity or Severity.ERROR) >= Severity.WARNING
    ]
    assert loud == []


def test_the_names_in_code_are_shown_and_where_it_comes_from(tmp_path: Path) -> None:
    for entry in HOSTILE:
        if entry.name.startswith("lambda") and "python2" not in entry.name:
            found = [finding for finding in read(entry, tmp_path).findings if finding.code == "KC801"]
            assert len(found) == 1, entry.name
            assert all(name in found[0].message for name in ("`os`", "`subprocess`", "secret.py")), found[0].message


def test_links_are_told_without_the_files_that_they_name(tmp_path: Path) -> None:
    (entry,) = (entry for entry in HOSTILE if entry.name == "external_storage.h5")
    (tmp_path / "secret").write_bytes(b"s" * 48)
    messages = [finding.message for finding in read(entry, tmp_path).findings if finding.code == "KC803"]
    assert len(messages) == 1
    assert "/nowhere/secret" in messages[0]


@pytest.mark.parametrize("name", ["plain.keras", "plain.h5"])
def test_a_file_that_is_cut_at_any_kilobyte_is_damaged(name: str, tmp_path: Path) -> None:
    (entry,) = (entry for entry in HONEST if entry.name == f"honest/{name}")
    path = tmp_path / name
    entry.write(path)
    data = path.read_bytes()
    for size in range(1024, len(data), 1024):
        path.write_bytes(data[:size])
        report = check_model(path, config=Config())
        assert report.status is FileStatus.ERROR, size
        assert [finding.code for finding in report.findings if finding.severity is Severity.ERROR] == ["KC807"], size
