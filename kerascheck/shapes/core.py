"""Dense, activations, dropout and other layers that keep the shape or change only the last axis."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown
from kerascheck.shapes.call import (
    Call,
    Dims,
    ParameterFunction,
    Refusal,
    ShapeFunction,
    add,
    differ,
    integer,
    product,
    times,
    written,
)


def unchanged(call: Call) -> list[Shape]:
    """The output has the input's shape."""
    return [call.input]


def dense(call: Call) -> list[Shape]:
    call.expect_at_least(2)
    dims = call.dims()
    if dims is None:
        return [UNKNOWN]
    if dims[-1] is None:
        raise Refusal("shape", f"needs a fixed last axis, got {written(dims)}")
    return [(*dims[:-1], call.size("units"))]


def dense_parameters(call: Call) -> int | Unknown:
    dims = call.dims()
    return UNKNOWN if dims is None else with_bias(call, times(dims[-1], call.size("units")), call.size("units"))


def with_bias(call: Call, kernel: int | Unknown | None, bias: int | Unknown | None) -> int | Unknown:
    """Kernel and, with `use_bias`, bias."""
    used = call.flag("use_bias")
    if isinstance(used, Unknown):
        return UNKNOWN
    total = add(kernel, bias) if used else kernel
    return total if isinstance(total, int) else UNKNOWN


def maxout_parameters(call: Call) -> int | Unknown:
    """MaxoutDense of Keras 1: `nb_feature` kernels."""
    dims = call.dims()
    units = times(call.size("units"), call.size("nb_feature"))
    return UNKNOWN if dims is None else with_bias(call, times(dims[-1], units), units)


def highway_parameters(call: Call) -> int | Unknown:
    """Highway of Keras 1: a transform and a carry kernel, each as wide as the input."""
    dims = call.dims()
    if dims is None:
        return UNKNOWN
    return with_bias(call, times(2, times(dims[-1], dims[-1])), times(2, dims[-1]))


def embedding(call: Call) -> list[Shape]:
    dims = call.dims()
    table, given = (call.size("input_dim"), call.size("output_dim")), _given_table(call)
    if given is not None and any(differ(mine, theirs) for mine, theirs in zip(table, given, strict=True)):
        raise Refusal("shape", f"holds a table of shape {written(table)}, and is given one of shape {written(given)}")
    return [UNKNOWN if dims is None else (*dims, call.size("output_dim"))]


def _given_table(call: Call) -> Dims | None:
    """The shape of the table that an Embedding is made with, by `weights` or by a constant initializer."""
    weights, initializer = call.value("weights"), call.value("embeddings_initializer")
    given = weights[0] if isinstance(weights, tuple) and len(weights) == 1 else None
    if given is None and isinstance(initializer, Symbol) and initializer.name == "Constant":
        given = initializer.arguments.get("value")
    shape = given.arguments.get("shape") if isinstance(given, Symbol) and given.name == "array" else None
    if not isinstance(shape, tuple) or len(shape) != 2:
        return None
    # A constant of one row or one column is repeated.
    return tuple(size if isinstance(size, int) and size != 1 else UNKNOWN for size in shape)


def embedding_parameters(call: Call) -> int | Unknown:
    total = times(call.size("input_dim"), call.size("output_dim"))
    return total if isinstance(total, int) else UNKNOWN


def reversible_parameters(call: Call) -> int | Unknown:
    """ReversibleEmbedding has a second table for the way back unless the two are tied."""
    tied, table = call.flag("tie_weights"), embedding_parameters(call)
    if isinstance(tied, Unknown) or isinstance(table, Unknown):
        return UNKNOWN
    return table if tied else 2 * table


def prelu_parameters(call: Call) -> int | Unknown:
    dims = call.dims()
    if dims is None:
        return UNKNOWN
    shared = call.value("shared_axes")
    if isinstance(shared, Unknown):
        return UNKNOWN
    axes: set[int | Unknown] = set()
    if isinstance(shared, tuple):
        axes = {integer(axis) for axis in shared}
    elif isinstance(shared, int):
        axes = {shared}
    total = product(tuple(1 if axis in axes else dim for axis, dim in enumerate(dims))[1:])
    return total if isinstance(total, int) else UNKNOWN


def spatial_dropout(rank: int) -> ShapeFunction:
    """SpatialDropout1D and its kin take one rank only."""

    def shape(call: Call) -> list[Shape]:
        call.expect_rank(rank)
        return [call.input]

    return shape


_KEEPING = [
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "ELU",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "LeakyReLU",
    "Masking",
    "PReLU",
    "ReLU",
    "Softmax",
    "ThresholdedReLU",
    "ParametricSoftplus",
    "SReLU",
    "Highway",
    "RMSNormalization",
    "UnitNormalization",
    "SpectralNormalizationBase",
]

SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(_KEEPING, unchanged),
    "Dense": dense,
    "MaxoutDense": dense,
    "Embedding": embedding,
    "ReversibleEmbedding": embedding,
    "SpatialDropout1D": spatial_dropout(3),
    "SpatialDropout2D": spatial_dropout(4),
    "SpatialDropout3D": spatial_dropout(5),
}

PARAMETERS: Mapping[str, ParameterFunction] = {
    "Dense": dense_parameters,
    "MaxoutDense": maxout_parameters,
    "Highway": highway_parameters,
    "Embedding": embedding_parameters,
    "ReversibleEmbedding": reversible_parameters,
    "PReLU": prelu_parameters,
}
