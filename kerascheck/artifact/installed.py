"""Which Keras is installed, by the names of the folders that installers leave; nothing is imported."""

from __future__ import annotations

import os
import sys

from kerascheck.facts.artifact import Setting
from kerascheck.facts.values import UNKNOWN, Unknown


def setting(target: int | Unknown = UNKNOWN) -> Setting:
    """The versions that are installed for this interpreter; those of the first folder on its path that has any."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue
        for name in names:
            project, _, version = name.removesuffix(".dist-info").partition("-")
            if name.endswith(".dist-info") and project.lower() in ("keras", "tf_keras"):
                found.setdefault(project.lower(), version)
    return Setting(target, found.get("keras", UNKNOWN), found.get("tf_keras", UNKNOWN))
