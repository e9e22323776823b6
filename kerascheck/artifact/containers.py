"""What holds a model together, as facts: the members of an archive and the structure of an HDF5 file."""

from __future__ import annotations

import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from msgspec.structs import replace

from kerascheck.artifact.contents import HEAD, content_by_name, content_of
from kerascheck.artifact.documents import Document
from kerascheck.artifact.members import WEIGHTS
from kerascheck.artifact.mentions import escapes
from kerascheck.artifact.refusals import MEBIBYTE, DamagedError
from kerascheck.artifact.stores import ARRAYS, Store
from kerascheck.artifact.survey import Survey
from kerascheck.facts.container import Claim, Container, Content, ContentKind, Damage, Member

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

CLAIM: Final = 4096 * MEBIBYTE
CLAIM_OF_ASSETS: Final = 256 * MEBIBYTE
RATIO: Final = 100
ARRAY_RATIO: Final = 1000
"""From these sizes and shares on Keras itself refuses what it reads."""
_CHECKED: Final = 64 * MEBIBYTE
"""Up to here the bytes of the weights are held against their checksum, which takes as long as reading them."""
_MEMBERS: Final = 2000
_EXPECTED: Final = ("metadata.json", "config.json", WEIGHTS, ARRAYS)
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_COMMENT: Final = 1 << 16
_NPY: Final = b"\x93NUMPY"


def container_of(path: Path, document: Document, survey: Survey | None, *, weights: bool) -> Container:
    """What a file or folder is made of; `weights` says whether their bytes are to be checked too."""
    found = Container(size=_size(path))
    if document.form == "pickle":
        return replace(found, contents=(Content("the file", ContentKind.PICKLE, found.size),))
    if document.form in ("keras", "npz") and path.is_file():
        found = _of_archive(path, found, document.form, weights=weights)
    return found if survey is None else _with_survey(found, path, survey)


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


def _with_survey(found: Container, path: Path, survey: Survey) -> Container:
    claims = [
        Claim(array.path, array.size, array.stored)
        for array in survey.arrays
        if array.size > CLAIM and array.size > ARRAY_RATIO * array.stored
    ]
    contents = list(survey.contents)
    if survey.before and not found.members:
        with path.open("rb") as file:
            head = file.read(survey.before)
        if head.strip(b"\x00"):
            contents.append(
                Content("the bytes in front of the HDF5 file", content_of(head) or ContentKind.BYTES, len(head))
            )
    return replace(
        found,
        references=survey.references,
        claims=(*found.claims, *claims),
        contents=(*found.contents, *contents),
        loops=survey.loops,
        damages=(*found.damages, *survey.damages, *_lost(survey)),
        deep=found.deep or survey.cut,
    )


def _lost(survey: Survey) -> Iterator[Damage]:
    """Layers and arrays that the file itself lists, and does not hold."""
    groups = set(survey.groups)
    arrays = {array.path for array in survey.arrays}
    linked = {reference.path for reference in survey.references}
    for root, names in survey.layer_names.items():
        missing = [name for name in names if f"{root}/{name}".strip("/") not in groups | linked]
        if missing:
            shown = ", ".join(f"`{name}`" for name in missing[:4])
            yield Damage(f"the file lists {len(names)} layers and holds no group for {len(missing)} of them: {shown}")
    for group, names in survey.weight_names.items():
        missing = [name for name in names if f"{group}/{name}".strip("/") not in arrays | linked]
        if missing:
            shown = ", ".join(f"`{name}`" for name in missing[:4])
            yield Damage(
                f"`{group}` lists {len(names)} arrays and holds {len(names) - len(missing)}: {shown} missing", group
            )


def _of_archive(path: Path, found: Container, form: str, *, weights: bool) -> Container:
    import zipfile

    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            members = [_member(info) for info in infos]
            counted = Counter(member.name for member in members)
            return replace(
                found,
                members=tuple(members[:_MEMBERS]),
                repeated=tuple(name for name, count in counted.items() if count > 1),
                escaping=tuple(dict.fromkeys(member.name for member in members if escapes(member.name))),
                claims=tuple(_claims(members)),
                contents=(*_around(file, infos), *_contents(archive, infos[:_MEMBERS], form)),
                damages=tuple(_damages(archive, counted, form, weights=weights)),
            )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError):
        # The reader of the texts has said what is wrong with it.
        return found


def _member(info: ZipInfo) -> Member:
    return Member(
        info.orig_filename,
        info.file_size,
        info.compress_size,
        link=stat.S_ISLNK(info.external_attr >> 16),
        encrypted=bool(info.flag_bits & 1),
    )


