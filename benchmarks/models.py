"""kerascheck beside what else opens model files: Keras itself, h5py, and the scanners ModelScan and ModelAudit.

    python benchmarks/models.py [--models FOLDER] [--scanners VENV] [--only load|weights|scanners]

- load: the whole process of `kerascheck model`, with and without weights, against one that calls `keras.models.load_model`;
- weights: the pass over all weights of a large file against reading the same bytes with h5py;
- scanners: what each finds in the hostile files of tools/make_hostile_models.py and in the files of FOLDER, how long it
  takes, and which honest files it accuses. They are installed from the package registry into a temporary environment, or
  taken from VENV. FOLDER has an `index.csv` whose column `notable` says which files hold a Lambda.

A detection is what its reader cannot overlook: a finding KC8xx at warning or error, an issue of ModelScan, a critical issue
or warning of ModelAudit. Both run with h5py and without TensorFlow, as kerascheck does.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TURNS = 3
QUIET = {
    "NO_ANALYTICS": "1",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}
BUILD = """
import sys, keras
keras.utils.set_random_seed(1)
model = keras.applications.ResNet50(weights=None)
model.compile(optimizer="sgd", loss="categorical_crossentropy")
model.save(sys.argv[1] + "/resnet50.h5")
model.save(sys.argv[1] + "/resnet50.keras")
small = keras.Sequential([keras.Input((20,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3)])
small.save(sys.argv[1] + "/small.keras")
"""
LOAD = "import sys, keras; keras.models.load_model(sys.argv[1])"
LARGE = """
import sys, h5py, numpy as np
rng = np.random.default_rng(1)
with h5py.File(sys.argv[1], "w") as file:
    for number, shape in enumerate([(25088, 4096), (4096, 4096), (4096, 1000), (4608, 512), (100_000, 64)]):
        name = f"dense_{number}" if number else "dense"
        group = file.create_group(f"layers/{name}/vars")
        group["0"] = rng.standard_normal(shape, "f4")
        group["1"] = np.zeros(shape[1], "f4")
"""
READ = """
import sys, time, h5py
arrays = []
with h5py.File(sys.argv[1]) as file:
    file.visititems(lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None)
start = time.perf_counter()
with h5py.File(sys.argv[1]) as file:
    for name in arrays:
        file[name][()]
print(time.perf_counter() - start)
"""
SCAN = """
import os, sys, time
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from pathlib import Path
from kerascheck.artifact import read_model
import h5py, kerascheck.artifact.blocks, kerascheck.artifact.spectra
start = time.perf_counter()
found = read_model(Path(sys.argv[1]), weights=True)
print(time.perf_counter() - start)
assert found.saved.weights and all(tensor.stats for tensor in found.saved.weights)
"""


class Run(NamedTuple):
    """A finished process: seconds, its peak memory in MiB, and what it printed."""

    seconds: float
    memory: float
    output: str


def run(command: Sequence[str | Path], cwd: Path | None = None) -> Run:
    """The quickest of some runs, children included, as one that is not disturbed."""
    return min((_run(command, cwd) for _ in range(TURNS)), key=lambda done: done.seconds)


def _run(command: Sequence[str | Path], cwd: Path | None) -> Run:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | QUIET
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [*map(str, command)], stdout=out, stderr=subprocess.DEVNULL, env=environment, cwd=cwd
        )
        _, _, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = 0
        out.seek(0)
        return Run(seconds, usage.ru_maxrss / 1024, out.read())


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"\n## {title}\n")
    for number, line in enumerate(lines):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if not number:
            print("| " + " | ".join("-" * width for width in widths) + " |")


def load(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", BUILD, folder], check=True, env={**os.environ, **QUIET}, capture_output=True)
    rows: list[Sequence[object]] = []
    for name in ("small.keras", "resnet50.keras", "resnet50.h5"):
        path = folder / name
        base = run([sys.executable, "-c", LOAD, path])
        rows.append((name, "keras.models.load_model", f"{base.seconds:.2f} s", f"{base.memory:.0f} MiB", "1"))
        for label, more in (("kerascheck model --no-weights", ["--no-weights"]), ("kerascheck model", [])):
            done = run(kerascheck(path, *more))
            rows.append(
                (name, label, f"{done.seconds:.2f} s", f"{done.memory:.0f} MiB", f"1/{base.seconds / done.seconds:.1f}")
            )
    table("Whole processes", ("file", "command", "time", "peak memory", "of load_model"), rows)


def kerascheck(path: Path, *more: str) -> list[str | Path]:
    return [sys.executable, "-m", "kerascheck", "model", path, "--output-format", "json", "--no-cache", *more]


def weights(folder: Path) -> None:
    path = folder / "large.weights.h5"
    subprocess.run([sys.executable, "-c", LARGE, path], check=True)
    read, scan = ([_run([sys.executable, "-c", code, path], None) for _ in range(TURNS)] for code in (READ, SCAN))
    fastest = [min(float(done.output) for done in runs) for runs in (read, scan)]
    size = path.stat().st_size / 2**20
    rows = [
        ("h5py, every array whole", f"{fastest[0]:.2f} s", f"{max(done.memory for done in read):.0f} MiB", "1"),
        (
            "kerascheck, all statistics",
            f"{fastest[1]:.2f} s",
            f"{max(done.memory for done in scan):.0f} MiB",
            f"{fastest[1] / fastest[0]:.2f}",
        ),
    ]
    table(f"One pass over {size:.0f} MiB of weights", ("reader", "time", "peak memory", "ratio"), rows)


def scanners(folder: Path, venv: Path | None, models: Path | None) -> None:
    place = venv or install(folder)
    hostile = folder / "hostile"
    subprocess.run([sys.executable, ROOT / "tools" / "make_hostile_models.py", hostile], check=True)
    harmful = sorted(path for path in hostile.iterdir() if path.is_file())
    honest = sorted((hostile / "honest").iterdir())
    real = real_models(models) if models is not None else {}
    tools: dict[str, Callable[[Path], tuple[float, set[Path]]]] = {
        "kerascheck": of_kerascheck,
        "ModelScan 0.8": lambda path: of_modelscan(path, place, folder),
        "ModelAudit 0.2": lambda path: of_modelaudit(path, place, folder),
    }
    rows: list[Sequence[object]] = []
    missed: list[str] = []
    for name, scan in tools.items():
        seconds, told = scan(hostile)
        found = [path for path in harmful if path in told]
        accused = [path for path in honest if path in told]
        row: list[object] = [
            name,
            f"{seconds:.1f} s",
            f"{len(found)} of {len(harmful)}",
            f"{len(accused)} of {len(honest)}",
        ]
        if models is not None:
            seconds, told = scan(models)
            lambdas = [path for path, holds in real.items() if holds]
            others = [path for path, holds in real.items() if not holds]
            accused += [path for path in others if path in told]
            row += [
                f"{seconds:.1f} s",
                f"{sum(path in told for path in lambdas)} of {len(lambdas)}",
                f"{sum(path in told for path in others)} of {len(others)}",
            ]
        rows.append(row)
        missed.append(f"{name} misses {_listed(path for path in harmful if path not in found)}")
        missed.append(f"{name} accuses {_listed(accused)}")
    head = ["scanner", "time", "hostile files found", "honest files accused"]
    if models is not None:
        head += ["time, real files", "Lambdas found", "others accused"]
    table("Hostile and honest files", head, rows)
    print("\n" + "\n".join(missed))


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths) or "none"


def real_models(folder: Path) -> Mapping[Path, bool]:
    """The files of a collection, and whether each holds a Lambda as bytecode."""
    with (folder / "index.csv").open(newline="") as file:
        return {folder / row["file"]: "Lambda (bytecode)" in row["notable"] for row in csv.DictReader(file)}


def install(folder: Path) -> Path:
    place = folder / "scanners"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "modelscan", "modelaudit", "h5py", "pyyaml"], check=True)
    return place


def of_kerascheck(folder: Path) -> tuple[float, set[Path]]:
    # Every file is named, as a folder would leave out those that are no models by their content.
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".csv"]
    command = [
        sys.executable,
        "-m",
        "kerascheck",
        "model",
        *files,
        "--output-format",
        "json",
        "--no-cache",
        "--select",
        "KC8",
    ]
    done = _run(command, folder)
    findings = json.loads(done.output)["findings"]
    return done.seconds, {
        folder / finding["path"] for finding in findings if finding["severity"] in ("warning", "error")
    }


def of_modelscan(folder: Path, venv: Path, work: Path) -> tuple[float, set[Path]]:
    report = work / "modelscan.json"
    done = _run([venv / "bin" / "modelscan", "-p", folder, "-r", "json", "-o", report], work)
    issues = json.loads(report.read_text())["issues"]
    return done.seconds, {folder / issue["source"] for issue in issues}


def of_modelaudit(folder: Path, venv: Path, work: Path) -> tuple[float, set[Path]]:
    report = work / "modelaudit.json"
    command = [
        venv / "bin" / "modelaudit",
        "scan",
        folder,
        "--format",
        "json",
        "--output",
        report,
        "--no-cache",
        "--quiet",
    ]
    done = _run(command, work)
    issues = json.loads(report.read_text())["issues"]
    loud = [issue.get("location") or "" for issue in issues if issue["severity"] in ("warning", "critical")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return done.seconds, {path for path in files if any(_names(place, path) for place in loud)}


def _names(place: str, path: Path) -> bool:
    return place == str(path) or place.startswith((f"{path} ", f"{path}:", f"{path}/"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="a folder of real model files with an index.csv")
    parser.add_argument("--scanners", type=Path, help="an environment that has both scanners")
    parser.add_argument("--only", choices=("load", "weights", "scanners"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if options.only in (None, "load"):
            load(folder)
        if options.only in (None, "weights"):
            weights(folder)
        if options.only in (None, "scanners"):
            models = options.models.resolve() if options.models else None
            scanners(folder, options.scanners.resolve() if options.scanners else None, models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
