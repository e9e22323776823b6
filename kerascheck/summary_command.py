"""One run of `summary`: from the paths to the tables and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from kerascheck.config import Config, find_config, read_config
from kerascheck.costs import ModelCost, model_cost
from kerascheck.errors import one_line
from kerascheck.facts.graph import ModelGraph
from kerascheck.findings import FileKind, FileStatus
from kerascheck.linter import Target
from kerascheck.report import Format, summary_page
from kerascheck.report.paint import wants_colour
from kerascheck.runner import Mode, collect, named


class SummaryCommand(Struct, frozen=True):
    """The options of a run, as they were written."""

    batch_size: int = 32
    output_format: Format = Format.FULL
    config: Path | None = None

    def show(self, written: Sequence[str]) -> int:
        """Print the summaries of all models of files and folders.

        Returns:
            0 when every file could be read, else 2.

        Raises:
            KerascheckError: for what the user has to put right first.
        """
        paths = [named(path) for path in written]
        config = read_config(self.config) if self.config is not None else find_config(paths)
        models: dict[str, list[ModelCost]] = {}
        refused: list[tuple[str, str]] = []
        failed = False
        for target in collect(paths, Mode.CHECK, config):
            graphs, status, reason = graphs_of(target, config)
            failed = failed or status is FileStatus.ERROR
            if graphs:
                models[target.display] = [model_cost(graph, self.batch_size) for graph in graphs]
            if reason or not graphs:
                refused.append((target.display, reason or "builds no model that could be recovered"))
        if self.output_format is Format.JSON:
            sys.stdout.write(summary_page.document(models))
        else:
            summary_page.print_tables(models, colour=wants_colour(sys.stdout))
        for line in summary_page.notes(refused):
            print(line, file=sys.stderr)
        return 2 if failed else 0


def graphs_of(target: Target, config: Config) -> tuple[tuple[ModelGraph, ...], FileStatus, str]:
    """The models of a file, how far it could be read, and why not further."""
    try:
        if target.kind is FileKind.MODEL:
            from kerascheck.artifact import read_model

            found = read_model(target.path, display=target.display)
            return tuple(graph for graph in found.graphs if not graph.nested), found.status, found.reason
        if target.kind is FileKind.OTHER:
            return (), FileStatus.SKIPPED, "neither a Python source nor a Keras model"
        from kerascheck.script import read_script

        data = target.path.read_bytes()
        facts = read_script(target.display, data, target=config.target_keras, file=target.path)
        return facts.graphs, facts.status, facts.reason
    except OSError as error:
        return (), FileStatus.ERROR, f"could not be read: {error.strerror or one_line(error)}"
    except (Exception, RecursionError) as error:
        return (), FileStatus.ERROR, f"could not be read: {one_line(error)}"
