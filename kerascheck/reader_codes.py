"""The codes that the engine itself speaks with; their checks never run, their docstrings are the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.findings import Finding, Severity
from kerascheck.rule import Rule, rule


@rule("KC900", "internal-error", Severity.ERROR, since="0.1")
def internal_error() -> Iterator[Finding]:
    """A rule crashed; its other findings and all other rules still stand.

    ## What it does
    Names the rule that raised an exception, and the exception. The run goes on and ends with exit code 2.

    ## Why it matters
    The rule may have missed something in this file. The fault is the rule's, never the script's or the model's.

    ## Known limits
    Only the first line of the exception is shown.

    ## References
    Report it to the author of the rule, with the smallest file that shows it; until then `--ignore` the rule.
    """
    yield from ()


@rule("KC901", "syntax-error", Severity.ERROR, since="0.1")
def syntax_error() -> Iterator[Finding]:
    """The source does not parse.

    ## What it does
    Points at the place where Python cannot read on. In a notebook only the broken cell is left out.

    ## Why it matters
    Nothing in the part that does not parse could be checked.

    ## Known limits
    Lines that IPython runs (`%matplotlib inline`, `!pip install keras`) are no errors.

    ## References
    https://docs.python.org/3/reference/grammar.html
    """
    yield from ()


@rule("KC902", "unreadable-file", Severity.ERROR, since="0.1")
def unreadable_file() -> Iterator[Finding]:
    """The file could not be read; the run goes on with the others and ends with exit code 2.

    ## What it does
    Says why a file was given up: no permission, damaged, hostile, or a form that is not supported.

    ## Why it matters
    A file that was not read was not checked.

    ## Known limits
    A damaged file is given up as a whole where its damage sits in front of what is looked for.

    ## References
    https://keras.io/guides/serialization_and_saving/
    """
    yield from ()


@rule("KC903", "analysis-cut-short", Severity.INFO, since="0.1", group="correctness")
def analysis_cut_short() -> Iterator[Finding]:
    """The script takes more steps to follow than the budget allows; what comes after is not known.

    ## What it does
    Says where the reading of a script stopped, so that silence is not taken for approval.

    ## Why it matters
    Models and calls after that place were not checked.

    ## Known limits
    The budget counts steps of evaluation, not seconds, so that a run gives the same findings on every machine.

    ## References
    The file's `coverage` in `--output-format json` says what was recovered.
    """
    yield from ()


@rule("KC904", "unused-suppression", Severity.WARNING, since="0.1", group="style", fixable=True)
def unused_suppression() -> Iterator[Finding]:
    """A comment silences a finding that is not there.

    ## What it does
    Points at `# kerascheck: ignore[…]` and `# noqa: KC…` whose rule is on and finds nothing on that line, and at names
    that no rule has.

    ## Why it matters
    A suppression that outlives its reason hides the next mistake on that line.

    ## Known limits
    Suppressions of rules that are not selected, and those in a file that could not be read whole, are left alone.

    ## References
    https://docs.astral.sh/ruff/rules/unused-noqa/
    """
    yield from ()


@rule("KC905", "graph-not-recovered", Severity.INFO, since="0.1", group="correctness", preview=True)
def graph_not_recovered() -> Iterator[Finding]:
    """A model could not be recovered whole from its script.

    ## What it does
    Names the construct that stopped the reader. Off unless it is selected, or `--show-coverage` is given.

    ## Why it matters
    Rules that need the whole graph were silent about this model.

    ## Known limits
    A layer of which only the name is known does not stop the reader: the graph goes on around it.

    ## References
    The file's `coverage` in `--output-format json` has the figures.
    """
    yield from ()


READER_CODES: Final[tuple[Rule, ...]] = (
    internal_error,
    syntax_error,
    unreadable_file,
    analysis_cut_short,
    unused_suppression,
    graph_not_recovered,
)

ALWAYS_ON: Final = frozenset({internal_error.code, syntax_error.code, unreadable_file.code})
"""What must not be lost by selecting other rules; ignoring it by code or name is possible."""
