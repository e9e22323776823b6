"""Graphs put together call by call, for both readers: shapes inferred, parameters counted, refused calls noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from msgspec.structs import replace

from kerascheck.facts.graph import (
    Compile,
    Gap,
    GraphKind,
    Layer,
    ModelGraph,
    Node,
    Problem,
    Tensor,
)
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.findings import Location
from kerascheck.shapes import count_parameters, infer

_NOTHING: Mapping[str, Value] = {}


class Assembly:
    """The calls of layers of one script or one file, in order."""

    def __init__(self) -> None:
        self._keys = count(1)
        self._producers: dict[int, Node] = {}
        self._problems: dict[int, Problem] = {}
        self._parameters: dict[int, int | Unknown] = {}
        self._settled: dict[int, bool | Unknown] = {}

    @property
    def size(self) -> int:
        """How many tensors the calls so far have made."""
        return len(self._producers)

    def tensor(self, shape: Shape = UNKNOWN, dtype: str | Unknown = UNKNOWN) -> Tensor:
        """A fresh tensor with no producer."""
        return Tensor(next(self._keys), shape, dtype)

    @property
    def calls(self) -> tuple[Node, ...]:
        """The recorded calls that made a tensor, in order; one with several outputs stands once for each."""
        return tuple(self._producers.values())

    def producer(self, tensor: Tensor) -> Node | None:
        """The recorded call that made a tensor."""
        return self._producers.get(tensor.key)

    def sources(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Tensor]:
        """The tensors that no call makes and that `outputs` follow from, other than by way of `inputs`."""
        border = {tensor.key for tensor in inputs}
        seen: set[int] = set()
        found: list[Tensor] = []
        stack = list(outputs)
        while stack:
            tensor = stack.pop()
            if tensor.key in seen or tensor.key in border:
                continue
            seen.add(tensor.key)
            producer = self._producers.get(tensor.key)
            if producer is None:
                found.append(tensor)
            else:
                stack.extend(producer.inputs)
        return found

    def enter(self, layer: Layer, tensor: Tensor) -> Tensor:
        """Record `tensor` as made by an InputLayer."""
        node = Node(replace(layer, parameters=0), (), (tensor,), layer.location)
        self._producers[tensor.key] = node
        self._parameters[layer.key] = 0
        return tensor

    def call(
        self,
        layer: Layer,
        inputs: Sequence[Tensor],
        location: Location,
        arguments: Mapping[str, Value] = _NOTHING,
        *,
        recorded: Sequence[Shape] = (),
    ) -> tuple[Tensor, ...]:
        """Record a call and return its outputs, with the shapes that could be inferred.

        `recorded` are the output shapes that a file holds: they fill in what inference leaves open, and a call whose
        result was recorded was not refused.
        """
        shapes = [tensor.shape for tensor in inputs]
        inference = infer(layer, shapes, arguments)
        known = self._parameters.get(layer.key, UNKNOWN)
        if isinstance(known, Unknown):
            self._parameters[layer.key] = (
                count_parameters(layer, shapes, arguments)
                if isinstance(layer.parameters, Unknown)
                else layer.parameters
            )
        dtype = inputs[0].dtype if len(inputs) == 1 else UNKNOWN
        refused = bool(inference.kind) and all(isinstance(shape, Unknown) for shape in recorded)
        shapes_out = _completed(inference.shapes, recorded) if recorded else inference.shapes
        outputs = tuple(self.tensor(shape, dtype) for shape in shapes_out)
        node = Node(layer, tuple(inputs), outputs, location, arguments)
        for tensor in outputs:
            self._producers[tensor.key] = node
        if refused and outputs:
            self._problems[outputs[0].key] = Problem(
                inference.kind,
                layer,
                inference.message,
                location,
                tuple(source.location for t in inputs if (source := self.producer(t)) is not None),
                inference.excess,
            )
        return outputs

    def weigh(self, layer: Layer, parameters: int | Unknown) -> None:
        """Settle the number of weights of a layer by what a file stores, where inference left it open."""
        if isinstance(self._parameters.get(layer.key, UNKNOWN), Unknown):
            self._parameters[layer.key] = parameters

    def settle(self, key: int, trainable: bool | Unknown) -> None:
        """Note what `trainable` of a layer was set to."""
        self._settled[key] = trainable

    def counted(self, layer: Layer) -> bool:
        """Whether the number of weights of a layer is known."""
        return not isinstance(self._parameters.get(layer.key, UNKNOWN), Unknown)

    def model(
        self,
        *,
        key: int,
        name: str,
        kind: GraphKind,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        location: Location,
        gaps: Sequence[Gap] = (),
        compiles: Sequence[Compile] = (),
        layers: Sequence[Layer] | None = None,
        from_file: bool = False,
        nested: bool = False,
        keras_version: str | Unknown = UNKNOWN,
        steps: Sequence[Compile] = (),
    ) -> ModelGraph:
        """The graph between `inputs` and `outputs`; `layers` fixes the order of the layers where it is known."""
        nodes = self._between(inputs, outputs)
        settled = [self._settle(node, path=name, nested=nested) for node in nodes]
        by_key = {node.layer.key: node.layer for node in settled}
        order = [self._finished(layer, name) for layer in layers] if layers is not None else []
        found = [by_key.get(layer.key, layer) for layer in order]
        seen = {layer.key for layer in found}
        found += [layer for layer in by_key.values() if layer.key not in seen]
        problems = [self._problems[n.outputs[0].key] for n in nodes if n.outputs and n.outputs[0].key in self._problems]
        return ModelGraph(
            key=key,
            name=name,
            kind=kind,
            nodes=tuple(settled),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            layers=tuple(found),
            location=location,
            compiles=tuple(compiles),
            problems=tuple(problems),
            gaps=tuple(gaps),
            from_file=from_file,
            nested=nested,
            keras_version=keras_version,
            steps=tuple(steps),
            settled=dict(self._settled),
        )

    def sequential(
        self,
        layers: Sequence[Layer],
        *,
        key: int,
        name: str,
        location: Location,
        input_shape: Shape | None = None,
        dtype: str | Unknown = UNKNOWN,
        gaps: Sequence[Gap] = (),
        compiles: Sequence[Compile] = (),
        from_file: bool = False,
        nested: bool = False,
        keras_version: str | Unknown = UNKNOWN,
    ) -> ModelGraph:
        """A chain of layers; the shape of its input comes from `input_shape` or from the first layer."""
        shape = input_shape if input_shape is not None else declared_input(layers)
        current = self.tensor(shape, dtype)
        first = current
        for layer in layers:
            if layer.class_name == "InputLayer":
                self.enter(layer, current)
                continue
            outputs = self.call(layer, [current], layer.location)
            current = outputs[0] if outputs else self.tensor()
        return self.model(
            key=key,
            name=name,
            kind=GraphKind.SEQUENTIAL,
            inputs=[first],
            outputs=[current],
            location=location,
            gaps=gaps,
            compiles=compiles,
            layers=layers,
            from_file=from_file,
            nested=nested,
            keras_version=keras_version,
        )

    def _between(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Node]:
        border = {tensor.key for tensor in inputs}
        ordered: dict[int, Node] = {}
        stack: list[tuple[Node, bool]] = []

        def visit(tensor: Tensor) -> None:
            node = self._producers.get(tensor.key)
            if node is not None and id(node) not in ordered:
                stack.append((node, False))

        # The last pushed is visited first: outputs and inputs are pushed in reverse to keep the program's order.
        for tensor in (*reversed(outputs), *reversed(inputs)):
            visit(tensor)
        while stack:
            node, entered = stack.pop()
            if id(node) in ordered:
                continue
            if entered or any(tensor.key in border for tensor in node.outputs):
                ordered[id(node)] = node
                continue
            stack.append((node, True))
            for tensor in reversed(node.inputs):
                visit(tensor)
        return [node for node in ordered.values() if node.inputs or self._is_entry(node)]

    @staticmethod
    def _is_entry(node: Node) -> bool:
        return node.layer.class_name == "InputLayer"

    def _settle(self, node: Node, *, path: str, nested: bool) -> Node:
        return replace(node, layer=self._finished(node.layer, path))

    def _finished(self, layer: Layer, path: str) -> Layer:
        parameters = self._parameters.get(layer.key, layer.parameters)
        return replace(layer, parameters=parameters, path=layer.path or f"{path}/{layer.name}")


def _completed(inferred: Sequence[Shape], recorded: Sequence[Shape]) -> list[Shape]:
    count = max(len(inferred), len(recorded))
    pairs = zip(
        (*inferred, *(UNKNOWN,) * (count - len(inferred))),
        (*recorded, *(UNKNOWN,) * (count - len(recorded))),
        strict=True,
    )
    return [_filled(mine, theirs) for mine, theirs in pairs]


def _filled(inferred: Shape, recorded: Shape) -> Shape:
    if isinstance(inferred, Unknown):
        return recorded
    if isinstance(recorded, Unknown) or len(recorded) != len(inferred):
        return inferred
    return tuple(theirs if isinstance(mine, Unknown) else mine for mine, theirs in zip(inferred, recorded, strict=True))


def declared_input(layers: Sequence[Layer]) -> Shape:
    """The input shape that the first layer of a chain declares, with its batch axis; `UNKNOWN` for none."""
    if not layers:
        return UNKNOWN
    first = layers[0]
    if first.model is not None and first.model.inputs:
        return first.model.inputs[0].shape
    candidates = [first.config] + ([first.inner.config] if first.inner is not None else [])
    for config in candidates:
        batch_shape = config.get("batch_shape")
        if isinstance(batch_shape, tuple):
            return tuple(dim if dim is None or isinstance(dim, int) else UNKNOWN for dim in batch_shape)
    return UNKNOWN
