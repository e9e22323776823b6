"""Sound code of manners that are met in the wild, on which a rule has to stay silent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from kerascheck import Config
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
