"""The configuration: where it is found, what it may say, how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascheck.config import Choice, find_config, parse_config, read_config
from kerascheck.errors import ConfigError, InputError
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import Severity

WHOLE = """
select = ["KC2", "KC301"]
extend-select = ["shy"]
ignore = ["KC204"]
fail-on = "error"
exclude = ["legacy/"]
rule-paths = ["lint/rules"]
target-keras = 2

[per-file-ignores]
"tests/*" = ["KC501"]

[severity]
KC221 = "warning"

[rules.KC221]
parameters = 100_000
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "kerascheck.toml").write_text(WHOLE)
    config = find_config([tmp_path / "train.py"])
    assert config.choices == (Choice(("KC2", "KC301"), ("shy",), ("KC204",)),)
    assert config.fail_on is Severity.ERROR
    assert config.exclude == ("legacy/",)
    assert config.rule_paths == (tmp_path / "lint/rules",)
    assert config.target_keras == 2
    assert config.per_file_ignores == (("tests/*", ("KC501",)),)
    assert config.severity == {"KC221": Severity.WARNING}
    assert config.rules == {"KC221": {"parameters": 100_000}}
    assert config.names_rules


def test_nothing_configured_is_the_default(tmp_path: Path) -> None:
    config = find_config([tmp_path])
    assert config.choices == () and config.fail_on is Severity.WARNING and config.target_keras is UNKNOWN
    assert not config.names_rules


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        pytest.param({"pyproject.toml": '[tool.kerascheck]\nignore=["A"]'}, "A", id="pyproject"),
        pytest.param(
            {"pyproject.toml": '[tool.kerascheck]\nignore=["A"]', "kerascheck.toml": 'ignore=["B"]'},
            "B",
            id="kerascheck.toml comes before pyproject.toml",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.kerascheck]\nignore=["A"]', "sub/pyproject.toml": "[tool.ruff]\n"},
            "A",
            id="a pyproject.toml without the table is passed by",
        ),
        pytest.param(
            {"kerascheck.toml": 'ignore=["A"]', "sub/kerascheck.toml": 'ignore=["B"]'}, "B", id="the nearest counts"
        ),
        pytest.param({"kerascheck.toml": '[tool.kerascheck]\nignore=["A"]'}, "A", id="the long table name also works"),
        pytest.param(
            {"pyproject.toml": '[project]\nname = "kerascheck-user"\n', "kerascheck.toml": 'ignore=["A"]'},
            "A",
            id="only the name is mentioned",
        ),
    ],
)
def test_the_nearest_configuration_is_found(tmp_path: Path, files: dict[str, str], chosen: str) -> None:
    (tmp_path / "sub").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert find_config([tmp_path / "sub" / "train.py"]).choices[0].ignore == (chosen,)


@pytest.mark.parametrize(
    "text",
    [
        '[ tool . "kerascheck" ]\nignore=["A"]',
        '["tool"]\nkerascheck.ignore = ["A"]',
        '[tool]  # of all kinds\nruff.line-length = 99\nkerascheck = {ignore = ["A"]}',
        'tool.kerascheck.ignore = ["A"]',
        '"tool".kerascheck = {ignore = ["A"]}',
        '[[package]]\nname = "tool"\n[tool.kerascheck]\nignore = ["A"]',
    ],
)
def test_the_table_is_found_however_it_is_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert find_config([tmp_path]).choices[0].ignore == ("A",)


def test_paths_in_several_folders_take_the_configuration_that_they_share(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "kerascheck.toml").write_text('fail-on = "info"')
    (tmp_path / "kerascheck.toml").write_text('fail-on = "error"')
    assert find_config([tmp_path / "a/x.py", tmp_path / "b/x.py"]).fail_on is Severity.ERROR
    assert find_config([tmp_path / "a/x.py", tmp_path / "a"]).fail_on is Severity.INFO


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"selct": []}, "c.toml: unknown key `selct`, did you mean `select`?"),
        ({"zzz": 1}, "c.toml: unknown key `zzz`"),
        ({"per_file_ignores": {}}, "c.toml: unknown key `per_file_ignores`, did you mean `per-file-ignores`?"),
        ({"select": "KC201"}, 'c.toml: `select` must be a list of strings, for instance ["KC201"]'),
        ({"ignore": [1]}, 'c.toml: `ignore` must be a list of strings, for instance ["KC201"]'),
        ({"fail-on": "fatal"}, 'c.toml: `fail-on` must be "error", "warning" or "info"'),
        ({"severity": {"KC201": 3}}, 'c.toml: `severity` must be "error", "warning" or "info"'),
        ({"severity": []}, 'c.toml: `severity` must be a table, for instance {KC221 = "warning"}'),
        ({"target-keras": 4}, "c.toml: `target-keras` must be 1, 2 or 3"),
        ({"target-keras": True}, "c.toml: `target-keras` must be 1, 2 or 3"),
        ({"rules": {"KC221": {"a": "b"}}}, "c.toml: `rules` must hold numbers, `KC221.a` is none"),
    ],
)
def test_a_mistake_is_told_in_one_line(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(table, Path(), "c.toml")
    assert str(caught.value) == message


def test_a_broken_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "kerascheck.toml").write_text("select = [")
    with pytest.raises(ConfigError, match=r"kerascheck\.toml: ") as caught:
        find_config([tmp_path])
    assert "\n" not in str(caught.value)


def test_a_named_configuration_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_config(tmp_path / "none.toml")


def test_the_command_line_comes_last() -> None:
    config = parse_config({"ignore": ["KC2"], "fail-on": "error"}, Path(), "c").override(Choice(("KC201",)))
    assert config.choices == (Choice(None, (), ("KC2",)), Choice(("KC201",)))
    assert config.fail_on is Severity.ERROR
    assert config.override(Choice(), Severity.INFO).fail_on is Severity.INFO
