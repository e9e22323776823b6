"""Suppressions that silence nothing any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kerascheck.findings import Edit, Finding, Fix, Location
from kerascheck.reader_codes import unused_suppression
from kerascheck.selection import Selection
from kerascheck.suppression import Directive, Directives, Entry, Silencer, is_code


def unused(path: str, found: Directives, used: Iterable[Silencer], selection: Selection) -> Iterator[Finding]:
    """The directives, or entries of them, that silenced no finding of the rules that are on."""
    spent = set(used)
    for directives in found.values():
        for directive in directives:
            yield from _unused(path, directive, spent, selection)


def _unused(path: str, directive: Directive, spent: set[Silencer], selection: Selection) -> Iterator[Finding]:
    if directive.entries is None:
        # A bare `noqa` speaks to other linters as well.
        if directive.own and Silencer(directive, None) not in spent:
            yield _finding(path, directive, None, "silences nothing: no rule finds anything here")
        return
    for entry in directive.entries:
        if Silencer(directive, entry) not in spent and (reason := _reason(entry, directive, selection)):
            yield _finding(path, directive, entry, reason)


def _reason(entry: Entry, directive: Directive, selection: Selection) -> str:
    """Why an entry silences nothing; empty where that is not proven or not ours to say."""
    rule = selection.catalogue.by_name.get(entry.text) or selection.catalogue.by_name.get(entry.text.upper())
    if rule is not None:
        return f"silences nothing: `{rule.name}` finds nothing here" if rule.code in selection.codes else ""
    known = any(rule.code.startswith(entry.text.upper()) for rule in selection.catalogue.rules)
    if is_code(entry.text.upper()) and known:
        return ""
    return f"silences nothing: there is no rule `{entry.text}`" if directive.own else ""


def _finding(path: str, directive: Directive, entry: Entry | None, reason: str) -> Finding:
    shown = directive.comment[directive.start : directive.end].strip()
    span = (entry.start, entry.end) if entry is not None else (directive.start, directive.end)
    return Finding(
        message=f"`{entry.text if entry is not None else shown}` {reason}",
        location=_place(path, directive, *span),
        help="take it out of the comment",
        label="unused",
        fix=Fix((Edit(_place(path, directive, *_removed(directive, entry)), ""),)),
        code=unused_suppression.code,
    )


def _removed(directive: Directive, entry: Entry | None) -> tuple[int, int]:
    """The span to take out: an entry with its comma, or the whole directive with what follows it in the comment."""
    entries = directive.entries or ()
    if entry is None or len(entries) < 2:
        following = directive.comment.find("#", directive.end)
        end = following if following != -1 else len(directive.comment)
        alone = directive.start == 0 and end == len(directive.comment)
        return (-directive.blanks if alone else directive.start), end
    index = entries.index(entry)
    return (entry.start, entries[1].start) if index == 0 else (entries[index - 1].end, entry.end)


def _place(path: str, directive: Directive, start: int, end: int) -> Location:
    line, column = directive.line, directive.column
    return Location(path, line, column + start, line, column + end, directive.cell)
