"""Which arguments of which class must go together, or keep to a range: a row a class, of the checks in `argument_checks`.

Sources: the constructors of keras 3.15 and of tf_keras 2.21.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from kerascheck.facts.values import Value
from kerascheck.keras_api.argument_checks import (
    INFINITY,
    Check,
    against_strides,
    apart,
    at_least,
    backward,
    below_strides,
    clipping,
    crossed,
    deprecated_scaling,
    factor,
    featured,
    hashed_type,
    is_number,
    is_plain,
    joined_mode,
    kinds,
    moments,
    needs,
    noise,
    number,
    odd,
    one_of,
    pair,
    power_of_two,
    required,
    salted,
    shared_heads,
    stepping,
    weighted,
    without,
    without_dropout,
)

_SHARE: Final = ("factor", 0, 1)
_RANGED: Final = (pair("value_range"),)
_ALIGNED: Final = kinds("axis", "whole numbers", lambda value: isinstance(value, (str, float)))
_SALT: Final = kinds(
    "salt",
    "a whole number or two",
    lambda value: isinstance(value, (str, float)) or (isinstance(value, tuple) and len(value) != 2),
)
_LOOKUP: Final = (
    needs("pad_to_max_tokens", "max_tokens"),
    number("num_oov_indices", 0),
    one_of("oov_method", "floormod", "farmhash"),
    needs("invert", "output_mode", "int"),
    needs("sparse", "output_mode", "one_hot", "multi_hot", "count", "tf_idf", "binary", "tf-idf"),
    needs("idf_weights", "output_mode", "tf_idf", "tf-idf"),
    weighted,
    _SALT,
)
_SPARSE: Final = needs("sparse", "output_mode", "one_hot", "multi_hot", "count", "binary")
_TRAINABLE: Final = kinds("trainable", "True or False", lambda value: is_plain(value) and not isinstance(value, bool))
_GROUPED: Final = (shared_heads, number("sliding_window", 1, whole=True), without_dropout)

AGREEMENTS: Final[Mapping[str, tuple[Check, ...]]] = {
    "layers.GroupQueryAttention": _GROUPED,
    "layers.GroupedQueryAttention": _GROUPED,
    "layers.MultiHeadAttention": (
        number("value_dim", 1, old=True, whole=True),
        number("sliding_window", 1, whole=True),
        kinds("output_shape", "sizes", lambda value: isinstance(value, float), old=True),
        kinds("attention_axes", "axes", lambda value: isinstance(value, (str, float)), old=True),
        without_dropout,
    ),
    **{f"layers.{name}{rank}D": (against_strides,) for name in ("Conv", "ConvLSTM") for rank in (1, 2, 3)},
    **{f"layers.Conv{rank}DTranspose": (against_strides, below_strides) for rank in (1, 2, 3)},
    **{f"layers.Cropping{rank}D": (number("cropping", 0, old=True),) for rank in (2, 3)},
    "layers.RepeatVector": (number("n", 1, old=True),),
    "layers.UpSampling1D": (kinds("size", "a whole number", lambda value: isinstance(value, float), old=True),),
    "layers.LeakyReLU": (number("negative_slope", 0),),
    "layers.BatchNormalization": (clipping,),
    "layers.GroupNormalization": (
        kinds("groups", "a positive number, or -1", lambda value: is_number(value) and value != -1 and not value > 0),
    ),
    "layers.LayerNormalization": (deprecated_scaling, _ALIGNED),
    "layers.UnitNormalization": (_ALIGNED,),
    "layers.SpectralNormalization": (number("power_iterations", 1),),
    "layers.Dropout": (noise,),
    "layers.GaussianNoise": (number("stddev", 0, 1, old=True),),
    "layers.GRU": (one_of("use_cudnn", "auto", True, False),),
    "layers.LSTM": (one_of("use_cudnn", "auto", True, False),),
    "layers.Bidirectional": (backward,),
    "layers.Dot": (
        kinds("axes", "whole numbers", lambda value: isinstance(value, tuple) and any(isinstance(p, float) for p in value)),
    ),
    "layers.CategoryEncoding": (required("num_tokens"),),
    "layers.Discretization": (
        apart("num_bins", "bin_boundaries"),
        number("num_bins", 0),
        required("num_bins", "bin_boundaries", old=True),
        _SPARSE,
    ),
    "layers.Hashing": (hashed_type, _SPARSE, _SALT),
    "layers.StringLookup": _LOOKUP,
    "layers.IntegerLookup": (*_LOOKUP, salted, one_of("vocabulary_dtype", "int64", old=True)),
    "layers.TextVectorization": (
        needs("pad_to_max_tokens", "max_tokens"),
        joined_mode("output_sequence_length", 'leave it out, or use `output_mode="int"`'),
        joined_mode("ragged", 'leave it out, or use `output_mode="int"`'),
    ),
    "layers.Normalization": (moments,),
    "layers.MelSpectrogram": (at_least("fft_length", "sequence_length"),),
    "layers.STFTSpectrogram": (
        stepping,
        at_least("fft_length", "frame_length"),
        power_of_two,
        one_of("mode", "log", "magnitude", "psd", "real", "imag", "angle", "stft"),
        one_of("scaling", None, "density", "spectrum"),
        one_of("padding", "valid", "same"),
    ),
    **dict.fromkeys(("layers.AutoContrast",), (without("factor"),)),
    **dict.fromkeys(
        ("layers.RandomFlip", "layers.CenterCrop", "layers.Resizing"), (without("factor"),)
    ),
    "layers.RandomContrast": (factor(*_SHARE, old=True),),
    "layers.RandomBrightness": (factor("factor", -1, 1, old=True),),
    "layers.RandomPosterization": (factor("factor", 1, 8), *_RANGED),
    "layers.RandomGrayscale": (factor(*_SHARE),),
    "layers.RandomElasticTransform": (factor(*_SHARE), factor("scale", 0, 1)),
    "layers.RandomErasing": (
        factor(*_SHARE),
        kinds("fill_value", "a number or three", lambda value: isinstance(value, str) or (isinstance(value, tuple) and len(value) != 3)),
    ),
    "layers.RandomGaussianBlur": (factor(*_SHARE), odd("kernel_size")),
    **dict.fromkeys(("layers.RandomHue", "layers.RandomInvert", "layers.RandomSharpness"), (factor(*_SHARE),)),
    "layers.RandomPerspective": (factor(*_SHARE), number("scale", 0, 1)),
    "layers.RandomShear": (factor("x_factor", 0, 1), factor("y_factor", 0, 1)),
    "layers.RandomTranslation": (factor("height_factor", -1, 1, old=True), factor("width_factor", -1, 1, old=True)),
    "layers.RandomZoom": (factor("height_factor", -INFINITY, INFINITY, old=True), factor("width_factor", -INFINITY, INFINITY, old=True)),
    "layers.Solarization": (factor("addition_factor", 0, 1), factor("threshold_factor", 0, 1)),
    "utils.FeatureSpace": (featured, crossed, one_of("output_mode", "concat", "dict")),
    "utils.FeatureSpace.cross": (one_of("output_mode", "int", "one_hot"),),
    "utils.FeatureSpace.feature": (one_of("output_mode", "int", "one_hot", "float"),),
}  # fmt: skip
"""The checks of each class, by its section and name."""

POSITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "utils.FeatureSpace": (
        "features",
        "output_mode",
        "crosses",
        "crossing_dim",
        "hashing_dim",
        "num_discretization_bins",
    ),
    "utils.FeatureSpace.cross": ("feature_names", "crossing_dim", "output_mode"),
    "utils.FeatureSpace.feature": ("dtype", "preprocessor", "output_mode"),
}
"""The arguments of what stands in no table, in order."""

DEFAULTS: Final[Mapping[str, Mapping[str, Value]]] = {"utils.FeatureSpace": {"crosses": None}}

_COMMON: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("layers.LSTM", "layers.GRU"), frozenset({"use_cudnn"})),
    **{f"layers.Conv{rank}D": frozenset({"dilation_rate"}) for rank in (1, 2, 3)},
    "layers.BatchNormalization": frozenset({"renorm_clipping"}),
    "layers.Dropout": frozenset({"noise_shape"}),
    "layers.Bidirectional": frozenset({"backward_layer"}),
}
"""What layers that every other program makes must be given before they are worth a look."""


def checks_of(key: str, names: Collection[str]) -> tuple[Check, ...]:
    """The checks of a class for a call that is given these arguments by name."""
    common = _COMMON.get(key)
    own = () if common is not None and common.isdisjoint(names) else AGREEMENTS.get(key, ())
    return (*own, _TRAINABLE) if "trainable" in names and key.startswith("layers.") else own
