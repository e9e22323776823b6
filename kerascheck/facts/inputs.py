"""Whether arrays go into the input of a model, and what would bring them there."""

from __future__ import annotations

from math import prod

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape


def batch_shape(data: DataArray) -> Shape:
    """The shape of an array, or of the batches that a generator gives."""
    if data.kind is DataKind.GENERATOR:
        return data.elements[0].shape if data.elements else UNKNOWN
    return data.shape if data.kind is DataKind.ARRAY else UNKNOWN


def lacks_channels(shape: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    """Whether nothing but a last axis of 1 is missing."""
    known = all(isinstance(size, int) for size in (*shape[1:], *wanted[1:]))
    return known and len(shape) > 1 and wanted[-1] == 1 and shape[1:] == wanted[1:-1]


def mismatch(shape: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> str | None:
    """Why Keras refuses data of a shape; None where it may take them."""
    longer, shorter = (shape, wanted) if len(shape) > len(wanted) else (wanted, shape)
    if len(longer) == len(shorter) + 1 and not (isinstance(longer[-1], int) and longer[-1] != 1):
        return None
    sizes = [size for size in (*shape[1:], *wanted[1:]) if not isinstance(size, int)]
    if not sizes and len(shape) == len(wanted) > 3 and sorted(map(str, shape[1:])) == sorted(map(str, wanted[1:])):
        # The channels stand elsewhere: where the data set puts them is a setting of the machine.
        return None
    if len(shape) != len(wanted):
        return f"{len(shape)} axes instead of {len(wanted)}"
    for index, (size, other) in enumerate(zip(shape[1:], wanted[1:], strict=True), 1):
        if isinstance(size, int) and isinstance(other, int) and size != other:
            return f"axis {index} has {size:,} instead of {other:,}"
    return None


def agree(shape: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    """Whether all sizes that are known on both sides are equal."""
    return all(not isinstance(a, int) or not isinstance(b, int) or a == b for a, b in zip(shape, wanted, strict=True))


def view_for(shape: tuple[Dim, ...], wanted: tuple[Dim, ...], *, one: bool) -> str:
    """What brings an array to the input of the model; empty where it takes more than another view of the same values."""
    if one and len(shape) == len(wanted) - 1 and agree(shape, wanted[1:]):
        return "[None]"
    if lacks_channels(shape, wanted):
        return "[..., None]"
    sizes = [size for size in shape[1:] if isinstance(size, int)]
    axes = [size for size in wanted[1:] if isinstance(size, int)]
    if len(sizes) == len(shape) - 1 and len(axes) == len(wanted) - 1 and prod(sizes) == prod(axes):
        return f".reshape(-1, {', '.join(map(str, axes))})"
    return ""


def words_of(shape: tuple[Dim, ...]) -> str:
    """A shape as messages write it."""
    sizes = [str(size) if isinstance(size, int) else "None" if size is None else "?" for size in shape]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def is_ragged(data: DataArray) -> bool:
    """Whether the rows are lists of word numbers that nothing brought to one length."""
    if data.kind is not DataKind.ARRAY or data.dtype != "object":
        return False
    return data.origin in ("imdb", "reuters") or any(step.by == "Tokenizer" for step in data.history)


def is_list(data: DataArray) -> bool:
    """Whether the rows are the entries of a Python list."""
    return data.kind is DataKind.ARRAY and data.container == "list"