def _claims(members: Sequence[Member]) -> Iterator[Claim]:
    for member in members:
        limit = CLAIM if member.name in _EXPECTED else CLAIM_OF_ASSETS
        if member.size > limit and member.size > RATIO * member.packed:
            yield Claim(member.name, member.size, member.packed)


def _around(file: IO[bytes], infos: Sequence[ZipInfo]) -> Iterator[Content]:
    """Bytes in front of the first member, and behind the end of the archive."""
    first = min((info.header_offset for info in infos), default=0)
    if first > 0:
        file.seek(0)
        kind = content_of(file.read(min(first, HEAD))) or ContentKind.BYTES
        yield Content("the bytes in front of the archive", kind, first)
    size = file.seek(0, 2)
    file.seek(max(size - _END_SIZE - _COMMENT, 0))
    tail = file.read()
    place = tail.rfind(_END)
    behind = tail[place + _END_SIZE + int.from_bytes(tail[place + 20 : place + 22], "little") :] if place >= 0 else b""
    if behind.strip(b"\x00"):
        kind = content_of(behind[:HEAD]) or ContentKind.BYTES
        yield Content("the bytes behind the archive", kind, len(behind))


def _contents(archive: ZipFile, infos: Sequence[ZipInfo], form: str) -> Iterator[Content]:
    for info in infos:
        if info.is_dir() or info.filename in ("metadata.json", "config.json", WEIGHTS) or info.flag_bits & 1:
            continue
        head = _head(archive, info)
        if info.filename == ARRAYS:
            yield from _of_arrays(archive, info)
        elif form == "npz":
            yield from _of_array(info.filename, head, info.file_size)
        elif kind := content_of(head) or content_by_name(info.filename):
            yield Content(info.filename, kind, info.file_size)


def _head(archive: ZipFile, info: ZipInfo) -> bytes:
    import zipfile

    try:
        with archive.open(info) as file:
            return file.read(HEAD)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError, RuntimeError):
        return b""


def _of_arrays(archive: ZipFile, info: ZipInfo) -> Iterator[Content]:
    """The arrays of an archive within the archive, by their headers."""
    import zipfile

    try:
        with archive.open(info) as file, zipfile.ZipFile(file) as inner:
            for part in inner.infolist()[:_MEMBERS]:
                yield from _of_array(f"{info.filename}/{part.filename}", _head(inner, part), part.file_size)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError, RuntimeError):
        kind = content_of(_head(archive, info))
        if kind is not None:
            yield Content(info.filename, kind, info.file_size)


def _of_array(name: str, head: bytes, size: int) -> Iterator[Content]:
    """What an array of a NumPy archive is, if it is none, or one of Python objects."""
    if head.startswith(_NPY):
        if b"|O" in head[: HEAD // 2] or b"'O'" in head[: HEAD // 2]:
            yield Content(name, ContentKind.OBJECTS, size)
    elif kind := content_of(head):
        yield Content(name, kind, size)


def _damages(archive: ZipFile, names: Counter[str], form: str, *, weights: bool) -> Iterator[Damage]:
    if form != "keras":
        return
    if not names.keys() & {WEIGHTS, ARRAYS} and not any(name.endswith(".weights.json") for name in names):
        yield Damage(f"the archive holds no `{WEIGHTS}`: the weights are missing", WEIGHTS)
    elif weights and WEIGHTS in names and archive.getinfo(WEIGHTS).file_size <= _CHECKED:
        yield from _checksum(archive)


def _checksum(archive: ZipFile) -> Iterator[Damage]:
    import zipfile

    try:
        with archive.open(WEIGHTS) as file:
            while file.read(MEBIBYTE):
                pass
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        said = "do not match their checksum" if "CRC" in str(error) else f"cannot be unpacked ({error})"
        yield Damage(f"the bytes of `{WEIGHTS}` {said}: they were changed after the model was saved", WEIGHTS)


def surveyed(store: Store) -> tuple[Survey | None, tuple[Damage, ...]]:
    """The headers of the arrays of a file, and why they could not be read."""
    import importlib

    from kerascheck.artifact.isolation import isolated_value

    if store.library:
        importlib.import_module("h5py")
    try:
        return isolated_value(store.survey, Survey, 0), ()
    except DamagedError as damage:
        return None, (unread(damage),)


def unread(reason: DamagedError) -> Damage:
    """That the arrays of a file are not there, or cannot be read."""
    missing = str(reason).startswith("the folder holds no ")
    return Damage(f"{reason}: the weights are missing" if missing else f"the weights cannot be read: {reason}")
