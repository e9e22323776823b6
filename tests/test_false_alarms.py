"""What was once said of sound code and is said no more: each case keeps a rule below the level of a warning."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from kerascheck import FileReport, Severity, check_script
from kerascheck.config import Config
from kerascheck.linter import Plan, lint_source

PRELUDE = """\
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.callbacks import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

def build(*first):
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *first, layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

"""

QUIET = {
    "KC311 an output that Keras 2 flattens": (
        Severity.WARNING,
        """
        model = keras.Sequential([keras.Input((1, 1, 784)), layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train.reshape(-1, 1, 1, 784) / 255, y_train.reshape(-1, 1), epochs=9, validation_split=0.1)
        """,
    ),
    "KC515 a loss that is only unpacked behind the block": (
        None,
        """
        def step(model, x, y):
            with tf.GradientTape() as tape:
                results = (tf.reduce_mean(model(x) - y), 0)
            loss, extra = results
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    ),
    "KC605 a function that hands on what it is given": (
        None,
        """
        def convolution(*args, **kwargs):
            return layers.Conv2D(*args, **kwargs, padding="same")

        def plain(**kwargs):
            return layers.Dense(**kwargs)
        """,
    ),
    "KC247 an abstract data set": (
        None,
        """
        from abc import ABCMeta

        class Pictures(keras.utils.PyDataset, metaclass=ABCMeta):
            def __init__(self, names):
                super().__init__()
                self.names = names

            def __len__(self):
                return len(self.names)
        """,
    ),
    "KC603 a function on arrays from another Keras": (
        None,
        """
        from tensorflow.keras.applications.mobilenet import decode_predictions
        print(decode_predictions(build().predict(x_test)))
        """,
    ),
    "KC127 a shape that another one is built from": (
        None,
        """
        from images import read
        pictures = np.array([read(name) for name in open("names.txt")])
        pictures = pictures.reshape(pictures.shape + (1,))
        build().fit(pictures, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC127 pictures in the cells of a column": (
        None,
        """
        import pandas as pd
        from images import read
        table = pd.read_csv("names.csv")
        table["picture"] = table["name"].map(lambda name: np.asarray(read(name)))
        build().fit(np.asarray(table["picture"].tolist()), table["digit"], epochs=9, validation_split=0.1)
        build().fit(np.stack(table["picture"].values), table["digit"], epochs=9, validation_split=0.1)
        """,
    ),
    "KC311 classes of places in pictures that another module reads": (
        None,
        """
        from images import masks
        y = keras.utils.to_categorical(np.reshape(masks(), (-1, 28, 28)), num_classes=4)
        model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(4, 1, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x_train[..., None] / 255, y, epochs=9, validation_split=0.1)
        """,
    ),
    "KC311 numbers that Keras compares with each step": (
        None,
        """
        model = keras.Sequential([keras.Input((28, 28)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train / 255, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC315 a loss of zeros beside another": (
        None,
        """
        inputs = keras.Input((8,))
        model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)])
        model.compile("adam", ["mse", lambda y_true, y_pred: keras.ops.zeros_like(y_pred)])
        model.fit(np.zeros((90, 8)), [np.zeros(90), np.zeros(90)], epochs=9, validation_split=0.1)
        """,
    ),
    "KC237 a class of a model that only shares layers with the saved one": (
        None,
        """
        class Steady(layers.Dropout):
            def call(self, inputs):
                return super().call(inputs, training=True)

        model = build(layers.Dropout(0.2))
        model.save("model.keras")
        other = keras.Sequential([Steady(0.2) if isinstance(layer, layers.Dropout) else layer for layer in model.layers])
        """,
    ),
    "KC105 a projection of all rows that is only looked at": (
        None,
        """
        from sklearn.decomposition import PCA
        rows = np.append(x_train, x_test, axis=0).reshape(70000, 784)
        projection = PCA(n_components=784)
        projection.fit(rows)
        print(projection.explained_variance_ratio_)
        """,
    ),
    "KC203 a normalization that keeps no variance": (
        None,
        """
        keras.Sequential([layers.Dense(4, input_shape=(3,)), layers.Dropout(0.5), layers.BatchNormalization(mode=2)])
        """,
    ),
    "KC212 weights of an attention": (
        None,
        """
        inputs = keras.Input((16, 16, 8))
        scores = layers.Softmax(axis=-1)(layers.Conv2D(4, 1)(inputs))
        keras.Model(inputs, layers.Conv2D(4, 1)(scores))
        """,
    ),
    "KC401 rates that are tried one after the other": (
        None,
        """
        for rate in [0.1, 0.01, 0.001]:
            model = build(layers.Dense(64, "relu"))
            model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC401 a rate that textbooks use without momentum": (
        Severity.INFO,
        """
        model = build(layers.Dense(64, "relu"))
        model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC401 a loss whose gradients are bounded": (
        None,
        """
        model = keras.Sequential([keras.Input((8,)), layers.Dense(9, "relu"), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.Huber())
        model.fit(np.zeros((90, 8)), np.zeros(90), epochs=9, validation_split=0.1)
        """,
    ),
    "KC401 a tenth of the rate that the head was trained at": (
        None,
        """
        base = keras.applications.Xception(include_top=False, pooling="avg")
        base.trainable = False
        model = keras.Sequential([keras.Input((299, 299, 3)), base, layers.Dense(10, "softmax")])
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        base.trainable = True
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC103 weights hide in training what the validation shows": (
        None,
        """
        hidden, shown = np.load("train.npy"), np.load("validation.npy")
        build().fit(x_train, y_train, epochs=9, sample_weight=hidden, validation_data=(x_train, y_train, shown))
        """,
    ),
    "KC107 labels that are filled up beside other rows": (
        None,
        """
        from sklearn.model_selection import train_test_split
        others = np.concatenate((x_train, x_test))
        filled = np.concatenate((y_train, y_train[np.random.randint(60000, size=10000)]))
        x, x_held, y, y_held = train_test_split(others, filled, test_size=0.2)
        build().fit(x, y, epochs=9, validation_data=(x_held, y_held))
        """,
    ),
    "KC107 a batch of pictures, each of which was turned once": (
        None,
        """
        from sklearn.model_selection import train_test_split
        turned = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=5)
        batch = turned.flow_from_directory("pictures", batch_size=9000)
        x, x_held, y, y_held = train_test_split(batch[0][0], batch[0][1], test_size=0.2)
        """,
    ),
    "KC115 one batch of a generator": (
        None,
        """
        pictures = tf.keras.preprocessing.image.ImageDataGenerator().flow_from_directory("pictures", batch_size=9000)
        x, y = pictures[0][0], pictures[0][1]
        build().fit(x, y, epochs=9, validation_split=0.1, batch_size=32)
        """,
    ),
    "KC127 parts of which the size of the training part is given": (
        None,
        """
        from sklearn.model_selection import train_test_split
        x, x_held, y, y_held = train_test_split(np.zeros((150, 784)), np.zeros(150), train_size=0.8)
        build().fit(x.reshape(120, 28, 28), y, epochs=9, validation_data=(x_held.reshape(30, 28, 28), y_held))
        """,
    ),
    "KC213 axes in front of those of a convolution in Keras 2": (
        None,
        """
        import tf_keras
        tf_keras.Sequential([tf_keras.layers.Conv1D(10, 2, input_shape=(28, 28, 1))])
        """,
    ),
    "KC214 arguments that are deleted before the others are handed on": (
        None,
        """
        def convolution(x, filters, strides=1, **others):
            return layers.Conv2D(filters, 3, strides=strides, padding="same")(x)

        def block(x, **others):
            strides = others["strides"]
            filters = others.pop("filters")
            del others["strides"]
            y = convolution(x, filters * 2, strides=strides, **others)
            y = convolution(y, filters * 2, strides=1, **others)
            return layers.Add()([convolution(x, filters * 2, strides=strides, **others), y])

        inputs = keras.Input((32, 32, 3))
        keras.Model(inputs, block(inputs, filters=8, strides=2, width=3))
        """,
    ),
    "KC602 a function that only an inner module has": (
        None,
        """
        from tensorflow.python.keras.losses import huber_loss
        print(huber_loss(y_train, y_test))
        """,
    ),
    "KC313 a name that another module registers": (
        None,
        """
        layers.Dense(4, kernel_initializer="mine>orthogonal")
        """,
    ),
    "KC407 an optimizer for each model in a list": (
        None,
        """
        from keras.optimizers import SGD, Adam, Nadam
        for optimizer in [Adam(), SGD(), Nadam()]:
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer, "sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC314 a model that is loaded as it was compiled, and later compiled anew": (
        None,
        """
        build().save("first.keras")
        model = keras.models.load_model("first.keras")
        model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        model.compile("sgd", "sparse_categorical_crossentropy")
        """,
    ),
    "KC101 a plateau callback whose rate a scheduler writes anew in each epoch": (
        Severity.WARNING,
        """
        model = build()
        rates = [LearningRateScheduler(lambda epoch: 1e-3 if epoch < 50 else 1e-4), ReduceLROnPlateau()]
        model.fit(x_train, y_train, epochs=99, validation_data=(x_test, y_test), callbacks=rates)
        print(model.evaluate(x_test, y_test))
        """,
    ),
    "KC101 the score of another model": (
        Severity.INFO,
        """
        first, second = build(), build()
        first.fit(x_train, y_train, epochs=9, validation_data=(x_test, y_test))
        second.fit(x_train, y_train, epochs=9, validation_split=0.1)
        print(second.evaluate(x_test, y_test))
        """,
    ),
    "KC108 labels that are mixed on purpose": (
        None,
        """
        random_labels = y_train[:]
        np.random.shuffle(random_labels)
        build().fit(x_train / 255, random_labels, epochs=9, validation_split=0.1)
        """,
    ),
    "KC109 a normalization behind the first kernel": (
        None,
        """
        model = build(layers.Dense(64), layers.BatchNormalization(), layers.ReLU())
        model.fit(x_train, y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC109 a normalization behind the first kernel, its activation and a pooling": (
        None,
        """
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train[..., None], y_train, epochs=9, validation_split=0.1)
        """,
    ),
    "KC111 the same pictures are judged without changes as well": (
        Severity.INFO,
        """
        images = x_test[..., None] / 255
        model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train[..., None] / 255, y_train, epochs=9, validation_split=0.1)
        print(model.evaluate(images, y_test))
        turned = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=30).flow(images, y_test)
        print(model.evaluate(turned))
        """,
    ),
    "KC207 a dropout that is written with nothing to drop": (Severity.INFO, "build(layers.Dropout(0.0))"),
    "KC502 rows on the second axis of a stack": (
        None,
        """
        columns = [np.zeros((1000, 3)) for _ in range(8)]
        stacked = np.stack(columns, axis=1)
        model = keras.Sequential([keras.Input((8, 3)), layers.Flatten(), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(stacked, stacked[:, 0], batch_size=64, epochs=3, validation_split=0.1)
        """,
    ),
    "KC503 each row is seen once": (None, "build().fit(x_train / 255, y_train)"),
    "KC503 another model of the file is judged": (
        Severity.INFO,
        """
        build().fit(x_train / 255, y_train, epochs=50, validation_split=0.1)
        build(layers.Dropout(0.2)).fit(x_train / 255, y_train, epochs=50)
        """,
    ),
    "KC503 few epochs": (Severity.INFO, "build().fit(x_train / 255, y_train, epochs=5)"),
    "KC503 a few written rows": (
        None,
        """
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.array([[-1.0], [0.0], [1.0]]), np.array([[-3.0], [-1.0], [1.0]]), epochs=500)
        """,
    ),
    "KC503 a loss of the model's own": (
        Severity.INFO,
        """
        class Own(keras.Model):
            def train_step(self, data):
                return {}

        model = build()
        model.fit(x_train / 255, y_train, epochs=50)
        """,
    ),
    "KC503 points of a line": (
        None,
        """
        x = tf.linspace(-2.0, 2.0, 201)
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, 2 * x, epochs=100)
        """,
    ),
    "KC504 a few written rows in a dataset": (
        None,
        """
        rows = tf.data.Dataset.from_tensor_slices(([[1.0, 1.5], [2.0, 2.5], [3.0, 3.5]], [[0.3], [0.5], [0.7]])).batch(1)
        model = keras.Sequential([layers.Dense(1)])
        model.compile("adagrad", "mse")
        model.fit(rows)
        """,
    ),
    "KC512 only Python is seeded": (
        Severity.INFO,
        """
        import random
        random.seed(7)
        model = build()
        model.fit(x_train / 255, y_train, epochs=9, validation_split=0.1)
        print(model.evaluate(x_test / 255, y_test))
        """,
    ),
    "KC514 a loop over a few drawn rows": (
        None,
        """
        model = build()
        model.fit(x_train / 255, y_train, epochs=9, validation_split=0.1)
        for index in np.random.randint(0, 3000, 5):
            print(model.predict(x_test[index].reshape(1, 28, 28)))
        """,
    ),
    "KC523 a model that shows what a layer does": (
        Severity.INFO,
        """
        model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10)])
        print(model.predict(x_test))
        """,
    ),
    "KC513 a model that the loop only trains": (
        None,
        """
        def train(models):
            first, second = models
            for _ in range(20):
                first.train_on_batch(x_train, y_train)
        """,
    ),
    "KC613 the size of a vocabulary": (
        None,
        """
        keras.ops.ones(3)
        keras.layers.ReversibleEmbedding(input_dim=100, output_dim=8)
        """,
    ),
    "KC601 a window of one place under an old name": (None, "layers.Convolution2D(4, 1, 1)"),
    "KC603 a loader of data from the other library": (
        None,
        """
        from tensorflow.keras.datasets import cifar10
        from tensorflow.keras.utils import to_categorical
        (x, y), _ = cifar10.load_data()
        print(to_categorical(y))
        """,
    ),
}


@pytest.mark.parametrize("case", QUIET)
def test_sound_code_gets_no_warning(case: str) -> None:
    loudest, text = QUIET[case]
    report = check_script(PRELUDE + textwrap.dedent(text))
    assert not report.fault
    levels = [finding.severity for finding in report.findings if finding.code == case[:5] and finding.severity]
    assert max(levels, default=None) == loudest


def test_a_normalization_behind_the_first_kernel_does_not_bring_columns_to_one_scale() -> None:
    text = """\
