"""What the data rules speak of in the manners of real code, and where they stay silent: one case a line of a table."""

from __future__ import annotations

import textwrap

import pytest
from rule_examples import marks

from kerascheck import check_script

PRELUDE = """\
import os, random
import cv2
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras.callbacks import EarlyStopping
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences

def build():
    model = keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model

"""


def lines_of(text: str, code: str) -> tuple[list[int], list[int]]:
    """The lines that a case marks with a code, and those on which it is found."""
    source = PRELUDE + textwrap.dedent(text)
    report = check_script(source)
    assert not report.fault
    marked = [number for number, found in marks(source.splitlines()) if found == code]
    return marked, sorted({finding.location.line for finding in report.findings if finding.code == code})


SPEAKS = {
    "KC105 a vocabulary of both parts in a function that another program calls": """
        def prepare(train, val):
            train_text, val_text = train["text"].tolist(), val["text"].tolist()
            words = Tokenizer(num_words=5000)
            words.fit_on_texts(train_text + val_text)  # KC105
            return words.texts_to_sequences(train_text), words.texts_to_sequences(val_text)
        x = np.load("x.npy")
        model = build()
        model.fit(x, np.load("y.npy"), epochs=3)
    """,
    "KC110 a map that scales the training set only": """
        (x, y), (held, held_labels) = keras.datasets.mnist.load_data()
        train = tf.data.Dataset.from_tensor_slices((x, y)).map(lambda a, b: (tf.cast(a, tf.float32) / 255.0, b)).batch(32)
        test = tf.data.Dataset.from_tensor_slices((held, held_labels)).batch(32)
        model = build()
        model.fit(train, epochs=3)
        print(model.evaluate(test))  # KC110
    """,
    "KC110 pictures of another folder that nothing scales": """
        augmented = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
        train = augmented.flow_from_directory("data/train", target_size=(64, 64))
        held = keras.preprocessing.image.ImageDataGenerator().flow_from_directory("data/valid", target_size=(64, 64))
        build().fit(train, validation_data=held, epochs=3)  # KC110
    """,
    "KC105 a layer of the model that is adapted to the rows of both parts": """
        table = pd.read_csv("table.csv")
        x, y = table.drop(columns=["price"]).values, table["price"].values
        scale = keras.layers.Normalization()
        scale.adapt(x)  # KC105
        x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
        model = keras.Sequential([scale, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=9)
        print(model.evaluate(x_test, y_test))
    """,
    "KC101 a Sequence over the test part": """
        class Batches(keras.utils.Sequence):
            def __init__(self, x, y, size):
                self.x, self.y, self.size = x, y, size
            def __len__(self):
                return len(self.x) // self.size
            def __getitem__(self, index):
                rows = slice(index * self.size, (index + 1) * self.size)
                return self.x[rows], self.y[rows]
        (x, y), (held, held_labels) = keras.datasets.mnist.load_data()
        model = build()
        model.fit(Batches(x, y, 32), validation_data=Batches(held, held_labels, 32), epochs=9)  # KC101
        print(model.evaluate(Batches(held, held_labels, 32)))
    """,
    "KC101 rows behind a cut that are called test rows": """
        x, y = np.load("x.npy"), np.load("y.npy")
        size = int(len(x) * 0.8)
        x_train, x_test = x[:size], x[size:]
        y_train, y_test = y[:size], y[size:]
        model = build()
        model.fit(x_train, y_train, epochs=9, validation_data=(x_test, y_test), callbacks=[EarlyStopping()])  # KC101
        print(model.evaluate(x_test, y_test))
    """,
    "KC101 a held-out part of each round that early stopping looks at": """
        x, y = np.load("x.npy"), np.load("y.npy")
        for train, test in KFold(5).split(x):
            model = build()
            model.fit(x[train], y[train], validation_data=(x[test], y[test]), callbacks=[EarlyStopping()])  # KC101
            print(model.evaluate(x[test], y[test]))
    """,
    "KC101 a folder of that name": """
        data = tf.keras.utils.image_dataset_from_directory("food/train", image_size=(8, 8))
        unseen = tf.keras.utils.image_dataset_from_directory("food/test", image_size=(8, 8))
        model = build()
        model.fit(data, epochs=9, validation_data=unseen)  # KC101
        model.evaluate(unseen)
    """,
    "KC102 labels of one folder after the other": """
        images, labels = [], []
        for number, name in enumerate(os.listdir("leaves")):
            for file in os.listdir(os.path.join("leaves", name)):
                images.append(cv2.imread(file))
                labels.append(number)
        model = build()
        model.fit(np.array(images), np.array(labels), epochs=9, validation_split=0.2)  # KC102
    """,
    "KC102 blocks of labels written by position": """
        x = np.load("x.npy")
        y = np.ones((400,), dtype="int64")
        y[0:200] = 0
        y[200:400] = 1
        model = build()
        model.fit(x, y, epochs=9, validation_split=0.2)  # KC102
    """,
    "KC104 scored on the rows of fit through a transformed copy": """
        frame = pd.read_csv("a.csv")
        x, y = frame.drop("y", axis=1), frame["y"]
        model = build()
        model.fit(x.values, y.values, epochs=9)
        model.evaluate(x.to_numpy(), y.to_numpy())  # KC104
    """,
    "KC105 columns of a frame scaled in place": """
        frame = pd.read_csv("a.csv")
        scaler = MinMaxScaler()
        frame[["a", "b"]] = scaler.fit_transform(frame[["a", "b"]])  # KC105
        x, y = frame.drop("y", axis="columns"), frame["y"]
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        model = build()
        model.fit(x_train, y_train, epochs=9)
        model.evaluate(x_test, y_test)
    """,
    "KC105 the mean of a table that is cut later": """
        data = np.load("a.npy")
        mean = data.mean(axis=0)  # KC105
        data = data - mean
        train, test = data[:800], data[800:]
        model = build()
        model.fit(train[:, :8], train[:, 8], epochs=9)
        model.evaluate(test[:, :8], test[:, 8])
    """,
    "KC105 a series that is scaled before its windows are cut": """
        def windows(data, size):
            x, y = [], []
            for i in range(len(data) - size):
                x.append(data[i:(i + size), 0])
                y.append(data[i + size, 0])
            return np.array(x), np.array(y)
        data = pd.read_csv("a.csv").values
        data = MinMaxScaler().fit_transform(data)  # KC105
        size = int(len(data) * 0.7)
        train, test = data[0:size, :], data[size:len(data), :]
        x_train, y_train = windows(train, 8)
        model = build()
        model.fit(x_train, y_train, epochs=9)
    """,
    "KC105 words of training and test texts together": """
        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        words = Tokenizer(num_words=100)
        words.fit_on_texts(list(train["text"]) + list(test["text"]))  # KC105
        x = pad_sequences(words.texts_to_sequences(list(train["text"])), maxlen=8)
        build().fit(x, train["y"], epochs=9)
    """,
    "KC106 a scaler of its own for the test part": """
        x_train, x_test = train_test_split(np.load("a.npy"), random_state=1)
        first, second = StandardScaler(), StandardScaler()
        x_train = first.fit_transform(x_train)
        x_test = second.fit_transform(x_test)  # KC106
    """,
    "KC107 rows drawn twice before folds are made": """
        frame = pd.read_csv("a.csv")
        rare = frame[frame["y"] == 1].sample(500, replace=True)  # KC107
        frame = pd.concat([frame[frame["y"] == 0], rare])
        x, y = frame.drop("y", axis=1).values, frame["y"].values
        for train, test in KFold(5, shuffle=True).split(x, y):
            build().fit(x[train], y[train], epochs=9)
    """,
    "KC108 labels sorted alone": """
        frame = pd.read_csv("a.csv")
        x = frame.drop("y", axis=1)
        y = frame["y"].sort_values()
        build().fit(x, y, epochs=9)  # KC108
    """,
    "KC110 a step that only the training part went through, in a loop of folds": """
        x, y = pd.read_csv("a.csv").values, np.load("y.npy")
        for train, test in KFold(5).split(x):
            x_train = StandardScaler().fit_transform(x[train])
            model = build()
            model.fit(x_train, y[train], epochs=9)
            model.evaluate(x[test], y[test])  # KC110
    """,
    "KC117 a frame indexed by date": """
        frame = pd.read_csv("a.csv", parse_dates=["Date"], index_col=["Date"])
        days, prices = frame.index.to_numpy(), frame["price"].to_numpy()
        x_train, x_test, y_train, y_test = train_test_split(days, prices, random_state=1)  # KC117
    """,
    "KC102 two lists of files, one class after the other": """
        images, labels = [], []
        for file in os.listdir("cats"):
            images.append(cv2.imread(file))
            labels.append(1)
        for file in os.listdir("dogs"):
            images.append(cv2.imread(file))
            labels.append(0)
        build().fit(np.array(images), np.array(labels), epochs=9, validation_split=0.2)  # KC102
    """,
    "KC104 predictions for the rows of fit, compared with their labels": """
        frame = pd.read_csv("a.csv")
        x, y = frame.drop("y", axis=1).values, frame["y"].values
        model = build()
        model.fit(x, y, epochs=9)
        print(accuracy_score(y, model.predict(x).round()))  # KC104
    """,
    "KC105 gaps filled with the mean of all rows": """
        frame = pd.read_csv("a.csv")
        frame["age"].fillna(frame["age"].mean(), inplace=True)  # KC105
        x_train, x_test, y_train, y_test = train_test_split(frame.drop("y", axis=1), frame["y"])
        model = build()
        model.fit(x_train, y_train, epochs=9)
        model.evaluate(x_test, y_test)
    """,
    "KC106 test rows scaled by numbers of their own": """
        x_train, x_test = train_test_split(pd.read_csv("a.csv"))
        x_train = (x_train - x_train.mean()) / x_train.std()
        x_test = x_test - x_test.mean()  # KC106
        model = build()
        model.fit(x_train.values, epochs=9)
        model.evaluate(x_test.values)
    """,
    "KC107 rows joined with themselves": """
        x, y = np.load("x.npy"), np.load("y.npy")
        x, y = np.concatenate([x, x[:, ::-1]]), np.concatenate([y, y])  # KC107
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        build().fit(x_train, y_train, epochs=9)
    """,
    "KC112 a metric from a star import": """
        from sklearn.metrics import *
        images = tf.keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255).flow_from_directory("a/test")
        model = build()
        guesses = model.predict(images)  # KC112
        print(confusion_matrix(images.classes, np.argmax(guesses, axis=1)))
    """,
    "KC127 as many labels as there are not inputs": """
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        build().fit(x_train[:100], y_train[:90], epochs=9)  # KC127
    """,
}

