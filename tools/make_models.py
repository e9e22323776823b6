"""Writes the model fixtures with real Keras: Keras 3 by keras, Keras 2 by tf-keras.

    python tools/make_models.py [NAME ...]

Every model is seeded and saved untrained into fixtures/models, with `expected.json` beside them: what Keras itself says
of the layers, shapes and parameters. Dates are set to one day, so that a second run gives the same files but for what
a newer Keras writes otherwise.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with contextlib.redirect_stderr(io.StringIO()):
    import h5py
    import keras
    import numpy as np
    import tensorflow as tf
    import tf_keras

FOLDER = Path(__file__).parent.parent / "fixtures" / "models"
EXPECTED = FOLDER / "expected.json"
SAVED_ON = "2026-01-01@00:00:00"
POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345678
"""

RECIPES: dict[str, Callable] = {}


def recipe(function):
    """A function of a Keras module that gives a model; it is written once for each generation that it names."""
    RECIPES[function.__name__] = function
    return function


@recipe
def pitfalls(k):
    """Normalizes over image rows, drops single elements of feature maps, and is always certain of its answer."""
    layers = k.layers
    model = k.Sequential(name="pitfalls")
    model.add(k.Input((16, 16, 3)))
    model.add(layers.Conv2D(8, 3, padding="same"))
    model.add(layers.BatchNormalization(axis=1))
    model.add(layers.Activation("relu"))
    model.add(layers.Dropout(0.6))
    model.add(layers.MaxPooling2D())
    model.add(layers.Conv2D(8, 3, activation="relu"))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(1, activation="softmax"))
    model.compile(optimizer=k.optimizers.SGD(0.0), loss="binary_crossentropy", metrics=["accuracy"])
    return model


