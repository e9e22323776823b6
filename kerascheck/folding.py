"""Many findings of one kind told as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kerascheck.findings import Finding, Location, Related


def folded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first finding, with the places of the others as related locations; nothing where there is none."""
    found = list(findings)
    if not found:
        return
    first = found[0]
    others: dict[Location, Related] = {}
    for finding in found[1:]:
        others.setdefault(finding.location, Related(finding.location, finding.message))
    others.pop(first.location, None)
    yield replace(first, related=(*first.related, *others.values()))
