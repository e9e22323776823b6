"""Layers, tensors and models of a script, put together as Keras would."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.assembly import declared_input
from kerascheck.facts.graph import Gap, GraphKind, Layer, LayerKind, ModelGraph, Tensor
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize
from kerascheck.script.calls import Calls
from kerascheck.script.machine import mapping_of, to_value, values_of
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    Opaque,
    TensorValue,
)

if TYPE_CHECKING:
    pass

_WORDS = (re.compile(r"(.)([A-Z][a-z0-9]+)"), re.compile(r"([a-z])([A-Z])"))


def snake_case(name: str) -> str:
    """Keras's automatic name of a class: `Conv2D` gives `conv2d`, `MaxPooling2D` gives `max_pooling2d`."""
    for pattern in _WORDS:
        name = pattern.sub(r"\1_\2", name)
    return name.lower()


def argument_places(
    machine: Calls, arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]]
) -> dict[str, Location]:
    """Where the value of each given argument stands."""
    places: dict[str, Location] = {}
    for name, origin in sources.items():
        for source in origin:
            if isinstance(source, int):
                if source < len(arguments.positional_nodes):
                    places[name] = machine.place(arguments.positional_nodes[source])
            elif source in arguments.keyword_nodes:
                places[name] = machine.place(arguments.keyword_nodes[source].value)
    return places


