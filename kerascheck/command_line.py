"""Command lines of the commands that lint, read without a parser.

To import typer and build its parser takes longer than to lint a script, so what is plain to read is read here: options
in full, each with a value that it takes. All else (help, other commands, short options, mistakes) is left to typer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kerascheck.report import Format

FLAGS: Final = frozenset({
    "exit_zero", "statistics", "show_coverage", "layers", "no_weights", "fetch_weights", "no_progress", "no_cache"
})  # fmt: skip
SELECTORS: Final = frozenset({"select", "extend_select", "ignore"})
WITHOUT: Final[Mapping[str, frozenset[str]]] = {
    "script": frozenset({"layers", "no_weights", "fetch_weights"}),
    "model": frozenset({"stdin_filename"}),
    "check": frozenset[str](),
}
"""The commands that lint, and the options that say nothing to each."""


class _NotPlain(Exception):
    """A command line is for typer to read."""


def read(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What a command line asks for, to be called for the exit code; None where typer has to read it."""
    command, *rest = arguments or ("",)
    if command not in WITHOUT:
        return None
    try:
        paths, options = _split(rest, WITHOUT[command])
    except _NotPlain:
        return None
    return (lambda: lint(command, paths, options)) if paths else None


def lint(name: str, paths: Sequence[str], options: Mapping[str, Any]) -> int:
    """Run a command that lints; `options` are named as the fields of `Command`, those of its choice among them."""
    from kerascheck.command import Command, Mode
    from kerascheck.config import Choice

    given = dict(options)
    stdin_filename = str(given.pop("stdin_filename", ""))
    written = {option: given.pop(option) for option in SELECTORS & given.keys()}
    run = Command(choice=Choice(**written), **given)
    mode = Mode(name)
    if list(paths) == ["-"] and mode is not Mode.MODEL:
        return run.lint_standard_input(stdin_filename)
    return run.lint(paths, mode)


def listed(options: Sequence[str]) -> tuple[str, ...]:
    """The selectors in the values of an option that may be given often, each a list by comma."""
    return tuple(text for option in options for part in option.split(",") if (text := part.strip()))


def _split(arguments: Sequence[str], without: frozenset[str]) -> tuple[list[str], dict[str, Any]]:
    paths: list[str] = []
    options: dict[str, Any] = {}
    selectors: dict[str, list[str]] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
            continue
        name, equals, value = argument.partition("=")
        option = name[2:].replace("-", "_")
        if not name.startswith("--") or name != f"--{option.replace('_', '-')}" or option in without:
            raise _NotPlain
        if option in FLAGS:
            if equals:
                raise _NotPlain
            options[option] = True
            continue
        text = value if equals else next(rest, "-")
        if text.startswith("-"):
            raise _NotPlain
        if option in SELECTORS:
            selectors.setdefault(option, []).append(text)
        elif option in VALUES:
            options[option] = VALUES[option](text)
        else:
            raise _NotPlain
    return paths, {**options, **{option: listed(texts) for option, texts in selectors.items()}}


def _level(text: str) -> str:
    if text not in ("error", "warning", "info"):
        raise _NotPlain
    return text


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        raise _NotPlain from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _NotPlain
    return int(text)


VALUES: Final[Mapping[str, Callable[[str], object]]] = {
    "fail_on": _level,
    "output_format": _format,
    "output_file": Path,
    "jobs": _number,
    "config": Path,
    "stdin_filename": str,
}
