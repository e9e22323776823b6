"""Models that were built where the reader cannot see: loaded from a file, made by another module, handed in."""

from __future__ import annotations

import sys
from typing import Final

from kerascheck.script.values import Arguments

OF_MODELS: Final = frozenset(
    {
        "fit",
        "fit_generator",
        "train_on_batch",
        "compile",
        "evaluate",
        "evaluate_generator",
        "predict",
        "predict_generator",
        "predict_classes",
        "test_on_batch",
        "predict_on_batch",
        "search",
    }
)
"""The methods by which such a model shows."""

REPLICATED: Final = frozenset({"run", "experimental_run_v2"})
"""The methods of a `tf.distribute.Strategy` that run a function on each device."""

_ALONE: Final = frozenset(
    {"fit_generator", "train_on_batch", "evaluate_generator", "predict_generator", "test_on_batch"}
)
_OF_FIT: Final = frozenset(
    {"epochs", "nb_epoch", "validation_data", "validation_split", "steps_per_epoch", "callbacks", "validation_steps"}
)
_OTHERS: Final = ("sklearn", "xgboost", "lightgbm", "catboost", "torch", "pytorch_lightning", "fastai", "gensim", "lightfm",
                  "statsmodels", "imblearn", "mxnet", "paddle", "chainer", "skorch", "hmmlearn", "prophet", "fbprophet")  # fmt: skip


_OWN_COMPILE: Final = ("keras_hub", "keras_nlp", "keras_cv", "keras_rs", "autokeras")
"""Libraries whose models are Keras's, and are compiled with words of their own (`loss="auto"`)."""

SOME_TENSORS: Final = "a number of tensors that is not known"
_ELSEWHERE: Final = ("load_model", "model_from_json", "model_from_yaml", "parameter", "import ", SOME_TENSORS)
# What they give is the reader's to know.
_OURS: Final = frozenset({"keras", "tensorflow", "numpy", "pandas", "sklearn", "builtins"}) | sys.stdlib_module_names


def is_elsewhere(origin: str) -> bool:
    """Whether what is not known of a model is told by name, and stands in no line of the program.

    A model file that is not there, a module that is not there, what a library beside Keras or a caller makes.
    """
    if origin.startswith(_ELSEWHERE):
        return True
    path = origin.removeprefix("subclassed model: ")
    if not path.startswith("call "):
        return False
    while path.startswith("call "):
        path = path.removeprefix("call ")
    root, dot, rest = path.partition(".")
    made_ready = root == "keras" and rest.startswith("experimental.")
    return path.startswith(_ELSEWHERE) or (bool(dot) and " " not in path and (root not in _OURS or made_ready))


def name_of(origin: str) -> str:
    """The name of what made a value that is not followed: a class of the program, or what lies elsewhere; else nothing."""
    if origin.startswith("object of "):
        return origin.rpartition(" ")[2]
    made = is_elsewhere(origin) and origin.startswith("call ") and "." in origin
    return origin.rpartition(".")[2] if made else ""


def is_search(origin: str, arguments: Arguments) -> bool:
    """Whether a `search` call is that of a hyper-parameter tuner."""
    return origin.removeprefix("call ").startswith(("keras_tuner", "kerastuner")) or bool(
        {"validation_data", "validation_split"} & arguments.keywords.keys()
    )


def is_compiled_otherwise(origin: str) -> bool:
    """Whether an object comes from a library whose models take other arguments to `compile`."""
    return origin.replace("call ", "").startswith(_OWN_COMPILE)


def shows_a_model(origin: str, name: str, arguments: Arguments) -> bool:
    """Whether a call of a method proves that its object is a Keras model."""
    path = origin.removeprefix("call ")
    if path.startswith(_OTHERS):
        return False
    if path.endswith(("load_model", "model_from_json", "model_from_yaml")) or name in _ALONE:
        return True
    if name == "fit":
        return bool(_OF_FIT & arguments.keywords.keys())
    return name == "compile" and "loss" in arguments.keywords
