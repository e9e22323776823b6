"""The Keras that a project pins in its requirements, which tells what its scripts aim at."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from kerascheck.facts.values import UNKNOWN, Unknown

Release: TypeAlias = tuple[int, int]

FILES: Final = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-gpu.txt",
    "pyproject.toml",
    "setup.cfg",
    "environment.yml",
    "environment.yaml",
    "Pipfile",
    "setup.py",
)
PARENTS: Final = 4
SIZE_LIMIT: Final = 200_000
FIRST_WITH_KERAS_3: Final = (2, 16)
"""The TensorFlow release that brings Keras 3."""

_PIN: Final = (
    r"(?i)(?<![\w.-])(?P<name>keras|tf[-_]keras|tensorflow(?:[-_](?:cpu|gpu|macos))?)\s*(?:\[[^\]]*\])?[\"']?\s*=?\s*[\"']?"
    r"(?P<mark>===?|~=|>=|<=|<|>|=|\^)\s*(?P<major>\d+)(?:\.(?P<minor>\d+))?"
)


class Pins(Struct, frozen=True):
    """The generation and the exact release that a project pins, and the files that name Keras or TensorFlow, with their text."""

    generation: int | Unknown = UNKNOWN
    release: Release | Unknown = UNKNOWN
    files: tuple[tuple[Path, str], ...] = ()


@functools.cache
def pins_beside(folder: Path) -> Pins:
    """What the requirements in a folder, or in the nearest of its parents that has any, pin; up to the project's root."""
    known: tuple[tuple[Path, str], ...] = ()
    for place in (folder, *folder.parents[:PARENTS]):
        files = tuple((file, text) for name in FILES if (text := _read(file := place / name)) is not None)
        known = known or files
        told = [pins for _, text in files if not isinstance((pins := pins_in(text)).generation, Unknown)]
        if told:
            return Pins(told[0].generation, told[0].release, files)
        if (place / ".git").exists():
            break
    return Pins(files=known)


def _read(file: Path) -> str | None:
    """The text of a file that names Keras or TensorFlow."""
    try:
        if not file.is_file() or file.stat().st_size > SIZE_LIMIT:
            return None
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text if "keras" in text or "tensorflow" in text else None


def pins_in(text: str) -> Pins:
    """The pins in the text of a requirements file; a pin of Keras itself counts before one of TensorFlow."""
    found: dict[str, set[tuple[int, Release | Unknown]]] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for match in re.finditer(_PIN, line):
            name = match["name"].lower().replace("_", "-")
            minor = int(match["minor"]) if match["minor"] else None
            told = _generation(name, match["mark"], int(match["major"]), minor)
            if told is not None:
                found.setdefault("tensorflow" if name.startswith("tensorflow") else name, set()).add(told)
    for name in ("keras", "tf-keras", "tensorflow"):
        told = found.get(name, set())
        if len({generation for generation, _ in told}) == 1:
            generation, release = next(iter(told))
            return Pins(generation, release if len(told) == 1 else UNKNOWN)
    return Pins()


def _generation(name: str, mark: str, major: int, minor: int | None) -> tuple[int, Release | Unknown] | None:
    """The generation of Keras that a pin leaves, and its release where that is exact; None where it leaves several."""
    exact = mark in ("==", "===", "~=", "=")
    if name == "tf-keras":
        return 2, UNKNOWN
    if name == "keras":
        if exact and major in (1, 2, 3):
            return major, (major, minor) if minor is not None and mark != "~=" else UNKNOWN
        if mark in (">=", ">", "^") and major == 3:
            return 3, UNKNOWN
        return (2, UNKNOWN) if mark == "<" and major == 3 else None
    release = (major, minor or 0)
    if exact:
        if major == 1:
            return 2, (2, 2)
        return (
            (3, UNKNOWN) if release >= FIRST_WITH_KERAS_3 else (2, (2, max(minor, 4)) if minor is not None else UNKNOWN)
        )
    if mark in (">=", ">", "^") and release >= FIRST_WITH_KERAS_3:
        return 3, UNKNOWN
    return (2, UNKNOWN) if mark in ("<", "<=") and release <= FIRST_WITH_KERAS_3 else None
