"""The losses that a model is compiled with, as far as they are Keras's own."""

from __future__ import annotations

from kerascheck.facts.graph import Loss, ModelGraph
from kerascheck.facts.values import Unknown


def own_losses(graph: ModelGraph) -> tuple[Loss, ...]:
    """The losses of every compile call, when each is one of Keras's; nothing when one is the user's or is not known."""
    found: list[Loss] = []
    for compiled in graph.compiles:
        if isinstance(compiled.losses, Unknown):
            return ()
        for loss in compiled.losses:
            if loss is None or loss.custom or isinstance(loss.name, Unknown):
                return ()
            found.append(loss)
    return tuple(found)
