"""Layers as Keras 1 and 2 spelled them: positional order, argument names, classes that are gone.

Sources: keras-team/keras 1.2.2 (keras/layers/*.py) and 2.3.1 (keras/layers, keras/legacy/interfaces.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import Value
from kerascheck.keras_api.tables import Parameter

CLASSES: Mapping[str, str] = {
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "DenseV2": "Dense",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "Input": "InputLayer",
    "TimeDistributedDense": "Dense",
    "DropoutV2": "Dropout",
    "GroupedQueryAttention": "GroupQueryAttention",
}
"""Names that today's Keras does not export, with the class that does their work."""

_BASE = ("W_regularizer", "b_regularizer", "activity_regularizer", "W_constraint", "b_constraint", "bias")
_CONV2D = ("init", "activation", "weights", "border_mode", "subsample", "dim_ordering", *_BASE)
_CONV1D = ("init", "activation", "weights", "border_mode", "subsample_length", *_BASE, "input_dim", "input_length")
_RNN = ("W_regularizer", "U_regularizer", "b_regularizer", "dropout_W", "dropout_U")
_GATED = ("activation", "inner_activation", *_RNN)

ORDER: Mapping[str, tuple[str, ...]] = {
    "Dense": ("output_dim", "init", "activation", "weights", *_BASE, "input_dim"),
    "TimeDistributedDense": ("output_dim", "init", "activation", "weights", *_BASE, "input_dim", "input_length"),
    "Conv1D": ("nb_filter", "filter_length", *_CONV1D),
    "Conv2D": ("nb_filter", "nb_row", "nb_col", *_CONV2D),
    "Conv3D": ("nb_filter", "kernel_dim1", "kernel_dim2", "kernel_dim3", *_CONV2D),
    "AtrousConvolution1D": ("nb_filter", "filter_length", *_CONV1D[:5], "atrous_rate", *_CONV1D[5:]),
    "AtrousConvolution2D": ("nb_filter", "nb_row", "nb_col", *_CONV2D[:5], "atrous_rate", *_CONV2D[5:]),
    "Conv2DTranspose": ("nb_filter", "nb_row", "nb_col", "output_shape", *_CONV2D),
    "Conv3DTranspose": ("nb_filter", "kernel_dim1", "kernel_dim2", "kernel_dim3", "output_shape", *_CONV2D),
    "SeparableConv2D": (
        *("nb_filter", "nb_row", "nb_col", *_CONV2D[:5], "depth_multiplier", "dim_ordering"),
        *("depthwise_regularizer", "pointwise_regularizer", "b_regularizer", "activity_regularizer"),
        *("depthwise_constraint", "pointwise_constraint", "b_constraint", "bias"),
    ),
    "LocallyConnected1D": ("nb_filter", "filter_length", *_CONV1D),
    "LocallyConnected2D": ("nb_filter", "nb_row", "nb_col", *_CONV2D),
    "LSTM": ("output_dim", "init", "inner_init", "forget_bias_init", *_GATED),
    "GRU": ("output_dim", "init", "inner_init", *_GATED),
    "SimpleRNN": ("output_dim", "init", "inner_init", "activation", *_RNN),
    "Embedding": (
        *("input_dim", "output_dim", "init", "input_length", "W_regularizer", "activity_regularizer"),
        *("W_constraint", "mask_zero", "weights", "dropout"),
    ),
    "BatchNormalization": (
        *("epsilon", "mode", "axis", "momentum", "weights", "beta_init", "gamma_init"),
        *("gamma_regularizer", "beta_regularizer"),
    ),
    "MaxoutDense": ("output_dim", "nb_feature", "init", "weights", *_BASE, "input_dim"),
    "Highway": ("init", "activation", "weights", *_BASE, "input_dim"),
    "Merge": ("layers", "mode", "concat_axis", "dot_axes", "output_shape", "output_mask", "arguments"),
}
"""The positional order of Keras 1, by today's name or by the old one where both share a class."""

