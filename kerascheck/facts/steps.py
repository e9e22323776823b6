"""Training steps that a program writes itself: gradient tapes, and functions that TensorFlow traces."""

from __future__ import annotations

from msgspec import Struct

from kerascheck.findings import Location


class FreshOptimizer(Struct, frozen=True):
    """An optimizer by its Keras class that each step makes anew: in the body of a loop, or of a function that runs for each
    batch (`function` is its name); `traced` where TensorFlow traces that function."""

    name: str
    location: Location
    function: str = ""
    traced: bool = False


class Tape(Struct, frozen=True):
    """A `with tf.GradientTape() as tape` block.

    `unused` are the places of gradients that nothing uses, `outside` of losses that are computed below the block though the
    tape is asked for their gradient, `constant` of losses that numpy computes inside it. `untrained` are calls of the model
    with the key `model` inside the block that leave `training` to its default. `fresh` are optimizers that are made for
    this one step and apply its gradients.
    """

    location: Location
    unused: tuple[Location, ...] = ()
    outside: tuple[Location, ...] = ()
    constant: tuple[Location, ...] = ()
    untrained: tuple[tuple[int, Location], ...] = ()
    fresh: tuple[FreshOptimizer, ...] = ()


class Grown(Struct, frozen=True):
    """A tensor that a traced loop joins another part to in each turn: its name, the call that joins, and the loop."""

    name: str
    location: Location
    loop: Location


class TracedFunction(Struct, frozen=True):
    """A function below `@tf.function`: the places of what Python does in it when it is traced, and not when it runs.

    `prints` print values, `appends` fill lists from outside, `numpy` ask tensors for their numbers, `variables` are made
    anew on each call, `recursions` call the function itself, `changing` read a number that the program changes later.
    """

    name: str
    location: Location
    prints: tuple[Location, ...] = ()
    appends: tuple[Location, ...] = ()
    numpy: tuple[Location, ...] = ()
    variables: tuple[Location, ...] = ()
    recursions: tuple[Location, ...] = ()
    changing: tuple[Location, ...] = ()
