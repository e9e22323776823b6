"""The words and ranges that arguments keep to, where every Keras that has the class refuses anything else.

Sources: the constructors of keras 3.15 and of tf_keras 2.21. A bound that only one of them sets is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

INFINITY: Final = float("inf")


class Words(Struct, frozen=True):
    """The words that an argument takes, in small letters; `forgiven` where Keras warns and goes on with any other."""

    words: tuple[str, ...]
    forgiven: bool = False


class Range(Struct, frozen=True):
    """The numbers that an argument takes; `above` and `below` leave the ends out."""

    low: float = -INFINITY
    high: float = INFINITY
    above: bool = False
    below: bool = False

    def holds(self, number: float) -> bool:
        over = number > self.low if self.above else number >= self.low
        under = number < self.high if self.below else number <= self.high
        return over and under

    @property
    def text(self) -> str:
        """The range in words."""
        low = f"{'above' if self.above else 'at least'} {self.low:g}"
        high = f"{'below' if self.below else 'at most'} {self.high:g}"
        if self.high == INFINITY:
            return low
        return high if self.low == -INFINITY else f"{low} and {high}"


Bound = Words | Range

_EPOCHS: Final = {"save_freq": Words(("epoch",))}
_MODES: Final = {"mode": Words(("auto", "min", "max"), forgiven=True)}
_FILL: Final = Words(("reflect", "wrap", "constant", "nearest"))
_AUGMENTED: Final = {"fill_mode": _FILL, "interpolation": Words(("nearest", "bilinear"))}
_REDUCTIONS: Final = {
    "reduction": Words(("auto", "sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight"))
}
_SHARE: Final = Range(0, 1)
_THRESHOLDS: Final = {"thresholds": Range(0, 1)}
_AVERAGES: Final = {"average": Words(("micro", "macro", "weighted")), "threshold": Range(0, 1, above=True)}
_TOKENS: Final = {"max_tokens": Range(1, above=True)}
_LOSSES: Final = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalHinge",
    "CategoricalFocalCrossentropy",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "MeanAbsoluteError",
    "Poisson",
    "SquaredHinge",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Dice",
    "Tversky",
    "CategoricalGeneralizedCrossEntropy",
]

BOUNDS: Final[Mapping[str, Mapping[str, Bound]]] = {
    **dict.fromkeys(_LOSSES, _REDUCTIONS),
    "AUC": {
        "num_thresholds": Range(1, above=True),
        "curve": Words(("roc", "pr", "prgain")),
        "summation_method": Words(("interpolation", "minoring", "majoring")),
    },
    "Attention": {"score_mode": Words(("dot", "concat"))},
    "BackupAndRestore": _EPOCHS,
    "EarlyStopping": _MODES,
    "CategoricalGeneralizedCrossEntropy": {**_REDUCTIONS, "q": Range(0, 1, above=True, below=True)},
    "CategoryEncoding": {
        "num_tokens": Range(1),
        "output_mode": Words(("one_hot", "multi_hot", "count", "binary")),
    },
    "F1Score": _AVERAGES,
    "FBetaScore": {**_AVERAGES, "beta": Range(0, above=True)},
    "FalseNegatives": _THRESHOLDS,
    "FalsePositives": _THRESHOLDS,
    "Hashing": {"num_bins": Range(1)},
    "IntegerLookup": _TOKENS,
    "ModelCheckpoint": {**_EPOCHS, **_MODES},
    "OrbaxCheckpoint": _EPOCHS,
    "OrthogonalRegularizer": {"mode": Words(("rows", "columns"))},
    "Precision": _THRESHOLDS,
    "PrecisionAtRecall": {"recall": _SHARE},
    "R2Score": {
        "class_aggregation": Words(("uniform_average", "variance_weighted_average")),
        "num_regressors": Range(0),
    },
    "RandomBrightness": {"factor": Range(-1, 1)},
    "RandomContrast": {"factor": Range(0, 1)},
    "RandomRotation": _AUGMENTED,
    "RandomTranslation": {
        **_AUGMENTED,
        "height_factor": Range(-1, 1),
        "width_factor": Range(-1, 1),
    },
    "RandomZoom": {**_AUGMENTED, "height_factor": Range(-1, 1), "width_factor": Range(-1, 1)},
    "ReLU": {
        "max_value": Range(0),
        "negative_slope": Range(0),
        "threshold": Range(0),
    },
    "Recall": _THRESHOLDS,
    "RecallAtPrecision": {"precision": _SHARE},
    "ReduceLROnPlateau": {**_MODES, "factor": Range(high=1, below=True)},
    "STFT": {"side": Words(("real", "imag")), "scaling": Words(("density", "spectrum"))},
    "SensitivityAtSpecificity": {"specificity": _SHARE},
    "SpecificityAtSensitivity": {"sensitivity": _SHARE},
    "StringLookup": _TOKENS,
    "TextVectorization": {
        **_TOKENS,
        "output_mode": Words(("int", "multi_hot", "count", "tf_idf", "tf-idf", "binary")),
    },
    "TrueNegatives": _THRESHOLDS,
    "TruePositives": _THRESHOLDS,
    "UpSampling2D": {
        "interpolation": Words(
            ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic")
        )
    },
    "VarianceScaling": {
        "scale": Range(0, above=True),
        "mode": Words(("fan_in", "fan_out", "fan_avg")),
        "distribution": Words(("uniform", "normal", "truncated_normal", "untruncated_normal")),
    },
    "set_floatx": {"value": Words(("float16", "bfloat16", "float32", "float64"))},
    "set_image_data_format": {"data_format": Words(("channels_first", "channels_last"))},
}
"""The bounds of each class, by argument."""

FUNCTIONS: Final = frozenset({"set_floatx", "set_image_data_format"})
"""Those of the names above that are functions of one argument."""


def bound_of(key: str, argument: str) -> Bound | None:
    """The bound of an argument of a class by its section and name (`layers.Conv2D`)."""
    return BOUNDS.get(key.partition(".")[2], {}).get(argument)
