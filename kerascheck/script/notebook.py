"""Notebooks: the code cells of nbformat 2 to 4, parsed cell by cell."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from kerascheck.findings import Location, SourceText
from kerascheck.script.recovery import keeps_body, recover
from kerascheck.script.source import Source, SyntaxProblem, Unit, parse, split_lines

_WRITTEN = re.compile(r"\s*%%(?:writefile|file)\s+(?:-a\s+)?(?P<file>[\w./-]+\.py)\s*\n")
_PYTHON_NAMES = ("python", "ipython", "py", "xpython", "pypy")


def read_notebook(path: str, data: bytes) -> Source:
    """The code cells of a notebook; a cell that Python refuses costs no other cell."""
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        if not data.strip():
            return _refused(path, data, "the notebook is empty")
        place = Location(path, error.lineno, error.colno, error.lineno, error.colno + 1)
        return _refused(path, data, "the notebook is not valid JSON", place)
    except UnicodeDecodeError:
        return _refused(path, data, "the notebook is not UTF-8 text")
    except RecursionError:
        return _refused(path, data, "the notebook is nested too deeply to be read")
    except ValueError as error:
        return _refused(path, data, f"the notebook cannot be read: {error}")
    cells = _cells(document)
    if cells is None:
        return _refused(path, data, "the notebook has no list of cells")
    units: list[Unit] = []
    shown: list[tuple[int | None, tuple[str, ...]]] = []
    problems: list[SyntaxProblem] = []
    modules: list[tuple[str, Unit]] = []
    python2: Location | None = None
    for number, text in _code(cells) if _is_python(document) else ():
        shown.append((number, split_lines(text)))
        tree, problem, old = _read_cell(path, number, text)
        if tree is not None:
            units.append(Unit(number, tree))
        elif (written := _WRITTEN.match(text)) is not None:
            body = parse(path, _without_cell_magic(text)[0], number).tree
            modules += [(written["file"].removeprefix("./"), Unit(number, body))] if body is not None else []
        if problem is not None and not (old and python2 is not None):
            problems.append(problem)
        if old and problem is not None:
            python2 = python2 or problem.location
    counts = _counts(cells, {number for number, _ in shown})
    return Source(tuple(units), SourceText(tuple(shown)), tuple(problems), True, counts, python2, tuple(modules))


def _counts(cells: list[object], code: set[int | None]) -> tuple[tuple[int, int | None], ...]:
    """The saved execution counts of the code cells."""
    found: list[tuple[int, int | None]] = []
    for number, cell in enumerate(cells, 1):
        if number in code and isinstance(cell, dict):
            count = cell.get("execution_count", cell.get("prompt_number"))
            found.append((number, count if isinstance(count, int) else None))
    return tuple(found)


def _read_cell(path: str, number: int, text: str) -> tuple[ast.Module | None, SyntaxProblem | None, bool]:
    body, foreign = _without_cell_magic(text)
    if foreign and not keeps_body(foreign):
        # An unknown cell magic may still wrap Python (`%%skip_if`): kept when it parses, else nobody's mistake.
        parsed = parse(path, body, number) if _may_wrap_python(foreign) else None
        return (parsed.tree if parsed else None), None, False
    parsed = parse(path, body.replace("\0", " "), number)
    if parsed.tree is not None:
        return parsed.tree, None, False
    return recover(path, body.replace("\0", " "), number, parsed)


def _without_cell_magic(text: str) -> tuple[str, str]:
    """The cell with its leading cell magics blanked, and the last of them that does not run Python (else the first)."""
    stripped = text.lstrip()
    if not stripped.startswith("%%"):
        return text, ""
    lines = list(split_lines(text))
    magic = ""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        if not line.lstrip().startswith("%%"):
            break
        if not magic or keeps_body(magic):
            magic = line
        lines[index] = ""
    return "\n".join(lines) + "\n", magic


_FOREIGN = frozenset(
    (
        *("!", "bash", "sh", "script", "cmd", "powershell", "system", "sx", "perl", "ruby", "R", "sql", "bigquery"),
        *("html", "HTML", "javascript", "js", "latex", "markdown", "svg", "writefile", "file", "writetemplate", "ai"),
        *("python", "python2", "python3", "pypy", "cython", "julia", "cu", "nvcc"),
    )
)


def _may_wrap_python(line: str) -> bool:
    words = line.lstrip().lstrip("%").split()
    return bool(words) and words[0] not in _FOREIGN


def _cells(document: object) -> list[object] | None:
    if not isinstance(document, dict):
        return None
    cells = document.get("cells")
    if isinstance(cells, list):
        return list(cells)
    sheets = document.get("worksheets")
    if not isinstance(sheets, list):
        return None
    found: list[object] = []
    for sheet in sheets:
        inner = sheet.get("cells") if isinstance(sheet, dict) else None
        found.extend(inner if isinstance(inner, list) else ())
    return found


def _code(cells: list[object]) -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        language = cell.get("language", "python")
        if isinstance(language, str) and not language.lower().startswith(_PYTHON_NAMES):
            continue
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str):
            # Lone surrogates are legal in JSON and in no Python source.
            yield number, source.encode("utf-8", "replace").decode("utf-8")


def _is_python(document: object) -> bool:
    """Whether the notebook's kernel runs Python; one that says nothing does."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        return True
    for holder, key in (("language_info", "name"), ("kernelspec", "language")):
        inner = metadata.get(holder)
        language = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(language, str) and language:
            return language.lower().startswith(_PYTHON_NAMES)
    return True


def _refused(path: str, data: bytes, message: str, place: Location | None = None) -> Source:
    problem = SyntaxProblem(place or Location(path, 1, 1, 1, 1), message)
    return Source((), _whole_text(data), (problem,), notebook=True)


def _whole_text(data: bytes) -> SourceText:
    return SourceText(((None, split_lines(data.decode("utf-8", "replace"))),))
