"""The cells of a notebook: in which order they were run, and names that are used above their definition."""

from __future__ import annotations

from msgspec import Struct

from kerascheck.findings import Location


class EarlyName(Struct, frozen=True):
    """A name that a cell uses and only a later cell defines."""

    name: str
    location: Location
    defined: Location


class Cells(Struct, frozen=True):
    """`counts` are the saved execution counts of the code cells in the order of the page, None for a cell not run."""

    counts: tuple[tuple[int, int | None], ...] = ()
    early: tuple[EarlyName, ...] = ()
