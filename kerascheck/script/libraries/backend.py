"""The settings of `keras.backend` and `keras.config` that decide how layers are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.script.handlers import handles
from kerascheck.script.values import Arguments, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_FORMATS = {"tf": "channels_last", "th": "channels_first"}


@handles(
    "keras.backend.set_image_data_format",
    "keras.backend.set_image_dim_ordering",
    "keras.config.set_image_data_format",
    "keras.backend.common.set_image_dim_ordering",
    "keras.backend.common.set_image_data_format",
)
def set_image_data_format(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Sets the data format of every layer that is made afterwards and names none."""
    value = arguments.get(0, "data_format", "dim_ordering")
    chosen = _FORMATS.get(value, value) if isinstance(value, str) else UNKNOWN
    if arguments.node is not None:
        ev.image_format_place = ev.place(arguments.node)
    # Set in a branch that may not be taken, it may be the one or the other.
    ev.image_format = UNKNOWN if ev.undecided and chosen != ev.image_format else chosen
    return None


@handles("keras.backend.image_data_format", "keras.config.image_data_format")
def image_data_format(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`channels_last` unless the program says otherwise."""
    return ev.unknown(path.dotted) if isinstance(ev.image_format, Unknown) else ev.image_format


@handles("keras.backend.image_dim_ordering")
def image_dim_ordering(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The same in the words of Keras 1."""
    names = {new: old for old, new in _FORMATS.items()}
    found = None if isinstance(ev.image_format, Unknown) else names.get(ev.image_format)
    return ev.unknown(path.dotted) if found is None else found


@handles("keras.backend.epsilon", "keras.config.epsilon")
def epsilon(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The small number that Keras adds to denominators, as long as nothing sets another."""
    return 1e-7
