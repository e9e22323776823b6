"""Files elsewhere, by their address: only the parts of them that a reader asks for are fetched."""

from __future__ import annotations

import errno
import fnmatch
import functools
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kerascheck.errors import InputError

if TYPE_CHECKING:
    from kerascheck.fetching import Fetch, Store

    LocalPath = Path
else:
    LocalPath = type(Path())

BLOCK: Final = 8 * 1024
"""What is fetched for a few bytes out of sequence; the headers in an HDF5 file lie apart from each other."""
STRIDE: Final = 128
"""How many blocks are fetched at once, at the most, where a file is read in sequence."""
KEPT: Final = 4096
TRAFFIC: Final = 256 * 1024 * 1024
SECONDS: Final = 300.0
_READ_ONLY: Final = 0o100444


class FetchError(OSError):
    """A remote file that cannot be had; the text is one line for the user."""

    def __init__(self, text: str) -> None:
        super().__init__(errno.EIO, text)

    def __str__(self) -> str:
        return self.strerror or ""


class RemoteFile(LocalPath):
    """An address as a path, as far as readers of files use paths. It is never written.

    `url` is the address, `shown` what reports call it: without its query, which may hold a secret. It is a folder where the
    store can list what is below it; a web server cannot. `blocks` is what was fetched of a file so far: a second
    opening of the file goes on with it. `folder` is the folder or file through which it was reached, and `in_folder` how.
    """

    url: str
    shown: str
    blocks: Blocks
    store: Store
    folder: RemoteFile | None
    in_folder: str

    def __reduce__(self) -> tuple[object, ...]:
        return remote_file, (self.url,)

    @property
    def etag(self) -> str:
        """What the server says changes with the content; empty where it does not say, and for a folder.

        Raises:
            FetchError: when the file cannot be fetched.
        """
        if self.is_dir():
            return ""
        _ = self.blocks.size
        return self.blocks.etag

    def open(self, *_arguments: object, **_options: object) -> IO[bytes]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The content, to be read.

        Raises:
            FetchError: when the file cannot be fetched.
        """
        _ = self.blocks.size
        return cast("IO[bytes]", RemoteBytes(self.blocks))

    def read_bytes(self) -> bytes:
        with self.open() as file:
            return file.read()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat_result((_READ_ONLY, 0, 0, 1, 0, 0, self.blocks.size, 0, 0, 0))

    def lstat(self) -> os.stat_result:
        return self.stat()

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it may be there; what is not is told when it is read."""
        return True

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is no folder; of what a folder or the file beside it leads to, whether it is there."""
        if self.folder is None:
            return not self.is_dir()
        if self.folder.below is not None:
            return self.in_folder in self.folder.below
        try:
            return self.blocks.size >= 0
        except FetchError:
            return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self.below is not None

    @functools.cached_property
    def below(self) -> frozenset[str] | None:
        """The files of a folder, by their paths in it; None for what is no folder, or cannot be listed."""
        if self.folder is not None and self.folder.below is not None:
            start = f"{self.in_folder}/"
            return frozenset(name[len(start) :] for name in self.folder.below if name.startswith(start)) or None
        try:
            return self.store.listed()
        except FetchError:
            # Whoever reads it is told why it cannot be had.
            return None

    def __truediv__(self, key: str | os.PathLike[str]) -> RemoteFile:
        name = os.fspath(key)
        path = _at(f"{self.url.rstrip('/')}/{name}", f"{self.shown.rstrip('/')}/{name}")
        path.folder, path.in_folder = self, name
        if self.blocks.unbounded:
            path.allow_all()
        return path

    def allow_all(self) -> None:
        """Let all of it be fetched, however large it is."""
        self.blocks.unbounded = True

    @property
    def parent(self) -> RemoteFile:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The folder that it is in, which need not be one that can be listed."""
        if self.folder is not None:
            above = self.in_folder.rpartition("/")[0]
            return self.folder / above if above else self.folder
        above = self.shown.rstrip("/").rpartition("/")[0]
        path = _at(above, above)
        path.blocks.unbounded = self.blocks.unbounded
        return path

    def with_name(self, name: str) -> RemoteFile:
        return self.parent / name

    def glob(self, pattern: str) -> Iterator[Path]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The files right in a folder whose names match a pattern."""
        return (self / name for name in sorted(fnmatch.filter(self.below or (), pattern)) if "/" not in name)

    def rglob(self, pattern: str) -> Iterator[Path]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return (self / name for name in sorted(self.below or ()))

    def as_posix(self) -> str:
        return self.shown

    def absolute(self) -> Path:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Where the configuration for it is looked for: as if it lay in the working directory."""
        return Path.cwd() / self.name


