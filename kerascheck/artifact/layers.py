"""Layers of a file under today's names: the entries of a configuration as the facts that rules look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from msgspec import Struct

from kerascheck.artifact.documents import Config, is_config
from kerascheck.artifact.entries import Entry, EntryKind, entry_of, snake_case
from kerascheck.artifact.plain_values import shape_of
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Shape, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize

WRAPPED: Final = ("layer", "cell")
"""The arguments under which wrappers and recurrent layers keep what they wrap."""
_GENERAL: Final = frozenset({"name", "trainable", "dtype"})
_OPERATION_NAMES: Final = {"get_item": "getitem", "true_divide": "divide", "truediv": "divide", "add_v2": "add"}


class Site(Struct, frozen=True):
    """Where a layer is in a file: the file as reports call it, and the path of the model around it."""

    file: str
    model: str

    def path(self, name: str) -> str:
        return f"{self.model}/{name}" if self.model else name

    def location(self, name: str) -> Location:
        return Location(self.file, layer=self.path(name))

    @property
    def here(self) -> Location:
        """The place of the model itself."""
        return Location(self.file, layer=self.model)

    def inside(self, name: str) -> Site:
        """The place of what a layer or model holds."""
        return Site(self.file, self.path(name))


def make_layer(entry: Entry, site: Site, keys: Iterator[int]) -> Layer:
    """The layer of an entry that is no model."""
    if entry.kind is EntryKind.OPERATION:
        return _operation(entry, site, keys)
    found = None if entry.kind is EntryKind.FOREIGN else normalize.layer_from_config(entry.class_name, entry.config)
    if found is None:
        return opaque(entry, site, keys)
    inner, settings = _unwrapped(entry, found.arguments, site, keys)
    return Layer(
        key=next(keys),
        name=entry.name,
        class_name=found.name,
        config=settings,
        location=site.location(entry.name),
        kind=LayerKind.LAMBDA if found.name == "Lambda" else LayerKind.BUILTIN,
        written=entry.class_name,
        given=normalize.not_default(found),
        inner=inner,
        trainable=entry.config.get("trainable", True) is not False,
        path=site.path(entry.name),
    )


def opaque(entry: Entry, site: Site, keys: Iterator[int]) -> Layer:
    """A layer of which only the name is known: a user's class, or a model that is nested too deeply."""
    return Layer(
        key=next(keys),
        name=entry.name,
        class_name=entry.class_name,
        config={},
        location=site.location(entry.name),
        kind=LayerKind.CUSTOM,
        written=entry.class_name,
        trainable=entry.config.get("trainable", True) is not False,
        path=site.path(entry.name),
    )


def model_layer(entry: Entry, graph: ModelGraph, site: Site) -> Layer:
    """A model as a layer of another; opaque where its own graph is not whole."""
    known = graph.whole and bool(graph.outputs)
    return Layer(
        key=graph.key,
        name=entry.name,
        class_name="Sequential" if entry.kind is EntryKind.SEQUENTIAL else "Functional",
        config={},
        location=site.location(entry.name),
        kind=LayerKind.MODEL if known else LayerKind.CUSTOM,
        written=entry.class_name,
        model=graph if known else None,
        parameters=graph.parameters if known else UNKNOWN,
        trainable=entry.config.get("trainable", True) is not False,
        path=site.path(entry.name),
    )


def declared_output(entry: Entry) -> Shape:
    """The shape that a Lambda declares for its output, with a variable batch axis; `UNKNOWN` where it declares none."""
    if entry.class_name != "Lambda":
        return UNKNOWN
    declared = shape_of(entry.config.get("output_shape"))
    return declared if declared is UNKNOWN else (None, *declared)


def wrapped_entry(config: Config) -> Entry | None:
    """What a wrapper or a recurrent layer holds."""
    return next((found for name in WRAPPED if (found := entry_of(config.get(name))) is not None), None)


def _unwrapped(
    entry: Entry, arguments: Mapping[str, Value], site: Site, keys: Iterator[int]
) -> tuple[Layer | None, Mapping[str, Value]]:
    """The wrapped layer, and the arguments of the wrapper without it."""
    held = wrapped_entry(entry.config)
    if held is None:
        return None, arguments
    settings = {name: UNKNOWN if name in WRAPPED else value for name, value in arguments.items()}
    if _mirrors(entry.config.get("backward_layer"), held):
        settings["backward_layer"] = None
    if held.kind in (EntryKind.SEQUENTIAL, EntryKind.FUNCTIONAL):
        return None, settings
    return make_layer(held, site.inside(entry.name), keys), settings


def _mirrors(value: Value, forward: Entry) -> bool:
    """Whether a backward layer is the forward layer turned round, which is what Keras makes when none is given."""
    backward = entry_of(value)
    if backward is None or backward.class_name != forward.class_name:
        return False
    ignored = {"name", "go_backwards"}
    names = (forward.config.keys() | backward.config.keys()) - ignored
    return all(_bare(forward.config.get(name)) == _bare(backward.config.get(name)) for name in names)


def _bare(value: Value) -> Value:
    """A value without the numbers by which Keras tells objects apart."""
    if is_config(value):
        return {name: _bare(item) for name, item in value.items() if name != "shared_object_id"}
    return tuple(_bare(item) for item in value) if isinstance(value, tuple) else value


def _operation(entry: Entry, site: Site, keys: Iterator[int]) -> Layer:
    name = _operation_name(entry)
    return Layer(
        key=next(keys),
        name=entry.name,
        class_name=name,
        config={key: value for key, value in entry.config.items() if key not in _GENERAL and key != "function"},
        location=site.location(entry.name),
        kind=LayerKind.OPERATION,
        written=entry.class_name,
        parameters=0,
        path=site.path(entry.name),
    )


def _operation_name(entry: Entry) -> str:
    """The function that an operation calls, as scripts name it: `reduce_mean` for `tf.math.reduce_mean`."""
    named = (entry.config.get(key) for key in ("function", "method_name", "attr_name"))
    written = next((value for value in named if isinstance(value, str)), None) or _node_operation(entry.config)
    name = snake_case((written or entry.class_name).rsplit(".", 1)[-1])
    return _OPERATION_NAMES.get(name, name)


def _node_operation(config: Config) -> str | None:
    """The operation of a raw TensorFlow node, which is kept as a JSON text."""
    from kerascheck.artifact.plain_values import parse
    from kerascheck.artifact.refusals import DamagedError

    text = config.get("node_def")
    if not isinstance(text, str):
        return None
    try:
        node = parse(text, "a TensorFlow node")
    except DamagedError:
        return None
    found = node.get("op") if is_config(node) else None
    return found if isinstance(found, str) else None


def fresh_keys() -> Iterator[int]:
    """Identities for the layers, models and optimizers of one file."""
    return count(1)
