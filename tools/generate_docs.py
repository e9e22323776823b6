"""Writes docs/rules/: a page for every rule from its docstring, and their index; what other pages show of the rules;
and rules/index.json, by which the linter knows the rules before it imports them.

In docs/*.md the lines between `<!-- generated: NAME -->` and `<!-- end -->` are renewed, where `BLOCKS` has the name.

Run with the development environment: `python tools/generate_docs.py`; `--check` compares instead of writing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kerascheck import rule_index
from kerascheck.registry import declared, load, rules_of
from kerascheck.report.rules_page import explanation
from kerascheck.rule import GROUPS, Rule

DOCS = Path(__file__).parent.parent / "docs"
TARGET = DOCS / "rules"
PACK = "kerascheck_rules"
INDEX = DOCS.parent / "rules" / rule_index.FILE
BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
FAMILIES = {
    "kerascheck": "What the readers say",
    "data": "Data",
    "architecture": "Architecture",
    "output": "Output, loss and metrics",
    "optimizer": "Optimizer and learning rate",
    "training": "Training, callbacks, reproducibility",
    "api": "Keras versions and API",
    "weights": "Weights of model files",
    "safety": "Safety and portability of model files",
}
"""The families in the order of their codes, the engine's own first."""


def pages() -> dict[str, str]:
    """The text of every page by its file name."""
    rules = [rule for rule in load().rules if rule.family in FAMILIES]
    texts = {f"{rule.code}.md": explanation(rule) for rule in rules}
    texts["README.md"] = index(rules)
    return texts


def index(rules: Iterable[Rule]) -> str:
    """The table of rules, family by family."""
    lines = ["# Rules", "", "`[*]` marks a rule that offers fixes; a preview rule is off until it is selected by name."]
    known = list(rules)
    for family, title in FAMILIES.items():
        members = [rule for rule in known if rule.family == family]
        if not members:
            continue
        lines += ["", f"## {title}", "", "| code | name | severity | what it finds |", "| --- | --- | --- | --- |"]
        lines += [row(rule) for rule in members]
    return "\n".join(lines) + "\n"


def row(rule: Rule) -> str:
    fix = " [*]" if rule.fixable else ""
    preview = " (preview)" if rule.preview else ""
    summary = rule.summary.replace("|", "\\|")
    return f"| [{rule.code}]({rule.code}.md) | {rule.name}{fix} | {rule.severity.label} | {summary}{preview} |"


def groups(rules: Sequence[Rule]) -> Iterator[str]:
    """The rules of each group, by code."""
    yield from ("| group | rules |", "| --- | --- |")
    for group in GROUPS:
        yield f"| `{group}` | {', '.join(rule.code for rule in rules if rule.group == group)} |"


def thresholds(rules: Sequence[Rule]) -> Iterator[str]:
    """The options of every rule, with their defaults."""
    yield from ("| rule | threshold | default |", "| --- | --- | --- |")
    for rule in rules:
        for name, default in rule.options.items():
            yield f"| [{rule.code}](rules/{rule.code}.md) {rule.name} | `{name}` | {default:,.15g} |"


def migration(rules: Sequence[Rule]) -> Iterator[str]:
    """The rules of the group migration."""
    yield from ("| code | name | severity | what it finds |", "| --- | --- | --- | --- |")
    yield from (row(rule).replace("](", "](rules/", 1) for rule in rules if rule.group == "migration")


BLOCKS: Mapping[str, Callable[[Sequence[Rule]], Iterator[str]]] = {
    "groups": groups,
    "thresholds": thresholds,
    "migration": migration,
}
"""What the pages show of the rules, by name."""


def renewed(text: str, rules: Sequence[Rule]) -> str:
    """A page with its generated blocks as the rules make them."""
    return BLOCK.sub(lambda block: block[1] + "".join(f"{line}\n" for line in BLOCKS[block[2]](rules)) + block[3], text)


def shown() -> dict[Path, str]:
    """The pages whose generated blocks have changed, with their new text."""
    rules = [rule for rule in load().rules if rule.family in FAMILIES]
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
    return {path: new for path, text in texts.items() if (new := renewed(text, rules)) != text}


def listed() -> str:
    """The index of the built-in pack; a module whose functions are documented each for itself is left to be imported."""
    modules = {name: (size, list(rules_of(module))) for name, size, module in declared(PACK)}
    return rule_index.written(
        {name: found for name, found in modules.items() if not any(rule.check.__doc__ for rule in found[1])}
    )


def stale(texts: dict[str, str]) -> list[str]:
    """The names of pages that differ from the checked-in ones, are missing there, or are there for no rule."""
    there = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.md")}
    return sorted(name for name in texts.keys() | there.keys() if texts.get(name) != there.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a checked-in page differs")
    checked = parser.parse_args().check
    outdated = {} if INDEX.is_file() and INDEX.read_text(encoding="utf-8") == listed() else {INDEX: listed()}
    if outdated and not checked:
        INDEX.write_text(listed(), encoding="utf-8")
    texts = pages()
    changed, outdated = stale(texts), {**outdated, **shown()}
    if checked:
        print("\n".join((*changed, *(path.name for path in outdated))))
        return int(bool(changed or outdated))
    for path, new in outdated.items():
        path.write_text(new, encoding="utf-8")
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in texts:
            (TARGET / name).write_text(texts[name], encoding="utf-8")
        else:
            (TARGET / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
