"""What an earlier run found, kept by the content of the files, so that a folder is read once.

An entry is served when the file, every file that was read beside it, the configuration, the rules and kerascheck
itself are as they were. Nothing in an entry is executed: it is MessagePack of known types, and a damaged one is passed by.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from kerascheck import __version__
from kerascheck.findings import FileKind, FileReport
from kerascheck.installed import installed
from kerascheck.registry import folders
from kerascheck.remote import RemoteFile

if TYPE_CHECKING:
    from hashlib import blake2b

    from kerascheck.linter import Plan, Target
else:
    try:
        # hashlib loads OpenSSL first, which takes longer than a whole look-up.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b

FOLDER: Final = ".kerascheck_cache"


class Entry(Struct, frozen=True):
    """The report of one file, the state of that file, and of the others that were read for it."""

    state: str
    beside: tuple[tuple[str, str], ...]
    report: FileReport


class Cache:
    """The entries of one configuration under one folder."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder / __version__
        self._fingerprint = fingerprint
        self._decoder = msgspec.msgpack.Decoder(Entry)
        self._ready = False

    def find(self, target: Target) -> FileReport | None:
        """The report of an earlier run; None where there is none or anything has changed."""
        try:
            entry = self._decoder.decode(self._path(target).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        if entry.state != state_of(target.path, target.kind):
            return None
        fresh = all(state_of(Path(path), _kind_beside(target)) == state for path, state in entry.beside)
        return entry.report if fresh else None

    def keep(self, target: Target, report: FileReport) -> None:
        """Store a report; a folder that cannot be written costs the cache, not the run."""
        state = state_of(target.path, target.kind)
        if not state or report.fault:
            return
        beside = tuple((path, state_of(Path(path), _kind_beside(target))) for path in report.reads)
        data = msgspec.msgpack.encode(Entry(state, beside, report))
        import tempfile

        try:
            self._prepare()
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, self._path(target))
        except OSError:
            return

    def _path(self, target: Target) -> Path:
        return self._folder / digest((self._fingerprint, target.display, target.kind.value))

    def _prepare(self) -> None:
        if not self._ready:
            self._folder.mkdir(parents=True, exist_ok=True)
            ignore = self._folder.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            self._ready = True


def _kind_beside(target: Target) -> FileKind:
    """Beside a model lie weights, beside a script its modules."""
    return FileKind.MODEL if target.kind is FileKind.MODEL else FileKind.SCRIPT


def state_of(path: Path, kind: FileKind) -> str:
    """What changes when a file does: of a source its content, of a model its size and time, of a
    remote file what its server says; empty where it is gone."""
    try:
        if isinstance(path, RemoteFile):
            return path.etag
        if kind is FileKind.MODEL:
            found = ((file.name, file.stat()) for file in _files(path))
            states = (f"{name} {state.st_size} {state.st_mtime_ns} {state.st_ino}" for name, state in found)
            # What is said of a model's version depends on the Keras that is here.
            return " ".join((*states, *installed().values()))
        return blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _files(path: Path) -> Iterable[Path]:
    """What a model is made of: its file, those of its folder, or all weights that could be those of an architecture."""
    if path.name == "*":
        from kerascheck.artifact.pairing import weight_files

        return sorted(weight_files(path.parent))
    return sorted(path.rglob("*")) if path.is_dir() else [path]


def digest(parts: Iterable[str]) -> str:
    """A file name for a sequence of texts."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def cache_of(plan: Plan) -> Cache:
    """The cache of a run, in the folder of its configuration."""
    parts = [__version__, sys.version, os.getcwd(), repr(plan.config)]
    for folder in (os.path.dirname(__file__), *folders(plan.config.rule_paths)):
        parts += _states(folder)
    return Cache(plan.config.root / FOLDER, digest(parts))


def _states(path: str) -> Iterator[str]:
    """Name, size and time of each file of code below a folder."""
    if os.path.isfile(path):
        found = os.stat(path)
        yield f"{path} {found.st_size} {found.st_mtime_ns}"
        return
    try:
        with os.scandir(path) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in ordered:
        if entry.name.endswith((".py", ".json")):
            found = entry.stat()
            yield f"{entry.path} {found.st_size} {found.st_mtime_ns}"
        elif "." not in entry.name and entry.name != "__pycache__":
            yield from _states(entry.path)
