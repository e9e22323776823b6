"""Reading on in a source that Python refuses: IPython lines, Python 2 lines, and single broken statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from kerascheck.script.source import Parsed, SyntaxProblem, parse, split_lines

_ATTEMPTS = 16
TOKEN: Final = re.compile(
    r"(?P<triple>\"\"\"|''')|(?P<string>'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")|(?P<comment>\#.*)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
)
"""What a line can hold that hides or encloses what follows: strings, comments, brackets."""
_TIMED = re.compile(r"%(?:time|timeit|prun|memit|lprun|mprun)\b(?P<options>(?:\s+-\w+(?:\s+\d+)?)*)\s+(?=\S)")
_ASSIGNED = re.compile(r"(?P<target>[A-Za-z_][\w.,\s\[\]'\"]*=\s*)(?P<magic>!!?\s*\S|%[A-Za-z])")
_HELP = re.compile(r"\?{1,2}[\w.*%]+\s*$|%{0,2}[A-Za-z_][\w.*\[\]()'\"]*\?{1,2}\s*$")
_AUTOMAGIC = re.compile(
    r"(?:pip3?|conda|apt-get|git|wget|curl|cd|ls|cat|mkdir|rm|cp|mv|unzip|less|more|man|source|export|nvidia-smi)"
    r"(?:\s+[-\w./~$*{\"'](?:[^=(]|[=<>~!]=|(?<=[\w])=(?=\S))*)?$"
)
_CELL_MARK = re.compile(r"#\s*(?:In\s?\[|%%|<codecell>)")
_PRINT = re.compile(r"(?:print|exec)(?:\s*$|\s+(?![=(.,:\[])|\s*(?=[\"'`>])|\s*\(.*\)\s*[%,])")
_EXCEPT = re.compile(r"^(\s*except\s+(?:[\w.]+|\([^()]*\)))\s*,\s*(\w+\s*:)")
_RAISE = re.compile(r"^(\s*raise\s+[\w.]+)\s*,\s*(.+)$")
_ASSIGNMENT = re.compile(r"(?P<target>[A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_][\w.]*)*\s*=)(?!=)")
_CALL = re.compile(r"(?P<target>[A-Za-z_][\w.]*\()")
_CONTINUES = re.compile(r"[)\]}]|(?:else|elif|except|finally)\b")
_HEADER = re.compile(r"\s*(?:async\s+)?(?:def|class|for|while|if|elif|else|try|except|finally|with)\b")
# A name that no program binds: whatever was to stand here is unknown to the evaluator.
_MISSING = "__unreadable__"
# What it gives is another unknown each time.
_ANYTHING = f"{_MISSING}()"


def recover(path: str, text: str, cell: int | None, refused: Parsed) -> tuple[ast.Module, SyntaxProblem | None, bool]:
    """What can be kept of a source that does not parse.

    Returns its tree, the problem that remains (None where only IPython lines stood in the way), and whether the
    source is Python 2.
    """
    lines = list(split_lines(text))
    lines = list(_without_ipython(lines, automagic=cell is not None))
    parsed = _parse_lines(path, lines, cell)
    if parsed.tree is not None:
        return parsed.tree, None, False
    if parsed.problem == refused.problem:
        parsed = refused
    if (tree := _indented(path, lines, cell)) is not None:
        return tree, None, False
    problem, python2 = parsed.problem, parsed.python2
    if python2:
        from kerascheck.script.python2 import as_python3

        parsed = _parse_lines(path, as_python3(lines), cell)
        if parsed.tree is not None:
            return parsed.tree, problem, True
        lines = list(_without_python2(lines))
        parsed = _parse_lines(path, lines, cell)
    tree = parsed.tree or _without_broken(path, lines, cell, parsed)
    return tree, problem, python2


def scan(lines: list[str]) -> Iterator[tuple[int, bool]]:
    """Each line's index, and whether a statement starts on it (it is in no string, bracket or continuation).

    A caller may replace `lines[index]` before it asks for the next one.
    """
    depth, quote, continued = 0, "", False
    for index in range(len(lines)):
        yield index, not depth and not quote and not continued
        line, position = lines[index], 0
        while position < len(line):
            if quote:
                end = line.find(quote, position)
                if end < 0:
                    break
                position, quote = end + 3, ""
                continue
            found = TOKEN.search(line, position)
            if found is None:
                break
            position = found.end()
            if found["triple"]:
                quote = found["triple"]
            elif found["open"]:
                depth += 1
            elif found["close"]:
                depth = max(depth - 1, 0)
        continued = not quote and line.endswith("\\")


def _without_ipython(lines: list[str], *, automagic: bool) -> list[str]:
    """The lines with magics, shell commands and help marks replaced by statements of the same indentation."""
    lines = list(lines)
    foreign = shell = False
    for index, starts in scan(lines):
        line = lines[index]
        body = line.lstrip()
        if foreign and not _CELL_MARK.match(body):
            lines[index] = ""
            continue
        foreign = False
        if shell:
            shell, lines[index] = line.endswith("\\"), ""
            continue
        if not starts or not body:
            continue
        replaced = _plain(body, automagic=automagic)
        if replaced is None:
            continue
        foreign = body.startswith("%%") and not keeps_body(body)
        shell = replaced == "pass" and line.endswith("\\")
        lines[index] = line[: len(line) - len(body)] + replaced
    return lines


def _plain(body: str, *, automagic: bool) -> str | None:
    if body.startswith("%"):
        timed = _TIMED.match(body)
        # `%time x = f()` runs its statement; the header keeps the columns of what follows.
        return f"if {'':{timed.end() - 6}}1: {body[timed.end() :]}" if timed else "pass"
    if body.startswith("!") or _HELP.match(body):
        return "pass"
    if assigned := _ASSIGNED.match(body):
        return assigned["target"] + _ANYTHING
    if automagic and _AUTOMAGIC.match(body):
        return "pass"
    return None


_WRAPPING = frozenset(
    ("time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "heat", "notify", "wandb", "tb", "px", "debug")
)


def keeps_body(line: str) -> bool:
    """Whether a cell magic runs the Python below it (`%%time`), unlike `%%bash` or `%%writefile`."""
    words = line.lstrip().lstrip("%").split()
    return bool(words) and words[0] in _WRAPPING


def _indented(path: str, lines: list[str], cell: int | None) -> ast.Module | None:
    """The tree of a cell whose first line is indented, from each of whose lines IPython takes that much."""
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    space = first[: len(first) - len(first.lstrip())]
    if cell is None or not space:
        return None
    outside = {number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith(space)}
    padded = (space + line if number in outside else line for number, line in enumerate(lines, 1))
    parsed = _parse_lines(path, ["if 1:", *padded], cell)
    if parsed.tree is None or len(parsed.tree.body) != 1:
        return None
    ast.increment_lineno(parsed.tree, -1)
    for node in ast.walk(parsed.tree):
        if isinstance(node, (ast.expr, ast.stmt, ast.keyword, ast.arg, ast.alias, ast.excepthandler)):
            node.col_offset -= len(space) if node.lineno in outside else 0
            node.end_col_offset = (node.end_col_offset or 0) - (len(space) if node.end_lineno in outside else 0)
    wrapper = parsed.tree.body[0]
    return ast.Module(wrapper.body, []) if isinstance(wrapper, ast.If) else None


def _without_python2(lines: list[str]) -> list[str]:
    """The lines without print and exec statements, and with `except E, e` and `raise E, e` as Python 3 has them."""
    lines = list(lines)
    for index, starts in scan(lines):
        line = lines[index]
        if not starts:
            continue
        body = line.lstrip()
        if _PRINT.match(body):
            lines[index] = _balanced(line, "pass")
        elif ": print " in line:
            lines[index] = line[: line.index(": print ")] + ": pass"
        else:
            lines[index] = _RAISE.sub(r"\1(\2)", _EXCEPT.sub(r"\1 as \2", line))
    return lines


def _balanced(line: str, statement: str) -> str:
    """`statement` at the indentation of `line`, leaving open the brackets and continuation that `line` leaves open."""
    indent = line[: len(line) - len(line.lstrip())]
    probe = [line, ""]
    closed = [starts for _, starts in scan(probe)][1]
    if closed:
        return indent + statement
    bracket = re.sub(r"^\s*(?:print|exec)\s*", "", line)
    return f"{indent}{_MISSING} = {bracket.lstrip('> ')}"


def _without_broken(path: str, lines: list[str], cell: int | None, refused: Parsed) -> ast.Module:
    """The tree of what is left when each broken statement, or else its whole top-level block, is taken out."""
    lines = list(lines)
    for _ in range(_ATTEMPTS):
        if refused.problem is None:
            break
        line = refused.problem.location.line - 1
        parsed = _try_repairs(path, lines, cell, line)
        if parsed is None:
            return ast.Module([], [])
        if parsed.tree is not None:
            return parsed.tree
        refused = parsed
    kept = lines[: _block(lines, refused.problem.location.line - 1)[0]] if refused.problem else []
    return _parse_lines(path, kept, cell).tree or ast.Module([], [])


def _try_repairs(path: str, lines: list[str], cell: int | None, line: int) -> Parsed | None:
    """Mend or blank what stands on a line, in place; None when nothing is left to blank."""
    if line >= len(lines):
        return None
    before = lines[line]
    lines[line] = _unreadable(before)
    if lines[line] != before:
        parsed = _parse_lines(path, lines, cell)
        if parsed.tree is not None or (parsed.problem and parsed.problem.location.line - 1 > line):
            return parsed
    start, end = _block(lines, line)
    if not any(text.strip() for text in lines[start:end]):
        return None
    lines[start:end] = [""] * (end - start)
    return _parse_lines(path, lines, cell)


def _unreadable(line: str) -> str:
    """A statement in place of a broken one that binds or calls the same names with an unknown value."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    if _HEADER.match(body):
        return line
    if found := _ASSIGNMENT.match(body):
        return f"{indent}{found['target']} {_ANYTHING}"
    if found := _CALL.match(body):
        return f"{indent}{found['target']}{_ANYTHING})"
    return f"{indent}pass"


def _block(lines: list[str], line: int) -> tuple[int, int]:
    """The top-level block around a line, by indentation alone, since brackets are not to be trusted here."""
    start = line
    while start > 0 and not _starts_block(lines[start]):
        start -= 1
    while start > 0 and lines[start - 1].startswith("@"):
        start -= 1
    end = line + 1
    while end < len(lines) and not _starts_block(lines[end]):
        end += 1
    return start, end


def _starts_block(line: str) -> bool:
    return line[:1] not in ("", " ", "\t", "#") and not _CONTINUES.match(line)


def _parse_lines(path: str, lines: list[str], cell: int | None) -> Parsed:
    return parse(path, "\n".join(lines) + "\n", cell)
