"""Comments that silence findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascheck import Config
from kerascheck.config import Choice
from kerascheck.findings import Finding, Location, SourceText
from kerascheck.fix import mend_source
from kerascheck.linter import Plan, lint_source
from kerascheck.suppression import comments, directives, is_suppressed, parse_comment


@pytest.mark.parametrize(
    ("comment", "silenced"),
    [
        ("# kerascheck: ignore", None),
        ("# kerascheck: ignore it is fine", None),
        ("#kerascheck:ignore", None),
        ("# kerascheck: ignore[KC201] on purpose", {"KC201"}),
        ("# kerascheck: ignore[batchnorm-axis, KC501]", {"batchnorm-axis", "KC501"}),
        ("# kerascheck: ignore [KC201]", {"KC201"}),
        ("# kerascheck: ignore[]", set[str]()),
        ("# kerascheck: ignore[KC201", set[str]()),
        ("# kerascheck: ignored", set[str]()),
        ("# kerascheck ignores this", set[str]()),
        ("# noqa", None),
        ("# NOQA", None),
        ("#noqa", None),
        ("# noqa: KC201", {"KC201"}),
        ("# noqa:E501,KC201", {"E501", "KC201"}),
        ("# noqa: E501 KC201 reason", {"E501", "KC201"}),
        ("# noqa: because", set[str]()),
        ("# noqabc", set[str]()),
        ("# flake8: noqa", set[str]()),
        ("# ruff: noqa", set[str]()),
        ("# type: ignore  # noqa: KC201", {"KC201"}),
        ("# noqa: E501  # kerascheck: ignore[KC2]", {"E501", "KC2"}),
        ("# see the noqa above", set[str]()),
    ],
)
def test_comments_are_read(comment: str, silenced: set[str] | None) -> None:
    found = parse_comment(comment)
    if silenced is None:
        assert any(directive.entries is None for directive in found)
    else:
        assert {entry.text for directive in found for entry in directive.entries or ()} == silenced
        assert all(directive.entries is not None for directive in found)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param("x = 1  # noqa", [1], id="comment"),
        pytest.param('x = "# noqa"', [], id="string"),
        pytest.param('x = """\n# noqa\n"""\ny = 1 # noqa', [4], id="triple-quoted string"),
        pytest.param("x = '''\n# noqa\n''' # noqa", [3], id="after a triple-quoted string"),
        pytest.param(r'x = "\"# noqa"', [], id="escaped quote"),
        pytest.param("!echo don't\nx = 1  # noqa", [2], id="a quote that a shell line leaves open"),
        pytest.param("print 'a' # noqa\nexec 'b'", [1], id="Python 2"),
        pytest.param("x = '#' # noqa", [1], id="a sign in a string, then a comment"),
        pytest.param('x = """# noqa', [], id="a string that never ends"),
        pytest.param("a = 1\nb = f(  # noqa\n  c)  # noqa", [2, 3], id="lines"),
    ],
)
def test_comments_are_told_from_strings(source: str, lines: list[int]) -> None:
    assert [line for line, _, _ in comments(source.splitlines())] == lines


def finding(line: int, end_line: int = 0, cell: int | None = None) -> Finding:
    place = Location("a.py", line, 1, end_line, 5, cell)
    return Finding("m", place, code="KC201", name="batchnorm-axis")


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# noqa", True),
        ("# noqa: KC201", True),
        ("# noqa: kc201", True),
        ("# noqa: KC2", True),
        ("# noqa: KC202", False),
        ("# noqa: E501", False),
        ("# kerascheck: ignore[batchnorm-axis]", True),
        ("# kerascheck: ignore[bn-axis]", True),
        ("# kerascheck: ignore[BatchNorm-Axis]", True),
        ("# kerascheck: ignore[batchnorm]", False),
        ("# kerascheck: ignore[K]", False),
    ],
)
def test_a_comment_silences_what_it_names(comment: str, silent: bool) -> None:
    found = directives(SourceText(((None, (f"x  {comment}",)),)))
    assert is_suppressed(finding(1), found, frozenset({"bn-axis"})) is silent


