"""How many labelled faults kerascheck finds, and how many sound places it leaves alone.

    python benchmarks/evaluate.py bugs BUGS.csv FOLDER
    python benchmarks/evaluate.py leakage LEAKAGE.csv FOLDER

FOLDER holds the files that the list points at: `FOLDER/<id>/bad/` and, where a repaired version is named,
`FOLDER/<id>/fixed/` for bugs, `FOLDER/<id>/` for leakage. A fault is found when a rule of the right kind speaks within
three lines of the named place. `--missed` lists the rows that are not as they should be, `--rows` every row.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from kerascheck import Config, Finding
from kerascheck.config import Choice
from kerascheck.findings import FileReport
from kerascheck.linter import Plan, lint_source

REACH = 3
KINDS: Mapping[str, str] = {
    # bugs.csv
    "api-misuse": "KC115 KC603 KC121 KC605 KC606",
    "bn-epsilon": "KC206 KC304 KC305",
    "capacity": "KC227 KC228 KC230 KC242",
    "channels-order": "KC216 KC213 KC214 KC217 KC602 KC127",
    "compile-twice": "KC524",
    "conv-design": "KC241 KC229 KC228",
    "data-normalisation": "KC109 KC125",
    "disputed-label": "KC302",
    "dying-relu": "KC212 KC224 KC702",
    "embedding-range": "KC220",
    "hidden-activation-saturating": "KC212 KC106 KC307",
    "history-key": "KC507 KC601 KC602",
    "input-equals-target": "KC525",
    "input-missing-channel-axis": "KC127 KC213 KC214 KC217 KC216",
    "input-shape": "KC127 KC217 KC213 KC214 KC121 KC605 KC216",
    "input-shape-includes-batch": "KC217 KC127 KC213",
    "label-encoding": "KC306 KC121 KC302 KC303 KC311",
    "label-scaled-as-pixels": "KC109",
    "label-shape": "KC121 KC127 KC306",
    "labels-shuffled-alone": "KC108",
    "loss-mismatch": "KC302 KC303 KC307 KC308 KC310 KC311 KC312 KC306",
    "merge-shape": "KC214 KC213 KC126",
    "metric-mismatch": "KC309 KC310",
    "missing-flatten": "KC213 KC215 KC121 KC214 KC127",
    "missing-output-head": "KC215 KC202 KC121 KC127 KC311 KC312",
    "optimizer-lr": "KC401",
    "output-activation-missing": "KC304 KC312 KC310",
    "output-activation-regression": "KC307 KC308 KC301",
    "output-relu-classifier": "KC312 KC304",
    "output-sigmoid-categorical": "KC303 KC307 KC308",
    "output-softmax-single-unit": "KC301",
    "output-units-mismatch": "KC311 KC121 KC306",
    "predict-missing-batch-axis": "KC127",
    "preprocess-before-split": "KC105",
    "regularisation-missing": "KC221",
    "removed-api": "KC602 KC609",
    "return-sequences": "KC218 KC213 KC215",
    "spatial-collapse": "KC214 KC228",
    "unclear": "",
    "validation-from-training": "KC103",
    "weights-shape": "KC214 KC220 KC520",
    # leakage.csv
    "evaluated-on-training-data-only": "KC104",
    "generator-order-mismatch": "KC112",
    "kfold-reuses-model": "KC511",
    "preprocessing-fit-before-split": "KC105",
    "random-split-of-time-series": "KC117",
    "resample-or-augment-before-split": "KC107",
    "shuffle-disabled-on-training": "KC505",
    "test-as-validation-monitor-only": "KC101",
    "test-as-validation-with-selection": "KC101 KC120",
    "transformer-refit-on-test": "KC106",
    "tuner-search-on-test": "KC101 KC120",
    "validation-is-training-data": "KC103",
    "validation-split-on-ordered-data": "KC102",
    "vocabulary-fit-on-train-and-test": "KC105 KC119",
}
"""Which rules speak of a category of fault."""

Places = Mapping[int | None, set[int]]
"""Line numbers by cell; the cell of a script is None."""


class Verdict(Struct, frozen=True):
    """What was said of one row: `found` at the named place, `elsewhere` of the right kind but not there."""

    row: Mapping[str, str]
    found: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]
    others: tuple[Finding, ...]
    still: tuple[Finding, ...] = ()
    has_repair: bool = False


def as_notebook(data: bytes) -> bytes:
    """A list of executed cells, as some of the lists hold them, as a notebook; other content as it is."""
    document = json.loads(data)
    if "executed" not in document:
        return data
    entries = [*document["executed"], document["target"]]
    cells = [
        {"cell_type": "code", "source": entry["code"], "execution_count": entry.get("execution_count"), "metadata": {}}
        for entry in entries
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def reports(folder: Path, plan: Plan) -> Iterator[tuple[Path, FileReport]]:
    """Every file of a folder with its report."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        shown = path.with_suffix(".ipynb") if path.suffix == ".json" else path
        data = as_notebook(path.read_bytes()) if path.suffix == ".json" else path.read_bytes()
        yield path, lint_source(data, shown.name, plan, shown)


