"""The arrays that a model file stores, and what one pass over each of them tells."""

from __future__ import annotations

import enum
import math
from typing import Final

from msgspec import Struct

VANISHED: Final = 1e-6
"""A variance below it is that of a channel without signal."""
IDLE: Final = 1e-4
"""A scale (gamma) below it lets nothing of its channel through."""
HUGE: Final = 1e6
"""A variance above it is that of an input that nobody scaled, or of a signal that exploded."""
SPECTRUM_LEAST: Final = 16
SPECTRUM_MOST: Final = 512
"""The shorter side of the matrices whose spectrum is taken."""


class Purpose(enum.Enum):
    """What an array is kept for."""

    WEIGHT = "weight"
    OPTIMIZER = "optimizer"
    OTHER = "other"  # states of metrics and of random generators


class Units(Struct, frozen=True):
    """The output units of a kernel, together with their bias; each count includes those of the one before it.

    `zero` have no weight other than 0, `dead` of these no bias above 0 either. `unreachable` give no more than 0 for any
    input from 0 on, `below_one` for any input between 0 and 1, `below_sign` for any between -1 and 1. `repeated` equal an
    earlier unit, `opposite` are an earlier one with the sign turned; those without weights are not among them.
    """

    count: int
    zero: int = 0
    dead: int = 0
    unreachable: int = 0
    below_one: int = 0
    below_sign: int = 0
    repeated: int = 0
    opposite: int = 0


class Channels(Struct, frozen=True):
    """The values of a vector with one for each channel: below 0, of less than `VANISHED` and `IDLE`, above `HUGE`."""

    negative: int
    vanished: int
    idle: int
    huge: int


class Spectrum(Struct, frozen=True):
    """The singular values of a kernel as a matrix of `rows` (what one unit sums over) and `columns` (units).

    `largest` is the spectral norm, `rank` how many are above the rounding error of the stored numbers, `stable_rank` the
    sum of their squares over the largest square. `alpha` is the exponent of the power law that fits the tail of the squares
    best (Clauset, Shalizi and Newman 2009); None for fewer than 50 values.
    """

    rows: int
    columns: int
    largest: float
    rank: int
    stable_rank: float
    alpha: float | None = None

    @property
    def full(self) -> int:
        """The rank that a matrix of this shape can have."""
        return min(self.rows, self.columns)


class WeightStats(Struct, frozen=True):
    """What one pass over an array gives. Minimum, maximum, mean and norm are those of the finite values.

    `norm` is the square root of the sum of squares, `zeros` counts the values that are 0, `flushed` those that are not 0
    and become 0 in half precision (None where that was not asked for).
    """

    count: int
    nans: int = 0
    infinities: int = 0
    minimum: float = 0.0
    maximum: float = 0.0
    mean: float = 0.0
    norm: float = 0.0
    zeros: int = 0
    flushed: int | None = None
    units: Units | None = None
    channels: Channels | None = None
    spectrum: Spectrum | None = None

    @property
    def finite(self) -> int:
        return self.count - self.nans - self.infinities

    @property
    def constant(self) -> bool:
        """Whether all values, two at the least, are one and the same number."""
        return self.count > 1 and self.finite == self.count and self.minimum == self.maximum

    @property
    def magnitude(self) -> float:
        """The largest absolute value."""
        return max(abs(self.minimum), abs(self.maximum))

    @property
    def deviation(self) -> float:
        """The standard deviation of the values."""
        if not self.finite:
            return 0.0
        return max(self.norm**2 / self.finite - self.mean**2, 0.0) ** 0.5


class StoredTensor(Struct, frozen=True):
    """An array of a model file.

    `path` is where it stands in the file, `layer` the path of its layer as in `Layer.path` (of the group that holds it,
    where the file has no architecture), `name` what today's Keras calls the variable (`kernel`, `moving_variance`), empty
    where that is not known, and `part` which of several of that name (`query`, `backward_layer`). `size` counts bytes. `stats` is None where the values were not read.
    """

    path: str
    purpose: Purpose
    shape: tuple[int, ...]
    dtype: str
    size: int
    layer: str = ""
    name: str = ""
    part: str = ""
    stats: WeightStats | None = None

    @property
    def elements(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def label(self) -> str:
        """What a message calls it: the variable of its layer, or else its path."""
        if not self.layer or not self.name:
            return self.path
        return "/".join(step for step in (self.layer.rsplit("/", 1)[-1], self.part, self.name) if step)


KERNELS: Final = frozenset(
    {"kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "embeddings", "reverse_embeddings"}
)
"""The variables that hold what a layer has learned in the first place: none of them is constant in a sound model."""
