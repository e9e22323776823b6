"""One run of `fix`: from the options to the mended files and the exit code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from kerascheck.config import Choice, configured
from kerascheck.errors import InputError
from kerascheck.fix import Mended, difference, mend
from kerascheck.linter import Plan, Target
from kerascheck.runner import Mode, collect, named


class FixCommand(Struct, frozen=True):
    """The options of a run, as they were written."""

    choice: Choice = Choice()
    diff: bool = False
    unsafe: bool = False
    config: Path | None = None

    def mend(self, written: Sequence[str]) -> int:
        """Mend files and folders, or with `diff` only say how.

        Returns:
            0 when all could be read, with `diff` 1 when anything would change; 2 when a file could not be read or written.

        Raises:
            KerascheckError: for what the user has to put right first.
        """
        paths = [named(path) for path in written]
        config = configured(paths, self.config, self.choice)
        plan = Plan(config)
        failed = False
        done: list[Mended] = []
        for target in collect(paths, Mode.SCRIPT, config):
            try:
                done.append(self._mended(target, plan))
            except InputError as error:
                failed = True
                print(f"kerascheck: error: {error}", file=sys.stderr)
        print(summary(done, diff=self.diff), file=sys.stderr if self.diff else sys.stdout)
        if failed:
            return 2
        return int(self.diff and any(mended.changed for mended in done))

    def _mended(self, target: Target, plan: Plan) -> Mended:
        mended = mend(target.path, target.display, plan, unsafe=self.unsafe, write=not self.diff)
        if mended.note:
            print(f"kerascheck: {target.display}: {mended.note}", file=sys.stderr)
        if self.diff and mended.changed:
            sys.stdout.write(difference(mended))
        return mended


def summary(done: Sequence[Mended], *, diff: bool = False) -> str:
    """What was mended, in one line a rule."""
    return "\n".join(_summary(done, "Would fix" if diff else "Fixed"))


def _summary(done: Sequence[Mended], verb: str) -> Iterator[str]:
    changed = [mended for mended in done if mended.changed]
    rules = Counter((finding.code, finding.name) for mended in changed for finding in mended.findings)
    unsafe = sum(mended.unsafe for mended in done)
    if changed:
        yield f"{verb} {_count(rules.total(), 'finding')} in {_count(len(changed), 'file')}"
        yield from (f"  {code} {name}: {number}" for (code, name), number in sorted(rules.items()))
    else:
        yield "Nothing to fix"
    if unsafe:
        yield f"{_count(unsafe, 'further fix', 'further fixes')} can alter what the program computes: --unsafe-fixes"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