def lines_named(text: str, named: str) -> set[int]:
    """The lines that an entry like `L12: Dense(relu); compile(loss)` points at, with those of the calls it names."""
    lines = {int(number) for number in re.findall(r"\bL(\d+)", named)}
    calls = {*re.findall(r"\b([A-Za-z_]\w+)\(", named), *re.findall(r"(?:^|[;:])\s*([a-z_]\w+)\b", named)}
    for number, line in enumerate(text.splitlines(), 1):
        if any(re.search(rf"\b{name}\(", line) for name in calls):
            lines.add(number)
    return lines


def code_of(path: Path) -> dict[int | None, str]:
    """The text of a script, or of each cell of a notebook."""
    text = path.read_text("utf-8", "replace")
    if path.suffix not in (".ipynb", ".json"):
        return {None: text}
    try:
        cells = json.loads(as_notebook(text.encode()))["cells"]
    except (ValueError, KeyError):
        return {None: text}
    return {number: "".join(cell.get("source", "")) for number, cell in enumerate(cells, 1)}


def is_near(finding: Finding, places: Places) -> bool:
    """Whether a finding, or the cause that it shows, stands within reach of a named place."""
    spots = [finding.location, *(related.location for related in finding.related)]
    return any(
        abs(line - spot.line) <= REACH or spot.line <= line <= spot.end_line
        for spot in spots
        for line in places.get(spot.cell, ())
    )


def judge(row: Mapping[str, str], findings: list[Finding], places: Places) -> Verdict:
    kinds = KINDS[row.get("fault_category") or row["pitfall"]].split()
    right = [finding for finding in findings if finding.code in kinds]
    near = tuple(finding for finding in right if is_near(finding, places))
    elsewhere = tuple(finding for finding in right if finding not in near)
    return Verdict(row, near, elsewhere, tuple(finding for finding in findings if finding.code not in kinds))


def bugs(rows: list[dict[str, str]], folder: Path, plan: Plan) -> Iterator[Verdict]:
    for row in rows:
        findings: list[Finding] = []
        places: dict[int | None, set[int]] = {}
        for path, report in reports(folder / row["id"] / "bad", plan):
            if path.name == Path(row["path"]).name:
                findings += report.findings
                named = row["expected_line_or_api"]
                places.update({cell: lines_named(text, named) for cell, text in code_of(path).items()})
        verdict = judge(row, findings, places)
        repaired = folder / row["id"] / "fixed"
        codes = {finding.code for finding in verdict.found}
        still = tuple(f for _, report in reports(repaired, plan) for f in report.findings if f.code in codes)
        yield Verdict(row, verdict.found, verdict.elsewhere, verdict.others, still, repaired.is_dir())


