"""How a call stands in a script: where its arguments are, and where one more fits in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kerascheck.findings import Edit, Location


class Slot(Struct, frozen=True):
    """Where one more keyword argument goes into a call; `before` and `after` fit it into the call's layout."""

    location: Location
    before: str = ", "
    after: str = ""

    def insert(self, argument: str) -> Edit:
        """The edit that adds `argument` (`batch_size=32`)."""
        return Edit(self.location, f"{self.before}{argument}{self.after}")


class Writing:
    """How a call stands in its source; of one that stands in none nothing is known.

    Rules ask for it where they have something to say, so a script's is worked out then.
    """

    __slots__ = ()

    @property
    def places(self) -> Mapping[str, Location]:
        """Where the value of each written argument stands."""
        return {}

    @property
    def literal(self) -> frozenset[str]:
        """The arguments whose value no variable takes part in."""
        return frozenset()

    @property
    def slot(self) -> Slot | None:
        """Where one more argument goes."""
        return None


UNWRITTEN = Writing()
