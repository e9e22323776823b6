"""Which variable of which layer an array of a file is, in the layouts of Keras 1 and 2, of 3, and of the years between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.artifact.documents import Part
from kerascheck.artifact.entries import group_case
from kerascheck.artifact.survey import Array, Survey
from kerascheck.artifact.variables import class_of_group, numbered_names, own_name
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.weights import Purpose

_CONTAINERS: Final = ("layers", "_layer_checkpoint_dependencies")
_WRAPPED: Final = frozenset({"layer", "cell", "forward_layer", "backward_layer"})
_PART: Final = re.compile(r"query|key|value|attention_output|(?:forward|backward)_.+")
_STATE: Final = frozenset({"optimizer", "_optimizer"})
_SEED: Final = "seed_generator"
_COUNTER: Final = re.compile(r"_(\d+)$")


class Named(Struct, frozen=True):
    """An array with what it is. `owner` is the layer, where the file has an architecture; `part` tells the arrays of one
    layer and name apart (`query`, `forward_layer`)."""

    array: Array
    purpose: Purpose
    layer: str = ""
    name: str = ""
    part: str = ""
    owner: Layer | None = None
    class_name: str = ""


def named(survey: Survey, graph: ModelGraph | None, parts: Sequence[Part] = ()) -> list[Named]:
    """The arrays of a file with what they are, in the file's order; `parts` are the objects that a SavedModel lists."""
    if parts:
        return [_tracked(array, graph, {part.path: _name_of(part) for part in parts}) for array in survey.arrays]
    if survey.layer_names:
        return _Legacy(survey, graph).arrays()
    return _Numbered(survey, graph).arrays()


def _name_of(part: Part) -> str:
    name = part.described.get("name")
    return name if isinstance(name, str) else part.path[-1]


def _tracked(array: Array, graph: ModelGraph | None, names: Mapping[tuple[str, ...], str]) -> Named:
    """A variable of a SavedModel, by the attributes that lead to it: `layer_with_weights-0/kernel`."""
    steps = tuple(array.path.split("/"))
    if steps[0] in _STATE or ".OPTIMIZER_SLOT" in steps:
        name = steps[-1].lstrip("_")
        return Named(array, Purpose.OPTIMIZER, name="iteration" if name in ("iter", "iterations") else "")
    if steps[0] in ("keras_api", "save_counter") or any(step.startswith(_SEED) for step in steps):
        return Named(array, Purpose.OTHER)
    top = "" if graph is None else graph.location.layer or ""
    layers = {} if graph is None else {layer.path: layer for layer in graph.every_layer()}
    place, owner = top, None
    for length in range(1, len(steps)):
        called = names.get(steps[:length])
        if called is None:
            break
        place = f"{place}/{called}" if place else called
        owner = layers.get(place, owner)
    path = place if owner is None else owner.path
    side = next((step for step in steps if step.endswith("ward_layer")), "")
    kind = "" if owner is None else owner.class_name
    return Named(array, Purpose.WEIGHT, path, own_name(steps[-1], kind), side, owner, kind)


class _Legacy:
    """The layout of Keras 1 and 2: a group a layer, listed by name, with an array a variable."""

    def __init__(self, survey: Survey, graph: ModelGraph | None) -> None:
        self._survey = survey
        # Optimizers of a model have no layers; a file with two models has two lists, and the first is looked at.
        self._root = min(survey.layer_names, key=len)
        # Only TensorFlow.js names the layers inside of others as well.
        every = () if graph is None else (*graph.every_layer(), *graph.layers)
        self._layers = {layer.name: layer for layer in every}
        self._groups = {self._below(name): name for name in survey.layer_names[self._root]}

    def _below(self, name: str) -> str:
        return f"{self._root}/{name}" if self._root else name

    def arrays(self) -> list[Named]:
        return [self._named(array) for array in self._survey.arrays]

    def _named(self, array: Array) -> Named:
        if array.path.startswith("optimizer_weights/") or "/optimizer_weights/" in array.path:
            return Named(array, Purpose.OPTIMIZER, name=own_name(array.path.rsplit("/", 1)[-1]))
        group = self._group(array.path)
        if group is None or _SEED in array.path:
            return Named(array, Purpose.OTHER)
        rest = array.path[len(group) + 1 :].split("/")
        name = self._groups[group]
        layer = self._layers.get(name)
        if layer is None:
            return Named(array, Purpose.WEIGHT, name, own_name(rest[-1]))
        owner = _owner(layer, rest[:-1])
        part = next((_side(step) for step in rest[:-1] if _PART.fullmatch(step)), "")
        called = own_name(rest[-1], owner.class_name)
        return Named(array, Purpose.WEIGHT, owner.path or owner.name, called, part, owner, owner.class_name)

    def _group(self, path: str) -> str | None:
        """The longest name of a layer that a path goes on from: names may hold slashes."""
        steps = path.split("/")
        ways = ("/".join(steps[:length]) for length in range(len(steps) - 1, 0, -1))
        return next((way for way in ways if way in self._groups), None)


