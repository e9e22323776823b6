"""Names that Keras has lost: when, and what takes their place.

The names come from the generated history; this table adds the replacements and the releases that the history, which knows
four of them, cannot tell. Sources: the release notes of Keras 2.0, 2.3, 2.4, 2.6, 2.12, 2.13 and 3.0, and the Keras 3
migration guide.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.keras_api import history, tables
from kerascheck.keras_api.changes import KERAS_2, KERAS_2_3, KERAS_2_4, KERAS_2_6, KERAS_3, Release

KERAS_2_13: Final = (2, 13)
_WRAPPERS_GONE: Final = (2, 12)


class Removal(Struct, frozen=True):
    """A name that is gone.

    `path` is the name or the module that is missing, below `keras`. `instead` says what to use, `rename` is a name that
    takes the same arguments, `module` the module that holds what this module held.
    """

    path: str
    gone: Release
    instead: str = ""
    rename: str = ""
    module: str = ""


_MERGED = "use the layer of its mode: `concatenate`, `add`, `multiply`, `average`, `maximum` or `dot`"
_IMAGES = "load with `keras.utils.image_dataset_from_directory` and augment with layers such as `RandomFlip` and `RandomRotation`"
_WORDS = "use a `keras.layers.TextVectorization` layer"
_SCIKIT = "use `scikeras.wrappers`, or `keras.wrappers.SKLearnClassifier` and `SKLearnRegressor`"
_CLASSES = (
    'take `np.argmax(model.predict(x), axis=-1)`, or `(model.predict(x) > 0.5).astype("int32")` for one sigmoid unit'
)
_GONE = "no layer took its place: write it as a layer of your own"
_LEGACY: Final = ("optimizers", "legacy")
_OPTIMIZERS = "take the optimizer of that name from `keras.optimizers`; for its old arguments install `tf_keras` and set `TF_USE_LEGACY_KERAS=1`"
_TF_DATASET = "hand a `PyDataset` or a `tf.data.Dataset` to `fit`"

_INSTEAD: Final[Mapping[str, str]] = {
    "layers.merge": _MERGED,
    "layers.Merge": _MERGED,
    "layers.TimeDistributedDense": "use `TimeDistributed(Dense(...))`",
    "layers.AtrousConvolution1D": "use `Conv1D` with `dilation_rate`",
    "layers.AtrousConvolution2D": "use `Conv2D` with `dilation_rate`",
    "layers.AtrousConv1D": "use `Conv1D` with `dilation_rate`",
    "layers.AtrousConv2D": "use `Conv2D` with `dilation_rate`",
    "layers.Deconvolution2D": "use `Conv2DTranspose`, which needs no `output_shape`",
    "layers.Deconv2D": "use `Conv2DTranspose`, which needs no `output_shape`",
    "layers.Deconvolution3D": "use `Conv3DTranspose`, which needs no `output_shape`",
    "layers.MaxoutDense": _GONE,
    "layers.Highway": _GONE,
    "layers.LocallyConnected1D": _GONE,
    "layers.LocallyConnected2D": _GONE,
    "layers.SReLU": "use `PReLU`",
    "layers.ParametricSoftplus": "use `PReLU`, or `softplus` as an activation",
    "layers.ThresholdedReLU": "use `ReLU` with `threshold`",
    "layers.Recurrent": "use `RNN` with a cell",
    "layers.RandomHeight": "use `RandomZoom`",
    "layers.RandomWidth": "use `RandomZoom`",
    "layers.DenseFeatures": "use `keras.utils.FeatureSpace`",
    "models.Graph": "build the model with `Input` and `Model(inputs, outputs)`",
    "models.model_from_yaml": "store and read the architecture as JSON: `model.to_json()` and `model_from_json`",
    "utils.multi_gpu_model": "build and compile the model inside `tf.distribute.MirroredStrategy().scope()`",
    "utils.HDF5Matrix": "read the file with `h5py` inside a `PyDataset`",
    "utils.print_summary": "call `model.summary()`",
    "utils.GeneratorEnqueuer": _TF_DATASET,
    "utils.OrderedEnqueuer": _TF_DATASET,
    "utils.visualize_util": "use `keras.utils.plot_model`",
    "utils.np_utils.probas_to_classes": "take `np.argmax(probabilities, axis=-1)`",
    "utils.np_utils.categorical_probas_to_classes": "take `np.argmax(probabilities, axis=-1)`",
    "preprocessing.image.ImageDataGenerator": _IMAGES,
    "preprocessing.image.DirectoryIterator": _IMAGES,
    "preprocessing.image.NumpyArrayIterator": _IMAGES,
    "preprocessing.image.Iterator": _IMAGES,
    "preprocessing.text": _WORDS,
    "preprocessing.text.Tokenizer": _WORDS,
    "preprocessing.text.one_hot": _WORDS,
    "preprocessing.text.hashing_trick": "use a `keras.layers.Hashing` layer",
    "preprocessing.text.text_to_word_sequence": _WORDS,
    "preprocessing.text.tokenizer_from_json": _WORDS,
    "preprocessing.sequence.TimeseriesGenerator": "use `keras.utils.timeseries_dataset_from_array`",
    "wrappers.scikit_learn": _SCIKIT,
    "metrics.precision": "use `keras.metrics.Precision`",
    "metrics.recall": "use `keras.metrics.Recall`",
    "metrics.f1score": "use `keras.metrics.F1Score`",
    "metrics.fmeasure": "use `keras.metrics.F1Score`",
    "metrics.fbeta_score": "use `keras.metrics.FBetaScore`",
    "metrics.matthews_correlation": "write it as a metric of your own",
    "backend.image_dim_ordering": 'ask `image_data_format()`, which answers `"channels_first"` for `"th"` and `"channels_last"` for `"tf"`',
    "backend.get_variable_shape": "use `int_shape`",
    "backend.lesser": "use `less`",
    "backend.lesser_equal": "use `less_equal`",
    "estimator.model_to_estimator": "train the model with `fit`",
    "losses.Reduction": 'pass the reduction as a string, such as `"sum"`',
    "experimental.WideDeepModel": "build both parts with the functional API",
}
"""What to use instead, by the dotted name below `keras`."""

_RENAMES: Final[Mapping[str, str]] = {
    "layers.CuDNNLSTM": "LSTM",
    "layers.CuDNNGRU": "GRU",
    "regularizers.l1l2": "l1_l2",
    "regularizers.activity_l1": "l1",
    "regularizers.activity_l2": "l2",
    "regularizers.activity_l1l2": "l1_l2",
    "regularizers.WeightRegularizer": "L1L2",
    "regularizers.ActivityRegularizer": "L1L2",
    "regularizers.L1L2Regularizer": "L1L2",
    "constraints.maxnorm": "MaxNorm",
    "constraints.nonneg": "NonNeg",
    "constraints.unitnorm": "UnitNorm",
    **{
        f"optimizers.{name.lower()}": name
        for name in ("Adadelta", "Adagrad", "Adam", "Adamax", "Nadam", "RMSprop", "SGD")
    },
    "initializers.normal": "RandomNormal",
    "initializers.uniform": "RandomUniform",
    "initializers.zero": "Zeros",
    "initializers.one": "Ones",
    **{
        f"{module}.{old}": new
        for module in ("losses", "metrics")
        for old, new in {
            "mse": "mean_squared_error",
            "MSE": "mean_squared_error",
            "mae": "mean_absolute_error",
            "MAE": "mean_absolute_error",
            "mape": "mean_absolute_percentage_error",
            "MAPE": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error",
            "MSLE": "mean_squared_logarithmic_error",
            "kld": "kl_divergence",
            "KLD": "kl_divergence",
            "kullback_leibler_divergence": "kl_divergence",
            "logcosh": "log_cosh",
            "cosine": "cosine_similarity",
            "cosine_proximity": "cosine_similarity",
        }.items()
    },
    "losses.huber_loss": "huber",
    "backend.set_image_dim_ordering": "set_image_data_format",
}
"""Names that were changed and nothing else."""

_MODULES: Final[Mapping[str, str]] = {
    "objectives": "losses",
    "initializations": "initializers",
    "layers.experimental.preprocessing": "layers",
    "layers.experimental": "layers",
    "utils.visualize_util": "",
    "wrappers.scikit_learn": "",
    "preprocessing.text": "",
    "utils.test_utils": "",
    "experimental": "",
    "estimator": "",
}
"""Modules that are gone, with the module that has their names; without an entry it is the nearest one above."""

_SINCE: Final[Mapping[str, Release]] = {
    "layers.merge": KERAS_2,
    "models.model_from_yaml": KERAS_2_6,
    "wrappers.scikit_learn": _WRAPPERS_GONE,
    "backend.image_dim_ordering": KERAS_2_3,
    "backend.set_image_dim_ordering": KERAS_2_3,
}

METHODS: Final[Mapping[str, tuple[Release, str, str]]] = {
    "fit_generator": (KERAS_3, "", "fit"),
    "evaluate_generator": (KERAS_3, "", "evaluate"),
    "predict_generator": (KERAS_3, "", "predict"),
    "predict_classes": (KERAS_2_6, _CLASSES, ""),
    "predict_proba": (KERAS_2_6, "", "predict"),
    "to_yaml": (KERAS_2_6, "use `to_json`", ""),
    "reset_states": (KERAS_3, "reset the recurrent layers: `layer.reset_state()`", ""),
}
"""Methods of a model that are gone: since when, what to do, or the method that took over."""

SECOND_NAMES: Final[Mapping[str, str]] = {
    f"{stem}olution{rank}D": f"{stem}{rank}D" for stem in ("Conv", "SeparableConv") for rank in (1, 2, 3)
}
"""Names of Keras 1 that still stand for a layer, with the one that it is documented under."""


@functools.cache
def removed(parts: tuple[str, ...], today: str = "3") -> Removal | None:
    """What became of a name below `keras`; None for one that today's Keras has, or that no Keras ever had.

    Args:
        parts: the name, `("layers", "core", "Dense")`.
        today: the newest Keras that the name can be looked up in: `3`, `3.tf` (`tensorflow.keras`, which shows a little
            more of Keras 3), or `2.last` (the package `tf_keras`).
    """
    if parts[:2] == _LEGACY and today != "2.last":
        # The names are still there; each raises when it is called.
        return Removal(".".join(_LEGACY), KERAS_3, _OPTIMIZERS)
    if _is_current(parts):
        return None
    if history.has(today, parts) or not any(history.has(generation, parts) for generation in ("1", "2", "2.last")):
        return None
    missing = next(parts[:length] for length in range(1, len(parts) + 1) if not history.has(today, parts[:length]))
    path = ".".join(missing)
    whole = ".".join(parts)
    keys = (whole, f"{parts[0]}.{parts[-1]}", path)
    if path == "layers.merge" != whole:
        # A function in Keras 1, a module of functions in Keras 2.
        return Removal(path, KERAS_2_13, module="layers")
    instead = next((_INSTEAD[key] for key in keys if key in _INSTEAD), "")
    if not instead and today == "3.tf" and history.has("3", parts):
        # tensorflow.keras shows some functions under their short names alone (`MAE`).
        instead = f"take it from `keras.{whole}`, or pass its name as a string"
    rename = _RENAMES.get(path) or _RENAMES.get(f"{parts[0]}.{parts[-1]}", "")
    return Removal(path, _since(missing), instead, rename, _module(path))


def _is_current(parts: Sequence[str]) -> bool:
    """Whether today's tables have the name, so that the history need not be read."""
    match parts:
        case [
            ("layers" | "optimizers" | "callbacks" | "models" | "losses" | "metrics" | "applications") as table,
            name,
        ]:
            return name in tables.section(table)
        case ["utils", name]:
            return name in tables.names("utilities")
        case ["datasets", name, *_]:
            return name in tables.names("datasets")
        case [name]:
            return name in tables.names("root") or name in tables.names("modules")
        case _:
            return False


