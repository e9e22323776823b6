"""Which rules exist: those of installed packs, of local folders, and the engine's own codes.

A pack is a package that the entry point group `kerascheck.rules` names; every module in it is a rule file.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from kerascheck.errors import RegistryError, nearest, one_line
from kerascheck.reader_codes import READER_CODES
from kerascheck.rule import Rule
from kerascheck.rule_index import read_index

GROUP = "kerascheck.rules"
_INSTALLED = (".dist-info", ".egg-info")


class Catalogue(Struct, frozen=True):
    """Every rule, in order of code; `by_name` finds one by code, name or earlier name."""

    rules: tuple[Rule, ...]
    by_name: Mapping[str, Rule]

    def find(self, text: str) -> Rule:
        """The rule of a code or name.

        Raises:
            RegistryError: when there is none.
        """
        found = self.by_name.get(text) or self.by_name.get(text.upper()) or self.by_name.get(text.lower())
        if found is None:
            raise RegistryError(f"no rule has the code or name `{text}`{nearest(text, self.by_name)}")
        return found

    def page(self, code: str) -> str:
        """The absolute path of the file that documents a rule; empty where there is no such file."""
        known = self.by_name.get(code)
        file = sys.modules[known.module].__file__ if known and known.module in sys.modules else None
        return file if file and os.path.isfile(file) else ""


def load(rule_paths: Iterable[Path] = ()) -> Catalogue:
    """The rules of every installed pack and of the given files and folders.

    Raises:
        RegistryError: when a pack or file cannot be imported, or two rules share a code or a name.
    """
    installed = packs()
    if not installed:
        raise RegistryError("no rule pack is installed: install kerascheck itself, for instance `pip install -e .`")
    rules = [*READER_CODES, *(rule for pack in installed for rule in _pack_rules(pack))]
    for number, path in enumerate(rule_paths):
        rules += (rule for module in _local_modules(path, number) for rule in rules_of(module))
    return catalogue(rules)


def catalogue(rules: Iterable[Rule]) -> Catalogue:
    """Rules in order of code, with an index of their names.

    Raises:
        RegistryError: when two rules share a code or a name.
    """
    ordered = tuple(sorted(rules, key=lambda rule: rule.code))
    by_name: dict[str, Rule] = {}
    for rule in ordered:
        for name in (rule.code, rule.name, *rule.aliases):
            other = by_name.setdefault(name, rule)
            if other is not rule:
                where = f"{other.module} and {rule.module}"
                raise RegistryError(f"two rules are called `{name}`, in {where}: give one of them another")
    return Catalogue(ordered, by_name)


def rules_of(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module declares; imported ones belong to the module they come from."""
    for value in vars(module).values():
        if isinstance(value, Rule) and value.module == module.__name__:
            yield value


def packs() -> tuple[str, ...]:
    """The packages that installed distributions register, in order of name.

    `importlib.metadata` costs 27 ms to import, a quarter of a whole run, so the `entry_points.txt` files of the
    folders on `sys.path` are read directly; it is left to read only what stands in archives. The first
    distribution of a name on the path wins, as it does for imports.
    """
    by_distribution: dict[str, tuple[str, ...]] = {}
    for folder in sys.path:
        try:
            names = sorted(name for name in os.listdir(folder or os.curdir) if name.endswith(_INSTALLED))
        except OSError:
            if os.path.isfile(folder):
                by_distribution.setdefault(folder, _archived(folder))
            continue
        for name in names:
            distribution = name.rpartition(".")[0].partition("-")[0].lower()
            if distribution not in by_distribution:
                by_distribution[distribution] = _registered(os.path.join(folder, name, "entry_points.txt"))
    return tuple(sorted({value for values in by_distribution.values() for value in values}))


def folders(rule_paths: Iterable[Path] = ()) -> tuple[str, ...]:
    """The folders and files that rules come from, found without importing any."""
    found: list[str] = []
    for pack in packs():
        # As importlib.util.find_spec does, whose module takes 2 ms to import.
        specs = (finder.find_spec(pack, None) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
        found += spec.submodule_search_locations or () if spec is not None else ()
    return (*found, *(str(path) for path in rule_paths))


def _registered(path: str) -> tuple[str, ...]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return ()
    if GROUP.encode() not in data:
        return ()
    values: list[str] = []
    section = ""
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text.startswith("["):
            section = text.strip("[] ")
        elif section == GROUP and "=" in text and not text.startswith(("#", ";")):
            values.append(text.partition("=")[2].partition("[")[0].partition(":")[0].strip())
    return tuple(values)


def _archived(path: str) -> tuple[str, ...]:
    from importlib.metadata import distributions

    points = [point for found in distributions(path=[path]) for point in found.entry_points]
    return tuple(point.module for point in points if point.group == GROUP)


def _pack_rules(pack: str) -> Iterator[Rule]:
    package = _imported(pack, pack)
    yield from rules_of(package)
    for folder in getattr(package, "__path__", ()):
        listed = read_index(folder)
        files = _file_modules(folder) if os.path.isdir(folder) else _archive_modules(folder)
        for name, size in files:
            module = f"{pack}.{name}"
            entry = listed.get(name)
            if entry is not None and entry.size == size:
                yield from entry.rules_of(module)
            else:
                yield from rules_of(_imported(module, pack))


def _imported(name: str, pack: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise RegistryError(f"rule pack `{pack}`: {name} cannot be imported: {one_line(error)}") from error


def declared(pack: str) -> Iterator[tuple[str, int, ModuleType]]:
    """Every module of a pack, imported: its dotted name below the pack, the size of its source, and itself."""
    for folder in _imported(pack, pack).__path__:
        for name, size in _file_modules(folder):
            yield name, size, _imported(f"{pack}.{name}", pack)


def _file_modules(folder: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """The dotted names of the modules below a folder, and the sizes of their files.

    Names with a leading underscore or dot are private.
    """
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        stem, suffix = os.path.splitext(entry.name)
        if stem.startswith(("_", ".")) or not stem.isidentifier():
            continue
        if suffix == ".py":
            yield prefix + stem, entry.stat().st_size
        elif not suffix and entry.is_dir():
            yield from _file_modules(entry.path, f"{prefix}{stem}.")


def _archive_modules(folder: str) -> Iterator[tuple[str, int]]:
    from pkgutil import walk_packages

    return ((found.name, -1) for found in walk_packages([folder]) if "._" not in f".{found.name}")


def _local_modules(path: Path, number: int) -> Iterator[ModuleType]:
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(file for file in path.rglob("*.py") if not file.name.startswith((".", "_")))
    else:
        raise RegistryError(f"rule-paths: `{path.as_posix()}` does not exist")
    for index, file in enumerate(files):
        yield _local_module(file, f"kerascheck_local_rules_{number}_{index}.local.{file.stem}")


def _local_module(file: Path, name: str) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RegistryError(f"rule-paths: `{file.as_posix()}` is no Python file")
    module = module_from_spec(spec)
    # Annotations of a rule and its documentation are looked up through the module's name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RegistryError(f"rule file `{file.as_posix()}` cannot be imported: {one_line(error)}") from error
    return module
