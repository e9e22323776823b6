"""Functions that write models: the counterparts of the methods of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles
from kerascheck.script.uses import models_in, note_library_call, note_use
from kerascheck.script.values import Arguments, ModelValue, Path

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
            ev.saved[ev.path_identity(rest.get(0, "filepath"))] = model
    return None


@handles("tensorflow.saved_model.load", "tensorflow.compat.v1.saved_model.load")
def load_in_tensorflow(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """What a SavedModel holds: functions, and no model that Keras would know."""
    if arguments.node is not None:
        note_library_call(ev, path, arguments, arguments.node)
    return ev.unknown(path.dotted)


@handles("tensorflow.saved_model.save", "tensorflow.compat.v1.saved_model.save")
def save_in_tensorflow(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A SavedModel, which `keras.models.load_model` of Keras 2 reads."""
    given = arguments.get(0, "obj")
    if isinstance(given, ModelValue):
        ev.saved[ev.path_identity(arguments.get(1, "export_dir"))] = given
    return None
