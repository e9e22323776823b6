"""Models that are made from other graphs: clones, models that were saved and loaded, models out of files."""

from __future__ import annotations

import ast
from pathlib import Path as File
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.graph import GraphKind, Layer, ModelGraph, Tensor
from kerascheck.script.graphs import Graphs, gap
from kerascheck.script.values import LayerValue, ModelValue, Opaque

FILE_SIZE: Final = 2_000_000_000
"""The bytes of a model file that is still opened for its architecture."""

FILES: Final = 4
"""The most model files that are read for one script."""


class Copies(Graphs):
    """Copies of graphs."""

    def copied(self, graph: ModelGraph, node: ast.expr, *, name: str = "") -> ModelValue:
        """A model of its own with the layers and wiring of a graph."""
        model = self.new_model(graph.kind, graph.kind.value, node, name or None)
        model.is_given = True
        tensors: dict[int, Tensor] = {}
        layers: dict[int, LayerValue] = {}
        for call in graph.nodes:
            value = layers.get(call.layer.key)
            if value is None:
                value = layers[call.layer.key] = self.registered(replace(call.layer, key=next(self.keys)))
            inputs = [self._copy_of(tensor, tensors) for tensor in call.inputs]
            if call.layer.class_name == "InputLayer":
                outputs = tuple(self._copy_of(tensor, tensors) for tensor in call.outputs)
                for tensor in outputs:
                    self.assembly.enter(value.layer, tensor)
            else:
                shapes = [tensor.shape for tensor in call.outputs]
                outputs = self.assembly.call(value.layer, inputs, call.location, call.arguments, recorded=shapes)
            tensors.update(zip((tensor.key for tensor in call.outputs), outputs, strict=False))
            value.inputs, value.outputs = tuple(inputs), outputs
        model.inputs = tuple(self._copy_of(tensor, tensors) for tensor in graph.inputs)
        model.outputs = tuple(self._copy_of(tensor, tensors) for tensor in graph.outputs)
        model.gaps = list(graph.gaps)
        if graph.kind is GraphKind.SEQUENTIAL:
            model.chain = [
                (layers[call.layer.key], tensors[call.outputs[0].key]) for call in graph.nodes if call.outputs
            ]
        elif graph.kind is GraphKind.SUBCLASSED:
            model.kind = GraphKind.FUNCTIONAL
        return model

    def _copy_of(self, tensor: Tensor, copies: dict[int, Tensor]) -> Tensor:
        found = copies.get(tensor.key)
        if found is None:
            found = copies[tensor.key] = self.assembly.tensor(tensor.shape, tensor.dtype)
        return found

    def unknown_model(self, origin: str, node: ast.expr) -> ModelValue:
        """A model of which nothing is known but where it comes from."""
        model = self.new_model(GraphKind.FUNCTIONAL, "model", node)
        model.gaps.append(gap(origin, model.location))
        return model

    def assumed_model(self, value: Opaque, node: ast.expr) -> ModelValue:
        """The model that an unknown value is taken for because it is trained as one, the same each time."""
        found = self.assumed_models.get(value)
        if found is None:
            found = self.assumed_models[value] = self.unknown_model(value.origin or "model", node)
        return found

    def model_of_file(self, path: str, node: ast.expr) -> ModelValue | None:
        """The model in a file that the program names and that lies beside it; it is read, never loaded."""
        here = self.page.file
        if here is None or len(path) > 400 or "\0" in path or len(self.files) >= FILES:
            return None
        for folder in (here.parent, File.cwd()):
            file = folder / path
            try:
                if file.is_file() and file.stat().st_size <= FILE_SIZE:
                    return self._read_model(file, node)
            except (OSError, ValueError):
                continue
        return None

    def _read_model(self, file: File, node: ast.expr) -> ModelValue | None:
        from kerascheck.artifact import read_model

        if file not in self.files:
            self.reads.append(file)
            self.files[file] = next(iter(read_model(file).graphs), None)
        graph = self.files[file]
        if graph is None:
            return None
        place = self.place(node)
        layers = {layer.key: replace(layer, location=place) for layer in graph.layers}
        calls = [
            replace(call, layer=layers.get(call.layer.key, replace(call.layer, location=place)), location=place)
            for call in graph.nodes
        ]
        compiles = list(graph.compiles)
        model = self.copied(replace(graph, nodes=tuple(calls)), node, name=graph.name)
        model.compiles = compiles
        return model

    def layers_in(self, model: ModelValue) -> list[Layer]:
        """The layers of a model, of a Sequential in order."""
        return [value.layer for value, _ in model.chain] or list(self.freeze(model).layers)
