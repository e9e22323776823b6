"""The configuration: `kerascheck.toml`, or `[tool.kerascheck]` in `pyproject.toml`, as one frozen struct."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from kerascheck.errors import ConfigError, InputError, nearest
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Severity

LEVELS: Final = {level.label: level for level in Severity}


class Choice(Struct, frozen=True):
    """What one source asks to run: `select` None leaves the rules that are on as they are."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    @property
    def selectors(self) -> tuple[str, ...]:
        return (*(self.select or ()), *self.extend_select, *self.ignore)


class Config(Struct, frozen=True):
    """How a run behaves. Patterns and paths are relative to `root`; `source` names the file for messages.

    `choices` are applied one after the other: the file's, then the command line's. `rules` holds the thresholds of
    single rules by code or name. `target_keras` is 1, 2 or 3, `read_weights` whether of model files more than the
    configuration is read, `fetch_weights` whether that goes for files at an address as well.
    """

    root: Path = Path()
    source: str = "the configuration"
    choices: tuple[Choice, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict[str, Severity])
    fail_on: Severity = Severity.WARNING
    exclude: tuple[str, ...] = ()
    rule_paths: tuple[Path, ...] = ()
    target_keras: int | Unknown = UNKNOWN
    read_weights: bool = True
    fetch_weights: bool = False
    rules: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])

    def override(self, choice: Choice, fail_on: Severity | None = None) -> Config:
        """The configuration with the command line on top of it."""
        return replace(self, choices=(*self.choices, choice), fail_on=fail_on or self.fail_on)

    @property
    def names_rules(self) -> bool:
        """Whether anything in it names a rule, which must then be known to exist."""
        named = any(choice.selectors for choice in self.choices)
        return named or bool(self.per_file_ignores or self.severity or self.rules)


def configured(paths: Iterable[Path], file: Path | None, choice: Choice, fail_on: Severity | None = None) -> Config:
    """The configuration of a run: that of the file which the user names, or else the nearest, and the command line.

    Raises:
        KerascheckError: when it cannot be read, or says what it may not.
    """
    found = read_config(file) if file is not None else find_config(paths)
    return found.override(choice, fail_on)


def find_config(paths: Iterable[Path]) -> Config:
    """The configuration of the nearest folder at or above what all `paths` share.

    A `pyproject.toml` without a `kerascheck` table is passed by; in one folder `kerascheck.toml` comes first.

    Raises:
        ConfigError: when the file is malformed or holds a key that is not known.
    """
    start = _shared_folder([path.absolute() for path in paths])
    for folder in (start, *start.parents):
        for name in ("kerascheck.toml", "pyproject.toml"):
            file = folder / name
            if file.is_file() and (table := _table(file)) is not None:
                return parse_config(table, folder, _display(file))
    return Config(Path.cwd())


def read_config(file: Path) -> Config:
    """The configuration in a file that the user names.

    Raises:
        InputError: when there is no such file.
        ConfigError: when it is malformed or holds a key that is not known.
    """
    if not file.is_file():
        raise InputError(f"configuration file `{file.as_posix()}` does not exist")
    return parse_config(_table(file) or {}, file.absolute().parent, _display(file))


def parse_config(table: Mapping[str, object], root: Path, source: str) -> Config:
    """A `[tool.kerascheck]` table as a configuration.

    Raises:
        ConfigError: for a key that is not known, or a value of the wrong type.
    """
    config = Config(root, source)
    for key, value in table.items():
        reader = KEYS.get(key)
        if reader is None:
            raise ConfigError(f"{source}: unknown key `{key}`{nearest(key, KEYS)}")
        try:
            config = reader(config, value)
        except _Refused as refused:
            raise ConfigError(f"{source}: `{key}` {refused}") from None
    return config


class _Refused(Exception):
    """The value of one key is not what it must be."""


def _shared_folder(paths: list[Path]) -> Path:
    if not paths:
        return Path.cwd()
    folders = [path if path.is_dir() else path.parent for path in paths]
    shared = folders[0]
    while not all(folder.is_relative_to(shared) for folder in folders):
        shared = shared.parent
    return shared


def _display(file: Path) -> str:
    path = file.absolute()
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()


