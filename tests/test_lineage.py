"""What is known of data when it reaches `fit`: origin, part, order, shape, range, and what it was fitted on."""

from __future__ import annotations

import textwrap

import pytest

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role, StepKind
from kerascheck.facts.events import Comparison, Fit, Fitting, Split, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN
from kerascheck.script.reader import read_script

PRELUDE = """\
import os, random
import cv2
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.model_selection import KFold, train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
frame = pd.read_csv("houses.csv")
"""


def program_of(text: str) -> TrainingProgram:
    return read_script("case.py", PRELUDE + textwrap.dedent(text)).program


def fit_of(text: str) -> Fit:
    return next(program_of(text).of(Fit))


def x_of(text: str) -> DataArray:
    """The inputs of the first fit of a case."""
    (x,) = arrays(fit_of(text).x)
    return x


DISJOINT = {
    "a cut at a name": "n = 800\ntrain, test = frame[:n], frame[n:]",
    "a cut at a share of the length": "n = int(len(frame) * 0.8)\ntrain, test = frame[0:n], frame[n:len(frame)]",
    "a cut from the end": "train, test = frame[:-100], frame[-100:]",
    "three parts": "train, between, test = frame[:800], frame[800:900], frame[900:]",
    "a sample and what it leaves": "train = frame.sample(frac=0.8)\ntest = frame.drop(train.index)",
    "a random mask and its inverse": "mask = np.random.rand(len(frame)) < 0.8\ntrain, test = frame[mask], frame[~mask]",
    "permuted positions": "i = np.random.permutation(len(frame))\ntrain, test = frame.iloc[i[:800]], frame.iloc[i[800:]]",
    "positions that are split": "a, b = train_test_split(np.arange(len(frame)))\ntrain, test = frame.iloc[a], frame.iloc[b]",
    "a split": "train, test = train_test_split(frame, random_state=1)",
    "a second split of the first part": """
        rest, test = train_test_split(frame, test_size=0.2, random_state=1)
        train, val = train_test_split(rest, test_size=0.2, random_state=1)
    """,
    "folds of a module whose names are all imported": """
        from sklearn.model_selection import *
        for a, b in StratifiedKFold(5).split(frame, frame["price"]):
            train, test = frame.iloc[a], frame.iloc[b]
    """,
    "folds": "for a, b in KFold(5).split(frame):\n    train, test = frame.iloc[a], frame.iloc[b]",
    "take and skip": """
        rows = tf.data.Dataset.from_tensor_slices(frame)
        train, test = rows.skip(100).batch(8), rows.take(100).batch(8)
    """,
    "subsets of a folder": """
        train = keras.utils.image_dataset_from_directory("a", validation_split=0.2, subset="training", seed=1)
        test = keras.utils.image_dataset_from_directory("a", validation_split=0.2, subset="validation", seed=1)
    """,
    "a list of pairs that is shuffled and cut": """
        pairs = []
        for name in os.listdir("a"):
            pairs.append((cv2.imread(name), name))
        random.shuffle(pairs)
        n = len(pairs) // 2
        train, test = np.array([p[0] for p in pairs[:n]]), np.array([p[0] for p in pairs[n:]])
    """,
}


@pytest.mark.parametrize("case", DISJOINT, ids=str)
def test_parts_are_known_to_share_no_row(case: str) -> None:
    lines = textwrap.dedent(DISJOINT[case]) + "\nmodel.fit(train, validation_data=test)\n"
    fit = fit_of(lines)
    (train,), (test,) = arrays(fit.x), arrays(fit.validation_x)
    assert train.disjoint(test)
    assert not train.holds(test)


UNRELATED = {
    "two files": 'train, test = pd.read_csv("a.csv"), pd.read_csv("b.csv")',
    "rows drawn with replacement": "train, test = frame.sample(100, replace=True), frame.sample(100, replace=True)",
    "windows of unknown ranges": """
        def cut(start, end):
            found = []
            for i in range(start, end):
                found.append(frame[i : i + 10])
            return np.array(found)
        train, test = cut(0, 800), cut(800, 1000)
    """,
    "a dataset that is shuffled anew": """
        rows = tf.data.Dataset.from_tensor_slices(frame).shuffle(100)
        train, test = rows.skip(100), rows.skip(50)
    """,
}


