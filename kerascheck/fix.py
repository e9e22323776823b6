"""Mending files: the fixes of findings applied, round by round, until none is left that can be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from kerascheck.edits import TextLines, apply, choose
from kerascheck.errors import InputError, one_line
from kerascheck.findings import FileKind, FileReport, FileStatus, Finding
from kerascheck.linter import Plan, lint_source
from kerascheck.notebook_text import NotebookText
from kerascheck.script.source import Encoded, encoded

ROUNDS: Final = 12
"""A fix can uncover another finding; a chain longer than this is given up as it stands."""


class Mended(Struct, frozen=True):
    """A file before and after its fixes; `note` says why it was left alone. `unsafe` counts the fixes not asked for."""

    display: str
    before: str
    after: str
    findings: tuple[Finding, ...] = ()
    note: str = ""
    unsafe: int = 0

    @property
    def changed(self) -> bool:
        return self.before != self.after


def mend(path: Path, display: str, plan: Plan, *, unsafe: bool, write: bool) -> Mended:
    """Apply the fixes of one script or notebook, and write it unless `write` is false.

    Raises:
        InputError: when the file cannot be read or written, or changed while it was being mended.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"`{display}` cannot be read: {error.strerror or one_line(error)}") from None
    mended, form = mend_source(data, display, plan, path, unsafe=unsafe)
    if mended.changed and write:
        _write(path, display, data, form.bytes_of(mended.after))
    return mended


def mend_source(data: bytes, display: str, plan: Plan, path: Path, *, unsafe: bool) -> tuple[Mended, Encoded]:
    """The content of a script or notebook with its fixes applied, and how its text is written in bytes."""
    form = encoded(data)
    report = lint_source(data, display, plan, path)
    if report.status is not FileStatus.OK:
        note = "" if report.status is FileStatus.SKIPPED else f"left alone: {report.reason}"
        return Mended(display, form.text, form.text, note=note), form
    text, done = form.text, list[Finding]()
    for _ in range(ROUNDS):
        step = _round(text, report, form, plan, path, unsafe=unsafe)
        if step is None:
            break
        text, mended, report = step
        done += mended
    left = sum(finding.fix is not None and not finding.fix.safe for finding in report.findings)
    return Mended(display, form.text, text, tuple(done), unsafe=0 if unsafe else left), form


Step = tuple[str, tuple[Finding, ...], FileReport]


def _round(text: str, report: FileReport, form: Encoded, plan: Plan, path: Path, *, unsafe: bool) -> Step | None:
    """One round: all fixes that go together; where the outcome does not parse, one after the other."""
    offered = [f for f in report.findings if f.fix is not None and (f.fix.safe or unsafe)]
    if not offered:
        return None
    for attempt in (offered, *([finding] for finding in offered)):
        changed, mended = _applied(text, report, attempt)
        if not mended or changed == text:
            continue
        try:
            data = form.bytes_of(changed)
        except UnicodeEncodeError:
            continue
        again = lint_source(data, report.path, plan, path)
        if again.status is FileStatus.OK and _fewer(report, again, mended):
            return changed, mended, again
    return None


def _fewer(before: FileReport, after: FileReport, mended: tuple[Finding, ...]) -> bool:
    """Whether each rule whose findings were mended has fewer to mend now."""

    def count(report: FileReport, code: str) -> int:
        return sum(finding.code == code and finding.fix is not None for finding in report.findings)

    return all(count(after, code) < count(before, code) for code in {finding.code for finding in mended})


def _applied(text: str, report: FileReport, findings: list[Finding]) -> tuple[str, tuple[Finding, ...]]:
    if report.kind is not FileKind.NOTEBOOK:
        lines = TextLines(text)
        chosen = choose(lines, findings)
        return apply(text, chosen.changes), chosen.findings
    mended: list[Finding] = []
    for cell, members in _by_cell(findings):
        notebook = NotebookText(text)
        code = notebook.source(cell)
        chosen = choose(TextLines(code), members)
        text = notebook.with_source(cell, apply(code, chosen.changes)) if chosen.changes else text
        mended += chosen.findings
    return text, tuple(mended)


def _by_cell(findings: list[Finding]) -> Iterator[tuple[int, list[Finding]]]:
    """The findings whose edits all stand in one cell, cell by cell."""
    cells: dict[int, list[Finding]] = {}
    for finding in findings:
        places = {edit.location.cell for edit in finding.fix.edits} if finding.fix is not None else set[int | None]()
        if len(places) == 1 and (cell := places.pop()) is not None:
            cells.setdefault(cell, []).append(finding)
    yield from sorted(cells.items())


def _write(path: Path, display: str, before: bytes, after: bytes) -> None:
    """Put the new content in the place of the old in one step, unless the file changed meanwhile."""
    try:
        if path.read_bytes() != before:
            raise InputError(f"`{display}` changed while it was being mended: left alone, run the command again")
        target = path.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(after)
            os.chmod(name, target.stat().st_mode)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise InputError(f"`{display}` cannot be written: {error.strerror or one_line(error)}") from None


def difference(mended: Mended) -> str:
    """What was changed, as a unified diff of the file's text."""
    import difflib

    before, after = mended.before.splitlines(keepends=True), mended.after.splitlines(keepends=True)
    return "".join(_ended(difflib.unified_diff(before, after, mended.display, mended.display)))


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


__all__ = ["Mended", "difference", "mend", "mend_source"]
