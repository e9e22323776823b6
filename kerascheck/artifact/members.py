"""Members of a zip archive read in place, without unpacking the archive or loading the member."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from kerascheck.artifact.refusals import MEBIBYTE, DamagedError, HostileError
from kerascheck.remote import FetchError

WEIGHTS: Final = "model.weights.h5"
_HEADER: Final = 30
_SPOOLED: Final = 16 * MEBIBYTE
_UNPACKED_LIMIT: Final = 4096 * MEBIBYTE
_BLOCK: Final = MEBIBYTE


class Window(io.RawIOBase):
    """A part of an open file, from its byte `start` on, as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.start = start
        self._file = file
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        self._file.seek(self.start + self._place)
        data = self._file.read(min(len(view), max(self._size - self._place, 0)))
        view[: len(data)] = data
        self._place += len(data)
        return len(data)


@contextmanager
def member(path: Path, name: str) -> Generator[IO[bytes]]:
    """A member of an archive as a file that can be searched; a compressed one is unpacked into a temporary file.

    Raises:
        DamagedError: when it is not there or cannot be read.
    """
    import zlib

    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            info = archive.getinfo(name)
            if info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1:
                yield cast("IO[bytes]", Window(file, data_offset(file, info), info.file_size))
            else:
                with _unpacked(archive, info) as unpacked:
                    yield unpacked
    except FetchError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, KeyError, NotImplementedError, EOFError, RuntimeError) as error:
        raise DamagedError(f"the member `{name}` cannot be read: {' '.join(str(error).split())[:160]}") from None


def data_offset(file: IO[bytes], info: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin: behind its own header, which may differ from the directory's."""
    file.seek(info.header_offset)
    header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("its header is damaged")
    return (
        info.header_offset + _HEADER + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    )


@contextmanager
def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Generator[IO[bytes]]:
    from tempfile import SpooledTemporaryFile

    if info.file_size > _UNPACKED_LIMIT:
        raise HostileError(f"`{info.filename}` claims to unpack into {info.file_size:,} bytes")
    with SpooledTemporaryFile(_SPOOLED) as target, archive.open(info) as source:
        left = info.file_size
        while left > 0 and (block := source.read(min(_BLOCK, left))):
            target.write(block)
            left -= len(block)
        target.seek(0)
        yield cast("IO[bytes]", target)
