"""Functions that write models: the counterparts of the methods of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles
from kerascheck.script.uses import models_in, note_use
from kerascheck.script.values import Arguments, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@handles("keras.models.save_model", "keras.saving.save_model", "keras.saving.hdf5_format.save_model_to_hdf5")
def save_model(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`save_model(model, path)` is `model.save(path)`."""
    given = arguments.get(0, "model")
    rest = arguments.without_first() if arguments.positional else arguments
    if arguments.node is not None:
        for model in models_in([given]):
            note_use(ev, model, "save", rest, arguments.node)
    return None