def remote_file(url: str) -> RemoteFile:
    """The file or folder at an address.

    Raises:
        InputError: for an address that is none, or of a kind that nothing installed can read.
    """
    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0].partition("#")[0]
    if not scheme.isalnum() or not place.strip("/"):
        raise InputError(f"`{url}` is no address of a file")
    if scheme in ("http", "https") and "@" in place.partition("/")[0]:
        raise InputError(f"an address cannot hold a user name: `{scheme}://{rest.rpartition('@')[2]}`")
    return _at(url, f"{scheme}://{place}")


def _at(url: str, shown: str) -> RemoteFile:
    from kerascheck.fetching import fetcher

    path = RemoteFile(shown.partition("://")[2])
    path.url, path.shown, path.store = url, shown, fetcher(url)
    path.blocks, path.folder, path.in_folder = Blocks(path.store), None, ""
    return path


class Blocks:
    """The parts of a file that were fetched, as blocks of one size."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._blocks: dict[int, bytes] = {}
        self._known: int | None = None
        self.etag = ""
        self.unbounded = False
        self._after = 0
        self._ahead = 1
        self._left = TRAFFIC
        self._deadline = time.monotonic() + SECONDS

    @property
    def size(self) -> int:
        """The size of the file in bytes, which comes with its first block."""
        if self._known is None:
            self._load(0, 8)
        return self._known or 0

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to before `stop`, which must lie in the file."""
        if stop <= start:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK + 1
        found: list[bytes] = []
        for number in range(first, last):
            if number not in self._blocks:
                self._load(number, max(last - number, self._stride(number)))
            found.append(self._blocks[number])
        return b"".join(found)[start - first * BLOCK : stop - first * BLOCK]

    def _stride(self, number: int) -> int:
        """How many blocks to fetch ahead: twice as many each time that reading goes on where it ended."""
        self._ahead = min(self._ahead * 2, STRIDE) if number == self._after else 1
        return self._ahead

    def _load(self, number: int, count: int) -> None:
        start = number * BLOCK
        stop = start + min(count, STRIDE) * BLOCK
        stop = stop if self._known is None else min(stop, self._known)
        self._left -= stop - start
        if not self.unbounded and (self._left < 0 or time.monotonic() > self._deadline):
            raise FetchError("too much of it would have to be fetched: download it, and check the copy")
        part = self._fetch(start, stop)
        if self._known not in (None, part.size) or (self.etag and self.etag != part.etag):
            raise FetchError("it changed while it was read")
        self._known, self.etag = part.size, part.etag
        if len(part.data) < min(stop, part.size) - start:
            raise FetchError("the server sent less than it was asked for")
        while len(self._blocks) > KEPT:
            self._blocks.pop(next(iter(self._blocks)))
        for offset in range(0, len(part.data), BLOCK):
            self._blocks[(start + offset) // BLOCK] = part.data[offset : offset + BLOCK]
        self._after = -(-(start + len(part.data)) // BLOCK)


class RemoteBytes(io.RawIOBase):
    """The content of a remote file, which can be searched."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self._blocks = blocks
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._blocks.size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        stop = min(self._place + len(view), self._blocks.size)
        done = 0
        # Piece by piece, so that a claim of the file costs no more memory than the buffer that is there already.
        while self._place < stop:
            data = self._blocks.read(self._place, min(stop, self._place + STRIDE * BLOCK))
            view[done : done + len(data)] = data
            done += len(data)
            self._place += len(data)
        return done
