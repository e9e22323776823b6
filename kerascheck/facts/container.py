"""What holds a model together: the members of an archive, the links of an HDF5 file, and what does not belong there."""

from __future__ import annotations

import enum

from msgspec import Struct


class ReferenceKind(enum.Enum):
    """How an HDF5 file takes something from elsewhere; the value says what it is, for people."""

    EXTERNAL_LINK = "an external link"
    EXTERNAL_STORAGE = "external storage"
    VIRTUAL = "a virtual data set"
    SOFT_LINK = "a soft link"

    @property
    def leaves(self) -> bool:
        """Whether it leads out of the file."""
        return self is not ReferenceKind.SOFT_LINK


class Reference(Struct, frozen=True):
    """A link, or data that stand elsewhere: the path in the file, and what it points to."""

    path: str
    kind: ReferenceKind
    target: str


class Member(Struct, frozen=True):
    """A member of a zip archive by the archive's own directory: `size` when unpacked and `packed` bytes.

    `link` marks a symbolic link, `encrypted` one that takes a password.
    """

    name: str
    size: int
    packed: int
    link: bool = False
    encrypted: bool = False


class Claim(Struct, frozen=True):
    """A part that says that it is far larger than what is stored of it, in bytes."""

    place: str
    declared: int
    stored: int


class ContentKind(enum.Enum):
    """Content that Keras never writes into a model; the value is what it is, for people."""

    PICKLE = "a Python pickle"
    OBJECTS = "Python objects, which only pickle reads"
    EXECUTABLE = "an executable"
    SOURCE = "a script"
    ARCHIVE = "an archive"
    BYTES = "bytes"


class Content(Struct, frozen=True):
    """Something that does not belong into a model: where it is, and how large."""

    place: str
    kind: ContentKind
    size: int = 0


class Damage(Struct, frozen=True):
    """What is broken: a sentence without its end, and the layer or member that it concerns; `fatal` when nothing could be read."""

    message: str
    place: str = ""
    fatal: bool = False


class Container(Struct, frozen=True):
    """A file or folder as its reader found it.

    `size` counts bytes. `repeated` are names that more than one member or value has, `loops` the groups of an HDF5 file
    that hold themselves, `escaping` names that lead out of the folder into which they are unpacked. `deep` is set where a
    configuration is nested or long beyond what any loader can read.
    """

    size: int = 0
    members: tuple[Member, ...] = ()
    references: tuple[Reference, ...] = ()
    claims: tuple[Claim, ...] = ()
    contents: tuple[Content, ...] = ()
    repeated: tuple[str, ...] = ()
    escaping: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    damages: tuple[Damage, ...] = ()
    deep: str = ""
