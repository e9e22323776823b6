"""Sound code of manners that are met in the wild, on which a rule has to stay silent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from kerascheck import Config, check_script
from kerascheck.linter import Plan, lint_source

PLAN = Plan(Config(Path.cwd()))
SILENT = {
    "KC108 lists of lists that one seed shuffles alike": """
import os
import random

import cv2
import keras
import numpy as np


def load(folder):
    images, labels = [], []
    for name in os.listdir(folder):
        images.append(cv2.imread(os.path.join(folder, name)) / 255)
        label = []
        with open(name + ".txt") as file:
            for element in file:
                label.append(float(element))
        labels.append(label)
    number = random.randint(0, 100)
    random.seed(number)
    random.shuffle(images)
    random.seed(number)
    random.shuffle(labels)
    return np.array(images), np.array(labels)


x, y = load("images")
model = keras.models.load_model("model.keras")
model.compile("adam", "mse")
model.fit(x, y)
""",
    "KC503 a model that is called on other rows": """
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train)
print(model(x_test))
""",
    "KC503 weights that another model is evaluated with": """
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()


def build():
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


trained = build()
trained.fit(x_train, y_train)
trained.save_weights("all.weights.h5")
fresh = build()
fresh.load_weights("all.weights.h5")
fresh.evaluate(x_test, y_test)
""",
    "KC503 a template": """
import keras

model = keras.Sequential([keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(...)
""",
    "KC602 a name that may be gone": """
import keras

try:
    from keras.wrappers.scikit_learn import KerasClassifier
except ImportError:
    from scikeras.wrappers import KerasClassifier
try:
    from keras.layers.core import Dense
except:
    from keras.layers import Dense
if hasattr(keras.optimizers, "optimizer_from_config"):
    optimizer = keras.optimizers.optimizer_from_config({})
classifier = KerasClassifier(lambda: keras.Sequential([Dense(1)]))
""",
    "KC607 a function that may be gone": """
import tensorflow as tf

try:
    session = tf.keras.backend.get_session()
except AttributeError:
    session = tf.compat.v1.Session()
""",
    "KC602 a layer that a parameter brings": """
import tensorflow as tf


def wrapped(layer):
    return lambda *arguments: layer(*arguments)


build = wrapped(tf.keras.layers.Convolution2D)
hidden = build(8, 3)
""",
    "KC407 one of two models, with an optimizer of its own": """
import sys

import keras


def small():
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])


def large():
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(64), keras.layers.Dense(2)])


def train(x, y, size):
    if size == "small":
        model = small()
    elif size == "large":
        model = large()
    else:
        return -1
    optimizer = keras.optimizers.SGD(0.01)
    model.compile(loss="mse", optimizer=optimizer)
    model.fit(x, y)


def main(x, y):
    train(x, y, sys.argv[1])
""",
    "KC610 a name of Python 2 that only Python 2 meets": """
import sys

import keras

if sys.version_info > (3, 0):
    from io import StringIO
else:
    from StringIO import StringIO
model = keras.Sequential([keras.layers.Dense(1)])
""",
    "KC127 lists for a wrapped model": """
import keras
from scikeras.wrappers import KerasClassifier


def build():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


classifier = KerasClassifier(build)
classifier.fit([[0, 1], [1, 0]], [0, 1])
""",
    "KC523 features from inside a pretrained network": """
import keras
import numpy as np

base = keras.applications.VGG16(weights="imagenet", include_top=False)
inner = keras.Model(base.input, base.get_layer("block5_pool").output)
features = inner.predict(np.load("images.npy"))
""",
    "KC503 a trained network that is judged by layers from inside it": """
import keras
import numpy as np

base = keras.applications.VGG16(weights=None, include_top=False)
base.compile("adam", "mse")
base.fit(np.load("images.npy"), np.load("maps.npy"))
inner = keras.Model(base.input, base.get_layer("block5_pool").output)
features = inner.predict(np.load("others.npy"))
""",
    "KC503 ones in place of data": """
import keras
import numpy as np

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((100, 1)), np.ones((100, 1)))
""",
    "KC311 one-hot rows that are padded": """
import keras
import numpy as np

kinds = np.empty((30, ), dtype=list)
for row, line in enumerate(open("kinds.txt")):
    kinds[row] = keras.utils.to_categorical([int(kind) for kind in line.split()], num_classes=5)
model = keras.Sequential([keras.Input((10, 8)), keras.layers.LSTM(8, return_sequences=True), keras.layers.Dense(5, "softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(np.load("words.npy"), keras.utils.pad_sequences(kinds, maxlen=10))
""",
    "KC311 classes that stand in a picture": """
import pathlib

import keras
import numpy as np
from keras.utils import img_to_array, load_img

paths = sorted(pathlib.Path("masks").glob("*.png"))
masks = np.zeros((len(paths), 64, 64, 1), dtype="uint8")
for row in range(len(paths)):
    masks[row] = img_to_array(load_img(paths[row], target_size=(64, 64), color_mode="grayscale")).astype("uint8") - 1
model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(3, 3, padding="same", activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.load("images.npy"), masks)
""",
    "KC311 a function that refuses the call": """
import keras


def build(size, two_heads=False):
    inputs = keras.Input((size,))
    hidden = keras.layers.Dense(8, "relu")(inputs)
    first = keras.layers.Dense(3, "softmax")(hidden)
    if two_heads:
        return keras.Model(inputs, [first, keras.layers.Dense(3, "softmax")(hidden)])
    return keras.Model(inputs, first)


model = build(4, two_head=True)
model.compile("adam", ["categorical_crossentropy", "categorical_crossentropy"])
""",
}


HEAD = """
import keras
from keras.callbacks import EarlyStopping, ModelCheckpoint

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
best = ModelCheckpoint("best.keras", save_best_only=True)
"""
VALIDATED = {
    "kept by a checkpoint that is loaded": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test), callbacks=[best])
keras.models.load_model("best.keras").evaluate(x_test, y_test)
""",
        ["error"],
    ),
    "kept by a checkpoint that is never loaded": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test), callbacks=[best])
