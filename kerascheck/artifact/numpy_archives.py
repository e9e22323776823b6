"""Weights in a NumPy archive. Headers and numbers are read as bytes: what only `pickle` could read is left closed."""

from __future__ import annotations

import ast
import math
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kerascheck.artifact.members import Window, data_offset, member
from kerascheck.artifact.refusals import DamagedError
from kerascheck.artifact.survey import Array, Survey
from kerascheck.facts.container import Damage

if TYPE_CHECKING:
    from kerascheck.artifact.blocks import Source

_MAGIC: Final = b"\x93NUMPY"
_HEADER_LIMIT: Final = 64 * 1024
_ARRAYS: Final = 100_000
_TYPES: Final = {
    "b1": "bool",
    **{f"{kind}{size}": f"{name}{8 * size}" for kind, name in (("i", "int"), ("u", "uint")) for size in (1, 2, 4, 8)},
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
}
_ERRORS: Final = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError, RuntimeError)


class NumpyArchive:
    """An archive of arrays in a file, or in a member of a `.keras` archive."""

    library = False
    beside = ()
    absent = False

    def __init__(self, path: Path, name: str = "") -> None:
        self._path = path
        self._name = name

    def survey(self) -> Survey:
        with ExitStack() as stack:
            file, _ = self._opened(stack)
            arrays: list[Array] = []
            damages: list[Damage] = []
            try:
                archive = stack.enter_context(zipfile.ZipFile(file))
                for info in archive.infolist()[:_ARRAYS]:
                    try:
                        if (array := _array(file, archive, info)) is not None:
                            arrays.append(array)
                    except _ERRORS as error:
                        text = " ".join(str(error).split())[:120]
                        damages.append(Damage(f"`{info.filename}` cannot be read: {text}", info.filename))
            except _ERRORS as error:
                raise DamagedError(f"a damaged NumPy archive: {' '.join(str(error).split())[:200]}") from None
            return Survey(tuple(arrays), damages=tuple(damages))

    def sources(self, stack: ExitStack) -> list[Source]:
        from kerascheck.artifact.blocks import Source

        file, base = self._opened(stack)
        archive = stack.enter_context(zipfile.ZipFile(file))

        def packed(array: Array) -> IO[bytes]:
            unpacked = stack.enter_context(archive.open(f"{array.path}.npy"))
            _header(unpacked)
            return unpacked

        # What is packed in an archive that is packed itself is read through the file that it was unpacked into.
        raw = file if base is None else stack.enter_context(self._path.open("rb", buffering=0))
        return [Source(raw, base or 0, packed=packed)]

    def _opened(self, stack: ExitStack) -> tuple[IO[bytes], int | None]:
        """The archive, and where it begins in the file on disk; None for one that had to be unpacked."""
        if not self._name:
            return stack.enter_context(self._path.open("rb")), 0
        part = stack.enter_context(member(self._path, self._name))
        return part, part.start if isinstance(part, Window) else None


def _array(file: IO[bytes], archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array | None:
    """An array by its header; None for one of Python objects, texts or records."""
    if not info.filename.endswith(".npy") or info.flag_bits & 1:
        return None
    with archive.open(info) as member_file:
        found = _header(member_file)
        if found is None:
            return None
        dtype, shape, turned = found
        length = member_file.tell()
    stored = info.compress_type == zipfile.ZIP_STORED
    return Array(
        info.filename.removesuffix(".npy"),
        shape,
        ("" if dtype[0] != ">" else ">") + _TYPES[dtype[1:]],
        math.prod(shape) * int(dtype[2:]),
        max(info.compress_size - length, 0) if stored else info.compress_size,
        data_offset(file, info) + length if stored else None,
        turned=turned and len(shape) > 1,
    )


def _header(file: IO[bytes]) -> tuple[str, tuple[int, ...], bool] | None:
    """Type, shape and order of an array in the format of NumPy; the file is left behind the header."""
    head = file.read(8)
    if not head.startswith(_MAGIC):
        return None
    wide = 2 if head[6] == 1 else 4
    length = int.from_bytes(file.read(wide), "little")
    if length > _HEADER_LIMIT:
        raise ValueError("its header is longer than any")
    # Literals alone: nothing in the header is run.
    try:
        described = ast.literal_eval(file.read(length).decode("utf-8", "replace").strip())
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"its header does not parse: {error}") from None
    if not isinstance(described, dict):
        raise ValueError("its header describes no array")
    about = cast("dict[object, object]", described)
    dtype, shape = about.get("descr"), about.get("shape")
    if not isinstance(dtype, str) or dtype[1:] not in _TYPES:
        return None
    sizes = cast("tuple[object, ...]", shape) if isinstance(shape, tuple) else (None,)
    whole = tuple(size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and size >= 0)
    if len(whole) != len(sizes):
        raise ValueError("its header holds no shape")
    return dtype, whole, about.get("fortran_order") is True
