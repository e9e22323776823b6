"""Rules of others run like the built-in ones: an installed pack, and a local folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checkout import python

PACK = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "acme-keras-rules"
version = "1.0"

[project.entry-points."kerascheck.rules"]
acme = "acme_rules"

[tool.setuptools]
packages = ["acme_rules", "acme_rules.names"]
"""

RULE = '''
"""A model has a name.

## What it does
Finds models that nobody named.
"""

from collections.abc import Iterator

from kerascheck import Finding, Severity
from kerascheck.facts.graph import ModelGraph
from kerascheck.rule import rule


@rule("{code}", "{name}", Severity.WARNING, since="1.0")
def check(graph: ModelGraph) -> Iterator[Finding]:
    yield Finding("a model of {{}} layers".format(len(graph.layers)), graph.location, help="name it")
'''

SCRIPT = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages in which the pack is installed."""
    folder = tmp_path_factory.mktemp("pack")
    source = folder / "source"
    (source / "acme_rules" / "names").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PACK)
    (source / "acme_rules" / "__init__.py").write_text("")
    (source / "acme_rules" / "names" / "__init__.py").write_text("")
    (source / "acme_rules" / "names" / "unnamed_model.py").write_text(RULE.format(code="ACM001", name="unnamed-model"))
    install = ("-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index")
    python(*install, "--target", str(folder / "site"), str(source), folder=folder)
    return folder / "site"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def findings(script: Path, *options: str, site: Path | None = None) -> list[tuple[str, int]]:
    """The codes and lines that the program reports in a process of its own."""
    arguments = ("-m", "kerascheck", "script", script.name, "--output-format", "json", *options)
    document = json.loads(python(*arguments, folder=script.parent, path=site, codes=(0, 1)).stdout)
    return [(finding["code"], finding["line"]) for finding in document["findings"]]


def test_an_installed_pack_runs(script: Path, site: Path) -> None:
    assert ("ACM001", 3) in findings(script, site=site)
    assert findings(script, "--select", "ACM", site=site) == [("ACM001", 3)]
    assert findings(script, "--select", "unnamed-model", site=site) == [("ACM001", 3)]
    assert findings(script, "--ignore", "ACM001", site=site) == findings(script)


def test_an_installed_pack_is_listed_and_explained(tmp_path: Path, site: Path) -> None:
    listed = python("-m", "kerascheck", "rules", "--output-format", "json", folder=tmp_path, path=site).stdout
    (rule,) = [rule for rule in json.loads(listed) if rule["code"] == "ACM001"]
    assert (rule["family"], rule["summary"]) == ("names", "A model has a name.")
    page = python("-m", "kerascheck", "explain", "ACM001", folder=tmp_path, path=site).stdout
    assert "Finds models that nobody named." in page


@pytest.mark.parametrize("where", ["lint", "lint/unnamed.py"])
def test_a_local_folder_or_file_runs(where: str, script: Path) -> None:
    folder = script.parent / "lint"
    folder.mkdir()
    (folder / "unnamed.py").write_text(RULE.format(code="LOC001", name="unnamed"))
    (script.parent / "kerascheck.toml").write_text(f'rule-paths = ["{where}"]\n')
    assert ("LOC001", 3) in findings(script)
    assert findings(script, "--select", "unnamed") == [("LOC001", 3)]


def test_a_local_rule_and_a_pack_live_side_by_side(script: Path, site: Path) -> None:
    (script.parent / "unnamed.py").write_text(RULE.format(code="LOC001", name="unnamed"))
    (script.parent / "kerascheck.toml").write_text('rule-paths = ["unnamed.py"]\n')
    assert findings(script, "--select", "LOC,ACM", site=site) == [("ACM001", 3), ("LOC001", 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("import nowhere", "unnamed.py` cannot be imported: ModuleNotFoundError:", id="import fails"),
        pytest.param(RULE.format(code="KC901", name="x"), "two rules are called `KC901`", id="code is taken"),
        pytest.param(
            RULE.format(code="kc1", name="x"),
            "TypeError: a rule is declared as ('KC201', 'batchnorm-axis'), got ('kc1', 'x')",
            id="malformed code",
        ),
        pytest.param(
            RULE.format(code="LOC001", name="x").replace("graph: ModelGraph", "graph: int"),
            "TypeError: rule LOC001: a parameter must be annotated with one of ModelGraph, TrainingProgram",
            id="no fact",
        ),
    ],
)
def test_a_broken_rule_is_told_in_one_line(text: str, message: str, script: Path) -> None:
    (script.parent / "unnamed.py").write_text(text)
    (script.parent / "kerascheck.toml").write_text('rule-paths = ["unnamed.py"]\n')
    done = python("-m", "kerascheck", "script", script.name, folder=script.parent, codes=(2,))
    assert message in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_folder_that_does_not_exist_is_told(script: Path) -> None:
    (script.parent / "kerascheck.toml").write_text('rule-paths = ["nowhere"]\n')
    done = python("-m", "kerascheck", "script", script.name, folder=script.parent, codes=(2,))
    assert done.stderr.startswith("kerascheck: error: rule-paths: `") and done.stderr.endswith("does not exist\n")