import keras
from keras import layers
(x, y), _ = keras.datasets.boston_housing.load_data()
model = keras.Sequential([keras.Input((13,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=9, validation_split=0.1)
"""
    assert "KC125" in {finding.code for finding in check_script(text).findings}


TESTED = """\
import keras
import numpy as np
from keras import layers

model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, "relu")])
model.compile("adam", "categorical_crossentropy", run_eagerly=True)
(x, y), _ = keras.datasets.mnist.load_data()
history = model.fit(x / 255, keras.utils.to_categorical(y), epochs=50, shuffle=False)
np.testing.assert_allclose(history.history["loss"], 0, atol=9)
"""


def lint(text: str, path: str) -> FileReport:
    return lint_source(text.encode(), path, Plan(Config(Path.cwd())))


def test_a_file_of_tests_is_no_training() -> None:
    def loud(path: str) -> set[str]:
        found = lint(TESTED, path).findings
        return {finding.code for finding in found if finding.severity is not Severity.INFO}

    assert loud("train.py") == {"KC312", "KC503", "KC505", "KC516"}
    assert loud("numbers_test.py") == set()


def test_tests_of_keras_itself_may_import_its_inside() -> None:
    text = "from keras.src import layers\nfrom keras.src import testing\nlayers.Dense(1)\n"
    assert not [finding for finding in check_script(text).findings if finding.code == "KC604"]


def test_a_guide_may_show_one_compile_after_the_other() -> None:
    text = PRELUDE + textwrap.dedent(
        '''
        model = build()
        """Train a regression:"""
        model.compile("sgd", "mse")
        """or a classification:"""
        model.compile("adam", "categorical_crossentropy")
        keras.callbacks.EarlyStopping(patience=3)
        '''
    )
    found = check_script(text).findings
    assert {finding.severity for finding in found if finding.code == "KC524"} == {Severity.INFO}
    assert not [finding for finding in found if finding.code == "KC521"]


def in_cells(*cells: str) -> str:
    return json.dumps(
        {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    )


@pytest.mark.parametrize(
    "cell",
    [
        "pip install datasets numpy==1.19.5",
        "pip install --index-url=https://example.org/simple numpy",
        " a = (1,\n      2)\nprint(a)\n",
    ],
)
def test_a_cell_that_ipython_takes_is_no_syntax_error(cell: str) -> None:
    report = lint(in_cells("import keras", cell), "page.ipynb")
    assert not report.findings
    assert not report.fault


def test_columns_stand_where_an_indented_cell_has_them() -> None:
    cell = " import keras\nkeras.layers.Dense(4, activatio='relu')\n"
    (finding,) = lint(in_cells(cell), "page.ipynb").findings
    assert (finding.code, finding.location.line, finding.location.column) == ("KC605", 2, 23)


def test_a_blank_to_fill_in_is_named() -> None:
    (finding,) = lint(in_cells("import keras\nbatch_size =  # your code"), "page.ipynb").findings
    assert (finding.code, finding.message) == ("KC901", "nothing stands to the right of `=`")


def test_a_tensor_that_a_broken_line_may_take_is_not_lost() -> None:
    cell = """\