def _since(missing: Sequence[str]) -> Release:
    for length in range(len(missing), 0, -1):
        known = _SINCE.get(".".join(missing[:length]))
        if known is not None:
            return known
    if history.has("2.last", missing):
        return KERAS_3
    if not history.has("2", missing):
        return KERAS_2
    return KERAS_2_13 if history.is_module("2", ".".join(missing)) else KERAS_2_4


def _module(path: str) -> str:
    """The module of Keras 3 that holds what the missing one held; empty for none, or for a name that is no module."""
    if not any(history.is_module(generation, path) for generation in ("1", "2", "2.last")):
        return ""
    if path in _MODULES:
        return _MODULES[path]
    above = path.rpartition(".")[0]
    return above if above and history.is_module("3", above) else ""


def removed_method(name: str) -> Removal | None:
    """What became of a method of a model."""
    if name in METHODS:
        gone, instead, rename = METHODS[name]
        return Removal(name, gone, instead, rename)
    return None


def is_dated(names: Iterable[str]) -> bool:
    """Whether any of the dotted names (`keras.layers.core.Dense`, `Model.fit_generator`) was gone before Keras 3.

    The generator methods count too: `fit` took over when Keras 2.3 was the newest.
    """
    for name in names:
        owner, *parts = name.split(".")
        gone = removed_method(parts[-1]) if owner == "Model" else removed(tuple(part for part in parts if part != "*"))
        if gone is not None and (gone.gone < KERAS_3 or owner == "Model"):
            return True
    return False
