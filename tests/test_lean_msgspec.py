"""msgspec works as ever after it was imported without what kerascheck does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> str:
    start = "import sys\nfrom kerascheck import lean_msgspec\nlean_msgspec.prepare()\n"
    done = subprocess.run(
        [sys.executable, "-S", "-c", start + code], capture_output=True, text=True, timeout=60, check=False, env=site()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def site() -> dict[str, str]:
    """Where packages are found by a process that does not look into site-packages itself, and so imports nothing there."""
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_what_is_left_out_is_not_imported() -> None:
    loaded = run("print(*sys.modules)").split()
    assert "msgspec" in loaded
    assert not {"typing_extensions", "inspect", "platform", "textwrap", "msgspec.inspect"} & set(loaded)


@pytest.mark.parametrize(
    "code",
    [
        "import msgspec; print(msgspec.json.schema(int)['type'] == 'integer')",
        "import msgspec; print(type(msgspec.inspect.type_info(int)).__name__ == 'IntType')",
        "from msgspec.inspect import type_info, IntType; print(isinstance(type_info(int), IntType))",
        "import platform; print(len(platform.python_version()) > 3)",
        "import typing_extensions; print(hasattr(typing_extensions, 'TypedDict'))",
        "import msgspec, uuid\nclass A(msgspec.Struct):\n  u: uuid.UUID\nprint(msgspec.json.decode(msgspec.json.encode(A(uuid.UUID(int=3))), type=A).u.int == 3)",
    ],
)
def test_what_is_left_out_is_there_when_it_is_asked_for(code: str) -> None:
    assert run(code) == "True"
