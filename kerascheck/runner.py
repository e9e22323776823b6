"""Runs: which files a command looks at, what reads each, and the report of all of them."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from kerascheck.config import Choice, Config, find_config
from kerascheck.errors import InputError
from kerascheck.findings import FileKind, FileReport, FileStatus, Report, Severity
from kerascheck.folders import walk
from kerascheck.linter import Plan, Target, lint, lint_model, lint_script, lint_source
from kerascheck.remote import RemoteFile, remote_file

if TYPE_CHECKING:
    from kerascheck.cache import Cache

SCRIPT_SUFFIXES: Final = frozenset({".py", ".ipynb"})
MODEL_SUFFIXES: Final = frozenset({".h5", ".hdf5", ".keras"})
MAYBE_MODEL_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml", ".hdf", ".he5", ".model", ""})
"""Suffixes of much else: a file of these is a model when its content says so."""

SAVED_MODEL_FILES: Final = ("saved_model.pb", "keras_metadata.pb")

MANY_FILES: Final = 32
"""From this many files on worker processes are worth their start."""


class Mode(enum.Enum):
    """What a command reads."""

    SCRIPT = "script"
    MODEL = "model"
    CHECK = "check"


def check_script(source: str | Path, *, config: Config | None = None) -> FileReport:
    """Lint a script or notebook.

    Args:
        source: a path, or the text of a script (text that has a line break, or that names no file).
        config: by default the one nearest to the file.
    """
    path = Path(source) if isinstance(source, Path) or "\n" not in source else None
    if path is not None and (isinstance(source, Path) or path.is_file()):
        _must_exist(path)
        return lint_script(path, display(path), Plan(config or find_config([path])))
    return lint_source(str(source).encode(), "<string>", Plan(config or find_config([])))


def check_model(path: str | Path, *, config: Config | None = None) -> FileReport:
    """Lint a saved model; it is read, never loaded.

    Raises:
        InputError: when there is no such file.
    """
    file = named(path)
    _must_exist(file)
    return lint_model(file, display(file), Plan(config or find_config([file])))


def check_paths(
    paths: Iterable[str | Path],
    *,
    mode: Mode = Mode.CHECK,
    config: Config | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
) -> Report:
    """Lint files and folders.

    Args:
        paths: files and addresses of model files, which are always looked at, and folders, which are walked.
        mode: scripts and notebooks, models, or both told apart by content.
        config: by default the one nearest to the paths.
        select: selectors of the rules to run instead of the configured ones.
        ignore: selectors of rules to leave out.

    Raises:
        KerascheckError: for a path that does not exist, or a configuration that cannot be used.
    """
    files = [named(path) for path in paths]
    settings = config or find_config(files)
    choice = Choice(None if select is None else tuple(select), (), tuple(ignore))
    plan = Plan(settings.override(choice))
    return run(collect(files, mode, settings), plan)


def run(
    targets: Sequence[Target],
    plan: Plan,
    advance: Callable[[], None] | None = None,
    *,
    jobs: int | None = None,
    cache: Cache | None = None,
) -> Report:
    """Lint the targets.

    Args:
        targets: the files.
        plan: what to do to each.
        advance: called after each file.
        jobs: how many worker processes; None takes one a processor where there are many files, and for few files none.
        cache: where reports of earlier runs are looked up, and those of this one kept.
    """
    reports: list[FileReport] = []
    for report in _looked_up(targets, plan, jobs, cache) if cache is not None else _reports(targets, plan, jobs):
        reports.append(report)
        if advance is not None:
            advance()
    return Report(said_once(sorted(reports, key=lambda report: report.path)))


def said_once(reports: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """The reports without what one file's says about a module that it imports and another report says as well."""
    if not any(report.beside for report in reports):
        return tuple(reports)
    said = {
        (finding.code, finding.location) for report in reports for finding in report.findings
        if finding.location.path == report.path
    }  # fmt: skip
    result: list[FileReport] = []
    for report in reports:
        kept = [
            finding
            for finding in report.findings
            if finding.location.path == report.path or (finding.code, finding.location) not in said
        ]
        said.update((finding.code, finding.location) for finding in kept)
        result.append(report if len(kept) == len(report.findings) else replace(report, findings=tuple(kept)))
    return tuple(result)


def _looked_up(targets: Sequence[Target], plan: Plan, jobs: int | None, cache: Cache) -> Iterator[FileReport]:
    missing: dict[str, Target] = {}
    for target in targets:
        known = cache.find(target)
        if known is not None:
            yield known
        else:
            missing[target.display] = target
    for report in _reports(list(missing.values()), plan, jobs):
        cache.keep(missing[report.path], report)
        yield report


def _reports(targets: Sequence[Target], plan: Plan, jobs: int | None) -> Iterator[FileReport]:
    if jobs == 0 or (jobs is None and len(targets) < MANY_FILES and not _unsafe_in_place(targets)):
        return (lint(target, plan) for target in targets)
    from kerascheck.workers import Limits, lint_all, processors

    _ = plan.selection  # Before the workers start, so that a mistake in the configuration is said once.
    return lint_all(targets, plan, jobs or processors(), Limits())


