"""The layers and models that a program writes as classes: what they hold, and what their `call` does."""

from __future__ import annotations

import enum

from msgspec import Struct

from kerascheck.findings import Location


class Training(enum.Enum):
    """What a call inside `call` says of the mode of training."""

    ABSENT = "absent"  # nothing: Keras hands on the mode of the call around it
    PASSED = "passed"  # something that depends on the caller
    TRUE = "true"
    FALSE = "false"


class InnerCall(Struct, frozen=True):
    """A call of a Keras layer, which the class holds as `self.attribute`, on the way of `call`.

    `class_name` is today's Keras class. `bypasses` is true for `self.attribute.call(x)`, which Keras does not see.
    """

    attribute: str
    class_name: str
    location: Location
    training: Training = Training.ABSENT
    bypasses: bool = False


class Made(Struct, frozen=True):
    """A layer or variable that comes to be on the way of `call`: a Keras class, a class of the program, or `Variable`.

    `has_weights` is true where it holds weights, `is_random` where it holds the state of a random generator.
    """

    class_name: str
    location: Location
    has_weights: bool = False
    is_random: bool = False


class Untracked(Struct, frozen=True):
    """Layers with weights that `call` uses and Keras does not find: `where` names what hides them."""

    name: str
    where: str
    layers: tuple[str, ...]
    location: Location


class UnusedLayer(Struct, frozen=True):
    """A Keras layer in an attribute of which nothing in the script reads the name."""

    attribute: str
    class_name: str
    location: Location


class CustomClass(Struct, frozen=True):
    """A subclass of Layer or Model in the program.

    `location` is the name in the class statement. `parameters` are those of `__init__` that the class brings itself,
    `has_get_config` whether it or a class of the program above it defines one, `registered` whether a decorator makes it
    known to Keras. `takes_training` is true when `call` has a parameter of that name. `dropouts` are the places of
    `dropout` functions on the way of `call` that nothing turns off when the model predicts. `trains_itself` is true for a
    model with a step of training of its own.
    """

    name: str
    is_model: bool
    location: Location
    parameters: tuple[str, ...] = ()
    has_get_config: bool = False
    registered: bool = False
    takes_training: bool = False
    calls: tuple[InnerCall, ...] = ()
    made_in_call: tuple[Made, ...] = ()
    dropouts: tuple[Location, ...] = ()
    untracked: tuple[Untracked, ...] = ()
    unused: tuple[UnusedLayer, ...] = ()
    trains_itself: bool = False
