"""What Keras refuses only once the training runs: told before, and told only where it is proven."""

from __future__ import annotations

import pytest
from keras_error_samples import COMPILE, DATA, FIT, HEAD, MODEL
from training_error_samples import CLASS, KEYED, TWO, UNBUILT

from kerascheck import Config, check_script

PAIR = HEAD + TWO
FITTED = "history = model.fit(x, [y, y], batch_size=32)\n"


def found(text: str, code: str, target: int | None = None) -> list[str]:
    """The severities of what one rule finds."""
    report = check_script(text, config=Config() if target is None else Config(target_keras=target))
    assert not report.fault
    return [f.severity.label for f in report.findings if f.code == code and f.severity is not None]


SILENT: dict[str, tuple[str, str, int | None]] = {
    "a bare metric in Keras 2": ("KC320", HEAD + MODEL + 'model.compile("adam", "mse", metrics="mae")\n', 2),
    "metrics that are not known": ("KC320", PAIR + 'model.compile("adam", "mse", metrics=chosen())\n', 3),
    "one list of metrics for two outputs in Keras 2": (
        "KC320",
        PAIR + 'model.compile("adam", "mse", metrics=["mae"])\n',
        2,
    ),
    "a metric for each output": ("KC320", PAIR + 'model.compile("adam", "mse", metrics=["mae", "mse"])\n', 3),
    "a list of metrics for each output": (
        "KC320",
        PAIR + 'model.compile("adam", "mse", metrics=[["mae", "mse"], None])\n',
        3,
    ),
    "metrics for some outputs": ("KC320", PAIR + 'model.compile("adam", "mse", metrics={"first": "mae"})\n', 3),
    "a loss left out and no training": ("KC320", PAIR + 'model.compile("adam", {"first": "mse"})\n', 3),
    "a loss that is none": (
        "KC320",
        HEAD + DATA + TWO + 'model.compile("adam", {"first": "mse", "second": None})\n' + FITTED,
        3,
    ),
    "a loss left out of outputs in a dictionary": (
        "KC320",
        HEAD + DATA + KEYED + 'model.compile("adam", {"first": "mse"})\nmodel.fit(x, {"first": y, "second": y})\n',
        3,
    ),
    "a name that Keras may have given": (
        "KC320",
        PAIR.replace(', name="second"', "") + 'model.compile("adam", {"first": "mse", "dense_7": "mse"})\n',
        3,
    ),
    "the name of a layer that is not known": (
        "KC320",
        HEAD
        + "inputs = keras.Input((4,))\nmodel = keras.Model(inputs, [head(inputs), other(inputs)])\n"
        + 'model.compile("adam", {"one": "mse", "two": "mse"})\n',
        3,
    ),
    "a class with outputs that are not known": (
        "KC320",
        HEAD
        + CLASS.replace("[self.first(inputs), self.second(inputs)]", "unknown(inputs)")
        + "model = Pair()\n"
        + 'model.compile("adam", "mse", metrics=["mae"])\n',
        3,
    ),
    "no loss and a regularizer": (
        "KC314",
        HEAD
        + DATA
        + MODEL.replace('"softmax"', '"softmax", kernel_regularizer="l2"')
        + 'model.compile("adam")\n'
        + FIT.format(""),
        3,
    ),
    "no loss and one of its own": (
        "KC314",
        HEAD + DATA + MODEL + 'model.add_loss(keras.ops.sum(model.output))\nmodel.compile("adam")\n' + FIT.format(""),
        3,
    ),
    "no loss and a training of its own": (
        "KC314",
        HEAD
        + DATA
        + "class Own(keras.Model):\n    def train_step(self, data):\n        return {}\n\n\ninputs = keras.Input((4,))\n"
        + 'model = Own(inputs, layers.Dense(3)(inputs))\nmodel.compile("adam")\n'
        + FIT.format(""),
        3,
    ),
    "a loss in one branch": (
        "KC314",
        HEAD
        + DATA
        + MODEL
        + 'if flag():\n    model.compile("adam", "mse")\nelse:\n    model.compile("adam")\n'
        + FIT.format(""),
        3,
    ),
    "weights in the format of Keras 2": ("KC608", HEAD + MODEL + 'model.save_weights("a.h5")\n', 2),
    "old weights by name": ("KC608", HEAD + MODEL + 'model.load_weights("a.h5", by_name=True)\n', 3),
    "a folder that may be of Keras 3": (
        "KC608",
        HEAD + 'calls = keras.callbacks.OrbaxCheckpoint("folder")\nprint(calls, keras.models.load_model("folder"))\n',
        3,
    ),
    "a folder where the aim is not known": ("KC608", HEAD + 'print(keras.models.load_model("folder"))\n', None),
    "a SavedModel that TensorFlow loads": (
        "KC608",
        HEAD + MODEL + 'import tensorflow as tf\nmodel.export("folder")\nprint(tf.saved_model.load("folder"))\n',
        3,
    ),
    "a model that is built by hand": (
        "KC520",
        HEAD + UNBUILT + 'model.build(shape())\nmodel.save_weights("a.weights.h5")\n',
        3,
    ),
    "a model that is called": ("KC520", HEAD + UNBUILT + 'model(some())\nmodel.save_weights("a.weights.h5")\n', 3),
    "a model that is fitted": (
        "KC520",
        HEAD + UNBUILT + 'model.compile("adam", "mse")\nmodel.fit(some())\nmodel.save("a.keras")\n',
        3,
    ),
    "a model that other code is handed": (
        "KC520",
        HEAD + UNBUILT + 'ready(model)\nmodel.save_weights("a.weights.h5")\n',
        3,
    ),
    "a first layer with arguments that are not known": (
        "KC520",
        HEAD + 'model = keras.Sequential([layers.Dense(3, **options())])\nmodel.save_weights("a.weights.h5")\n',
        3,
    ),
    "an embedding in Keras 2": (
        "KC520",
        HEAD + 'model = keras.Sequential([layers.Embedding(9, 3)])\nmodel.load_weights("a.h5")\n',
        2,
    ),
}

