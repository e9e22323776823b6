"""Writes kerascheck/keras_api/history.json: which public names each generation of Keras has, and their parameters.

Keras 1.2.2 and 2.3.1 are read as source, never imported; tf_keras (the last Keras 2) and Keras 3 are the installed ones.

    pip download keras==1.2.2 --no-deps --no-binary :all: -d DIR     (likewise 2.3.1), unpacked in DIR
    python tools/generate_keras_history.py --sdists DIR              `--check` compares instead of writing

Without `--sdists` the sections of the old generations are kept as they are.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from types import ModuleType

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

TARGET = Path(__file__).parent.parent / "kerascheck" / "keras_api" / "history.json"
SOURCES = {"1": "Keras-1.2.2", "2": "Keras-2.3.1"}
SIGNED = (
    "applications", "callbacks", "constraints", "initializations", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "preprocessing", "regularizers", "utils",
)  # fmt: skip
UNSEEN = ("__", "_tf_keras", "src", "api", "legacy.saving")

Modules = dict[str, list[str]]
Signatures = dict[str, list[str]]


class Sources:
    """The modules of one source distribution, with the names that star imports bring."""

    def __init__(self, root: Path) -> None:
        self.trees: dict[str, ast.Module] = {}
        self.packages: set[str] = set()
        for file in sorted((root / "keras").rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.trees[name] = ast.parse(file.read_text(encoding="utf-8"))
            if parts[-1] == "__init__":
                self.packages.add(name)

        self.homes = {id(item): name for name, tree in self.trees.items() for item in ast.walk(tree)}

    def names(self, module: str, seen: frozenset[str] = frozenset()) -> dict[str, ast.stmt | str]:
        """The public names of a module: its own definitions, and `module.name` or a module for what it imports of Keras."""
        found: dict[str, ast.stmt | str] = {}
        for statement in self.statements(self.trees[module].body):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                found[statement.name] = statement
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
                known = found.get(statement.value.id)
                for target in statement.targets:
                    if isinstance(target, ast.Name) and known is not None:
                        found[target.id] = known
            elif isinstance(statement, ast.ImportFrom):
                found |= self.imported(module, statement, seen)
        return {name: value for name, value in found.items() if not name.startswith("_")}

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements with those below a module-level `if` or `try`."""
        flat: list[ast.stmt] = []
        for statement in body:
            flat.append(statement)
            if isinstance(statement, (ast.If, ast.Try)):
                flat += self.statements([*statement.body, *statement.orelse])
        return flat

    def imported(self, module: str, node: ast.ImportFrom, seen: frozenset[str]) -> dict[str, ast.stmt | str]:
        base = module.split(".") if module in self.packages else module.split(".")[:-1]
        if node.level:
            base = base[: len(base) - node.level + 1]
            source = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
        else:
            source = node.module or ""
        found: dict[str, ast.stmt | str] = {}
        for alias in node.names:
            if alias.name == "*":
                if source in self.trees and source not in seen:
                    found |= self.names(source, seen | {module})
            elif f"{source}.{alias.name}" in self.trees:
                found[alias.asname or alias.name] = f"{source}.{alias.name}"
            elif source in self.trees and source not in seen:
                inner = self.names(source, seen | {module}).get(alias.name)
                if inner is not None:
                    found[alias.asname or alias.name] = inner
        return found

    def bases(self, module: str, cls: ast.ClassDef) -> list[tuple[str, ast.ClassDef]]:
        """The classes that a class extends, nearest first."""
        line: list[tuple[str, ast.ClassDef]] = []
        for base in cls.bases:
            name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
            for place in (module, *self.trees):
                owner = next(
                    (s for s in self.trees[place].body if isinstance(s, ast.ClassDef) and s.name == name), None
                )
                if owner is not None and owner is not cls:
                    line += [(place, owner), *self.bases(place, owner)]
                    break
        return line

    def home(self, node: ast.stmt) -> str:
        """The module that a definition stands in."""
        return self.homes[id(node)]


def signed(node: ast.FunctionDef, skip_self: bool) -> list[str]:
    """Parameter names: `name` for a required one, `name=` for an optional one, `**` for open keywords."""
    parameters = [argument.arg for argument in node.args.args]
    first_default = len(parameters) - len(node.args.defaults)
    entries = [name if index < first_default else f"{name}=" for index, name in enumerate(parameters)]
    if skip_self:
        entries = entries[1:]
    entries += [f"{argument.arg}=" for argument in node.args.kwonlyargs]
    return [*entries, *(["**"] if node.args.kwarg else [])]


