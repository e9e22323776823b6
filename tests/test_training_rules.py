"""Cases of the training rules beside their documented examples: what must be found, and what must stay silent."""

from __future__ import annotations

import pytest

from kerascheck import Config, check_script

DATA = """
import keras
from keras.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint, ReduceLROnPlateau
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
"""
MODEL = DATA + (
    """
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""
)
FIT = "history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)\n"
SCORE = "print(model.evaluate(x_test, y_test, batch_size=128))\n"


def found(text: str, code: str, target: int | None = None) -> list[tuple[int, str]]:
    """The lines, counted from the end (the last is 0), and severities of the findings of one rule."""
    config = Config() if target is None else Config(target_keras=target)
    report = check_script(text, config=config)
    assert not report.fault
    last = len(text.rstrip("\n").split("\n"))
    return [
        (finding.location.line - last, finding.severity.label)
        for finding in report.findings
        if finding.code == code and finding.severity is not None
    ]


SILENT = {
    "batch size of a dataset": (
        "KC501",
        MODEL
        + """
import tensorflow as tf
batches = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(64)
history = model.fit(batches, epochs=10, validation_data=batches)
""",
    ),
    "batch size where steps are given": (
        "KC501",
        MODEL + "history = model.fit(x_train, y_train, epochs=10, steps_per_epoch=10, validation_split=0.1)\n",
    ),
    "batch size of a prediction for one row": ("KC501", MODEL + FIT + "print(model.predict(x_test[:1]))\n"),
    "batch size in keywords that are not known": (
        "KC501",
        "from settings import options\n" + MODEL + "history = model.fit(x_train, y_train, **options)\n",
    ),
    "validation by a callback of the author": (
        "KC503",
        MODEL
        + """
class Judge(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(self.model.evaluate(x_test, y_test, verbose=0))
history = model.fit(x_train, y_train, batch_size=128, epochs=10, callbacks=[Judge()])
""",
    ),
    "validation of a model that goes to another module": (
        "KC503",
        "from project import judge\n"
        + MODEL
        + "history = model.fit(x_train, y_train, batch_size=128, epochs=10)\njudge(model, x_test, y_test)\n",
    ),
    "validation in a function that only others call": (
        "KC503",
        """
import keras
def train(x, y):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=5)
    return model
""",
    ),
    "validation earlier in the same loop": (
        "KC503",
        MODEL
        + """
for step in range(1000):
    values = model.predict(x_train, batch_size=128)
    model.fit(x_train, values, batch_size=128, epochs=1, verbose=0)
""",
    ),
    "validation of an autoencoder by its encoder": (
        "KC503",
        DATA
        + """
inputs = keras.Input((784,))
code = keras.layers.Dense(32, "relu")(inputs)
autoencoder = keras.Model(inputs, keras.layers.Dense(784, "sigmoid")(code))
encoder = keras.Model(inputs, code)
autoencoder.compile("adam", "binary_crossentropy")
history = autoencoder.fit(x_train, x_train, batch_size=128, epochs=10)
print(encoder.predict(x_test, batch_size=128))
""",
    ),
    "shuffling of a time series": (
        "KC505",
        """
import numpy as np
import keras
series = np.load("series.npy")
labels = np.load("labels.npy")
model = keras.Sequential([keras.Input((24, 3)), keras.layers.LSTM(32), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(series, labels, batch_size=32, epochs=10, validation_split=0.1, shuffle=False)
""",
    ),
    "shuffling in a regression": (
        "KC505",
        """
import numpy as np
import keras
x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([keras.Input((24,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=32, epochs=10, validation_split=0.1, shuffle=False)
""",
    ),
    "history that the model keeps": (
        "KC506",
        MODEL + "model.fit(x_train, y_train, batch_size=128, epochs=10)\nprint(model.history.history)\n",
    ),
    "history beside a tracker": (
        "KC506",
        "import wandb\n" + MODEL + "model.fit(x_train, y_train, batch_size=128, epochs=10)\n",
    ),
    "history of one epoch": ("KC506", MODEL + "model.fit(x_train, y_train, batch_size=128, epochs=1)\n"),
    "history that a function returns": (
        "KC506",
        MODEL + "def train():\n    return model.fit(x_train, y_train, batch_size=128, epochs=10)\nhistory = train()\n",
    ),
    "monitor of a checkpoint that saves every epoch": (
        "KC507",
        MODEL
        + 'save = ModelCheckpoint("{epoch}.keras")\n'
        + "history = model.fit(x_train, y_train, batch_size=128, epochs=10, callbacks=[save])\n",
    ),
    "monitor of a metric by its short name": (
        "KC507",
        DATA
        + """
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mean_absolute_error"])
stop = EarlyStopping(monitor="val_mae")
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1, callbacks=[stop])
""",
    ),
    "monitor of a metric object": (
        "KC507",
        DATA
        + """
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(), keras.metrics.Recall(name="found")])
stops = [EarlyStopping(monitor="val_auc", mode="max"), EarlyStopping(monitor="val_found", mode="max")]
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1, callbacks=stops)
""",
    ),
    "monitor that a callback of the author reports": (
        "KC507",
        MODEL
        + """
class Score(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_f1"] = 1.0
stop = EarlyStopping(monitor="val_f1", mode="max")
history = model.fit(x_train, y_train, batch_size=128, epochs=9, validation_split=0.1, callbacks=[Score(), stop])
""",
    ),
    "monitor of an output's loss": (
        "KC507",
        DATA
        + """
inputs = keras.Input((784,))
model = keras.Model(inputs, [keras.layers.Dense(1, name="a")(inputs), keras.layers.Dense(1, name="b")(inputs)])
model.compile("adam", "mse")
stop = EarlyStopping(monitor="val_a_loss")
history = model.fit(x_train, [y_train, y_train], batch_size=32, epochs=9, validation_split=0.1, callbacks=[stop])
""",
    ),
    "epochs in a loop": (
        "KC504",
        MODEL
        + "for step in range(100):\n    model.fit(x_train, y_train, batch_size=128)\n    print(model.evaluate(x_test))\n",
    ),
    "epochs of a pretrained base": (
        "KC504",
        DATA
        + """
base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
model = keras.Sequential([base, keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x_train, y_train, batch_size=128, epochs=2, validation_split=0.1)
""",
    ),
    "many epochs with early stopping": (
        "KC504",
        MODEL
        + "stop = EarlyStopping(patience=9)\n"
        + "history = model.fit(x_train, y_train, batch_size=128, epochs=999, validation_split=0.1, callbacks=[stop])\n",
    ),
    "batch size beside rows that are not known": (
        "KC502",
        "import numpy as np\n" + MODEL + 'x = np.load("x.npy")\nhistory = model.fit(x, x, batch_size=4096, epochs=5)\n',
    ),
    "monitor of a validation that a callback makes": (
        "KC507",
        MODEL
        + """
class Judge(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = 0.0
best = ModelCheckpoint("best.keras", save_best_only=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=9, callbacks=[Judge(), best])
""",
    ),
    "direction of a loss in its right mode": (
        "KC508",
        MODEL
        + 'best = ModelCheckpoint("best.keras", monitor="val_loss", mode="min", save_best_only=True)\n'
        + "history = model.fit(x_train, y_train, batch_size=8, epochs=9, validation_split=0.1, callbacks=[best])\n",
    ),
    "last weights beside a checkpoint of the best": (
        "KC508",
        MODEL
        + 'calls = [EarlyStopping(patience=3), ModelCheckpoint("best.keras", save_best_only=True)]\n'
        + "history = model.fit(x_train, y_train, batch_size=8, epochs=9, validation_split=0.1, callbacks=calls)\n",
    ),
    "folds with weights that are set back": (
        "KC511",
        MODEL
        + """
from sklearn.model_selection import KFold
start = model.get_weights()
for train, test in KFold(5, shuffle=True).split(x_train):
    model.set_weights(start)
    model.fit(x_train[train], y_train[train], batch_size=32, epochs=9)
""",
    ),
    "predictions that follow from each other": (
        "KC514",
        MODEL
        + """
import numpy as np
text = np.zeros((1, 784))
for index in range(400):
    text[0, index] = np.argmax(model.predict(text))
""",
    ),
    "a loop around a function that predicts": (
        "KC514",
        MODEL
        + """
def decode(row):
    return model.predict(row.reshape(1, 784))
for row in x_test:
    print(decode(row))
""",
    ),
    "a callback that another module is given": (
        "KC521",
        "from project import train\n" + MODEL + FIT + "train(model, [EarlyStopping(patience=3)])\n",
    ),
    "a model out of the file that was saved": (
        "KC526",
        MODEL
        + FIT
        + 'model.save("digits.keras")\nagain = keras.models.load_model("digits.keras")\nprint(again.evaluate(x_test, y_test))\n',
    ),
    "a fresh model that is saved to be loaded": (
        "KC526",
        MODEL
        + FIT
        + """
import tensorflow as tf
fresh = keras.models.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
fresh.save("fresh")
loaded = tf.saved_model.load("fresh")
""",
    ),
    "weights that are set layer by layer": (
        "KC526",
        MODEL
        + FIT
        + """
other = keras.models.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
for mine, theirs in zip(other.layers, model.layers):
    mine.set_weights(theirs.get_weights())
print(other.evaluate(x_test, y_test, batch_size=128))
""",
    ),
    "weights of layers that are only known to be the model's": (
        "KC526",
        MODEL
        + FIT
        + """
other = keras.models.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
for number in numbers:
    other.layers[number].set_weights(found[number])
print(other.evaluate(x_test, y_test, batch_size=128))
""",
    ),
    "an encoder that shares layers": (
        "KC526",
        DATA
        + """
inputs = keras.Input((784,))
code = keras.layers.Dense(32, "relu")(inputs)
autoencoder = keras.Model(inputs, keras.layers.Dense(784, "sigmoid")(code))
encoder = keras.Model(inputs, code)
autoencoder.compile("adam", "mse")
history = autoencoder.fit(x_train, x_train, batch_size=128, epochs=10)
print(encoder.predict(x_test, batch_size=128))
""",
    ),
    "a model that a loop of its own trains": (
        "KC523",
        MODEL
        + """
import tensorflow as tf
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(x_train))
model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
print(model.evaluate(x_test, y_test, batch_size=128))
""",
    ),
    "random numbers in place of data": (
        "KC503",
        "import numpy as np\n"
        + MODEL
        + "history = model.fit(np.random.rand(100, 784), np.random.rand(100), batch_size=10, epochs=5)\n",
    ),
    "compiled again to fine-tune": (
        "KC524",
        MODEL + FIT + 'model.trainable = False\nmodel.compile("sgd", "sparse_categorical_crossentropy")\n' + FIT,
    ),
    "compiled in a branch": (
        "KC524",
        "import sys\n"
        + MODEL
        + "if len(sys.argv) > 1:\n"
        + '    model.compile("sgd", "sparse_categorical_crossentropy")\n'
        + FIT,
    ),
    "an autoencoder": (
        "KC525",
        DATA
        + """
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(784, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, x_train, batch_size=128, epochs=10, validation_split=0.1)
""",
    ),
    "weights of two classes for one unit": (
        "KC518",
        DATA
        + """
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
history = model.fit(x_train, y_train > 4, batch_size=128, epochs=9, class_weight={0: 1.0, 1: 5.0})
""",
    ),
    "the seed of TensorFlow beside numpy's": (
        "KC512",
        "import numpy as np\nimport tensorflow as tf\nnp.random.seed(1)\ntf.random.set_seed(1)\n" + MODEL + FIT + SCORE,
    ),
    "two tapes of one name": (
        "KC515",
        """
import tensorflow as tf
from tensorflow import keras
first, second = keras.Sequential([keras.layers.Dense(1)]), keras.Sequential([keras.layers.Dense(1)])
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(first(x, training=True))
    first.optimizer.apply(tape.gradient(loss, first.trainable_variables))
    with tf.GradientTape() as tape:
        cost = tf.reduce_mean(second(x, training=True))
    second.optimizer.apply(tape.gradient(cost, second.trainable_variables))
""",
    ),
    "a print that tells of the tracing": (
        "KC516",
        """
import tensorflow as tf
from tensorflow import keras
@tf.function
def step(x):
    print("Tracing with", x)
    return x
""",
    ),
    "a part that is frozen after its own training": (
        "KC519",
        DATA
        + """
inputs = keras.Input((784,))
encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32, "relu")])
classifier = keras.Model(inputs, keras.layers.Dense(10, "softmax")(encoder(inputs)))
classifier.compile("adam", "sparse_categorical_crossentropy")
history = classifier.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.1)
encoder.trainable = False
print(classifier.evaluate(x_test, y_test, batch_size=128))
""",
    ),
    "weights by name": (
        "KC520",
        DATA
        + """
first = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
first.save_weights("a.weights.h5")
second = keras.Sequential([keras.Input((784,)), keras.layers.Dense(20)])
second.load_weights("a.weights.h5", skip_mismatch=True)
""",
    ),
    "names in cells that a function needs": (
        "KC528",
        "# %%\nimport keras\n\ndef size():\n    return units\n\n# %%\nunits = 3\nprint(keras.layers.Dense(size()))\n",
    ),
}

LOUD = {
    "shuffling of texts that were split at random, whoever numbers their words": (
        "KC505",
        """
import keras
import pandas as pd
from sklearn.model_selection import train_test_split
frame, held = train_test_split(pd.read_csv("complaints.csv"), random_state=1)
rows = [[numbers[word] for word in text.split() if word in numbers] for text in frame["text"].tolist()]
x, y = keras.utils.pad_sequences(rows, maxlen=20), keras.utils.to_categorical(frame["kind"])
model = keras.Sequential([keras.layers.Embedding(5000, 50), keras.layers.LSTM(32), keras.layers.Dense(4, "softmax")])
model.compile("adam", "categorical_crossentropy")
history = model.fit(x, y, batch_size=32, epochs=10, validation_split=0.1, shuffle=False)
""",
        [(0, "warning")],
    ),
    "batch size once a file": (
        "KC501",
        MODEL
        + "history = model.fit(x_train, y_train, epochs=10, validation_split=0.1)\nprint(model.evaluate(x_test))\n",
        [(-1, "info")],
    ),
    "history once a file": (
        "KC506",
        MODEL
        + "model.fit(x_train, y_train, batch_size=8, epochs=10)\nmodel.fit(x_train, y_train, batch_size=9, epochs=9)\n",
        [(-1, "info")],
    ),
    "monitor without validation data of a generator": (
        "KC507",
        "import numpy as np\n"
        + MODEL
        + """
