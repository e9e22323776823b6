"""One layer of a saved architecture as its file describes it, in any dialect."""

from __future__ import annotations

import enum
import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.artifact.documents import Config, is_config
from kerascheck.artifact.plain_values import shape_of
from kerascheck.facts.values import UNKNOWN, Shape, Value
from kerascheck.keras_api import tables

_MODELS: Final = frozenset({"Model", "Functional", "Sequential", "Network", "Container"})
_RAW_OPERATIONS: Final = frozenset(
    {
        "TFOpLambda",
        "SlicingOpLambda",
        "ClassMethod",
        "InstanceMethod",
        "InstanceProperty",
        "TensorFlowOpLayer",
        "Operation",
    }
)
_KERAS_ROOTS: Final = frozenset({"keras", "tf_keras", "tensorflow", "builtins"})
_OPERATION_MODULE: Final = re.compile(r"(?:^|\.)ops(?:\.|$)")
_WORDS: Final = (re.compile(r"(.)([A-Z][a-z0-9]+)"), re.compile(r"([a-z])([A-Z])"))

_GROUP_WORDS: Final = (re.compile(r"(.)([A-Z][a-z]+)"), _WORDS[1])


class EntryKind(enum.Enum):
    """What an entry of a layer list is."""

    LAYER = "layer"  # a class that some generation of Keras has, or that it never had: the tables decide
    FOREIGN = "foreign"  # registered by, or living in, code that is not Keras's
    OPERATION = "operation"
    SEQUENTIAL = "sequential"
    FUNCTIONAL = "functional"


class Entry(Struct, frozen=True):
    """An entry of a layer list. `input_shape` is what the file recorded when the layer was built."""

    name: str
    class_name: str
    kind: EntryKind
    config: Config
    inbound: Value = ()
    input_shape: Shape = UNKNOWN


def entry_of(value: Value) -> Entry | None:
    """The entry that `{"class_name", "config", …}` describes; None for anything else."""
    if not is_config(value):
        return None
    written = value.get("class_name")
    config = value.get("config")
    if not isinstance(written, str) or config is None:
        return None
    # A Sequential of Keras before 2.2.3 has its list of layers where others have their arguments.
    settings = config if is_config(config) else {"layers": config}
    short = written.rsplit(">", 1)[-1]
    name = value.get("name") or settings.get("name")
    return Entry(
        name=name if isinstance(name, str) else snake_case(short),
        class_name=short,
        kind=_kind_of(value, written, short, settings),
        config=settings,
        inbound=value.get("inbound_nodes", ()),
        input_shape=_built_shape(value),
    )


def _kind_of(value: Config, written: str, short: str, config: Config) -> EntryKind:
    if "layers" in config and "output_layers" in config:
        return EntryKind.FUNCTIONAL
    if short in _MODELS and "layers" in config:
        return EntryKind.SEQUENTIAL
    module = value.get("module")
    if isinstance(module, str):
        root = module.partition(".")[0]
        if root == "keras" and _OPERATION_MODULE.search(module):
            return EntryKind.OPERATION
        if root not in _KERAS_ROOTS:
            return EntryKind.FOREIGN
    elif isinstance(value.get("registered_name"), str):
        return EntryKind.FOREIGN
    if short in _RAW_OPERATIONS or _is_bare_operation(value, short, config):
        return EntryKind.OPERATION
    return EntryKind.FOREIGN if ">" in written else EntryKind.LAYER


def _is_bare_operation(value: Config, short: str, config: Config) -> bool:
    """Whether an entry without a module is an operation: in HDF5 files Keras 3 writes `Add` for `x + y` and for the layer.

    A layer's configuration always says whether it is trainable, an operation's never does.
    """
    inbound = value.get("inbound_nodes")
    if "module" in value or "trainable" in config or not isinstance(inbound, tuple) or not inbound:
        return False
    name = snake_case(short)
    return is_config(inbound[0]) and (name in tables.names("operations") or name == "get_item")


def _built_shape(value: Config) -> Shape:
    build = value.get("build_config")
    recorded = build.get("input_shape") if is_config(build) else value.get("build_input_shape")
    return shape_of(recorded)


def entries_of(config: Config) -> tuple[list[Entry], int]:
    """The layers of a model's configuration in order, and how many entries of the list are none."""
    listed = config.get("layers")
    if not isinstance(listed, tuple):
        return [], 0
    found = [entry for item in listed if (entry := entry_of(item)) is not None]
    return _told_apart(found), len(listed) - len(found)


def _told_apart(entries: list[Entry]) -> list[Entry]:
    """The entries with a number behind names that stand twice: a class may keep its name out of its configuration."""
    taken: set[str] = set()
    found: list[Entry] = []
    for entry in entries:
        name, number = entry.name, 0
        while name in taken:
            number += 1
            name = f"{entry.name}_{number}"
        taken.add(name)
        found.append(entry if name == entry.name else replace(entry, name=name))
    return found


def group_case(name: str) -> str:
    """The group that saves a class since tf.keras 2.12: `ConvLSTM2D` gives `conv_lstm2d`, where older names had `conv_lst_m2d`."""
    for pattern in _GROUP_WORDS:
        name = pattern.sub(r"\1_\2", name)
    return name.lower()


def snake_case(name: str) -> str:
    """Keras's automatic name of a class: `Conv2D` gives `conv2d`."""
    for pattern in _WORDS:
        name = pattern.sub(r"\1_\2", name)
    return name.lower()
