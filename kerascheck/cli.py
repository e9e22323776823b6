"""The commands, as typer reads them. The only module that imports typer; what a command needs is imported when it runs."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from kerascheck import __version__, command_line
from kerascheck.report import Format

if TYPE_CHECKING:
    from typer._click.core import Context, Parameter

    from kerascheck.config import Choice
    from kerascheck.registry import Catalogue


class Threshold(enum.StrEnum):
    """The least severity that makes a run fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


app = typer.Typer(
    name="kerascheck",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files and folders; model files also by their address.")
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="RULES",
        help="Run only these: codes or their beginnings, names, families, groups or ALL, by comma.",
    ),
]
ExtendSelect = Annotated[
    list[str] | None, typer.Option("--extend-select", metavar="RULES", help="Run these rules as well.")
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", metavar="RULES", help="Leave these rules out.")]
FailOn = Annotated[
    Threshold | None, typer.Option("--fail-on", help="Exit with 1 from this severity on; warning if not configured.")
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even when there are findings.")]
OutputFormat = Annotated[Format, typer.Option("--output-format", help="How to print.")]
OutputFile = Annotated[
    Path | None, typer.Option("--output-file", metavar="FILE", help="Write the report there, not to standard output.")
]
Statistics = Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule below the report.")]
ShowCoverage = Annotated[
    bool, typer.Option("--show-coverage", help="Tell how many models were recovered, and what stopped the others.")
]
AllLayers = Annotated[bool, typer.Option("--layers", help="Show every layer of a model file, not only the first ones.")]
NoWeights = Annotated[
    bool, typer.Option("--no-weights", help="Read the configuration of model files only, not what they store.")
]
FetchWeights = Annotated[
    bool, typer.Option("--fetch-weights", help="Read the weights of files at an address too: all of them is fetched.")
]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Read every file anew, and keep nothing.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=0, help="Worker processes; by default one a core for many files."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Use this file instead of the nearest configuration.")
]
StdinName = Annotated[
    str, typer.Option("--stdin-filename", metavar="NAME", help="With PATH -: what reports call standard input.")
]


def _print_version(asked: bool) -> None:
    if asked:
        print(f"kerascheck {__version__}")
        raise typer.Exit()


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
]


@app.callback()
def common(version: Version = False) -> None:
    """A static linter for Keras: it reads scripts and saved models, runs none of it, and tells what is wrong."""


def lint(
    context: typer.Context,
    paths: Paths,
    select: Select = None,
    extend_select: ExtendSelect = None,
    ignore: Ignore = None,
    fail_on: FailOn = None,
    exit_zero: ExitZero = False,
    output_format: OutputFormat = Format.FULL,
    output_file: OutputFile = None,
    statistics: Statistics = False,
    show_coverage: ShowCoverage = False,
    layers: AllLayers = False,
    no_weights: NoWeights = False,
    fetch_weights: FetchWeights = False,
    no_progress: NoProgress = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    config: ConfigFile = None,
    stdin_filename: StdinName = "",
) -> None:
    """Lint what the command that was called is for; its name says which files those are."""
    selectors = {"select": select, "extend_select": extend_select, "ignore": ignore}
    options = {name: command_line.listed(texts) for name, texts in selectors.items() if texts is not None}
    options |= {
        "fail_on": fail_on,
        "exit_zero": exit_zero,
        "output_format": output_format,
        "output_file": output_file,
        "statistics": statistics,
        "show_coverage": show_coverage,
        "layers": layers,
        "no_weights": no_weights,
        "fetch_weights": fetch_weights,
        "no_progress": no_progress,
        "no_cache": no_cache,
        "jobs": jobs,
        "config": config,
        "stdin_filename": stdin_filename,
    }
    raise typer.Exit(command_line.lint(context.command.name or "", paths, options))


def _fewer(name: str) -> type[TyperCommand]:
    """`lint` without the options that say nothing to a command."""

    class Fewer(TyperCommand):
        def get_params(self, ctx: Context) -> list[Parameter]:
            without = command_line.WITHOUT[name]
            return [parameter for parameter in super().get_params(ctx) if parameter.name not in without]

    return Fewer


app.command("script", help="Check training scripts and notebooks.", cls=_fewer("script"))(lint)
app.command(
    "model",
    help="Check saved models, here or at an address; they are read, never loaded.",
    short_help="Check saved models; they are read, never loaded.",
    cls=_fewer("model"),
)(lint)
app.command("check", help="Check both kinds, told apart by their content.")(lint)


@app.command()
def fix(
    paths: Paths,
    select: Select = None,
    extend_select: ExtendSelect = None,
    ignore: Ignore = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change and write nothing.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Also make changes that can alter what the program computes.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Mend scripts and notebooks in place, where a rule offers a fix."""
    from kerascheck.fix_command import FixCommand

    run = FixCommand(
        choice=_choice(select, extend_select, ignore),
        diff=diff,
        unsafe=unsafe_fixes,
        config=config,
    )
    raise typer.Exit(run.mend(paths))


@app.command()
def summary(
    paths: Paths,
    batch_size: Annotated[int, typer.Option("--batch-size", metavar="N", min=1, help="Samples a training step.")] = 32,
    output_format: OutputFormat = Format.FULL,
    config: ConfigFile = None,
) -> None:
    """Show the layers, sizes and costs of models.

    Of model files, and of models as a script builds them; nothing is loaded or run.
    """
    from kerascheck.summary_command import SummaryCommand

    raise typer.Exit(SummaryCommand(batch_size=batch_size, output_format=output_format, config=config).show(paths))


@app.command()
def rules(output_format: OutputFormat = Format.FULL, config: ConfigFile = None) -> None:
    """List the rules."""
    from kerascheck.report import rules_page
    from kerascheck.report.paint import wants_colour

    known = _catalogue(config).rules
    match output_format:
        case Format.JSON:
            sys.stdout.write(rules_page.document(known))
        case Format.CONCISE:
            sys.stdout.write(rules_page.concise(known))
        case Format.FULL:
            rules_page.print_table(known, colour=wants_colour(sys.stdout))


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(metavar="CODE|NAME", help="A rule, such as KC201 or batchnorm-axis.")],
    config: ConfigFile = None,
) -> None:
    """Tell what a rule finds, why it matters, and how to put it right."""
    from kerascheck.report import rules_page
    from kerascheck.report.paint import wants_colour

    rules_page.print_explanation(_catalogue(config).find(rule), colour=wants_colour(sys.stdout))


def _catalogue(config: Path | None) -> Catalogue:
    from kerascheck.config import Choice, configured
    from kerascheck.registry import load

    return load(configured([], config, Choice()).rule_paths)


def _choice(select: list[str] | None, extend_select: list[str] | None, ignore: list[str] | None) -> Choice:
    from kerascheck.config import Choice

    return Choice(
        None if select is None else command_line.listed(select),
        command_line.listed(extend_select or ()),
        command_line.listed(ignore or ()),
    )
