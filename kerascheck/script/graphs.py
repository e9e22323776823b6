"""Models of a script."""

from __future__ import annotations

import ast

from kerascheck.assembly import declared_input
from kerascheck.facts.graph import Gap, GraphKind, Layer, LayerKind, ModelGraph, Tensor
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.findings import Location
from kerascheck.script.layer_lists import layer_list
from kerascheck.script.layers import Layers, snake_case
from kerascheck.script.machine import to_value
from kerascheck.script.model_missteps import (
    check_added,
    check_connected,
    check_listed,
    check_model_attribute,
    check_model_call,
)
from kerascheck.script.structures import mapped
from kerascheck.script.unseen import SOME_TENSORS, is_elsewhere
from kerascheck.script.uses import built_by_call, record_use
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ChoiceValue,
    DictValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    Opaque,
    OptimizerValue,
    TensorValue,
)


def gap(origin: str, place: Location) -> Gap:
    """What is not known of a model, by the origin of the value that is not known."""
    return Gap(origin, place, is_elsewhere(origin))


class Graphs(Layers):
    """What happens when models are put together."""

    def call_model(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        """`model(tensors)`: the model becomes a layer of the outer graph."""
        check_model_call(self, model, arguments, node)
        arguments = self.assume_tensors(arguments)
        inputs = self.tensors_in([*arguments.positional, *arguments.keywords.values()])
        first = arguments.get(0, "inputs", "x")
        built_by_call(model)
        if not inputs:
            record_use(self, model, "called", node)
            return self._call_on_data(model, first)
        if model.chain and isinstance(self._input_of(model).shape, Unknown) and len(inputs) == 1:
            self.rebuild(model, inputs[0].tensor.shape)
        self.trace_model(model, first)
        flags = {name: to_value(item) for name, item in arguments.keywords.items()}
        outputs = self.assembly.call(self.model_layer(model), [item.tensor for item in inputs], self.place(node), flags)
        if not outputs:
            return self.unknown("model call")
        made = dict(zip((tensor.key for tensor in model.outputs), outputs, strict=False))
        if model.output_structure is not None and len(made) == len(outputs):
            return mapped(model.output_structure, lambda tensor, _: made.get(tensor.key, tensor), None)
        return TensorValue(outputs[0]) if len(outputs) == 1 else ListValue([TensorValue(item) for item in outputs])

    def _call_on_data(self, model: ModelValue, first: object) -> object:
        """`model(array)`: builds a model whose input shape was not known, and gives data."""
        if not isinstance(first, ArrayValue):
            unknown = self.unknown("model call")
            if self.tapes and len(model.outputs) < 2:
                self.answers[unknown.key] = (model, UNKNOWN)
            return unknown
        self.build(model, first.data.shape)
        answer = self.derive(first, shape=UNKNOWN, rows=None)
        if self.tapes and len(model.outputs) < 2:
            self.answers[answer.data.key] = (model, first.data)
        return answer

    def build(self, model: ModelValue, shape: Shape) -> None:
        """Build a model on an input of a shape, the batch axis first, unless it was built."""
        if isinstance(shape, Unknown) or len(shape) < 2:
            # To rows of single numbers tf.keras 2 adds an axis, which Keras 3 does not.
            return
        shape = (None, *shape[1:])
        if model.chain:
            if isinstance(model.inputs[0].shape, Unknown):
                self.rebuild(model, shape)
        elif not model.inputs or (len(model.inputs) == 1 and isinstance(model.inputs[0].shape, Unknown)):
            self.trace_model(model, TensorValue(self.assembly.tensor(shape)))

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
            given=frozenset({"name"} if model.is_named else ()),
            model=graph if known else None,
            parameters=graph.parameters if known else UNKNOWN,
            trainable=model.trainable is not False,
        )

    def new_model(self, kind: GraphKind, stem: str, node: ast.expr, name: object = None) -> ModelValue:
        """A model without layers."""
        model = ModelValue(
            next(self.keys),
            name if isinstance(name, str) else self.layer_name(snake_case(stem)),
            kind,
            self.place(node),
        )
        model.is_named = isinstance(name, str)
        self.models.append(model)
        record_use(self, model, "built", node)
        return model

    def functional_model(self, arguments: Arguments, node: ast.expr) -> ModelValue:
        """`Model(inputs, outputs)` of every generation."""
        model = self.new_model(GraphKind.FUNCTIONAL, "functional", node, arguments.get(2, "name"))
        self.connect(model, arguments, node)
        return model

    def connect(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> None:
        """Set the inputs and outputs of a functional model."""
        check_connected(self, arguments, node)
        model.inputs = self._all_tensors(model, arguments.get(0, "inputs", "input"), node)
        model.outputs = self._all_tensors(model, arguments.get(1, "outputs", "output"), node)
        model.input_structure = arguments.get(0, "inputs", "input")
        outputs = arguments.get(1, "outputs", "output")
        model.output_structure = outputs if isinstance(outputs, (ListValue, DictValue, tuple)) else None
        self._note_sources(model, node)

    def _note_sources(self, model: ModelValue, node: ast.expr) -> None:
        """A tensor that stands for an unknown value and is no input of the model is a gap."""
        inputs = {tensor.key for tensor in model.inputs}
        for tensor in self.assembly.sources(model.inputs, model.outputs):
            if tensor.key not in inputs and tensor.key not in self.weights:
                origin = self.sources.get(tensor.key) or "a tensor that is no input"
                model.gaps.append(gap(origin, self.place(node)))

    def fill_sequential(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> None:
        """Add the layers that `Sequential(...)` is given."""
        layers = arguments.get(0, "layers")
        keyword = arguments.keyword_nodes.get("layers")
        written = arguments.positional_nodes[0] if arguments.positional_nodes else keyword.value if keyword else None
        places = written.elts if isinstance(written, (ast.List, ast.Tuple)) else []
        check_listed(self, layers, arguments, node)
        items = self.iterate(layers) if layers is not None else []
        for index, item in enumerate(items or ()):
            place = places[index] if len(places) == len(items or ()) else node
            check_added(self, model, item, place)
            self.add(model, item, place)
        if items is None:
            model.gaps.append(Gap("a list of layers that is not known", model.location))

    def _all_tensors(self, model: ModelValue, value: object, node: ast.expr) -> tuple[Tensor, ...]:
        items = value.items if isinstance(value, ListValue) else value
        if isinstance(value, DictValue):
            # Keras takes dictionaries in the order of their keys.
            items = [value.items[name] for name in sorted(value.items, key=str)]
        if isinstance(items, (list, tuple)):
            found = [item.tensor for item in items if isinstance(item, TensorValue)]
            if len(found) == len(items) and found:
                if isinstance(value, (ListValue, DictValue)) and not value.whole:
                    model.gaps.append(gap(SOME_TENSORS, self.place(node)))
                return tuple(found)
            if found:
                model.gaps.append(Gap("a tensor that is not known", self.place(node)))
            else:
                model.gaps.append(gap(getattr(value, "origin", "") or "tensors that are not known", self.place(node)))
            return tuple(found)
        if isinstance(value, TensorValue):
            return (value.tensor,)
        if isinstance(value, Opaque) and value in self.assumptions:
            return (self.assumptions[value].tensor,)
        model.gaps.append(gap(getattr(value, "origin", "") or "tensors that are not known", self.place(node)))
        return ()

    def add(self, model: ModelValue, value: object, node: ast.expr) -> None:
        """`Sequential.add`."""
        self.touch(model)
        if isinstance(value, ChoiceValue) and model.chain and self._add_choice(model, value, node):
            return
        layer = self._layer_of(value, node)
        if layer is None:
            model.gaps.append(gap(getattr(value, "origin", "") or "a layer that is not known", self.place(node)))
            layer = LayerValue(self.opaque_layer("unknown", node))
        if not model.chain:
            shape = declared_input([layer.layer])
            if isinstance(value, TensorValue):
                shape = value.tensor.shape
            model.inputs = (self.assembly.tensor(shape),)
        self._append(model, layer)

    def _add_choice(self, model: ModelValue, value: ChoiceValue, node: ast.expr) -> bool:
        """Add the layers of which a branch decides one, each on a path of its own; whether all of them are layers."""
        layers = [layer for option in value.options if (layer := self._layer_of(option, node)) is not None]
        if len(layers) < len(value.options):
            return False
        start = model.chain[-1][1]
        ends = [self._extend(model, layer, [start]) for layer in layers]
        self.extend_chain(model, ends, self.place(node), "branch")
        return True

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
        self._extend(model, value, [current])

    def _extend(self, model: ModelValue, value: LayerValue, inputs: list[Tensor]) -> Tensor:
        if value.layer.class_name == "InputLayer":
            self.assembly.enter(value.layer, inputs[0])
            self.touch(value)
            value.inputs, value.outputs = tuple(inputs), tuple(inputs)
        else:
            call = Arguments([TensorValue(tensor) for tensor in inputs], {}, None)
            self.apply_layer(value, call, inputs, value.layer.location)
        result = value.outputs[0] if value.outputs else self.assembly.tensor()
        model.chain.append((value, result))
        model.outputs = (result,)
        return result

    def rebuild(self, model: ModelValue, shape: Shape) -> None:
        """Build a Sequential again, now that the shape of its input is known."""
        self.touch(model)
        chain, model.chain = model.chain, []
        entry = self.assembly.tensor(shape)
        changed = {tensor.key: entry for tensor in model.inputs}
        model.inputs = model.outputs = (entry,)
        for value, tensor in chain:
            producer = self.assembly.producer(tensor)
            before = producer.inputs if producer is not None and producer.inputs else (model.outputs or model.inputs)
            changed[tensor.key] = self._extend(model, value, [changed.get(old.key, old) for old in before])

    def tensor_inside(self, model: ModelValue, node: ast.expr) -> object:
        """What a layer inside a model gives of which nothing is known but the model: one opaque node behind its inputs."""
        if not model.inputs:
            return self.unknown("model.inputs")
        layer = self.opaque_layer("inner_layer", node, LayerKind.CHOICE)
        (tensor,) = self.assembly.call(layer, model.inputs, layer.location)
        return TensorValue(tensor)

    def _input_of(self, model: ModelValue) -> Tensor:
        return model.inputs[0] if model.inputs else Tensor(0)

    def freeze(self, model: ModelValue, *, nested: bool = False) -> ModelGraph:
        """The facts of a model as it stands now."""
        if model.kind is GraphKind.SUBCLASSED and not model.outputs:
            self.trace_model(model)
        layers = [value.layer for value, _ in model.chain] if model.chain else self.layers_kept(model)
        outputs = model.outputs
        gaps = list(model.gaps)
        if not outputs and model.kind is not GraphKind.SUBCLASSED and not gaps:
            gaps.append(Gap("no layers", model.location))
        return self.assembly.model(
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
            steps=model.steps,
        )

    def model_attribute(self, model: ModelValue, name: str, node: ast.expr) -> object:
        """`model.name`."""
        check_model_attribute(self, model, name, node)
        if name == "input" and isinstance(model.input_structure, DictValue) and model.inputs:
            return model.input_structure
        if name in {"output", "outputs", "input", "inputs"}:
            tensors = [TensorValue(tensor) for tensor in (model.outputs if name.startswith("output") else model.inputs)]
            if not tensors:
                return self.unknown(model.gaps[0].construct if model.gaps else f"model.{name}")
            return ListValue([*tensors]) if name.endswith("s") or len(tensors) > 1 else tensors[0]
        if name == "layers":
            return self.layers_of(model)
        if name in {"input_shape", "output_shape"}:
            tensors = model.inputs if name == "input_shape" else model.outputs
            return self.shape_value(tensors[0].shape) if len(tensors) == 1 else self.unknown(name)
        if name == "name":
            return model.name
        if name == "history":
            record_use(self, model, "history", node)
        if name == "optimizer" and model.compiles and model.compiles[-1].optimizer is not None:
            return OptimizerValue(model.compiles[-1].optimizer)
        if name.startswith("trainable_"):
            weights = self.unknown(f"model.{name}")
            self.weights_of[weights.key] = model
            return weights
        if name in {
            "optimizer",
            "history",
            "metrics_names",
            "weights",
            "loss",
            "stop_training",
        }:
            return self.unknown(f"model.{name}")
        return MethodValue(model, name)

    def layers_of(self, model: ModelValue) -> object:
        """`model.layers`."""
        if model.chain:
            kept = [value for value, _ in model.chain if value.layer.class_name != "InputLayer"]
            # Where paths meet there is no layer, and how many there are is not known.
            layers: list[object] = [value for value in kept if value.layer.kind is not LayerKind.CHOICE]
            return layer_list(self, model, ListValue(layers, not model.gaps and len(layers) == len(kept)))
        graph = self.freeze(model)
        items: list[object] = []
        for layer in graph.layers:
            if layer.kind is LayerKind.CHOICE:
                continue
            value = LayerValue(layer)
            for graph_node in graph.nodes:
                if graph_node.layer.key == layer.key:
                    value.inputs, value.outputs = graph_node.inputs, graph_node.outputs
            items.append(value)
        whole = (
            graph.whole
            and model.key not in self.changed_lists
            and not any(layer.kind in (LayerKind.CUSTOM, LayerKind.CHOICE) for layer in graph.layers)
        )
        return layer_list(self, model, ListValue(items, whole))
