"""Where a script writes a whole model to a file, and where it reads one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kerascheck.facts.events import Event, Fit, LibraryCall, ModelUse
from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Location

_SAVING: Final = ("save", "to_json", "to_yaml")
_LOADING: Final = ("load_weights", "set_weights")


class Keeping(Struct, frozen=True):
    """One writing of a whole model, or of its architecture. `target` is the path where it is known, `model` what is written."""

    location: Location
    target: str | Unknown = UNKNOWN
    is_text: bool = False
    model: int | Unknown = UNKNOWN

    @property
    def suffix(self) -> str | Unknown:
        """The suffix of the path in lower case; empty for a folder."""
        if isinstance(self.target, Unknown):
            return UNKNOWN
        name = self.target.replace("\\", "/").rpartition("/")[2]
        return f".{name.rpartition('.')[2].lower()}" if "." in name else ""


def keepings(program: TrainingProgram, graph: ModelGraph) -> Iterator[Keeping]:
    """Where a model, or one that shares layers with it, is saved whole, by a call or by a checkpoint."""
    for use in program.of(ModelUse):
        if use.use in _SAVING and _holds(program, use.model, graph):
            path = use.arguments.get("filepath", UNKNOWN)
            yield Keeping(use.location, path if isinstance(path, str) else UNKNOWN, use.use != "save", use.model)
    for fit in program.of(Fit):
        if isinstance(fit.callbacks, Unknown) or not _holds(program, fit.model, graph):
            continue
        for callback in fit.callbacks:
            if callback.name == "ModelCheckpoint" and callback["save_weights_only"] is False:
                path = callback["filepath"]
                yield Keeping(callback.location, path if isinstance(path, str) else UNKNOWN, model=fit.model)


def _holds(program: TrainingProgram, model: int | Unknown, graph: ModelGraph) -> bool:
    """Whether a model is proven to be the graph or to share layers with it."""
    other = program.graph(model)
    if model == graph.key or other is None:
        return model == graph.key
    return other.whole and graph.whole and program.related(model, graph.key)


def loads_later(program: TrainingProgram, fit: Fit) -> bool:
    """Whether anything is loaded after the training, or in the same loop, or the model goes to code that is not known."""
    if any(loads(event) and (event.order > fit.order or event.repeated) for event in program.events):
        return True
    return any(True for _ in program.uses(fit.model, "passed"))


def loads(event: Event) -> bool:
    """Whether weights come from elsewhere: from a file, or from another model."""
    if isinstance(event, ModelUse):
        return event.use in _LOADING
    return isinstance(event, LibraryCall) and event.name.endswith(("load_model", "saved_model.load"))
