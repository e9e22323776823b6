"""Arrays that a program trains and judges with, and where they come from."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from msgspec import Struct, field

from kerascheck.facts.slot import Slot
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
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

    `source` is the identity of the loaded rows; `selection` the conditions that they meet, each a (cut, part) pair: rows
    with equal source that lie in different parts of one cut are disjoint. `partial` when not all of these rows need be
    there (rows drawn at random, windows from a range that is not known).
    """

    source: int
    selection: tuple[tuple[int, int | str], ...] = ()
    partial: bool = False

    def holds(self, other: Rows) -> bool:
        """Whether `other` is proven to be these rows or a part of them."""
        if self.partial or self.source != other.source:
            return False
        return set(self.selection) <= set(other.selection)

    def disjoint(self, other: Rows) -> bool:
        """Whether the two are proven to share no row."""
        if self.source != other.source:
            return False
        parts = dict(self.selection)
        return any(parts.get(cut, part) != part for cut, part in other.selection)

    def within(self, *conditions: tuple[int, int | str], partial: bool = False) -> Rows:
        """The rows of these that meet further conditions."""
        new = tuple(condition for condition in conditions if condition not in self.selection)
        return Rows(self.source, (*self.selection, *new), self.partial or partial)


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
    WINDOWED = "windowed"
    JOINED = "joined"
    BATCHED = "batched"
    REPEATED = "repeated"
    CACHED = "cached"


class Step(Struct, frozen=True):
    """One thing done to an array: `by` names the function or class, `transformer` is the key of a fitted object,
    `arguments` what matters of the call, `places` where those values stand, `slot` where another argument would go."""

    kind: StepKind
    location: Location
    by: str = ""
    transformer: int | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    slot: Slot | None = None


class Batch(Struct, frozen=True):
    """What a generator or Sequence of the program gives for one batch, as it is written there: a `tuple`, a `list`, or an
    `array`, with the number of parts."""

    kind: str
    parts: int
    location: Location


class DataArray(Struct, frozen=True):
    """Rows of data as a program holds them. `key` is the identity of the value; `name` the identifier it was last bound to.

    `role` is proven by the lineage (the test half of `load_data`, the second part of a split, the file that was read);
    `named_role` is only what the identifier says. `minimum` and `maximum` are the known value range; `classes` the number
    of classes of labels. `shape` counts the rows in its first axis. `labels` is true when the array is known to be targets.
    `fold` marks a part that a cross-validation holds out in turn. `arrangement` lists the reorderings of the rows since
    the source: two arrays of the same rows are in step when it is equal. `columns` names the columns of a frame where all
    are known, `path` the file or folder that was read. `elements` are the components of a dataset's or generator's batches,
    `parts` what was joined row after row. `prediction` is the order of the `predict` call that made the values, `of` the
    key of the generator whose labels or file names these are. `container` is `list` for a Python list, `arrays` for one of arrays, `frame` or `series`
    for pandas, `yields` for a Python generator, `loader` for one of torch or grain. `batch` is what a generator of the
    program gives each time, where all of its lines agree.
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
    arrangement: tuple[int, ...] | Unknown = ()
    columns: tuple[str, ...] = ()
    path: str = ""
    elements: tuple[DataArray, ...] = ()
    parts: tuple[DataArray, ...] = ()
    prediction: int | None = None
    of: int | None = None
    container: str = ""
    batch: Batch | Unknown | None = None

    def step(self, *kinds: StepKind) -> Step | None:
        """The last step of one of the kinds."""
        return next((step for step in reversed(self.history) if step.kind in kinds), None)

    @property
    def cut_off(self) -> Step | None:
        """The step that made these rows a part of their own: the last split, or else the loading."""
        return self.step(StepKind.SPLIT) or self.step(StepKind.LOADED)

    def holds(self, other: DataArray) -> bool:
        """Whether the rows of `other` are proven to be these rows or a part of them."""
        if self.key == other.key:
            return True
        if self.rows is not None and other.rows is not None and self.rows.holds(other.rows):
            return True
        return any(part.holds(other) for part in self.parts) if self.kind is DataKind.ARRAY else False

    def disjoint(self, other: DataArray) -> bool:
        """Whether the two are proven to share no row."""
        return self.rows is not None and other.rows is not None and self.rows.disjoint(other.rows)

    def shares(self, other: DataArray) -> bool:
        """Whether the two are proven to come from the same rows, none of them cut away from the other."""
        if self.key == other.key or any(part.shares(other) for part in self.parts):
            return True
        if self.rows is None or other.rows is None:
            return False
        return self.rows.source == other.rows.source and not self.rows.disjoint(other.rows)

    def passed(self, transformer: int) -> bool:
        """Whether a fitted object of that key has changed the values."""
        return any(step.transformer == transformer for step in self.history)
