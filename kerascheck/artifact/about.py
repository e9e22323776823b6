"""What a model file is, in a line: its form, who wrote it, and how it was compiled."""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import Compile
from kerascheck.facts.values import Unknown

_FORMS = {
    "hdf5": "HDF5 model",
    "keras": ".keras model",
    "json": "architecture in JSON",
    "yaml": "architecture in YAML",
    "tfjs": "TensorFlow.js model",
    "saved_model": "SavedModel",
    "npz": "weights in a NumPy archive",
    "shards": "weights in several files",
}


def about(saved: SavedModel) -> str:
    """The line about a file."""
    return ", ".join(_parts(saved))


def _parts(saved: SavedModel) -> Iterator[str]:
    alone = saved.form == "hdf5" and saved.graph is None
    yield "HDF5 weights" if alone else _FORMS.get(saved.form, saved.form)
    if isinstance(saved.keras_version, str):
        yield f"Keras {saved.keras_version}"
    if isinstance(saved.backend, str):
        yield f"backend {saved.backend}"
    if saved.paired:
        yield f"weights in {saved.paired}"
    if saved.away:
        yield "weights not fetched"
    if saved.graph is not None:
        yield from _compiled(saved.graph.compiles[-1]) if saved.graph.compiles else ("not compiled",)


def _compiled(compiled: Compile) -> Iterator[str]:
    optimizer = compiled.optimizer
    if optimizer is not None and isinstance(optimizer.name, str):
        yield f"optimizer {optimizer.name}"
    if isinstance(compiled.losses, Unknown):
        return
    losses = dict.fromkeys(loss.name for loss in compiled.losses if loss is not None and isinstance(loss.name, str))
    if losses:
        yield f"loss {', '.join(losses)}"
