"""Arguments that Keras renamed or dropped: what each was, what it is now, since when, and which Keras refuses the old name.

Sources: keras 1.2.2 and 2.3.1 (keras/legacy/interfaces.py and the signatures), tf_keras 2.21 and keras 3.15 (the
signatures, and what their constructors do with further keywords), the release notes of Keras 2.0, 2.3, 2.4 and 3.0.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from kerascheck.facts.values import Value
from kerascheck.keras_api import generations
from kerascheck.keras_api.layers import class_of, parameters_of
from kerascheck.keras_api.names import ApiKind, kind_of

Release: TypeAlias = tuple[int, int]

KERAS_2: Final = (2, 0)
KERAS_2_3: Final = (2, 3)
KERAS_2_4: Final = (2, 4)
KERAS_2_6: Final = (2, 6)
KERAS_3: Final = (3, 0)


class Change(Struct, frozen=True):
    """What became of an argument.

    `new` is today's name, empty for an argument that is gone. `since` is the release that changed it, `refused` the first
    that raises on the old name (None where it is still taken, with a warning); `never_in_tensorflow` when `tf.keras` never
    took it. `values` are the values that changed along with the name. `note` says what to do where another name is not
    enough; such a change has no automatic fix, nor has one with a `new` that means something else.
    """

    new: str
    since: Release = KERAS_2
    refused: Release | None = KERAS_2_4
    never_in_tensorflow: bool = True
    values: Mapping[Value, str] = field(default_factory=dict[Value, str])
    note: str = ""
    automatic: bool = True


Changes: TypeAlias = Mapping[str, Change]

_ORDERING: Final[Mapping[Value, str]] = {"th": '"channels_first"', "tf": '"channels_last"', "default": "None"}
_VALUES: Final[Mapping[str, Mapping[Value, str]]] = {
    "dim_ordering": _ORDERING,
    "consume_less": {"cpu": "0", "mem": "1", "gpu": "2"},
    "forget_bias_init": {"one": "True", "zero": "False"},
}
_INPUT = Change("", note="give the shape to an `Input` object, or as `input_shape=(length, dim)`", automatic=False)
_WEIGHTS = Change("", KERAS_3, KERAS_3, False, note="call `layer.set_weights(...)` once the layer is built", automatic=False)  # fmt: skip
_RECURRENT: Changes = {
    "consume_less": Change("implementation", values=_VALUES["consume_less"]),
    "forget_bias_init": Change("unit_forget_bias", values=_VALUES["forget_bias_init"]),
    "input_length": Change("", KERAS_3, KERAS_3, False, note=_INPUT.note, automatic=False),
}
_BATCH_NORMALIZATION: Changes = {
    "mode": Change("", note="only `mode=0` is left, and it is the default"),
    **{
        name: Change("", KERAS_3, KERAS_3, False)
        for name in ("renorm", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size", "adjustment")
    },
}
_LAYERS: Mapping[str, Changes] = {
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    "ConvLSTM2D": {"forget_bias_init": _RECURRENT["forget_bias_init"]},
    "BatchNormalization": _BATCH_NORMALIZATION,
    "Conv1D": {"input_length": _RECURRENT["input_length"]},
    "Embedding": {
        "dropout": Change("", note="put a `SpatialDropout1D` layer behind the `Embedding`", automatic=False),
        "input_length": Change("", KERAS_3, None, False),
    },
    "LeakyReLU": {"alpha": Change("negative_slope", KERAS_3, None, False)},
    "InputLayer": {
        "input_shape": Change("shape", KERAS_3, None, False),
        "batch_input_shape": Change("batch_shape", KERAS_3, None, False),
        "input_dtype": Change("dtype"),
    },
    "Dense": {"weights": _WEIGHTS},
}
_PSEUDO: Final = frozenset({"kernel_rows", "kernel_columns"})

_SHOW_ACCURACY = Change("", note='compile with `metrics=["accuracy"]` instead')
_EPOCHS = Change("epochs")
_STEPS_NOTE = "samples are counted in batches now: divide by the batch size"
_WORKERS: Changes = {
    "max_q_size": Change("max_queue_size"),
    "nb_worker": Change("workers"),
    "pickle_safe": Change("use_multiprocessing"),
}
_GENERATOR: Changes = {
    **_WORKERS,
    "samples_per_epoch": Change("steps_per_epoch", note=_STEPS_NOTE, automatic=False),
    "nb_val_samples": Change("validation_steps", note=_STEPS_NOTE, automatic=False),
    "val_samples": Change("steps", note=_STEPS_NOTE, automatic=False),
    "nb_epoch": _EPOCHS,
    "show_accuracy": _SHOW_ACCURACY,
}
_IN_DATASET: Changes = {
    name: Change("", KERAS_3, KERAS_3, False, note="hand it to the constructor of the `PyDataset`", automatic=False)
    for name in ("max_queue_size", "workers", "use_multiprocessing")
}
_RESET: Changes = {"reset_metrics": Change("", KERAS_3, KERAS_3, False)}
_ACCURACY: Changes = {"accuracy": _SHOW_ACCURACY}

_OF_SAVED_MODEL: Final = Change(
    "", KERAS_3, KERAS_3, False, note="it belongs to a SavedModel, which `model.export` writes", automatic=False
)
METHODS: Mapping[str, Changes] = {
    "fit": {"nb_epoch": _EPOCHS, "show_accuracy": _SHOW_ACCURACY, **_IN_DATASET},
    "evaluate": {"show_accuracy": _SHOW_ACCURACY, **_IN_DATASET},
    "predict": _IN_DATASET,
    "fit_generator": _GENERATOR,
    "evaluate_generator": _GENERATOR,
    "predict_generator": _GENERATOR,
    "train_on_batch": {**_ACCURACY, **_RESET},
    "test_on_batch": {**_ACCURACY, **_RESET},
    "save": dict.fromkeys(("signatures", "options", "save_traces"), _OF_SAVED_MODEL),
    "save_weights": dict.fromkeys(("save_format", "options"), Change("", KERAS_3, KERAS_3, False)),
    "load_weights": {"options": Change("", KERAS_3, KERAS_3, False)},
    "compile": {"class_mode": Change(""), "sample_weight_mode": Change("", KERAS_3, KERAS_3, False)},
}
"""By the name of the method as it is called."""

MODEL: Changes = {"input": Change("inputs"), "output": Change("outputs")}
OPTIMIZER: Changes = {
    "lr": Change("learning_rate", KERAS_2_3, KERAS_3, False),
    "decay": Change(
        "", KERAS_3, None, False, automatic=False,
        note="pass a schedule as `learning_rate`: `InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)` does the same",
    ),
    "schedule_decay": Change("", KERAS_2_3, KERAS_3),
}  # fmt: skip
CALLBACKS: Mapping[str, Changes] = {
    "ReduceLROnPlateau": {"epsilon": Change("min_delta", (2, 1), KERAS_3)},
    "ModelCheckpoint": {
        "period": Change(
            "save_freq", KERAS_2_4, KERAS_3, False, values={1: '"epoch"'}, note="`save_freq` counts batches", automatic=False
        )
    },
    "TensorBoard": {
        name: Change("", KERAS_3, KERAS_3, False) for name in ("write_grads", "batch_size", "embeddings_layer_names")
    },
}  # fmt: skip
_L2: Changes = {"l": Change("l2", KERAS_3, KERAS_3, False)}
_NUM_WORDS: Changes = {"nb_words": Change("num_words")}
FUNCTIONS: Mapping[str, Changes] = {
    "l2": _L2,
    "l1": {"l": Change("l1", KERAS_3, KERAS_3, False)},
    "L2": _L2,
    "to_categorical": {"nb_classes": Change("num_classes")},
    "Tokenizer": _NUM_WORDS,
    "imdb.load_data": _NUM_WORDS,
    "reuters.load_data": _NUM_WORDS,
    "ImageDataGenerator": {"dim_ordering": Change("data_format", values=_ORDERING)},
    "Input": {"input_dtype": Change("dtype")},
    "max_norm": {"m": Change("max_value")},
    "MaxNorm": {"m": Change("max_value")},
    "maxnorm": {"m": Change("max_value")},
}
"""By the last part of the name, or by the last two."""


@functools.cache
def of_layer(written: str) -> Changes:
    """The changed arguments of a layer class, as any generation spells it."""
    name = class_of(written)
    if name is None:
        return {}
    today = {parameter.name for parameter in parameters_of(name)}
    found = dict(_LAYERS.get(name, {}))
    for old, new in generations.RENAMES.get(name, {}).items():
        if old not in today and old not in found and new not in _PSEUDO:
            found[old] = Change(new, values=_VALUES.get(old, {}))
    return {old: change for old, change in found.items() if old not in today or name == "InputLayer"}


def of_call(qualified: str) -> Changes:
    """The changed arguments of what a dotted name stands for (`keras.layers.Dense`, `Model.fit`)."""
    parts = tuple(qualified.split("."))
    if parts[0] == "Model":
        return METHODS.get(parts[-1], {})
    if parts[-1] == "Input":
        return FUNCTIONS["Input"]
    kind = kind_of(parts[1:])
    match kind:
        case ApiKind.LAYER:
            return of_layer(parts[-1])
        case ApiKind.OPTIMIZER:
            return OPTIMIZER
        case ApiKind.CALLBACK:
            return CALLBACKS.get(parts[-1], {})
        case ApiKind.MODEL:
            return MODEL if parts[-1] in ("Model", "Functional") else {}
        case _:
            return FUNCTIONS.get(parts[-1]) or FUNCTIONS.get(".".join(parts[-2:])) or {}


LEAVING: Final = frozenset(
    {"show_accuracy", "accuracy", "class_mode", "mode", "renorm", "renorm_clipping", "renorm_momentum", "fused"}
    | {"virtual_batch_size", "adjustment", "input_length", "reset_metrics", "sample_weight_mode", "schedule_decay"}
    | {"write_grads", "batch_size", "embeddings_layer_names", "save_format", "input_shape", "input_dim", "batch_input_shape"}
)  # fmt: skip
"""The keywords that a fix may take out of a call."""