def method(cls: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((item for item in cls.body if isinstance(item, ast.FunctionDef) and item.name == name), None)


def old_generation(root: Path) -> dict[str, object]:
    """The tables of a source distribution."""
    sources = Sources(root)
    modules: Modules = {}
    signatures: Signatures = {}
    for module in sources.trees:
        path = module.removeprefix("keras").removeprefix(".")
        if path.startswith(("backend.", "legacy")):
            continue
        names = sources.names(module)
        modules[path] = sorted(name for name in names if name != "K")
        if path.split(".")[0] in SIGNED and path.count(".") <= 1:
            for name, node in names.items():
                if (entries := old_signature(sources, node)) is not None:
                    signatures.setdefault(f"{path.split('.')[0]}.{name}", entries)
    for cls, module in (("Sequential", "keras.models"), ("Model", "keras.models")):
        for name, entries in methods(sources, module, cls).items():
            signatures[f"{cls}.{name}"] = entries
    return {"modules": modules, "signatures": dict(sorted(signatures.items()))}


def old_signature(sources: Sources, node: ast.stmt | str) -> list[str] | None:
    if isinstance(node, ast.FunctionDef):
        return signed(node, False)
    if not isinstance(node, ast.ClassDef):
        return None
    found: list[str] = []
    for cls in (node, *(base for _, base in sources.bases(sources.home(node), node))):
        if (initializer := method(cls, "__init__")) is None:
            continue
        entries = signed(initializer, True)
        found = with_base(found, entries) if found else entries
        if "**" not in entries:
            break
    return found


def with_base(found: list[str], entries: list[str]) -> list[str]:
    """A signature with open keywords and what the class below takes of them, which are marked by a plus."""
    known = {entry.strip("+=") for entry in found}
    return [*found, *(f"+{entry.rstrip('=')}" for entry in entries if entry != "**" and entry.rstrip("=") not in known)]


def methods(sources: Sources, module: str, name: str) -> Signatures:
    """The public methods of a class and its bases."""
    cls = sources.names(module)[name]
    assert isinstance(cls, ast.ClassDef)
    found: Signatures = {}
    for owner in (cls, *(base for _, base in sources.bases(sources.home(cls), cls))):
        for item in owner.body:
            if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
                decorators = {decorator.id for decorator in item.decorator_list if isinstance(decorator, ast.Name)}
                found.setdefault(item.name, ["property"] if "property" in decorators else signed(item, True))
    return dict(sorted(found.items()))


def installed(root: str, classes: bool) -> dict[str, object]:
    """The tables of an installed package, over its public modules."""
    modules: Modules = {}
    signatures: Signatures = {}
    pending = [(root, "")]
    while pending:
        dotted, path = pending.pop()
        module = importlib.import_module(dotted)
        public = [name for name in sorted(dir(module)) if not name.startswith("_") and name not in UNSEEN]
        modules[path] = public
        for name in public:
            value = getattr(module, name)
            inner = f"{path}.{name}".lstrip(".")
            if isinstance(value, ModuleType):
                if value.__name__.startswith(root) and inner.count(".") < 4:
                    pending.append((value.__name__, inner))
            elif classes and path.split(".")[0] in SIGNED and callable(value):
                signatures[f"{path.split('.')[0]}.{name}"] = live_signature(value)
    top = importlib.import_module(root)
    for cls in (top.Sequential, top.Model):
        for name, value in inspect.getmembers(cls):
            if not name.startswith("_") and not inspect.isclass(value):
                signature = live_signature(value, skip_self=True) if callable(value) else ["property"]
                signatures[f"{cls.__name__}.{name}"] = signature
    return {"modules": dict(sorted(modules.items())), "signatures": dict(sorted(signatures.items()))}


def live_signature(value: object, skip_self: bool = False) -> list[str]:
    entries = own_signature(value, skip_self)
    if inspect.isclass(value) and "**" in entries:
        for base in value.__mro__[1:-1]:
            if "__init__" in vars(base) and base.__module__.startswith("tf_keras"):
                below = own_signature(vars(base)["__init__"], True)
                entries = with_base(entries, below)
                if "**" not in below:
                    break
    return entries


def own_signature(value: object, skip_self: bool = False) -> list[str]:
    try:
        parameters = list(inspect.signature(value).parameters.values())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ["**"]
    entries: list[str] = []
    for parameter in parameters:
        if parameter.name == "self" and skip_self:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            entries.append("**")
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            entries.append(parameter.name if parameter.default is parameter.empty else f"{parameter.name}=")
    return entries


def rendered(tables: dict[str, dict[str, object]]) -> str:
    """One line a module or signature."""
    blocks: list[str] = []
    for generation, content in tables.items():
        parts: list[str] = []
        for section, entries in content.items():
            if isinstance(entries, dict):
                rows = ",\n".join(f"   {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
                parts.append(f"  {json.dumps(section)}: {{\n{rows}\n  }}")
            else:
                parts.append(f"  {json.dumps(section)}: {json.dumps(entries)}")
        blocks.append(f" {json.dumps(generation)}: {{\n" + ",\n".join(parts) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdists", type=Path, help="the folder with Keras-1.2.2 and Keras-2.3.1")
    parser.add_argument("--check", action="store_true", help="fail when the checked-in file differs")
    options = parser.parse_args()
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {}
    tables: dict[str, dict[str, object]] = {}
    for generation, folder in SOURCES.items():
        if options.sdists is None:
            tables[generation] = before[generation]
        else:
            tables[generation] = {"source": folder, **old_generation(options.sdists / folder)}
    import keras
    import tf_keras

    tables["2.last"] = {"source": f"tf_keras-{tf_keras.__version__}", **installed("tf_keras", True)}
    tables["3"] = {"source": f"keras-{keras.__version__}", **installed("keras", False)}
    tables["3.tf"] = {"source": f"keras-{keras.__version__}", **installed("keras._tf_keras.keras", False)}
    text = rendered(tables)
    if options.check:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
