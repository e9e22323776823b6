"""Layers that a script makes and that no model can hold."""

from __future__ import annotations

import enum

from msgspec import Struct

from kerascheck.facts.graph import Layer
from kerascheck.findings import Location


class Fate(enum.Enum):
    """What became of a layer, or of what it put out."""

    DISCARDED = "discarded"  # a statement of its own, whose value nothing takes
    OVERWRITTEN = "overwritten"  # its name is bound again before anything reads it
    UNREAD = "unread"  # its name, or its attribute, is never read


class LooseLayer(Struct, frozen=True):
    """A layer that was made where it was called, or never called.

    `called` is true when it was called and its output is lost. `name` is what it was bound to, `other` where that name is
    bound again.
    """

    layer: Layer
    fate: Fate
    location: Location
    called: bool = False
    name: str = ""
    other: Location | None = None