class Graphs(Calls):
    """What happens when layers are made and called."""

    def make_layer(self, written: str, arguments: Arguments, node: ast.expr) -> LayerValue | None:
        """A Keras layer; None for a class that no generation of Keras has."""
        positional, inner = arguments.positional, None
        wrapped = arguments.get(0, "layer")
        if isinstance(wrapped, InstanceValue) and wrapped.layer is not None:
            wrapped = wrapped.layer
        if isinstance(wrapped, LayerValue) and written in {
            "TimeDistributed",
            "Bidirectional",
            "Wrapper",
            "RNN",
            "SpectralNormalization",
        }:
            inner = wrapped.layer
        found = normalize.layer(
            written, values_of(positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        if found is None:
            return None
        name = arguments.keywords.get("name")
        self._forget_functions(arguments)
        model = None
        if isinstance(wrapped, ModelValue) and written == "TimeDistributed":
            model = self.freeze(wrapped, nested=True)
        layer = Layer(
            key=next(self.keys),
            name=name if isinstance(name, str) else self.layer_name(snake_case(found.name)),
            class_name=found.name,
            config=found.arguments,
            location=self.place(node),
            kind=LayerKind.LAMBDA if found.name == "Lambda" else LayerKind.BUILTIN,
            written=written,
            given=frozenset(found.sources),
            places=argument_places(self, arguments, found.sources),
            inner=inner,
            model=model,
            trainable=arguments.keywords.get("trainable", True) is not False,
            repeated=self.loops > 0,
        )
        return LayerValue(layer)

    def _forget_functions(self, arguments: Arguments) -> None:
        for value in (*arguments.positional, *arguments.keywords.values()):
            if isinstance(value, FunctionValue):
                self.called.add(id(value.node))

    def opaque_layer(self, class_name: str, node: ast.expr, kind: LayerKind = LayerKind.CUSTOM) -> Layer:
        """A layer of which only the name is known."""
        return Layer(
            key=next(self.keys),
            name=self.layer_name(snake_case(class_name)),
            class_name=class_name,
            config={},
            location=self.place(node),
            kind=kind,
            written=class_name,
            repeated=self.loops > 0,
        )

    def custom_layer(self, cls: ClassValue, arguments: Arguments, node: ast.expr) -> LayerValue:
        """A layer of a class of the program."""
        return LayerValue(self.opaque_layer(cls.name, node))

    def operation(self, node: ast.expr | ast.stmt, name: str, values: Sequence[object]) -> object:
        """An operator or function on tensors as one node."""
        tensors = self.tensors_in(values)
        layer = Layer(
            key=next(self.keys),
            name=self.layer_name(name),
            class_name=name,
            config={},
            location=self.place(node),
            kind=LayerKind.OPERATION,
            written=name,
            parameters=0,
        )
        plain = all(isinstance(value, (TensorValue, int, float)) for value in values)
        outputs = self.assembly.call(
            layer if plain else replace(layer, kind=LayerKind.OPERATION),
            [value.tensor for value in tensors],
            layer.location,
        )
        return TensorValue(outputs[0]) if outputs else self.unknown(name)

    def opaque_call(self, name: str, tensors: Sequence[TensorValue], node: ast.expr) -> object:
        """An unknown function on tensors as one opaque node."""
        layer = self.opaque_layer(name, node)
        outputs = self.assembly.call(layer, [value.tensor for value in tensors], layer.location)
        return TensorValue(outputs[0]) if outputs else self.unknown(name)

    def call_layer(self, value: LayerValue, arguments: Arguments, node: ast.expr) -> object:
        """`layer(tensors)`."""
        inputs = self.tensors_in([*arguments.positional, *arguments.keywords.values()])
        if not inputs:
            first = arguments.get(0, "inputs", "x")
            return (
                self.unknown("layer call") if not isinstance(first, ArrayValue) else self.derive(first, shape=UNKNOWN)
            )
        flags = {name: to_value(item) for name, item in arguments.keywords.items()}
        outputs = self.assembly.call(value.layer, [item.tensor for item in inputs], self.place(node), flags)
        self.touch(value)
        value.inputs, value.outputs = tuple(item.tensor for item in inputs), outputs
        if not outputs:
            return self.unknown("layer call")
        return TensorValue(outputs[0]) if len(outputs) == 1 else ListValue([TensorValue(item) for item in outputs])

    def call_model(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        """`model(tensors)`: the model becomes a layer of the outer graph."""
        inputs = self.tensors_in([*arguments.positional, *arguments.keywords.values()])
        if not inputs:
            return self.unknown("model call")
        if model.chain and isinstance(self._input_of(model).shape, Unknown) and len(inputs) == 1:
            self.rebuild(model, inputs[0].tensor.shape)
        outputs = self.assembly.call(self.model_layer(model), [item.tensor for item in inputs], self.place(node))
        if not outputs:
            return self.unknown("model call")
        return TensorValue(outputs[0]) if len(outputs) == 1 else ListValue([TensorValue(item) for item in outputs])

    def model_layer(self, model: ModelValue) -> Layer:
        """A model as a layer of another."""
        model.used_as_layer = True
        graph = self.freeze(model, nested=True)
        known = graph.whole and bool(graph.outputs)
        return Layer(
            key=model.key,
            name=model.name,
            class_name="Sequential" if model.kind is GraphKind.SEQUENTIAL else "Functional",
            config={},
            location=model.location,
            kind=LayerKind.MODEL if known else LayerKind.CUSTOM,
            model=graph if known else None,
            parameters=graph.parameters if known else UNKNOWN,
            trainable=model.trainable is not False,
        )

    def subclassed_model(self, cls: ClassValue, arguments: Arguments, node: ast.expr) -> ModelValue:
        """A model of a class of the program; functional when the class only adds methods."""
        inputs = arguments.get(None, "inputs")
        if inputs is not None and self.class_attribute(cls, "call") is None:
            return self.functional_model(arguments, node)
        model = self.new_model(GraphKind.SUBCLASSED, cls.name, node)
        model.gaps.append(Gap("subclassed model", model.location))
        return model

    def new_model(self, kind: GraphKind, stem: str, node: ast.expr, name: object = None) -> ModelValue:
        """A model without layers."""
        model = ModelValue(
            next(self.keys),
            name if isinstance(name, str) else self.layer_name(snake_case(stem)),
            kind,
            self.place(node),
        )
        self.models.append(model)
        return model

    def functional_model(self, arguments: Arguments, node: ast.expr) -> ModelValue:
        """`Model(inputs, outputs)` of every generation."""
        model = self.new_model(GraphKind.FUNCTIONAL, "functional", node, arguments.get(2, "name"))
        inputs = arguments.get(0, "inputs", "input")
        outputs = arguments.get(1, "outputs", "output")
        model.inputs = self._all_tensors(model, inputs, node)
        model.outputs = self._all_tensors(model, outputs, node)
        return model

    def _all_tensors(self, model: ModelValue, value: object, node: ast.expr) -> tuple[Tensor, ...]:
        items = value.items if isinstance(value, ListValue) and value.whole else value
        if isinstance(items, (list, tuple)):
            found = [item.tensor for item in items if isinstance(item, TensorValue)]
            if len(found) == len(items) and found:
                return tuple(found)
            if found:
                model.gaps.append(Gap("a tensor that is not known", self.place(node)))
            else:
                model.gaps.append(Gap(getattr(value, "origin", "") or "tensors that are not known", self.place(node)))
            return tuple(found)
        if isinstance(value, TensorValue):
            return (value.tensor,)
        values = getattr(value, "items", None)
        if isinstance(values, dict):
            return self._all_tensors(model, tuple(values.values()), node)
        model.gaps.append(Gap(getattr(value, "origin", "") or "tensors that are not known", self.place(node)))
        return ()

    def add(self, model: ModelValue, value: object, node: ast.expr) -> None:
        """`Sequential.add`."""
        self.touch(model)
        layer = self._layer_of(value, node)
        if layer is None:
            model.gaps.append(Gap(getattr(value, "origin", "") or "a layer that is not known", self.place(node)))
            layer = LayerValue(self.opaque_layer("unknown", node))
        if not model.chain:
            shape = declared_input([layer.layer])
            if isinstance(value, TensorValue):
                shape = value.tensor.shape
            model.inputs = (self.assembly.tensor(shape),)
        self._append(model, layer)

    def _layer_of(self, value: object, node: ast.expr) -> LayerValue | None:
        if isinstance(value, LayerValue):
            return value
        if isinstance(value, InstanceValue):
            return value.layer or (LayerValue(self.model_layer(value.model)) if value.model else None)
        if isinstance(value, ModelValue):
            return LayerValue(self.model_layer(value))
        if isinstance(value, TensorValue):
            producer = self.assembly.producer(value.tensor)
            return LayerValue(producer.layer) if producer is not None else None
        if isinstance(value, Opaque) and value.origin.startswith(("call ", "import", "object of")):
            return LayerValue(self.opaque_layer(value.origin.rpartition(".")[2].rpartition(" ")[2] or "layer", node))
        return None

    def _append(self, model: ModelValue, value: LayerValue) -> None:
        current = model.chain[-1][1] if model.chain else model.inputs[0]
        if value.layer.class_name == "InputLayer":
            self.assembly.enter(value.layer, current)
            outputs: tuple[Tensor, ...] = (current,)
        else:
            outputs = self.assembly.call(value.layer, [current], value.layer.location)
        result = outputs[0] if outputs else self.assembly.tensor()
        self.touch(value)
        value.inputs, value.outputs = (current,), (result,)
        model.chain.append((value, result))
        model.outputs = (result,)

    def rebuild(self, model: ModelValue, shape: Shape) -> None:
        """Build a Sequential again, now that the shape of its input is known."""
        self.touch(model)
        layers = [value for value, _ in model.chain]
        model.chain = []
        model.inputs = (self.assembly.tensor(shape),)
        for value in layers:
            if value.layer.kind is LayerKind.MODEL:
                self._append(model, value)
            else:
                self._append(model, value)

    def _input_of(self, model: ModelValue) -> Tensor:
        return model.inputs[0] if model.inputs else Tensor(0)

    def freeze(self, model: ModelValue, *, nested: bool = False) -> ModelGraph:
        """The facts of a model as it stands now."""
        layers = [value.layer for value, _ in model.chain] if model.chain else None
        outputs = model.outputs
        gaps = list(model.gaps)
        if not outputs and model.kind is not GraphKind.SUBCLASSED and not gaps:
            gaps.append(Gap("no layers", model.location))
        graph = self.assembly.model(
            key=model.key,
            name=model.name,
            kind=model.kind,
            inputs=model.inputs,
            outputs=outputs,
            location=model.location,
            gaps=gaps,
            compiles=model.compiles,
            layers=layers,
            nested=nested or model.used_as_layer,
        )
        model.graph = graph
        return graph

    def model_attribute(self, model: ModelValue, name: str, node: ast.expr) -> object:
        """`model.name`."""
        if name in {"output", "outputs", "input", "inputs"}:
            tensors = model.outputs if name.startswith("output") else model.inputs
            if not tensors:
                return self.unknown(f"model.{name}")
            if name.endswith("s") or len(tensors) > 1:
                return ListValue([TensorValue(tensor) for tensor in tensors])
            return TensorValue(tensors[0])
        if name == "layers":
            return self.layers_of(model)
        if name in {"input_shape", "output_shape"}:
            tensors = model.inputs if name == "input_shape" else model.outputs
            return self.shape_value(tensors[0].shape) if len(tensors) == 1 else self.unknown(name)
        if name == "name":
            return model.name
        if name in {
            "optimizer",
            "history",
            "metrics_names",
            "weights",
            "trainable_weights",
            "trainable_variables",
            "loss",
            "stop_training",
        }:
            return self.unknown(f"model.{name}")
        return MethodValue(model, name)

    def layers_of(self, model: ModelValue) -> object:
        """`model.layers`."""
        if model.chain:
            return ListValue(
                [value for value, _ in model.chain if value.layer.class_name != "InputLayer"], not model.gaps
            )
        graph = self.freeze(model)
        items: list[object] = []
        for layer in graph.layers:
            value = LayerValue(layer)
            for graph_node in graph.nodes:
                if graph_node.layer.key == layer.key:
                    value.inputs, value.outputs = graph_node.inputs, graph_node.outputs
            items.append(value)
        return ListValue(items, graph.whole and not any(layer.kind is LayerKind.CUSTOM for layer in graph.layers))

    def layer_attribute(self, value: LayerValue, name: str) -> object:
        """`layer.name`."""
        if name in value.attributes:
            return value.attributes[name]
        if name in {"output", "input"}:
            tensors = value.outputs if name == "output" else value.inputs
            return TensorValue(tensors[0]) if len(tensors) == 1 else self.unknown(f"layer.{name}")
        if name == "output_shape" and len(value.outputs) == 1:
            return self.shape_value(value.outputs[0].shape)
        if name == "name":
            return value.layer.name
        found = value.layer.config.get(name, UNKNOWN)
        if isinstance(found, (int, float, str)) and not isinstance(found, bool):
            return found
        return MethodValue(value, name)

    def shape_value(self, shape: Shape) -> object:
        """A shape as a tuple the script can take apart."""
        if isinstance(shape, Unknown):
            return self.unknown("shape")
        return tuple(self.unknown("axis") if isinstance(dim, Unknown) else dim for dim in shape)

    def tensor_attribute(self, value: TensorValue, name: str) -> object:
        """`tensor.name`."""
        if name in {"shape", "_keras_shape"}:
            return self.shape_value(value.tensor.shape)
        if name == "ndim" and not isinstance(value.tensor.shape, Unknown):
            return len(value.tensor.shape)
        return MethodValue(value, name)


def shape_fact(value: Value) -> Shape:
    """A shape from an evaluated tuple; an int is one axis."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, tuple):
        return tuple(
            dim if dim is None or (isinstance(dim, int) and not isinstance(dim, bool)) else UNKNOWN for dim in value
        )
    return UNKNOWN
