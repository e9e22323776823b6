"""What the rules on initializers, wiring, freezing, pretrained bases and custom classes leave alone, and what they fold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerascheck import Config, Finding, Severity, check_script
from kerascheck.config import Choice
from kerascheck.findings import FileStatus

HEAD = """import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, Sequential, initializers, layers, regularizers
from keras.layers import *
"""


def found(body: str, code: str, config: Config | None = None) -> list[Finding]:
    chosen = (config or Config()).override(Choice(select=(code,)))
    report = check_script(HEAD + body, config=chosen)
    assert report.status is FileStatus.OK, report.reason
    assert not report.fault
    return [finding for finding in report.findings if finding.code == code]


SILENT = {
    "KC222 a factor that an experiment sets": """
rate = float(input())
model = Sequential([Input((9,)), Dense(64, kernel_regularizer=regularizers.l2(rate)), Dense(1)])
""",
    "KC222 biases beside kernels": """
l2 = regularizers.l2(1e-4)
model = Sequential([Input((9,)), Dense(64, kernel_regularizer=l2, bias_regularizer=l2), Dense(1)])
""",
    "KC223 a wide output behind small maps": """
inputs = Input((60, 8))
x = GlobalMaxPooling1D()(Conv1D(128, 5)(inputs))
model = Model(inputs, Dense(50000, activation="softmax")(x))
""",
    "KC223 a vocabulary behind a few places": """
model = Sequential([Input((24, 8)), Conv1D(128, 5), MaxPooling1D(4), Flatten(), Dense(10000, activation="softmax")])
""",
    "KC224 an output that starts at zero": """
model = Sequential([Input((9,)), Dense(64, activation="relu"), Dense(4, kernel_initializer="zeros")])
""",
    "KC224 a residual branch that starts as nothing": """
inputs = Input((32, 32, 8))
branch = Conv2D(8, 3, padding="same", kernel_initializer="zeros")(inputs)
x = Conv2D(8, 3, activation="relu")(Add()([inputs, branch]))
model = Model(inputs, Dense(1)(GlobalAveragePooling2D()(x)))
""",
    "KC224 a fixed kernel that sums": """
count = Conv2D(4, 3, kernel_initializer="ones", trainable=False)
model = Sequential([Input((32, 32, 1)), count, Conv2D(8, 3), GlobalAveragePooling2D(), Dense(1)])
""",
    "KC224 a small start of the last layer of an actor": """
small = initializers.RandomUniform(minval=-0.003, maxval=0.003)
model = Sequential([Input((9,)), Dense(64, activation="relu"), Dense(1, activation="tanh", kernel_initializer=small)])
""",
    "KC224 the scale of a kernel in front of a normalization": """
tiny = initializers.RandomNormal(stddev=1e-3)
model = Sequential([Input((9,)), Dense(64, kernel_initializer=tiny), BatchNormalization(), ReLU(), Dense(1)])
""",
    "KC224 the forget gate": """
model = Sequential([Input((9, 3)), LSTM(8, bias_initializer="ones"), Dense(8, activation="relu"), Dense(1)])
""",
    "KC225 a layer that a closure takes": """
def build():
    inputs = Input((9,))
    features = Dense(8)(inputs)
    def head(x):
        return Dense(1)(Add()([x, features]))
    return Model(inputs, head(Dense(8)(inputs)))
model = build()
""",
    "KC225 a name that only one branch binds again": """
inputs = Input((9,))
x = Dense(8)(inputs)
if np.random.rand() > 0.5:
    x = Dense(8)(x)
model = Model(inputs, Dense(1)(x))
""",
    "KC225 a list of the ways to write a layer": """
Dense(64, activation="relu")
Dense(64, kernel_initializer="orthogonal")
""",
    "KC225 the initializer of the class above": """
class Wide(Dense):
    def __init__(self, **kwargs):
        super().__init__(64, **kwargs)
        self.extra = Dense(1)
    def call(self, inputs):
        return self.extra(super().call(inputs))
model = Sequential([Input((9,)), Wide()])
""",
    "KC225 an attribute that other code calls": """
class Coder(Model):
    def __init__(self):
        super().__init__()
        self.encoder = Dense(2)
        self.decoder = Dense(9)
    def call(self, inputs):
        return self.decoder(inputs)