import keras
from keras import layers

def block(x):
    y = layers.Dense(8)(x)
    y = layers.Dense(??)(y)
    y = layers.ReLU()(x)
    return y

keras.Model(inputs := keras.Input((8,)), block(inputs))
"""
    assert "KC225" not in {finding.code for finding in lint(in_cells(cell), "page.ipynb").findings}


def test_old_python_without_keras_is_no_matter_of_keras() -> None:
    report = check_script("import tensorflow as tf\n\nfor step in xrange(3):\n    print(step)\n")
    assert "KC610" not in {finding.code for finding in report.findings}


def test_the_blanks_of_a_page_of_exercises_are_told_as_one() -> None:
    (finding,) = lint(in_cells("import keras", "x =  # your code", "y = (", "z ="), "page.ipynb").findings
    assert finding.message == "nothing stands to the right of `=`, and 2 more cells do not parse"
    assert [related.location.cell for related in finding.related] == [3, 4]


@pytest.mark.parametrize("use", ["if False:\n    print(count)", "print(0 if True else count)", "True or print(count)"])
def test_a_name_in_a_branch_that_may_not_run_is_not_used_too_early(use: str) -> None:
    report = lint(in_cells("import keras", use, "count = 3"), "page.ipynb")
    assert not [finding for finding in report.findings if finding.code == "KC528"]


def test_a_model_of_a_unit_test_is_there_to_be_run() -> None:
    text = """\