def test_any_line_of_the_span_counts() -> None:
    found = directives(SourceText(((None, ("f(", "  1,  # noqa: KC201", ")", "g()")),)))
    assert is_suppressed(finding(1, 3), found)
    assert not is_suppressed(finding(1, 1), found)
    assert not is_suppressed(finding(3, 4), found)


def test_a_cell_is_silenced_by_its_own_comments() -> None:
    found = directives(SourceText(((1, ("x = 1",)), (2, ("x = 1  # noqa",)))))
    assert is_suppressed(finding(1, cell=2), found)
    assert not is_suppressed(finding(1, cell=1), found)


def test_a_model_file_has_no_comments() -> None:
    assert not is_suppressed(
        Finding("m", Location("m.h5", layer="dense"), code="KC201"), {(None, 0): parse_comment("# noqa")}
    )


@given(st.text(alphabet="# noqa:KC201'\"\\\n[]kerscignt", max_size=80))
def test_any_text_can_be_scanned(text: str) -> None:
    lines = text.split("\n")
    for line, column, comment in comments(lines):
        assert comment.startswith("#")
        assert lines[line - 1][column - 1 :].startswith(comment)
        parse_comment(comment)


MODEL = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])%s
"""


@pytest.mark.parametrize(
    ("comment", "spoken", "mended"),
    [
        ("  # kerascheck: ignore[KC301] on purpose", [], None),
        ("  # kerascheck: ignore", [], None),
        ("  # noqa: KC301", [], None),
        ("  # noqa", [], None),
        ("  # noqa: E501", [], None),
        ("  # kerascheck: ignore[KC301, KC201]", ["`KC201` silences nothing"], "  # kerascheck: ignore[KC301]"),
        ("  # kerascheck: ignore[KC201, KC301]", ["`KC201` silences nothing"], "  # kerascheck: ignore[KC301]"),
        ("  # kerascheck: ignore[KC301, softmax]", ["`softmax` silences nothing"], "  # kerascheck: ignore[KC301]"),
        ("  # noqa: KC301, KC201", ["`KC201` silences nothing"], "  # noqa: KC301"),
        ("  # noqa: E501, KC301", [], None),
        ("  # noqa: KC301 KC999", [], None),
        ("  # noqa: KC2, KC301", [], None),
    ],
)
def test_a_suppression_that_silences_nothing_is_found(comment: str, spoken: list[str], mended: str | None) -> None:
    plan = Plan(Config(Path(), choices=(Choice(("KC301", "KC201", "KC904")),)))
    data = (MODEL % comment).encode()
    found = [finding for finding in lint_source(data, "train.py", plan).findings if finding.code != "KC301"]
    assert [finding.message.partition(":")[0] for finding in found] == spoken
    assert all(finding.code == "KC904" for finding in found)
    if mended is not None:
        assert mend_source(data, "train.py", plan, Path("train.py"), unsafe=False)[0].after == MODEL % mended


def test_a_whole_comment_that_silences_nothing_is_taken_out() -> None:
    plan = Plan(Config(Path()))
    text = "import keras  # kerascheck: ignore[KC301] it was needed once\nmodel = keras.Sequential()\n"
    mended, _ = mend_source(text.encode(), "train.py", plan, Path("train.py"), unsafe=False)
    assert mended.after.splitlines()[0] == "import keras"


def test_nothing_is_said_of_a_rule_that_is_off() -> None:
    plan = Plan(Config(Path(), choices=(Choice(None, (), ("KC301",)),)))
    report = lint_source((MODEL % "  # kerascheck: ignore[KC301]").encode(), "train.py", plan)
    assert "KC904" not in {finding.code for finding in report.findings}


def test_nothing_is_said_of_a_file_that_could_not_be_read_whole() -> None:
    text = "import keras  # kerascheck: ignore[KC301]\ndef f(:\n"
    report = lint_source(text.encode(), "train.py", Plan(Config(Path())))
    assert {finding.code for finding in report.findings} == {"KC901"}
