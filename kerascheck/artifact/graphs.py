"""Graphs out of saved architectures: Sequential, functional and nested ones of every generation."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from kerascheck.artifact.documents import Part
from kerascheck.artifact.entries import Entry, EntryKind, entries_of, entry_of
from kerascheck.artifact.layers import (
    Site,
    declared_output,
    fresh_keys,
    make_layer,
    model_layer,
    opaque,
    wrapped_entry,
)
from kerascheck.artifact.plain_values import shape_of
from kerascheck.artifact.stored import Counter
from kerascheck.artifact.wiring import Reference, Wiring, references, wirings
from kerascheck.assembly import Assembly, declared_input
from kerascheck.facts.graph import Gap, GraphKind, Layer, LayerKind, ModelGraph, Tensor
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.shapes import count_parameters

TENSOR_LIMIT: Final = 1_000_000
"""How many outputs the calls of a model may have together; a larger count is a claim of no real file."""
DEPTH_LIMIT: Final = 32
"""How deep models may be nested in models; deeper ones are opaque layers."""

_MODELS: Final = frozenset({EntryKind.SEQUENTIAL, EntryKind.FUNCTIONAL})


class Graphs:
    """The models of one file, put together from the inside out. `made` has all of them, nested ones first.

    `kept` names layers of the root that nobody knows and that are taken to give the shape that they are given.
    """

    def __init__(
        self, file: str, keras_version: str | Unknown, stored: Counter, kept: frozenset[str] = frozenset()
    ) -> None:
        self._stored = stored
        self._kept = kept
        self.keys = fresh_keys()
        self.assembly = Assembly()
        self.made: list[ModelGraph] = []
        self._file = file
        self._version = keras_version
        self._depth = 0

    def root(self, entry: Entry, parts: Sequence[Part] = ()) -> ModelGraph:
        """The graph of the model that the file holds; `parts` are the layers of one that does not list them itself."""
        site = Site(self._file, "")
        if entry.kind in _MODELS:
            return self._model(entry, site, nested=False)
        inside = site.inside(entry.name)
        layers = self._parts(inside, parts)
        gaps = ["a model without a list of layers"]
        graph = self.finish(entry, inside, GraphKind.SUBCLASSED, nested=False, layers=layers, gaps=gaps)
        self.made.append(graph)
        return graph

    def _parts(self, inside: Site, parts: Sequence[Part]) -> list[Layer]:
        """The layers and models among the objects of a model, without what those hold themselves."""
        layers: list[Layer] = []
        done: set[tuple[str, ...]] = set()
        for part in sorted(parts, key=lambda part: len(part.path)):
            entry = entry_of(part.described)
            if entry is None or any(part.path[:length] in done for length in range(1, len(part.path))):
                continue
            site = inside
            for attribute in part.path[:-1]:
                site = site.inside(attribute)
            layer = self.layer(entry, site, [entry.input_shape])
            leaf = not any(other.path[: len(part.path)] == part.path for other in parts if other is not part)
            if layer.kind is not LayerKind.CUSTOM or leaf:
                done.add(part.path)
                layers.append(replace(layer, parameters=count_parameters(layer, [entry.input_shape])))
        return layers

    def _model(self, entry: Entry, site: Site, *, nested: bool, given: Sequence[Shape] = ()) -> ModelGraph:
        """A model; `given` are the shapes that it is called on, for one that declares none itself."""
        inside = site.inside(entry.name)
        match entry.kind:
            case EntryKind.SEQUENTIAL:
                graph = _Chain(self, entry, inside, given).graph(nested=nested)
            case EntryKind.FUNCTIONAL:
                graph = _Net(self, entry, inside).graph(nested=nested)
            case EntryKind.LAYER | EntryKind.FOREIGN | EntryKind.OPERATION:
                raise ValueError(f"{entry.class_name} is no model")
        self.made.append(graph)
        return graph

    def finish(
        self,
        entry: Entry,
        inside: Site,
        kind: GraphKind,
        *,
        nested: bool,
        inputs: Sequence[Tensor] = (),
        outputs: Sequence[Tensor] = (),
        layers: Sequence[Layer] | None = None,
        gaps: Iterable[str] = (),
    ) -> ModelGraph:
        """The graph of a model whose calls are recorded."""
        location = inside.here
        return self.assembly.model(
            key=next(self.keys),
            name=entry.name,
            kind=kind,
            inputs=inputs,
            outputs=outputs,
            location=location,
            gaps=[Gap(construct, location) for construct in dict.fromkeys(gaps)],
            layers=layers,
            from_file=True,
            nested=nested,
            keras_version=self._version,
        )

    def layer(self, entry: Entry, site: Site, given: Sequence[Shape] = ()) -> Layer:
        """A layer of any kind; a model becomes a layer with a graph of its own."""
        if entry.kind in _MODELS:
            return self._nested(entry, site, given)
        layer = make_layer(entry, site, self.keys)
        held = wrapped_entry(entry.config)
        if held is None or held.kind not in _MODELS or layer.kind is not LayerKind.BUILTIN:
            return layer
        inner = self._nested(held, site.inside(entry.name), _steps(given))
        return replace(layer, inner=inner, model=inner.model)

    def call(
        self,
        layer: Layer,
        tensors: Sequence[Tensor],
        arguments: Mapping[str, Value],
        recorded: Sequence[Shape],
    ) -> tuple[Tensor, ...]:
        """Record a call; where its weights cannot be counted from the shapes, those that the file stores count."""
        if not self._depth and layer.name in self._kept and len(tensors) == 1 and list(recorded) == [UNKNOWN]:
            recorded = [tensors[0].shape]
        outputs = self.assembly.call(layer, tensors, layer.location, arguments, recorded=recorded)
        if not self._depth and not self.assembly.counted(layer):
            self.assembly.weigh(layer, self._stored(layer.name))
        return outputs

    def _nested(self, entry: Entry, site: Site, given: Sequence[Shape]) -> Layer:
        if self._depth >= DEPTH_LIMIT:
            return opaque(entry, site, self.keys)
        self._depth += 1
        try:
            return model_layer(entry, self._model(entry, site, nested=True, given=given), site)
        finally:
            self._depth -= 1


def _steps(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes of one step of sequences."""
    return [shape if isinstance(shape, Unknown) else (*shape[:1], *shape[2:]) for shape in shapes]


