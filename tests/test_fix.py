"""Fixes mend what they promise, change nothing else, and never lose a file."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rule_examples import Example, built_in_rules, examples

from kerascheck import Config
from kerascheck.config import Choice
from kerascheck.edits import Change, TextLines, apply, choose
from kerascheck.errors import InputError
from kerascheck.findings import Edit, FileReport, Finding, Fix, Location
from kerascheck.fix import difference, mend, mend_source
from kerascheck.linter import Plan, lint_source
from kerascheck.notebook_text import NotebookText

FIXABLE = [example for example in examples("Bad") if example.rule.fixable]
OLD = """\
from keras.layers import Dense
from keras.models import Sequential

model = Sequential()
model.add(Dense(output_dim=4, input_dim=3))
"""


def plan(*codes: str) -> Plan:
    return Plan(Config(Path(), choices=(Choice(codes or ("ALL",)),)))


def as_notebook(text: str, *, indent: int | None = 1, lines: bool = True) -> bytes:
    source: object = text.splitlines(keepends=True) if lines else text
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Ein Überblick\n", "nothing to see"]},
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source},
    ]
    document = {"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=indent, ensure_ascii=False).encode()


def offered(report: FileReport, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code and finding.fix is not None]


MENDABLE = [
    example
    for example in FIXABLE
    if offered(lint_source(example.text.encode(), "train.py", plan(example.rule.code)), example.rule.code)
]


@pytest.mark.parametrize("example", MENDABLE, ids=lambda example: example.name)
@pytest.mark.parametrize("notebook", [False, True], ids=["script", "notebook"])
def test_a_fix_takes_the_finding_away_and_a_second_run_changes_nothing(example: Example, notebook: bool) -> None:
    code = example.rule.code
    data = as_notebook(example.text) if notebook else example.text.encode()
    path = Path("train.ipynb" if notebook else "train.py")
    before = lint_source(data, path.name, plan(code), path)
    mended, form = mend_source(data, path.name, plan(code), path, unsafe=True)
    assert mended.changed
    after = lint_source(form.bytes_of(mended.after), path.name, plan(code), path)
    assert offered(before, code)
    assert not offered(after, code), "a fix is left that could be made"
    assert len([f for f in after.findings if f.code == code]) <= len([f for f in before.findings if f.code == code])
    again, _ = mend_source(form.bytes_of(mended.after), path.name, plan(code), path, unsafe=True)
    assert again.after == mended.after
    if not notebook:
        ast.parse(mended.after)


def test_every_rule_that_says_it_is_fixable_mends_one_of_its_examples() -> None:
    assert {example.rule.code for example in MENDABLE} == {rule.code for rule in built_in_rules() if rule.fixable}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_byte_order_marks_stay(newline: str, encoding: str) -> None:
    data = OLD.replace("\n", newline).encode(encoding)
    mended, form = mend_source(data, "train.py", plan("KC601"), Path("train.py"), unsafe=False)
    wanted = OLD.replace("output_dim=", "units=").replace("\n", newline).encode(encoding)
    assert form.bytes_of(mended.after) == wanted


def test_a_declared_encoding_is_kept() -> None:
    text = "# coding: latin-1\n# déjà vu\n" + OLD
    mended, form = mend_source(text.encode("latin-1"), "train.py", plan("KC601"), Path("train.py"), unsafe=False)
    assert form.bytes_of(mended.after) == text.replace("output_dim=", "units=").encode("latin-1")


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("lines", [True, False], ids=["list", "string"])
def test_a_notebook_keeps_every_other_character(indent: int | None, lines: bool) -> None:
    data = as_notebook(OLD, indent=indent, lines=lines)
    mended, form = mend_source(data, "train.ipynb", plan("KC601"), Path("train.ipynb"), unsafe=False)
    assert form.bytes_of(mended.after) == data.replace(b"output_dim=", b"units=")


def test_a_notebook_of_an_old_format_is_mended_in_its_worksheet() -> None:
    cells = [{"cell_type": "code", "language": "python", "input": OLD.splitlines(keepends=True)}]
    data = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3, "metadata": {}}).encode()
    mended, form = mend_source(data, "train.ipynb", plan("KC601"), Path("train.ipynb"), unsafe=False)
    assert form.bytes_of(mended.after) == data.replace(b"output_dim=", b"units=")


@given(
    st.lists(st.text(alphabet='ab"\\\n\té\u2028', max_size=12), max_size=5), st.text(alphabet='xy"\\\né', max_size=20)
)
def test_a_cell_is_replaced_and_the_others_stay(cells: list[str], code: str) -> None:
    document = {"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in ["", *cells]]}
    for number in range(1, len(cells) + 2):
        changed = json.loads(NotebookText(json.dumps(document, indent=1)).with_source(number, code))
        found = ["".join(cell["source"]) for cell in changed["cells"]]
        assert found == [*["", *cells][: number - 1], code, *["", *cells][number:]]


@given(st.text(alphabet="ab\r\n", max_size=30), st.data())
def test_places_and_offsets_agree(text: str, data: st.DataObject) -> None:
    lines = TextLines(text)
    offset = data.draw(st.integers(0, len(text)))
    line = lines.line_of(offset)
    start = lines.offset(line, 1)
    assert start <= offset
    assert lines.offset(line, offset - start + 1) == offset


def edit(start: int, end: int, text: str) -> Finding:
    place = Location("train.py", 1, start + 1, 1, end + 1)
    return Finding(f"{start}", place, fix=Fix((Edit(place, text),)), code="KC999")


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param([edit(0, 1, "X"), edit(1, 2, "Y")], "XYcdef", id="side by side"),
        pytest.param([edit(0, 3, "X"), edit(1, 2, "Y")], "Xdef", id="one inside the other"),
        pytest.param([edit(2, 2, "X"), edit(2, 2, "Y")], "abXcdef", id="two insertions at one place"),
        pytest.param([edit(2, 2, "X"), edit(2, 2, "X")], "abXcdef", id="the same insertion twice"),
        pytest.param([edit(4, 9, "X"), edit(0, 1, "Y")], "Ybcdef", id="a place that does not exist"),
    ],
)
def test_edits_that_touch_each_other_are_made_in_turn(findings: list[Finding], expected: str) -> None:
    assert apply("abcdef", choose(TextLines("abcdef"), findings).changes) == expected


def test_changes_are_applied_from_the_end() -> None:
    assert apply("abc", [Change(0, 1, "long"), Change(2, 3, "")]) == "longb"


def test_an_unsafe_fix_waits_until_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import kerascheck.fix

    real = lint_source

    def unsafe(*arguments: object) -> FileReport:
        report = real(*arguments)  # pyright: ignore[reportArgumentType]
        changed = [replace(f, fix=replace(f.fix, safe=False)) if f.fix is not None else f for f in report.findings]
        return replace(report, findings=tuple(changed))

    monkeypatch.setattr(kerascheck.fix, "lint_source", unsafe)
    mended, _ = mend_source(OLD.encode(), "train.py", plan("KC601"), Path("train.py"), unsafe=False)
    assert (mended.changed, mended.unsafe) == (False, 1)
    assert mend_source(OLD.encode(), "train.py", plan("KC601"), Path("train.py"), unsafe=True)[0].changed


@pytest.mark.parametrize("text", ["print 'no'\n" + OLD, OLD + "def f(:\n"])
def test_a_file_that_does_not_parse_is_left_alone_with_a_word(text: str, tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(text)
    mended = mend(file, "train.py", plan("KC601"), unsafe=True, write=True)
    assert mended.note.startswith("left alone: ")
    assert file.read_text() == text


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import kerascheck.fix

    file = tmp_path / "train.py"
    file.write_text(OLD)
    real = kerascheck.fix.mend_source

    def interrupted(*arguments: object, **keywords: object) -> object:
        outcome = real(*arguments, **keywords)  # pyright: ignore[reportArgumentType]
        file.write_text("# written by somebody else\n")
        return outcome

    monkeypatch.setattr(kerascheck.fix, "mend_source", interrupted)
    with pytest.raises(InputError, match="changed while it was being mended"):
        mend(file, "train.py", plan("KC601"), unsafe=False, write=True)
    assert file.read_text() == "# written by somebody else\n"


def test_writing_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(OLD)
    file.chmod(0o754)
    mend(file, "train.py", plan("KC601"), unsafe=False, write=True)
    assert "units=4" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o754
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_still_points_where_it_did(tmp_path: Path) -> None:
    file, link = tmp_path / "train.py", tmp_path / "link.py"
    file.write_text(OLD)
    link.symlink_to(file)
    mend(link, "link.py", plan("KC601"), unsafe=False, write=True)
    assert link.is_symlink()
    assert "units=4" in file.read_text()


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kerascheck", "fix", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=folder,
    )  # fmt: skip


def test_the_command_shows_a_diff_that_patch_understands_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(OLD)
    done = command(tmp_path, "train.py", "--diff", "--select", "KC601")
    assert done.returncode == 1
    assert "-model.add(Dense(output_dim=4, input_dim=3))\n+model.add(Dense(units=4, input_dim=3))\n" in done.stdout
    assert "Would fix 1 finding in 1 file" in done.stderr
    assert (tmp_path / "train.py").read_text() == OLD


def test_the_command_mends_a_folder_and_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(OLD)
    (tmp_path / "train.ipynb").write_bytes(as_notebook(OLD))
    done = command(tmp_path, ".", "--select", "KC601")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Fixed 2 findings in 2 files\n  KC601 renamed-argument: 2\n"
    assert command(tmp_path, ".", "--select", "KC601").stdout == "Nothing to fix\n"


def test_the_command_says_in_one_line_what_it_left_alone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import keras\ndef f(:\n")
    done = command(tmp_path, "train.py")
    assert done.returncode == 0
    assert done.stderr.startswith("kerascheck: train.py: left alone: ")
    assert done.stderr.count("\n") == 1


def test_a_diff_of_a_file_without_a_last_line_end_says_so() -> None:
    mended, _ = mend_source(OLD.rstrip().encode(), "train.py", plan("KC601"), Path("train.py"), unsafe=False)
    assert difference(mended).count("\\ No newline at end of file") == 2
