"""Arrays that a program trains and judges with, and where they come from."""

from __future__ import annotations

import enum

from msgspec import Struct

from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.findings import Location


class Role(enum.Enum):
    """The part of the data that an array is."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    WHOLE = "whole"
    UNKNOWN = "unknown"


class Order(enum.Enum):
    """What is known of the order of the rows."""

    SHUFFLED = "shuffled"  # a shuffle was seen, or the data set ships shuffled
    SORTED = "sorted"  # by class or by source, proven (class-wise loops, concatenation of classes, sorted frames)
    TEMPORAL = "temporal"  # a time series
    AS_LOADED = "as loaded"  # the whole lineage was followed and nothing shuffled it
    UNKNOWN = "unknown"


class Encoding(enum.Enum):
    """How labels are written."""

    ONE_HOT = "one-hot"
    INTEGER = "integer"  # class indices
    STRING = "string"
    CONTINUOUS = "continuous"
    UNKNOWN = "unknown"


class DataKind(enum.Enum):
    """What fit is handed."""

    ARRAY = "array"  # numpy array, list, tensor, data frame
    DATASET = "dataset"  # tf.data.Dataset
    GENERATOR = "generator"  # Python generator, Sequence, PyDataset, directory iterator
    UNKNOWN = "unknown"


class Rows(Struct, frozen=True):
    """Which rows of which source an array holds.

    `source` is the identity of the loaded rows; `selection` the cuts since then, each a (cut, part) pair: rows with
    equal source and the same cut but another part are disjoint. `partial` when not all of these rows need be there
    (rows drawn at random, windows from a range that is not known).
    """

    source: int
    selection: tuple[tuple[int, int | str], ...] = ()
    partial: bool = False

    def holds(self, other: Rows) -> bool:
        """Whether `other` is proven to be these rows or a part of them."""
        if self.partial or self.source != other.source:
            return False
        return other.selection[: len(self.selection)] == self.selection

    def disjoint(self, other: Rows) -> bool:
        """Whether the two are proven to share no row."""
        if self.source != other.source:
            return False
        for (cut, part), (other_cut, other_part) in zip(self.selection, other.selection, strict=False):
            if cut != other_cut:
                return False
            if part != other_part:
                return True
        return False


class StepKind(enum.Enum):
    """What was done to an array."""

    LOADED = "loaded"
    SPLIT = "split"
    SHUFFLED = "shuffled"
    SCALED = "scaled"
    ENCODED = "encoded"
    TRANSFORMED = "transformed"
    RESAMPLED = "resampled"
    AUGMENTED = "augmented"
    RESHAPED = "reshaped"
    SELECTED = "selected"


class Step(Struct, frozen=True):
    """One thing done to an array: `by` names the function or class, `transformer` is the key of a fitted object."""

    kind: StepKind
    location: Location
    by: str = ""
    transformer: int | None = None


class DataArray(Struct, frozen=True):
    """Rows of data as a program holds them. `key` is the identity of the value; `name` the identifier it was last bound to.

    `role` is proven by the lineage (the test half of `load_data`, the second part of a split); `named_role` is only
    what the identifier says. `minimum` and `maximum` are the known value range; `classes` the number of classes of labels.
    `shape` counts the rows in its first axis. `labels` is true when the array is known to be targets. `fold` marks a
    part that a cross-validation holds out in turn.
    """

    key: int
    name: str
    location: Location
    kind: DataKind = DataKind.ARRAY
    origin: str | Unknown = UNKNOWN
    role: Role = Role.UNKNOWN
    named_role: Role = Role.UNKNOWN
    order: Order = Order.UNKNOWN
    encoding: Encoding = Encoding.UNKNOWN
    rows: Rows | None = None
    shape: Shape = UNKNOWN
    dtype: str | Unknown = UNKNOWN
    minimum: float | Unknown = UNKNOWN
    maximum: float | Unknown = UNKNOWN
    classes: int | Unknown = UNKNOWN
    labels: bool = False
    history: tuple[Step, ...] = ()
    fold: bool = False

    def step(self, kind: StepKind) -> Step | None:
        """The last step of a kind."""
        return next((step for step in reversed(self.history) if step.kind is kind), None)

    @property
    def cut_off(self) -> Step | None:
        """The step that made these rows a part of their own: the last split, or else the loading."""
        return self.step(StepKind.SPLIT) or self.step(StepKind.LOADED)

    def holds(self, other: DataArray) -> bool:
        """Whether the rows of `other` are proven to be these rows or a part of them."""
        if self.key == other.key:
            return True
        return self.rows is not None and other.rows is not None and self.rows.holds(other.rows)

    def disjoint(self, other: DataArray) -> bool:
        """Whether the two are proven to share no row."""
        return self.rows is not None and other.rows is not None and self.rows.disjoint(other.rows)

    def shares(self, other: DataArray) -> bool:
        """Whether the two are proven to come from the same rows, none of them cut away from the other."""
        if self.rows is None or other.rows is None:
            return self.key == other.key
        return self.rows.source == other.rows.source and not self.rows.disjoint(other.rows)

    def passed(self, transformer: int) -> bool:
        """Whether a fitted object of that key has changed the values."""
        return any(step.transformer == transformer for step in self.history)