def _table(file: Path) -> Mapping[str, object] | None:
    """The kerascheck table of a file; None where a pyproject.toml has none."""
    data = file.read_bytes()
    project = file.name == "pyproject.toml"
    if project and not _may_configure(data):
        return None
    import tomllib

    try:
        document: Mapping[str, object] = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{_display(file)}: {' '.join(str(error).split())}") from None
    tool = document.get("tool")
    inner = cast("Mapping[str, object]", tool).get("kerascheck") if isinstance(tool, dict) else None
    if isinstance(inner, dict):
        return cast("Mapping[str, object]", inner)
    return None if project else document


def _may_configure(data: bytes) -> bool:
    """Whether the text of a pyproject.toml can hold a table `tool.kerascheck`, which is cheaper to ask than to parse it."""
    if b"kerascheck" not in data:
        return False
    lines = (line.translate(None, b" \t\"'") for line in data.splitlines() if b"tool" in line)
    return any(b"kerascheck" in line or line.startswith((b"tool", b"[tool]")) for line in lines)


def _strings(value: object) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    texts = tuple(item for item in items if isinstance(item, str))
    if len(texts) != len(items):
        raise _Refused('must be a list of strings, for instance ["KC201"]')
    return texts


def _mapping(value: object, example: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _Refused(f"must be a table, for instance {example}")
    return cast("Mapping[str, object]", value)


def _level(value: object) -> Severity:
    level = LEVELS.get(value) if isinstance(value, str) else None
    if level is None:
        raise _Refused('must be "error", "warning" or "info"')
    return level


def _choice(config: Config) -> Choice:
    return config.choices[0] if config.choices else Choice()


def _select(config: Config, value: object) -> Config:
    return replace(config, choices=(replace(_choice(config), select=_strings(value)),))


def _extend_select(config: Config, value: object) -> Config:
    return replace(config, choices=(replace(_choice(config), extend_select=_strings(value)),))


def _ignore(config: Config, value: object) -> Config:
    return replace(config, choices=(replace(_choice(config), ignore=_strings(value)),))


def _per_file_ignores(config: Config, value: object) -> Config:
    table = _mapping(value, '{"tests/*" = ["KC501"]}')
    return replace(config, per_file_ignores=tuple((glob, _strings(codes)) for glob, codes in table.items()))


def _severity(config: Config, value: object) -> Config:
    table = _mapping(value, '{KC221 = "warning"}')
    return replace(config, severity={selector: _level(level) for selector, level in table.items()})


def _fail_on(config: Config, value: object) -> Config:
    return replace(config, fail_on=_level(value))


def _exclude(config: Config, value: object) -> Config:
    return replace(config, exclude=_strings(value))


def _rule_paths(config: Config, value: object) -> Config:
    return replace(config, rule_paths=tuple(config.root / path for path in _strings(value)))


def _target_keras(config: Config, value: object) -> Config:
    if isinstance(value, bool) or not isinstance(value, int) or value not in (1, 2, 3):
        raise _Refused("must be 1, 2 or 3")
    return replace(config, target_keras=value)


def _read_weights(config: Config, value: object) -> Config:
    if not isinstance(value, bool):
        raise _Refused("must be true or false")
    return replace(config, read_weights=value)


def _rules(config: Config, value: object) -> Config:
    table = _mapping(value, "[tool.kerascheck.rules.KC221]")
    return replace(config, rules={name: _thresholds(name, options) for name, options in table.items()})


def _thresholds(rule: str, value: object) -> Mapping[str, float]:
    options: dict[str, float] = {}
    for name, number in _mapping(value, f"[tool.kerascheck.rules.{rule}]").items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise _Refused(f"must hold numbers, `{rule}.{name}` is none")
        options[name] = number
    return options


KEYS: Final[Mapping[str, Callable[[Config, object], Config]]] = {
    "select": _select,
    "extend-select": _extend_select,
    "ignore": _ignore,
    "per-file-ignores": _per_file_ignores,
    "severity": _severity,
    "fail-on": _fail_on,
    "exclude": _exclude,
    "rule-paths": _rule_paths,
    "target-keras": _target_keras,
    "read-weights": _read_weights,
    "rules": _rules,
}
