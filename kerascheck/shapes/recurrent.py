"""Recurrent layers and the wrappers around them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from kerascheck.facts.families import ACTIVATIONS, GLOBAL_POOLINGS, NORMALIZATIONS, PASSING, POOLINGS, RECURRENT
from kerascheck.facts.graph import Layer, LayerKind
from kerascheck.facts.values import UNKNOWN, Shape, Unknown
from kerascheck.shapes.call import Call, ParameterFunction, Refusal, ShapeFunction, add, times
from kerascheck.shapes.core import with_bias

_STATES = {"LSTM": 2, "CuDNNLSTM": 2, "GRU": 1, "CuDNNGRU": 1, "SimpleRNN": 1}
_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3, "SimpleRNN": 1}
_WITHOUT_KERNEL = (
    PASSING | NORMALIZATIONS | ACTIVATIONS | POOLINGS | GLOBAL_POOLINGS | RECURRENT | {"Flatten", "Reshape", "Permute"}
)
_CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}


def around_cell(call: Call) -> Call | None:
    """A call of `RNN(LSTMCell(8))` as one of LSTM; None for a cell that is not known."""
    cell = call.layer.inner
    name = _CELLS.get(cell.class_name) if cell is not None else None
    if cell is None or name is None:
        return None
    layer = replace(call.layer, class_name=name, config={**cell.config, **call.layer.config})
    return Call(layer, call.inputs, call.arguments)


def cell_shapes(call: Call) -> list[Shape]:
    same = around_cell(call)
    return [UNKNOWN] if same is None else recurrent(same)


def cell_parameters(call: Call) -> int | Unknown:
    same = around_cell(call)
    return UNKNOWN if same is None else recurrent_parameters(same)


def recurrent(call: Call) -> list[Shape]:
    call.expect_rank(3)
    dims = call.dims()
    sequences, states = call.flag("return_sequences"), call.flag("return_state")
    if isinstance(states, Unknown):
        return [UNKNOWN]
    units = call.size("units")
    batch = dims[0] if dims is not None else None
    length = dims[1] if dims is not None else UNKNOWN
    output: Shape = UNKNOWN
    if not isinstance(sequences, Unknown):
        output = (batch, length, units) if sequences else (batch, units)
    return [output, *((batch, units) for _ in range(_STATES[call.layer.class_name] if states else 0))]


def recurrent_parameters(call: Call) -> int | Unknown:
    dims = call.dims()
    if dims is None or len(dims) != 3:
        return UNKNOWN
    name = call.layer.class_name
    units = call.size("units")
    wide = times(_GATES[name], units)
    kernel = times(wide, add(dims[-1], units))
    if name.startswith("CuDNN"):
        total = add(kernel, times(2, wide))
        return total if isinstance(total, int) else UNKNOWN
    if name != "GRU":
        return with_bias(call, kernel, wide)
    double = call.flag("reset_after")
    return UNKNOWN if isinstance(double, Unknown) else with_bias(call, kernel, times(2 if double else 1, wide))


def inner_call(call: Call, layer: Layer | None, inputs: tuple[Shape, ...]) -> list[Shape]:
    """The outputs of a wrapped layer."""
    # The table of layers knows the wrappers, so it can only be asked at the time of a call.
    from kerascheck.shapes.table import shape_function

    function = None if layer is None else shape_function(layer)
    if layer is None or function is None:
        return [UNKNOWN]
    return function(Call(layer, inputs, {}))


def inner_parameters(layer: Layer | None, inputs: tuple[Shape, ...]) -> int | Unknown:
    """The weights of a wrapped layer."""
    from kerascheck.shapes.table import parameter_function

    if layer is None:
        return UNKNOWN
    if isinstance(layer.parameters, int):
        return layer.parameters
    function = parameter_function(layer)
    return UNKNOWN if function is None else function(Call(layer, inputs, {}))


def bidirectional(call: Call) -> list[Shape]:
    call.expect_at_least(3)
    output, *states = inner_call(call, call.layer.inner, call.inputs[:1])
    mode = call.layer.config.get("merge_mode", "concat")
    if isinstance(mode, Unknown):
        return [UNKNOWN]
    if mode is None:
        return [output, output, *states, *states]
    if mode == "concat" and not isinstance(output, Unknown):
        last = times(output[-1], 2)
        output = (*output[:-1], last)
    return [output, *states, *states]


def bidirectional_parameters(call: Call) -> int | Unknown:
    total = times(2, inner_parameters(call.layer.inner, call.inputs[:1]))
    return total if isinstance(total, int) and call.layer.config.get("backward_layer") is None else UNKNOWN


def without_time(call: Call) -> tuple[Shape, ...]:
    """The shape of one step."""
    return tuple(UNKNOWN if isinstance(shape, Unknown) else (shape[0], *shape[2:]) for shape in call.inputs)


def time_distributed(call: Call) -> list[Shape]:
    call.expect_at_least(3)
    dims = call.dims()
    output = inner_call(call, call.layer.inner, without_time(call))[0]
    if isinstance(output, Unknown):
        return [UNKNOWN]
    return [(output[0], UNKNOWN if dims is None else dims[1], *output[1:])]


def time_distributed_parameters(call: Call) -> int | Unknown:
    dims = call.dims()
    if dims is not None and len(dims) < 3:
        return UNKNOWN
    return inner_parameters(call.layer.inner, without_time(call))


def transparent(call: Call) -> list[Shape]:
    """A wrapper that keeps the wrapped layer's shapes, and divides its kernel by a norm."""
    inner = call.layer.inner
    if inner is not None and inner.kind is LayerKind.BUILTIN and inner.class_name in _WITHOUT_KERNEL:
        raise Refusal("shape", f"wraps `{inner.label}`, which has no kernel")
    return inner_call(call, call.layer.inner, call.inputs)


def spectral_parameters(call: Call) -> int | Unknown:
    """SpectralNormalization adds one vector as long as the kernel's last axis."""
    inner = call.layer.inner
    if inner is None:
        return UNKNOWN
    width = integer_of(inner)
    total = add(inner_parameters(inner, call.inputs), width)
    return total if isinstance(total, int) else UNKNOWN


def integer_of(inner: Layer) -> int | Unknown:
    """The output width of a Dense or a convolution."""
    value = inner.config.get("units" if inner.class_name == "Dense" else "filters")
    return value if isinstance(value, int) and not inner.class_name.endswith("Transpose") else UNKNOWN


SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(_STATES, recurrent),
    "RNN": cell_shapes,
    "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed,
    "SpectralNormalization": transparent,
}

PARAMETERS: Mapping[str, ParameterFunction] = {
    **dict.fromkeys(_STATES, recurrent_parameters),
    "RNN": cell_parameters,
    "Bidirectional": bidirectional_parameters,
    "TimeDistributed": time_distributed_parameters,
    "SpectralNormalization": spectral_parameters,
}