@recipe
def missing_regularization(k):
    """Far more weights than such images need, and nothing that keeps them in bounds."""
    layers = k.layers
    inputs = k.Input((16, 16, 3))
    x = layers.Conv2D(16, 3, activation="relu")(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, activation="relu")(x)
    x = layers.Dense(256, activation="relu")(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    model = k.Model(inputs, outputs, name="wide")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@recipe
def good_cnn(k):
    """A classifier with nothing to say about but the state of its optimizer."""
    layers, l2 = k.layers, k.regularizers.L2(1e-4)
    model = k.Sequential(name="good_cnn")
    model.add(k.Input((16, 16, 3)))
    model.add(layers.Rescaling(1 / 255))
    for filters in (4, 8):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_regularizer=l2))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(4, activation="softmax"))
    model.compile(
        optimizer=k.optimizers.Adam(5e-4),
        loss=k.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


@recipe
def good_channels_first(k):
    """A functional model of the other data format, normalized on its channels."""
    layers = k.layers
    inputs = k.Input((3, 12, 12))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, data_format="channels_first")(inputs)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.ReLU()(x)
    x = layers.AveragePooling2D(2, data_format="channels_first")(x)
    x = layers.GlobalMaxPooling2D(data_format="channels_first")(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    model = k.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


@recipe
def several_inputs_and_outputs(k):
    """Masks, two inputs and outputs, losses by name, a schedule."""
    layers = k.layers
    words = k.Input((7,), name="words", dtype="int32")
    numbers = k.Input((3,), name="numbers")
    x = layers.Embedding(20, 4, mask_zero=True)(words)
    x = layers.LSTM(5, return_sequences=True)(x)
    x = layers.LSTM(4)(x)
    y = layers.Dense(4, activation="relu")(numbers)
    x = layers.Concatenate()([x, y])
    label = layers.Dense(3, name="label")(x)
    price = layers.Dense(1, name="price")(layers.Add()([y, layers.Dense(4)(x)]))
    model = k.Model([words, numbers], [label, price])
    schedule = k.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    model.compile(
        optimizer=k.optimizers.Nadam(0.002) if k is tf_keras else k.optimizers.SGD(schedule, momentum=0.9),
        loss={"label": k.losses.SparseCategoricalCrossentropy(from_logits=True), "price": "mse"},
        loss_weights={"label": 1.0, "price": 0.5},
        metrics={"label": ["accuracy"], "price": ["mae"]},
    )
    return model


@recipe
def shared_and_nested(k):
    """A branch used twice, a shared layer, a model in a model in a model, operators."""
    layers = k.layers
    core = k.Sequential([k.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(4)], name="core")
    inside = k.Input((6,))
    branch = k.Model(inside, layers.LayerNormalization()(core(inside)), name="branch")
    left, right = k.Input((6,)), k.Input((6,))
    shared = layers.Dense(3, name="shared")
    a, b = shared(branch(left)), shared(branch(right))
    distance = (a - b) ** 2 * 0.5
    outputs = layers.Dense(1, activation="sigmoid")(layers.Concatenate()([distance, a * b]))
    model = k.Model([left, right], outputs)
    model.compile(optimizer="rmsprop", loss="binary_crossentropy")
    return model


@recipe
def wrapped(k):
    """Wrappers, cells, attention, states."""
    layers = k.layers
    frames = k.Input((5, 8, 8, 1))
    eye = k.Sequential([k.Input((8, 8, 1)), layers.Conv2D(3, 3, strides=2), layers.Flatten()], name="eye")
    x = layers.TimeDistributed(eye)(frames)
    x = layers.TimeDistributed(layers.Dense(6, activation="relu"))(x)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    x, state, memory = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    x = layers.LSTM(4, return_sequences=True)(x, initial_state=[state, memory])
    x = layers.RNN(layers.LSTMCell(3))(x)
    # That of tf-keras 2.21 cannot be built.
    x = layers.SpectralNormalization(layers.Dense(2))(x) if k is keras else layers.Dense(2)(x)
    return k.Model(frames, [x, memory])


@recipe
def preprocessing(k):
    """Text, categories and images made ready inside the model."""
    layers = k.layers
    text = k.Input((1,), dtype="string", name="text")
    x = layers.TextVectorization(vocabulary=["good", "bad", "fair"], output_sequence_length=6)(text)
    x = layers.Embedding(5, 3)(x)
    x = layers.GlobalAveragePooling1D()(x)
    kind = k.Input((1,), dtype="string", name="kind")
    y = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(kind)
    image = k.Input((20, 20, 3), name="image")
    z = layers.Resizing(8, 8)(image)
    z = layers.RandomFlip("horizontal")(z)
    z = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 1.0, 2.0])(z)
    z = layers.Conv2D(2, 3)(z)
    z = layers.GlobalMaxPooling2D()(z)
    outputs = layers.Dense(2, activation="softmax")(layers.Concatenate()([x, y, z]))
    return k.Model([text, kind, image], outputs)


@recipe
def custom(k):
    """A user's layer, a Lambda, functions of TensorFlow or of keras.ops on tensors, a user's loss and activation."""
    register = k.saving.register_keras_serializable

    @register(package="Fixture")
    class Scale(k.layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.kernel = self.add_weight(name="kernel", shape=(int(input_shape[-1]), self.units))

        def call(self, inputs):
            return tf.matmul(inputs, self.kernel)

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], self.units)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    @register(package="Fixture")
    def steep(x):
        return x * 2

    @register(package="Fixture")
    def distance(true, predicted):
        return abs(true - predicted)

    inputs = k.Input((6,))
    x = Scale(4)(inputs)
    # Its bytecode carries the name of the file that it was compiled from.
    triple = eval(compile("lambda t: t * 3", "custom.py", "eval"))
    x = k.layers.Lambda(triple, output_shape=(4,))(x)
    x = k.layers.Dense(4, activation=steep)(x)
    if k is keras:
        x = k.ops.reshape(x, (-1, 2, 2))
        x = k.ops.mean(x[:, 0], axis=-1, keepdims=True)
    else:
        x = tf.reshape(x, (-1, 2, 2))
        x = tf.reduce_mean(x[:, 0], axis=-1, keepdims=True)
    outputs = k.layers.Dense(1)(2 - x)
    model = k.Model(inputs, outputs)
    model.compile(optimizer="adam", loss=distance, metrics=["mae"])
    return model


