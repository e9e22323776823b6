"""The program as a process: how it ends when its streams are closed and when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FINDING = (
    "import keras\n\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.9), keras.layers.Dense(1)])\n"
)
PROGRAM = (sys.executable, "-m", "kerascheck", "script", "--no-cache", "--output-format", "concise")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and streams are those of POSIX")


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder of many scripts with a finding each."""
    for number in range(400):
        (tmp_path / f"train_{number}.py").write_text(FINDING * 20)
    return tmp_path


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_from_the_start_changes_nothing_else(scripts: Path, closed: str) -> None:
    line = f'exec "$@" {closed}'
    command = ("sh", "-c", line, "sh", *PROGRAM, str(scripts / "train_0.py"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert bool(done.stdout) == closed.startswith("2")


def test_a_reader_that_has_seen_enough_is_no_failure(scripts: Path) -> None:
    with subprocess.Popen(
        (*PROGRAM, "--jobs", "0", str(scripts)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait(60) == 1


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_an_interrupted_run_says_so_in_one_line(scripts: Path, jobs: str) -> None:
    # The first file is a pipe that nobody writes to, so that the run is waiting when the signal comes.
    os.mkfifo(scripts / "train.py")
    command = (*PROGRAM, "--jobs", jobs, str(scripts / "train.py"), str(scripts))
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as run:
        time.sleep(2)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert (run.returncode, errors) == (130, "kerascheck: interrupted\n")
