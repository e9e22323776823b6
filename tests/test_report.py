"""What the formats print. The snapshots were read by eye; `pytest --snapshot-update` renews them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import sample_reports
from fake_readers import FAKE_RULES, model_seen, program_seen, shy
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

import kerascheck.report
from kerascheck.findings import Coverage, FileKind, FileReport, Finding, Location, Report, Severity, SourceText
from kerascheck.report import concise, coverage, frames, full, json_report, rules_page, statistics
from kerascheck.report.paint import PLAIN, Paint, safe, wants_colour, width

SCHEMA = json.loads((Path(kerascheck.report.__file__).parent / "schema.json").read_text())
ESCAPE = re.compile(r"\x1b(?:\[[\d;]*m|\]8;;[^\x1b]*\x1b\\)")


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(sample_reports.script(), id="script"),
        pytest.param(sample_reports.notebook(), id="notebook"),
        pytest.param(sample_reports.model(), id="model"),
        pytest.param(sample_reports.unread(), id="unread"),
        pytest.param(sample_reports.pointer(), id="pointer"),
    ],
)
def test_the_full_report(file: FileReport, snapshot: SnapshotAssertion) -> None:
    assert full.render(Report((file,)), PLAIN) == snapshot


def test_the_concise_report(snapshot: SnapshotAssertion) -> None:
    assert concise.render(sample_reports.everything(), PLAIN) == snapshot


def test_the_json_report(snapshot: SnapshotAssertion) -> None:
    assert json_report.render(sample_reports.everything()) == snapshot


def test_statistics(snapshot: SnapshotAssertion) -> None:
    assert statistics.render(sample_reports.everything(), PLAIN) == snapshot


def test_a_page_about_a_rule(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(rules_page.explanation(rule) for rule in (model_seen, shy)) == snapshot


def test_the_table_of_rules(snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    rules_page.print_table(FAKE_RULES, colour=False)
    assert capsys.readouterr().out == snapshot


def test_the_list_of_rules(snapshot: SnapshotAssertion) -> None:
    assert rules_page.concise(FAKE_RULES) == snapshot


def test_the_rules_as_json() -> None:
    first, second, *_ = json.loads(rules_page.document([model_seen, program_seen]))
    assert first == {
        "code": "KC201",
        "name": "model-seen",
        "family": "local",
        "group": "correctness",
        "severity": "error",
        "summary": "Every model is found.",
        "fixable": True,
        "since": "0.1",
        "documentation": "Every model is found.\n\n## What it does\nSpeaks.",
        "preview": False,
        "options": {"limit": 3, "floor": 0.5},
    }
    assert second["name"] == "program-seen" and second["options"] == {}


@pytest.mark.parametrize("render", [full.render, concise.render])
def test_nothing_found_is_one_line(render) -> None:
    clean = FileReport("train.py", FileKind.SCRIPT, models=2)
    report = Report((clean, sample_reports.without_keras()))
    assert render(report, PLAIN) == "All checks passed: 1 file (1 skipped), 2 models\n"
    assert statistics.render(report, PLAIN) == ""


@pytest.mark.parametrize("render", [full.render, concise.render])
def test_colours_and_links_add_nothing_but_escapes(render) -> None:
    report = sample_reports.everything()
    coloured = render(report, Paint(True, {"KC201": "file:///rules/batchnorm_axis.py"}))
    assert "\x1b[1;31m" in coloured
    assert "\x1b]8;;file:///rules/batchnorm_axis.py\x1b\\" in coloured
    assert ESCAPE.sub("", coloured) == render(report, PLAIN)


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colours_follow_the_environment_and_the_terminal(
    environment: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
        assert wants_colour(stream, environment) is coloured


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(Report(), id="nothing looked at"),
        pytest.param(sample_reports.everything(), id="everything"),
    ],
)
def test_the_json_report_keeps_to_its_schema(report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(json_report.render(report)), SCHEMA)


def test_the_schema_allows_no_other_keys() -> None:
    document = json.loads(json_report.render(sample_reports.everything()))
    document["findings"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.validate(document, SCHEMA)


def test_what_a_file_holds_cannot_steer_the_terminal() -> None:
    text = full.render(Report((sample_reports.model(),)), PLAIN)
    assert "\x1b" not in text
    hostile = Finding(
        "a\x1b[31m\nb\u202e\u2028c", Location("a\x07.py"), code="KC201", name="x", severity=Severity.ERROR
    )
    text = concise.render(Report((FileReport("a\x07.py", FileKind.SCRIPT, findings=(hostile,)),)), PLAIN)
    assert not set(text.replace("\n", "")) & set("\x1b\x07\u202e")
    assert len(text.splitlines()) == 2


@st.composite
def spans(draw: st.DrawFn) -> tuple[Location, tuple[str, ...]]:
    """A place in a source, or just outside of it, and the source."""
    lines = draw(st.lists(st.text("ab \t通é\x1b", max_size=160), min_size=1, max_size=8))
    line, column = draw(st.integers(1, len(lines) + 1)), draw(st.integers(0, 170))
    end_line, end_column = draw(st.integers(0, len(lines) + 2)), draw(st.integers(0, 170))
    return Location("a.py", line, column, end_line, end_column), tuple(lines)


@given(spans())
def test_a_frame_underlines_inside_its_line(span: tuple[Location, tuple[str, ...]]) -> None:
    location, lines = span
    drawn = list(frames.frame(location, lines, label="", gutter=4, paint=PLAIN, ink=frames.Ink.ERROR, underline="^"))
    assert bool(drawn) == (location.line <= len(lines))
    shown = [line for line in drawn if re.match(r" *\d+ \|", line)]
    marks = [line for line in drawn if line.endswith("^")]
    assert len(shown) == len(marks) <= frames.WHOLE_LINES
    for line, mark in zip(shown, marks, strict=True):
        text = lines[int(line.partition("|")[0]) - 1]
        columns = sum(frames.TAB if char == "\t" else width(safe(char)) for char in text)
        # An empty line, or the end of one, is underlined in the column after its last character.
        assert mark.index("|") + 2 <= mark.index("^") <= 7 + min(columns, frames.WINDOW + 1)
        assert sum(width(char) for char in line) <= 7 + frames.WINDOW + 2
        assert safe(line) == line


def test_a_frame_of_many_lines_shows_the_first_and_the_last() -> None:
    lines = tuple(f"line {number}" for number in range(1, 10))
    file = FileReport("a.py", FileKind.SCRIPT, source=SourceText(((None, lines),)))
    finding = Finding("m", Location("a.py", 2, 1, 8, 7), code="KC1", name="n", severity=Severity.INFO)
    text = full.render(Report((FileReport("a.py", file.kind, findings=(finding,), source=file.source),)), PLAIN)
    assert re.findall(r"line \d", text) == ["line 2", "line 8"]


def test_the_coverage_of_each_file_that_builds_or_trains() -> None:
    found = Coverage(5, 1, 9, 2, ("load_model", "loop"), "", partial=1, lost=1, fits=2, fits_known=1, elsewhere=2)
    files = (
        FileReport("a.py", FileKind.SCRIPT, coverage=found),
        FileReport("b.py", FileKind.SCRIPT, coverage=Coverage(0, 0, 0, 0)),
    )
    assert coverage.render(Report(files), PLAIN) == (
        "\na.py: 5 models: 1 whole, 2 but for what lies elsewhere, 1 in part, 1 not at all (load_model, loop); "
        "2 fit calls: 1 with data of known origin\n"
    )


def test_every_layer_is_shown_when_that_is_asked_for() -> None:
    report = Report((sample_reports.model(),))
    folded, whole = full.render(report, PLAIN), full.render(report, PLAIN, layers=True)
    assert "15 more layers without findings, --layers shows them" in folded
    assert whole.count("Özel") == 20
    assert "E batch_normalization" in folded and "E batch_normalization" in whole
    assert "wrapper/dense" not in whole
