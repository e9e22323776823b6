"""The `.keras` format of Keras 3: a zip archive, or a folder of the same members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kerascheck.artifact.documents import Config, Document, is_config, text_of
from kerascheck.artifact.plain_values import parse
from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, ForeignError, HostileError
from kerascheck.facts.values import Value
from kerascheck.remote import FetchError

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

CONFIG = "config.json"
METADATA = "metadata.json"
_KERAS_ARRAYS = ("layers/", "_layer_checkpoint_dependencies/", "vars")
_ARRAY_HEAD = 256
_LIBRARY_ERRORS = (OSError, ValueError, RuntimeError)
"""What zipfile raises for a directory that points nowhere."""


def read_archive(path: Path) -> Document:
    """The texts of a `.keras` archive.

    Raises:
        DamagedError: when it cannot be read.
    """
    import zipfile
    import zlib

    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                metadata = _member(archive, METADATA) if METADATA in archive.namelist() else b"{}"
                return _document(_member(archive, CONFIG), metadata)
        except FetchError:
            raise
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, *_LIBRARY_ERRORS) as error:
            raise DamagedError(f"a damaged .keras archive: {' '.join(str(error).split())[:200]}") from None


def read_folder(path: Path) -> Document:
    """The texts of an unpacked `.keras` archive."""
    for name in (CONFIG, METADATA):
        if (path / name).stat().st_size > TEXT_LIMIT:
            raise HostileError(f"`{name}` is larger than any configuration")
    return _document((path / CONFIG).read_bytes(), (path / METADATA).read_bytes())


def read_arrays(path: Path) -> Document:
    """Weights in a NumPy archive; its arrays are listed by their headers, and pickles among them are never opened.

    Raises:
        DamagedError: when it cannot be read.
        ForeignError: when Keras did not write it.
    """
    import zipfile

    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                names = [name.removesuffix(".npy") for name in archive.namelist()]
                pickled = any(_is_pickled(archive, name) for name in archive.namelist())
        except FetchError:
            raise
        except (zipfile.BadZipFile, NotImplementedError, EOFError, *_LIBRARY_ERRORS) as error:
            raise DamagedError(f"a damaged NumPy archive: {' '.join(str(error).split())[:200]}") from None
    if not any(name.startswith(_KERAS_ARRAYS) for name in names):
        shown = ", ".join(f"`{name}`" for name in sorted(names)[:4])
        raise ForeignError(f"a NumPy archive of {shown}, not a Keras model")
    kind = "as pickles, which run code when they are loaded" if pickled else "as arrays"
    return Document("npz", note=f"weights only, in a NumPy archive {kind}")


def _is_pickled(archive: ZipFile, name: str) -> bool:
    """Whether an array is of Python objects, by the type in its header."""
    with archive.open(name) as file:
        head = file.read(_ARRAY_HEAD)
    return head.startswith(b"\x80") or b"'|O'" in head


def _member(archive: ZipFile, name: str) -> bytes:
    """The bytes of a member, no more than a configuration may have."""
    try:
        member: ZipInfo = archive.getinfo(name)
    except KeyError:
        raise DamagedError(f"a .keras archive without `{name}`") from None
    if member.flag_bits & 1:
        raise DamagedError(f"`{name}` is encrypted")
    if member.file_size > TEXT_LIMIT:
        raise HostileError(f"`{name}` is larger than any configuration: {member.file_size:,} bytes")
    with archive.open(member) as file:
        # The size in the directory is a claim.
        return file.read(TEXT_LIMIT + 1)


def _document(config: bytes, metadata: bytes) -> Document:
    architecture = _mapping(parse(config, f"`{CONFIG}`"))
    about = parse(metadata, f"`{METADATA}`")
    if not architecture:
        raise DamagedError(f"`{CONFIG}` holds no configuration")
    training = architecture.get("compile_config")
    return Document(
        form="keras",
        architecture=architecture,
        training=_mapping(training),
        keras_version=text_of(_mapping(about).get("keras_version")),
        texts=(config, metadata),
    )


def _mapping(value: Value) -> Config:
    return value if is_config(value) else {}
