"""The file of compiled modules: it is read in place of many, never trusted beyond its sources, and never in the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kerascheck import bundle

CODE = """
import sys
from kerascheck import bundle
bundle.PACKAGES = frozenset({"pack"})
found = bundle.Bundle(sys.argv[1])
sys.meta_path.insert(0, found)
sys.path.insert(0, sys.argv[2])
import pack
total = 0
for number in range(12):
    __import__(f"pack.part{number}")
    total += getattr(pack, f"part{number}").VALUE
kept = sum(type(module.__spec__.loader).__name__ == "_Loader" for name, module in sys.modules.items() if name.startswith("pack"))
found.keep()
print(total, kept, pack.__file__ == pack.__spec__.origin, pack.part1.__doc__)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a package of twelve modules, each worth its number."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    for number in range(12):
        (tmp_path / "pack" / f"part{number}.py").write_text(f'"""Part."""\nVALUE = {number}\n')
    return tmp_path


def imported(folder: Path, *, writes: bool = True) -> tuple[int, int]:
    """What the modules are worth together, and how many came out of the file."""
    options = () if writes else ("-B",)
    arguments = (sys.executable, *options, "-c", CODE, str(folder / "bundle.bin"), str(folder))
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    total, kept, located, doc = done.stdout.split()
    assert (located, doc) == ("True", "Part.")
    return int(total), int(kept)


def test_modules_come_out_of_the_file_from_the_second_time_on(folder: Path) -> None:
    assert imported(folder) == (66, 0)
    assert (folder / "bundle.bin").is_file()
    assert imported(folder) == (66, 13)


def test_a_module_whose_source_has_changed_is_compiled_again(folder: Path) -> None:
    imported(folder)
    (folder / "pack" / "part3.py").write_text('"""Part."""\nVALUE = 1003\n')
    assert imported(folder) == (1066, 12)


@pytest.mark.parametrize("damage", ["empty", "table", "code", "other"])
def test_a_damaged_file_is_passed_by(folder: Path, damage: str) -> None:
    imported(folder)
    file = folder / "bundle.bin"
    data = file.read_bytes()
    table = 8 + int.from_bytes(data[:8], "little")
    file.write_bytes(
        {"empty": b"", "table": data[: table // 2], "code": data[:table], "other": b"\xff" * len(data)}[damage]
    )
    assert imported(folder)[0] == 66


def test_nothing_is_written_where_python_is_told_to_write_no_bytecode(folder: Path) -> None:
    imported(folder, writes=False)
    assert not (folder / "bundle.bin").exists()


def test_a_folder_that_cannot_be_written_is_no_failure(folder: Path) -> None:
    (folder / "bundle.bin").mkdir()
    assert imported(folder) == (66, 0)


@pytest.mark.parametrize("reason", ["few modules", "a folder of somebody else"])
def test_nothing_is_compiled_that_will_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(bundle, "_compiled", compiled.append)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    if reason == "few modules":
        monkeypatch.setattr(bundle, "WORTH_WRITING", 10_000)
    else:
        monkeypatch.setattr(bundle.os, "access", lambda path, mode: False)
    found = bundle.Bundle(str(tmp_path / "bundle.bin"))
    found.keep()
    assert compiled == []
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "_compiled", compiled.append)
    monkeypatch.setattr(bundle, "WORTH_WRITING", 0)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    found.keep()
    assert "kerascheck.bundle" in compiled
