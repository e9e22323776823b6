"""What kerascheck makes of real code: crashes, time a file, how much it recovers, what it says.

    python benchmarks/corpus.py FOLDER... [--limit N] [--findings FILE]

Everything runs in this one process and in turn with `ast.parse` of the same scripts, both with as little garbage
collection as the program itself has. `--findings` writes every finding on a line of its own, to be read.
"""

from __future__ import annotations

import argparse
import ast
import gc
import random
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kerascheck.__main__ import GARBAGE_THRESHOLD
from kerascheck.config import Config
from kerascheck.findings import FileKind, FileReport, FileStatus, Report, Severity
from kerascheck.linter import Plan, Target, lint, lint_source
from kerascheck.report import concise
from kerascheck.report.paint import PLAIN
from kerascheck.runner import Mode, collect, said_once

SHOWN = 10
WARM_UP = b"import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\n"


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was linted: its report, the seconds it took, and those of `ast.parse` where that reads it."""

    target: Target
    report: FileReport
    wall: float
    cpu: float
    parse: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=int, help="look at this many files, drawn with a fixed seed")
    parser.add_argument("--findings", type=Path, metavar="FILE", help="write all findings there")
    options = parser.parse_args()
    gc.set_threshold(GARBAGE_THRESHOLD)
    config = Config(Path.cwd())
    targets = collect(options.folders, Mode.CHECK, config)
    if options.limit is not None and options.limit < len(targets):
        targets = random.Random(0).sample(targets, options.limit)
    plan = Plan(config)
    lint_source(WARM_UP, "warm_up.py", plan)
    files, crashes = read(targets, plan)
    if options.findings is not None:
        options.findings.write_text(concise.render(Report(said_once([file.report for file in files])), PLAIN))
    recovered = recovery(files, options.folders)
    for section in (counts(files, crashes), times(files), recovered, gaps(files), rules(files)):
        print("\n".join(section), end="\n\n")


def read(targets: Iterable[Target], plan: Plan) -> tuple[list[Read], list[str]]:
    """Every file with its report, and what escaped from the linter, which nothing should."""
    files: list[Read] = []
    crashes: list[str] = []
    for target in targets:
        try:
            parse = parse_time(target)
            wall, cpu = time.perf_counter(), time.process_time()
            report = lint(target, plan)
            files.append(Read(target, report, time.perf_counter() - wall, time.process_time() - cpu, parse))
        except (Exception, RecursionError) as error:
            crashes.append(f"{target.display}: {type(error).__name__}: {error}")
    return files, crashes


def parse_time(target: Target) -> float | None:
    """The CPU seconds of `ast.parse`; None for what is no Python 3 source."""
    if target.path.suffix != ".py":
        return None
    data = target.path.read_bytes()
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return time.process_time() - start


def counts(files: list[Read], crashes: list[str]) -> Iterator[str]:
    kinds = Counter(file.report.kind.value for file in files)
    statuses = Counter(file.report.status.value for file in files)
    faults = [*crashes]
    for file in files:
        faults += [
            f"{finding.location.path}: {finding.message}"
            for finding in file.report.findings
            if finding.code == "KC900" or "reader failed" in finding.message
        ]
    yield f"files      {len(files) + len(crashes)}: {listed(kinds)}"
    yield f"status     {listed(statuses)}"
    yield f"crashes    {len(faults)}"
    yield from (f"  {fault}" for fault in faults)
    unread = [file.report for file in files if file.report.status in (FileStatus.ERROR, FileStatus.PARTIAL)]
    reasons = Counter(report.reason.partition(":")[0][:100] for report in unread)
    yield from (f"  {count:5}  {reason}" for reason, count in reasons.most_common(SHOWN))


def times(files: list[Read]) -> Iterator[str]:
    linted = sorted(file.wall for file in files if file.report.status is not FileStatus.SKIPPED)
    if not linted:
        yield "time       no file was linted"
        return
    late = linted[min(len(linted) - 1, int(len(linted) * 0.99))]
    yield f"time       {statistics.median(linted) * 1000:.1f} ms a file (median), {late * 1000:.1f} ms (99 of 100)"
    slowest = sorted(files, key=lambda file: -file.wall)[:3]
    yield from (f"  {file.wall * 1000:7.1f} ms  {file.target.display}" for file in slowest)
    scripts = [file for file in files if file.parse is not None and file.report.status is not FileStatus.SKIPPED]
    parse = sum(file.parse or 0 for file in scripts)
    if parse:
        yield f"cpu        {sum(file.cpu for file in scripts) / parse:.2f} x ast.parse, over {len(scripts)} scripts"


def recovery(files: list[Read], folders: list[Path]) -> Iterator[str]:
    """What is known of all models, and in which files of each folder it is all that they say of their models and training."""
    for kinds, name in (((FileKind.SCRIPT, FileKind.NOTEBOOK), "scripts"), ((FileKind.MODEL,), "models ")):
        found = [file.report.coverage for file in files if file.report.kind in kinds and file.report.coverage]
        models, layers = sum(cover.models for cover in found), sum(cover.layers for cover in found)
        whole, opaque = sum(cover.whole for cover in found), sum(cover.opaque for cover in found)
        if models:
            yield (
                f"{name}    {models} models, {share(whole, models)} whole; {layers} layers, {share(opaque, layers)}"
                f" opaque; {sum(bool(cover.cut_short) for cover in found)} files cut short"
            )

    for folder in folders:
        inside = [file for file in files if file.target.path.is_relative_to(folder)]
        found = [file.report.coverage for file in inside if file.report.coverage is not None]
        training = [cover for cover in found if cover.models and cover.fits]
        if training:
            whole = sum(cover.whole == cover.models for cover in training)
            here = sum(cover.whole + cover.elsewhere == cover.models for cover in training)
            known = sum(cover.calls_known == cover.calls for cover in training)
            yield (
                f"{folder.name}: {len(training)} files build a model and train it; each model is known in"
                f" {share(whole, len(training))} ({share(here, len(training))} with what lies elsewhere and is named),"
                f" the arguments of compile and fit in {share(known, len(training))}"
            )


def gaps(files: list[Read]) -> Iterator[str]:
    """The constructs that were not followed, by the models that are not whole in the files that use them."""
    lost: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for file in files:
        cover = file.report.coverage
        if cover is not None:
            constructs = {gap.partition("(")[0] for gap in cover.gaps}
            lost.update(dict.fromkeys(constructs, cover.models - cover.whole))
            used.update(constructs)
    yield f"gaps       {len(used)} constructs; the {min(SHOWN, len(used))} that cost the most models:"
    yield from (f"  {count:5} models in {used[gap]:4} files  {gap}" for gap, count in lost.most_common(SHOWN))


def rules(files: list[Read]) -> Iterator[str]:
    findings = [finding for file in files for finding in file.report.findings]
    by_rule: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        level = (finding.severity or Severity.ERROR).label
        by_rule.setdefault((finding.code, finding.name, level), []).append(finding.location.path)
    yield f"findings   {len(findings)}"
    for (code, name, level), paths in sorted(by_rule.items()):
        yield f"  {len(paths):5} in {len(set(paths)):4} files  {code} {name}: {level}"


def listed(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


if __name__ == "__main__":
    main()
