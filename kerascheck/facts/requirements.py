"""What a project asks to be installed beside its scripts."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from kerascheck.findings import Location

Version: TypeAlias = tuple[int, ...]

LENGTH: Final = 4
"""The numbers of a version that count; shorter ones are filled with zeros."""

NEVER: Final[Version] = (10**6,) * LENGTH


def padded(version: Version) -> Version:
    """A version with all its numbers."""
    return (*version, *(0,) * LENGTH)[:LENGTH]


class Span(Struct, frozen=True):
    """The versions from `low` on and before `high`, with `high` itself where the span is `closed`."""

    low: Version = (0,) * LENGTH
    high: Version = NEVER
    closed: bool = False

    def meets(self, other: Span) -> bool:
        """Whether a version lies in both."""
        low, (high, closed) = max(self.low, other.low), min((self.high, self.closed), (other.high, other.closed))
        return low < high or (low == high and closed)

    def __and__(self, other: Span) -> Span:
        high, closed = min((self.high, self.closed), (other.high, other.closed))
        return Span(max(self.low, other.low), high, closed)


def span(low: Version = (), high: Version = ()) -> Span:
    """The versions from `low` on and before `high`, no end where it is empty."""
    return Span(padded(low), padded(high) if high else NEVER)


class Requirement(Struct, frozen=True):
    """A package that is asked for: its name (`keras`, `tensorflow`, `tf-keras`, `numpy`, `python`), what is written, and
    the versions that it leaves. `optional` for one of an extra, which need not be installed."""

    name: str
    written: str
    span: Span
    location: Location
    optional: bool = False
