"""Where one more argument fits into a call of a script."""

from __future__ import annotations

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
