"""What a script decides while it runs is held against no model: each of the ways through it may be sound."""

from __future__ import annotations

import textwrap

import pytest

from kerascheck import check_script
from kerascheck.script import read_script

HEAD = """\
import os
import numpy as np
import keras
from keras import layers

flag = os.path.exists("somewhere")
kind = input()
count = int(input())
bn = flag
"""
SOUND = {
    "dropout that may be left out": """
i = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, activation="relu")(i)
x = layers.MaxPooling2D()(x)
if flag:
    x = layers.Dropout(0.2)(x)
x = layers.Flatten()(x)
if kind == "a":
    x = layers.Dropout(0.5)(x)
x = layers.Dense(10, activation="softmax")(x)
model = keras.Model(i, x)

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "normalization and the kind of pooling": """
def block(x, f):
    x = layers.Conv2D(f, 3, padding="same", use_bias=not bn)(x)
    x = layers.BatchNormalization()(x) if bn else x
    x = layers.Activation("relu")(x)
    return layers.MaxPooling2D()(x)
i = keras.Input((32, 32, 3))
x = i
for f in (16, 32, 64):
    x = block(x, f)
x = layers.GlobalAveragePooling2D()(x) if kind == "avg" else layers.Flatten()(x)
x = layers.Dense(10, activation="softmax")(x)
model = keras.Model(i, x)

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "parts of a Sequential": """
model = keras.Sequential()
model.add(keras.Input((28, 28, 1)))
model.add(layers.Conv2D(32, 3, activation="relu"))
if kind == "big":
    model.add(layers.Conv2D(64, 3, activation="relu"))
    model.add(layers.MaxPooling2D())
elif kind == "small":
    model.add(layers.MaxPooling2D(4))
else:
    model.add(layers.AveragePooling2D())
model.add(layers.Flatten())
if flag:
    model.add(layers.Dense(10, activation="softmax"))
else:
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "a head with the loss that belongs to it": """
model = keras.Sequential([keras.Input((20,)), layers.Dense(32, activation="relu")])
if kind == "regression":
    model.add(layers.Dense(1))
    model.compile("adam", "mse", metrics=["mae"])
elif kind == "binary":
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
else:
    model.add(layers.Dense(count, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
""",
    "units, activation and loss together": """
units, act, loss = (1, "sigmoid", "binary_crossentropy") if flag else (10, "softmax", "categorical_crossentropy")
model = keras.Sequential([keras.Input((20,)), layers.Dense(32, activation="relu"), layers.Dense(units, activation=act)])
model.compile("adam", loss, metrics=["accuracy"])
""",
    "the kind of the last recurrent layer, and how many stand before it": """
model = keras.Sequential()
model.add(layers.Embedding(1000, 32))
for n in range(count):
    model.add(layers.LSTM(32, return_sequences=True))
if kind == "gru":
    model.add(layers.GRU(32))
elif kind == "bi":
    model.add(layers.Bidirectional(layers.LSTM(32)))
else:
    model.add(layers.LSTM(32))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy")
""",
    "the class of a layer": """
cell = {"lstm": layers.LSTM, "gru": layers.GRU}[kind]
act = layers.LeakyReLU() if flag else layers.ReLU()
i = keras.Input((10, 8))
x = cell(16)(i)
x = layers.Dense(16)(x)
x = act(x)
model = keras.Model(i, layers.Dense(1)(x))
model.compile("adam", "mse")
""",
    "the activation layer": """
model = keras.Sequential([keras.Input((10,))])
for units in (64, 32):
    model.add(layers.Dense(units))
    if kind == "prelu":
        model.add(layers.PReLU())
    elif kind == "relu":
        model.add(layers.Activation("relu"))
    else:
        model.add(layers.Activation("tanh"))
model.add(layers.Dense(1))
model.compile("adam", "mse")
""",
    "an activation by an argument": """
def dense(x, units, act=None):
    x = layers.Dense(units)(x)
    if act is not None:
        x = layers.Activation(act)(x)
    return x
i = keras.Input((10,))
x = dense(i, 32, "relu")
x = dense(x, 16, "relu")
model = keras.Model(i, dense(x, 1))
model.compile("adam", "mse")
""",
    "how deep the network is": """
i = keras.Input((64, 64, 3))
x = layers.Conv2D(16, 3, padding="same", activation="relu")(i)
filters = 16
for _ in range(count):
    filters *= 2
    x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
x = layers.GlobalAveragePooling2D()(x)
model = keras.Model(i, layers.Dense(10, activation="softmax")(x))

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "a whole network": """
def small():
    return keras.Sequential([keras.Input((784,)), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
def large():
    return keras.Sequential([keras.Input((784,)), layers.Dense(512, activation="relu"), layers.Dropout(0.5), layers.Dense(10, activation="softmax")])
MODELS = {"small": small, "large": large}
model = MODELS[kind]()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
(x, y), (tx, ty) = keras.datasets.mnist.load_data()
x, tx = x.reshape(-1, 784) / 255, tx.reshape(-1, 784) / 255
h = model.fit(x, y, epochs=5, batch_size=32, validation_split=0.1)
print(model.evaluate(tx, ty, batch_size=32), h.history["loss"])
""",
    "a pretrained base with its preprocessing": """
if kind == "vgg":
    base = keras.applications.VGG16(include_top=False, input_shape=(224, 224, 3), pooling="avg")
    pre = keras.applications.vgg16.preprocess_input
else:
    base = keras.applications.MobileNetV2(include_top=False, input_shape=(224, 224, 3), pooling="avg")
    pre = keras.applications.mobilenet_v2.preprocess_input
base.trainable = False
i = keras.Input((224, 224, 3))
x = pre(i)
x = base(x, training=False)
model = keras.Model(i, layers.Dense(5, activation="softmax")(x))

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "a stage, and how its maps are gathered": """
model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(32, 3, activation="relu")])
if flag:
    model.add(layers.MaxPooling2D())
    model.add(layers.Conv2D(64, 3, activation="relu"))
if kind == "gap":
    model.add(layers.GlobalAveragePooling2D())
else:
    model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "whether the head is exchanged": """
model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
if flag:
    model.pop()
    model.add(layers.Dense(5, activation="softmax"))

model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
}
BUILT = """
model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu")])
model.add(layers.Dense(1, activation="softmax"))
model.compile("adam", "binary_crossentropy")
"""
WAYS = {
    "only where something holds": "if flag:\n{body}",
    "on each of two ways": "if flag:\n{body}\nelse:\n{body}",
    "in a loop of unknown length": "for turn in range(count):\n{body}",
    "as long as something holds": "while kind:\n{body}",
    "where something fails": "try:\n    risky()\nexcept OSError:\n{body}",
    "in a function that one way calls": "def build():\n{body}\n    return model\nif flag:\n    model = build()",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_is_built_whole_on_one_way_is_judged_as_it_is_there(way: str) -> None:
    text = WAYS[way].format(body=textwrap.indent(BUILT, "    "))
    graphs = read_script("build.py", HEAD + text).graphs
    assert all(graph.whole for graph in graphs)
    assert {tuple(layer.class_name for layer in graph.layers) for graph in graphs} == {("InputLayer", "Dense", "Dense")}
    assert any(found.startswith("KC301") for found in loud(text))


FAULTY = {
    "one softmax unit behind a part that may be left out": (
        "KC301",
        """
model = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="relu")])
if flag:
    model.add(layers.Dropout(0.2))
model.add(layers.Dense(1, activation="softmax"))
model.compile("adam", "binary_crossentropy")
""",
    ),
    "maps for a recurrent layer behind either pooling": (
        "KC213",
        """
i = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, activation="relu")(i)
x = layers.MaxPooling2D()(x) if flag else layers.AveragePooling2D()(x)
x = layers.LSTM(8)(x)
model = keras.Model(i, layers.Dense(1)(x))
""",
    ),
}


def loud(text: str) -> list[str]:
    report = check_script(HEAD + text)
    assert not report.fault
    return [
        f"{found.code} {found.message}"
        for found in report.findings
        if found.severity and found.severity.label != "info"
    ]


@pytest.mark.parametrize("choice", SOUND)
def test_nothing_is_said_of_a_choice_between_sound_ways(choice: str) -> None:
    assert loud(SOUND[choice]) == []


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_on_every_way_is_found(fault: str) -> None:
    code, text = FAULTY[fault]
    assert [found for found in loud(text) if found.startswith(code)]
