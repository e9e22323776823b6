"""What rules there are, and what one of them is about."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from kerascheck.findings import Severity
from kerascheck.rule import Rule


def document(rules: Iterable[Rule]) -> str:
    """The rules as a JSON list."""
    entries = [
        {
            "code": rule.code,
            "name": rule.name,
            "family": rule.family,
            "group": rule.group,
            "severity": rule.severity.label,
            "summary": rule.summary,
            "fixable": rule.fixable,
            "since": rule.since,
            "documentation": rule.documentation,
            "preview": rule.preview,
            "options": dict(rule.options),
        }
        for rule in rules
    ]
    return json.dumps(entries, indent=2) + "\n"


def concise(rules: Iterable[Rule]) -> str:
    """A line a rule."""
    lines = [f"{rule.code} {rule.name}: {rule.severity.label}: {rule.summary}" for rule in rules]
    return "\n".join(lines) + "\n"


def print_table(rules: Iterable[Rule], *, colour: bool) -> None:
    """The rules as a table on standard output, as wide as its content where that is no terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("code", "name", "family", "severity", "fix"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what it finds", overflow="fold")
    styles = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
    for rule in rules:
        level = Text(rule.severity.label, style=styles[rule.severity])
        fix = "[*]" if rule.fixable else ""
        mark = " (preview)" if rule.preview else ""
        table.add_row(rule.code, rule.name, rule.family, level, Text(fix), Text(rule.summary + mark))
    width = None if sys.stdout.isatty() else 160
    console = Console(force_terminal=colour, no_color=not colour, highlight=False, width=width)
    with console.capture() as drawn:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def explanation(rule: Rule) -> str:
    """A rule's page in Markdown."""
    facts = [f"**{rule.severity.label}**", f"family {rule.family}", f"group {rule.group}", f"since {rule.since}"]
    facts += ["fixable"] * rule.fixable + ["preview: off until selected"] * rule.preview
    lines = [f"# {rule.code} {rule.name}", "", ", ".join(facts), "", rule.documentation]
    if rule.options:
        lines += ["", "## Options", ""]
        lines += [f"- `{name}`: {default:g} by default" for name, default in rule.options.items()]
        lines += ["", "Set them in the configuration, under", f"`[tool.kerascheck.rules.{rule.code}]`."]
    return "\n".join(lines) + "\n"


def print_explanation(rule: Rule, *, colour: bool) -> None:
    """A rule's page on standard output: drawn for a terminal, or else as Markdown."""
    if not colour:
        sys.stdout.write(explanation(rule))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(force_terminal=True).print(Markdown(explanation(rule)))
