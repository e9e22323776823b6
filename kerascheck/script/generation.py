"""The generation of Keras that a source aims at, as its own names prove it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kerascheck.facts.usage import ApiCall
from kerascheck.facts.values import UNKNOWN, Unknown

ONLY_IN_3: Final = frozenset(
    {"ops", "random", "distribution", "tree", "quantizers", "distillation", "dtype_policies", "visualization", "config"}
)
"""The modules that no earlier Keras has."""


def target_of(calls: Iterable[ApiCall], given: int | Unknown) -> int | Unknown:
    """The generation that the configuration gives, or else that the names prove; they prove 3 only."""
    if not isinstance(given, Unknown):
        return given
    for call in calls:
        parts = call.qualified.split(".")
        if call.flavour != "tf_keras" and len(parts) > 1 and parts[0] == "keras" and parts[1] in ONLY_IN_3:
            return 3
    return UNKNOWN