@pytest.mark.parametrize("case", UNRELATED, ids=str)
def test_nothing_is_claimed_of_rows_that_may_overlap(case: str) -> None:
    fit = fit_of(textwrap.dedent(UNRELATED[case]) + "\nmodel.fit(train, validation_data=test)\n")
    (train,), (test,) = arrays(fit.x), arrays(fit.validation_x)
    assert not train.disjoint(test)
    assert not train.holds(test)
    assert not test.holds(train)


ORDERS = {
    "a file": ("x = frame", Order.AS_LOADED),
    "a column of a file": ('x = frame["a"].values', Order.AS_LOADED),
    "a shuffled file": ("x = frame.sample(frac=1)", Order.SHUFFLED),
    "a permuted array": ("x = np.random.permutation(frame)", Order.SHUFFLED),
    "an array shuffled in place": ("x = frame.values\nnp.random.shuffle(x)", Order.SHUFFLED),
    "a generator's permutation": (
        "i = np.random.default_rng(1).permutation(len(frame))\nx = frame.values[i]",
        Order.SHUFFLED,
    ),
    "a data set that ships shuffled": ("(x, y), _ = keras.datasets.mnist.load_data()", Order.SHUFFLED),
    "a sorted file": ('x = frame.sort_values("price")', Order.SORTED),
    "a file sorted by date": ('x = frame.sort_values("date")', Order.TEMPORAL),
    "blocks of constants": ("x = np.concatenate([np.zeros(100), np.ones(100)])", Order.SORTED),
    "lists of one value": ("x = [0] * 100 + [1] * 100", Order.SORTED),
    "steps between numbers": ("x = np.linspace(0, 1, 100)", Order.SORTED),
    "a comprehension over a shuffled list": (
        'names = os.listdir("a")\nrandom.shuffle(names)\nx = np.array([cv2.imread(n) for n in names])',
        Order.SHUFFLED,
    ),
    "a function that is not known": ("import elsewhere\nx = frame\nelsewhere.mix(x)", Order.UNKNOWN),
}


@pytest.mark.parametrize("case", ORDERS, ids=str)
def test_the_order_of_rows_is_known(case: str) -> None:
    text, order = ORDERS[case]
    assert x_of(f"{text}\nmodel.fit(x, epochs=2)\n").order is order


SHAPES = {
    "columns by name": ('x = frame[["a", "b"]]', (UNKNOWN, 2)),
    "columns by position": ("x = frame.iloc[:, 3:13].values", (UNKNOWN, 10)),
    "one column": ('x = frame["a"]', (UNKNOWN,)),
    "one column by position": ("x = frame.values[:, 3]", (UNKNOWN,)),
    "a slice of a known set": ("(x, y), _ = keras.datasets.mnist.load_data()\nx = x[:1000]", (1000, 28, 28)),
    "a new axis": ("(x, y), _ = keras.datasets.mnist.load_data()\nx = x[..., np.newaxis]", (60000, 28, 28, 1)),
    "a reshape with -1": ("(x, y), _ = keras.datasets.mnist.load_data()\nx = x.reshape(-1, 784)", (60000, 784)),
    "a reshape by the length": (
        "(x, y), _ = keras.datasets.mnist.load_data()\nx = x.reshape((len(x), 28 * 28))",
        (60000, 784),
    ),
    "padded sequences": (
        'words = Tokenizer(100)\nx = pad_sequences(words.texts_to_sequences(frame["a"]), maxlen=20)',
        (UNKNOWN, 20),
    ),
    "images read in a loop": (
        'x = []\nfor name in os.listdir("a"):\n    x.append(cv2.resize(cv2.imread(name), (64, 48)))\nx = np.array(x)',
        (UNKNOWN, 48, 64, 3),
    ),
    "joined rows": (
        "(x, y), (z, w) = keras.datasets.mnist.load_data()\nx = np.concatenate([x, z])",
        (70000, 28, 28),
    ),
}


@pytest.mark.parametrize("case", SHAPES, ids=str)
def test_the_shape_is_known(case: str) -> None:
    text, shape = SHAPES[case]
    assert x_of(f"{text}\nmodel.fit(x, epochs=2)\n").shape == shape


RANGES = {
    "bytes": ("", (0, 255)),
    "divided": ("x = x.astype('float32') / 255", (0, 1)),
    "divided in place": ("x = x.astype('float32')\nx /= 255.0", (0, 1)),
    "centred": ("x = (x - 127.5) / 127.5", (-1, 1)),
    "divided by the largest": ("x = x / x.max()", (0, 1)),
    "written over": ("x[0] = 7", (UNKNOWN, UNKNOWN)),
    "scaled by a step": ("x = StandardScaler().fit_transform(x)", (UNKNOWN, UNKNOWN)),
}