def batches():
    while True:
        yield np.zeros((8, 784)), np.zeros(8)
slower = ReduceLROnPlateau(monitor="val_loss")
history = model.fit(batches(), steps_per_epoch=10, epochs=10, callbacks=[slower])
""",
        [(-1, "error")],
    ),
    "monitor of an old name in an old script": (
        "KC507",
        MODEL
        + """
stop = EarlyStopping(monitor="val_acc")
history = model.fit_generator(x_train, steps_per_epoch=9, epochs=9, validation_data=x_test, callbacks=[stop])
""",
        [(-1, "warning")],
    ),
}


@pytest.mark.parametrize(("code", "text"), SILENT.values(), ids=SILENT)
def test_a_rule_is_silent_on(code: str, text: str) -> None:
    assert found(text, code) == []


@pytest.mark.parametrize(("code", "text", "expected"), LOUD.values(), ids=LOUD)
def test_a_rule_finds(code: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text, code) == expected


def test_the_fix_of_a_batch_size_fits_the_layout_of_the_call() -> None:
    text = MODEL + "history = model.fit(\n    x_train,\n    y_train,\n    epochs=10,\n    validation_split=0.1,\n)\n"
    (finding,) = [finding for finding in check_script(text, config=Config()).findings if finding.code == "KC501"]
    assert finding.fix is not None
    (edit,) = finding.fix.edits
    assert edit.replacement == "\n    batch_size=32,"


TRACED = "import tensorflow as tf\nfrom tensorflow import keras\nlayer = keras.layers.Dense(4)\n"
OWN_STEP = """
class Own(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean({call})
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {{"loss": loss}}

inputs = keras.Input((20,))
model = Own(inputs, keras.layers.Dense(1)({layer}))
"""
DROPPED = "keras.layers.Dropout(0.5)(inputs)"
STEPS = {
    "a number that is counted up later": ("KC516", TRACED + "n = 1\n@tf.function\ndef f(x):\n    return n * layer(x)\nf(tf.ones((1, 4)))\nn += 1\nf(tf.ones((1, 4)))\n", 1),
    "a number that was counted before": ("KC516", TRACED + "n = 1\nn += 1\n@tf.function\ndef f(x):\n    return n * layer(x)\nf(tf.ones((1, 4)))\n", 0),
    "an argument of that name": ("KC516", TRACED + "n = 1\n@tf.function\ndef f(x, n):\n    return n * layer(x)\nn += 1\n", 0),
    "a function that calls another": ("KC516", TRACED + "def g(x):\n    return x\n@tf.function\ndef f(x):\n    return g(layer(x))\n", 0),
    "a step that calls the model itself": ("KC515", TRACED + OWN_STEP.format(call="self(x) - y", layer=DROPPED), 1),
    "with its mode": ("KC515", TRACED + OWN_STEP.format(call="self(x, training=True) - y", layer=DROPPED), 0),
    "without layers of two modes": ("KC515", TRACED + OWN_STEP.format(call="self(x) - y", layer="inputs"), 0),
    "a keyword of one's own layer": ("KC605", TRACED + "class A(keras.layers.Layer):\n    def __init__(self, n):\n        super().__init__()\nA(3, name='a')\n", 1),
    "a layer that hands keywords on": ("KC605", TRACED + "class A(keras.layers.Layer):\n    def __init__(self, n, **kwargs):\n        super().__init__(**kwargs)\nA(3, name='a')\n", 0),
    "an initializer that is inherited": ("KC605", TRACED + "class A(keras.layers.Layer):\n    pass\nA(name='a')\n", 0),
    "a class that is no layer": ("KC605", TRACED + "class A:\n    def __init__(self, n):\n        self.n = n\ntry:\n    A(n=1, name='a')\nexcept TypeError:\n    pass\n", 0),
}  # fmt: skip


@pytest.mark.parametrize(("code", "text", "count"), STEPS.values(), ids=STEPS)
def test_steps_and_classes_of_ones_own(code: str, text: str, count: int) -> None:
    assert len(found(text, code)) == count
