"""Python's own functions, argparse, os and functools."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataKind, Order
from kerascheck.facts.graph import GraphKind, LayerKind
from kerascheck.facts.values import Unknown
from kerascheck.keras_api.layers import class_of
from kerascheck.script.handlers import handles, library
from kerascheck.script.libraries.numpy_values import number_by_number
from kerascheck.script.machine import LOOP_BOUND
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
    Scope,
    SuperValue,
    TensorValue,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

NUMBERS = (bool, int, float)


@library("builtins")
def builtin(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any builtin without a handler of its own."""
    node = arguments.node
    tensors = ev.tensors_in(arguments.positional)
    if (
        tensors
        and node is not None
        and path.parts[-1] not in {"print", "type", "id", "repr", "str", "isinstance", "list", "tuple"}
    ):
        return ev.opaque_call(path.parts[-1], tensors, node)
    return ev.unknown(path.parts[-1])


@handles("builtins.len")
def length(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    value = arguments.get(0)
    if isinstance(value, (str, bytes, tuple)):
        return len(value)
    if isinstance(value, (ListValue, DictValue)) and value.whole:
        return len(value.items)
    if isinstance(value, ArrayValue) and not isinstance(value.data.shape, Unknown) and value.data.shape:
        first = value.data.shape[0]
        return first if isinstance(first, int) else ev.length_of(value)
    return ev.length_of(value) if isinstance(value, ArrayValue) else ev.unknown("len")


@handles("builtins.range", "past.builtins.xrange", "six.moves.range", "builtins.xrange")
def make_range(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    values = [value for value in arguments.positional if isinstance(value, int)]
    if len(values) < len(arguments.positional) or (len(values) == 3 and not values[2]):
        return ev.unknown("range")
    match values:
        case [stop]:
            return range(stop)
        case [start, stop]:
            return range(start, stop)
        case [start, stop, step]:
            return range(start, stop, step)
        case _:
            return ev.unknown("range")


@handles("builtins.zip")
def make_zip(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    if not arguments.complete and arguments.node is not None and len(arguments.node.args) == 1:
        starred = arguments.node.args[0]
        pairs = ev.evaluate(starred.value) if isinstance(starred, ast.Starred) else None
        return (ev.columns_of(pairs) if isinstance(pairs, ListValue) else None) or ev.unknown("zip")
    lists = [ev.iterate(value) for value in arguments.positional]
    if lists and all(items is not None for items in lists):
        return ListValue([tuple(group) for group in zip(*(items or [] for items in lists), strict=False)])
    if any(isinstance(value, (ArrayValue, ListValue)) for value in arguments.positional):
        # One group stands for all.
        return ListValue([tuple(ev.element_of(value, None) for value in arguments.positional)], whole=False)
    return ev.unknown("zip")


@handles("builtins.enumerate")
def make_enumerate(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    items = ev.iterate(arguments.get(0))
    start = arguments.get(1, "start", default=0)
    if items is None or not isinstance(start, int):
        source = arguments.get(0)
        if isinstance(source, (ArrayValue, ListValue)):
            return ListValue([(ev.unknown("index"), ev.element_of(source, None))], whole=False)
        return ev.unknown("enumerate")
    return ListValue([(index, item) for index, item in enumerate(items, start)])


@handles("builtins.list", "builtins.tuple", "builtins.sorted", "builtins.reversed", "builtins.set")
def make_list(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    if not arguments.positional:
        return () if path.parts[-1] == "tuple" else ListValue([])
    value = arguments.positional[0]
    if isinstance(value, ArrayValue):
        return _list_of(ev, value, path.parts[-1])
    items = ev.iterate(value)
    if items is None:
        if isinstance(value, ListValue):
            return ListValue(list(value.items), False, list(value.growth), value.shuffled)
        kept = isinstance(value, Opaque) and path.parts[-1] in {"list", "tuple"}
        return value if kept else ev.unknown(path.parts[-1])
    if path.parts[-1] == "tuple":
        return tuple(items)
    if path.parts[-1] == "reversed":
        return ListValue(items[::-1])
    if path.parts[-1] in {"sorted", "set"}:
        plain = all(isinstance(item, (int, float)) for item in items) or all(isinstance(item, str) for item in items)
        if not plain or arguments.keywords:
            return ListValue(items, len(items) < 2)
        return ListValue(sorted(set(items) if path.parts[-1] == "set" else items))  # pyright: ignore[reportArgumentType]
    return ListValue(items)


def _list_of(ev: Evaluator, value: ArrayValue, name: str) -> object:
    """`list(array)`, `sorted(names)`."""
    if value.data.kind is not DataKind.ARRAY:
        return ListValue([ev.element_of(value, None)], whole=False)
    if value.data.container == "frame":
        return ListValue(list(value.data.columns), bool(value.data.columns))
    if name == "set":
        return ev.unknown("set")
    stored = value.data.order is Order.AS_LOADED
    order = value.data.order if name in {"list", "tuple"} or stored else Order.UNKNOWN
    found = ev.derive(value, container="list", order=order)
    found.positions, found.constant = value.positions, value.constant
    return found


@handles("builtins.dict", "collections.OrderedDict")
def make_dict(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    first = arguments.get(0)
    result = DictValue(dict(first.items) if isinstance(first, DictValue) else {}, arguments.complete)
    if isinstance(first, ListValue):
        pairs = [item for item in first.items if isinstance(item, tuple) and len(item) == 2]
        result.whole = result.whole and first.whole and len(pairs) == len(first.items)
        for key, value in pairs:
            ev.put(result, key, value)
    elif first is not None and not isinstance(first, DictValue):
        result.whole = False
    result.items.update(arguments.keywords)
    return result


_COMPUTED: Mapping[str, Callable[..., object]] = {
    "builtins.int": int,
    "builtins.float": float,
    "builtins.str": str,
    "builtins.bool": bool,
    "builtins.abs": abs,
    "builtins.round": round,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.sqrt": math.sqrt,
    "math.log": math.log,
    "math.log2": math.log2,
    "math.log10": math.log10,
    "math.exp": math.exp,
    "math.pow": math.pow,
    "math.prod": math.prod,
    "numpy.sqrt": math.sqrt,
    "numpy.ceil": math.ceil,
    "numpy.floor": math.floor,
    "numpy.log": math.log,
    "numpy.log2": math.log2,
    "numpy.prod": math.prod,
}


ARRAY_FUNCTIONS = frozenset({"numpy.sqrt", "numpy.log", "numpy.log2"})


@handles(*_COMPUTED)
def compute(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A function of numbers or text, computed."""
    name = path.parts[-1]
    value = arguments.get(0)
    if isinstance(value, TensorValue) and arguments.node is not None:
        return ev.function_on_tensors(name, arguments, arguments.node, path.dotted)
    if isinstance(value, ArrayValue) and path.dotted in ARRAY_FUNCTIONS:
        return number_by_number(ev, path, arguments)
    if isinstance(value, ListValue) and value.whole and name == "prod":
        value = tuple(value.items)
    plain = isinstance(value, (*NUMBERS, str)) or (
        isinstance(value, tuple) and all(isinstance(n, NUMBERS) for n in value)
    )
    if not plain or not all(isinstance(rest, (int, float)) for rest in arguments.positional[1:]) or arguments.keywords:
        return ev.array(arguments.node) if isinstance(value, ArrayValue) else ev.unknown(name)
    try:
        return _COMPUTED[path.dotted](value, *arguments.positional[1:])
    except (ValueError, TypeError, OverflowError):
        return ev.unknown(name)


@handles("builtins.min", "builtins.max", "builtins.sum")
def extreme(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    items = arguments.positional if len(arguments.positional) > 1 else ev.iterate(arguments.get(0))
    if items and not arguments.keywords and all(isinstance(item, NUMBERS) for item in items):
        return {"min": min, "max": max, "sum": sum}[path.parts[-1]](items)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return ev.unknown(path.parts[-1])


@handles("builtins.type")
def type_of(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The class of a value."""
    value = arguments.get(0)
    if isinstance(value, InstanceValue):
        return value.cls
    if isinstance(value, LayerValue) and value.layer.kind in (LayerKind.BUILTIN, LayerKind.LAMBDA):
        return Path(("keras", "layers", value.layer.class_name))
    for name, kind in _KINDS.items():
        if type(value) is kind:
            return Path(("builtins", name))
    return ev.unknown("type")


_KINDS = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes,
    "tuple": tuple,
    "list": ListValue,
    "dict": DictValue,
}
_OF_KERAS = (LayerValue, ModelValue, TensorValue)


@handles("builtins.isinstance")
def is_instance(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Whether a value is of a class, or of one of several."""
    wanted = arguments.get(1)
    classes = wanted if isinstance(wanted, tuple) else (wanted,)
    found = [_is_of(arguments.get(0), cls) for cls in classes]
    return True if True in found else ev.unknown("isinstance") if None in found else False


def _is_of(value: object, cls: object) -> bool | None:
    if isinstance(cls, ClassValue):
        if isinstance(value, InstanceValue):
            return cls in value.cls.order or (None if value.cls.base is not None else False)
        return False if value is None or isinstance(value, (*_KINDS.values(), *_OF_KERAS)) else None
    if not isinstance(cls, Path):
        return None
    if cls.parts[0] == "builtins" and (kind := _KINDS.get(cls.parts[-1])) is not None:
        if isinstance(value, kind):
            return True
        return False if value is None or isinstance(value, (*_KINDS.values(), *_OF_KERAS, InstanceValue)) else None
    return _is_of_keras(value, cls) if cls.parts[0] == "keras" else None


def _is_of_keras(value: object, cls: Path) -> bool | None:
    name = cls.parts[-1]
    if isinstance(value, ModelValue):
        plain = {"Layer": True, "Model": True, "Sequential": value.kind is GraphKind.SEQUENTIAL}
        return plain.get(name)
    if not isinstance(value, LayerValue) or value.layer.kind not in (LayerKind.BUILTIN, LayerKind.LAMBDA):
        return False if isinstance(value, (bool, int, float, str)) or value is None else None
    if name == "Layer":
        return True
    wanted = class_of(name)
    if wanted is None or wanted == value.layer.class_name:
        return None if wanted is None else True
    # Some classes of Keras extend one another: convolutions, recurrent layers, wrappers, merges.
    return False if {wanted, value.layer.class_name} & _ALONE else None


_ALONE = frozenset({"Dense", "Flatten", "BatchNormalization", "Activation", "Embedding", "InputLayer", "Reshape"})


@handles("builtins.hasattr", "builtins.callable")
def undecided(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    return ev.unknown(path.parts[-1])


@handles("builtins.getattr")
def get_attribute(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    name = arguments.get(1)
    if isinstance(name, str) and arguments.node is not None:
        return ev.attribute(arguments.get(0), name, arguments.node)
    return ev.unknown("getattr")


@handles("importlib.import_module", "builtins.__import__")
def imported(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A module by its name."""
    name = arguments.get(0, "name")
    return ev.module_named(name) if isinstance(name, str) and name[:1].isalpha() else ev.unknown("import")


@handles("builtins.super")
def make_super(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`super()` or `super(Class, self)` inside a method."""
    if len(arguments.positional) == 2 and isinstance(arguments.positional[0], ClassValue):
        return SuperValue(arguments.positional[1], arguments.positional[0])
    for frame in reversed(ev.frames):
        if frame.owner is not None and frame.first:
            return SuperValue(frame.first[0], frame.owner)
    return ev.unknown("super")


@handles("builtins.map")
def make_map(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    items = ev.iterate(arguments.get(1))
    if items is None or len(items) > LOOP_BOUND or len(arguments.positional) != 2 or arguments.node is None:
        return ev.unknown("map")
    return ListValue([ev.apply(arguments.positional[0], Arguments([item], {}, None), arguments.node) for item in items])


@handles("functools.partial", "functools.partialmethod")
def partial(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A function with some of its arguments set."""
    function = arguments.get(0)
    if isinstance(function, FunctionValue):
        first = (*function.first, *arguments.positional[1:])
        return replace(function, first=first, defaults={**function.defaults, **arguments.keywords})
    if isinstance(function, (Path, ClassValue)) and arguments.node is not None:
        return _partial_of_library(ev, function, arguments)
    return ev.unknown("partial")


def _partial_of_library(ev: Evaluator, function: Path | ClassValue, arguments: Arguments) -> object:
    """`partial(Conv2D, padding='same')` as a function of the program."""
    template = ast.parse("lambda *args, **kwargs: _function(*_first, *args, **{**_set, **kwargs})", mode="eval").body
    assert isinstance(template, ast.Lambda) and arguments.node is not None
    for child in ast.walk(template):
        if isinstance(child, (ast.expr, ast.keyword)):
            ast.copy_location(child, arguments.node)
    names: dict[str, object] = {
        "_function": function,
        "_first": tuple(arguments.positional[1:]),
        "_set": DictValue({**arguments.keywords}),
    }
    return FunctionValue(template, Scope(names, module=ev.module_of(ev.scope)), "partial", ev.page)


@handles("copy.copy", "copy.deepcopy")
def copied(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    value = arguments.get(0)
    if isinstance(value, ListValue):
        return ListValue(list(value.items), value.whole)
    if isinstance(value, DictValue):
        return DictValue(dict(value.items), value.whole)
    return ev.derive(value) if isinstance(value, ArrayValue) else ev.unknown("copy")


@handles("builtins.print")
def printed(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    return None
