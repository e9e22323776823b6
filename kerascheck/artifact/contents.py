"""What bytes are by how they begin: pickles, executables and archives, which no model of Keras holds."""

from __future__ import annotations

import re
from typing import Final

from kerascheck.facts.container import ContentKind

HEAD: Final = 512
"""The bytes that it takes: a tar archive is marked at byte 257."""

_TEXT_PICKLE: Final = re.compile(rb"[\x80\x00-\x02(\]}l]{0,4}[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")
"""A pickle of protocol 0 or 1 that takes something from a module, as every harmful one does first."""
_BINARY_PICKLE: Final = re.compile(rb"\x80(?:[\x04\x05]\x95.{6}\x00\x00|[\x02\x03][\]}(cXCUK\x8a])", re.DOTALL)
"""Protocol 4 and 5 begin with a frame and its length, 2 and 3 with what most values begin with."""
_STARTS: Final = (
    (b"\x7fELF", ContentKind.EXECUTABLE),
    (b"\xfe\xed\xfa\xce", ContentKind.EXECUTABLE),
    (b"\xfe\xed\xfa\xcf", ContentKind.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", ContentKind.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", ContentKind.EXECUTABLE),
    (b"#!/", ContentKind.SOURCE),
    (b"PK\x03\x04", ContentKind.ARCHIVE),
    (b"\x1f\x8b\x08", ContentKind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ContentKind.ARCHIVE),
    (b"Rar!\x1a\x07", ContentKind.ARCHIVE),
    (b"\xfd7zXZ\x00", ContentKind.ARCHIVE),
)
_SUFFIXES: Final = {
    **dict.fromkeys((".py", ".sh", ".bat", ".cmd", ".ps1", ".js", ".vbs", ".pl", ".rb"), ContentKind.SOURCE),
    **dict.fromkeys((".exe", ".dll", ".so", ".dylib", ".pyd", ".pyc", ".jar", ".com"), ContentKind.EXECUTABLE),
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".dill"), ContentKind.PICKLE),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".gz", ".whl", ".egg", ".7z", ".rar", ".xz"), ContentKind.ARCHIVE),
}


def content_of(head: bytes) -> ContentKind | None:
    """What the first `HEAD` bytes say; None for nothing that is known."""
    if _BINARY_PICKLE.match(head) or _TEXT_PICKLE.match(head):
        return ContentKind.PICKLE
    if head.startswith(b"MZ") and b"This program" in head:
        return ContentKind.EXECUTABLE
    if head[257:262] == b"ustar":
        return ContentKind.ARCHIVE
    return next((kind for start, kind in _STARTS if head.startswith(start)), None)


def content_by_name(name: str) -> ContentKind | None:
    """What the suffix of a member says."""
    dot = name.rfind(".")
    return _SUFFIXES.get(name[dot:].lower()) if dot > name.rfind("/") else None
