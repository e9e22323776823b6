"""kerascheck: a static linter for Keras scripts and saved models.

`check_script`, `check_model` and `check_paths` lint from Python. Rules are declared with `kerascheck.rule.rule`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerascheck.config import Config
    from kerascheck.errors import KerascheckError
    from kerascheck.findings import Edit, FileReport, Finding, Fix, Location, Related, Report, Severity
    from kerascheck.rule import Options, Rule
    from kerascheck.runner import check_model, check_paths, check_script

__version__ = "0.1.0"

__all__ = [
    "Config",
    "Edit",
    "FileReport",
    "Finding",
    "Fix",
    "KerascheckError",
    "Location",
    "Options",
    "Related",
    "Report",
    "Rule",
    "Severity",
    "check_model",
    "check_paths",
    "check_script",
]

# Looked up on first use, so that `import kerascheck` costs nothing and a rule pack can import its parts alone.
_HOMES = {
    "Config": "config",
    "Edit": "findings",
    "FileReport": "findings",
    "Finding": "findings",
    "Fix": "findings",
    "KerascheckError": "errors",
    "Location": "findings",
    "Options": "rule",
    "Related": "findings",
    "Report": "findings",
    "Rule": "rule",
    "Severity": "findings",
    "check_model": "runner",
    "check_paths": "runner",
    "check_script": "runner",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'kerascheck' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"kerascheck.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, "__version__"))
