"""The list of what Keras raises is that of the installed Keras, and what it says of the rules is true."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from keras_argument_error_samples import ARGUMENT_SAMPLES
from keras_error_samples import SAMPLES as LAYERS
from keras_error_samples import Sample
from keras_layer_error_samples import LAYER_SAMPLES
from training_error_samples import TRAINING

from kerascheck import check_script

SAMPLES = (*LAYERS, *LAYER_SAMPLES, *ARGUMENT_SAMPLES, *TRAINING)
ROOT = Path(__file__).parent.parent
SITES = ROOT / "docs" / "keras-errors.csv"
PAGE = ROOT / "docs" / "keras-errors.md"


@pytest.mark.parametrize("tool", ["list_keras_errors.py", "generate_keras_errors.py"])
def test_the_list_and_its_page_are_up_to_date(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"run `python tools/{tool}`: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.site)
def test_the_rule_speaks_of_what_keras_will_say(sample: Sample) -> None:
    findings = check_script(sample.script).findings
    assert sample.code in {finding.code for finding in findings}
    assert sample.code in re.findall(r"\[(KC\d+)\]", last_cell(sample.site))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.site)
def test_keras_says_it(sample: Sample) -> None:
    expected = pattern(messages()[sample.site])
    said = heard()[sample.site]
    assert any(re.search(expected, " ".join(text.split())) for text in said), said


def test_every_rule_that_the_page_names_has_a_sample() -> None:
    named = set(re.findall(r"\[(KC\d+)\]\(rules/", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named == {sample.code for sample in SAMPLES}


def last_cell(site: str) -> str:
    """What the page says of a site."""
    module, function, number = site.split(":")
    name = f"| {module} `{function}`" + (f" {number}" if number != "1" else "") + " |"
    (row,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(name)]
    return row.rstrip(" |").rpartition(" | ")[2]


def messages() -> dict[str, str]:
    """The message of each site, with the names of values in braces."""
    with SITES.open(encoding="utf-8", newline="") as file:
        next(file)
        return {row["site"]: row["message"] for row in csv.DictReader(file)}


def pattern(message: str) -> str:
    """An expression for a message: anything where values stand, and after the end of one that was cut."""
    parts = [part.partition("{")[0] for part in re.split(r"\{[^{}]*\}", message.rstrip("…"))]
    assert max(map(len, parts)) > 10
    return ".*".join(re.escape(" ".join(part.split())) for part in parts)


@cache
def heard() -> dict[str, list[str]]:
    """What each sample raises and warns about in real Keras."""
    scripts = {sample.site: sample.script for sample in SAMPLES}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "oracle" / "error_worker.py")],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
