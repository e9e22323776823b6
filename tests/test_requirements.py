"""Pins that a project asks for together, and those that no installation can meet."""

from __future__ import annotations

import json
from importlib.metadata import requires, version
from pathlib import Path

import pytest

from kerascheck import Config, check_paths, check_script
from kerascheck.findings import Finding
from kerascheck.keras_api.releases import RELEASES
from kerascheck.script.requirements import groups_in

SCRIPT = "import keras\n"

CONFLICTS: dict[str, tuple[str, str, int]] = {
    "numpy 2 beside an older TensorFlow": ("requirements.txt", "tensorflow==2.17.0\npandas\nnumpy==2.1.0  # new\n", 3),
    "numpy 2 beside a range": ("requirements.txt", "tensorflow-cpu>=2.10,<2.16\nnumpy>=2\n", 2),
    "keras 3 beside TensorFlow 2.15": ("requirements.txt", "keras~=3.3\ntensorflow==2.15.*\n", 1),
    "keras 2 beside TensorFlow 2.16": ("requirements.txt", "Keras<3\ntensorflow[and-cuda]==2.16.1\n", 1),
    "keras of another number": ("requirements.txt", "tensorflow==2.10.1\nkeras==2.11.0\n", 2),
    "keras 2.4 beside TensorFlow 1": ("requirements.txt", "keras==2.4.3\ntensorflow==1.15.0\n", 1),
    "keras 3 beside TensorFlow 2.3": ("requirements.txt", "keras==3.0.0\ntensorflow-gpu==2.3.0\n", 1),
    "tf-keras of another number": ("requirements.txt", "tensorflow==2.18.0\ntf_keras==2.16.0\n", 2),
    "an old numpy": ("requirements.txt", "numpy==1.19.5\ntensorflow==2.14.0\n", 1),
    "a numpy that is too new": ("requirements.txt", "numpy==1.26.4\ntensorflow==2.13.0\n", 1),
    "a project": (
        "pyproject.toml",
        '[project]\nrequires-python = ">=3.9"\ndependencies = [\n  "tensorflow==2.15.0",\n  "numpy>=2.1",\n]\n',
        5,
    ),
    "a Python without wheels": (
        "pyproject.toml",
        '[project]\nrequires-python = ">=3.12"\ndependencies = ["tensorflow==2.15.0"]\n',
        2,
    ),
    "an extra": (
        "pyproject.toml",
        '[project]\ndependencies = ["numpy>=2"]\n[project.optional-dependencies]\ntf = [\n  "tensorflow<2.18",\n]\n',
        2,
    ),
    "poetry": (
        "pyproject.toml",
        '[tool.poetry.dependencies]\npython = "^3.9"\nkeras = "^3.1"\ntensorflow = "~2.15"\n',
        3,
    ),
    "pipenv": (
        "Pipfile",
        '[packages]\nkeras = "==3.1.0"\ntensorflow = "==2.12.0"\n[requires]\npython_version = "3.10"\n',
        2,
    ),
    "setuptools": (
        "setup.py",
        'from setuptools import setup\nsetup(\n    install_requires=[\n        "tensorflow==2.15.0",\n        "numpy>=2",\n    ],\n)\n',
        5,
    ),
    "setup.cfg": ("setup.cfg", "[options]\ninstall_requires =\n    keras==3.0.5\n    tensorflow==2.14.0\n", 3),
    "the pip part of conda's file": (
        "environment.yml",
        "name: x\ndependencies:\n  - python=3.12\n  - pip:\n    - tensorflow==2.15.0\n    - keras==2.15.0\n",
        3,
    ),
}

FITTING: dict[str, tuple[str, str]] = {
    "one release of the range fits": ("requirements.txt", "tensorflow>=2.10\nnumpy>=2\n"),
    "releases to come": ("requirements.txt", "tensorflow>=2.16\nkeras>=3\nnumpy>=2.3\n"),
    "a range on both sides": ("requirements.txt", "tensorflow>=2.12,<2.19\nnumpy>=1.22,<2.1\nkeras\n"),
    "the pair of a release": ("requirements.txt", "tensorflow==2.13.1\nkeras==2.13.1\nnumpy==1.24.3\n"),
    "tf-keras of the same number": ("requirements.txt", "tensorflow~=2.17.0\ntf-keras~=2.17.0\n"),
    "Keras 2 that stood alone": ("requirements.txt", "tensorflow==1.14.0\nkeras==2.2.4\nnumpy==1.16.4\n"),
    "markers": (
        "requirements.txt",
        'tensorflow==2.15.0; python_version < "3.12"\ntensorflow==2.18.0; python_version >= "3.12"\nnumpy>=2\n',
    ),
    "a comment": ("requirements.txt", "tensorflow==2.15.0\n# numpy==2.0\n"),
    "packages of another name": ("requirements.txt", "tensorflow==2.15.0\nkeras-tuner==3.1\nnumpy-stl==2.16\n"),
    "extras that exclude each other": (
        "pyproject.toml",
        '[project]\n[project.optional-dependencies]\nold = ["tensorflow==2.15.0"]\nnew = ["numpy>=2", "keras>=3"]\n',
    ),
    "packages of conda": ("environment.yml", "dependencies:\n  - tensorflow=2.15\n  - numpy=2.0\n"),
    "a file that is broken": ("pyproject.toml", '[project\ndependencies = ["tensorflow==2.15.0", "numpy>=2"]\n'),
    "a configuration that is broken": ("setup.cfg", "tensorflow\n[options\ninstall_requires = keras==3.0\n"),
    "a setup script that does something else": ("setup.py", "import tensorflow\nsetup = 3\n"),
    "a setup script with a doubtful escape": (
        "setup.py",
        "from setuptools import setup\nsetup(description='\\d', install_requires=['keras==3.1'])\n",
    ),
    "a version that is no number": (
        "requirements.txt",
        "tensorflow==2.15.0\nnumpy==latest\nkeras @ git+https://example.org/keras\n",
    ),
    "exclusions": ("requirements.txt", "tensorflow==2.18.0\nnumpy!=2.0.1,>=1.26\n"),
}


