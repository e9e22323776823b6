"""What an HDF5 file holds, by its headers: arrays, links and the lists of names that Keras keeps.

Links are never followed, groups that hold themselves are entered once, and no array is read but the beginning of one
that holds no numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias, TypeVar

from msgspec import Struct, field

from kerascheck.artifact.contents import HEAD, content_of
from kerascheck.facts.container import Content, Damage, Reference, ReferenceKind

if TYPE_CHECKING:
    import h5py

OBJECT_LIMIT: Final = 100_000
"""How many groups and arrays are looked at; the largest real models have some ten thousand."""
_BLOB_LIMIT: Final = 16 * 1024 * 1024
_NAME_LISTS: Final = ("layer_names", "weight_names")
_KNOWN: Final = frozenset({"model_config", "training_config", "keras_version", "backend", "name", *_NAME_LISTS})
_NUMBERS: Final = "fiub"
_ERRORS: Final = (OSError, RuntimeError, ValueError, KeyError, TypeError)
"""What h5py raises for damaged objects."""

Names: TypeAlias = "tuple[str, ...]"
P = ParamSpec("P")
T = TypeVar("T")


class Array(Struct, frozen=True):
    """A data set by its header: `size` bytes as declared, `stored` of them in the file, in one piece from `offset` on.

    `shard` is the number of the file, for a form that spreads its arrays over several. `turned` says that the first axis
    and not the last one runs fastest. The numbers of a quantized array are those that are stored times `scale`, plus `least`.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    stored: int
    offset: int | None = None
    shard: int = 0
    turned: bool = False
    scale: float = 1.0
    least: float = 0.0


class Survey(Struct, frozen=True):
    """An HDF5 file by its headers.

    `layer_names` and `weight_names` are those attributes by the path of their group, `called` the layer's name that Keras
    3 keeps with the group of its variables. `before` counts the bytes in front of the HDF5 content, `cut` says why not all was looked at.
    """

    arrays: tuple[Array, ...] = ()
    groups: tuple[str, ...] = ()
    layer_names: Mapping[str, Names] = field(default_factory=dict[str, Names])
    weight_names: Mapping[str, Names] = field(default_factory=dict[str, Names])
    called: Mapping[str, str] = field(default_factory=dict[str, str])
    references: tuple[Reference, ...] = ()
    contents: tuple[Content, ...] = ()
    loops: tuple[str, ...] = ()
    damages: tuple[Damage, ...] = ()
    before: int = 0
    cut: str = ""


def survey(file: h5py.File) -> Survey:
    """The headers of a file."""
    found = _Surveyor()
    found.walk(file)
    return Survey(
        tuple(found.arrays),
        tuple(found.groups),
        found.lists["layer_names"],
        found.lists["weight_names"],
        found.called,
        tuple(found.references),
        tuple(found.contents),
        tuple(found.loops),
        tuple(found.damages),
        int(file.userblock_size),
        found.cut,
    )


