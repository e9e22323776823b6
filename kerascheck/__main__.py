"""The `kerascheck` program, also as `python -m kerascheck`."""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import suppress
from typing import Final, NoReturn

from kerascheck import bundle, lean_msgspec
from kerascheck.errors import KerascheckError, one_line

FAILED: Final = 2
INTERRUPTED: Final = 130
"""What a shell says of a program that Ctrl-C ended."""

GARBAGE_THRESHOLD: Final = 200_000
"""A run makes many objects that live until its end; looking for cycles among them each 700 costs a tenth of it."""


def program() -> NoReturn:
    """Run a command and end the process.

    What is left in memory is not taken apart first: that would take a tenth of the time of a run.
    """
    gc.set_threshold(GARBAGE_THRESHOLD)
    # The products that weights are read with are small: threads for them cost start-up, memory, and time in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    found = bundle.install()
    lean_msgspec.prepare()
    # A stream that was closed before the start is None.
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    if found is not None:
        found.keep()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def main() -> NoReturn:
    """Run a command; what the user can put right is one line on standard error, and exit code 2.

    Raises:
        SystemExit: always, with the exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        print("kerascheck: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Who reads the report has seen enough, as `head` has.
        sys.exit(1)
    except KerascheckError as error:
        text = f"error: {error}"
    except (Exception, RecursionError) as error:
        text = f"internal error: {one_line(error)}; please report it with the file that shows it"
    print(f"kerascheck: {text}", file=sys.stderr)
    sys.exit(FAILED)


def _run() -> int:
    from kerascheck import command_line

    asked = command_line.read(sys.argv[1:])
    if asked is not None:
        return asked()
    from kerascheck.cli import app

    app()
    return 0


if __name__ == "__main__":
    program()
