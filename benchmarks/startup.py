"""Whole processes of kerascheck beside the cheapest that could do their work, as ratios against the budgets.

    python benchmarks/startup.py [--rounds 15] [--check]

The commands of a comparison are run in turn, round by round, so that a busy machine slows both; a ratio is the median
of the rounds' ratios. A script that was linted before is served from the cache; the first run of it is measured too.
`--check` ends in 1 when a budget is broken.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PROGRAM: Final = str(Path(sys.executable).parent / "kerascheck")
SCRIPT: Final = ROOT / "fixtures" / "scripts" / "good_long_training.py"
"""Three hundred lines, as they are written: data, two models, training, reports."""

FOLDER: Final = Path(tempfile.gettempdir()) / "kerascheck-benchmarks"
"""Keeps the saved models from run to run: making them takes longer than measuring."""

SAVE_RESNET: Final = "import sys, keras; keras.applications.ResNet50(weights=None).save(sys.argv[1])"
LOAD_MODEL: Final = "import sys, keras; keras.models.load_model(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A command of kerascheck, what it is measured against, and how many times as long it may take."""

    name: str
    command: tuple[str, ...]
    baseline: tuple[str, ...]
    budget: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took, in seconds."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often each start-up is measured; models a fifth")
    parser.add_argument("--check", action="store_true", help="end in 1 when a budget is broken")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    print(f"{'':54} {'kerascheck':>12} {'baseline':>12} {'ratio':>7} {'cpu ratio':>10} {'budget':>8}")
    kept = [measure(comparison) for comparison in comparisons(options.rounds)]
    sys.exit(options.check and not all(kept))


def comparisons(rounds: int) -> list[Comparison]:
    script = str(alone(SCRIPT))
    bare = (sys.executable, "-c", "import typer")
    rich = (sys.executable, "-c", "import typer, rich.console")
    found = [
        Comparison(f"script, {shown}{name}", (*linted("script", script, shown), *options), baseline, 1.6, rounds)
        for shown, name, baseline in (
            ("concise", " : import typer", bare),
            ("full", " : import typer, rich.console", rich),
        )
        for name, options in ((f", first run{name}", ("--no-cache",)), (f", again{name}", ()))
    ]
    for suffix in (".h5", ".keras"):
        model = str(resnet(suffix))
        load = (sys.executable, "-c", LOAD_MODEL, model)
        name = f"model, ResNet50{suffix}, no weights : load_model"
        found.append(
            Comparison(
                name,
                (*linted("model", model, "concise"), "--no-cache", "--no-weights"),
                load,
                1 / 8,
                max(3, rounds // 5),
            )
        )
    return found


def alone(script: Path) -> Path:
    """A copy of a script in a folder of its own, where nothing of this project's configuration is read along."""
    target = FOLDER / "script" / script.name
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(script, target)
    return target


def linted(command: str, path: str, output_format: str) -> tuple[str, ...]:
    return (PROGRAM, command, path, "--output-format", output_format)


def resnet(suffix: str) -> Path:
    target = FOLDER / f"resnet50{suffix}"
    if not target.exists():
        print(f"saving {target} ...", file=sys.stderr)
        partial = target.with_name(f"partial{suffix}")
        run((sys.executable, "-c", SAVE_RESNET, str(partial)))
        partial.rename(target)
    return target


def measure(comparison: Comparison) -> bool:
    """Print a line about a comparison; whether it keeps to its budget."""
    for command in (comparison.command, comparison.baseline):
        run(command)
    rounds = [(run(comparison.command), run(comparison.baseline)) for _ in range(comparison.rounds)]
    ours, theirs = (statistics.median(costs[side].wall for costs in rounds) for side in (0, 1))
    ratio = statistics.median(mine.wall / other.wall for mine, other in rounds)
    cpu = statistics.median(mine.cpu / other.cpu for mine, other in rounds)
    kept = ratio <= comparison.budget
    print(
        f"{comparison.name:54} {ours * 1000:9.0f} ms {theirs * 1000:9.0f} ms {ratio:7.3f} {cpu:10.3f}"
        f" {comparison.budget:8.3f}  {'ok' if kept else 'OVER'}",
        flush=True,
    )
    return kept


def run(command: tuple[str, ...]) -> Cost:
    """The cost of a process that must end in 0, or in 1 where there are findings."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "NO_COLOR": "1"}
    # The sources of a checkout are compiled once, as an installation has them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(command)} ended in {done.returncode}: {done.stderr[-2000:]}")
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == "__main__":
    main()
