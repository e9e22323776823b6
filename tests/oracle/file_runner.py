"""Runs the examples that write model files, with real Keras, each in a folder of its own.

    python file_runner.py TASKS.json RESULTS.json

A task is `{"name", "text", "folder"}`; the result of each is the error that it ended in, or an empty text.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
import warnings
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
warnings.simplefilter("ignore")


def run(task: dict[str, str]) -> str:
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(20)
    os.chdir(task["folder"])
    try:
        exec(compile(task["text"], f"{task['name']}.py", "exec"), {"__name__": "__main__"})
    except Exception:
        return traceback.format_exc(limit=-2)
    return ""


def main() -> None:
    tasks, results = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with contextlib.redirect_stdout(io.StringIO()):
        found = {task["name"]: run(task) for task in json.loads(tasks.read_text())}
    results.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
