"""Reading scripts and notebooks: line numbers kept, nothing raised, one broken part never costs the others."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascheck.script.source import Source, character_column, read_source

FIXTURES = Path(__file__).parent.parent / "fixtures"


def script(text: str | bytes) -> Source:
    return read_source("train.py", text.encode() if isinstance(text, str) else text)


def notebook(*cells: str | tuple[str, str]) -> Source:
    made = [
        {"cell_type": cell[0] if isinstance(cell, tuple) else "code", "metadata": {}, "source": text.splitlines(True)}
        for cell in cells
        for text in [cell[1] if isinstance(cell, tuple) else cell]
    ]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    return read_source("train.ipynb", json.dumps(document).encode())


def names(source: Source) -> list[tuple[int | None, int, str]]:
    """The assigned names with their cell and line, in order of the cells."""
    found = [
        (unit.cell, node.lineno, node.id)
        for unit in source.units
        for node in ast.walk(unit.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return sorted(found, key=lambda item: (item[0] or 0, item[1]))


@pytest.mark.parametrize(
    ("column_of", "line"),
    [("x", "x"), ("x", "é = x"), ("x", "'日本' + x"), ("x", "'\U0001f600' + x")],
)
def test_columns_count_characters(column_of: str, line: str) -> None:
    node = next(n for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Name) and n.id == column_of)
    assert character_column(line, node.col_offset) == line.rindex(column_of) + 1


@pytest.mark.parametrize(
    "data",
    [
        b"a = 1\nb = 2\n",
        b"a = 1\r\nb = 2\r\n",
        b"a = 1\rb = 2",
        b"\xef\xbb\xbfa = 1\nb = 2\n",
        b"# -*- coding: latin-1 -*-\nb = '\xe9'\n".replace(b"# -*-", b"a = 1 # -*-", 0),
    ],
)
def test_line_ends_and_encodings_are_read_as_python_reads_them(data: bytes) -> None:
    source = script(data)
    assert source.problems == ()
    assert names(source)[-1] == (None, 2, "b")


def test_form_feeds_and_unicode_separators_end_no_line() -> None:
    source = script("a = '\u2028\x0b'\n\x0cb = 2\n")
    assert names(source) == [(None, 1, "a"), (None, 2, "b")]
    assert len(source.text.lines(None)) == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a = 1\nb = (2\nc = 3\n", 2, 5, "'(' was never closed"),
        ("a = \n", 1, 5, "nothing stands to the right of `=`"),
        ("a = [1 2]\nb = 2\n", 1, 6, "invalid syntax; perhaps you forgot a comma"),
        ("é = 'ü' 'x' ,, 2\n", 1, 14, "invalid syntax"),
        ("def f():\nx = 1\n", 2, 1, "expected an indented block after function definition on line 1"),
        ("a = 1\x00\nb = 2\n", 1, 6, "a null byte stands in the source, which Python refuses"),
        (
            b"a = 1\nb = 'caf\xe9'\n",
            2,
            9,
            "byte 0xe9 is not utf-8 text; declare the encoding or save the file as UTF-8",
        ),
        (b"# coding: nonsense\na = 1\n", 1, 1, "unknown encoding `nonsense` in the coding line"),
        ("a = 1\n".encode("utf-16"), 1, 1, "the file is written in UTF-16, which Python refuses"),
        ("x = " + "(" * 5000, 1, 205, "too many nested parentheses"),
        ("x = " + "+".join("1" * 60000), 1, 1, "the source is nested too deeply to be parsed"),
        ("x = " + "-" * 200_000 + "1", 1, 1, "the source is nested too deeply to be parsed"),
    ],
)
def test_what_python_refuses_is_a_problem_with_its_place(
    text: str | bytes, line: int, column: int, message: str
) -> None:
    (problem,) = script(text).problems
    assert (problem.location.line, problem.location.column, problem.message) == (line, column, message)
    assert problem.location.end_line == line
    assert problem.location.end_column >= column


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a = 1\nb = (2\nc = 3\n", ["a", "b", "c"]),
        ("a = 1\nb = \nc = 3\n", ["a", "b", "c"]),
        ("a = 1\ndef f(:\n    x = 1\n    y = 2\nc = 3\n", ["a", "c"]),
        ("def f():\n    x = 1\n    y = foo(1 2)\n    z = 3\nc = 3\n", ["x", "y", "z", "c"]),
        ("a = 1\nmodel.add(Dense(10)\nmodel.add(Flatten())\nc = 3\n", ["a", "c"]),
        ("a = 1\nb = foo(1,\n        2 3,\n        4)\nc = 3\n", ["a", "c"]),
        ("a = 1\n  b = 2\nc = 3\n", ["c"]),
        ("a = 1\nb = '''never closed\nc = 3\n", ["a"]),
    ],
)
def test_the_rest_of_a_broken_script_is_kept_at_its_lines(text: str, kept: list[str]) -> None:
    source = script(text)
    found = names(source)
    lines = text.splitlines()
    assert source.problems
    assert [name for _, _, name in found if name in kept] == kept
    assert all(name in lines[line - 1] for _, line, name in found)


@pytest.mark.parametrize("line", ['print "x"', 'print "%d" % 3, "b"', "print x", "exec 'a = 1'", "raise E, 'message'"])
def test_python_2_is_one_clear_problem(line: str) -> None:
    source = script(f"a = 1\n{line}\ntry:\n    b = 2\nexcept E, e:\n    print 'no', e\nc = 3\n")
    (problem,) = source.problems
    assert problem.message.startswith("Python 2 source")
    assert problem.location.line == 2
    assert {"a", "b", "c"} <= {name for _, _, name in names(source)}


@pytest.mark.parametrize("text", ["x = 1 <> 2\n", "x = `3`\n", "x = 0777\n", "x = 10L\n", "x = ur'a'\n"])
def test_other_python_2_syntax_is_named_so(text: str) -> None:
    (problem,) = script(text).problems
    assert problem.message == "Python 2 source: Python 3 has no such syntax"


def test_an_invalid_escape_is_no_problem(recwarn: pytest.WarningsRecorder) -> None:
    assert script("x = '\\d'\n").problems == ()
    assert not recwarn.list


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "%%time",
        "!pip install keras",
        "!!ls",
        '!echo "it\'s ("',
        "?model.fit",
        "model.fit?",
        "model.fit??",
        "%load_ext autoreload",
        "%cd ..",
        "files = !ls *.png",
        "here = %pwd",
        "pip install keras -q",
        "cd data/train",
    ],
)
def test_ipython_lines_are_blanked_and_lines_kept(line: str) -> None:
    source = notebook(f"a = 1\n{line}\nif a:\n    {line}\nb = '''\n%time\n''' % (1\n% 2)\n")
    assert source.problems == ()
    assert [(at, name) for _, at, name in names(source) if name in "ab"] == [(1, "a"), (5, "b")]


def test_a_shell_line_goes_on_after_a_backslash() -> None:
    source = notebook("!pip install \\\n    keras \\\n    numpy\na = 1\n")
    assert source.problems == ()
    assert names(source) == [(1, 4, "a")]


def test_a_timed_statement_is_kept_at_its_column() -> None:
    source = notebook("%time history = model.fit(x, y)\n%timeit -n 10 z = 3\n")
    assert source.problems == ()
    assert names(source) == [(1, 1, "history"), (1, 2, "z")]
    stored = [n for n in ast.walk(source.units[0].tree) if isinstance(n, ast.Name) and n.id == "history"]
    assert stored[0].col_offset == len("%time ")


@pytest.mark.parametrize(
    ("magic", "kept"),
    [
        ("%%time", True),
        ("%%timeit -n 3", True),
        ("\n%%capture out", True),
        ("%%time\n%%capture", True),
        ("%%unheard_of", True),
        ("%%bash", False),
        ("%%html", False),
        ("%%writefile model.py", False),
        ("%%javascript", False),
    ],
)
def test_cell_magics_keep_or_drop_the_body(magic: str, kept: bool) -> None:
    source = notebook(f"{magic}\nx = 3\n")
    assert source.problems == ()
    assert [name for _, _, name in names(source)] == (["x"] if kept else [])
    if kept:
        assert names(source)[0][1] == magic.count("\n") + 2


def test_a_foreign_cell_is_nobodys_mistake() -> None:
    assert notebook("%%bash\nfor i in *; do echo $i; done\n", "%%unheard\nls -la | grep x\n").problems == ()


def test_cells_count_from_one_with_markdown_and_a_broken_cell_costs_no_other() -> None:
    source = notebook(("markdown", "# Title"), "a = 1", "b = 1\nc ==== 2", ("raw", "x ="), "d = 4")
    (problem,) = source.problems
    assert (problem.location.cell, problem.location.line) == (3, 2)
    assert [unit.cell for unit in source.units] == [2, 3, 5]
    assert {"a", "d"} <= {name for _, _, name in names(source)}
    assert source.notebook
    assert source.text.lines(3) == ("b = 1", "c ==== 2")
    assert source.text.lines(1) == ()


def test_a_cell_that_is_indented_as_a_whole_is_read() -> None:
    source = notebook("    a = 1\n    b = 2\n")
    assert source.problems == ()
    assert names(source) == [(1, 1, "a"), (1, 2, "b")]


def test_await_and_return_at_the_top_of_a_cell_are_read() -> None:
    assert notebook("x = await load()\n", "async for a in b:\n    pass\n").problems == ()


def test_python_2_notebooks_say_so_once() -> None:
    source = notebook("print 'a'\nx = 1", "print 'b'\ny = 2")
    (problem,) = source.problems
    assert problem.message.startswith("Python 2 source")
    assert [name for _, _, name in names(source)] == ["x", "y"]


def test_version_3_notebooks_have_worksheets() -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["T"]},
        {"cell_type": "code", "language": "python", "input": ["%pylab\n", "a = 1"], "outputs": []},
        {"cell_type": "code", "language": "ruby", "input": "puts 1"},
        {"cell_type": "code", "input": "b = 2"},
    ]
    source = read_source("old.ipynb", json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode())
    assert source.problems == ()
    assert names(source) == [(2, 2, "a"), (4, 1, "b")]


@pytest.mark.parametrize("language", ["R", "julia", "scala"])
def test_notebooks_of_other_languages_hold_no_python(language: str) -> None:
    document = {"cells": [{"cell_type": "code", "source": "x <- 3"}], "metadata": {"language_info": {"name": language}}}
    source = read_source("x.ipynb", json.dumps(document).encode())
    assert (source.units, source.problems) == ((), ())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the notebook is empty"),
        (b'{"cells": [', "the notebook is not valid JSON"),
        (b"[1]", "the notebook has no list of cells"),
        (b'{"cells": 3}', "the notebook has no list of cells"),
        (b'{"cells": "\xff"}', "the notebook is not UTF-8 text"),
        (b"[" * 200_000, "the notebook is nested too deeply to be read"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_problem(data: bytes, message: str) -> None:
    source = read_source("x.ipynb", data)
    (problem,) = source.problems
    assert (source.units, problem.message) == ((), message)


def test_invalid_json_is_located() -> None:
    (problem,) = read_source("x.ipynb", b'{\n "cells": [1,,]\n}').problems
    assert (problem.location.line, problem.location.column) == (2, 14)


@pytest.mark.parametrize("cells", [[None], [3], [{}], [{"cell_type": "code"}], [{"cell_type": "code", "source": [1]}]])
def test_odd_cells_are_passed_over(cells: list[object]) -> None:
    assert read_source("x.ipynb", json.dumps({"cells": cells}).encode()).problems == ()


def test_lone_surrogates_in_a_cell_are_read() -> None:
    assert names(notebook("a = '\ud800'\nb = 1"))[-1] == (1, 2, "b")


def test_ipython_lines_in_an_exported_script_are_blanked() -> None:
    source = script("# In[1]:\n%matplotlib inline\na = 1\n# In[2]:\n%%bash\nls | wc\n# In[3]:\n%%time\nb = 2\n")
    assert source.problems == ()
    assert names(source) == [(None, 3, "a"), (None, 9, "b")]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["x.py", "x.ipynb"]))
def test_no_bytes_raise(data: bytes, path: str) -> None:
    read_source(path, data)


FRAGMENTS = (
    "a = 1\n",
    "(",
    ")",
    '"""',
    "'",
    "%time ",
    "!ls\n",
    "\\\n",
    "  ",
    "\n",
    "def f():\n",
    "print x\n",
    "é",
    "#",
    "?",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14))
def test_no_mixture_raises_and_every_place_lies_in_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    for source in (script(text), notebook(text)):
        for problem in source.problems:
            lines = source.text.lines(problem.location.cell)
            assert 1 <= problem.location.line <= max(len(lines), 1)
            width = len(lines[problem.location.line - 1]) if lines else 0
            assert 1 <= problem.location.column <= width + 1
        for unit in source.units:
            for node in ast.walk(unit.tree):
                assert getattr(node, "lineno", 1) >= 1


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("scripts/*.py")) + sorted(FIXTURES.glob("notebooks/*.ipynb")))
def test_fixtures_are_read(path: Path) -> None:
    source = read_source(path.name, path.read_bytes())
    broken = "broken" in path.name or "python2" in path.name
    assert bool(source.problems) is broken
    assert source.units


def test_a_notebook_is_known_by_its_content_whatever_it_is_called() -> None:
    document = {"cells": [{"cell_type": "code", "source": ["import keras\n"]}], "nbformat": 4, "metadata": {}}
    source = read_source("notebook.json", json.dumps(document).encode())
    assert source.notebook
    assert [unit.cell for unit in source.units] == [1]
    assert not read_source("data.py", json.dumps(document).encode()).notebook
