"""Outlines of models that compare equal when layers, edges, shapes and parameter counts are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

from kerascheck.facts.graph import GraphKind, Layer, LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Shape


@dataclass(frozen=True, slots=True)
class Outline:
    """Every call of a model, each with all that leads to it, as readable lines; inputs and outputs in order.

    A line names the class, output shapes, parameters and a digest of the calls before it, so that equal multisets of
    lines mean equal graphs, whatever the layers are called and in whatever order they were made.
    """

    calls: Counter[str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: object

    def difference(self, other: Outline) -> str:
        """What the two do not share, in words."""
        missing = "\n  ".join(sorted((other.calls - self.calls).elements()))
        extra = "\n  ".join(sorted((self.calls - other.calls).elements()))
        return (
            f"only in Keras:\n  {missing}\nonly in the graph:\n  {extra}\n"
            f"inputs {other.inputs} against {self.inputs}\noutputs {other.outputs} against {self.outputs}\n"
            f"parameters {other.parameters} against {self.parameters}"
        )


class _Writer:
    def __init__(self, *, shapes: bool) -> None:
        self.shapes = shapes

    def input(self, shape: object) -> str:
        return f"input {shape if self.shapes else ''}".strip()

    def call(self, name: str, shapes: object, parameters: object, before: list[str]) -> str:
        facts = f" {shapes} {parameters}" if self.shapes else ""
        return f"{name}{facts} <- ({'; '.join(self.short(line) for line in before)})"

    def short(self, line: str) -> str:
        """A line with all that leads to it folded into a digest, so that lines stay readable in deep graphs."""
        head, arrow, tail = line.partition(" <- ")
        return f"{head}@{sha256(tail.encode()).hexdigest()[:8]}" if arrow else line


def outline_of_keras(model: dict, *, shapes: bool = True) -> Outline:
    """The outline of a model that the runner described; of one that has no `call` it is what the model keeps."""
    if not model["built"]:
        kept = ("Model" if name in ("Sequential", "Functional") else name for name in model["layers"])
        return Outline(Counter(kept), (), (), None)
    writer = _Writer(shapes=shapes)
    lines: list[list[str]] = []
    entries: set[int] = set()
    for index, node in enumerate(model["nodes"]):
        if node["class"] == "InputLayer":
            entries.add(index)
            lines.append([writer.input(_shape(node["outputs"][0]))])
            continue
        before = [lines[producer][position] for producer, position in node["inputs"]]
        name = "operation" if node["operation"] else node["class"]
        line = writer.call(name, [_shape(shape) for shape in node["outputs"]], node["parameters"], before)
        lines.append([f"{line} #{i}" if i else line for i in range(len(node["outputs"]))])
    calls = Counter(group[0] for index, group in enumerate(lines) if index not in entries)
    return Outline(
        calls,
        tuple(lines[producer][position] for producer, position in model["inputs"]),
        tuple(lines[producer][position] for producer, position in model["outputs"]),
        model["parameters"] if shapes else None,
    )


def outline_of_graph(graph: ModelGraph, *, shapes: bool = True) -> Outline:
    """The outline of a graph that a reader recovered."""
    if graph.kind is GraphKind.SUBCLASSED and not graph.outputs:
        return Outline(Counter(_class_name(layer) for layer in graph.layers), (), (), None)
    writer = _Writer(shapes=shapes)
    lines = {tensor.key: writer.input(_symbolic(tensor.shape)) for tensor in graph.inputs}
    calls: Counter[str] = Counter()
    for node in graph.nodes:
        if node.layer.class_name == "InputLayer":
            for tensor in node.outputs:
                lines.setdefault(tensor.key, writer.input(_symbolic(tensor.shape)))
            continue
        before = [lines.get(tensor.key, "?") for tensor in node.inputs]
        made = [_symbolic(tensor.shape) for tensor in node.outputs]
        line = writer.call(_class_name(node.layer), made, _count(node.layer), before)
        calls[line] += 1
        for position, tensor in enumerate(node.outputs):
            lines[tensor.key] = f"{line} #{position}" if position else line
    return Outline(
        calls,
        tuple(lines.get(tensor.key, "?") for tensor in graph.inputs),
        tuple(lines.get(tensor.key, "?") for tensor in graph.outputs),
        graph.parameters if shapes else None,
    )


def _class_name(layer: Layer) -> str:
    match layer.kind:
        case LayerKind.OPERATION:
            return "operation"
        case LayerKind.MODEL:
            return "Model"
        case LayerKind.BUILTIN | LayerKind.LAMBDA | LayerKind.CUSTOM | LayerKind.CHOICE:
            return layer.class_name


def _count(layer: Layer) -> object:
    if layer.kind is LayerKind.OPERATION:
        return 0
    if layer.kind is LayerKind.MODEL and layer.model is not None:
        return layer.model.parameters
    return layer.parameters


def _symbolic(shape: Shape) -> str:
    return "?" if shape is UNKNOWN else str(tuple(shape))


def _shape(shape: list[int | None]) -> str:
    return str(tuple(shape))
