"""How the bytes of a remote file are fetched: over HTTP by the standard library, from other places by fsspec."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from msgspec import Struct

from kerascheck import __version__
from kerascheck.errors import InputError, one_line
from kerascheck.remote import FetchError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import OpenerDirector, Request

TIMEOUT: Final = 20.0
"""Seconds without an answer after which a server is given up."""
PATIENCE: Final = 60.0
"""Seconds that one part may take, however steadily its bytes come."""
SMALL: Final = 1024 * 1024
"""Up to this size a file is taken whole from a server that knows no parts."""
LISTED: Final = 10_000
"""The most files that a folder may hold which is to be looked through."""
_PIECE: Final = 64 * 1024
_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")
_EMPTY: Final = 416


class Part(Struct, frozen=True):
    """Bytes of a file, the size of the whole file, and what changes with its content (empty where nobody says)."""

    data: bytes
    size: int
    etag: str = ""


class Fetch(Protocol):
    """Fetches the bytes from `start` to before `stop` or the end of the file.

    Raises:
        FetchError: when they cannot be had.
    """

    def __call__(self, start: int, stop: int) -> Part: ...


class Store(Fetch, Protocol):
    """Where files are: it fetches the parts of one, or tells what is in a folder."""

    def listed(self) -> frozenset[str] | None:
        """The files below a folder by their paths in it; None for a file, and where nothing can be listed.

        Raises:
            FetchError: when it cannot be listed.
        """
        ...


def fetcher(url: str) -> Store:
    """What fetches the parts of a file, or lists a folder.

    Raises:
        InputError: for an address of a kind that nothing installed can read.
    """
    if url.startswith(("http://", "https://")):
        return OverHttp(url)
    return ByFsspec(url)


class OverHttp:
    """Parts of a file on a web server that knows requests for ranges."""

    def __init__(self, url: str) -> None:
        self._url = url.partition("#")[0]
        self._whole: Part | None = None

    def __call__(self, start: int, stop: int) -> Part:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError

        if self._whole is not None:
            return Part(self._whole.data[start:stop], self._whole.size, self._whole.etag)
        try:
            with _opener().open(self._request(start, stop), timeout=TIMEOUT) as answer:
                return self._part(cast("HTTPResponse", answer), start, stop)
        except HTTPError as error:
            with error:
                if error.code == _EMPTY and _total(error.headers.get("Content-Range", "")) == 0:
                    return Part(b"", 0)
                raise FetchError(f"the server answers {error.code} {error.reason}".rstrip()) from None
        except FetchError:
            raise
        except URLError as error:
            raise FetchError(_reason(error.reason)) from None
        except TimeoutError:
            raise FetchError(f"the server does not answer within {TIMEOUT:g} s") from None
        except OSError as error:
            raise FetchError(_reason(error)) from None
        except (HTTPException, ValueError) as error:
            raise FetchError(one_line(error)) from None

    def listed(self) -> None:
        """A web server has no folders."""

    def _request(self, start: int, stop: int) -> Request:
        from urllib.parse import quote
        from urllib.request import Request

        # Spaces and letters of other scripts, as people copy them; what is escaped already stays.
        address = quote(self._url, safe=":/?#[]@!$&'()*+,;=%~")
        headers = {
            "Range": f"bytes={start}-{stop - 1}",
            "Accept-Encoding": "identity",
            "User-Agent": f"kerascheck/{__version__}",
        }
        return Request(address, headers=headers)

    def _part(self, answer: HTTPResponse, start: int, stop: int) -> Part:
        etag = answer.headers.get("ETag", "")
        if answer.status == 206:
            found = _RANGE.match(answer.headers.get("Content-Range", ""))
            if found is None or found[1] is None or int(found[1]) != start:
                raise FetchError("the server sent another part than it was asked for")
            return Part(_received(answer, stop - start), int(found[2]), etag)
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > SMALL:
            raise FetchError("the server does not send parts of files: download it, and check the copy")
        whole = _received(answer, int(length))
        self._whole = Part(whole, len(whole), etag)
        return Part(whole[start:stop], len(whole), etag)


def _opener() -> OpenerDirector:
    """What follows addresses of the web alone: a server cannot lead it to a file of this machine."""
    from urllib import request

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.UnknownHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _received(answer: HTTPResponse, size: int) -> bytes:
    deadline = time.monotonic() + PATIENCE
    pieces: list[bytes] = []
    left = size
    while left > 0 and (piece := answer.read1(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
        if time.monotonic() > deadline:
            raise FetchError(f"the server takes more than {PATIENCE:g} s to send {size:,} bytes")
    return b"".join(pieces)


def _total(written: str) -> int | None:
    found = _RANGE.match(written)
    return None if found is None else int(found[2])


def _reason(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"the server does not answer within {TIMEOUT:g} s"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return " ".join(str(reason).split())


class _FileSystem(Protocol):
    """The part of fsspec's file systems that is used."""

    def info(self, path: str) -> Mapping[str, object]: ...
    def cat_file(self, path: str, start: int, end: int) -> bytes: ...
    def find(self, path: str) -> Sequence[str]: ...


_Opened: TypeAlias = "tuple[int, _FileSystem, str, Mapping[str, object]]"


class ByFsspec:
    """Parts of a file in an object store: s3://, hf://, gs:// and what else fsspec knows."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: _Opened | None = None
        scheme = url.partition("://")[0]
        try:
            import fsspec
        except ImportError:
            raise InputError(f"{scheme}:// takes fsspec to read: `pip install kerascheck[remote]`") from None
        try:
            fsspec.get_filesystem_class(scheme)
        except ImportError as error:
            hint = "`pip install kerascheck[remote]` brings those for s3:// and hf://"
            raise InputError(f"{scheme}:// takes another package to read ({one_line(error)}); {hint}") from None
        except ValueError:
            raise InputError(f"{scheme}:// is no kind of address that fsspec knows") from None

    def __call__(self, start: int, stop: int) -> Part:
        try:
            _, system, path, about = self._place()
            size = about.get("size")
            if about.get("type") != "file" or not isinstance(size, int):
                raise FileNotFoundError(path)
            stop = min(stop, size)
            etag = str(about.get("ETag") or about.get("etag") or "")
            return Part(system.cat_file(path, start, stop) if start < stop else b"", size, etag)
        except Exception as error:
            raise _refusal(error) from None

    def listed(self) -> frozenset[str] | None:
        try:
            _, system, path, about = self._place()
            if about.get("type") != "directory":
                return None
            top = f"{path.rstrip('/')}/"
            found = system.find(path)
        except Exception as error:
            raise _refusal(error) from None
        if len(found) > LISTED:
            raise FetchError(f"the folder holds more than {LISTED:,} files")
        return frozenset(name[len(top) :] for name in found if name.startswith(top))

    def _place(self) -> _Opened:
        # The loop that serves a file system does not live on in a child process.
        if self._opened is None or self._opened[0] != os.getpid():
            from fsspec.core import url_to_fs

            system, path = cast("tuple[_FileSystem, str]", url_to_fs(self._url))
            self._opened = os.getpid(), system, path, system.info(path)
        return self._opened


def _refusal(error: Exception) -> FetchError:
    """Each store has errors of its own for a refused key or a lost connection."""
    if isinstance(error, FetchError):
        return error
    return FetchError("there is no such file" if isinstance(error, FileNotFoundError) else one_line(error))