def _owner(layer: Layer, steps: Sequence[str]) -> Layer:
    """The layer inside a wrapper or a model that the steps of a variable's path name; the last of them counts most."""
    below = _below(layer, steps)
    if below is not layer:
        return below
    inside = {found.name: found for found in _every(layer)}
    for step in reversed(steps):
        if step in inside and step != layer.name:
            return inside[step]
    if layer.inner is not None and layer.kind is LayerKind.BUILTIN and layer.inner.model is None:
        return layer.inner
    return layer


def _below(layer: Layer, steps: Sequence[str]) -> Layer:
    """The layer that the steps lead down to, each to a layer right inside the one before."""
    for step in steps:
        held = (layer.inner,) if layer.inner is not None else layer.model.layers if layer.model is not None else ()
        layer = next((inner for inner in held if inner.name == step), layer)
    return layer


def _side(step: str) -> str:
    """A part as Keras 3 calls it, where the name of a layer stands in its place: `forward_lstm` is the `forward_layer`."""
    direction = step.partition("_")[0]
    return f"{direction}_layer" if direction in ("forward", "backward") else step.removeprefix("attention_")


def _every(layer: Layer) -> Iterator[Layer]:
    if layer.inner is not None:
        yield layer.inner
        yield from _every(layer.inner)
    if layer.model is not None:
        yield from layer.model.every_layer()