coder = Coder()
codes = coder.encoder(np.zeros((4, 9)))
""",
    "KC225 a graph that starts inside another": """
inputs = Input((9,))
hidden = Dense(8)(inputs)
model = Model(inputs, Dense(1)(hidden))
head = Model(hidden, model.output)
""",
    "KC226 one tower for two sides": """
tower = Dense(8)
left, right = Input((9,)), Input((9,))
model = Model([left, right], Dot(1)([tower(left), tower(right)]))
""",
    "KC226 a layer without weights": """
pool, drop = MaxPooling2D(), Dropout(0.3)
model = Sequential([Input((32, 32, 3)), Conv2D(8, 3), pool, drop, Conv2D(8, 3), pool, drop, Flatten(), Dense(1)])
""",
    "KC227 a squeeze and excitation block": """
inputs = Input((16, 16, 64))
gate = Dense(4, activation="relu")(GlobalAveragePooling2D()(inputs))
gate = Dense(64, activation="sigmoid")(gate)
x = GlobalAveragePooling2D()(Multiply()([inputs, Reshape((1, 1, 64))(gate)]))
model = Model(inputs, Dense(5, activation="softmax")(x))
""",
    "KC227 a language model": """
model = Sequential([Input((50,)), Dense(256, activation="relu"), Dense(64, activation="relu"), Dense(10000, activation="softmax")])
""",
    "KC228 one large pooling at the end": """
model = Sequential([Input((8, 8, 3)), Conv2D(8, 3, padding="same"), MaxPooling2D(8), Conv2D(8, 1), Flatten(), Dense(1)])
""",
    "KC229 a strided even window": """
model = Sequential([Input((64, 64, 3)), Conv2D(8, 4, strides=2, padding="same"), Flatten(), Dense(1)])
""",
    "KC229 the shortcut of a residual block": """
model = Sequential([Input((64, 64, 3)), Conv2D(8, 1, strides=2), Flatten(), Dense(1)])
""",
    "KC230 a decoder": """
model = Sequential([Input((8, 8, 64)), Conv2D(64, 3), UpSampling2D(), Conv2D(16, 3), Conv2D(3, 3)])
""",
    "KC230 a bottleneck of window one": """
model = Sequential([Input((32, 32, 3)), Conv2D(64, 3), Conv2D(16, 1), Conv2D(64, 3), Flatten(), Dense(1)])
""",
    "KC231 a discriminator that is frozen for the combined model": """
critic = Sequential([Input((9,)), Dense(8), Dense(1, activation="sigmoid")])
critic.compile("adam", "binary_crossentropy")
maker = Sequential([Input((4,)), Dense(9)])
critic.trainable = False
noise = Input((4,))
gan = Model(noise, critic(maker(noise)))
gan.compile("adam", "binary_crossentropy")
for _ in range(100):
    critic.train_on_batch(np.zeros((8, 9)), np.ones(8))
    gan.train_on_batch(np.zeros((8, 4)), np.ones(8))
""",
    "KC231 unfrozen and compiled again": """
