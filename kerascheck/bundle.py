"""The compiled modules of kerascheck and of rule packs in one file, which is read faster than a file for each.

It lies in `__pycache__` beside the files that Python keeps there, and is as old as what it was made of: a module whose
source has another time or size is imported in the usual way. What is imported in the usual way is put in at the end.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Final

PACKAGES: Final = frozenset({"kerascheck", "kerascheck_rules"})
BROKEN: Final = (ValueError, EOFError, TypeError, OverflowError, MemoryError)
"""What comes of bytes that marshal did not write."""

WORTH_WRITING: Final = 10
"""So many modules must be new for the file to be written anew."""


class Kept:
    """Where the code of a module stands in the file, and what it was compiled from."""

    __slots__ = ("length", "modified", "offset", "package", "path", "size")

    def __init__(self, offset: int, length: int, path: str, modified: int, size: int, package: bool) -> None:
        self.offset, self.length = offset, length
        self.path, self.modified, self.size = path, modified, size
        self.package = package

    def entry(self, offset: int) -> tuple[int, int, str, int, int, bool]:
        """What the table of the file says, for code that stands elsewhere in it."""
        return offset, self.length, self.path, self.modified, self.size, self.package


class Bundle:
    """A finder of modules that looks into the file first."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = -1
        self._entries: Mapping[str, tuple[Any, ...]] = {}
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            length = int.from_bytes(os.pread(self._file, 8, 0), "little")
            magic, entries = marshal.loads(os.pread(self._file, length, 8))
        except (OSError, *BROKEN):
            return
        if magic == _magic():
            self._entries = entries

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as it was kept, if its source is still the same; None leaves it to the finders of Python."""
        kept = self._current(name)
        if kept is None:
            return None
        spec = ModuleSpec(name, _Loader(name, kept, self), origin=kept.path, is_package=kept.package)
        if kept.package:
            spec.submodule_search_locations = [os.path.dirname(kept.path)]
        spec.has_location = True
        spec.cached = self.path
        return spec

    def code(self, kept: Kept) -> bytes:
        """The code of a module, marshalled."""
        return os.pread(self._file, kept.length, kept.offset)

    def _current(self, name: str) -> Kept | None:
        entry = self._entries.get(name)
        kept = Kept(*entry) if entry is not None else None
        return kept if kept is not None and _is_current(kept) else None

    def keep(self) -> None:
        """Put in what this process has imported in the usual way."""
        names = [name for name in list(sys.modules) if name.partition(".")[0] in PACKAGES and _source(name)]
        # Asked before anything is compiled: a folder that may not be written to must not cost each run the whole work.
        if len(names) < WORTH_WRITING or sys.dont_write_bytecode or not os.access(os.path.dirname(self.path), os.W_OK):
            return
        new = {name: found for name in names if (found := _compiled(name)) is not None}
        old = {name: (self.code(kept), kept) for name in self._entries if (kept := self._current(name)) is not None}
        temporary = f"{self.path}.{os.getpid()}"
        try:
            with open(temporary, "wb") as file:
                file.write(_written(old | new))
            os.replace(temporary, self.path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)


class _Module(ModuleType):
    """A module that says without words that it lacks an attribute.

    Each `from module import name` asks whether the module is a package; to word the error that nobody reads takes longer
    than the import.
    """

    __getattribute__ = object.__getattribute__


class _Loader(SourceFileLoader):
    """Loads one module out of the file."""

    def __init__(self, name: str, kept: Kept, bundle: Bundle) -> None:
        super().__init__(name, kept.path)
        self._kept = kept
        self._bundle = bundle

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def get_code(self, fullname: str) -> CodeType | None:
        try:
            return marshal.loads(self._bundle.code(self._kept))
        except (OSError, *BROKEN):
            return super().get_code(fullname)


def install() -> Bundle | None:
    """Look into the file before all other finders; None where this Python has no file of the kind."""
    if not hasattr(os, "pread") or sys.pycache_prefix is not None:
        return None
    bundle = Bundle(
        os.path.join(os.path.dirname(__file__), "__pycache__", f"bundle.{sys.implementation.cache_tag}.bin")
    )
    sys.meta_path.insert(0, bundle)
    return bundle


def _magic() -> tuple[str, int]:
    return sys.version, sys.flags.optimize


def _is_current(kept: Kept) -> bool:
    try:
        found = os.stat(kept.path)
    except OSError:
        return False
    return found.st_mtime_ns == kept.modified and found.st_size == kept.size


def _source(name: str) -> ModuleSpec | None:
    """How a module was imported, where that was from its source in the usual way."""
    spec = sys.modules[name].__spec__
    return spec if spec is not None and type(spec.loader) is SourceFileLoader and spec.origin is not None else None


def _compiled(name: str) -> tuple[bytes, Kept] | None:
    spec = _source(name)
    if spec is None or spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
        return None
    try:
        found = os.stat(spec.origin)
        code = marshal.dumps(spec.loader.get_code(name))
    except (OSError, ImportError, SyntaxError):
        return None
    package = spec.submodule_search_locations is not None
    return code, Kept(0, len(code), spec.origin, found.st_mtime_ns, found.st_size, package)


def _written(found: Mapping[str, tuple[bytes, Kept]]) -> bytes:
    """The file: the length of its table in eight bytes, the table, and the code of one module after the other."""
    offsets, offset = {}, 0
    for name, (code, _) in found.items():
        offsets[name] = offset
        offset += len(code)
    length = 0
    while True:
        entries = {name: kept.entry(8 + length + offsets[name]) for name, (_, kept) in found.items()}
        table = marshal.dumps((_magic(), entries))
        if len(table) == length:
            return b"".join((length.to_bytes(8, "little"), table, *(code for code, _ in found.values())))
        length = len(table)