@recipe
def subclassed(k):
    """A model whose layers no file lists."""

    @k.saving.register_keras_serializable(package="Fixture")
    class Pair(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = k.layers.Dense(3)
            self.second = k.layers.Dense(2)

        def call(self, inputs):
            return self.second(self.first(inputs))

    model = Pair()
    model(np.zeros((1, 4), "float32"))
    return model


@recipe
def half_precision(k):
    """A mixed precision policy."""
    policy = "mixed_float16"
    layers = k.layers
    inputs = k.Input((6,))
    x = layers.Dense(4, activation="relu", dtype=policy)(inputs)
    outputs = layers.Dense(2, activation="softmax", dtype=policy)(x)
    model = k.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


@recipe
def base_of_any_size(k):
    """A base that takes images of any size, called on images of one."""
    layers = k.layers
    images = k.Input((None, None, 3))
    x = layers.Conv2D(3, 3, strides=2, activation="relu")(images)
    base = k.Model(images, layers.MaxPooling2D()(x), name="base")
    inputs = k.Input((20, 20, 3))
    x = layers.Flatten()(base(inputs))
    model = k.Model(inputs, layers.Dense(2, activation="softmax")(layers.Dropout(0.5)(x)))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


@recipe
def built_by_data(k):
    """A Sequential that nobody told its input shape."""
    model = k.Sequential([k.layers.Dense(3, activation="relu"), k.layers.Dense(2)])
    model(np.zeros((4, 5), "float32"))
    return model


FILES: tuple[tuple[str, str, str], ...] = (
    ("pitfalls.keras", "pitfalls", "keras"),
    ("pitfalls.h5", "pitfalls", "keras"),
    ("pitfalls_keras2.h5", "pitfalls", "tf_keras"),
    ("missing_regularization.keras", "missing_regularization", "keras"),
    ("missing_regularization.h5", "missing_regularization", "keras"),
    ("good_cnn.keras", "good_cnn", "keras"),
    ("good_cnn.h5", "good_cnn", "keras"),
    ("good_cnn_keras2.h5", "good_cnn", "tf_keras"),
    ("good_channels_first.keras", "good_channels_first", "keras"),
    ("good_channels_first_keras2.keras", "good_channels_first", "tf_keras"),
    ("several_inputs_and_outputs.keras", "several_inputs_and_outputs", "keras"),
    ("several_inputs_and_outputs.h5", "several_inputs_and_outputs", "keras"),
    ("several_inputs_and_outputs_keras2.h5", "several_inputs_and_outputs", "tf_keras"),
    ("shared_and_nested.keras", "shared_and_nested", "keras"),
    ("shared_and_nested.h5", "shared_and_nested", "keras"),
    ("shared_and_nested_keras2.h5", "shared_and_nested", "tf_keras"),
    ("shared_and_nested_keras2.keras", "shared_and_nested", "tf_keras"),
    ("wrapped.keras", "wrapped", "keras"),
    ("wrapped_keras2.h5", "wrapped", "tf_keras"),
    ("preprocessing.keras", "preprocessing", "keras"),
    ("preprocessing_keras2.keras", "preprocessing", "tf_keras"),
    ("custom.keras", "custom", "keras"),
    ("custom_keras2.h5", "custom", "tf_keras"),
    ("subclassed.keras", "subclassed", "keras"),
    ("half_precision.keras", "half_precision", "keras"),
    ("half_precision_keras2.h5", "half_precision", "tf_keras"),
    ("built_by_data.keras", "built_by_data", "keras"),
    ("built_by_data_keras2.h5", "built_by_data", "tf_keras"),
    ("base_of_any_size.keras", "base_of_any_size", "keras"),
    ("base_of_any_size_keras2.h5", "base_of_any_size", "tf_keras"),
    ("architecture.json", "shared_and_nested", "keras"),
    ("architecture_keras2.json", "several_inputs_and_outputs", "tf_keras"),
    ("built_by_data_keras2.saved_model", "built_by_data", "tf_keras"),
    ("subclassed_keras2.saved_model", "subclassed", "tf_keras"),
    ("shared_and_nested_keras_metadata.pb", "shared_and_nested", "tf_keras"),
    ("built_by_data.exported", "built_by_data", "keras"),
    ("good_cnn.weights.h5", "good_cnn", "keras"),
    ("good_cnn_keras2_weights.h5", "good_cnn", "tf_keras"),
)
REPACKED = ("missing_regularization",)


def shapes_of(value):
    """Output shapes as lists; several outputs give several."""
    return [list(tensor.shape) for tensor in (value if isinstance(value, (list, tuple)) else [value])]


def describe(model):
    """What Keras says of a model, as far as it has a graph."""
    described = {"name": model.name, "parameters": int(model.count_params())}
    graph = getattr(model, "_functional", None) or model
    by_depth = getattr(graph, "_nodes_by_depth", None)
    if not by_depth:
        return described
    shapes = {}
    for node in (node for depth in by_depth.values() for node in depth):
        layer = node.operation if hasattr(node, "operation") else node.layer
        shapes[layer.name] = shapes_of(node.output_tensors if hasattr(node, "output_tensors") else node.outputs)
    layers = {layer.name: layer for layer in model.layers}
    described["layers"] = [
        {
            "name": name,
            "class": type(layers[name]).__name__ if name in layers else "operation",
            "shapes": found,
            "parameters": int(layers[name].count_params()) if name in layers else 0,
        }
        for name, found in sorted(shapes.items())
    ]
    described["inputs"] = shapes_of(model.inputs)
    described["outputs"] = shapes_of(model.outputs)
    return described


def save(model, path):
    match path.name:
        case name if name.endswith(".json"):
            path.write_text(model.to_json())
        case name if "weights" in name:
            model.save_weights(path)
        case name if name.endswith(".exported"):
            model.export(path)
        case name if name.endswith(".saved_model"):
            model.save(path, save_format="tf")
        case name if name.endswith(".pb"):
            # The configuration alone; the graph of operations beside it would be large.
            with tempfile.TemporaryDirectory() as folder:
                model.save(folder, save_format="tf")
                shutil.copy(Path(folder) / "keras_metadata.pb", path)
        case _:
            model.save(path)


def train(model):
    """A few steps on noise: no weight stays as it was drawn."""
    rng = np.random.default_rng(5)
    shape = [size or 8 for size in model.inputs[0].shape]
    labels = rng.integers(0, max(model.output_shape[-1], 2), (8, 1))
    for _ in range(3):
        model.train_on_batch(rng.random(shape).astype("float32"), labels)


def with_pattern(model):
    """Weights that compress to nearly nothing: a short random pattern over and over."""
    pattern = np.random.default_rng(7).normal(0, 0.05, 509).astype("float32")
    model.set_weights([np.resize(pattern, weight.shape) for weight in model.get_weights()])


def settle(path, *, compress):
    """Set the dates of an archive to one day; compress what would be large."""
    if path.suffix == ".h5":
        if compress:
            compress_h5(path)
        return
    if path.suffix != ".keras":
        return
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            if name == "metadata.json":
                data = json.dumps({**json.loads(data), "date_saved": SAVED_ON}).encode()
            archive.writestr(zipfile.ZipInfo(name), data, method)


def compress_h5(path):
    """The same file with its larger data sets compressed, which every Keras reads."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / path.name
        with h5py.File(path) as source, h5py.File(packed, "w") as target:
            target.attrs.update(source.attrs)

            def copy(name, item):
                if isinstance(item, h5py.Group):
                    target.require_group(name).attrs.update(item.attrs)
                elif item.size > 1000:
                    target.create_dataset(
                        name, data=item[()], chunks=item.shape, compression="gzip", compression_opts=9
                    )
                else:
                    source.copy(item, target, name)

            source.visititems(copy)
        shutil.move(packed, path)


def write(name, recipe_name, generation):
    k = {"keras": keras, "tf_keras": tf_keras}[generation]
    k.backend.clear_session()
    k.utils.set_random_seed(20)
    model = RECIPES[recipe_name](k)
    compress = recipe_name in REPACKED
    if compress:
        with_pattern(model)
    if recipe_name.startswith("good_"):
        train(model)
    path = FOLDER / name
    save(model, path)
    settle(path, compress=compress)
    return {"generation": generation, "keras_version": k.__version__, **describe(model)}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    for name, recipe_name, generation in FILES:
        if not sys.argv[1:] or name in sys.argv[1:]:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                expected[name] = write(name, recipe_name, generation)
    (FOLDER / "pointer.h5").write_text(POINTER)
    EXPECTED.write_text(json.dumps(dict(sorted(expected.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
