"""What a call may be given, over all generations of Keras: the union of their signatures."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Final

from msgspec import Struct

from kerascheck.keras_api import changes, generations, history, tables
from kerascheck.keras_api.layers import class_of, parameters_of
from kerascheck.keras_api.names import ApiKind, kind_of

OLD: Final = ("1", "2", "2.last")
LAYER_KEYWORDS: Final = frozenset(
    {"input_shape", "batch_input_shape", "batch_shape", "batch_size", "input_dim", "input_length", "weights", "dtype", "name"}
    | {"trainable", "autocast", "activity_regularizer", "dynamic", "implementation", "input_dtype", "experimental_autocast"}
    | {"ragged", "sparse", "mask_zero", "create_input_layer", "layout", "mesh", "kernel_layout", "bias_layout"}
    | {"rms_scaling", "vocabulary_size"}
)  # fmt: skip
OPTIMIZER_KEYWORDS: Final = frozenset(
    {"lr", "decay", "name", "clipnorm", "clipvalue", "global_clipnorm", "jit_compile", "weight_decay", "learning_rate"}
    | {"use_ema", "ema_momentum", "ema_overwrite_frequency", "gradient_aggregator", "gradient_transformers", "schedule_decay"}
    | {"loss_scale_factor", "gradient_accumulation_steps", "mesh", "epsilon", "use_locking", "initial_decay"}
)  # fmt: skip
COMPILE_KEYWORDS: Final = frozenset(
    {"sample_weight_mode", "target_tensors", "distribute", "experimental_run_tf_function", "cloning", "auto_scale_loss"}
    | {"experimental_steps_per_execution", "class_mode", "options", "run_metadata"}
)  # fmt: skip
WRITTEN: Final = {
    "clone_model": ("model", "input_tensors", "clone_function", "call_function", "recursive", "cache"),
    "load_model": ("filepath", "custom_objects", "compile", "safe_mode", "options", "filename"),
    "LossScaleOptimizer": (
        *(
            "inner_optimizer",
            "initial_scale",
            "dynamic_growth_steps",
            "dynamic",
            "name",
            "opt",
            "optimizer",
            "loss_scale",
        ),
    ),
}
"""What some functions and classes take, of which the generated tables tell nothing or, as they take `**kwargs`, too much."""
PLAIN: Final = 2
"""So many positional arguments are taken by whatever takes as many arguments at all."""
OWNERS: Final = (["models"], ["saving"], ["optimizers"], ["mixed_precision"])
_SECTIONS: Final = {
    ApiKind.CALLBACK: "callbacks",
    ApiKind.LOSS: "losses",
    ApiKind.METRIC: "metrics",
    ApiKind.INITIALIZER: "initializers",
    ApiKind.REGULARIZER: "regularizers",
    ApiKind.CONSTRAINT: "constraints",
}


class Accepted(Struct, frozen=True):
    """What a class or method takes: keywords of any generation, those of today, the required ones, the most positions."""

    keywords: frozenset[str]
    today: frozenset[str]
    required: tuple[str, ...] = ()
    positions: int | None = None


def suits_today(qualified: str, keywords: Collection[str], positional: int) -> bool:
    """Whether a call gives a class or method what it takes today, so that the signatures of earlier Keras need not be read."""
    owner, *parts = qualified.split(".")
    found, others = None, frozenset[str]()
    if owner == "Model":
        found = tables.signature("methods", parts[-1])
    elif (kind := kind_of(parts)) is ApiKind.LAYER:
        found, others = tables.signature("layers", class_of(parts[-1]) or ""), LAYER_KEYWORDS
    elif kind in _SECTIONS or kind is ApiKind.OPTIMIZER:
        found = tables.signature(_SECTIONS.get(kind, "optimizers"), parts[-1])
    if found is None or positional > min(PLAIN, len(found)) or parts[-1] in WRITTEN:
        return False
    given = {*keywords, *(parameter.name for parameter in found[:positional])}
    known = {parameter.name for parameter in found}
    return given <= known | others and all(not parameter.required or parameter.name in given for parameter in found)


@functools.cache
def accepted(qualified: str) -> Accepted | None:
    """What `keras.layers.Dense` or `Model.fit` takes; None for a name of which no table knows the signature."""
    owner, *parts = qualified.split(".")
    if owner == "Model":
        return _method(parts[-1])
    if parts and parts[-1] in WRITTEN and parts[:-1] in OWNERS:
        known = frozenset(WRITTEN[parts[-1]])
        return Accepted(known, known)
    match kind_of(parts):
        case ApiKind.LAYER:
            return _layer(parts[-1])
        case ApiKind.OPTIMIZER:
            return _optimizer(parts[-1])
        case kind if kind in _SECTIONS:
            return _plain(_SECTIONS[kind], parts[-1], qualified)
        case _:
            return None


def _layer(written: str) -> Accepted | None:
    name = class_of(written)
    if name is None or written == "Input" or name in ("Lambda", "InputLayer", "Layer", "Merge"):
        return None
    parameters = parameters_of(name)
    today = frozenset(parameter.name for parameter in parameters)
    old = [_names(f"layers.{known}") for known in {written, name}]
    renamed = frozenset(generations.RENAMES.get(name, {})) | frozenset(changes.of_layer(written))
    first = frozenset(generations.ORDER.get(written, ()) or generations.ORDER.get(name, ()))
    keywords = today.union(*old) | renamed | first | LAYER_KEYWORDS
    required = tuple(
        parameter.name
        for parameter in parameters
        if parameter.required and name not in generations.GONE and _always_required("layers", written, parameter.name)
    )
    return Accepted(keywords, today | LAYER_KEYWORDS, required, _positions(f"layers.{written}", f"layers.{name}"))


def _always_required(section: str, written: str, argument: str) -> bool:
    """Whether the last Keras 2 required an argument too, where it had the class."""
    entries = history.signature("2.last", f"{section}.{written}")
    return entries is None or argument in entries


def _optimizer(written: str) -> Accepted | None:
    name = tables.folded("optimizers").get(written.lower())
    parameters = tables.signature("optimizers", name) if name is not None else None
    if name is None or parameters is None or name in ("Optimizer", "LossScaleOptimizer"):
        return None
    today = frozenset(parameter.name for parameter in parameters)
    keywords = today | _names(f"optimizers.{name}") | OPTIMIZER_KEYWORDS
    return Accepted(keywords, today, (), _positions(f"optimizers.{name}"))


def _plain(section: str, name: str, qualified: str) -> Accepted | None:
    parameters = tables.signature(section, name)
    if parameters is None:
        return None
    today = frozenset(parameter.name for parameter in parameters)
    keywords = (
        today
        | _names(f"{section}.{name}")
        | frozenset(changes.of_call(qualified))
        | {"name", "dtype", "reduction", "mesh"}
    )
    required = tuple(
        parameter.name
        for parameter in parameters
        if parameter.required and _always_required(section, name, parameter.name)
    )
    return Accepted(keywords, today, required, None)


def _method(name: str) -> Accepted | None:
    if name not in _CHECKED:
        return None
    known = [f"{owner}.{name}" for owner in ("Model", "Sequential")]
    entries = [found for generation in (*OLD, "3") for key in known if (found := history.signature(generation, key))]
    if not entries or any(found == ["property"] for found in entries):
        return None
    keywords = frozenset(entry.rstrip("=") for found in entries for entry in found if entry != "**")
    keywords |= frozenset(changes.METHODS.get(name, {})) | (COMPILE_KEYWORDS if name == "compile" else frozenset())
    today = history.signature("3", f"Model.{name}") or ()
    return Accepted(keywords, frozenset(entry.rstrip("=") for entry in today), (), None)


_CHECKED: Final = frozenset(
    {"compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "fit_generator"}
    | {"evaluate_generator", "predict_generator", "predict_classes", "predict_proba", "summary", "load_weights"}
)  # fmt: skip


def _names(key: str) -> frozenset[str]:
    """The parameters that any earlier generation has under a key."""
    return frozenset(
        entry.strip("+=") for generation in OLD for entry in history.signature(generation, key) or () if entry != "**"
    )


def _positions(*keys: str) -> int | None:
    """The most positional arguments that any generation takes; None where no table tells."""
    counts = [
        len([entry for entry in found if entry[0] not in "*+"])
        for generation in OLD
        for key in keys
        if (found := history.signature(generation, key)) is not None
    ]
    return max(counts, default=None)