base = Sequential([Input((9,)), Dense(8)])
base.trainable = False
model = Sequential([base, Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((99, 9)), np.zeros(99))
base.trainable = True
for layer in base.layers[:-1]:
    layer.trainable = False
model.compile("adam", "mse")
model.fit(np.zeros((99, 9)), np.zeros(99))
""",
    "KC231 a base that is taken out of the model's list": """
base = Sequential([Input((9,)), Dense(8), Dense(8)])
base.trainable = False
model = Sequential([base, Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((99, 9)), np.zeros(99))
held = model.layers[0]
held.trainable = True
for layer in held.layers[:-1]:
    layer.trainable = False
held.layers[-1].trainable = True
model.compile("adam", "mse")
model.fit(np.zeros((99, 9)), np.zeros(99))
""",
    "KC231 a state that was there before": """
model = Sequential([Input((9,)), Dense(8), Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((99, 9)), np.zeros(99))
model.trainable = True
model.fit(np.zeros((99, 9)), np.zeros(99))
""",
    "KC232 another module that scales alike": """
inputs = Input((224, 224, 3))
x = keras.applications.vgg16.preprocess_input(inputs)
x = keras.applications.ResNet50(include_top=False, pooling="avg")(x)
model = Model(inputs, Dense(5)(x))
""",
    "KC232 a base without weights": """
(x_train, y_train), _ = keras.datasets.cifar10.load_data()
base = keras.applications.VGG16(weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3))
model = Sequential([base, Dense(10)])
model.compile("adam", "mse")
model.fit(x_train / 255, y_train)
""",
    "KC232 a network that scales itself": """
train = keras.utils.image_dataset_from_directory("train", image_size=(224, 224))
inputs = Input((224, 224, 3))
x = keras.applications.EfficientNetB0(include_top=False, pooling="avg")(RandomFlip()(inputs))
model = Model(inputs, Dense(5)(x))
model.compile("adam", "mse")
model.fit(train)
""",
    "KC232 weights of one's own": """
(x_train, y_train), _ = keras.datasets.cifar10.load_data()
model = Sequential([keras.applications.VGG16(include_top=False, pooling="avg", input_shape=(32, 32, 3)), Dense(10)])
model.load_weights("trained_on_fractions.weights.h5")
predictions = model.predict(x_train / 255)
""",
    "KC233 maps that are pooled after a dense layer": """
base = keras.applications.VGG16(include_top=False, input_shape=(224, 224, 3))
x = Dense(64, activation="relu")(base.output)
model = Model(base.input, Dense(5)(GlobalAveragePooling2D()(x)))
""",
    "KC233 a head for images that it has weights for": """
base = keras.applications.MobileNetV2(input_shape=(160, 160, 3))
""",
    "KC233 a number of classes without weights": """
base = keras.applications.ResNet50(weights=None, classes=10, input_shape=(96, 96, 1))
""",
    "KC234 a part of another model": """
keras.mixed_precision.set_global_policy("mixed_float16")
base = Sequential([Input((9,)), Dense(8)])
model = Sequential([Input((9,)), base, Dense(1, dtype="float32")])
""",
    "KC236 noise between layers": """
model = Sequential([Input((9,)), Dense(8), GaussianNoise(0.1), Dense(1)])
""",
    "KC237 a layer inside a subclassed model": """
class Block(Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = Dense(units)
    def call(self, inputs):
        return self.dense(inputs)
@keras.saving.register_keras_serializable()
class Net(Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.block = Block(8)
    def call(self, inputs):
        return self.block(inputs)
net = Net()
net(np.zeros((4, 9)))
net.save("net.keras")
""",
    "KC237 a class that the loader is told of": """
class Scale(Layer):
    def call(self, inputs):
        return inputs * 2
model = Sequential([Input((9,)), Scale(), Dense(1)])
model.save("model.keras")
again = keras.models.load_model("model.keras", custom_objects={"Scale": Scale})
""",
    "KC238 the mode is handed on in other ways": """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.drops = [Dropout(0.3) for _ in range(3)]
        self.norm = BatchNormalization()
        self.last = Dropout(0.3)
    def call(self, inputs, training=None, **kwargs):
        x = self.norm(inputs, training)
        for drop in self.drops:
            x = drop(x, training=training)
        if training:
            x = self.last(x)
        return x
net = Net()
""",
    "KC238 a normalization that is meant to stay frozen": """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.norm = BatchNormalization()
    def call(self, inputs):
        return self.norm(inputs, training=False)
net = Net()
""",
    "KC238 a dropout function behind a test of the mode": """
class Noisy(Layer):
    def call(self, inputs, training=False):
        if training:
            inputs = tf.nn.dropout(inputs, 0.3)
        return inputs
""",
    "KC239 made once, or without weights": """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.head = None
    def call(self, inputs):
        if self.head is None:
            self.head = Dense(1)
        return self.head(Flatten()(inputs))
net = Net()
""",
    "KC239 an object that hands its layers over": """
class Helper:
    def __init__(self):
        self.dense = Dense(4)
    def __call__(self, inputs):
        return self.dense(inputs)
class Net(Model):
    def __init__(self):
        super().__init__()
        self.helper = Helper()
        self.kept = self.helper.dense
    def call(self, inputs):
        return self.helper(inputs)
net = Net()
""",
    "KC240 rows that a mask goes with": """
rows = keras.utils.pad_sequences([[1, 2], [3]], maxlen=9)
model = Sequential([Embedding(99, 8, mask_zero=True), LSTM(8), Dense(1)])
model.compile("adam", "mse")
model.fit(rows, np.zeros(2))
""",
    "KC242 the board of a game": """
model = Sequential([Input((8, 8, 12)), Conv2D(64, 3), Conv2D(64, 3), Conv2D(64, 3), Flatten(), Dense(1)])
""",
}


@pytest.mark.parametrize("case", SILENT)
def test_sound_code_is_left_alone(case: str) -> None:
    code = case.partition(" ")[0]
    assert [finding.message for finding in found(SILENT[case], code)] == []


FOLDED = {
    "KC224": """
model = Sequential([Input((9,)), *[Dense(64, activation="tanh", kernel_initializer="he_normal") for _ in range(3)], Dense(1)])
model.add(Dense(8, activation="tanh", kernel_initializer="he_normal"))
model.add(Dense(1))
""",
    "KC229": """
model = Sequential([Input((64, 64, 3))])
model.add(Conv2D(8, 2, padding="same"))
model.add(Conv2D(8, 4, padding="same"))
model.add(Flatten())
model.add(Dense(1))
""",
    "KC235": """
model = Sequential([Input((9,))])
model.add(Lambda(lambda x: x + 1))
model.add(Lambda(lambda x: x * 2))
model.add(Dense(1))
""",
    "KC238": """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.one = Dropout(0.3)
        self.two = Dropout(0.3)
    def call(self, inputs):
        x = self.one(inputs)
        return self.two(x)
net = Net()
""",
}


@pytest.mark.parametrize("code", FOLDED)
def test_hints_are_told_once_a_model_with_the_other_places(code: str) -> None:
    (hint,) = found(FOLDED[code], code)
    assert hint.severity is Severity.INFO
    others = [related.location for related in hint.related]
    assert others
    assert len({hint.location, *others}) == len(others) + 1


def test_a_switched_off_regularizer_warns_only_where_the_zero_is_written_out() -> None:
    body = (
        "factor = {}\nmodel = Sequential([Input((9,)), Dense(64, kernel_regularizer=regularizers.l2({})), Dense(1)])\n"
    )
    (written,) = found(body.format(0, 0), "KC222")
    (variable,) = found(body.format(0, "factor"), "KC222")
    assert (written.severity, variable.severity) == (Severity.WARNING, Severity.INFO)


LATE = """
model = Sequential([Input((9,)), Dense(8), Dense(1)])
model.compile("adam", "mse")
model.layers[0].trainable = False
model.fit(np.zeros((99, 9)), np.zeros(99))
"""


@pytest.mark.parametrize(("target", "levels"), [(2, [Severity.ERROR]), (3, [])])
def test_a_change_before_the_first_fit_counts_by_the_generation(target: int, levels: list[Severity]) -> None:
    assert [finding.severity for finding in found(LATE, "KC231", Config(target_keras=target))] == levels


def test_what_a_notebook_cell_ends_with_is_shown_and_not_lost(tmp_path: Path) -> None:
    sources = [
        HEAD,
        "inputs = Input((9,))\nx = Dense(8)(inputs)\nDense(4)(x)",
        "Dense(4)(x)\nmodel = Model(inputs, Dense(1)(x))",
    ]
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in sources]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    report = check_script(path, config=Config().override(Choice(select=("KC225",))))
    assert [(finding.location.cell, finding.location.line) for finding in report.findings] == [(3, 1)]


SHAPES = {
    "VGG16(include_top=False, input_shape=(150, 150, 3))": (None, 4, 4, 512),
    "ResNet50(include_top=False, input_shape=(150, 150, 3))": (None, 5, 5, 2048),
    "DenseNet121(include_top=False, input_shape=(150, 150, 3))": (None, 4, 4, 1024),
    'MobileNetV2(include_top=False, pooling="avg")': (None, 1280),
    "Xception()": (None, 1000),
    "VGG19(weights=None, classes=7)": (None, 7),
}


@pytest.mark.parametrize("call", SHAPES)
def test_the_output_of_a_pretrained_base_is_known(call: str) -> None:
    from kerascheck.script import read_script

    facts = read_script("bases.py", f"import keras\nbase = keras.applications.{call}\n")
    (graph,) = facts.program.models.values()
    assert graph.outputs[0].shape == SHAPES[call]
