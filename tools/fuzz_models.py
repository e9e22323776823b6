"""Reads damaged and hostile variants of the model fixtures as `kerascheck model` and `summary` do, and tells what broke.

`python tools/fuzz_models.py --count 20000 --seed 1 --jobs 2`; a case that broke is repeated with `--first N --count 1`.
A break is an exception, more than `--seconds` of processor time (six times as much by the clock, for what waits), or more
than `--memory` MiB on top of what the start takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mutations import Mutator

from kerascheck.artifact import about, read_model
from kerascheck.config import Config
from kerascheck.costs import model_cost
from kerascheck.linter import Plan, Subject, lint_model, run_rules
from kerascheck.reader_codes import internal_error


class Outcome(NamedTuple):
    """What became of a case: its status, its processor time in seconds, and the text of what broke."""

    number: int
    name: str
    done: str
    status: str
    seconds: float
    broken: str = ""


class Hang(BaseException):
    """Raised in the middle of a case that takes too long."""


def _alarm(*_: object) -> None:
    raise Hang


class Fuzzer:
    """Reads cases one by one in a folder of its own."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder = folder
        self._seconds = seconds
        self._mutator = Mutator()
        self._plan = Plan(Config(folder))
        signal.signal(signal.SIGALRM, _alarm)

    def case(self, seed: int, number: int) -> Outcome:
        name, data, done = self._mutator.variant(seed, number)
        folder = self._folder / str(number)
        folder.mkdir()
        path = self._mutator.lay_out(folder, name, data)
        status, broken, start = "", "", _processor_time()
        signal.alarm(6 * self._seconds)
        try:
            status, broken = self._read(path)
        except Hang:
            broken = f"does not come to an end: {_innermost()}"
        except BaseException:
            broken = traceback.format_exc(limit=-4)
        finally:
            signal.alarm(0)
            shutil.rmtree(folder)
        seconds = _processor_time() - start
        if seconds > self._seconds and not broken:
            broken = f"takes {seconds:.1f} s"
        return Outcome(number, name, done, status, seconds, broken)

    def _read(self, path: Path) -> tuple[str, str]:
        facts = read_model(path, weights=True)
        if facts.saved is not None:
            about(facts.saved)
        found = {} if facts.saved is None else {type(facts.saved): facts.saved}
        findings, _ = run_rules(Subject.of(path.name, found, facts.graphs), self._plan.selection)
        for graph in facts.graphs:
            model_cost(graph, 32)
        crashes = [finding.message for finding in findings if finding.code == internal_error.code]
        return facts.status.value, "; ".join(crashes)


def _processor_time() -> float:
    """What this process and its children that have ended took so far, in seconds."""
    return sum(os.times()[:4])


def _innermost() -> str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def fuzz(seed: int, numbers: range, seconds: int, memory: int) -> Iterator[Outcome]:
    """The outcomes of cases, in this process, whose memory is bounded from now on."""
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(Path(folder), seconds)
        lint_model(Path(folder) / "none.h5", "none.h5", fuzzer._plan)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        bound = pages * resource.getpagesize() + memory * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (bound, resource.RLIM_INFINITY))
        for number in numbers:
            yield fuzzer.case(seed, number)


def _work(arguments: tuple[int, range, int, int]) -> tuple[list[Outcome], int]:
    outcomes = list(fuzz(*arguments))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return outcomes, peak // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--memory", type=int, default=1024)
    parser.add_argument("--keep", type=Path, help="write the file of each case that broke there")
    options = parser.parse_args()
    warnings.simplefilter("error")
    numbers = range(options.first, options.first + options.count)
    step = 250
    parts = [
        (options.seed, numbers[at : at + step], options.seconds, options.memory) for at in range(0, len(numbers), step)
    ]
    statuses: Counter[tuple[str, str]] = Counter()
    broken: list[Outcome] = []
    slowest, peak, start = 0.0, 0, time.perf_counter()
    with multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=4) as pool:
        for outcomes, memory in pool.imap_unordered(_work, parts):
            peak = max(peak, memory)
            for outcome in outcomes:
                statuses[Path(outcome.name).suffix, outcome.status or "broken"] += 1
                slowest = max(slowest, outcome.seconds)
                broken += [outcome] if outcome.broken else []
    for outcome in broken:
        print(f"case {outcome.number} ({outcome.name}, {outcome.done}): {outcome.broken}\n")
        if options.keep is not None:
            options.keep.mkdir(exist_ok=True)
            _, data, _ = Mutator().variant(options.seed, outcome.number)
            (options.keep / f"{outcome.number}_{Path(outcome.name).name}").write_bytes(data)
    for (suffix, status), count in sorted(statuses.items()):
        print(f"{suffix:8} {status:8} {count:6}")
    print(
        f"{len(numbers)} files in {time.perf_counter() - start:.0f} s: {len(broken)} broken, slowest {slowest:.1f} s, peak {peak} MiB"
    )
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