@pytest.mark.parametrize("case", RANGES, ids=str)
def test_the_range_of_values_is_known(case: str) -> None:
    text, (low, high) = RANGES[case]
    x = x_of(f"(x, y), _ = keras.datasets.mnist.load_data()\n{text}\nmodel.fit(x, epochs=2)\n")
    assert (x.minimum, x.maximum) == (low, high)


ROLES = {
    "a file of that name": ('x = pd.read_csv("data/test.csv")', Role.TEST),
    "a folder of that name": ('x = [cv2.imread(n) for n in os.listdir("data/train")]\nx = np.array(x)', Role.TRAIN),
    "the second half of a data set": ("_, (x, y) = keras.datasets.mnist.load_data()", Role.TEST),
    "a cut that is named": ("x_test = frame[800:]\nx = x_test", Role.TEST),
    "a name alone": ("import elsewhere\nx_test = elsewhere.read()\nx = x_test", Role.UNKNOWN),
    "a subset of a folder": (
        'x = keras.utils.image_dataset_from_directory("a", validation_split=0.2, subset="validation", seed=1)',
        Role.VALIDATION,
    ),
}


@pytest.mark.parametrize("case", ROLES, ids=str)
def test_the_part_is_proven_by_the_lineage(case: str) -> None:
    text, role = ROLES[case]
    assert x_of(f"{text}\nmodel.fit(x, epochs=2)\n").role is role


def test_a_scaler_is_known_on_the_values_that_it_made() -> None:
    program = program_of("""
        scaler = StandardScaler()
        x = scaler.fit_transform(frame)
        train, test = train_test_split(x)
        model.fit(train, validation_data=test)
    """)
    (fitting,), (fit,) = program.of(Fitting), program.of(Fit)
    (train,), (test,) = arrays(fit.x), arrays(fit.validation_x)
    assert fitting.transformer == "StandardScaler"
    assert train.passed(fitting.key)
    assert test.passed(fitting.key)


def test_a_pipeline_is_fitted_step_by_step() -> None:
    program = program_of("""
        from sklearn.decomposition import PCA
        from sklearn.pipeline import Pipeline
        steps = Pipeline([("scale", StandardScaler()), ("reduce", PCA(5))])
        x = steps.fit_transform(frame)
        model.fit(x, epochs=2)
    """)
    assert {fitting.transformer for fitting in program.of(Fitting)} == {"StandardScaler", "PCA"}


def test_the_sides_of_a_cut_are_one_split() -> None:
    program = program_of("""
        x, y = frame.values, frame["price"].values
        x_train, x_test, y_train, y_test = x[:800], x[800:], y[:800], y[800:]
        model.fit(x_train, y_train)
    """)
    (split,) = program.of(Split)
    assert split.divides
    assert len(split.inputs) == 2
    assert len(split.outputs) == 4


def test_windows_of_a_series_follow_each_other_in_time() -> None:
    x = x_of("""
        series, windows = frame["price"].values, []
        for i in range(len(series) - 10):
            windows.append(series[i : i + 10])
        model.fit(np.array(windows), epochs=2)
    """)
    assert x.order is Order.TEMPORAL
    assert x.step(StepKind.WINDOWED) is not None


def test_a_generator_of_images_says_what_it_yields() -> None:
    x = x_of("""
        images = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
        model.fit(images.flow_from_directory("a", target_size=(64, 64), class_mode="binary"), epochs=2)
    """)
    pixels, labels = x.elements
    assert x.kind is DataKind.GENERATOR
    assert x.step(StepKind.AUGMENTED) is not None
    assert (pixels.shape, pixels.minimum, pixels.maximum) == ((UNKNOWN, 64, 64, 3), 0, 1)
    assert labels.encoding is Encoding.INTEGER


def test_files_that_a_dataset_maps_to_pictures_hold_bytes() -> None:
    x = x_of(
        """
        def load(path):
            picture = tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), [64, 64])
            return picture, tf.strings.split(path, "/")[-2] == "cat"
        model.fit(tf.data.Dataset.list_files("pictures/*/*.jpg").map(load).batch(8))
        """
    )
    assert (x.elements[0].shape[1:], x.elements[0].minimum, x.elements[0].maximum) == ((64, 64, 3), 0, 255)  # pyright: ignore[reportIndexIssue]


