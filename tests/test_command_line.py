"""What is read of a command line without a parser is what typer reads of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command

from kerascheck import command_line
from kerascheck.cli import app
from kerascheck.command import Command, Mode

Asked = tuple[Command, tuple[str, ...], str]

OPTIONS = (
    "--select", "--extend-select", "--ignore", "--fail-on", "--exit-zero", "--output-format", "--output-file",
    "--statistics", "--show-coverage", "--layers", "--no-weights", "--no-progress", "--no-cache", "--jobs", "--config",
    "--stdin-filename", "--help", "-h", "-j", "--version", "--", "--selec",
)  # fmt: skip
WORDS = (
    "train.py",
    "models",
    "-",
    "KC201",
    "KC2,data",
    "",
    "error",
    "warning",
    "concise",
    "json",
    "full",
    "3",
    "0",
    "-1",
    "a=b",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """The runs that are asked for, which do not take place."""
    runs: list[Asked] = []

    def lint(run: Command, paths: Sequence[str], mode: Mode) -> int:
        runs.append((run, tuple(paths), mode.value))
        return 0

    def lint_standard_input(run: Command, name: str) -> int:
        runs.append((run, ("-",), name))
        return 0

    monkeypatch.setattr(Command, "lint", lint)
    monkeypatch.setattr(Command, "lint_standard_input", lint_standard_input)
    return runs


def by_typer(arguments: Sequence[str], asked: list[Asked]) -> list[Asked]:
    """What typer makes of a command line; nothing where it refuses it or prints help."""
    asked.clear()
    with pytest.raises(SystemExit):
        app(list(arguments))
    return asked.copy()


def by_reading(arguments: Sequence[str], asked: list[Asked]) -> list[Asked] | None:
    """What is read without a parser; None where that is left to typer."""
    asked.clear()
    run = command_line.read(arguments)
    if run is None:
        return None
    run()
    return asked.copy()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(("script", "model", "check", "rules", "fix")),
    rest=st.lists(
        st.one_of(
            st.sampled_from(OPTIONS),
            st.sampled_from(WORDS),
            st.tuples(st.sampled_from(OPTIONS), st.sampled_from(WORDS)).map("=".join),
        ),
        max_size=7,
    ),
)
def test_what_is_read_is_what_typer_reads(asked: list[Asked], command: str, rest: list[str]) -> None:
    arguments = [command, *rest]
    plain = by_reading(arguments, asked)
    if plain is not None:
        assert plain == by_typer(arguments, asked)


@pytest.mark.parametrize(
    "line",
    [
        "script train.py",
        "script - --stdin-filename train.py",
        "model a.h5 b.keras --layers --no-weights",
        "check . --select KC2,data --select leakage --ignore KC201 --fail-on error --output-format json --output-file out.json",
        "script --no-cache --no-progress --exit-zero --statistics --show-coverage --jobs=4 --config kerascheck.toml train.py",
    ],
)
def test_a_plain_command_line_needs_no_parser(asked: list[Asked], line: str) -> None:
    arguments = line.split()
    plain = by_reading(arguments, asked)
    assert plain is not None
    assert plain == by_typer(arguments, asked)
    assert len(plain) == 1


@pytest.mark.parametrize(
    "line",
    ["", "--version", "script", "script --help", "rules", "script a.py --layers", "model - --stdin-filename x", "script a.py -j 2",
     "script a.py --fail-on never", "script a.py --jobs many", "script a.py --select", "script a.py --exit-zero=1"],
)  # fmt: skip
def test_all_else_is_left_to_typer(line: str) -> None:
    assert command_line.read(line.split()) is None


@pytest.mark.parametrize("name", ["script", "model", "check"])
def test_every_option_of_a_command_that_lints_is_read(name: str) -> None:
    group = get_command(app)
    command = group.get_command(typer.Context(group), name)  # pyright: ignore[reportAttributeAccessIssue]
    context = typer.Context(command)
    known = command_line.FLAGS | command_line.SELECTORS | command_line.VALUES.keys()
    options = {
        param.name: getattr(param, "is_flag", False)
        for param in command.get_params(context)
        if param.name not in ("paths", "help")
    }
    assert options.keys() == known - command_line.WITHOUT[name]
    assert {option for option, flag in options.items() if flag} == command_line.FLAGS - command_line.WITHOUT[name]