model.evaluate(x_test, y_test)
""",
        ["warning"],
    ),
    "stopped early, and never scored again": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test), callbacks=[EarlyStopping()])
""",
        ["warning"],
    ),
    "predicted to be shown": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test))
print(model.predict(x_test))
""",
        ["info"],
    ),
    "predicted and compared": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test))
print((model.predict(x_test).argmax(-1) == y_test).mean())
""",
        ["warning"],
    ),
    "scored after each of two trainings": (
        """
model.fit(x_train, y_train, validation_data=(x_test, y_test))
model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=3)
model.evaluate(x_test, y_test)
""",
        ["warning"],
    ),
}


@pytest.mark.parametrize("case", VALIDATED, ids=str)
def test_test_rows_as_validation_are_as_loud_as_what_is_done_with_their_score(case: str) -> None:
    body, levels = VALIDATED[case]
    findings = lint_source((HEAD + body).encode(), "script.py", PLAN).findings
    assert [finding.severity.label for finding in findings if finding.code == "KC101" and finding.severity] == levels


def test_one_finding_and_one_fix_speak_for_all_biases_of_a_model() -> None:
    body = """
from keras import Input, Sequential
from keras.layers import BatchNormalization, Conv2D, Flatten

model = Sequential([
    Input((9, 9, 3)), Conv2D(4, 3), BatchNormalization(), Conv2D(8, 3), BatchNormalization(), Flatten()
])
"""
    (finding,) = [one for one in lint_source(body.encode(), "a.py", PLAN).findings if one.code == "KC204"]
    assert finding.fix is not None and len(finding.fix.edits) == 2
    assert "`Conv2D`" in finding.related[-1].message


def test_all_libraries_that_are_seeded_in_place_of_keras_are_named() -> None:
    body = """
import random

import keras
import numpy as np

random.seed(1)
np.random.seed(1)
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train)
model.evaluate(x_test, y_test)
"""
    (finding,) = [one for one in lint_source(body.encode(), "a.py", PLAN).findings if one.code == "KC512"]
    assert finding.message.startswith("only Python and numpy are seeded")


def test_a_lost_module_is_told_where_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "common.py").write_text("from keras.layers.core import Dense\n")
    user = tmp_path / "user.py"
    user.write_text("from common import *\n\nhidden = Dense(8)\n")
    assert "KC602" not in [finding.code for finding in check_script(user).findings]
    assert "KC602" in [finding.code for finding in check_script(tmp_path / "common.py").findings]


@pytest.mark.parametrize(("argument", "level"), [("lr", "warning"), ("learning_rate", "error")])
def test_an_old_metric_name_is_no_error_in_a_script_as_old(argument: str, level: str) -> None:
    body = f"""
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile(keras.optimizers.Adam({argument}=0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, validation_split=0.1)
print(history.history["val_acc"])
"""
    findings = lint_source(body.encode(), "script.py", PLAN).findings
    assert [one.severity.label for one in findings if one.code == "KC507" and one.severity] == [level]


def test_word_numbers_want_an_embedding() -> None:
    body = """
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=20000)
x_train = keras.utils.pad_sequences(x_train, maxlen=80).reshape(-1, 80, 1)
model = keras.Sequential([keras.Input((80, 1)), keras.layers.LSTM(8), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train)
"""
    (finding,) = [one for one in lint_source(body.encode(), "script.py", PLAN).findings if one.code == "KC125"]
    assert "word numbers up to 19999" in finding.message and "`Embedding`" in finding.help


UNIT_TEST = """
import keras
import data


def test_training_runs():
    x, y = data.generate()
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, validation_data=(x, y), shuffle=False)
    model.evaluate(x, y)
"""


def test_a_unit_test_may_train_on_what_it_likes() -> None:
    assert not {"KC103", "KC104", "KC501", "KC503", "KC504", "KC505"} & set(codes(UNIT_TEST))
    assert "KC103" in codes(UNIT_TEST.replace("test_training_runs", "train"))


@pytest.mark.parametrize("case", SILENT, ids=str)
def test_a_rule_is_silent_on(case: str) -> None:
    assert codes(SILENT[case]).count(case[:5]) == 0


def test_two_gaps_of_an_exercise_are_not_the_same_data() -> None:
    cells = [
        "import tensorflow as tf\nmodel = tf.keras.models.load_model('model.keras')\nmodel.compile('adam', 'mse')",
        "train = # YOUR CODE HERE\n\nvalidation = # YOUR CODE HERE",
        "model.fit(train, validation_data=validation)",
    ]
    assert "KC103" not in codes(notebook(cells), "exercise.ipynb")


def codes(text: str, path: str = "script.py") -> list[str]:
    return [finding.code for finding in lint_source(text.encode(), path, PLAN).findings]


def notebook(cells: Sequence[str]) -> str:
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": code})
