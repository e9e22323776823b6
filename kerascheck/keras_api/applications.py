"""The pretrained networks of `keras.applications`: what they want as input, what they put out, how many weights they have.

The table is applications.json, which tools/generate_keras_applications.py measures on the installed Keras.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from kerascheck.facts.values import UNKNOWN, Dim, Unknown, Value

_HALVINGS: Final = 32
"""Every network halves its maps five times."""

_WIDTHS: Final = {"alpha": 1.0, "minimalistic": False, "depth_multiplier": 1}
"""The arguments that change how wide a network is, with what the table's plain entries are measured at."""


class Scaling(enum.Enum):
    """What `preprocess_input` makes of pixels from 0 to 255."""

    CAFFE = "caffe"  # BGR, minus the mean of each channel
    TF = "tf"  # from -1 to 1
    TORCH = "torch"  # mean 0 and deviation 1 of each channel
    NONE = "none"  # nothing: the network scales itself


class Count(Struct, frozen=True, array_like=True):
    """A number of weights: all of them, and those that training changes."""

    total: int
    trained: int


class Application(Struct, frozen=True):
    """A network as it is made with `arguments`.

    `module` and `scaling` of its preprocessing; `side` of its images, all `sides` that its head has weights for, the `least` side; `offset` is
    added to a side before it is divided by 32 to give that of the last maps, which have `channels`. `body` counts the
    weights without the head for 3 input channels, `channel` those for each further one; `head` those of the head before
    its last layer, with `cell` more for each cell of the last maps, and `features` go into each class.
    """

    name: str
    arguments: Mapping[str, float | bool]
    module: str
    scaling: Scaling
    side: int
    sides: tuple[int, ...]
    least: int
    offset: int
    channels: int
    body: Count
    channel: Count
    head: Count
    cell: Count
    features: int

    def maps(self, side: Dim) -> Dim:
        """The side of the last maps for images of a side."""
        if not isinstance(side, int):
            return side
        return max((side + self.offset) // _HALVINGS, 0)

    def weights(self, channels: int, classes: int | None = None, cells: int | Unknown = UNKNOWN) -> Count | Unknown:
        """The weights of the network for images of so many channels; with a head for `classes`, if it has one.

        `cells` counts those of the last maps, which only some heads depend on.
        """
        further = channels - 3
        total = self.body.total + further * self.channel.total
        trained = self.body.trained + further * self.channel.trained
        if classes is None:
            return Count(total, trained)
        by_cell = Count(0, 0)
        if self.cell.total:
            if isinstance(cells, Unknown):
                return UNKNOWN
            usual = self.maps(self.side)
            more = cells - (usual * usual if isinstance(usual, int) else 0)
            by_cell = Count(more * self.cell.total, more * self.cell.trained)
        last = (self.features + 1) * classes
        return Count(
            total + self.head.total + by_cell.total + last, trained + self.head.trained + by_cell.trained + last
        )


class _Table(Struct, frozen=True):
    source: str
    version: str
    networks: tuple[Application, ...]


@functools.cache
def table() -> _Table:
    """The whole table."""
    return msgspec.json.decode((Path(__file__).parent / "applications.json").read_bytes(), type=_Table)


@functools.cache
def _by_name() -> Mapping[str, tuple[Application, ...]]:
    found: dict[str, tuple[Application, ...]] = {}
    for network in table().networks:
        found[network.name] = (*found.get(network.name, ()), network)
    return found


def network(name: str) -> Application | None:
    """The network of a name in its usual width; None for any other name."""
    found = _by_name().get(name)
    return found[0] if found is not None else None


def as_made(name: str, config: Mapping[str, Value]) -> Application | None:
    """The network of a name in the width that the arguments ask for; None where that is not in the table."""
    given = {argument: config[argument] for argument in _WIDTHS if argument in config}
    wanted = {argument: value for argument, value in given.items() if value != _WIDTHS[argument]}
    return next((entry for entry in _by_name().get(name, ()) if entry.arguments == wanted), None)


@functools.cache
def modules() -> Mapping[str, Scaling]:
    """What the `preprocess_input` of each module of `keras.applications` does."""
    found = {entry.module: entry.scaling for entry in table().networks}
    return {**found, "resnet50": Scaling.CAFFE}


RANGES: Final[Mapping[Scaling, tuple[float, float]]] = {
    Scaling.CAFFE: (-123.68, 151.061),
    Scaling.TF: (-1.0, 1.0),
    Scaling.TORCH: (-2.118, 2.64),
}
"""The values that come out where pixels from 0 to 255 go in."""
