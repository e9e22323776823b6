"""Which rules run, at what level, with what thresholds."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_readers import FAKE_RULES
from msgspec.structs import replace

from kerascheck.config import Choice, Config
from kerascheck.errors import ConfigError, SelectionError
from kerascheck.findings import Severity
from kerascheck.reader_codes import READER_CODES
from kerascheck.registry import catalogue
from kerascheck.selection import choose

CATALOGUE = catalogue([*READER_CODES, *FAKE_RULES])
DEFAULT = {"KC201", "KC301", "KC302"}


def on(*choices: Choice) -> set[str]:
    return {rule.code for rule in choose(CATALOGUE, Config(Path(), choices=choices)).rules}


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        pytest.param((), DEFAULT, id="preview rules are off"),
        pytest.param((Choice(("KC201",)),), {"KC201"}, id="code"),
        pytest.param((Choice(("kc201",)),), {"KC201"}, id="code in lower case"),
        pytest.param((Choice(("model-seen",)),), {"KC201"}, id="name"),
        pytest.param((Choice(("run-seen",)),), {"KC301"}, id="earlier name"),
        pytest.param((Choice(("KC3",)),), {"KC301", "KC302"}, id="prefix"),
        pytest.param((Choice(("KC",)),), DEFAULT, id="prefix of all"),
        pytest.param((Choice(("ALL",)),), DEFAULT, id="ALL leaves preview rules off"),
        pytest.param((Choice(("KC5",)),), set(), id="a prefix does not turn on a preview rule"),
        pytest.param((Choice(("KC501",)),), {"KC501"}, id="a preview rule by code"),
        pytest.param((Choice(None, ("shy",)),), DEFAULT | {"KC501"}, id="a preview rule besides the others"),
        pytest.param((Choice(None, (), ("KC3",)),), {"KC201"}, id="ignored prefix"),
        pytest.param((Choice(("KC302",), (), ("KC3",)),), {"KC302"}, id="the longer selector wins"),
        pytest.param((Choice(("KC3",), (), ("KC302",)),), {"KC301"}, id="the longer ignore wins"),
        pytest.param((Choice(("KC301",), (), ("KC301",)),), set(), id="of two equal ones the ignore wins"),
        pytest.param((Choice(("KC3",), (), ("ALL",)),), {"KC301", "KC302"}, id="ALL is the weakest"),
        pytest.param((Choice(None, (), ("KC3",)), Choice(("KC301",))), {"KC301"}, id="select of the command line"),
        pytest.param((Choice(("KC3",)), Choice(None, (), ("KC301",))), {"KC302"}, id="ignore of the command line"),
        pytest.param((Choice(("KC3",)), Choice(None, ("KC2",))), DEFAULT, id="extend-select of the command line"),
        pytest.param((Choice(None, (), ("ALL",)), Choice(None, ("KC2",))), {"KC201"}, id="brought back"),
        pytest.param((Choice(()),), set(), id="an empty selection"),
        pytest.param((Choice(("style",)),), {"KC302"}, id="a group"),
        pytest.param((Choice(("correctness",), (), ("KC3",)),), {"KC201"}, id="a prefix is closer than a group"),
    ],
)
def test_rules_are_selected(choices: tuple[Choice, ...], expected: set[str]) -> None:
    assert on(*choices) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param(Choice(), {"KC900", "KC901", "KC902", "KC903", "KC904"}, id="by default"),
        pytest.param(Choice(("KC201",)), {"KC900", "KC901", "KC902"}, id="selecting others does not hide a failure"),
        pytest.param(Choice(None, (), ("ALL",)), {"KC900", "KC901", "KC902"}, id="nor does ignoring everything"),
        pytest.param(Choice(None, (), ("KC901",)), {"KC900", "KC902", "KC903", "KC904"}, id="ignoring the code does"),
    ],
)
def test_the_engines_own_codes(choice: Choice, expected: set[str]) -> None:
    codes = choose(CATALOGUE, Config(Path(), choices=(choice,))).codes
    assert {code for code in codes if code.startswith("KC9")} == expected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("KC202", "`KC202` selects no rule, did you mean `KC20"),
        ("model-sen", "`model-sen` selects no rule, did you mean `model-seen`?"),
        ("zzzzzz", "`zzzzzz` selects no rule: `kerascheck rules` lists them"),
        ("K", "`K` selects no rule"),
    ],
)
@pytest.mark.parametrize("where", ["select", "ignore", "per-file", "severity", "rules"])
def test_an_unknown_selector_is_an_error(selector: str, message: str, where: str) -> None:
    config = Config(Path())
    match where:
        case "select":
            config = replace(config, choices=(Choice((selector,)),))
        case "ignore":
            config = replace(config, choices=(Choice(None, (), (selector,)),))
        case "per-file":
            config = replace(config, per_file_ignores=(("*", (selector,)),))
        case "severity":
            config = replace(config, severity={selector: Severity.INFO})
        case _:
            config = replace(config, rules={selector: {}})
    with pytest.raises(SelectionError) as caught:
        choose(CATALOGUE, config)
    assert message.rstrip("0") in str(caught.value)


def test_the_closest_level_counts() -> None:
    levels = {"KC3": Severity.ERROR, "pair-seen": Severity.WARNING}
    found = choose(CATALOGUE, Config(Path(), severity=levels)).severities
    assert found == {"KC301": Severity.ERROR, "KC302": Severity.WARNING}


def test_thresholds_are_found_by_code_and_by_name() -> None:
    for name in ("KC201", "model-seen"):
        options = choose(CATALOGUE, Config(Path(), rules={name: {"limit": 7}})).options
        assert options["KC201"].number("limit", 3) == 7


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"KC201": {"limt": 1.0}}, "c: rule KC201 has no option `limt`, did you mean `limit`?"),
        ({"KC201": {"zz": 1.0}}, "c: rule KC201 has no option `zz`: it knows `limit`, `floor`"),
        ({"KC301": {"zz": 1.0}}, "c: rule KC301 has no option `zz`: it has none"),
        ({"KC3": {"zz": 1.0}}, "c: `rules.KC3` must name one rule, by its code or name"),
    ],
)
def test_an_unknown_threshold_is_an_error(rules: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(CATALOGUE, Config(Path(), "c", rules=rules))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("glob", "path", "exempt"),
    [
        ("tests/*", "tests/a.py", True),
        ("tests/", "tests/deep/a.py", True),
        ("*.ipynb", "notebooks/a.ipynb", True),
        ("**/old.py", "a/b/old.py", True),
        ("tests/*", "src/a.py", False),
        ("/a.py", "src/a.py", False),
    ],
)
def test_files_are_exempt_by_pattern(tmp_path: Path, glob: str, path: str, exempt: bool) -> None:
    selection = choose(CATALOGUE, Config(tmp_path, per_file_ignores=((glob, ("KC3",)),)))
    assert selection.exempt(tmp_path / path) == (frozenset({"KC301", "KC302"}) if exempt else frozenset())
