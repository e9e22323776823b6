"""Models that are saved, loaded, cloned and written as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.handlers import handles, method
from kerascheck.script.model_missteps import check_copied
from kerascheck.script.values import (
    Arguments,
    InstanceValue,
    LayerValue,
    ModelValue,
    ObjectValue,
    Opaque,
    Path,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_TEXT = "keras.json"
_FILE = "io.file"
LAYER_CONFIG = "keras.layer_config"


@handles(
    "keras.models.load_model",
    "keras.load_model",
    "keras.saving.load_model",
    "keras.models.saving.load_model",
    "keras.saving.saving_lib.load_model",
    "keras.experimental.load_from_saved_model",
)
def load_model(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A model that the program saved under this path, or that lies in a file beside it."""
    node = arguments.node
    if node is None:
        return ev.unknown("load_model")
    place = arguments.get(0, "filepath", "path", "saved_model_path")
    compiled = arguments.get(2, "compile", default=True) is not False
    saved = ev.saved.get(ev.path_identity(place))
    if saved is not None:
        loaded = ev.copied(ev.freeze(saved), node, name=saved.name)
        loaded.compiles = list(saved.compiles) if compiled else []
        return loaded
    if isinstance(place, str):
        found = ev.model_of_file(place, node)
        if found is not None:
            found.compiles = found.compiles if compiled else []
            return found
    return ev.unknown_model(f"load_model({place!r})" if isinstance(place, str) else "load_model", node)


@handles("keras.models.model_from_json", "keras.model_from_json", "keras.models.model_from_yaml",
         "keras.models.model_from_config", "keras.models.saving.model_from_json")  # fmt: skip
def model_from_json(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A model of the text that another gave, or of a file's text."""
    text, node = arguments.get(0, "json_string", "yaml_string", "config"), arguments.node
    if node is None:
        return ev.unknown(path.dotted)
    if isinstance(text, ObjectValue) and text.path == _TEXT:
        original = text.attributes.get("model")
        if isinstance(original, ModelValue):
            return ev.copied(ev.freeze(original), node, name=original.name)
        place = text.attributes.get("path")
        found = ev.model_of_file(place, node) if isinstance(place, str) else None
        if found is not None:
            return found
    return ev.unknown_model(path.parts[-1], node)


def from_config(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`Sequential.from_config(model.get_config())`, `Dense.from_config(layer.get_config())`: a copy with new weights."""
    config = arguments.get(0, "config")
    layer = config.attributes.get("layer") if isinstance(config, ObjectValue) and config.path == LAYER_CONFIG else None
    if isinstance(layer, LayerValue) and layer.instance is None:
        return ev.registered(replace(layer.layer, key=next(ev.keys)))
    if kind_of(path.parts[1:-1]) is ApiKind.MODEL:
        return model_from_json(ev, path, arguments)
    return ev.unknown(path.dotted)


@handles("keras.models.clone_model", "keras.clone_model")
def clone_model(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A model of the same graph with weights of its own, not compiled."""
    original = arguments.get(0, "model")
    if arguments.node is None:
        return ev.unknown("clone_model")
    if isinstance(original, InstanceValue) and original.model is not None:
        check_copied(ev, original.model, arguments, arguments.node)
    if isinstance(original, ModelValue):
        check_copied(ev, original, arguments, arguments.node)
        return ev.copied(ev.freeze(original), arguments.node)
    return ev.unknown_model("clone_model", arguments.node)


@handles("keras.utils.multi_gpu_model", "keras.utils.training_utils.multi_gpu_model")
def multi_gpu_model(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The same model on several devices."""
    return arguments.get(0, "model")


@handles("builtins.open", "io.open", "tensorflow.io.gfile.GFile", "tensorflow.gfile.GFile", "tensorflow.gfile.Open")
def open_file(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A file by its path."""
    place = arguments.get(0, "file", "name")
    return ObjectValue(_FILE, {"path": place}) if isinstance(place, (str, Opaque)) else ev.unknown("open")


@method(f"{_FILE}.read")
def read_file(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """The text of a file: of a model when the program wrote one there."""
    place = subject.attributes.get("path")
    model = ev.saved.get(ev.path_identity(place))
    return ObjectValue(_TEXT, {"path": place, "model": model})


@method(f"{_FILE}.write")
def write_file(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Keeps what model is written under a path."""
    text, place = arguments.get(0), subject.attributes.get("path")
    model = text.attributes.get("model") if isinstance(text, ObjectValue) and text.path == _TEXT else None
    if isinstance(model, ModelValue):
        ev.saved[ev.path_identity(place)] = model
    return None


@handles("json.loads", "json.dumps", "json.load")
def json_text(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Of the text of a model it stays that text."""
    text = arguments.get(0)
    if isinstance(text, ObjectValue) and text.path == _TEXT:
        return text
    if isinstance(text, ObjectValue) and text.path == _FILE:
        return read_file(ev, text, Arguments([], {}, None))
    return ev.unknown(path.dotted)
