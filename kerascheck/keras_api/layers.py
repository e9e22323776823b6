"""Layers of any generation under today's name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

from kerascheck.facts.values import UNKNOWN, Symbol, Unknown, Value
from kerascheck.keras_api import generations, tables
from kerascheck.keras_api.binding import NOTHING, Bound, Normalized, bind, finish
from kerascheck.keras_api.identifiers import activation, initializer, plain_symbol, regularizer
from kerascheck.keras_api.tables import Parameter

_FUNCTIONAL = {"Input": ("shape", "batch_size", "dtype", "sparse", "ragged", "batch_shape", "name", "tensor")}
_DTYPES = ("float", "int", "uint", "bool", "string", "bfloat", "half", "complex")
_ORDERINGS = {"tf": "channels_last", "th": "channels_first", "default": "channels_last"}


@functools.lru_cache(maxsize=1024)
def class_of(written: str) -> str | None:
    """Today's class for a name of any generation; None when Keras never had it."""
    name = generations.CLASSES.get(written) or tables.aliases("layers").get(written, written)
    if name in tables.section("layers") or name in generations.GONE:
        return name
    return None


def parameters_of(name: str) -> tuple[Parameter, ...]:
    """The parameters of a class that `class_of` gave."""
    return tables.signature("layers", name) or generations.GONE.get(name, ())


@functools.cache
def _today(name: str) -> Mapping[str, Parameter]:
    """The parameters of a class that `class_of` gave, by name and in order."""
    return {parameter.name: parameter for parameter in parameters_of(name)}


@functools.cache
def _gone(name: str) -> frozenset[str]:
    """The arguments that Keras 1 alone had."""
    return generations.FIRST_GENERATION.difference(_today(name))


@functools.cache
def _renames(name: str) -> Mapping[str, str]:
    """The old names of a class's arguments that today's class does not take."""
    today = _today(name)
    return {old: new for old, new in generations.RENAMES.get(name, {}).items() if old not in today}


def layer(
    written: str,
    positional: Sequence[Value] = (),
    keywords: Mapping[str, Value] = NOTHING,
    *,
    complete: bool = True,
) -> Normalized | None:
    """A layer under today's name; None when no generation of Keras has a layer of that name.

    Without `complete` (the call had `*args` or `**kwargs` of unknown content) an argument that was not seen is UNKNOWN.
    """
    name = class_of(written)
    if name is None:
        return None
    old = is_first_generation(written, name, positional, keywords)
    bound = bind(order_of(written, name, positional, old=old), positional, keywords)
    rename(name, bound)
    if name == "Merge":
        return merge(bound, complete=complete)
    fold(name, bound)
    if complete:
        input_shape(name, bound)
    defaults = generations.FIRST_DEFAULTS.get(name, NOTHING) if old else NOTHING
    return settled(name, bound, complete=complete, defaults=defaults)


def order_of(written: str, name: str, positional: Sequence[Value], *, old: bool) -> Iterable[str]:
    """The names of the positional arguments in the generation that the call was written for."""
    if written == "Input":
        return _input_order(positional)
    if old:
        found = generations.ORDER.get(
            written.replace("AtrousConv", "AtrousConvolution").replace("olutionolution", "olution")
        )
        return found or generations.ORDER.get(name) or _today(name)
    if name == "Embedding" and len(positional) > 3 and isinstance(positional[3], int):
        return generations.ORDER["Embedding"]
    return _today(name)


def _input_order(positional: Sequence[Value]) -> Sequence[str]:
    """`Input` had `batch_shape` second in stand-alone Keras 1 and 2, and the name third in tf.keras 2."""
    order = list(_FUNCTIONAL["Input"])
    if len(positional) > 1 and isinstance(positional[1], tuple):
        return ["shape", "batch_shape", "name", "dtype", "sparse", "tensor"]
    third = positional[2] if len(positional) > 2 else None
    if isinstance(third, str) and not third.startswith(_DTYPES):
        return ["shape", "batch_size", "name", "dtype", "sparse", "tensor"]
    return order