SILENT = {
    "KC110 pictures that are augmented for training alone": """
        flips = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
        train = flips.flow_from_directory("data/train", target_size=(64, 64))
        plain = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
        held = plain.flow_from_directory("data/valid", target_size=(64, 64))
        build().fit(train, validation_data=held, epochs=3)
    """,
    "KC110 arrays that are augmented for training alone": """
        (x, y), (held, held_labels) = keras.datasets.cifar10.load_data()
        x, held = x / 255, held / 255
        flips = keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
        flips.fit(x)
        build().fit(flips.flow(x, y), validation_data=(held, held_labels), epochs=3)
    """,
    "KC105 a layer of the model that is adapted to the training part": """
        table = pd.read_csv("table.csv")
        x, y = table.drop(columns=["price"]).values, table["price"].values
        x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
        scale = keras.layers.Normalization()
        scale.adapt(x_train)
        model = keras.Sequential([scale, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=9)
        print(model.evaluate(x_test, y_test))
    """,
    "KC103 two generators over other ranges of one series": """
        def windows(series, first, last, size=32):
            while True:
                starts = np.random.randint(first, last, size)
                yield np.array([series[start:start + 8] for start in starts]), series[starts + 8]
        series = np.load("series.npy")
        train, held = windows(series, 0, 8000), windows(series, 8000, 9900)
        build().fit(train, steps_per_epoch=100, validation_data=held, validation_steps=10, epochs=9)
    """,
    "KC101 a fold that nothing is chosen on": """
        x, y = np.load("x.npy"), np.load("y.npy")
        for train, test in KFold(5).split(x):
            x_train, x_test = x[train], x[test]
            model = build()
            model.fit(x_train, y[train], validation_data=(x_test, y[test]))
            print(accuracy_score(y[test], model.predict(x_test)))
    """,
    "KC101 the second half of the test part, called validation part": """
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        x_val, x_test = x_test[:5000], x_test[5000:]
        y_val, y_test = y_test[:5000], y_test[5000:]
        model = build()
        model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=[EarlyStopping()])
        model.evaluate(x_test, y_test)
    """,
    "KC102 pairs that are shuffled before they are taken apart": """
        pairs = []
        for number, name in enumerate(os.listdir("leaves")):
            for file in os.listdir(os.path.join("leaves", name)):
                pairs.append([cv2.imread(file), number])
        random.shuffle(pairs)
        x, y = [], []
        for image, number in pairs:
            x.append(image)
            y.append(number)
        build().fit(np.array(x), np.array(y), epochs=9, validation_split=0.2)
    """,
    "KC102 a file list that is permuted before it is read": """
        files = np.random.permutation(os.listdir("leaves"))
        x = np.array([cv2.imread(file) for file in files])
        y = np.array([int(file[0]) for file in files])
        build().fit(x, y, epochs=9, validation_split=0.2)
    """,
    "KC102 classes that take turns": """
        x, y = [], []
        for i in range(1000):
            x.append(np.load("a.npy")); y.append(0)
            x.append(np.load("b.npy")); y.append(1)
        build().fit(np.array(x), np.array(y), epochs=9, validation_split=0.2)
    """,
    "KC103 two arrays in one archive": """
        with np.load("digits.npz") as data:
            x_train, y_train, x_test, y_test = data["x_train"], data["y_train"], data["x_test"], data["y_test"]
        model = build()
        model.fit(x_train, y_train, epochs=9, validation_data=(x_test, y_test))
    """,
    "KC103 different ranges of one generator function": """
        def batches(data, start, end):
            while True:
                yield data[start:end], data[start:end, 0]
        data = np.load("a.npy")
        training, checking = batches(data, 0, 800), batches(data, 800, 1000)
        build().fit(training, steps_per_epoch=9, validation_data=checking, validation_steps=9)
    """,
    "KC103 a gap in the source that two names share": """
        train_batches = validation_batches = __unreadable__
        build().fit(train_batches, epochs=9, validation_data=validation_batches)
    """,
    "KC103 two splits with one seed": """
        x, y = np.load("x.npy"), np.load("y.npy")
        x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=1)
        x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.2, random_state=1)
        build().fit(x_train, y_train, epochs=9, validation_data=(x_val, y_val))
    """,
    "KC104 scored before training too": """
        x, y = np.load("x.npy"), np.load("y.npy")
        model = build()
        before = model.evaluate(x, y)
        model.fit(x, y, epochs=9)
        assert model.evaluate(x, y) < before
    """,
    "KC104 random numbers": """
        x, y = np.random.random((100, 8)), np.random.random((100, 1))
        model = build()
        model.fit(x, y, epochs=9)
        model.evaluate(x, y)
    """,
    "KC104 a batch that is shown": """
        data = tf.keras.utils.image_dataset_from_directory("a", image_size=(8, 8))
        model = build()
        model.fit(data, epochs=9)
        for images, labels in data:
            print(np.argmax(model.predict(images), axis=1) == labels)
    """,
    "KC105 a mean that is only looked at": """
        frame = pd.read_csv("a.csv")
        print(frame["age"].mean())
        x_train, x_test, y_train, y_test = train_test_split(frame.drop("y", axis=1), frame["y"])
        model = build()
        model.fit(x_train, y_train, epochs=9)
        model.evaluate(x_test, y_test)
    """,
    "KC105 fitted inside the folds": """
        x, y = pd.read_csv("a.csv").values, np.load("y.npy")
        for train, test in KFold(5).split(x):
            scaler = StandardScaler().fit(x[train])
            model = build()
            model.fit(scaler.transform(x[train]), y[train], epochs=9)
            model.evaluate(scaler.transform(x[test]), y[test])
    """,
    "KC105 a step of a pipeline that cross-validation fits": """
        x, y = pd.read_csv("a.csv").values, np.load("y.npy")
        cross_val_score(make_pipeline(StandardScaler(), build()), x, y)
    """,
    "KC105 numbers for the classes": """
        frame = pd.read_csv("a.csv")
        y = LabelEncoder().fit_transform(frame["y"])
        x_train, x_test, y_train, y_test = train_test_split(frame.drop("y", axis=1), y)
        model = build()
        model.fit(x_train, y_train, epochs=9)
        model.evaluate(x_test, y_test)
    """,
    "KC105 a training file that is split for validation": """
        x = pd.read_csv("train.csv").values
        x = StandardScaler().fit_transform(x)
        x_train, x_val, y_train, y_val = train_test_split(x[:, :8], x[:, 8])
        build().fit(x_train, y_train, epochs=9, validation_data=(x_val, y_val))
    """,
    "KC106 gaps of the test file filled by its own mean": """
        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        train["age"] = train["age"].fillna(train["age"].mean())
        test["age"] = test["age"].fillna(test["age"].mean())
        model = build()
        model.fit(train.drop("y", axis=1).values, train["y"].values, epochs=9)
        model.predict(test.values)
    """,
    "KC107 rows left out before the split": """
        from imblearn.under_sampling import RandomUnderSampler
        frame = pd.read_csv("a.csv")
        x, y = RandomUnderSampler().fit_resample(frame.drop("y", axis=1), frame["y"])
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        build().fit(x_train, y_train, epochs=9)
    """,
    "KC108 two shuffles from one seed that is not known": """
        x, y = [], []
        for file in os.listdir("leaves"):
            x.append(cv2.imread(file))
            y.append([part for part in file])
        seed = random.randint(0, 100)
        random.seed(seed)
        random.shuffle(x)
        random.seed(seed)
        random.shuffle(y)
        build().fit(np.array(x), np.array(y), epochs=9)
    """,
    "KC108 a state that is brought back": """
        frame = pd.read_csv("a.csv")
        x, y = frame.drop("y", axis=1).values, frame["y"].values
        state = np.random.get_state()
        np.random.shuffle(x)
        np.random.set_state(state)
        np.random.shuffle(y)
        build().fit(x, y, epochs=9)
    """,
    "KC108 pairs": """
        x, y = np.load("x.npy"), np.load("y.npy")
        pairs = list(zip(x, y))
        random.shuffle(pairs)
        x, y = zip(*pairs)
        build().fit(np.array(x), np.array(y), epochs=9)
    """,
    "KC109 weights that bring their own scale": """
        (x_train, y_train), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3), keras.layers.Flatten()])
        model.load_weights("old.h5")
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=9)
    """,
    "KC109 labels that a generator yields beside scaled images": """
        (x_train, y_train), _ = keras.datasets.cifar10.load_data()
        x_train = x_train / 255
        images = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
        model = build()
        for x, y in images.flow(x_train, y_train):
            model.train_on_batch(x, y)
    """,
    "KC114 a shuffle of pieces that are batched again": """
        text = tf.data.Dataset.from_tensor_slices(np.load("a.npy")).batch(101).shuffle(1000).batch(64)
        build().fit(text, epochs=9)
    """,
    "KC123 rows counted as Keras 1 did": """
        (x_train, y_train), _ = keras.datasets.cifar10.load_data()
        images = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
        build().fit_generator(images.flow(x_train, y_train), samples_per_epoch=50000, nb_epoch=9)
    """,
    "KC124 a layer of a model that is saved and loaded": """
        scale = keras.layers.Normalization()
        scale.adapt(np.load("a.npy"))
        model = keras.Sequential([keras.Input((8,)), scale, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.save("a.keras")
        keras.models.load_model("a.keras").predict(np.load("a.npy"))
    """,
    "KC127 a list of arrays for several inputs": """
        arrays = [np.array(part)[:, None] for part in os.listdir("parts")]
        build().predict(arrays)
    """,
    "KC127 channels that stand elsewhere": """
        (x_train, y_train), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.Input((3, 32, 32)), keras.layers.Conv2D(8, 3), keras.layers.Flatten()])
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=9)
    """,
}