def _unsafe_in_place(targets: Sequence[Target]) -> bool:
    """Whether a file could take others with it: where the HDF5 library has no child process of its own."""
    models = sum(target.kind is FileKind.MODEL for target in targets)
    return models > 1 and sys.platform != "linux"


def exit_code(report: Report, fail_on: Severity, *, exit_zero: bool = False) -> int:
    """0 clean, 1 findings at or above the threshold, 2 a file that could not be read or a rule that crashed."""
    unread = any(file.status is FileStatus.ERROR and file.findings for file in report.files)
    if unread or any(file.fault for file in report.files):
        return 2
    failed = any((finding.severity or Severity.ERROR) >= fail_on for finding in report.findings)
    return 1 if failed and not exit_zero else 0


def collect(paths: Iterable[Path], mode: Mode, config: Config) -> list[Target]:
    """The files to look at, each once: those that are named, and what the folders hold.

    Raises:
        InputError: for a path that does not exist.
    """
    targets: dict[str, Target] = {}
    for path in paths:
        _must_exist(path)
        if isinstance(path, RemoteFile) and mode is Mode.SCRIPT:
            raise InputError(f"`{path.shown}` is not on this machine: only model files are read from elsewhere")
        whole = not path.is_dir() or (mode is not Mode.SCRIPT and _is_model_folder(path))
        found = iter((_target(path, mode),)) if whole else _inside(path, mode, config)
        for target in found:
            targets.setdefault(target.display, target)
    return list(targets.values())


def named(written: str | Path) -> Path:
    """A path or an address as a user wrote it.

    Raises:
        InputError: for an address that is none.
    """
    return remote_file(written) if isinstance(written, str) and "://" in written else Path(written)


def display(path: Path) -> str:
    """A path as reports show it: relative to the working directory where it lies below, with forward slashes."""
    if isinstance(path, RemoteFile):
        return path.shown
    absolute, here = path.absolute(), Path.cwd()
    if ".." in absolute.parts:
        absolute = absolute.resolve()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise InputError(f"`{path.as_posix()}` does not exist")


def _target(path: Path, mode: Mode) -> Target:
    if isinstance(path, RemoteFile):
        return Target(path, path.shown, FileKind.MODEL)
    match mode:
        case Mode.SCRIPT:
            return Target(path, display(path), FileKind.SCRIPT)
        case Mode.MODEL:
            return Target(path, display(path), FileKind.MODEL)
        case Mode.CHECK:
            return Target(path, display(path), _kind_by_content(path))


def _is_model_folder(path: Path) -> bool:
    from kerascheck.artifact import sniff

    return sniff(path).is_model


def _inside(folder: Path, mode: Mode, config: Config) -> Iterator[Target]:
    paths = folder.rglob("*") if isinstance(folder, RemoteFile) else walk(folder, config.root, config.exclude)
    for path in paths:
        if path.name in SAVED_MODEL_FILES:
            if mode is not Mode.SCRIPT:
                # The graph of a SavedModel stands for its folder; metadata that were kept alone stand for themselves.
                model = path.parent if path.with_name(SAVED_MODEL_FILES[0]).is_file() else path
                yield Target(model, display(model), FileKind.MODEL)
            continue
        kind = _kind_in_folder(path, mode)
        if kind is FileKind.MODEL or (kind is not FileKind.OTHER and not isinstance(path, RemoteFile)):
            yield Target(path, display(path), kind)


def _kind_in_folder(path: Path, mode: Mode) -> FileKind:
    suffix = path.suffix.lower()
    if suffix in SCRIPT_SUFFIXES:
        return FileKind.SCRIPT if mode is not Mode.MODEL else FileKind.OTHER
    if mode is Mode.SCRIPT:
        return FileKind.OTHER
    if suffix in MODEL_SUFFIXES:
        from kerascheck.artifact import is_shard

        # Weights in several files are read from their index.
        return FileKind.OTHER if is_shard(path) else FileKind.MODEL
    return _kind_by_content(path, only_models=True) if suffix in MAYBE_MODEL_SUFFIXES else FileKind.OTHER


def _kind_by_content(path: Path, *, only_models: bool = False) -> FileKind:
    suffix = path.suffix.lower()
    if suffix == ".py":
        return FileKind.SCRIPT
    from kerascheck.artifact import Form, sniff

    try:
        form = sniff(path)
    except OSError:
        return FileKind.MODEL if suffix in MODEL_SUFFIXES else FileKind.SCRIPT
    if form.is_model:
        return FileKind.MODEL
    if only_models:
        return FileKind.OTHER
    if form is Form.NOTEBOOK or suffix in SCRIPT_SUFFIXES:
        return FileKind.SCRIPT
    return FileKind.MODEL if suffix in MODEL_SUFFIXES else _kind_by_first_line(path)


def _kind_by_first_line(path: Path) -> FileKind:
    with path.open("rb") as file:
        first = file.readline(200)
    return FileKind.SCRIPT if first.startswith(b"#!") and b"python" in first else FileKind.OTHER
