"""Linting imports neither Keras nor TensorFlow, and start-up imports nothing that it could do without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures"
BACKENDS = {"keras", "tensorflow", "tf_keras", "torch", "jax"}
PROBE = """
import json, sys
{code}
print()
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def modules(code: str) -> set[str]:
    """The top-level modules that are there after `code` ran in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(code=code)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments: str) -> str:
    return f"""
from kerascheck.__main__ import main
sys.argv = ["kerascheck", *{list(arguments)!r}]
try:
    main()
except SystemExit as done:
    assert done.code in (0, 1), done.code
"""


def test_importing_the_package_imports_no_backend_and_nothing_heavy() -> None:
    there = modules("import kerascheck; assert kerascheck.__version__")
    assert not there & (BACKENDS | {"numpy", "h5py", "rich", "typer"})


@pytest.mark.parametrize("output", ["concise", "full", "json"])
def test_linting_a_script_imports_no_backend(output: str) -> None:
    there = modules(command("script", str(FIXTURES / "scripts" / "demo_pitfalls.py"), "--output-format", output))
    assert not there & (BACKENDS | {"h5py", "numpy"})


def test_linting_scripts_and_notebooks_imports_no_backend() -> None:
    there = modules(command("script", str(FIXTURES / "scripts"), str(FIXTURES / "notebooks")))
    assert not there & BACKENDS


def test_linting_models_imports_no_backend() -> None:
    files = [str(path) for suffix in ("h5", "keras") for path in sorted(FIXTURES.rglob(f"*.{suffix}"))]
    assert files
    assert not modules(command("model", *files, "--exit-zero")) & BACKENDS


def test_checking_a_folder_imports_no_backend() -> None:
    assert not modules(command("check", str(FIXTURES / "scripts"), "--exit-zero")) & BACKENDS


def test_the_api_imports_no_backend() -> None:
    code = """
import kerascheck
report = kerascheck.check_script("from keras import Sequential\\nmodel = Sequential()\\n")
assert report.status == "ok", report
"""
    assert not modules(code) & BACKENDS