def is_first_generation(written: str, name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> bool:
    """Whether a call is proven to be in Keras 1's spelling."""
    if name not in generations.ORDER and written not in generations.ORDER:
        return False
    if not _gone(name).isdisjoint(keywords):
        return not (name == "Embedding" and keywords.keys() & {"embeddings_initializer"})
    if written.startswith(("Atrous", "TimeDistributedDense", "Merge", "MaxoutDense", "Highway")):
        return True
    return _first_by_position(written, name, positional)


def _first_by_position(written: str, name: str, positional: Sequence[Value]) -> bool:
    """Whether the types of the positional arguments fit Keras 1 alone."""
    if name == "BatchNormalization":
        return bool(positional) and isinstance(positional[0], float)
    if name in ("Dense", "LSTM", "GRU", "SimpleRNN"):
        second = positional[1] if len(positional) > 1 else None
        return isinstance(second, str) and activation(second) is None and plain_symbol(second) is not None
    if name.endswith(("2D", "3D", "2DTranspose", "3DTranspose")) and len(positional) > 2:
        if written.startswith(("Conv2D", "Conv3D", "SeparableConv2D", "LocallyConnected")):
            # Today's Keras takes Conv2D(32, 3, 3) as a stride of 3; only a further argument can prove Keras 1.
            return len(positional) > 3 and _integers(positional[1:3]) and _is_initializer(positional[3])
        return _integers(positional[1:3])
    return name.endswith("1D") and len(positional) > 2 and _is_initializer(positional[2])


def _integers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, (int, Unknown)) for value in values)


def _is_initializer(value: Value) -> bool:
    return isinstance(value, str) and value not in ("same", "valid", "causal") and plain_symbol(value) is not None


def rename(name: str, bound: Bound) -> None:
    """Old argument names to today's, but never one that today's class still takes."""
    renames = _renames(name)
    if renames.keys().isdisjoint(bound.values):
        return
    for old, new in renames.items():
        if old in bound.values:
            bound.rename(old, new)


def merge(bound: Bound, *, complete: bool) -> Normalized:
    """Keras 1's Merge as the layer of its mode."""
    mode = bound.values.get("mode", "sum" if complete else UNKNOWN)
    name = generations.MERGE_MODES.get(mode) if isinstance(mode, str) else None
    if name is None:
        return finish("Merge", generations.GONE["Merge"], bound, complete=complete)
    if name == "Concatenate" and "concat_axis" in bound.values:
        bound.rename("concat_axis", "axis")
    if name == "Dot":
        if "dot_axes" in bound.values:
            bound.rename("dot_axes", "axes")
        elif complete:
            bound.values["axes"] = -1
        bound.values["normalize"] = mode == "cos"
        axes = bound.values.get("axes")
        if isinstance(axes, tuple) and all(isinstance(axis, tuple) and len(axis) == 1 for axis in axes):
            bound.values["axes"] = tuple(axis[0] if isinstance(axis, tuple) else axis for axis in axes)
    return settled(name, bound, complete=complete)


def fold(name: str, bound: Bound) -> None:
    """Kernel rows and columns into `kernel_size`."""
    bound.fold(("kernel_rows", "kernel_columns"), "kernel_size")
    bound.fold(("kernel_dim1", "kernel_dim2", "kernel_dim3"), "kernel_size")


def input_shape(name: str, bound: Bound) -> None:
    """The declared input shape, in any of its forms, as `batch_shape`."""
    if "batch_shape" in bound.values and bound.values["batch_shape"] is not None:
        return
    found = _batch_shape(name, bound.values)
    if found is not None:
        shape, sources = found
        bound.values["batch_shape"] = shape
        bound.sources["batch_shape"] = tuple(where for source in sources for where in bound.sources.get(source, ()))


def _batch_shape(name: str, values: Mapping[str, Value]) -> tuple[Value, tuple[str, ...]] | None:
    if values.get("batch_input_shape") is not None:
        return values["batch_input_shape"], ("batch_input_shape",)
    argument = "shape" if name == "InputLayer" and values.get("shape") is not None else "input_shape"
    shape = values.get(argument)
    if shape is not None:
        batch = values.get("batch_size")
        sized = isinstance(shape, tuple)
        return ((batch, *shape) if isinstance(shape, tuple) else UNKNOWN), (argument, "batch_size") if sized else (
            argument,
        )
    return _from_dimension(name, values)


