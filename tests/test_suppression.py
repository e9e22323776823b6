"""Comments that silence findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascheck.findings import Finding, Location, SourceText
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
    assert parse_comment(comment) == silenced


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
    assert [line for line, _ in comments(source.splitlines())] == lines


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
    assert not is_suppressed(Finding("m", Location("m.h5", layer="dense"), code="KC201"), {(None, 0): None})


@given(st.text(alphabet="# noqa:KC201'\"\\\n[]kerscignt", max_size=80))
def test_any_text_can_be_scanned(text: str) -> None:
    for line, comment in comments(text.split("\n")):
        assert comment.startswith("#") and 1 <= line <= text.count("\n") + 1
        parse_comment(comment)