def leakage(rows: list[dict[str, str]], folder: Path, plan: Plan) -> Iterator[Verdict]:
    for row in rows:
        cell, _, line = row["nb_cell"].rpartition(":")
        # The list counts cells from 0.
        places: Places = {int(cell) + 1: {int(line)}} if cell else {None: {int(row["line"])}}
        found = [
            finding
            for path, report in reports(folder / row["id"], plan)
            if path.name == Path(row["path"]).name
            for finding in report.findings
        ]
        yield judge(row, found, places)


def said(findings: tuple[Finding, ...]) -> str:
    spots = [f"{f.code}@{f'{f.location.cell}:' if f.location.cell else ''}{f.location.line}" for f in findings]
    return ", ".join(spots) or "nothing"


def tell_bugs(verdicts: list[Verdict], *, missed: bool, rows: bool) -> None:
    for answer in ("yes", "maybe", "no"):
        part = [verdict for verdict in verdicts if verdict.row["statically_detectable"] == answer]
        found = sum(bool(verdict.found) for verdict in part)
        close = sum(not verdict.found and bool(verdict.elsewhere) for verdict in part)
        print(f"decidable {answer:5}: {found}/{len(part)} found, {close} more by the right kind elsewhere")
    repaired = [verdict for verdict in verdicts if verdict.has_repair and verdict.found]
    gone = sum(not verdict.still for verdict in repaired)
    print(f"repaired versions: the finding is gone in {gone}/{len(repaired)}")
    for verdict in verdicts:
        row = verdict.row
        lost = not verdict.found and row["statically_detectable"] == "yes"
        if rows or (missed and (lost or verdict.still)):
            mark = "found" if verdict.found else "MISSED"
            print(
                f"{mark} {row['id']} {row['fault_category']} [{row['expected_line_or_api']}]: {said(verdict.found)}; "
                f"elsewhere {said(verdict.elsewhere)}; others {said(verdict.others)}"
                + (f"; STILL in the repaired version: {said(verdict.still)}" if verdict.still else "")
            )


def tell_leakage(verdicts: list[Verdict], *, missed: bool, rows: bool) -> None:
    bad = [verdict for verdict in verdicts if verdict.row["label"] == "bad"]
    good = [verdict for verdict in verdicts if verdict.row["label"] == "good"]
    print(f"bad rows: {sum(bool(verdict.found) for verdict in bad)}/{len(bad)} found")
    print(f"good rows: {sum(bool(verdict.found) for verdict in good)}/{len(good)} with a finding (0 is right)")
    by_kind = Counter((verdict.row["pitfall"], bool(verdict.found)) for verdict in bad)
    for kind in sorted({kind for kind, _ in by_kind}):
        print(f"  {kind}: {by_kind[kind, True]}/{by_kind[kind, True] + by_kind[kind, False]}")
    for verdict in verdicts:
        row = verdict.row
        wrong = bool(verdict.found) != (row["label"] == "bad")
        if rows or (missed and wrong):
            mark = ("MISSED" if row["label"] == "bad" else "FALSE ALARM") if wrong else "right"
            print(
                f"{mark} {row['id']} {row['pitfall']} [{row['nb_cell'] or row['line']}]: {said(verdict.found)}; "
                f"elsewhere {said(verdict.elsewhere)}; others {said(verdict.others)}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["bugs", "leakage"])
    parser.add_argument("list", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", action="store_true", help="list the rows that are not as they should be")
    parser.add_argument("--rows", action="store_true", help="list every row")
    parser.add_argument("--select", default="ALL", help="which rules, by comma; preview rules only by code")
    arguments = parser.parse_args()
    with arguments.list.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    plan = Plan(Config(Path(), choices=(Choice(tuple(arguments.select.split(","))),)))
    run, tell = (bugs, tell_bugs) if arguments.kind == "bugs" else (leakage, tell_leakage)
    tell(list(run(rows, arguments.folder, plan)), missed=arguments.missed, rows=arguments.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
