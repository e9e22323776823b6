"""Writes docs/keras-errors.md: of every site where Keras raises or warns, which rule speaks of it first, or why none can.

It joins docs/keras-errors.csv, the sites as `list_keras_errors.py` found them, with docs/keras-errors.toml, which is kept by
hand. Run with the development environment: `python tools/generate_keras_errors.py`; `--check` compares instead of writing.
Both refuse a site that nothing is said of, a pattern that decides no site, and a rule that does not exist.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from kerascheck.registry import load

DOCS = Path(__file__).parent.parent / "docs"
SITES = DOCS / "keras-errors.csv"
VERDICTS = DOCS / "keras-errors.toml"
PAGE = DOCS / "keras-errors.md"

REASONS = {
    "values": "depends on values, masks or tensors that only the running program has",
    "files": "depends on what stands in a file or folder; `kerascheck model` reads files for what it can tell",
    "environment": "depends on the backend, on installed packages or on settings outside the script",
    "own code": "is a contract that a class of one's own may break in any way",
    "internal": "guards Keras's own code, or cannot be reached through its public calls",
    "notice": "tells what Keras does instead; nothing is wrong with the result",
    "outside": "belongs to quantization, LoRA, stateless calls or editing of files, which the analysis does not follow",
}
"""Why a site cannot be seen before the run."""

AREAS = {
    "layers": "Layers",
    "models": "Models",
    "ops": "Graphs and shapes",
    "trainers": "Compile, fit, evaluate, predict",
    "backend": "Backend and settings",
    "callbacks": "Callbacks",
    "saving": "Saving and loading",
    "optimizers": "Optimizers",
    "losses": "Losses",
    "metrics": "Metrics",
    "initializers": "Initializers",
    "activations": "Activations",
    "regularizers": "Regularizers",
    "constraints": "Constraints",
    "applications": "Applications",
    "utils": "Arguments that several layers share",
}
"""The headings of the tables, by the first folder of a module."""

INTRODUCTION = """# What Keras says only after the job has started

These are the places where Keras {version} raises an error or warns, in the modules that building, training and saving a model
run through. Each is read, and said to be one of three: a rule speaks of it before the run, a rule could and none does,
or it cannot be seen before the run. `kerascheck` itself never needs Keras to be installed.

A rule that covers a site speaks where the script proves the cause: a value that is written down or can be computed, a
shape that is known. It stays silent otherwise.

| what | sites |
| --- | --- |
"""


class Site(Struct, frozen=True):
    """A line of the list."""

    key: str
    kind: str
    condition: str
    message: str


class Covered(Struct, frozen=True, forbid_unknown_fields=True):
    """Sites that rules speak of."""

    rules: tuple[str, ...]
    sites: tuple[str, ...]
    note: str = ""


class Open(Struct, frozen=True, forbid_unknown_fields=True):
    """Sites that a rule could speak of."""

    topic: str
    sites: tuple[str, ...]


class Beyond(Struct, frozen=True, forbid_unknown_fields=True):
    """Sites that cannot be seen before the run; `reason` is one of `REASONS`."""

    reason: str
    sites: tuple[str, ...]


Verdict = Covered | Open | Beyond


class Verdicts(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of the sites."""

    covered: tuple[Covered, ...]
    open: tuple[Open, ...]
    beyond: tuple[Beyond, ...]

    @property
    def by_pattern(self) -> Mapping[str, Verdict]:
        """The verdict that each pattern stands for.

        Raises:
            ValueError: for a pattern that stands there twice.
        """
        found: dict[str, Verdict] = {}
        for verdict in (*self.covered, *self.open, *self.beyond):
            for pattern in verdict.sites:
                if pattern in found:
                    raise ValueError(f"{VERDICTS.name}: `{pattern}` stands there twice")
                found[pattern] = verdict
        return found