class _Chain:
    """A Sequential model."""

    def __init__(self, owner: Graphs, entry: Entry, inside: Site, given: Sequence[Shape]) -> None:
        self._owner = owner
        self._entry = entry
        self._inside = inside
        self._given = given
        self._entries, self._lost = entries_of(entry.config)
        self._layers: list[Layer] = []

    def graph(self, *, nested: bool) -> ModelGraph:
        entries = self._entries
        inputs, current, rest = self._start()
        for index in range(rest, len(entries)):
            current = self._append(entries[index], current, self._recorded(index))
        gaps = ["an entry that is no layer"] if self._lost else []
        if not self._layers:
            gaps.append("no layers")
        return self._owner.finish(
            self._entry,
            self._inside,
            GraphKind.SEQUENTIAL,
            nested=nested,
            inputs=inputs,
            outputs=[current],
            layers=self._layers,
            gaps=gaps,
        )

    def _start(self) -> tuple[list[Tensor], Tensor, int]:
        """The input tensors, the tensor to go on from, and the index of the next entry."""
        assembly = self._owner.assembly
        first = self._entries[0] if self._entries else None
        branches = _branches(first) if first is not None else []
        if first is not None and branches:
            return self._merged(first, branches)
        layer = self._owner.layer(first, self._inside, self._given) if first is not None else None
        tensor = assembly.tensor(self._input_shape(layer), _dtype(layer) if layer is not None else UNKNOWN)
        if layer is None:
            return [tensor], tensor, 0
        self._layers.append(layer)
        if layer.class_name == "InputLayer":
            return [tensor], assembly.enter(layer, tensor), 1
        outputs = self._owner.call(layer, [tensor], {}, self._recorded(0))
        return [tensor], outputs[0] if outputs else assembly.tensor(), 1

    def _merged(self, first: Entry, branches: list[Entry]) -> tuple[list[Tensor], Tensor, int]:
        """Keras 1's Merge in front of a Sequential, whose branches are models with inputs of their own."""
        owner = self._owner
        inputs: list[Tensor] = []
        ends: list[Tensor] = []
        for branch in branches:
            layer = owner.layer(branch, self._inside)
            self._layers.append(layer)
            shapes = [tensor.shape for tensor in layer.model.inputs] if layer.model is not None else [UNKNOWN]
            tensors = [owner.assembly.tensor(shape) for shape in shapes]
            inputs += tensors
            ends += owner.call(layer, tensors, {}, ())
        bare = {name: value for name, value in first.config.items() if name != "layers"}
        merge = owner.layer(replace(first, config=bare), self._inside)
        self._layers.append(merge)
        outputs = owner.call(merge, ends, {}, ())
        return inputs, outputs[0] if outputs else owner.assembly.tensor(), 1

    def _append(self, entry: Entry, current: Tensor, recorded: Sequence[Shape]) -> Tensor:
        layer = self._owner.layer(entry, self._inside, [current.shape])
        self._layers.append(layer)
        if layer.class_name == "InputLayer":
            return current
        outputs = self._owner.call(layer, [current], {}, recorded)
        return outputs[0] if outputs else self._owner.assembly.tensor()

    def _recorded(self, index: int) -> list[Shape]:
        """What the file says of a layer's output: the input of the next one, or what a Lambda declares."""
        after = self._entries[index + 1].input_shape if index + 1 < len(self._entries) else UNKNOWN
        return [declared_output(self._entries[index]) if after is UNKNOWN else after]

    def _input_shape(self, layer: Layer | None) -> Shape:
        """The shape of the input by the first layer, by the shape it was built with, or by the call of the model."""
        declared = declared_input([layer]) if layer is not None else UNKNOWN
        built = shape_of(self._entry.config.get("build_input_shape"))
        first = self._entries[0].input_shape if self._entries else UNKNOWN
        known = (declared, built, self._entry.input_shape, first, *self._given)
        return next((shape for shape in known if shape is not UNKNOWN), UNKNOWN)


