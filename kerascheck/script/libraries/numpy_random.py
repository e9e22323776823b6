"""numpy's generators (`default_rng`, `RandomState`) and the random functions beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles, method
from kerascheck.script.libraries.numpy import permuted, reordered
from kerascheck.script.values import Arguments, ArrayValue, ListValue, ObjectValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

GENERATOR = "numpy.random.Generator"


@handles("numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator", "random.Random")
def make_generator(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A generator with a state of its own."""
    value = ObjectValue(GENERATOR, {"state": f"generator {next(ev.keys)}"})
    seed = arguments.get(0, "seed")
    if seed is not None:
        ev.reseeded(str(value.attributes["state"]), seed)
        if arguments.node is not None:
            ev.seeds.append(ev.place(arguments.node))
    return value


@handles("numpy.random.get_state", "random.getstate")
def get_state(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The state of the global generator, which `set_state` may bring back."""
    state = ev.unknown("random state")
    ev.reseeded(path.parts[0], state)
    return state


@handles("numpy.random.set_state", "random.setstate")
def set_state(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Draws repeat themselves from here on."""
    ev.reseeded(path.parts[0], arguments.get(0, "state"))
    return None


@method(f"{GENERATOR}.permutation")
def permutation(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    return permuted(ev, arguments.get(0, "x"), ev.draw(str(subject.attributes["state"]), "permutation"), arguments)


@method(f"{GENERATOR}.shuffle")
def shuffle(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    array, key = arguments.get(0, "x"), ev.draw(str(subject.attributes["state"]), "shuffle")
    if isinstance(array, ArrayValue):
        reordered(ev, array, key, "shuffle", arguments)
    elif isinstance(array, ListValue):
        ev.touch(array)
        array.shuffled, array.whole = key, False


@method(
    *(
        f"{GENERATOR}.{name}"
        for name in ("normal", "uniform", "random", "integers", "choice", "standard_normal", "rand", "randn", "randint")
    )
)
def numbers(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Numbers that nothing is known of."""
    ev.draw(str(subject.attributes["state"]), "numbers")
    return ev.array(arguments.node) if arguments.has(2, "size") or arguments.positional else ev.unknown("random number")
