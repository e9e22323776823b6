"""Walk folders: every file but those that `.gitignore` files, the configuration or custom leave out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NEVER_WALKED: Final = frozenset(
    {"__pycache__", "__pypackages__", "node_modules", "site-packages", "venv", "env", "build", "dist"}
)
"""Folders of other people's code and of build products; those with a leading dot are left out as well."""


class Ignore(Struct, frozen=True):
    """Patterns of `.gitignore`, and the folder that they are relative to."""

    folder: str
    spec: GitIgnoreSpec

    def decides(self, path: str) -> bool | None:
        """Whether a path is left out (True), taken back in (False), or not spoken of; a folder's ends with a slash."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return self.spec.check_file(relative + ("/" if path.endswith(os.sep) else "")).include


def walk(folder: Path, root: Path, exclude: tuple[str, ...]) -> Iterator[Path]:
    """The files below a folder, in order of name.

    Args:
        folder: where to begin; links to folders are not followed.
        root: the folder that `exclude` is relative to.
        exclude: patterns in the manner of `.gitignore`; nothing takes back what they leave out.
    """
    start = os.path.abspath(folder)
    excluded = Ignore(os.path.abspath(root), _spec(exclude)) if exclude else None
    prefix = str(folder)
    for path in _walk(start, _inherited(start), excluded):
        yield Path(prefix, os.path.relpath(path, start))


def _walk(folder: str, ignores: tuple[Ignore, ...], excluded: Ignore | None) -> Iterator[str]:
    ignores += _ignores_of(folder)
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in ordered:
        is_folder = entry.is_dir(follow_symlinks=False)
        path = entry.path + os.sep if is_folder else entry.path
        if (is_folder and _unwanted(entry.name)) or _left_out(path, ignores, excluded):
            continue
        if is_folder:
            yield from _walk(entry.path, ignores, excluded)
        elif entry.is_file():
            yield entry.path


def _unwanted(name: str) -> bool:
    return name.startswith(".") or name in NEVER_WALKED


def _left_out(path: str, ignores: tuple[Ignore, ...], excluded: Ignore | None) -> bool:
    if excluded is not None and excluded.decides(path):
        return True
    for ignore in reversed(ignores):
        if (decision := ignore.decides(path)) is not None:
            return decision
    return False


def _inherited(folder: str) -> tuple[Ignore, ...]:
    """The patterns of the folders above, as far as the repository reaches; none outside a repository."""
    found: tuple[Ignore, ...] = ()
    above = folder
    while not os.path.exists(os.path.join(above, ".git")):
        parent = os.path.dirname(above)
        if parent == above:
            return ()
        above = parent
        found = _ignores_of(above) + found
    return found


def _ignores_of(folder: str) -> tuple[Ignore, ...]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            lines = tuple(file.read().splitlines())
    except OSError:
        return ()
    return (Ignore(folder, _spec(lines)),) if lines else ()


def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)