def _branches(entry: Entry) -> list[Entry]:
    """The models that a Merge joins by itself."""
    listed = entry.config.get("layers") if entry.class_name == "Merge" else None
    if not isinstance(listed, tuple):
        return []
    return [found for item in listed if (found := entry_of(item)) is not None]


class _Net:
    """A functional model."""

    def __init__(self, owner: Graphs, entry: Entry, inside: Site) -> None:
        self._owner = owner
        self._entry = entry
        self._inside = inside
        self._entries, lost = entries_of(entry.config)
        self._gaps = ["an entry that is no layer"] if lost else []
        self._operations = {item.name for item in self._entries if item.kind is EntryKind.OPERATION}
        self._calls = {item.name: [self._unmasked(call) for call in wirings(item.inbound)] for item in self._entries}
        self._ends = references(entry.config.get("output_layers"))
        self._starts = references(entry.config.get("input_layers"))
        self._layers: dict[str, Layer] = {}
        self._tensors: dict[tuple[str, int, int], Tensor] = {}
        if len(self._calls) < len(self._entries):
            self._gaps.append("two layers of one name")
        self._shapes, self._counts, self._offsets = self._survey()

    def graph(self, *, nested: bool) -> ModelGraph:
        for entry in self._entries:
            if not self._calls[entry.name]:
                self._enter(entry)
        self._run()
        inputs = [tensor for start in self._starts if (tensor := self._tensor(start)) is not None]
        outputs = [tensor for end in self._ends if (tensor := self._tensor(end)) is not None]
        if len(inputs) < len(self._starts) or len(outputs) < len(self._ends) or not outputs:
            self._gaps.append("a tensor that no layer makes")
        return self._owner.finish(
            self._entry,
            self._inside,
            GraphKind.FUNCTIONAL,
            nested=nested,
            inputs=inputs,
            outputs=outputs,
            layers=self._listed(),
            gaps=self._gaps,
        )

    def _unmasked(self, call: Wiring) -> Wiring:
        """A call without the masks that Keras 3 works out by itself, through operations that nobody wrote."""
        masks = tuple(mask for mask in call.masks if mask.layer not in self._operations)
        return Wiring((*call.inputs, *masks), call.arguments)

    def _survey(self) -> tuple[dict[tuple[str, int, int], Shape], dict[tuple[str, int], int], dict[str, int]]:
        """What all references together say: the shape of each tensor, and how many outputs and calls a layer has."""
        shapes: dict[tuple[str, int, int], Shape] = {}
        counts: dict[tuple[str, int], int] = {}
        lowest: dict[str, int] = {}
        built = {item.name: item.input_shape for item in self._entries}
        users = [(name, call) for name, calls in self._calls.items() for call in calls]
        for name, call in [*users, ("", Wiring((*self._ends, *self._starts), {}))]:
            for made in call.inputs:
                place = (made.layer, made.node, made.tensor)
                alone = len(call.inputs) == 1 and len(self._calls.get(name, ())) == 1
                shape = built.get(name, UNKNOWN) if made.shape is UNKNOWN and alone else made.shape
                if shapes.get(place, UNKNOWN) is UNKNOWN:
                    shapes[place] = shape
                counts[place[:2]] = max(counts.get(place[:2], 1), made.tensor + 1)
                lowest[made.layer] = min(lowest.get(made.layer, made.node), made.node)
        if sum(counts.values()) > TENSOR_LIMIT:
            counts.clear()
        # Every call is on a way to an output, so that the lowest reference is to the first one. It is 1 for a model
        # in Keras 1, 2 and early 3: its own construction is call 0 of it.
        models = {item.name for item in self._entries if item.kind in _MODELS}
        return shapes, counts, {name: lowest.get(name, 0) if name in models else 0 for name in self._calls}

    def _enter(self, entry: Entry) -> None:
        """A layer that is called on nothing: an input, or a model whose inputs are the outer model's."""
        layer = self._owner.layer(entry, self._inside)
        self._layers[entry.name] = layer
        place = (entry.name, 0, 0)
        if layer.class_name == "InputLayer":
            shape = shape_of(layer["batch_shape"])
            shape = self._shapes.get(place, UNKNOWN) if shape is UNKNOWN else shape
            tensor = self._owner.assembly.tensor(shape, _dtype(layer))
            self._tensors[place] = self._owner.assembly.enter(layer, tensor)

    def _run(self) -> None:
        """Record every call as soon as its inputs are there."""
        waiting: dict[tuple[str, int, int], list[tuple[str, int]]] = {}
        missing: dict[tuple[str, int], int] = {}
        ready: deque[tuple[str, int]] = deque()
        for name, calls in self._calls.items():
            for index, call in enumerate(calls):
                absent = {self._place(made) for made in call.inputs} - self._tensors.keys()
                missing[name, index] = len(absent)
                for place in absent:
                    waiting.setdefault(place, []).append((name, index))
                if not absent:
                    ready.append((name, index))
        entries = {entry.name: entry for entry in self._entries}
        while ready:
            name, index = ready.popleft()
            missing.pop((name, index))
            for place in self._call(entries[name], index):
                for user in waiting.pop(place, ()):
                    missing[user] -= 1
                    if not missing[user]:
                        ready.append(user)
        if missing:
            self._gaps.append("a tensor that no layer makes")

    def _call(self, entry: Entry, index: int) -> list[tuple[str, int, int]]:
        """Record one call; the tensors that it makes."""
        call = self._calls[entry.name][index]
        tensors = [self._tensors[self._place(made)] for made in call.inputs]
        layer = self._layers.get(entry.name)
        if layer is None:
            layer = self._owner.layer(entry, self._inside, [tensor.shape for tensor in tensors])
            self._layers[entry.name] = layer
        node = index + self._offsets[entry.name]
        recorded = [
            self._shapes.get((entry.name, node, i), UNKNOWN) for i in range(self._counts.get((entry.name, node), 1))
        ]
        if recorded[0] is UNKNOWN:
            recorded[0] = declared_output(entry)
        arguments = call.arguments
        if entry.kind is EntryKind.OPERATION:
            # Which of its operands are constants decides what an operation gives.
            arguments = {name: value for name, value in arguments.items() if value is not UNKNOWN}
        outputs = self._owner.call(layer, tensors, arguments, recorded)
        places = [(entry.name, node, position) for position in range(len(outputs))]
        self._tensors.update(zip(places, outputs, strict=True))
        return places

    def _place(self, made: Reference) -> tuple[str, int, int]:
        return made.layer, made.node, made.tensor

    def _tensor(self, made: Reference) -> Tensor | None:
        return self._tensors.get(self._place(made))

    def _listed(self) -> list[Layer]:
        """The layers in the file's order, without the operations that only work out masks."""
        reached = {end.layer for end in self._ends}
        stack = list(reached)
        while stack:
            for call in self._calls.get(stack.pop(), ()):
                fresh = {made.layer for made in call.inputs} - reached
                reached |= fresh
                stack += fresh
        return [
            layer
            for entry in self._entries
            if (layer := self._layers.get(entry.name)) is not None
            and (entry.kind is not EntryKind.OPERATION or entry.name in reached)
        ]


def _dtype(layer: Layer) -> str | Unknown:
    found = layer["dtype"]
    return found if isinstance(found, str) else UNKNOWN