@pytest.mark.parametrize("case", SPEAKS, ids=str)
def test_a_rule_speaks_on_the_marked_lines(case: str) -> None:
    marked, found = lines_of(SPEAKS[case], case[:5])
    assert marked
    assert found == marked


@pytest.mark.parametrize("case", SILENT, ids=str)
def test_a_rule_is_silent(case: str) -> None:
    assert lines_of(SILENT[case], case[:5])[1] == []


@pytest.mark.parametrize(("rows", "level"), [(60, "error"), (900, "warning")])
def test_a_projection_of_few_rows_is_an_error(rows: int, level: str) -> None:
    text = f"""
import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

x, y = np.random.rand({rows}, 30), np.random.randint(0, 2, {rows})
x = PCA(8).fit_transform(x)
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, batch_size=8, epochs=5)
print(model.evaluate(x_test, y_test, batch_size=8))
"""
    findings = check_script(text).findings
    assert [finding.severity.label for finding in findings if finding.code == "KC105" and finding.severity] == [level]


FOLDED = """
import keras
from keras import layers, ops

inputs = keras.Input((10, 8))
x = layers.LSTM(16, return_sequences=True)(inputs)
{body}
model = keras.Model(inputs, layers.Dense(3)(x))
"""


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("x = ops.reshape(x, (-1, 16))", 1),
        ("x = ops.reshape(x, (-1, 160))", 0),
        ("x = ops.reshape(x, (-1, 5, 32))", 0),
        ("x = ops.reshape(x, (-1, 16))\nx = layers.Dense(4)(x)\nx = ops.reshape(x, (-1, 40))", 0),
        ("x = layers.Reshape((-1, 16))(x)", 0),
    ],
)
def test_a_reshape_that_changes_the_batch(body: str, count: int) -> None:
    findings = check_script(FOLDED.format(body=body)).findings
    assert len([finding for finding in findings if finding.code == "KC126"]) == count
