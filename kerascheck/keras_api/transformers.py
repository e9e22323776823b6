"""Preprocessing classes that learn from data, and what they learn.

Sources: the API references of scikit-learn 1.7, imbalanced-learn 0.13, category_encoders 2.8, Keras 2.15 and 3.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Learned(enum.Enum):
    """What `fit` takes from the data."""

    SCALE = "scale"  # location and spread of columns
    FILLING = "filling"  # what stands in for missing values
    PROJECTION = "projection"  # directions of the rows: PCA and its kin
    CHOICE = "choice"  # which columns to keep
    TARGET = "target"  # statistics of the target
    VOCABULARY = "vocabulary"  # words and their frequencies
    CATEGORIES = "categories"  # the set of values and nothing else
    NOTHING = "nothing"  # stateless: fit only looks at the number of columns
    RESAMPLING = "resampling"  # makes rows
    SEVERAL = "several"  # a chain of others


def _kinds(kind: Learned, names: str) -> dict[str, Learned]:
    return dict.fromkeys(names.split(), kind)


TRANSFORMERS: Final[Mapping[str, Learned]] = {
    **_kinds(
        Learned.SCALE,
        "StandardScaler MinMaxScaler RobustScaler MaxAbsScaler PowerTransformer QuantileTransformer KBinsDiscretizer "
        "SplineTransformer KernelCenterer Normalization Discretization ImageDataGenerator mean std var min max median "
        "quantile percentile",
    ),
    **_kinds(Learned.FILLING, "SimpleImputer KNNImputer IterativeImputer Imputer MissingIndicator"),
    **_kinds(
        Learned.PROJECTION,
        "PCA IncrementalPCA KernelPCA SparsePCA MiniBatchSparsePCA TruncatedSVD FastICA NMF FactorAnalysis "
        "LatentDirichletAllocation DictionaryLearning Isomap LocallyLinearEmbedding Nystroem",
    ),
    **_kinds(
        Learned.CHOICE,
        "SelectKBest SelectPercentile SelectFpr SelectFdr SelectFwe GenericUnivariateSelect SelectFromModel RFE RFECV "
        "SequentialFeatureSelector",
    ),
    "VarianceThreshold": Learned.SCALE,
    **_kinds(
        Learned.TARGET,
        "TargetEncoder LeaveOneOutEncoder CatBoostEncoder JamesSteinEncoder MEstimateEncoder WOEEncoder GLMMEncoder "
        "QuantileEncoder SummaryEncoder LinearDiscriminantAnalysis NeighborhoodComponentsAnalysis PLSRegression",
    ),
    **_kinds(Learned.VOCABULARY, "Tokenizer CountVectorizer TfidfVectorizer TfidfTransformer TextVectorization"),
    **_kinds(
        Learned.CATEGORIES,
        "LabelEncoder LabelBinarizer MultiLabelBinarizer OneHotEncoder OrdinalEncoder BinaryEncoder BaseNEncoder "
        "BackwardDifferenceEncoder HelmertEncoder SumEncoder PolynomialEncoder CountEncoder DictVectorizer StringLookup "
        "IntegerLookup",
    ),
    **_kinds(
        Learned.NOTHING,
        "Normalizer Binarizer PolynomialFeatures FunctionTransformer HashingVectorizer FeatureHasher HashingEncoder "
        "AdditiveChi2Sampler Hashing CategoryEncoding Rescaling",
    ),
    **_kinds(
        Learned.RESAMPLING,
        "SMOTE SMOTENC SMOTEN BorderlineSMOTE SVMSMOTE KMeansSMOTE ADASYN RandomOverSampler SMOTEENN SMOTETomek "
        "RandomUnderSampler NearMiss TomekLinks EditedNearestNeighbours RepeatedEditedNearestNeighbours AllKNN "
        "ClusterCentroids CondensedNearestNeighbour OneSidedSelection NeighbourhoodCleaningRule InstanceHardnessThreshold",
    ),
    **_kinds(Learned.SEVERAL, "Pipeline ColumnTransformer FeatureUnion DataFrameMapper"),
}
"""By class name, or by the name of a statistic that is taken from an array."""

MAKES_ROWS: Final = frozenset(
    {"SMOTE", "SMOTENC", "SMOTEN", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN", "RandomOverSampler", "SMOTEENN",
     "SMOTETomek"}
)  # fmt: skip
"""The samplers that copy or invent rows; the others only leave some out."""

SPREADS: Final = frozenset({Learned.SCALE, Learned.FILLING, Learned.PROJECTION, Learned.VOCABULARY})
"""What lets the judged rows shift what the model sees, without the target."""

STRONG: Final = frozenset({Learned.CHOICE, Learned.TARGET})
"""What carries the target of the judged rows into the inputs."""


def learned(name: str) -> Learned:
    """What a class takes from data when it is fitted; `NOTHING` for one that is not in the table."""
    return TRANSFORMERS.get(name, Learned.NOTHING)