LOUD: dict[str, tuple[str, str, int | None, list[str]]] = {
    "a bare metric where the aim is not known": (
        "KC320",
        HEAD + MODEL + 'model.compile("adam", "mse", metrics=keras.metrics.MeanAbsoluteError())\n',
        None,
        ["warning"],
    ),
    "a key that no Keras knows": (
        "KC320",
        PAIR + 'model.compile("adam", "mse", metrics={"third": "mae"})\n',
        2,
        ["error"],
    ),
    "a key for an output without a name": (
        "KC320",
        PAIR.replace(', name="second"', "") + 'model.compile("adam", {"first": "mse", "second": "mse"})\n',
        None,
        ["error"],
    ),
    "two weights for one loss": (
        "KC320",
        PAIR + 'model.compile("adam", "mse", loss_weights=[1.0, 2.0])\n',
        3,
        ["error"],
    ),
    "a loss left out": (
        "KC320",
        HEAD + DATA + TWO + 'model.compile("adam", {"first": "mse"})\n' + FITTED,
        3,
        ["error"],
    ),
    "weights where the aim is not known": ("KC608", HEAD + MODEL + 'model.save_weights("a.h5")\n', None, ["warning"]),
    "a name of weights in a loop": (
        "KC608",
        HEAD + MODEL + 'for turn in range(3):\n    model.save_weights(f"a{turn}.h5")\n',
        3,
        ["error"],
    ),
    "an embedding in Keras 3": (
        "KC520",
        HEAD + 'model = keras.Sequential([layers.Embedding(9, 3)])\nmodel.load_weights("a.h5")\n',
        3,
        ["error"],
    ),
    "training without a loss": (
        "KC314",
        HEAD + DATA + MODEL + 'model.compile("adam")\n' + FIT.format(""),
        2,
        ["error"],
    ),
}


@pytest.mark.parametrize(("code", "text", "target"), SILENT.values(), ids=SILENT)
def test_a_rule_is_silent_on(code: str, text: str, target: int | None) -> None:
    assert found(text, code, target) == []


@pytest.mark.parametrize(("code", "text", "target", "expected"), LOUD.values(), ids=LOUD)
def test_a_rule_finds(code: str, text: str, target: int | None, expected: list[str]) -> None:
    assert found(text, code, target) == expected


def test_a_bare_metric_is_put_in_a_list() -> None:
    report = check_script(HEAD + MODEL + 'model.compile("adam", "mse", metrics="mae")\n')
    fixes = [finding.fix for finding in report.findings if finding.code == "KC320"]
    assert [edit.replacement for fix in fixes if fix is not None for edit in fix.edits] == ["[", "]"]


def test_a_classifier_that_is_compiled_as_keras_wants_it_is_silent() -> None:
    codes = {finding.code for finding in check_script(HEAD + DATA + MODEL + COMPILE + FIT.format("")).findings}
    assert not codes & {"KC314", "KC320", "KC520", "KC608"}
