"""Python source as it stands in a script or a notebook: syntax trees, lines to point at, and what failed to parse."""

from __future__ import annotations

import ast
import codecs
import re
import warnings

from msgspec import Struct

from kerascheck.findings import Location, SourceText

_BLANK_VALUE = r"\s*[\w.,\s]+=\s*(?:#.*)?$"
_COOKIE = rb"#.*?coding[:=][ \t]*([-\w.]+)"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_PYTHON2 = (
    r"Missing parentheses in call to '(?P<statement>print|exec)'"
    r"|(?P<clause>multiple exception types must be parenthesized)"
    r"|(?P<number>leading zeros in decimal integer|invalid decimal literal)"
)
_PYTHON2_LINE = (
    r"^\s*(?:print\s+(?:>>|[^\s=(.,:\[])|exec\s+[\"'\w]|raise\s+[\w.]+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:)"
    r"|<>|`[^`]*`|\b0[0-7]+\b(?![.\w])|\b\d+[lL]\b|(?<![\w\"'])[uU][rR][\"']"
)


TOKENS = 600_000
"""The names, numbers and signs of a source that is read: Python takes half a kilobyte for each of them."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


class SyntaxProblem(Struct, frozen=True):
    """A place where Python refuses a source, and why."""

    location: Location
    message: str


class Unit(Struct, frozen=True):
    """A tree that runs as one: a whole script, or a notebook cell (`cell` counts from 1; lines count inside it)."""

    cell: int | None
    tree: ast.Module
    line_offset: int = 0


class Source(Struct, frozen=True):
    """A source as far as it could be read; `text` holds its lines as they were written.

    `counts` are the saved execution counts of a notebook's code cells. `python2` is where the source shows that it is
    written for Python 2. `cut_short` says why nothing of it was read. `modules` are the modules that cells of a notebook write (`%%writefile model.py`), by their path.
    """

    units: tuple[Unit, ...]
    text: SourceText
    problems: tuple[SyntaxProblem, ...] = ()
    notebook: bool = False
    counts: tuple[tuple[int, int | None], ...] = ()
    python2: Location | None = None
    modules: tuple[tuple[str, Unit], ...] = ()
    cut_short: str = ""


class Parsed(Struct, frozen=True):
    """The outcome of parsing one text: a tree, or the first problem in it."""

    tree: ast.Module | None
    problem: SyntaxProblem | None = None
    python2: bool = False


def read_source(path: str, data: bytes) -> Source:
    """Read a script, or a notebook when `path` ends in `.ipynb` or the content is one; never raises.

    Where Python refuses a part, the rest is kept and `problems` says what was refused.
    """
    with warnings.catch_warnings():
        # Invalid escape sequences warn while parsing; under `-W error` that would even refuse the file.
        warnings.simplefilter("ignore")
        if path.endswith(".ipynb") or _is_notebook(path, data):
            from kerascheck.script.notebook import read_notebook

            return read_notebook(path, data)
        return _read_script(path, data)


def _is_too_large(text: str) -> bool:
    """Whether the syntax tree of a source would take more memory than a linter may."""
    return len(text) > TOKENS and sum(1 for _ in _TOKEN.finditer(text)) > TOKENS


def _is_notebook(path: str, data: bytes) -> bool:
    """Whether a file of another name holds a notebook."""
    return not path.endswith(".py") and data.lstrip()[:1] == b"{" and b'"cell_type"' in data


def character_column(line_text: str, byte_offset: int) -> int:
    """The column, from 1 in characters, of an `ast` offset, which counts UTF-8 bytes from 0."""
    if line_text.isascii():
        return byte_offset + 1
    return len(line_text.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "ignore")) + 1


def _read_script(path: str, data: bytes) -> Source:
    text, problem = decode(path, data)
    lines = split_lines(text)
    shown = SourceText(((None, lines),))
    if _is_too_large(text):
        return Source((), shown, cut_short=f"the source has more than {TOKENS:,} names, numbers and signs")
    readable = text
    if "\0" in text:
        problem = problem or _null_byte(path, lines)
        readable = text.replace("\0", " ")
    parsed = parse(path, readable, None)
    if parsed.tree is not None:
        return Source((Unit(None, parsed.tree),), shown, (problem,) if problem else ())
    from kerascheck.script.recovery import recover

    tree, refused, old = recover(path, readable, None, parsed)
    problems = tuple(found for found in (problem or refused,) if found is not None)
    return Source((Unit(None, tree),), shown, problems, python2=refused.location if old and refused else None)


def split_lines(text: str) -> tuple[str, ...]:
    """The lines as Python counts them; form feeds and Unicode separators end none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(lines)


def parse(path: str, text: str, cell: int | None) -> Parsed:
    """The tree of a text, or where and why Python refuses it."""
    try:
        return Parsed(compile(text, "<source>", "exec", _FLAGS, dont_inherit=True))
    except SyntaxError as error:
        return _refusal(path, text, cell, error)
    except (RecursionError, MemoryError):
        return Parsed(None, SyntaxProblem(_start(path, cell), "the source is nested too deeply to be parsed"))
    except (ValueError, OverflowError) as error:
        return Parsed(None, SyntaxProblem(_start(path, cell), f"the source cannot be parsed: {error}"))