import keras
from keras import layers

def test_output():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Dense(4), layers.Dense(1, "relu")])
    model.compile("sgd", "binary_crossentropy")
"""
    assert not [finding for finding in check_script(text).findings if finding.severity is not Severity.INFO]
    assert {finding.code for finding in check_script(text.replace("test_output", "build")).findings} >= {
        "KC210",
        "KC312",
    }


def test_an_autoencoder_is_told_of_its_activation_and_not_of_classes() -> None:
    text = PRELUDE + textwrap.dedent(
        """
        rows = x_train.reshape(-1, 784) / 255
        model = keras.Sequential([keras.Input((784,)), layers.Dense(32, "relu"), layers.Dense(784, "softmax")])
        model.compile("adam", "binary_crossentropy")
        model.fit(rows, rows, epochs=9, validation_split=0.1)
        """
    )
    (finding,) = [finding for finding in check_script(text).findings if finding.code == "KC302"]
    assert "sigmoid" in finding.help
    assert finding.fix is not None
    assert [edit.replacement for edit in finding.fix.edits] == ['"sigmoid"']


def test_a_loss_that_is_told_to_expect_probabilities_is_pointed_at() -> None:
    text = """\
import keras
from keras import layers
model = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=False))
"""
    (finding,) = [finding for finding in check_script(text).findings if finding.code == "KC304"]
    assert finding.location.line == 4


def test_losses_in_a_list_are_said_to_follow_the_names_of_a_dictionary() -> None:
    text = """\
