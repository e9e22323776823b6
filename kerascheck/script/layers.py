"""Layers and tensors of a script, put together as Keras would."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache, reduce

from msgspec.structs import replace

from kerascheck.facts.channels import reads_channels_first, reads_channels_last
from kerascheck.facts.graph import Layer, LayerKind, Tensor
from kerascheck.facts.slot import Slot
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize
from kerascheck.script.machine import STEPS_OF_A_CALL, common_shape, mapping_of, to_value, values_of
from kerascheck.script.missteps import AROUND_CELLS, WRAPPERS, check_call, check_wrapped
from kerascheck.script.model_missteps import check_input
from kerascheck.script.structures import mapped
from kerascheck.script.tensors import Tensors
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    MethodValue,
    ModelValue,
    Path,
    TensorValue,
)
from kerascheck.script.writing import CallWriting, slot_of

_WORDS = (re.compile(r"(.)([A-Z][a-z0-9]+)"), re.compile(r"([a-z])([A-Z])"))


@cache
def snake_case(name: str) -> str:
    """Keras's automatic name of a class: `Conv2D` gives `conv2d`, `MaxPooling2D` gives `max_pooling2d`."""
    for pattern in _WORDS:
        name = pattern.sub(r"\1_\2", name)
    return name.lower()


