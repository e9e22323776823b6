"""The packages that a project asks for, of those that must fit each other: Keras, TensorFlow, NumPy and Python.

Each group of requirements is installed together: a requirements file, the dependencies of a project with one of its extras,
one `pip install` of a notebook. A requirement with a marker (`; python_version < "3.9"`) holds for some only, and is left out.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.facts.requirements import NEVER, Requirement, Span, Version, padded
from kerascheck.findings import Location, SourceText

Group: TypeAlias = tuple[Requirement, ...]

NAMES: Final = {
    "keras": "keras",
    "numpy": "numpy",
    "python": "python",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tf-keras": "tf-keras",
}
HEAD: Final = "# /// script"
HEAD_LINES: Final = 100
"""How far down the head of a script is looked for."""

_WRITTEN: Final = (
    r"(?P<name>[A-Za-z][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?P<versions>(?:(?:===?|~=|!=|<=|>=|<|>)\s*[\w.*+!-]+\s*,?\s*)*)"
)
_VERSION: Final = r"(?P<mark>===?|~=|!=|<=|>=|<|>|\^|~)?\s*(?P<numbers>\d+(?:\.\d+)*)(?P<rest>[\w.*+-]*)"
_INSTALL: Final = r"^\s*[!%]\s*(?:python3?\s+-m\s+)?pip3?\s+install\s+(?P<packages>.+)"


class _File(Struct, frozen=True):
    """A file of requirements: how findings call it, and its lines."""

    display: str
    lines: Sequence[str]
    in_comments: bool = False

    def place(self, text: str, after: int = 0) -> Location | None:
        """Where a text stands first, from a line on."""
        for number, line in enumerate(self.lines[after:], after + 1):
            column = line.find(text)
            if column >= 0 and (self.in_comments or not line.lstrip().startswith("#")):
                return Location(self.display, number, column + 1, number, column + 1 + len(text))
        return None


def groups_in(name: str, text: str, display: str) -> tuple[Group, ...]:
    """The groups of requirements in a file of that name."""
    file = _File(display, text.splitlines())
    try:
        return tuple(group for group in _groups(name, text, file) if group)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        # The file is another tool's, which will say what is wrong with it.
        return ()


def _groups(name: str, text: str, file: _File) -> Iterator[Group]:
    if name.startswith("requirements") and name.endswith(".txt"):
        yield _plain(file)
    elif name.startswith("environment"):
        yield _environment(file)
    elif name == "setup.py":
        yield from _setup(text, file)
    elif name == "setup.cfg":
        yield from _configured(text, file)
    elif name in ("pyproject.toml", "Pipfile"):
        import tomllib

        yield from _tables(tomllib.loads(text), file)


def installed_in(source: SourceText, path: str) -> tuple[Group, ...]:
    """The groups that a script asks for in its own head, or that the cells of a notebook install."""
    groups: list[Group] = []
    for cell, lines in source.cells:
        groups += (_installed(match["packages"], line, Location(path, number, cell=cell))
                   for number, line in enumerate(lines, 1) if "pip" in line and (match := re.match(_INSTALL, line)))  # fmt: skip
        if HEAD in lines[:HEAD_LINES]:
            groups += _head(lines, path)
    return tuple(group for group in groups if group)


def _installed(packages: str, line: str, place: Location) -> Group:
    words = packages.split()
    if {"-r", "--no-deps"} & set(words):
        return ()
    found = (_requirement(word.strip("\"'"), place.path) for word in words)
    return tuple(_at(requirement, line, place.line, place.cell) for requirement in found if requirement is not None)


def _head(lines: Sequence[str], path: str) -> Iterator[Group]:
    """The requirements in the head of a script that is run by uv or pipx (PEP 723)."""
    import tomllib

    first = lines.index(HEAD) + 1
    body: list[str] = []
    for line in lines[first:]:
        if not line.startswith("#") or line.rstrip() == "# ///":
            break
        body.append(line[1:].removeprefix(" "))
    try:
        document = tomllib.loads("\n".join(body))
    except ValueError:
        return
    file = _File(path, lines[: first + len(body)], in_comments=True)
    python = document.get("requires-python")
    base = [*_texts(document.get("dependencies")), *([f"python{python}"] if isinstance(python, str) else [])]
    yield _found(base, file)


def _at(requirement: Requirement, line: str, number: int, cell: int | None) -> Requirement:
    column = line.find(requirement.written) + 1
    place = Location(requirement.location.path, number, column, number, column + len(requirement.written), cell)
    return Requirement(requirement.name, requirement.written, requirement.span, place)


def _plain(file: _File) -> Group:
    found: list[Requirement] = []
    for number, line in enumerate(file.lines, 1):
        text = line.partition("#")[0].strip()
        requirement = _requirement(text, file.display) if text and not text.startswith("-") else None
        if requirement is not None:
            found.append(_at(requirement, line, number, None))
    return tuple(found)


def _environment(file: _File) -> Group:
    """What conda's file has pip install; of conda's own packages only Python, for they are built otherwise."""
    found: list[Requirement] = []
    inside: int | None = None
    for number, line in enumerate(file.lines, 1):
        text = line.strip()
        depth = len(line) - len(line.lstrip())
        if re.fullmatch(r"-\s*pip:", text):
            inside = depth
        elif text and inside is not None and depth <= inside:
            inside = None
        elif text.startswith("-"):
            written = text[1:].partition(" #")[0].strip().strip("\"'")
            if inside is None:
                written = re.sub(r"^(python)\s*=\s*(\d+\.\d+)[\d.*]*$", r"\1==\2.*", written)
            requirement = _requirement(written, file.display)
            if requirement is not None and (inside is not None or requirement.name == "python"):
                found.append(
                    _at(requirement, line, number, None)
                    if requirement.written in line
                    else _on(requirement, line, number)
                )
    return tuple(found)


def _on(requirement: Requirement, line: str, number: int) -> Requirement:
    start = len(line) - len(line.lstrip()) + 1
    place = Location(requirement.location.path, number, start, number, len(line.rstrip()) + 1)
    return Requirement(requirement.name, line.strip(" -\"'"), requirement.span, place)


def _setup(text: str, file: _File) -> Iterator[Group]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("setup"):
            continue
        known = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        python = _constants(known.get("python_requires"))
        base = [*_constants(known.get("install_requires")), *(f"python{text}" for text in python)]
        yield _found(base, file)
        extras = known.get("extras_require")
        if isinstance(extras, ast.Dict):
            for value in extras.values:
                yield (*_found(base, file), *_extra(_constants(value), file))


def _constants(node: ast.expr | None) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def _configured(text: str, file: _File) -> Iterator[Group]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    python = parser.get("options", "python_requires", fallback="")
    base = [f"python{python}"] if python else []
    base += parser.get("options", "install_requires", fallback="").split("\n")
    yield _found(base, file)
    if parser.has_section("options.extras_require"):
        for _, value in parser.items("options.extras_require"):
            yield (*_found(base, file), *_extra(value.split("\n"), file))


def _tables(document: Mapping[str, object], file: _File) -> Iterator[Group]:
    project = _table(document, "project")
    python = project.get("requires-python")
    base = [*_texts(project.get("dependencies")), *([f"python{python}"] if isinstance(python, str) else [])]
    yield _found(base, file)
    for extra in _table(project, "optional-dependencies").values():
        yield (*_found(base, file), *_extra(_texts(extra), file))
    for table in (_table(document, "tool", "poetry", "dependencies"), _table(document, "packages")):
        asked = {**table, "python": table.get("python", _python_of_pipenv(document))}
        yield tuple(found for name, version in asked.items() if (found := _entry(name, version, file)) is not None)


def _python_of_pipenv(document: Mapping[str, object]) -> str | None:
    version = _table(document, "requires").get("python_version")
    return f"=={version}.*" if isinstance(version, str) else None


def _table(document: Mapping[str, object], *path: str) -> Mapping[str, object]:
    for part in path:
        found = document.get(part)
        document = cast("Mapping[str, object]", found) if isinstance(found, dict) else {}
    return document


def _texts(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []


def _entry(name: str, version: object, file: _File) -> Requirement | None:
    """`keras = "^3.1"` of Poetry, `keras = "==3.1"` of a Pipfile."""
    known = NAMES.get(name.lower().replace("_", "-"))
    if isinstance(version, dict):
        entry = cast("Mapping[str, object]", version)
        version = None if {"markers", "python", "optional"} & entry.keys() else entry.get("version")
    if known is None or not isinstance(version, str):
        return None
    shown = version.removeprefix("==").removesuffix(".*") if known == "python" else version
    place = file.place(f'{name} = "{version}"') or file.place(f'"{shown}"')
    left = _span(version)
    return Requirement(known, f"{name} {version}", left, place) if place is not None and left is not None else None


def _found(texts: Iterable[str], file: _File) -> Group:
    found: list[Requirement] = []
    for text in texts:
        requirement = _requirement(text.partition("#")[0].strip(), file.display)
        place = file.place(text.strip().removeprefix("python")) if requirement is not None else None
        if requirement is not None and place is not None:
            found.append(Requirement(requirement.name, requirement.written, requirement.span, place))
    return tuple(found)


def _extra(texts: Iterable[str], file: _File) -> Group:
    return tuple(replace(requirement, optional=True) for requirement in _found(texts, file))


def _requirement(text: str, display: str) -> Requirement | None:
    """A requirement as pip reads it; None for another package, one with a marker, and what is no requirement."""
    match = re.fullmatch(_WRITTEN, text)
    name = NAMES.get(match["name"].lower().replace("_", "-")) if match is not None else None
    if match is None or name is None:
        return None
    left = _span(match["versions"])
    return Requirement(name, text, left, Location(display)) if left is not None else None


def _span(text: str) -> Span | None:
    """The versions that a list of conditions leaves; None where one is not understood."""
    left = Span()
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(_VERSION, part)
        if match is None:
            return None
        numbers = tuple(map(int, match["numbers"].split(".")))
        found = _condition(match["mark"] or "==", numbers, match["rest"])
        if found is None:
            return None
        left = left & found
    return left


def _condition(mark: str, numbers: Version, rest: str) -> Span | None:
    low = padded(numbers)
    match mark:
        case "==" | "===":
            return Span(low, padded(_next(numbers))) if rest == ".*" else Span(low, low, closed=True)
        case "~=" if len(numbers) > 1:
            return Span(low, padded(_next(numbers[:-1])))
        case "~":
            return Span(low, padded(_next(numbers[:2])))
        case "^" if low[0] > 0:
            return Span(low, (low[0] + 1, 0, 0, 0))
        case ">=" | ">":
            return Span(low)
        case "<":
            return Span(high=low)
        case "<=":
            return Span(high=low, closed=True)
        case "!=":
            return Span(high=NEVER)
        case _:
            return None


def _next(numbers: Version) -> Version:
    return (*numbers[:-1], numbers[-1] + 1)
