"""Many findings of one kind told as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kerascheck.findings import Finding, Fix, Location, Related


def folded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first finding, with the places of the others as related locations; nothing where there is none.

    Its fix mends them all, and is there only where each has one.
    """
    found = list(findings)
    if not found:
        return
    first = found[0]
    others: dict[Location, Related] = {}
    for finding in found[1:]:
        others.setdefault(finding.location, Related(finding.location, finding.message))
    others.pop(first.location, None)
    yield replace(first, related=(*first.related, *others.values()), fix=_joined(found))


def _joined(findings: list[Finding]) -> Fix | None:
    fixes = [finding.fix for finding in findings if finding.fix is not None]
    if len(fixes) < len(findings):
        return None
    edits = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
    return Fix(tuple(edits), all(fix.safe for fix in fixes))