def _from_dimension(name: str, values: Mapping[str, Value]) -> tuple[Value, tuple[str, ...]] | None:
    length = values.get("input_length")
    if name == "Embedding":
        if length is None:
            return None
        lengths = length if isinstance(length, tuple) else (length,)
        return (None, *lengths), ("input_length",)
    dimension = values.get("input_dim")
    if dimension is None:
        return None
    if name in ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "Conv1D", "LocallyConnected1D"):
        return (None, length, dimension), ("input_length", "input_dim")
    return (None, dimension), ("input_dim",)


_SIZES = ("kernel_size", "strides", "dilation_rate", "pool_size", "size", "output_size")


@functools.cache
def rank_of(name: str) -> int | None:
    """The spatial axes that a class is for, as its name says."""
    return next((rank for rank in (1, 2, 3) if f"{rank}D" in name), None)


def settled(name: str, bound: Bound, *, complete: bool, defaults: Mapping[str, Value] = NOTHING) -> Normalized:
    """Every argument of a class that `class_of` gave: what was given or the default, in one form.

    Sizes are tuples, padding is in lower case, identifiers are spelled as today.
    """
    arguments = dict(_usual(name, complete))
    rank = rank_of(name)
    if complete:
        for argument, value in defaults.items():
            if argument in arguments:
                arguments[argument] = _tidy(name, argument, value, rank)
    for argument, value in bound.values.items():
        arguments[argument] = _tidy(name, argument, value, rank)
    if "pool_size" in arguments and arguments.get("strides") is None:
        arguments["strides"] = arguments["pool_size"]
    return Normalized(name, arguments, bound.sources)


@functools.cache
def _usual(name: str, complete: bool) -> Mapping[str, Value]:
    """The arguments of a call that gives none."""
    rank = rank_of(name)
    values = finish(name, parameters_of(name), Bound(), complete=complete).arguments
    return {argument: _tidy(name, argument, value, rank) for argument, value in values.items()}


def _tidy(class_name: str, name: str, value: Value, rank: int | None) -> Value:
    if name in _SIZES:
        return value if rank is None else _per_axis(class_name, name, value, rank)
    if name == "padding" and class_name.startswith("ZeroPadding"):
        return _sides(value, rank)
    if name == "cropping":
        return _sides(value, rank)
    form = _form(name)
    return value if form is None else form(value)


@functools.lru_cache(maxsize=1024)
def _form(name: str) -> Callable[[Value], Value] | None:
    """What brings the value of an argument into its one form; None where every value stays as it is."""
    found = _FORMS.get(name)
    if found is not None:
        return found
    if name.endswith("_initializer"):
        return _initializer
    return regularizer if name.endswith("_regularizer") else None


def _data_format(value: Value) -> Value:
    return "channels_last" if value is None else _ORDERINGS.get(value, value) if isinstance(value, str) else value


def _axis(value: Value) -> Value:
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _activation(value: Value) -> Value:
    return activation(value) or value.lower() if isinstance(value, str) else value


def _initializer(value: Value) -> Value:
    return initializer(value) if isinstance(value, str) else value


def _lower(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


_FORMS: Mapping[str, Callable[[Value], Value]] = {
    "data_format": _data_format,
    "padding": _lower,
    "axis": _axis,
    "activation": _activation,
    "recurrent_activation": _activation,
}


def _per_axis(class_name: str, name: str, value: Value, rank: int) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, Unknown)):
        return value
    if class_name == "UpSampling1D" and name == "size":
        return value
    return (value,) * rank


def _sides(value: Value, rank: int | None) -> Value:
    """Padding or cropping as one (before, after) pair an axis; for one axis just the pair."""
    if rank is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return (value, value) if rank == 1 else ((value, value),) * rank
    if rank == 1 or not isinstance(value, tuple):
        return value
    if rank == 2 and len(value) == 4:
        return (value[:2], value[2:])
    return tuple((side, side) if isinstance(side, int) else side for side in value)


def is_wrapped(value: Value) -> bool:
    """Whether an argument is a layer given as an object."""
    return isinstance(value, Symbol) and class_of(value.name) is not None
