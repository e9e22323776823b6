"""One run of `script`, `model` or `check`: from the options to the written report and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.config import LEVELS, Choice, Config, configured
from kerascheck.errors import InputError
from kerascheck.findings import Report
from kerascheck.linter import Plan, lint_source
from kerascheck.reader_codes import graph_not_recovered
from kerascheck.report import Format
from kerascheck.runner import Mode, Target, collect, display, exit_code, named, run

if TYPE_CHECKING:
    from kerascheck.report.paint import Paint

MANY_FILES: Final = 20
"""From this many files on a terminal shows a progress bar."""


class Command(Struct, frozen=True):
    """The options of a run, as they were written."""

    choice: Choice = Choice()
    fail_on: str | None = None
    exit_zero: bool = False
    output_format: Format = Format.FULL
    output_file: Path | None = None
    statistics: bool = False
    show_coverage: bool = False
    layers: bool = False
    no_weights: bool = False
    fetch_weights: bool = False
    no_progress: bool = False
    no_cache: bool = False
    jobs: int | None = None
    config: Path | None = None

    def lint(self, written: Sequence[str], mode: Mode) -> int:
        """Lint files and folders, write the report, and return the exit code.

        Raises:
            KerascheckError: for what the user has to put right first.
        """
        self._check()
        paths = [named(path) for path in written]
        config = self._settings(paths)
        plan = Plan(config)
        return self._finish(self._linted(collect(paths, mode, config), plan), plan)

    def lint_standard_input(self, name: str) -> int:
        """Lint what comes on standard input, write the report, and return the exit code.

        Raises:
            KerascheckError: for what the user has to put right first.
        """
        self._check()
        path = Path(name or "<stdin>")
        config = self._settings([path] if name else [])
        plan = Plan(config)
        shown = display(path) if name else str(path)
        return self._finish(Report((lint_source(sys.stdin.buffer.read(), shown, plan, path),)), plan)

    def _check(self) -> None:
        if self.statistics and self.output_format is Format.JSON:
            raise InputError("--statistics goes with the formats full and concise; in json, count `findings` by `code`")

    def _settings(self, paths: Sequence[Path]) -> Config:
        choice = self.choice
        if self.show_coverage:
            choice = replace(choice, extend_select=(*choice.extend_select, graph_not_recovered.code))
        found = configured(paths, self.config, choice, LEVELS[self.fail_on] if self.fail_on else None)
        found = replace(found, read_weights=False) if self.no_weights else found
        return replace(found, fetch_weights=True) if self.fetch_weights else found

    def _linted(self, targets: list[Target], plan: Plan) -> Report:
        cache = None
        if not self.no_cache:
            from kerascheck.cache import cache_of

            cache = cache_of(plan)
        if self.no_progress or len(targets) < MANY_FILES or not sys.stderr.isatty():
            return run(targets, plan, jobs=self.jobs, cache=cache)
        from rich.console import Console
        from rich.progress import Progress

        # Drawn after each file and not by a thread: worker processes are forked, which threads forbid.
        with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as progress:
            task = progress.add_task("Checking", total=len(targets))
            return run(
                targets, plan, lambda: progress.update(task, advance=1, refresh=True), jobs=self.jobs, cache=cache
            )

    def _finish(self, report: Report, plan: Plan) -> int:
        self._write(self._rendered(report, plan))
        return exit_code(report, plan.config.fail_on, exit_zero=self.exit_zero)

    def _rendered(self, report: Report, plan: Plan) -> str:
        if self.output_format is Format.JSON:
            from kerascheck.report import json_report

            return json_report.render(report)
        from kerascheck.report.paint import Paint, wants_colour

        coloured = self.output_file is None and wants_colour(sys.stdout)
        paint = Paint(coloured, _pages(report, plan) if coloured and sys.stdout.isatty() else None)
        text = _drawn(report, self.output_format, paint, layers=self.layers)
        if self.statistics:
            from kerascheck.report import statistics

            text += statistics.render(report, paint)
        if self.show_coverage:
            from kerascheck.report import coverage

            text += coverage.render(report, paint)
        return text

    def _write(self, text: str) -> None:
        if self.output_file is None:
            sys.stdout.write(text)
            return
        try:
            self.output_file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"`{self.output_file.as_posix()}` cannot be written: {error.strerror}") from None


def _drawn(report: Report, output_format: Format, paint: Paint, *, layers: bool) -> str:
    if output_format is Format.CONCISE:
        from kerascheck.report import concise

        return concise.render(report, paint)
    from kerascheck.report import full

    return full.render(report, paint, layers=layers)


def _pages(report: Report, plan: Plan) -> Mapping[str, str]:
    """The files that document the rules that spoke, as addresses."""
    codes = {finding.code for finding in report.findings}
    return {code: Path(page).as_uri() for code in codes if (page := plan.selection.catalogue.page(code))}
