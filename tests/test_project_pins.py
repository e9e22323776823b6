"""What a project's requirements tell of the Keras that its scripts aim at."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascheck import Config, check_script
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.project import pins_in

PINS: dict[str, tuple[int | Unknown, tuple[int, int] | Unknown]] = {
    "keras==2.2.4\ntensorflow==1.15.0": (2, (2, 2)),
    "keras>=3.0": (3, UNKNOWN),
    "keras<3": (2, UNKNOWN),
    "  - keras=2.3.1": (2, (2, 3)),
    'keras = "^3.1"': (3, UNKNOWN),
    'dependencies = ["keras>=3.10", "numpy"]': (3, UNKNOWN),
    "tf-keras==2.16": (2, UNKNOWN),
    "tensorflow==2.15.0": (2, (2, 15)),
    "tensorflow-cpu>=2.18": (3, UNKNOWN),
    "tensorflow<2.16": (2, UNKNOWN),
    "tensorflow>=2.10": (UNKNOWN, UNKNOWN),
    "keras": (UNKNOWN, UNKNOWN),
    "keras-tuner==1.4\nkeras-cv==0.9\ntensorflow-datasets==4.9": (UNKNOWN, UNKNOWN),
    "# keras==3.1": (UNKNOWN, UNKNOWN),
    "keras==2.3.1\nkeras==3.1": (UNKNOWN, UNKNOWN),
}


@pytest.mark.parametrize(("text", "expected"), PINS.items(), ids=PINS)
def test_a_pin_tells_a_generation(text: str, expected: tuple[int | Unknown, tuple[int, int] | Unknown]) -> None:
    pins = pins_in(text)
    assert (pins.generation, pins.release) == expected


def levels(folder: Path, pin: str) -> list[str]:
    (folder / ".git").mkdir(parents=True)
    (folder / "requirements.txt").write_text(pin)
    script = folder / "src" / "train.py"
    script.parent.mkdir()
    script.write_text("from keras.layers import Dense\nDense(output_dim=3)\n")
    return [finding.severity.label for finding in check_script(script, config=Config()).findings if finding.severity]


def test_a_script_is_judged_by_what_its_project_pins(tmp_path: Path) -> None:
    assert levels(tmp_path / "new", "keras>=3.5\n") == ["error"]
    assert levels(tmp_path / "open", "keras\n") == ["warning"]
    assert levels(tmp_path / "old", "keras==1.2.2\n") == []