_COMMON: Mapping[str, str] = {
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONV: Mapping[str, str] = {
    **_COMMON,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "nb_row": "kernel_rows",
    "nb_col": "kernel_columns",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
}
_RECURRENT: Mapping[str, str] = {
    **_COMMON,
    "output_dim": "units",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_WINDOW: Mapping[str, str] = {"border_mode": "padding", "dim_ordering": "data_format"}
_POOL_1D: Mapping[str, str] = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_RATE: Mapping[str, str] = {"p": "rate"}
_DENSE: Mapping[str, str] = {**_COMMON, "output_dim": "units"}
_RANKS = (1, 2, 3)

RENAMES: Mapping[str, Mapping[str, str]] = {
    "Dense": _DENSE,
    "MaxoutDense": _DENSE,
    "Highway": _COMMON,
    **{f"Conv{rank}D": _CONV for rank in _RANKS},
    **{f"Conv{rank}DTranspose": _CONV for rank in _RANKS},
    **{f"SeparableConv{rank}D": _CONV for rank in _RANKS},
    **{f"LocallyConnected{rank}D": _CONV for rank in _RANKS},
    "ConvLSTM2D": {**_CONV, **_RECURRENT},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "MaxPooling1D": _POOL_1D,
    "AveragePooling1D": _POOL_1D,
    **{f"{kind}Pooling{rank}D": _WINDOW for kind in ("Max", "Average") for rank in (2, 3)},
    **{f"Global{kind}Pooling{rank}D": _WINDOW for kind in ("Max", "Average") for rank in _RANKS},
    **{f"{name}{rank}D": _WINDOW for name in ("ZeroPadding", "Cropping") for rank in _RANKS},
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": _WINDOW,
    "UpSampling3D": _WINDOW,
    "Dropout": _RATE,
    "GaussianDropout": _RATE,
    "AlphaDropout": _RATE,
    **{f"SpatialDropout{rank}D": {"p": "rate", "dim_ordering": "data_format"} for rank in _RANKS},
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "Flatten": {"dim_ordering": "data_format"},
    "Concatenate": {"concat_axis": "axis"},
    "Dot": {"dot_axes": "axes"},
    "InputLayer": {"tensor": "input_tensor", "input_dtype": "dtype"},
}
"""Old argument names with today's, by today's class."""

FIRST_GENERATION: frozenset[str] = frozenset(
    {*_CONV, *_RECURRENT, "filter_length", "mode", "beta_init", "gamma_init", "init"} - {"dropout"}
)
"""Keywords that only Keras 1 takes (where today's class has none of that name)."""

_CUDNN = tuple(
    Parameter(name, default)
    for name, default in (
        ("kernel_initializer", "glorot_uniform"),
        ("recurrent_initializer", "orthogonal"),
        ("bias_initializer", "zeros"),
    )
)
_REGULARIZED = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer")
_CONSTRAINED = ("kernel_constraint", "recurrent_constraint", "bias_constraint")
_SEQUENCE = tuple(Parameter(n, False) for n in ("return_sequences", "return_state", "go_backwards", "stateful"))
_NULLED = tuple(Parameter(name, None) for name in (*_REGULARIZED, *_CONSTRAINED))
_TAIL = (Parameter("trainable", True), Parameter("dtype", None), Parameter("name", None))


def _local(rank: int) -> tuple[Parameter, ...]:
    values: tuple[tuple[str, Value], ...] = (
        ("strides", (1,) * rank),
        ("padding", "valid"),
        ("data_format", None),
        ("activation", None),
        ("use_bias", True),
        ("kernel_initializer", "glorot_uniform"),
        ("bias_initializer", "zeros"),
        ("kernel_regularizer", None),
        ("bias_regularizer", None),
        ("activity_regularizer", None),
        ("kernel_constraint", None),
        ("bias_constraint", None),
        ("implementation", 1),
    )
    return (
        Parameter("filters", required=True),
        Parameter("kernel_size", required=True),
        *(Parameter(name, default) for name, default in values),
        *_TAIL,
    )


_UNITS = Parameter("units", required=True)
_WEIGHTED: tuple[Parameter, ...] = (
    Parameter("kernel_initializer", "glorot_uniform"),
    Parameter("activation", None),
    Parameter("weights", None),
    Parameter("kernel_regularizer", None),
    Parameter("bias_regularizer", None),
    Parameter("activity_regularizer", None),
    Parameter("kernel_constraint", None),
    Parameter("bias_constraint", None),
    Parameter("use_bias", True),
    *_TAIL,
)

GONE: Mapping[str, tuple[Parameter, ...]] = {
    "LocallyConnected1D": _local(1),
    "LocallyConnected2D": _local(2),
    "ThresholdedReLU": (Parameter("theta", 1.0), *_TAIL),
    "CuDNNLSTM": (_UNITS, *_CUDNN, Parameter("unit_forget_bias", True), *_NULLED, *_SEQUENCE, *_TAIL),
    "CuDNNGRU": (_UNITS, *_CUDNN, *_NULLED, *_SEQUENCE, *_TAIL),
    "MaxoutDense": (_UNITS, Parameter("nb_feature", 4), *_WEIGHTED),
    "Highway": _WEIGHTED,
    "SReLU": (Parameter("t_left_init", "zero"), Parameter("shared_axes", None), *_TAIL),
    "ParametricSoftplus": (Parameter("alpha_init", 0.2), Parameter("beta_init", 5.0), *_TAIL),
    "RandomHeight": (Parameter("factor", required=True), Parameter("interpolation", "bilinear"), *_TAIL),
    "RandomWidth": (Parameter("factor", required=True), Parameter("interpolation", "bilinear"), *_TAIL),
    "DenseFeatures": (Parameter("feature_columns", required=True), *_TAIL),
    "Merge": (
        Parameter("layers", None),
        Parameter("mode", "sum"),
        Parameter("concat_axis", -1),
        Parameter("dot_axes", -1),
        Parameter("output_shape", None),
        *_TAIL,
    ),
}
"""Layers that today's Keras has lost, with the signature that they had last (under today's argument names)."""

MERGE_MODES: Mapping[str, str] = {
    "sum": "Add",
    "mul": "Multiply",
    "concat": "Concatenate",
    "ave": "Average",
    "cos": "Dot",
    "dot": "Dot",
    "max": "Maximum",
    "min": "Minimum",
}
"""What the modes of Keras 1's Merge became."""

FIRST_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "LSTM": {"recurrent_activation": "hard_sigmoid", "recurrent_initializer": "orthogonal"},
    "GRU": {"recurrent_activation": "hard_sigmoid", "reset_after": False},
    "Embedding": {"embeddings_initializer": "uniform"},
}
"""Defaults that were others in Keras 1; used for a call in its spelling."""
