"""Which file a module beside a script stands in: looked for below the project's root, read and never run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from kerascheck.script.source import Source, read_source

LEVELS: Final = 4
"""How many folders above a script may be its project's root."""

SIZE: Final = 400_000
"""The bytes of a module that is read; a larger one is data."""

_MARKS: Final = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "environment.yml", "Pipfile", "LICENSE")
_LIBRARIES: Final = frozenset(
    (
        *sys.stdlib_module_names,
        *("keras", "tensorflow", "tf_keras", "numpy", "pandas", "sklearn", "scipy", "matplotlib", "seaborn", "cv2"),
        *("PIL", "tqdm", "torch", "jax", "h5py", "absl", "skimage", "nltk", "gensim", "plotly", "requests", "yaml"),
        *("tensorflow_hub", "tensorflow_datasets", "tensorflow_addons", "keras_cv", "keras_nlp", "keras_hub", "gym"),
        *(
            "keras_tuner",
            "kerastuner",
            "imblearn",
            "xgboost",
            "lightgbm",
            "wandb",
            "mlflow",
            "IPython",
            "google",
            "six",
        ),
    )
)


@lru_cache(maxsize=64)
def search_path(folder: Path) -> tuple[Path, ...]:
    """The folders that absolute imports of a script in `folder` are looked for in: its own, and those up to the root."""
    found = [folder]
    root = 0
    for level, above in enumerate(list(folder.parents)[:LEVELS], 1):
        found.append(above)
        if (above / ".git").exists():
            root = level
            break
        if any((above / mark).exists() for mark in _MARKS):
            root = level
    if (folder / ".git").exists():
        root = 0
    return tuple(found[: root + 1])


def is_library(name: str) -> bool:
    """Whether a top-level module is known to be none of the project's."""
    return name in _LIBRARIES


def find(folders: Sequence[Path], parts: Sequence[str]) -> Path | None:
    """The file of a module, or the folder of a package; None where no folder has it."""
    for folder in folders:
        place = folder
        for part in parts[:-1]:
            place = place / part
        target = place / parts[-1]
        if target.is_dir() and (target / "__init__.py").is_file():
            return target
        file = place / f"{parts[-1]}.py"
        if file.is_file():
            return file
        if target.is_dir() and any(name.endswith(".py") for name in os.listdir(target)):
            return target
    return None


def read_module(file: Path, display: str) -> Source | None:
    """The source of a module; None for one that cannot be read or is too large."""
    try:
        state = file.stat()
    except OSError:
        return None
    if state.st_size > SIZE:
        return None
    return _parsed(file, display, state.st_mtime_ns)


@lru_cache(maxsize=32)
def _parsed(file: Path, display: str, changed: int) -> Source | None:
    try:
        return read_source(display, file.read_bytes())
    except OSError:
        return None
