"""What Keras refuses only once the training runs: told before, and told only where it is proven."""

from __future__ import annotations

import pytest
from keras_error_samples import COMPILE, DATA, FIT, HEAD, MODEL
from training_error_samples import CLASS, KEYED, ROWS, TWO, UNBUILT, WEIGHTS

from kerascheck import Config, check_script

PAIR = HEAD + TWO
SCORED = 'model.compile("adam", "categorical_crossentropy", metrics=[keras.metrics.F1Score()])\n'
SET = HEAD + DATA + MODEL + COMPILE + "import tensorflow as tf\nrows = tf.data.Dataset.from_tensor_slices((x, y))\n"
GENERATOR = HEAD + DATA + MODEL + COMPILE + "\n\ndef batches():\n    while True:\n        yield {}\n\n\n"
FITTED = "history = model.fit(x, [y, y], batch_size=32)\n"


def found(text: str, code: str, target: int | None = None) -> list[str]:
    """The severities of what one rule finds."""
    report = check_script(text, config=Config() if target is None else Config(target_keras=target))
    assert not report.fault
    return [f.severity.label for f in report.findings if f.code == code and f.severity is not None]


SILENT: dict[str, tuple[str, str, int | None]] = {
    "a bare metric in Keras 2": ("KC320", HEAD + MODEL + 'model.compile("adam", "mse", metrics="mae")\n', 2),
    "a model of a library with words of its own": (
        "KC320",
        'import keras_hub\nmodel = keras_hub.models.BertClassifier.from_preset("bert")\n'
        'model.compile(optimizer="adam", loss="auto", metrics="auto")\n',
        3,
    ),
    "words of such a library": (
        "KC313",
        "import keras_hub\nmodel = keras_hub.models.BertClassifier(backbone(), num_classes=2)\n"
        'model.compile(optimizer="adam", loss="auto", metrics="auto")\n',
        3,
    ),
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
    "other keys than those of the outputs in Keras 2": (
        "KC320",
        HEAD + KEYED + 'model.compile("adam", {"one": "mse", "two": "mse"})\n',
        2,
    ),
    "weights under other keys than those of the outputs": (
        "KC320",
        HEAD
        + KEYED
        + 'model.compile("adam", {"first": "mse", "second": "mse"}, loss_weights={"one": 1.0, "two": 1.0})\n',
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
    "a model that a function calls which other code is handed": (
        "KC520",
        HEAD
        + UNBUILT
        + "\n\ndef infer(rows):\n    return model(rows)\n\n\n"
        + 'spread(infer, data())\nmodel.save_weights("a.weights.h5")\n',
        3,
    ),
    "a model inside one that is fitted": (
        "KC520",
        HEAD
        + "\n\nclass Around(keras.Model):\n    def __init__(self, inner):\n        super().__init__()\n        self.inner = inner\n\n"
        + "    def call(self, inputs):\n        return self.inner(inputs)\n\n\n"
        + UNBUILT
        + 'outer = Around(model)\nouter.compile("adam", "mse")\nouter.fit(data())\nmodel.save_weights("a.weights.h5")\n',
        3,
    ),
    "an embedding in Keras 2": (
        "KC520",
        HEAD + 'model = keras.Sequential([layers.Embedding(9, 3)])\nmodel.load_weights("a.h5")\n',
        2,
    ),
    "steps that the data have": (
        "KC123",
        HEAD + DATA + MODEL + COMPILE + "model.fit(x, y, batch_size=8, steps_per_epoch=8)\n",
        3,
    ),
    "steps of a dataset of which a function is not known": (
        "KC123",
        SET + "model.fit(rows.map(same).batch(8), steps_per_epoch=9)\n",
        3,
    ),
    "steps that the batches of arrays are cut by": (
        "KC123",
        HEAD + DATA + MODEL + COMPILE + "model.fit(x, y, steps_per_epoch=16)\n",
        3,
    ),
    "steps of a dataset that is repeated": (
        "KC123",
        SET + "model.fit(rows.repeat().batch(8), steps_per_epoch=80)\n",
        3,
    ),
    "steps of a dataset in other elements": (
        "KC123",
        SET + "model.fit(rows.flat_map(pieces).batch(8), steps_per_epoch=80)\n",
        3,
    ),
    "steps of a dataset that code is applied to": (
        "KC123",
        SET + "model.fit(rows.apply(more).batch(8), steps_per_epoch=80)\n",
        3,
    ),
    "steps of datasets one behind the other": (
        "KC123",
        SET + "model.fit(rows.concatenate(rows).batch(8), steps_per_epoch=16)\n",
        3,
    ),
    "a generator that yields tuples": (
        "KC129",
        GENERATOR.format("x, y") + "model.fit(batches(), steps_per_epoch=2)\n",
        3,
    ),
    "a generator that yields lists in Keras 2": (
        "KC129",
        GENERATOR.format("[x, y]") + "model.fit(batches(), steps_per_epoch=2)\n",
        2,
    ),
    "a generator that yields lists to a method of Keras 2": (
        "KC129",
        GENERATOR.format("[x, y]") + "model.fit_generator(batches(), steps_per_epoch=2)\n",
        None,
    ),
    "a generator that yields what it is given": (
        "KC129",
        GENERATOR.format("chosen()") + "model.fit(batches(), steps_per_epoch=2)\n",
        3,
    ),
    "a generator with another inside": (
        "KC129",
        GENERATOR.format("x, y").replace("    while", "    def rows():\n        yield [x]\n\n    while")
        + "model.fit(batches(), steps_per_epoch=2)\n",
        3,
    ),
    "a PyDataset that returns lists": (
        "KC129",
        HEAD + DATA + ROWS.format("[x, y]") + MODEL + COMPILE + "model.fit(Rows())\n",
        3,
    ),
    "both kinds of weights in Keras 2": (
        "KC518",
        HEAD + DATA + MODEL + COMPILE + f"model.fit(x, y, {WEIGHTS}, sample_weight=y)\n",
        2,
    ),
    "averaged weights that are swapped at the end": (
        "KC529",
        HEAD + DATA + MODEL + COMPILE + "model.fit(x, y, callbacks=[keras.callbacks.SwapEMAWeights()])\n",
        3,
    ),
    "an optimizer that wraps another": (
        "KC529",
        HEAD
        + DATA
        + MODEL
        + 'model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(use_ema=True)), "mse")\n'
        + FIT.format(", callbacks=[keras.callbacks.SwapEMAWeights()]"),
        3,
    ),
    "a backup of a model that is not built in Keras 2": (
        "KC529",
        HEAD + DATA + UNBUILT + COMPILE + FIT.format(', callbacks=[keras.callbacks.BackupAndRestore("a")]'),
        2,
    ),
    "a range of batches in a text": ("KC529", HEAD + 'board = keras.callbacks.TensorBoard(profile_batch="2,3")\n', 3),
    "a lambda in a model that is saved to a folder": (
        "KC235",
        HEAD
        + 'model = keras.Sequential([keras.Input((4,)), layers.Dense(3, lambda value: value)])\nmodel.save("folder")\n',
        2,
    ),
    "a lambda in a model that is not saved": (
        "KC235",
        HEAD + "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, lambda value: value)])\n",
        3,
    ),
    "a loss without a name that is not loaded": (
        "KC235",
        HEAD
        + MODEL
        + 'model.compile("adam", lambda true, guess: true - guess)\nmodel.save("a.keras")\n'
        + 'print(keras.models.load_model("a.keras", compile=False))\n',
        3,
    ),
    "an optimizer of tf_keras": ("KC602", "import tf_keras\nrate = tf_keras.optimizers.legacy.Adam()\n", None),
    "one-hot labels under a score": (
        "KC321",
        HEAD + DATA + MODEL + SCORED + "model.fit(x, np.eye(3)[y])\n",
        3,
    ),
    "labels of which nothing is known under a score": (
        "KC321",
        HEAD + DATA + MODEL + SCORED + "model.fit(x, labels())\n",
        3,
    ),
    "class numbers under a score in Keras 2": ("KC321", HEAD + DATA + MODEL + SCORED + "model.fit(x, y)\n", 2),
    "an area under the curve of one class": (
        "KC321",
        HEAD
        + "model = keras.Sequential([keras.Input((4, 3)), layers.Dense(1)])\n"
        + 'model.compile("adam", "mse", metrics=[keras.metrics.AUC()])\n',
        3,
    ),
    "numbers for an area under the curve of several labels": (
        "KC606",
        HEAD + "area = keras.metrics.AUC(num_labels=3, multi_label=True)\n",
        3,
    ),
    "classes that there are": (
        "KC606",
        HEAD + "share = keras.metrics.IoU(num_classes=2, target_class_ids=[0, 1])\n",
        3,
    ),
    "an axis that is True in Keras 2": ("KC606", HEAD + "loss = keras.losses.CategoricalCrossentropy(axis=True)\n", 2),
    "a map of optimizers": (
        "KC606",
        HEAD + 'rates = keras.optimizers.OptimizerMap(keras.optimizers.Adam(), {"a": keras.optimizers.SGD()})\n',
        3,
    ),
    "entries of a map of optimizers": (
        "KC605",
        HEAD
        + 'rates = keras.optimizers.OptimizerMap(keras.optimizers.Adam())\nrates["a"] = keras.optimizers.SGD()\n'
        + 'rates["b"] = given()\nfor name in names():\n    rates[name] = keras.optimizers.SGD()\n',
        3,
    ),
    "an identity for a matrix": (
        "KC224",
        HEAD
        + 'model = keras.Sequential([keras.Input((4,)), layers.Dense(4, kernel_initializer="identity"), layers.Dense(1)])\n',
        3,
    ),
    "an initializer of a bias that is left out": (
        "KC224",
        HEAD
        + "model = keras.Sequential([keras.Input((4, 4, 1)), "
        + 'layers.Conv2D(3, 3, use_bias=False, bias_initializer="orthogonal")])\n',
        3,
    ),
    "an orthogonal regularizer of a matrix": (
        "KC222",
        HEAD
        + 'model = keras.Sequential([keras.Input((4,)), layers.Dense(3, kernel_regularizer="orthogonal_regularizer")])\n',
        3,
    ),
    "averages that are never written over": (
        "KC405",
        HEAD + MODEL + 'model.compile(keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=0), "mse")\n',
        3,
    ),
    "averages that are never taken": (
        "KC405",
        HEAD + MODEL + 'model.compile(keras.optimizers.Adam(ema_overwrite_frequency=-1), "mse")\n',
        3,
    ),
    "gradients that are not gathered": (
        "KC405",
        HEAD + MODEL + 'model.compile(keras.optimizers.Adam(gradient_accumulation_steps=0), "mse")\n',
        3,
    ),
    "a scale that stays in Keras 2": (
        "KC405",
        HEAD
        + MODEL
        + 'model.compile(keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam(), dynamic=False), "mse")\n',
        2,
    ),
    "rates for all pieces": (
        "KC406",
        HEAD + "rate = keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], values=[0.1, 0.2, 0.3])\n",
        3,
    ),
    "steps that are not known": ("KC406", HEAD + "rate = keras.optimizers.schedules.CosineDecay(0.1, steps())\n", 3),
    "a function for a copy of a Sequential": (
        "KC605",
        HEAD + MODEL + "print(keras.models.clone_model(model, clone_function=lambda layer: layer))\n",
        3,
    ),
    "a copy of a model that is not known": (
        "KC605",
        HEAD + "print(keras.models.clone_model(given(), call_function=lambda layer, value: layer(value)))\n",
        3,
    ),
    "a registered class below one that is not known": (
        "KC247",
        HEAD + "\n@keras.saving.register_keras_serializable()\nclass Own(given()):\n    pass\n",
        3,
    ),
    "a registered class with a config from above": (
        "KC247",
        HEAD
        + "\nclass Base:\n    def get_config(self):\n        return {}\n\n\n"
        + "@keras.saving.register_keras_serializable()\nclass Own(Base):\n    pass\n",
        3,
    ),
    "weights of one's own": ("KC233", HEAD + 'base = keras.applications.VGG16(weights="imagenet_vgg16.h5")\n', 3),
    "weights in a file without a suffix": (
        "KC233",
        HEAD + 'base = keras.applications.VGG16(weights="my_weights")\n',
        3,
    ),
    "logits of a network": ("KC233", HEAD + "base = keras.applications.VGG16(classifier_activation=None)\n", 3),
    "another activation without weights": (
        "KC233",
        HEAD + 'base = keras.applications.VGG16(weights=None, classifier_activation="sigmoid")\n',
        3,
    ),
    "a width without weights": ("KC233", HEAD + "base = keras.applications.MobileNetV2(weights=None, alpha=0.3)\n", 3),
    "a width with weights": ("KC233", HEAD + "base = keras.applications.MobileNet(alpha=0.25)\n", 3),
    "images of any size without a head": (
        "KC233",
        HEAD + "base = keras.applications.VGG16(include_top=False, input_shape=(None, None, 3))\n",
        3,
    ),
    "images of other bands without weights": (
        "KC233",
        HEAD + "base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 12))\n",
        3,
    ),
    "a tensor of the width that is told": (
        "KC233",
        HEAD
        + "inputs = keras.Input((96, 96, 3))\n"
        + "base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), input_tensor=inputs)\n",
        3,
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
    "steps of a dataset that is mapped row by row": (
        "KC123",
        SET + "model.fit(rows.map(lambda a, b: (a / 2, b)).shuffle(9).batch(8), steps_per_epoch=9)\n",
        3,
        ["warning"],
    ),
    "more steps than rows": (
        "KC123",
        HEAD + DATA + MODEL + COMPILE + "model.fit(x, y, steps_per_epoch=100)\n",
        3,
        ["warning"],
    ),
    "steps of a validation": (
        "KC123",
        SET + "model.fit(x, y, batch_size=8, validation_data=rows.batch(8), validation_steps=9)\n",
        3,
        ["warning"],
    ),
    "class weights for a loader": (
        "KC115",
        HEAD
        + MODEL
        + COMPILE
        + f"from torch.utils.data import DataLoader\nmodel.fit(DataLoader(rows(), batch_size=32), {WEIGHTS})\n",
        3,
        ["error"],
    ),
    "optimizers of Keras 2 in tensorflow": (
        "KC602",
        "import tensorflow as tf\nrate = tf.keras.optimizers.legacy.SGD(0.1)\n",
        3,
        ["error"],
    ),
    "a lambda by another name": (
        "KC235",
        HEAD
        + "twice = lambda value: value * 2\n"
        + 'model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=twice)])\nmodel.save("a.keras")\n',
        None,
        ["warning"],
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