import keras
from keras import layers, losses
entry = keras.Input((4,))
outputs = {"urgent": layers.Dense(1, name="urgent")(entry), "kind": layers.Dense(4, name="kind")(entry)}
model = keras.Model(entry, outputs)
model.compile("sgd", [losses.BinaryCrossentropy(from_logits=True), losses.CategoricalCrossentropy(from_logits=True)])
"""
    (finding,) = [finding for finding in check_script(text).findings if finding.code == "KC303"]
    assert "the outputs stand in the order `kind`, `urgent`" in finding.help


def test_a_kernel_in_single_numbers_is_said_to_become_a_stride() -> None:
    found = check_script("from tensorflow.keras.layers import Convolution2D\nConvolution2D(64, 3, 3)\n").findings
    (finding,) = [finding for finding in found if finding.code == "KC601"]
    assert finding.severity is Severity.ERROR
    assert finding.message == (
        "`Convolution2D` takes the second kernel size for `strides`: its window moves 3 places at a time"
    )


def test_shuffled_predictions_are_compared_with_what_the_script_calls_its_labels() -> None:
    text = """\
import numpy as np
from keras.models import load_model
from keras.preprocessing.image import ImageDataGenerator
from sklearn.metrics import accuracy_score

rows = ImageDataGenerator().flow_from_directory("test")
expected = rows.classes
print(accuracy_score(expected, np.argmax(load_model("model.keras").predict(rows), axis=1)))
"""
    (finding,) = [finding for finding in check_script(text).findings if finding.code == "KC112"]
    assert "another order than `expected` that" in finding.message
