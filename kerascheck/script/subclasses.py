"""Models and layers that the program writes as classes: their graphs, by evaluating `call` on symbolic inputs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from kerascheck.facts.graph import Gap, GraphKind, Layer, Tensor
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.copies import Copies
from kerascheck.script.graphs import gap
from kerascheck.script.structures import InputTensor, Trace, mapped, tensors_of
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    Opaque,
    Path,
    TensorValue,
)


class Subclasses(Copies):
    """Layers and models of the program's own classes."""

    def adopt(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> None:
        """Make the layer or model that an object of a class of the program is."""
        cls = instance.cls
        if self.keras_base(cls) == "layer":
            instance.layer = LayerValue(self.opaque_layer(cls.name, node), instance=instance)
            self.layer_values[instance.layer.layer.key] = instance.layer
            return
        sequential = cls.base is not None and cls.base.parts[-1] == "Sequential"
        kind = GraphKind.SEQUENTIAL if sequential else GraphKind.SUBCLASSED
        instance.model = self.new_model(kind, cls.name, node, arguments.keywords.get("name"))
        instance.model.instance = instance

    def initialize(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> None:
        """What the initializer of the Keras class does that an object's class extends."""
        if instance.layer is not None:
            self._initialize_layer(instance, instance.layer, arguments, node)
        elif instance.model is not None:
            model = instance.model
            self.touch(model)
            if isinstance(name := arguments.keywords.get("name"), str):
                model.name, model.is_named = name, True
            if model.kind is GraphKind.SEQUENTIAL:
                self.fill_sequential(model, arguments, node)
            elif arguments.has(0, "inputs", "input") and arguments.has(1, "outputs", "output"):
                model.kind = GraphKind.FUNCTIONAL
                self.connect(model, arguments, node)

    def _initialize_layer(
        self, instance: InstanceValue, value: LayerValue, arguments: Arguments, node: ast.expr
    ) -> None:
        base = instance.cls.base
        self.touch(value)
        if isinstance(name := arguments.keywords.get("name"), str):
            value.layer = replace(value.layer, name=name, given=value.layer.given | {"name"})
        own = isinstance(self.class_attribute(instance.cls, "call"), FunctionValue)
        if base is None or own or kind_of(base.parts[1:]) is not ApiKind.LAYER:
            return
        made = self.make_layer(base.parts[-1], arguments, node)
        if made is not None:
            # A class that adds nothing to the call of a Keras layer is that layer.
            value.layer = replace(made.layer, key=value.layer.key, location=value.layer.location)
            value.instance = None

    def inherited_attribute(self, instance: InstanceValue, name: str, node: ast.expr) -> object:
        """An attribute that an object has from the Keras class that its class extends."""
        owner = instance.model if instance.model is not None else instance.layer
        return self.attribute(owner, name, node)

    def call_custom(self, value: LayerValue, arguments: Arguments) -> Trace | None:
        """Evaluate a custom layer's `call` on tensors of the shapes it is given; None when that gives no graph."""
        instance = value.instance
        call = self.class_attribute(instance.cls, "call") if instance is not None else None
        if instance is None or not isinstance(call, FunctionValue) or self.is_tracing(instance):
            return None
        inner: dict[int, Tensor] = {}
        positional = [mapped(item, self._placeholder, inner) for item in arguments.positional]
        keywords = {name: mapped(item, self._placeholder, inner) for name, item in arguments.keywords.items()}
        self._build(instance, arguments)
        result = self._traced(instance, call, Arguments(positional, keywords, None, complete=arguments.complete))
        outputs = tensors_of(result)
        if not outputs:
            return None
        graph = self.assembly.model(
            key=value.layer.key,
            name=value.layer.name,
            kind=GraphKind.SUBCLASSED,
            inputs=tuple(inner.values()),
            outputs=outputs,
            location=value.layer.location,
            layers=[self.current_layer(layer) for layer in tracked(instance)],
            nested=True,
        )
        return Trace(graph, result, outputs)

    def _placeholder(self, tensor: Tensor, made: dict[int, Tensor]) -> Tensor:
        if tensor.key not in made:
            made[tensor.key] = self.assembly.tensor(tensor.shape, tensor.dtype)
        return made[tensor.key]

    def _build(self, instance: InstanceValue, arguments: Arguments) -> None:
        build = self.class_attribute(instance.cls, "build")
        layer = instance.layer
        if layer is None or layer.is_built or not isinstance(build, FunctionValue):
            return
        layer.is_built = True
        shapes = [self.shape_value(tensor.shape) for tensor in tensors_of(tuple(arguments.positional[:1]))]
        several = arguments.positional and isinstance(arguments.positional[0], (ListValue, tuple))
        shape = ListValue([*shapes]) if several else shapes[0] if shapes else self.unknown("input_shape")
        self._traced(instance, build, Arguments([shape], {}, None))

    def _traced(self, instance: InstanceValue, method: FunctionValue, arguments: Arguments) -> object:
        spec = method.node.args
        names = {parameter.arg for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
        if "training" in names and "training" not in arguments.keywords:
            arguments.keywords["training"] = self.unknown("training")
        self.tracing.append(instance)
        try:
            return self.call_function(self.bound(method, instance), arguments)
        finally:
            self.tracing.pop()

    def is_tracing(self, instance: InstanceValue) -> bool:
        return any(other is instance for other in self.tracing)

    def trace_model(self, model: ModelValue, given: object = None) -> object:
        """Wire a subclassed model by evaluating its `call`; `given` is what it is called on, None when nobody knows."""
        instance = model.instance
        if instance is None or model.kind is not GraphKind.SUBCLASSED or self.is_tracing(instance):
            return None
        call = self.class_attribute(instance.cls, "call")
        self.touch(model)
        model.gaps = [gap for gap in model.gaps if gap.construct != UNTRACED]
        if not isinstance(call, FunctionValue):
            if call is not None or not _is_followed(instance.cls):
                model.gaps.append(Gap(UNTRACED, model.location))
            # Without a `call`, as of a GAN with a `train_step` of its own, it is the layers and models that it keeps.
            return None
        made: dict[int, Tensor] = {}
        entry = InputTensor(self.assembly.tensor(), self.assembly.tensor)
        start = entry if given is None else mapped(given, self._placeholder, made)
        result = self._traced(instance, call, Arguments([start], {}, None))
        model.inputs = entry.tensors() if given is None else tuple(made.values())
        if isinstance(result, (tuple, ListValue, DictValue)) and self.tensors_in([result]):
            result = self._as_tensors(result)
        model.outputs = tensors_of(result)
        model.output_structure = result
        if not model.outputs:
            origin = getattr(result, "origin", "")
            model.gaps.append(gap(f"subclassed model: {origin}" if origin else UNTRACED, model.location))
        return result

    def _as_tensors(self, value: object) -> object:
        """A nest that a `call` returns, with what is known of it for no tensor taken for one."""
        match value:
            case tuple():
                return tuple(self._as_tensors(item) for item in value)
            case ListValue():
                return ListValue([self._as_tensors(item) for item in value.items], value.whole)
            case DictValue():
                return DictValue({name: self._as_tensors(item) for name, item in value.items.items()}, value.whole)
            case ArrayValue():
                return TensorValue(self.fresh_tensor())
            case Opaque():
                return self.assumed(value)
            case _:
                return value

    def layers_kept(self, model: ModelValue) -> list[Layer] | None:
        """The layers that a subclassed model keeps in its attributes; None for a model that is no such."""
        if model.instance is None or model.kind is not GraphKind.SUBCLASSED:
            return None
        kept = _kept(list(model.instance.attributes.values()))
        return [
            self.model_layer(value) if isinstance(value, ModelValue) else self.current_layer(value.layer)
            for value in kept
            if value is not model
        ]

    def add_weight(self, value: LayerValue, arguments: Arguments) -> object:
        """`self.add_weight(shape=...)`: a tensor that no call makes."""
        given = arguments.get(None, "shape")
        if given is None:
            given = next((item for item in arguments.positional if isinstance(item, (ListValue, tuple))), ())
        items = given.items if isinstance(given, ListValue) and given.whole else given
        dims = [item for item in items if isinstance(item, int)] if isinstance(items, (list, tuple)) else None
        known = dims is not None and isinstance(items, (list, tuple)) and len(dims) == len(items)
        size: int | Unknown = UNKNOWN
        if known and dims is not None:
            size = 1
            for dim in dims:
                size *= dim
        value.weights.append(size)
        if arguments.get(None, "trainable") is False and isinstance(size, int):
            value.untrained += size
        tensor = self.assembly.tensor(tuple(dims) if known and dims is not None else UNKNOWN)
        self.weights.add(tensor.key)
        return TensorValue(tensor)


UNTRACED = "subclassed model"


def tracked(instance: InstanceValue) -> list[Layer]:
    """The layers that an object keeps in its attributes, in order."""
    return [value.layer for value in _kept(list(instance.attributes.values())) if isinstance(value, LayerValue)]


def _is_followed(cls: ClassValue) -> bool:
    """Whether a class is the program's own up to the `Model` of Keras, so that it has no method that is not seen."""
    bases = [base for owner in cls.order for base in owner.bases]
    return all(isinstance(base, ClassValue) or (isinstance(base, Path) and base.parts[0] == "keras") for base in bases)


def _kept(values: Sequence[object], depth: int = 0) -> Iterator[LayerValue | ModelValue]:
    """The layers and models among values, in lists, tuples and dictionaries too."""
    for value in values:
        match value:
            case LayerValue() | ModelValue():
                yield value
            case InstanceValue(layer=LayerValue() as kept) | InstanceValue(model=ModelValue() as kept):
                yield kept
            case ListValue(items=items) if depth < 3:
                yield from _kept(items, depth + 1)
            case tuple() if depth < 3:
                yield from _kept(list(value), depth + 1)
            case DictValue(items=entries) if depth < 3:
                yield from _kept(list(entries.values()), depth + 1)
            case _:
                pass