class Encoded(Struct, frozen=True):
    """The text of a file and how it is written in bytes."""

    text: str
    encoding: str
    mark: bytes = b""

    def bytes_of(self, text: str) -> bytes:
        """Another text in the same encoding.

        Raises:
            UnicodeEncodeError: for a character that the encoding does not have.
        """
        return self.mark + text.encode(self.encoding)


def encoded(data: bytes) -> Encoded:
    """The text of a source; bytes that are no text of its encoding are replaced."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Encoded(data[len(mark) :].decode(encoding, "replace"), encoding, mark)
    encoding = _declared_encoding(data)
    try:
        return Encoded(data.decode(encoding, "replace"), encoding)
    except (LookupError, ValueError):
        return Encoded(data.decode("utf-8", "replace"), "utf-8")


def decode(path: str, data: bytes) -> tuple[str, SyntaxProblem | None]:
    """The text of a script by its byte order mark or coding line, and what is wrong with its encoding."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_as(path, data[len(mark) :], encoding, marked=True)
    encoding = _declared_encoding(data)
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        problem = SyntaxProblem(_start(path, None), f"unknown encoding `{encoding}` in the coding line")
        return data.decode("utf-8", "replace"), problem
    return _decode_as(path, data, encoding, marked=False)


def _decode_as(path: str, data: bytes, encoding: str, *, marked: bool) -> tuple[str, SyntaxProblem | None]:
    problem = None
    if marked and encoding != "utf-8":
        problem = SyntaxProblem(
            _start(path, None), f"the file is written in {encoding[:6].upper()}, which Python refuses"
        )
    try:
        text = data.decode(encoding)
        return text, problem
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = (
            f"byte 0x{data[error.start]:02x} is not {encoding} text; declare the encoding or save the file as UTF-8"
        )
        location = Location(path, line, column, line, column + 1)
        return data.decode(encoding, "replace"), problem or SyntaxProblem(location, message)
    except (ValueError, LookupError) as error:
        return data.decode("utf-8", "replace"), SyntaxProblem(_start(path, None), f"the encoding fails: {error}")


def _declared_encoding(data: bytes) -> str:
    for line in data[:1024].split(b"\n", 2)[:2]:
        written = line.strip(b" \t\f\r")
        if written and not written.startswith(b"#"):
            break
        if b"coding" in written and (found := re.match(_COOKIE, written)):
            return found[1].decode("ascii")
    return "utf-8"


def _null_byte(path: str, lines: tuple[str, ...]) -> SyntaxProblem:
    for number, line in enumerate(lines, 1):
        if (column := line.find("\0")) >= 0:
            location = Location(path, number, column + 1, number, column + 2)
            return SyntaxProblem(location, "a null byte stands in the source, which Python refuses")
    return SyntaxProblem(_start(path, None), "a null byte stands in the source, which Python refuses")


def _start(path: str, cell: int | None) -> Location:
    return Location(path, 1, 1, 1, 1, cell)


def _refusal(path: str, text: str, cell: int | None, error: SyntaxError) -> Parsed:
    lines = split_lines(text)
    location = _error_location(path, lines, cell, error)
    written = lines[location.line - 1] if location.line <= len(lines) else ""
    message = error.msg or "invalid syntax"
    if found := re.search(_PYTHON2, message):
        if found["number"] is None or re.search(_PYTHON2_LINE, written):
            return Parsed(None, SyntaxProblem(location, _python2_message(found["statement"], written)), python2=True)
    elif message.startswith("invalid syntax") and re.search(_PYTHON2_LINE, written):
        return Parsed(None, SyntaxProblem(location, _python2_message(None, written)), python2=True)
    if message.startswith("invalid syntax") and re.match(_BLANK_VALUE, written):
        message = "nothing stands to the right of `=`"
    return Parsed(None, SyntaxProblem(location, _sentence(message)))


def _python2_message(statement: str | None, written: str) -> str:
    first = re.match(r"\s*(print|exec|raise|except)\b", written)
    statement = statement or (first[1] if first else None)
    if statement in ("print", "exec"):
        return f"Python 2 source: `{statement}` is a statement here, Python 3 has it as a function"
    if statement in ("raise", "except"):
        return f"Python 2 source: the comma in this `{statement}` means something else to Python 3"
    return "Python 2 source: Python 3 has no such syntax"


def _error_location(path: str, lines: tuple[str, ...], cell: int | None, error: SyntaxError) -> Location:
    line = min(max(error.lineno or 1, 1), max(len(lines), 1))
    width = len(lines[line - 1]) if lines else 0
    column = min(max(error.offset or 1, 1), width + 1)
    end_line = error.end_lineno or line
    end_column = error.end_offset or 0
    if end_line != line or end_column <= column:
        end_column = min(column + 1, max(width + 1, column))
    return Location(path, line, column, line, min(end_column, max(width + 1, column)), cell)


def _sentence(message: str) -> str:
    parts = [part for part in message.rstrip("?.").split(". ") if part]
    return "; ".join(part[:1].lower() + part[1:] if index else part for index, part in enumerate(parts))