class _Surveyor:
    """Collects what a walk over the groups meets."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.groups: list[str] = []
        self.lists: dict[str, dict[str, Names]] = {name: {} for name in _NAME_LISTS}
        self.called: dict[str, str] = {}
        self.references: list[Reference] = []
        self.contents: list[Content] = []
        self.loops: list[str] = []
        self.damages: list[Damage] = []
        self.cut = ""

    def walk(self, file: h5py.File) -> None:
        stack: list[tuple[str, h5py.Group]] = [("", file)]
        seen = {_address(file)}
        while stack:
            path, group = stack.pop()
            self._try(path, self._attributes, path, group)
            below: list[tuple[str, h5py.Group]] = []
            for name in self._try(path, _names, group) or ():
                place = f"{path}/{name}" if path else name
                found = self._try(place, self._child, group, name, place)
                if found is None:
                    continue
                if _address(found) in seen:
                    self.loops.append(place)
                    continue
                seen.add(_address(found))
                self.groups.append(place)
                below.append((place, found))
            stack += reversed(below)
            if len(self.arrays) + len(self.groups) + len(self.references) > OBJECT_LIMIT:
                self.cut = f"it holds more than {OBJECT_LIMIT:,} groups and arrays"
                return

    def _try(self, place: str, look: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T | None:
        """What a look at an object gives; a damaged one is written down."""
        try:
            return look(*arguments, **options)
        except _ERRORS as error:
            text = " ".join(str(error).split())[:120]
            self.damages.append(Damage(f"`{place or '/'}` cannot be read: {text}", place))
        return None

    def _child(self, group: h5py.Group, name: str, place: str) -> h5py.Group | None:
        """A group to go on with; anything else is written down."""
        import h5py

        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            target = f"{link.filename}:{link.path}"
            self.references.append(Reference(place, ReferenceKind.EXTERNAL_LINK, target))
        elif isinstance(link, h5py.SoftLink):
            self.references.append(Reference(place, ReferenceKind.SOFT_LINK, str(link.path)))
        else:
            item = group[name]
            if isinstance(item, h5py.Group):
                return item
            if isinstance(item, h5py.Dataset):
                self._dataset(item, place)
        return None

    def _dataset(self, dataset: h5py.Dataset, place: str) -> None:
        import h5py

        creation = dataset.id.get_create_plist()
        layout = creation.get_layout()
        if layout == h5py.h5d.VIRTUAL:
            named = {_text(creation.get_virtual_filename(index)) for index in range(creation.get_virtual_count())}
            self.references.append(Reference(place, ReferenceKind.VIRTUAL, ", ".join(sorted(named)[:4])))
        elif creation.get_external_count():
            named = {_text(creation.get_external(index)[0]) for index in range(creation.get_external_count())}
            self.references.append(Reference(place, ReferenceKind.EXTERNAL_STORAGE, ", ".join(sorted(named)[:4])))
        elif dtype := _dtype(dataset):
            piece = layout == h5py.h5d.CONTIGUOUS and not creation.get_nfilters()
            shape = tuple(int(size) for size in dataset.shape or ())
            self.arrays.append(
                Array(
                    place,
                    shape,
                    dtype,
                    math.prod(shape) * dataset.dtype.itemsize,
                    int(dataset.id.get_storage_size()),
                    dataset.id.get_offset() if piece else None,
                )
            )
            if dtype in ("uint8", "int8") and len(shape) == 1 and shape[0]:
                self._content(dataset[:HEAD].tobytes(), place, shape[0])
        elif dataset.id.get_storage_size() <= _BLOB_LIMIT:
            self._content(_first(dataset), place, int(dataset.id.get_storage_size()))

    def _content(self, head: bytes, place: str, size: int) -> None:
        kind = content_of(head[:HEAD])
        if kind is not None:
            self.contents.append(Content(place, kind, size))

    def _attributes(self, path: str, group: h5py.Group) -> None:
        from kerascheck.artifact.hdf5 import attribute

        names = set(group.attrs)
        for name in _NAME_LISTS:
            parts = [name] if name in names else _numbered(name, names)
            if parts:
                self.lists[name][path] = tuple(_text(item) for part in parts for item in _items(attribute(group, part)))
        if path.replace("\\", "/").rsplit("/", 1)[-1] == "vars" and isinstance(name := group.attrs.get("name"), str):
            self.called[path] = name
        for name in names:
            if name.rstrip("0123456789") not in _KNOWN and group.attrs.get_id(name).dtype.kind in "VSO":
                value = attribute(group, name)
                self._content(_bytes(value), f"{path}@{name}", len(_bytes(value)))


def _names(group: h5py.Group) -> list[str]:
    return list(group)


def _numbered(name: str, names: set[str]) -> list[str]:
    """The attributes over which a list is spread that was too long for one."""
    parts: list[str] = []
    while (part := f"{name}{len(parts)}") in names:
        parts.append(part)
    return parts


def _address(group: h5py.Group) -> tuple[int, int]:
    from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

    about = h5o.get_info(group.id)
    return int(about.fileno), int(about.addr)


def _dtype(dataset: h5py.Dataset) -> str:
    """The type of numbers as NumPy calls it, or `bfloat16`; empty for what is no number."""
    kind = dataset.dtype
    if kind.kind in _NUMBERS:
        return ("" if kind.byteorder != ">" else ">") + kind.name
    # Keras 3 marks it in its own format by an attribute, in that of Keras 2 by nothing; it writes no other type of two bytes.
    plain = kind.kind == "V" and kind.itemsize == 2 and kind.fields is None
    return "bfloat16" if plain and dataset.attrs.get("dtype", "bfloat16") == "bfloat16" else ""


def _first(dataset: h5py.Dataset) -> bytes:
    """The first element of an array of texts, of opaque bytes, or of whatever is no number."""
    if not dataset.size or dataset.dtype.itemsize > _BLOB_LIMIT:
        return b""
    return _bytes(dataset[(0,) * dataset.ndim] if dataset.ndim else dataset[()])


def _bytes(value: object) -> bytes:
    """The bytes of what h5py gives for a text, opaque bytes, or an array of either."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    found = getattr(value, "tobytes", None)
    kind = getattr(getattr(value, "dtype", None), "kind", "O")
    raw = found() if callable(found) and kind != "O" else b""
    return raw if isinstance(raw, bytes) else b""


def _items(value: object) -> list[object]:
    """The names in a list; the attribute of an empty one is an array of numbers without elements."""
    found = getattr(value, "tolist", None)
    listed = found() if callable(found) else value
    return listed if isinstance(listed, list) else [listed]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
