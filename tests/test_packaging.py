"""The wheel, the source distribution and the editable install hold the program with all its rules."""

from __future__ import annotations

import json
import tarfile
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from checkout import ROOT, copy_to, python, source_files

import kerascheck

PACKAGES = {"kerascheck/": "kerascheck/", "rules/": "kerascheck_rules/"}
"""Folders of the checkout, and where an installation has them."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a source distribution, and of the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("packaging")
    copy_to(folder / "source")
    python("-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(folder / "source"), folder=folder)
    return folder / "dist"


def wheel_of(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


def installed_files() -> set[str]:
    """The files of the checkout that belong into an installation, as it calls them."""
    return {
        installed + name.removeprefix(folder)
        for folder, installed in PACKAGES.items()
        for name in source_files()
        if name.startswith(folder)
    }


def rule_files() -> set[str]:
    return {
        name
        for name in source_files()
        if name.startswith("rules/") and name.endswith(".py") and not name.endswith("__init__.py")
    }


def listed_rules(folder: Path, path: Path | None = None) -> set[str]:
    """The files of the rules that the installed program lists, as the checkout calls them."""
    out = python("-m", "kerascheck", "rules", "--output-format", "json", folder=folder, path=path).stdout
    rules = [rule for rule in json.loads(out) if not rule["code"].startswith("KC9")]
    return {f"rules/{rule['family']}/{rule['name'].replace('-', '_')}.py" for rule in rules}


def test_every_package_is_named() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {name.rpartition("/")[0].replace("/", ".") for name in installed_files() if name.endswith("/__init__.py")}
    assert set(named) == there


def test_the_wheel_holds_every_source_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(wheel_of(built)) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert files == installed_files()


def test_the_source_distribution_holds_every_source(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in source_files() if name.startswith(tuple(PACKAGES))} <= files
    assert {"LICENSE", "README.md", "pyproject.toml"} <= files


def test_the_wheel_runs_with_all_rules(built: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    python("-m", "pip", "install", "--no-deps", "--target", str(site), str(wheel_of(built)), folder=tmp_path)
    where = python("-c", "import kerascheck; print(kerascheck.__file__)", folder=tmp_path, path=site).stdout
    assert Path(where.strip()).is_relative_to(site)
    assert listed_rules(tmp_path, site) == rule_files() != set()
    metadata = next(site.glob("kerascheck-*.dist-info"))
    assert "Version 2.0, January 2004" in (metadata / "licenses" / "LICENSE").read_text()
    version = python("-m", "kerascheck", "--version", folder=tmp_path, path=site).stdout
    assert version == f"kerascheck {kerascheck.__version__}\n"


def test_the_editable_install_runs_with_all_rules(tmp_path: Path) -> None:
    # A checkout may hold the metadata of a build besides what is installed.
    origins = [found.read_text("direct_url.json") for found in distributions(name="kerascheck")]
    assert any(json.loads(origin)["dir_info"].get("editable") for origin in origins if origin)
    assert listed_rules(tmp_path) == rule_files()
