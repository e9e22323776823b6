"""Which Keras is installed, by the names of the folders that installers leave; nothing is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_PROJECTS = ("keras", "tf_keras")


def installed() -> Mapping[str, str]:
    """The versions of `keras` and `tf_keras` for this interpreter: those of the first folder on its path that has any."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue
        for name in names:
            project, _, version = name.removesuffix(".dist-info").partition("-")
            if name.endswith(".dist-info") and project.lower() in _PROJECTS:
                found.setdefault(project.lower(), version)
    return found