class Layers(Tensors):
    """What happens when layers are made and called."""

    def make_layer(self, written: str, arguments: Arguments, node: ast.expr) -> LayerValue | None:
        """A Keras layer; None for a class that no generation of Keras has."""
        positional, inner = arguments.positional, None
        wrapped = arguments.get(0, "layer")
        if written in WRAPPERS or written in AROUND_CELLS:
            check_wrapped(self, written, arguments, node)
            if isinstance(wrapped, LayerValue):
                wrapped.is_built = True
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
        if written == "InputLayer":
            check_input(self, arguments, node)
        found = normalize.layer(
            written, values_of(positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        if found is None:
            return None
        if "weights" in arguments.keywords:
            found = _with_weights(found, arguments.keywords["weights"])
        if arguments.complete:
            found = self._in_policy(self._in_image_format(found))
        name = arguments.keywords.get("name")
        lambdas = self._forget_functions(arguments)
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
            writing=CallWriting(self.page, node, arguments, found.sources, self.image_format_place),
            inner=inner,
            model=model,
            trainable=arguments.keywords.get("trainable", True) is not False,
            repeated=self.loops > 0,
            lambdas=lambdas,
        )
        return self.registered(layer)

    def registered(self, layer: Layer) -> LayerValue:
        """The value of a new layer, which later changes to it go through."""
        value = self.layer_values[layer.key] = LayerValue(layer)
        return value

    def current_layer(self, layer: Layer) -> Layer:
        """A layer with what was changed in it since it was called."""
        value = self.layer_values.get(layer.key)
        return layer if value is None else value.layer

    def _in_image_format(self, found: normalize.Normalized) -> normalize.Normalized:
        """The layer with the data format that the program set for all that name none."""
        self.note_input(shape_fact(found.arguments.get("batch_shape")))
        if "data_format" in found.sources:
            # Who writes it on one layer does not rely on `keras.json` for the others.
            self.channels_first_input = False
            return found
        if "data_format" not in found.arguments:
            return found
        if self.image_format_place is not None:
            arguments = {**found.arguments, "data_format": self.image_format}
            return normalize.Normalized(found.name, arguments, {**found.sources, "data_format": ()})
        if self.channels_first_input:
            return normalize.Normalized(found.name, {**found.arguments, "data_format": UNKNOWN}, found.sources)
        return found

    def _in_policy(self, found: normalize.Normalized) -> normalize.Normalized:
        """The layer with the dtype policy that the program set for all that name none."""
        if self.policy_place is None or "dtype" in found.sources:
            return found
        return normalize.Normalized(found.name, {**found.arguments, "dtype": self.policy}, found.sources)

    def note_input(self, shape: Shape) -> None:
        """Remember whether an input that the program declares reads as channels first."""
        kept = self.channels_first_input and not reads_channels_last(shape)
        self.channels_first_input = kept or reads_channels_first(shape)

    def _slot(self, node: ast.expr) -> Slot | None:
        return slot_of(self.page, node)

    def _forget_functions(self, arguments: Arguments) -> tuple[Location, ...]:
        """Take functions that a layer is given for called; where those stand that have no name."""
        functions = [value for value in arguments.values if isinstance(value, FunctionValue)]
        if not functions:
            return ()
        self.called.update(id(function.node) for function in functions)
        written = [*zip(arguments.positional, arguments.positional_nodes, strict=False)]
        written += [(arguments.keywords.get(name), item.value) for name, item in arguments.keyword_nodes.items()]
        return tuple(
            self.place(place)
            for value, place in written
            if isinstance(value, FunctionValue) and isinstance(value.node, ast.Lambda)
        )

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

    def call_layer(self, value: LayerValue, arguments: Arguments, node: ast.expr) -> object:
        """`layer(tensors)`."""
        check_call(self, value, arguments, node)
        value.is_built = value.is_built or value.instance is None
        arguments = self.assume_tensors(arguments)
        inputs = self.tensors_in([*arguments.positional, *arguments.keywords.values()])
        if not inputs:
            first = arguments.get(0, "inputs", "x")
            if isinstance(first, ArrayValue):
                return self.layer_on_data(value, first, node)
            return self.unknown("layer call")
        structure = self.apply_layer(value, arguments, [item.tensor for item in inputs], self.place(node))
        if structure is not None:
            return structure
        outputs = value.outputs
        if not outputs:
            return self.unknown("layer call")
        return TensorValue(outputs[0]) if len(outputs) == 1 else ListValue([TensorValue(item) for item in outputs])

    def apply_meant(self, written: str, arguments: Arguments, tensor: TensorValue, node: ast.Call) -> object:
        """`Flatten(x)`, gone on with as if it were `Flatten()(x)`."""
        index = arguments.positional.index(tensor)
        rest = Arguments(
            arguments.positional[:index] + arguments.positional[index + 1 :],
            arguments.keywords,
            arguments.node,
            arguments.positional_nodes[:index] + arguments.positional_nodes[index + 1 :],
            arguments.keyword_nodes,
            arguments.complete,
        )
        layer = self.make_layer(written, rest, node) or LayerValue(self.opaque_layer(written, node))
        return self.call_layer(layer, Arguments([tensor], {}, None), node)

    def apply_layer(
        self, value: LayerValue, arguments: Arguments, inputs: Sequence[Tensor], location: Location
    ) -> object:
        """Record a call of a layer; the structure of its output where it is one of the program's own."""
        self.steps += STEPS_OF_A_CALL
        flags = {name: to_value(item) for name, item in arguments.keywords.items()}
        shapes: Sequence[Shape] = ()
        structure = None
        if value.layer.kind is LayerKind.CHOICE:
            shapes = (reduce(common_shape, (tensor.shape for tensor in inputs)),)
        trace = self.call_custom(value, arguments) if value.instance is not None else None
        self.touch(value)
        if trace is not None:
            shapes = tuple(tensor.shape for tensor in trace.tensors)
            value.layer = trace.within(value.layer, value.weights, value.untrained)
        outputs = self.assembly.call(value.layer, inputs, location, flags, recorded=shapes)
        value.inputs, value.outputs = tuple(inputs), outputs
        if trace is not None:
            made = dict(zip((tensor.key for tensor in trace.tensors), outputs, strict=False))
            structure = mapped(trace.structure, lambda tensor, _: made.get(tensor.key, tensor), None)
        return structure

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
        if name == "layer" and value.layer.inner is not None:
            return self.layer_values.get(value.layer.inner.key) or self.registered(value.layer.inner)
        if name == "__class__" and value.layer.kind is LayerKind.BUILTIN:
            return Path(("keras", "layers", value.layer.class_name))
        found = value.layer.config.get(name, UNKNOWN)
        if isinstance(found, (int, float, str)) and not isinstance(found, bool):
            return found
        return MethodValue(value, name)


def _with_weights(found: normalize.Normalized, given: object) -> normalize.Normalized:
    """A layer with the shapes of the arrays that it is given as weights."""
    items = given.items if isinstance(given, ListValue) and given.whole else []
    arrays = tuple(array_fact(item) for item in items)
    return replace(found, arguments={**found.arguments, "weights": arrays}) if arrays else found


def array_fact(value: object) -> Value:
    """An array among the arguments of a layer, by its shape."""
    shape = value.data.shape if isinstance(value, ArrayValue) else UNKNOWN
    return UNKNOWN if isinstance(shape, Unknown) else Symbol("array", {"shape": shape})


def shape_fact(value: Value) -> Shape:
    """A shape from an evaluated tuple; an int is one axis."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, tuple):
        return tuple(
            dim if dim is None or (isinstance(dim, int) and not isinstance(dim, bool)) else UNKNOWN for dim in value
        )
    return UNKNOWN
