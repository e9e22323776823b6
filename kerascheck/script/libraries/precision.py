"""The global dtype policy: the precision of every layer that is made afterwards and names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.facts.values import UNKNOWN, Symbol, Unknown
from kerascheck.script.handlers import handles
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@handles(
    "keras.mixed_precision.set_global_policy",
    "keras.mixed_precision.set_dtype_policy",
    "keras.mixed_precision.experimental.set_policy",
    "keras.config.set_dtype_policy",
)
def set_policy(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Sets the policy of the layers to come."""
    chosen = policy_name(to_value(arguments.get(0, "policy")))
    if arguments.node is not None:
        ev.policy_place = ev.place(arguments.node)
    ev.policy = UNKNOWN if ev.undecided and chosen != ev.policy else chosen
    return None


@handles(
    "keras.mixed_precision.Policy",
    "keras.mixed_precision.DTypePolicy",
    "keras.mixed_precision.experimental.Policy",
    "keras.dtype_policies.DTypePolicy",
    "keras.DTypePolicy",
)
def make_policy(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A policy by its name."""
    return Symbol("DTypePolicy", {"name": to_value(arguments.get(0, "name"))}, path.parts[-1])


def policy_name(value: object) -> str | Unknown:
    """The name of a policy given as a string or an object."""
    if isinstance(value, Symbol):
        value = value.arguments.get("name", UNKNOWN)
    return value if isinstance(value, str) else UNKNOWN