def gaps(folder: Path, name: str, text: str, script: str = SCRIPT) -> list[Finding]:
    (folder / ".git").mkdir()
    (folder / name).write_text(text)
    (folder / "train.py").write_text(script)
    findings = check_script(folder / "train.py", config=Config()).findings
    return [finding for finding in findings if finding.code == "KC611"]


@pytest.mark.parametrize(("name", "text", "line"), CONFLICTS.values(), ids=CONFLICTS)
def test_pins_that_cannot_be_met_are_reported_where_they_stand(tmp_path: Path, name: str, text: str, line: int) -> None:
    (finding,) = gaps(tmp_path, name, text)
    assert finding.location.path.endswith(name)
    assert (finding.location.line, finding.severity and finding.severity.label) == (line, "warning")
    assert text.splitlines()[line - 1][finding.location.column - 1 :]


@pytest.mark.parametrize(("name", "text"), FITTING.values(), ids=FITTING)
def test_pins_that_leave_a_working_combination_are_not(tmp_path: Path, name: str, text: str) -> None:
    assert gaps(tmp_path, name, text) == []


def test_a_pin_is_reported_once_in_a_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("tensorflow==2.15.0\nnumpy>=2\n")
    for name in ("one.py", "two.py", "three.py"):
        (tmp_path / name).write_text(SCRIPT)
    report = check_paths([tmp_path], config=Config())
    assert [finding.code for finding in report.findings] == ["KC611"]


def test_a_comment_beside_a_pin_silences_it(tmp_path: Path) -> None:
    assert gaps(tmp_path, "requirements.txt", "tensorflow==2.15.0\nnumpy>=2  # kerascheck: ignore[KC611]\n") == []


def test_a_pin_of_keras_3_beside_a_script_for_keras_2(tmp_path: Path) -> None:
    (finding,) = gaps(tmp_path, "requirements.txt", "keras>=3.1\n", "from keras.utils import np_utils\n")
    assert finding.location.line == 1
    assert finding.related[0].location.path.endswith("train.py")


def test_a_pin_of_an_extra_says_nothing_of_the_scripts(tmp_path: Path) -> None:
    text = '[project]\n[project.optional-dependencies]\nnew = ["keras>=3.1"]\n'
    assert gaps(tmp_path, "pyproject.toml", text, "from keras.utils import np_utils\n") == []


def test_a_pin_of_keras_2_beside_a_script_for_keras_3(tmp_path: Path) -> None:
    text = "tensorflow==2.12.0\n"
    (finding,) = gaps(tmp_path, "requirements.txt", text, "import keras\nfrom keras import ops\nx = ops.ones(3)\n")
    assert finding.location.line == 1


@pytest.mark.parametrize(
    "script",
    [
        "from tf_keras.utils import np_utils\n",
        "try:\n    from keras.utils import np_utils\nexcept ImportError:\n    from keras import utils as np_utils\n",
        "from keras.layers import Dense\n",
    ],
)
def test_a_script_that_runs_with_its_pin(tmp_path: Path, script: str) -> None:
    assert gaps(tmp_path, "requirements.txt", "keras==3.4.1\n", script) == []


def test_what_a_notebook_installs_together(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source}
        for source in (["!pip install -q tensorflow==2.15.0 'numpy>=2'\n"], ["import keras\n"])
    ]
    notebook = tmp_path / "train.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (finding,) = [f for f in check_script(notebook, config=Config()).findings if f.code == "KC611"]
    assert (finding.location.cell, finding.location.line) == (1, 1)


def test_the_table_agrees_with_the_installed_packages() -> None:
    asked = [entry for entry in requires("tensorflow-cpu") or [] if entry.startswith(("keras", "numpy"))]
    text = "\n".join([f"tensorflow=={version('tensorflow-cpu')}", *asked])
    (group,) = groups_in("requirements.txt", text, "x")
    pins = {requirement.name: requirement.span for requirement in group}
    (release,) = [release for release in RELEASES if release.span.meets(pins["tensorflow"])]
    assert (release.keras, release.numpy) == (pins["keras"], pins["numpy"])