def judged(sites: Sequence[Site], verdicts: Verdicts) -> list[tuple[Site, Verdict]]:
    """Every site with what is said of it.

    Raises:
        ValueError: for a site without a verdict, two patterns that match one equally well, a pattern that decides no
            site, or a reason or rule that does not exist.
    """
    patterns = verdicts.by_pattern
    chosen = [(site, _pattern(site.key, patterns)) for site in sites]
    problems = [f"nothing is said of `{site.key}`" for site, pattern in chosen if not pattern]
    used = {pattern for _, pattern in chosen}
    problems += [f"`{pattern}` decides no site" for pattern in patterns if pattern not in used]
    problems += [f"`{item.reason}` is no reason" for item in verdicts.beyond if item.reason not in REASONS]
    known = load().by_name
    problems += [
        f"no rule has the code {code}" for item in verdicts.covered for code in item.rules if code not in known
    ]
    if problems:
        raise ValueError("\n".join(f"{VERDICTS.name}: {problem}" for problem in problems))
    return [(site, patterns[pattern]) for site, pattern in chosen]


def _pattern(key: str, patterns: Iterable[str]) -> str:
    """The pattern that decides; the empty text where none matches.

    Raises:
        ValueError: when two match equally well.
    """
    matching = [pattern for pattern in patterns if fnmatchcase(key, pattern)]
    weights = [len(pattern.replace("*", "")) for pattern in matching]
    best = [pattern for pattern, weight in zip(matching, weights, strict=True) if weight == max(weights)]
    if len(best) > 1:
        raise ValueError(f"{VERDICTS.name}: {' and '.join(best)} match `{key}` equally well")
    return best[0] if best else ""


def page(found: Sequence[tuple[Site, Verdict]], verdicts: Verdicts, version: str) -> str:
    """The whole page."""
    lines = [*_counts(found), "", *_open_topics(found, verdicts.open), "", *_reasons(found), ""]
    for area, title in AREAS.items():
        rows = [row(site, verdict) for site, verdict in found if site.key.partition("/")[0] == area]
        if rows:
            lines += [
                f"## {title}",
                "",
                "| site | raises | when | says | seen before the run |",
                "| --- | --- | --- | --- | --- |",
                *rows,
                "",
            ]
    return INTRODUCTION.format(version=version) + "\n".join(lines)


def _counts(found: Sequence[tuple[Site, Verdict]]) -> Iterator[str]:
    kinds = Counter(type(verdict) for _, verdict in found)
    yield f"| a rule speaks of it | {kinds[Covered]} |"
    yield f"| a rule could, and none does | {kinds[Open]} |"
    yield f"| it cannot be seen before the run | {kinds[Beyond]} |"
    yield f"| all | {len(found)} |"


def _open_topics(found: Sequence[tuple[Site, Verdict]], topics: Iterable[Open]) -> Iterator[str]:
    yield from ("## Decidable, and no rule speaks", "", "| what | sites |", "| --- | --- |")
    for item in topics:
        yield f"| {item.topic} | {sum(verdict is item for _, verdict in found)} |"


def _reasons(found: Sequence[tuple[Site, Verdict]]) -> Iterator[str]:
    yield from ("## What cannot be seen before the run", "", "| word | such a site | sites |", "| --- | --- | --- |")
    for reason, meaning in REASONS.items():
        count = sum(isinstance(verdict, Beyond) and verdict.reason == reason for _, verdict in found)
        yield f"| {reason} | {meaning} | {count} |"


def row(site: Site, verdict: Verdict) -> str:
    module, function, number = site.key.split(":")
    name = f"{module} `{function}`" + (f" {number}" if number != "1" else "")
    return f"| {name} | {site.kind} | {_code(site.condition)} | {_text(site.message)} | {_seen(verdict)} |"


def _seen(verdict: Verdict) -> str:
    match verdict:
        case Covered():
            links = ", ".join(f"[{code}](rules/{code}.md)" for code in verdict.rules)
            return f"{links}: {verdict.note}" if verdict.note else links
        case Open():
            return "**open**"
        case Beyond():
            return verdict.reason


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _text(text: str) -> str:
    return _cell(text).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def text() -> str:
    """The page as it should be.

    Raises:
        ValueError: for what `judged` refuses.
    """
    with SITES.open(encoding="utf-8", newline="") as file:
        version = next(file).removeprefix("# keras ").strip()
        rows = list(csv.DictReader(file))
    sites = [Site(row["site"], row["kind"], row["condition"], row["message"]) for row in rows]
    table = cast("Mapping[str, object]", tomllib.loads(VERDICTS.read_text(encoding="utf-8")))
    verdicts = msgspec.convert(table, Verdicts)
    return page(judged(sites, verdicts), verdicts, version)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the checked-in page differs")
    arguments = parser.parse_args()
    try:
        new = text()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.check:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
