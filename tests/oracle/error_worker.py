"""Runs small scripts in real Keras and tells what each raised or warned.

python error_worker.py    {name: script} as JSON on stdin, {name: [message]} as JSON on stdout
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import sys
import tempfile
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def heard(script):
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        messages = []
        # Where Keras looks for the source of a function.
        linecache.cache["<sample>"] = (len(script), None, script.splitlines(keepends=True), "<sample>")
        try:
            exec(compile(script, "<sample>", "exec"), {"__name__": "__main__"})
        except Exception as error:
            messages.append(" ".join(str(part) for part in error.args))
    return [*messages, *(str(warning.message) for warning in caught)]


def main():
    scripts = json.load(sys.stdin)
    with contextlib.redirect_stderr(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        answers = {name: heard(script) for name, script in scripts.items()}
        os.chdir("/")
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
