"""Operations on symbolic tensors: operators, functions of keras.ops, keras.backend and tf, indexing, unknown functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kerascheck.facts.graph import Layer, LayerKind, Tensor
from kerascheck.facts.values import UNKNOWN, Shape, Unknown, Value
from kerascheck.keras_api.operations import order_of, renamed
from kerascheck.script.calls import Calls
from kerascheck.script.machine import to_value
from kerascheck.script.structures import InputTensor, ScalarTensor
from kerascheck.script.values import Arguments, ListValue, MethodValue, Opaque, TensorValue

ELLIPSIS = "..."
# What a function gives besides a tensor, or instead of one.
_SEVERAL = {"split": None, "array_split": None, "unstack": None, "moments": 2, "top_k": 2, "meshgrid": None, "qr": 2}
_SHAPES = frozenset({"shape", "int_shape", "ndim", "rank", "size", "get_shape", "get_variable_shape"})


class Tensors(Calls):
    """What operations on symbolic tensors give."""

    def operation(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        values: Sequence[object],
        arguments: Mapping[str, Value] | None = None,
        shapes: Sequence[Shape] = (),
        written: str = "",
    ) -> object:
        """An operator or function on tensors as one node.

        Args:
            node: where it stands.
            name: of the function.
            values: its operands in order; numbers among them are arguments of the node.
            arguments: further arguments, under the names that shape inference knows.
            shapes: of the outputs, where the caller knows them.
            written: the function with its library, where that is not Keras or TensorFlow.
        """
        tensors = [item.tensor for item in self.tensors_in(values)]
        given = dict(arguments or {})
        if arguments is None and len(tensors) < len(values):
            given = {f"x{i}": to_value(item) for i, item in enumerate(values, 1) if not isinstance(item, TensorValue)}
        layer = Layer(
            key=next(self.keys),
            name=self.layer_name(name),
            class_name=name,
            config={},
            location=self.place(node),
            kind=LayerKind.OPERATION,
            written=written or name,
            parameters=0,
            repeated=self.loops > 0,
        )
        outputs = self.assembly.call(layer, tensors, layer.location, given, recorded=shapes)
        if len(outputs) == 1 and name not in _SEVERAL:
            return TensorValue(outputs[0])
        return ListValue([TensorValue(tensor) for tensor in outputs])

    def function_on_tensors(self, name: str, arguments: Arguments, node: ast.expr, written: str = "") -> object:
        """A call of a function of keras.ops, keras.backend, tf or numpy on symbolic tensors."""
        if name in _SHAPES:
            return self._shape_function(name, arguments)
        values = [*arguments.positional, *arguments.keywords.values()]
        given: dict[str, Value] = {}
        for position, value in enumerate(arguments.positional):
            order = order_of(name)
            if not self.tensors_in([value]):
                given[order[position] if position < len(order) else f"x{position + 1}"] = to_value(value)
        for keyword, value in arguments.keywords.items():
            if not self.tensors_in([value]):
                given[renamed(keyword)] = to_value(value)
        given.pop("name", None)
        return self.operation(node, name, values, given, self._several(name, values, given), written)

    def _several(self, name: str, values: Sequence[object], given: Mapping[str, Value]) -> tuple[Shape, ...]:
        """The output shapes of a function that gives several tensors."""
        if name not in _SEVERAL:
            return ()
        tensor = self.tensors_in(values)[0].tensor
        count = _SEVERAL[name]
        if count is not None:
            return (UNKNOWN,) * count
        axis = given.get("axis", -1 if name == "split" and "num_or_size_splits" not in given else 0)
        parts = given.get("indices_or_sections", given.get("num", UNKNOWN))
        if isinstance(parts, tuple):
            return (UNKNOWN,) * len(parts)
        if not isinstance(parts, int) or not 0 < parts <= 64:
            return (UNKNOWN,)
        return (_part(tensor.shape, axis, parts if name != "unstack" else 0),) * parts

    def _shape_function(self, name: str, arguments: Arguments) -> object:
        tensors = self.tensors_in(arguments.positional)
        shape = tensors[0].tensor.shape if tensors else UNKNOWN
        if name in {"ndim", "rank"}:
            return self.unknown(name) if isinstance(shape, Unknown) else len(shape)
        if name == "size":
            return self.unknown(name)
        dims = self.shape_value(shape)
        # A batch axis that tf.shape gives is a number at run time.
        return tuple(self.unknown("batch") if dim is None else dim for dim in dims) if (
            name == "shape" and isinstance(dims, tuple)
        ) else dims  # fmt: skip

    def assume_tensors(self, arguments: Arguments) -> Arguments:
        """The arguments of a layer's call, with what is not known taken for a symbolic tensor."""
        first = arguments.positional[0] if arguments.positional else None
        if isinstance(first, Opaque):
            return replace(arguments, positional=[self.assumed(first), *arguments.positional[1:]])
        if isinstance(first, ListValue) and any(isinstance(item, Opaque) for item in first.items):
            items = [self.assumed(item) if isinstance(item, Opaque) else item for item in first.items]
            first = ListValue(items, first.whole)
        if isinstance(first, ListValue) and not first.whole:
            first = self._with_others(first)
        return replace(arguments, positional=[first, *arguments.positional[1:]]) if arguments.positional else arguments

    def _with_others(self, listed: ListValue) -> ListValue:
        """A list of tensors of unknown length: one opaque node more stands for those that are not seen."""
        last = listed.items[-1] if listed.items else None
        if not isinstance(last, TensorValue):
            return listed
        shape = last.tensor.shape
        open_shape = UNKNOWN if isinstance(shape, Unknown) else (shape[0], *(UNKNOWN for _ in shape[1:]))
        layer = Layer(
            next(self.keys), self.layer_name("loop"), "loop", {}, self.place_of_tensor(last), LayerKind.CHOICE, "loop"
        )
        (made,) = self.assembly.call(layer, [last.tensor], layer.location, recorded=(open_shape,))
        return ListValue([*listed.items, TensorValue(made)])

    def assumed(self, value: Opaque) -> TensorValue:
        """The tensor that an unknown value is taken for, the same each time."""
        found = self.assumptions.get(value)
        if found is None:
            scalar = isinstance(value, ScalarTensor)
            found = self.assumptions[value] = TensorValue(self.assembly.tensor(() if scalar else UNKNOWN))
            if scalar:
                # No call makes it, and nothing about it is unknown.
                self.weights.add(found.tensor.key)
            self.sources[found.tensor.key] = value.origin
        return found

    def opaque_call(self, name: str, tensors: Sequence[TensorValue], node: ast.expr) -> object:
        """An unknown function on tensors as one opaque node."""
        layer = self.opaque_layer(name, node)
        outputs = self.assembly.call(layer, [value.tensor for value in tensors], layer.location)
        return TensorValue(outputs[0]) if outputs else self.unknown(name)

    def tensor_item(self, owner: TensorValue, node: ast.Subscript) -> object:
        """`tensor[index]`."""
        index = node.slice
        if isinstance(owner, InputTensor) and not isinstance(index, (ast.Slice, ast.Tuple)):
            key = self.evaluate(index)
            if isinstance(key, (int, str)) and not isinstance(key, bool):
                return owner.part(key)
            return self.operation(node, "getitem", [owner], {"slice_spec": to_value(key)})
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        return self.operation(node, "getitem", [owner], {"slice_spec": tuple(self._index(part) for part in parts)})

    def _index(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Slice):
            bounds = (node.lower, node.upper, node.step)
            values = [to_value(self.evaluate(bound)) for bound in bounds]
            return dict(zip(("start", "stop", "step"), values, strict=True))
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return ELLIPSIS
        value = self.evaluate(node)
        if value is None or self.is_new_axis(value):
            return None
        return value if isinstance(value, int) and not isinstance(value, bool) else UNKNOWN

    def is_new_axis(self, value: object) -> bool:
        """Whether a value is `np.newaxis` or `tf.newaxis`."""
        return getattr(value, "parts", ("",))[-1] == "newaxis"

    def tensor_parts(self, value: TensorValue, count: int, node: ast.expr) -> list[object]:
        """The items of `a, b = tensor`."""
        if isinstance(value, InputTensor):
            return [value.part(position) for position in range(count)]
        return [self.operation(node, "getitem", [value], {"slice_spec": (position,)}) for position in range(count)]

    def tensor_attribute(self, value: TensorValue, name: str) -> object:
        """`tensor.name`."""
        if name in {"shape", "_keras_shape"}:
            return self.shape_value(value.tensor.shape)
        if name == "ndim" and not isinstance(value.tensor.shape, Unknown):
            return len(value.tensor.shape)
        if name == "dtype":
            return value.tensor.dtype if isinstance(value.tensor.dtype, str) else self.unknown("dtype")
        return MethodValue(value, name)

    def tensor_method(self, value: TensorValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        """`tensor.name(arguments)`."""
        if name in {"get_shape", "set_shape", "numpy", "assign", "assign_add"}:
            return self.shape_value(value.tensor.shape) if name == "get_shape" else None
        if name in {"as_list", "eval"}:
            return self.unknown(name)
        call = Arguments(
            [value, *arguments.positional], arguments.keywords, arguments.node, complete=arguments.complete
        )
        return self.function_on_tensors(name, call, node)

    def shape_value(self, shape: Shape) -> object:
        """A shape as a tuple the script can take apart."""
        if isinstance(shape, Unknown):
            return self.unknown("shape")
        return tuple(self.unknown("axis") if isinstance(dim, Unknown) else dim for dim in shape)

    def fresh_tensor(self, shape: Shape = UNKNOWN) -> Tensor:
        return self.assembly.tensor(shape)


def _part(shape: Shape, axis: Value, parts: int) -> Shape:
    """The shape of one of `parts` equal parts along an axis; without that axis for no parts."""
    if isinstance(shape, Unknown) or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return UNKNOWN
    place = axis % len(shape)
    size = shape[place]
    if not parts:
        return (*shape[:place], *shape[place + 1 :])
    return (*shape[:place], size // parts if isinstance(size, int) else size, *shape[place + 1 :])
