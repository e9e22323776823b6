"""Training that a program does itself, step by step."""

from __future__ import annotations

from kerascheck.facts.events import Data, Event
from kerascheck.facts.graph import Compile
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import Location


class OwnStep(Event, frozen=True):
    """A loss that the program computes itself inside a gradient tape on what a model gives.

    `compile` is the entry of the model's `steps` that the loss stands in; `x` and `y` are one batch, with the key of the
    dataset that it comes from in `of`.
    """

    model: int = 0
    x: Data = UNKNOWN
    y: Data = UNKNOWN
    compile: Compile | None = None
    method: str = "GradientTape"

    def place(self, argument: str) -> Location:
        return self.location
