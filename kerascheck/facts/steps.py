"""Training steps that a program writes itself: gradient tapes, and functions that TensorFlow traces."""

from __future__ import annotations

from msgspec import Struct

from kerascheck.findings import Location


class Tape(Struct, frozen=True):
    """A `with tf.GradientTape() as tape` block.

    `unused` are the places of gradients that nothing uses, `outside` of losses that are computed below the block though the
    tape is asked for their gradient, `constant` of losses that numpy computes inside it. `untrained` are calls of the model
    with the key `model` inside the block that leave `training` to its default.
    """

    location: Location
    unused: tuple[Location, ...] = ()
    outside: tuple[Location, ...] = ()
    constant: tuple[Location, ...] = ()
    untrained: tuple[tuple[int, Location], ...] = ()


class TracedFunction(Struct, frozen=True):
    """A function below `@tf.function`: the places of what Python does in it when it is traced, and not when it runs.

    `prints` print values, `appends` fill lists from outside, `numpy` ask tensors for their numbers, `variables` are made
    anew on each call.
    """

    name: str
    location: Location
    prints: tuple[Location, ...] = ()
    appends: tuple[Location, ...] = ()
    numpy: tuple[Location, ...] = ()
    variables: tuple[Location, ...] = ()
