"""Lists what Keras raises and warns about: every `raise` and `warnings.warn` of the modules that a training script runs.

Keras is found and parsed, never imported. The list is docs/keras-errors.csv, from which `generate_keras_errors.py` makes a page.
Run with the development environment: `python tools/list_keras_errors.py`; `--check` compares instead of writing.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

SITES = Path(__file__).parent.parent / "docs" / "keras-errors.csv"
PARTS = (
    "layers",
    "trainers",
    "models",
    "callbacks",
    "saving",
    "optimizers",
    "losses",
    "metrics",
    "initializers",
    "applications",
    "activations",
    "regularizers",
    "constraints",
    "backend/tensorflow/trainer.py",
    "backend/config.py",
    "ops/function.py",
    "ops/operation_utils.py",
    "utils/argument_validation.py",
)
"""The packages and modules below keras/src: what layers, `compile`, `fit`, `evaluate` and `predict`, callbacks and saving run
through, with the checks of arguments that they share."""

WIDTH = 140
"""The longest condition or message in the list, in characters."""


class Site(Struct, frozen=True, order=True):
    """One `raise` or warning: where it stands, what leads to it, what it says."""

    key: str
    kind: str
    condition: str
    message: str

    @property
    def module(self) -> str:
        return self.key.partition(":")[0]


def keras_source() -> Path:
    """The folder of the installed Keras.

    Raises:
        FileNotFoundError: when there is none.
    """
    spec = find_spec("keras")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / "src").is_dir():
            return Path(folder) / "src"
    raise FileNotFoundError("Keras 3 is not installed")


def sites() -> list[Site]:
    """Every site of the installed Keras, in order of module and line."""
    root = keras_source()
    files = [file for part in PARTS for file in _files(root / part)]
    return [site for file in files for site in _in_file(file, file.relative_to(root).with_suffix("").as_posix())]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in sorted(path.rglob("*.py")) if not file.name.endswith("_test.py")]


def _in_file(file: Path, module: str) -> Iterator[Site]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    for found in _Finder().sites(tree):
        seen[found.key] += 1
        yield Site(f"{module}:{found.key}:{seen[found.key]}", found.kind, found.condition, found.message)


class _Finder:
    """Walks a module with the names that it is in, the conditions that lead to a place, and the texts that names stand for."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def sites(self, tree: ast.Module) -> Iterator[Site]:
        return self._block(tree.body, "", ())

    def _block(self, body: Iterable[ast.stmt], name: str, conditions: tuple[str, ...]) -> Iterator[Site]:
        for statement in body:
            yield from self._statement(statement, name, conditions)

    def _statement(self, node: ast.stmt, name: str, conditions: tuple[str, ...]) -> Iterator[Site]:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield from self._block(node.body, f"{name}.{node.name}".lstrip("."), ())
            case ast.If():
                test = ast.unparse(node.test)
                yield from self._block(node.body, name, (*conditions, test))
                yield from self._block(node.orelse, name, (*conditions, f"not ({test})"))
            case ast.Try():
                yield from self._block(node.body, name, conditions)
                for handler in node.handlers:
                    caught = ast.unparse(handler.type) if handler.type else "anything"
                    yield from self._block(handler.body, name, (*conditions, f"{caught} is caught"))
                yield from self._block((*node.orelse, *node.finalbody), name, conditions)
            case ast.For() | ast.While() | ast.With():
                inner = (*conditions, ast.unparse(node.test)) if isinstance(node, ast.While) else conditions
                yield from self._block(node.body, name, inner)
                if not isinstance(node, ast.With):
                    yield from self._block(node.orelse, name, conditions)
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant() | ast.JoinedStr() as value):
                self._texts[target] = _words(value)
            case ast.AugAssign(target=ast.Name(id=target)) if target in self._texts:
                # What is added depends on the way that was taken.
                self._texts[target] = f"{self._texts[target].removesuffix('…')}…"
            case ast.Raise(exc=ast.Call(func=kind, args=[said, *_])):
                yield Site(name or "module", ast.unparse(kind), _condition(conditions), self._said(said))
            case ast.Raise(exc=ast.expr() as error):
                kind = ast.unparse(error.func if isinstance(error, ast.Call) else error)
                yield Site(name or "module", kind, _condition(conditions), "")
            case ast.Expr(value=ast.Call(func=function, args=[said, *_])) if ast.unparse(function) == "warnings.warn":
                yield Site(name or "module", "warning", _condition(conditions), self._said(said))
            case _:
                return

    def _said(self, text: ast.expr) -> str:
        return self._texts.get(text.id, "") or _words(text) if isinstance(text, ast.Name) else _words(text)


def _condition(conditions: tuple[str, ...]) -> str:
    """The innermost condition, which is the one that a message is about."""
    return _short(conditions[-1]) if conditions else ""


def _words(text: ast.expr) -> str:
    match text:
        case ast.Constant(value=str() as value):
            return _short(value)
        case ast.JoinedStr(values=parts):
            return _short("".join(_part(part) for part in parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _short(_words(left) + _words(right))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as value), attr="format")):
            return _short(value)
        case _:
            return _short(f"{{{ast.unparse(text)}}}")


def _part(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=str() as value):
            return value
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case _:
            return "{…}"


def _short(text: str) -> str:
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"


def table(found: Iterable[Site]) -> str:
    """The sites as CSV."""
    out = io.StringIO()
    out.write(f"# keras {version('keras')}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("site", "kind", "condition", "message"))
    writer.writerows((site.key, site.kind, site.condition, site.message) for site in found)
    return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the list is not that of the installed Keras")
    text = table(sites())
    if parser.parse_args().check:
        return int(not SITES.is_file() or SITES.read_text(encoding="utf-8") != text)
    SITES.parent.mkdir(exist_ok=True)
    SITES.write_text(text, encoding="utf-8")
    print(f"keras {version('keras')}: {text.count(chr(10)) - 2} sites")
    return 0


if __name__ == "__main__":
    sys.exit(main())