@pytest.mark.parametrize(
    ("values", "facts"),
    [
        ("1.0, 0.0", ((60000, 28, 28), 0.0, 1.0, "float64")),
        ("1, -1", ((60000, 28, 28), -1, 1, "int64")),
        ("x, 0", (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_a_value_chosen_by_a_condition_has_the_rows_that_it_asks_about(values: str, facts: tuple[object, ...]) -> None:
    found = x_of(f"(x, y), _ = keras.datasets.mnist.load_data()\nmodel.fit(np.where(x > 127, {values}), y)")
    assert (found.shape, found.minimum, found.maximum, found.dtype) == facts
    assert (found.role, found.order) == (Role.TRAIN, Order.SHUFFLED)


def test_a_function_that_a_dataset_maps_is_followed() -> None:
    x = x_of("""
        (images, labels), _ = keras.datasets.mnist.load_data()

        def prepare(image, label):
            image = tf.cast(image, "float32") / 255
            return tf.image.random_flip_left_right(image), tf.one_hot(label, 10)

        model.fit(tf.data.Dataset.from_tensor_slices((images, labels)).map(prepare).batch(32), epochs=2)
    """)
    pixels, labels = x.elements
    assert (pixels.minimum, pixels.maximum) == (0, 1)
    assert labels.encoding is Encoding.ONE_HOT
    assert x.step(StepKind.AUGMENTED) is not None


def test_predictions_remember_the_rows_they_are_for() -> None:
    program = program_of("""
        from sklearn.metrics import accuracy_score
        train, test = train_test_split(frame)
        model.fit(train, epochs=2)
        guesses = np.argmax(model.predict(test), axis=1)
        accuracy_score(test["kind"], guesses)
    """)
    (comparison,) = program.of(Comparison)
    truth, guess = comparison.arrays
    assert truth.prediction is None
    assert guess.prediction is not None


def test_branches_keep_what_both_did_to_the_data() -> None:
    x = x_of("""
        import elsewhere
        (x, y), _ = keras.datasets.mnist.load_data()
        if elsewhere.flat:
            x = x.reshape(-1, 784) / 255
        else:
            x = x.reshape(-1, 28, 28, 1) / 255
        model.fit(x, epochs=2)
    """)
    assert (x.minimum, x.maximum) == (0, 1)
    assert x.role is Role.TRAIN


def test_an_empty_index_gives_the_array_itself() -> None:
    text = "import keras\nimport numpy as np\nx = np.zeros((6, 3))\ny = x[()]\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.fit(y, y)\n"
    (fit,) = read_script("train.py", text).program.of(Fit)
    assert isinstance(fit.x, DataArray)
    assert fit.x.shape == (6, 3)


@pytest.mark.parametrize(
    ("loop", "shape"),
    [
        ("for i in range(5):\n    row = x[i]", (3,)),
        ("for i, name in enumerate(names):\n    row = x[i]", (3,)),
        ("for rows, others in KFold(5).split(x):\n    row = x[rows]", None),
        ("for rows in batches:\n    row = x[rows]", None),
    ],
)
def test_what_a_loop_picks_loses_the_axis_of_rows_only_where_it_counts(
    loop: str, shape: tuple[int, ...] | None
) -> None:
    text = (
        "import keras\nimport numpy as np\nfrom sklearn.model_selection import KFold\n"
        f"x = np.zeros((6, 3))\n{loop}\n    keras.Sequential([keras.layers.Dense(1)]).fit(row, row)\n"
    )
    found = {fit.x.shape for fit in read_script("train.py", text).program.of(Fit) if isinstance(fit.x, DataArray)}
    assert found
    assert all(each is UNKNOWN if shape is None else each == shape for each in found) or (
        shape is None and all(each is not UNKNOWN and len(each) == 2 for each in found)
    )


def test_a_column_can_be_read_as_an_attribute_of_a_frame() -> None:
    text = (
        "import keras\nimport pandas as pd\nframe = pd.read_csv('reviews.csv')\n"
        "keras.Sequential([keras.layers.Dense(1)]).fit(frame.text, frame.score)\n"
    )
    (fit,) = read_script("train.py", text).program.of(Fit)
    assert isinstance(fit.x, DataArray) and isinstance(fit.y, DataArray)
    assert (fit.x.columns, fit.y.columns) == (("text",), ("score",))
    assert fit.x.rows is not None and fit.y.rows is not None
    assert fit.x.rows.source == fit.y.rows.source