class _Numbered:
    """The layout of Keras 3: groups named after classes, counted inside their model, with numbered variables."""

    def __init__(self, survey: Survey, graph: ModelGraph | None) -> None:
        self._graph = graph
        self._called = {_slashed(path): name for path, name in survey.called.items()}
        self._found: dict[str, Named] = {}
        self._tree: dict[str, dict[str, None]] = {}
        self._arrays = {_slashed(array.path): array for array in survey.arrays}
        for path in (*self._arrays, *map(_slashed, survey.groups)):
            steps = path.split("/")
            for length in range(len(steps)):
                self._tree.setdefault("/".join(steps[:length]), {})[steps[length]] = None

    def arrays(self) -> list[Named]:
        graph = self._graph
        top = "" if graph is None else graph.location.layer or ""
        for step in self._children(""):
            match step:
                case "optimizer":
                    self._rest(step, Purpose.OPTIMIZER)
                case "metrics" | "compile_metrics" | "_metrics" | "loss_tracker":
                    self._rest(step, Purpose.OTHER)
                case "vars":
                    self._variables("vars", top, None, "", "")
                case _ if step in _CONTAINERS:
                    self._container(step, graph, top)
                case _:
                    # An attribute of a model that is a class of its own.
                    self._stray(step, top, class_of_group(step))
        return [self._found.get(path) or Named(array, Purpose.OTHER) for path, array in self._arrays.items()]

    def _children(self, path: str) -> list[str]:
        return list(self._tree.get(path, ()))

    def _container(self, path: str, graph: ModelGraph | None, top: str) -> None:
        """The layers of a model, each in a group of its own."""
        groups = self._children(path)
        for group in groups:
            layer = self._layer_of(f"{path}/{group}", group, groups, graph)
            if layer is not None:
                self._layer(f"{path}/{group}", layer)
            else:
                self._stray(f"{path}/{group}", top, class_of_group(group))

    def _layer_of(self, path: str, group: str, groups: Sequence[str], graph: ModelGraph | None) -> Layer | None:
        """The layer of a group: by the name that is kept there since Keras 3.6, before by class and order."""
        if graph is None:
            return None
        called = self._called.get(f"{path}/vars")
        if called is not None:
            return next((layer for layer in graph.layers if layer.name == called), None)
        stem = _COUNTER.sub("", group)
        # A name may end in a number of its own: `conv2d_1` is no `conv2d` of number 1 where a class is called so.
        alike = sorted((name for name in groups if _COUNTER.sub("", name) == stem), key=_number)
        layers = [layer for layer in graph.layers if group_case(_plain(layer.written or layer.class_name)) == stem]
        if len(alike) != len(layers):
            # Layers without weights have no group in files before 3.6.
            layers = [layer for layer in layers if layer.parameters != 0]
        return layers[alike.index(group)] if len(alike) == len(layers) else None

    def _layer(self, path: str, layer: Layer, part: str = "") -> None:
        """The variables of a layer, of what it wraps, and of the layers that it is made of."""
        for step in self._children(path):
            below = f"{path}/{step}"
            if step == "vars":
                self._variables(below, layer.path or layer.name, layer, layer.class_name, part)
            elif step in _CONTAINERS:
                self._container(below, layer.model, layer.path)
            elif step in _WRAPPED:
                held = layer.inner or layer
                side = step if step.endswith("ward_layer") else part
                self._layer(below, held, side)
            elif step.lstrip("_").startswith(_SEED):
                self._rest(below, Purpose.OTHER)
            else:
                kind = "Dense" if step.lstrip("_").endswith("_dense") else ""
                self._part(below, layer, step.lstrip("_").removesuffix("_dense"), kind)

    def _part(self, path: str, layer: Layer, part: str, kind: str) -> None:
        """A layer that another is made of without wrapping it, such as the projections of attention."""
        for step in self._children(path):
            below = f"{path}/{step}"
            if step == "vars":
                self._variables(below, layer.path or layer.name, None, kind, part, owner=layer)
            else:
                self._part(below, layer, f"{part}/{step}", "")

    def _stray(self, path: str, top: str, kind: str) -> None:
        """Variables of a layer that no architecture lists."""
        called = self._called.get(f"{path}/vars") or path.rsplit("/", 1)[-1]
        place = f"{top}/{called}" if top else called
        for step in self._children(path):
            below = f"{path}/{step}"
            if step == "vars":
                self._variables(below, place, None, kind, "")
            elif step.lstrip("_").startswith(_SEED):
                self._rest(below, Purpose.OTHER)
            elif step in _CONTAINERS:
                self._container(below, None, place)
            else:
                self._stray(below, place, kind if step in _WRAPPED else class_of_group(step))

    def _variables(
        self, path: str, place: str, layer: Layer | None, kind: str, part: str, *, owner: Layer | None = None
    ) -> None:
        numbers = sorted((step for step in self._children(path) if f"{path}/{step}" in self._arrays), key=_position)
        names = numbered_names(kind, layer, len(numbers))
        for number, name in zip(numbers, names, strict=True):
            below = f"{path}/{number}"
            called = name if number.isdecimal() else own_name(number, kind)
            self._found[below] = Named(self._arrays[below], Purpose.WEIGHT, place, called, part, layer or owner, kind)

    def _rest(self, path: str, purpose: Purpose) -> None:
        for below in self._arrays:
            if below.startswith(f"{path}/"):
                first = purpose is Purpose.OPTIMIZER and below == f"{path}/vars/0"
                name = "iteration" if first else ""
                self._found[below] = Named(self._arrays[below], purpose, name=name)


def by_layer(arrays: Sequence[Named]) -> Mapping[str, list[Named]]:
    """The weights by the paths of their layers."""
    found: dict[str, list[Named]] = {}
    for item in arrays:
        if item.purpose is Purpose.WEIGHT:
            found.setdefault(item.layer, []).append(item)
    return found


def _slashed(path: str) -> str:
    """A path with the separators that Keras on Windows put into the names of groups."""
    return path.replace("\\", "/")


def _plain(name: str) -> str:
    return name.rsplit(">", 1)[-1]


def _number(group: str) -> int:
    found = _COUNTER.search(group)
    return int(found[1]) if found else 0


def _position(step: str) -> tuple[int, str]:
    return (int(step), "") if step.isdecimal() and len(step) < 10 else (1 << 30, step)
