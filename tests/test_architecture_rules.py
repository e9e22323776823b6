"""What the architecture rules speak of, and above all where they stay silent: one case a line of a table."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from rule_examples import marks

from kerascheck import check_model, check_script

PRELUDE = """\
import keras
from keras import Input, Model, Sequential, layers
from keras.layers import *
"""


def lines_of(text: str, code: str) -> tuple[list[int], list[int]]:
    """The lines that a case marks with a code, and those on which it is found."""
    source = PRELUDE + textwrap.dedent(text)
    report = check_script(source)
    assert not report.fault
    marked = [number for number, found in marks(source.splitlines()) if found == code]
    return marked, sorted({finding.location.line for finding in report.findings if finding.code == code})


AXIS_FOUND = {
    "rows behind pooling, activation, dropout and padding": """
        x = i = Input((32, 32, 3))
        x = Conv2D(8, 3)(x)
        x = LeakyReLU()(Dropout(0.1)(ZeroPadding2D()(MaxPooling2D()(x))))
        x = BatchNormalization(axis=1)(x)  # KC201
        Model(i, x)
    """,
    "the default axis behind channels_first": """
        Sequential([
            Input((3, 32, 32)),
            Conv2D(8, 3, data_format="channels_first"),
            BatchNormalization(),  # KC201
        ])
    """,
    "axis 3 behind channels_first": """
        Sequential([
            Input((3, 32, 32)),
            Conv2D(8, 3, data_format="channels_first"),
            BatchNormalization(axis=3),  # KC201
        ])
    """,
    "volumes": """
        Sequential([Input((8, 8, 8, 1)), Conv3D(4, 3), BatchNormalization(axis=1)])  # KC201
    """,
    "a merge of feature maps": """
        i = Input((32, 32, 3))
        a, b = Conv2D(8, 1)(i), Conv2D(8, 1)(i)
        x = Concatenate()([a, b])
        x = BatchNormalization(axis=1)(x)  # KC201
        x = Add()([x, Conv2D(16, 1)(i)])
        x = UpSampling2D()(x)
        x = BatchNormalization(axis=2)(x)  # KC201
        Model(i, x)
    """,
    "maps turned to the other data format": """
        i = Input((32, 32, 3))
        x = Permute((3, 1, 2))(Conv2D(8, 3)(i))
        Model(i, BatchNormalization()(x))  # KC201
    """,
    "maps whose places are put in one row": """
        i = Input((32, 32, 3))
        x = Reshape((-1, 8))(Conv2D(8, 3)(i))
        Model(i, BatchNormalization(axis=1)(x))  # KC201
    """,
    "a list of axes without the channels": """
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), BatchNormalization(axis=[1, 2])])  # KC201
    """,
    "the batch axis": """
        Sequential([Input((32,)), Dense(8), BatchNormalization(axis=0)])  # KC201
    """,
    "one step of a sequence of images": """
        Sequential([Input((5, 32, 32, 3)), TimeDistributed(Conv2D(8, 3)), BatchNormalization(axis=1)])  # KC201
    """,
    "the data format that the program sets": """
        from keras import backend as K
        K.set_image_data_format("channels_first")
        Sequential([Input((3, 32, 32)), Conv2D(8, 3), BatchNormalization()])  # KC201
    """,
    "steps of a sequence of features": """
        Sequential([Input((20, 4)), LSTM(8, return_sequences=True), BatchNormalization(axis=1)])  # KC201
    """,
    "no shape known at all": """
        Sequential([Conv2D(8, 3), MaxPooling2D(), BatchNormalization(axis=1)])  # KC201
    """,
    "Keras 1 with the default axis": """
        Sequential([
            Convolution2D(8, 3, 3, dim_ordering="th", input_shape=(3, 32, 32)),
            BatchNormalization(mode=2),  # KC201
        ])
    """,
    "a nested model": """
        inner = Sequential([Input((32, 32, 3)), Conv2D(8, 3)])
        i = Input((32, 32, 3))
        Model(i, BatchNormalization(axis=1)(inner(i)))  # KC201
    """,
    "behind operators": """
        i = Input((32, 32, 3))
        a = Conv2D(8, 3, padding="same")(i)
        b = Conv2D(8, 1)(i)
        Model(i, BatchNormalization(axis=1)(a + b))  # KC201
    """,
}

AXIS_SILENT = {
    "axis 3 and -1 of channels_last": """
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), BatchNormalization(axis=3), BatchNormalization(axis=-1)])
    """,
    "axis 1 of channels_first": """
        Sequential([Input((3, 32, 32)), Conv2D(8, 3, data_format="channels_first"), BatchNormalization(axis=1)])
    """,
    "axis 1 behind Dense and Flatten": """
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), Flatten(), BatchNormalization(axis=1),
                    Dense(8), BatchNormalization(axis=1), BatchNormalization(axis=-1)])
    """,
    "axis 1 behind global pooling": """
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), GlobalAveragePooling2D(), BatchNormalization(axis=1)])
    """,
    "an input that is normalized along another axis": """
        Sequential([Input((96, 1366, 1)), BatchNormalization(axis=1), Conv2D(8, 3)])
    """,
    "a list with the channels": """
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), BatchNormalization(axis=[-1]), BatchNormalization(axis=[1, 2, 3])])
    """,
    "Keras 1's sample-wise mode": """
        Sequential([Convolution2D(8, 3, 3, dim_ordering="tf", input_shape=(32, 32, 3)), BatchNormalization(mode=1, axis=1)])
    """,
    "a step's axis inside TimeDistributed": """
        Sequential([Input((5, 3, 32, 32)), TimeDistributed(Conv2D(8, 3, data_format="channels_first")),
                    TimeDistributed(BatchNormalization(axis=1)), BatchNormalization(axis=2)])
    """,
    "a custom layer between": """
        class Turn(keras.layers.Layer):
            def call(self, x):
                return keras.ops.transpose(x, (0, 3, 1, 2))

        Sequential([Input((32, 32, 3)), Conv2D(8, 3), Turn(), BatchNormalization(axis=1)])
    """,
    "a data format that only keras.json can know": """
        Sequential([Conv2D(8, 3, input_shape=(3, 224, 224)), BatchNormalization(axis=1)])
    """,
    "a format set by a branch": """
        import sys
        from keras import backend as K
        if sys.argv[1] == "theano":
            K.set_image_data_format("channels_first")
        Sequential([Conv2D(8, 3, input_shape=(3, 224, 224)), BatchNormalization(axis=1)])
    """,
    "the axis that fits the format in force": """
        from keras import backend as K
        axis = 1 if K.image_data_format() == "channels_first" else -1
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), BatchNormalization(axis=axis)])
    """,
    "new maps out of features": """
        Sequential([Input((10,)), Dense(7 * 7 * 8), Reshape((7, 7, 8)), BatchNormalization(axis=1)])
    """,
    "Keras 1 with a data format that only keras.json can know": """
        Sequential([Convolution2D(8, 3, 3, input_shape=(1, 28, 28)), MaxPooling2D((2, 2)), BatchNormalization(axis=1)])
    """,
    "features mixed along the steps": """
        i = Input((20, 4))
        x = Permute((2, 1))(i)
        x = Dense(20)(x)
        x = Permute((2, 1))(x)
        Model(i, BatchNormalization()(x))
    """,
    "features as steps of one channel": """
        Sequential([Input((10,)), Dense(8), Reshape((8, 1)), BatchNormalization()])
    """,
    "an axis that is not known": """
        import sys
        Sequential([Input((32, 32, 3)), Conv2D(8, 3), BatchNormalization(axis=int(sys.argv[1]))])
    """,
}


@pytest.mark.parametrize("case", AXIS_FOUND)
def test_batch_normalization_off_the_channels_is_found(case: str) -> None:
    marked, found = lines_of(AXIS_FOUND[case], "KC201")
    assert marked
    assert found == marked


@pytest.mark.parametrize("case", AXIS_SILENT)
def test_batch_normalization_that_fits_or_is_not_known_is_left_alone(case: str) -> None:
    assert lines_of(AXIS_SILENT[case], "KC201") == ([], [])


CASES = {
    "KC203 spatial dropout": """
        Sequential([Input((8, 8, 3)), Conv2D(4, 3), SpatialDropout2D(0.2), BatchNormalization()])  # KC203
    """,
    "KC203 alpha dropout keeps mean and variance": """
        Sequential([Input((8,)), Dense(4), AlphaDropout(0.2), BatchNormalization()])
    """,
    "KC203 dropout of rate zero": """
        Sequential([Input((8,)), Dense(4), Dropout(0), BatchNormalization()])
    """,
    "KC203 dropout that stays on": """
        i = Input((8,))
        Model(i, BatchNormalization()(Dropout(0.5)(Dense(4)(i), training=True)))
    """,
    "KC203 weights between": """
        Sequential([Input((8,)), Dense(4), Dropout(0.5), Dense(4), BatchNormalization()])
    """,
    "KC204 a layer applied twice": """
        i, j = Input((8,)), Input((8,))
        d = Dense(4)
        a = BatchNormalization()(d(i))
        Model([i, j], [a, d(j)])
    """,
    "KC204 another reader of the output": """
        i = Input((8,))
        d = Dense(4)(i)
        Model(i, Add()([BatchNormalization()(d), d]))
    """,
    "KC204 normalization without center": """
        Sequential([Input((8,)), Dense(4), BatchNormalization(center=False)])
    """,
    "KC204 an activation between": """
        Sequential([Input((8,)), Dense(4, activation="relu"), BatchNormalization()])
    """,
    "KC204 another axis": """
        Sequential([Input((8, 8, 3)), Conv2D(4, 3), BatchNormalization(axis=1)])
    """,
    "KC204 channels_first": """
        Sequential([
            Input((3, 8, 8)),
            Conv2D(4, 3, data_format="channels_first"),  # KC204
            BatchNormalization(axis=1),
        ])
    """,
    "KC207 negative": "Sequential([Input((8,)), Dropout(-0.1), Dense(1)])  # KC207",
    "KC207 one half": "Sequential([Input((8,)), Dropout(0.5), Dense(1)])",
    "KC207 not known": """
        import sys
        Sequential([Input((8,)), Dropout(float(sys.argv[1])), Dense(1)])
    """,
    "KC207 dropout that a setting switches off": """
        DROPOUT = 0
        Sequential([Input((8,)), Dropout(DROPOUT), Dense(1)])
    """,
    "KC207 a recurrent layer without dropout": "Sequential([Input((8, 2)), LSTM(4, dropout=0.0)])",
    "KC207 inside Bidirectional": "Sequential([Input((8, 2)), Bidirectional(LSTM(4, dropout=2))])  # KC207",
    "KC208 a part of another model": """
        encoder = Sequential([Input((8,)), Dense(4, activation="relu"), Dropout(0.5)])
        i = Input((8,))
        m = Model(i, Dense(1)(encoder(i)))
        m.compile("adam", "mse")
    """,
    "KC208 a feature extractor that is not compiled": """
        Sequential([Input((8,)), Dense(4, activation="relu"), Dropout(0.5)])
    """,
    "KC208 embeddings with a loss of their own": """
        def contrast(a, b):
            return keras.ops.mean(a - b)

        m = Sequential([Input((8,)), Dense(4, activation="relu"), Dropout(0.5)])
        m.compile("adam", contrast)
    """,
    "KC209 behind the pooling": """
        Sequential([Input((8, 8, 3)), Conv2D(4, 3), MaxPooling2D(), Dropout(0.2), Flatten(), Dense(1)])
    """,
    "KC209 with activation and normalization": """
        Sequential([
            Input((8, 8, 3)),
            Conv2D(4, 3),
            BatchNormalization(),
            ReLU(),
            Dropout(0.2),  # KC209
            AveragePooling2D(),
        ])
    """,
    "KC210 max pooling is not linear": """
        Sequential([Input((8, 8, 3)), Conv2D(4, 3), MaxPooling2D(), Flatten(), Dense(1)])
    """,
    "KC210 layer normalization is not linear": "Sequential([Input((8,)), Dense(8), LayerNormalization(), Dense(8)])",
    "KC210 an activation layer": "Sequential([Input((8,)), Dense(8), Activation('relu'), Dense(8)])",
    "KC210 an activation that is not known": """
        import sys
        Sequential([Input((8,)), Dense(8, activation=sys.argv[1]), Dense(8)])
    """,
    "KC210 a linear bottleneck": "Sequential([Input((64,)), Dense(8), Dense(64, activation='relu')])",
    "KC210 an inverted residual": """
        i = Input((8, 8, 16))
        x = ReLU()(DepthwiseConv2D(3, padding="same")(ReLU()(Conv2D(96, 1)(i))))
        x = BatchNormalization()(Conv2D(24, 1, use_bias=False)(x))
        x = ReLU()(Conv2D(144, 1)(x))
        Model(i, x)
    """,
    "KC210 a factorized convolution": """
        Sequential([Input((8, 8, 3)), Conv2D(4, (1, 7)), Conv2D(4, (7, 1), activation="relu")])
    """,
    "KC210 a projection to maps": """
        Sequential([Input((8,)), Dense(64), Reshape((4, 4, 4)), Conv2DTranspose(4, 3), ReLU()])
    """,
    "KC210 patches": "Sequential([Input((8, 8, 3)), Conv2D(16, 4, strides=4), Flatten(), Dense(8)])",
    "KC213 Dense takes any number of axes": "Sequential([Input((8, 8, 3)), Dense(4), Flatten(), Dense(1)])",
    "KC213 rows of single numbers, to which tf.keras 2 adds an axis": """
        import numpy as np
        m = Sequential([Dense(4, "relu"), Dense(1)])
        m.compile("adam", "mse")
        m.fit(np.zeros(10), np.zeros(10))
    """,
    "KC213 unknown rank": """
        import sys
        Sequential([Input(eval(sys.argv[1])), Conv2D(4, 3)])
    """,
    "KC214 broadcasting": """
        i = Input((8, 8, 4))
        Model(i, Multiply()([i, Input((1, 1, 4))]))
    """,
    "KC214 a data format that only keras.json can know": """
        Sequential([Convolution2D(8, 3, 3, border_mode="same", input_shape=(3, 32, 32)), MaxPooling2D((4, 4))])
    """,
    "KC214 sizes that vary": """
        i, j = Input((None, 4)), Input((7, 4))
        Model([i, j], Add()([i, j]))
    """,
    "KC214 a window as large as its input": "Sequential([Input((3, 3, 1)), Conv2D(4, 3)])",
    "KC202 an embedding with a loss of its own": """
        def loss(a, b):
            return keras.ops.mean(a - b)

        m = Sequential([Input((8,)), Dense(4), BatchNormalization()])
        m.compile("adam", loss)
    """,
    "KC202 maps in front of a sigmoid": """
        m = Sequential([Input((8, 8, 3)), Conv2D(1, 3), BatchNormalization(), Activation("sigmoid")])
        m.compile("adam", "binary_crossentropy")
    """,
    "KC205 siamese branches": """
        i, j = Input((8,)), Input((8,))
        d, b = Dense(4), BatchNormalization()
        Model([i, j], [b(d(i)), b(d(j))])
    """,
    "KC206 a base in inference mode": """
        base = keras.applications.ResNet50(include_top=False, pooling="avg")
        base.trainable = False
        i = Input((224, 224, 3))
        m = Model(i, Dense(2)(base(i, training=False)))
        m.compile("adam", "mse")
        m.fit(x, y)
        base.trainable = True
        m.compile("adam", "mse")
        m.fit(x, y)
    """,
    "KC206 a base that is opened": """
        base = keras.applications.ResNet50(include_top=False, pooling="avg")
        base.trainable = False
        i = Input((224, 224, 3))
        m = Model(i, Dense(2)(base(i)))  # KC206
        m.compile("adam", "mse")
        m.fit(x, y)
        base.trainable = True
        m.compile("adam", "mse")
        m.fit(x, y)
    """,
    "KC211 normalization between": """
        Sequential([Input((8,)), Dense(4, activation="relu"), BatchNormalization(), ReLU()])
    """,
    "KC211 a cast behind softmax": """
        Sequential([Input((8,)), Dense(4, activation="softmax"), Activation("linear", dtype="float32")])
    """,
    "KC211 the state of a recurrent layer": "Sequential([Input((8, 2)), LSTM(4), ReLU()])",
    "KC211 another reader of the first": """
        i = Input((8,))
        d = Dense(4, activation="relu")(i)
        Model(i, [d, Softmax()(d)])
    """,
    "KC212 two hidden layers": "Sequential([Input((8,)), Dense(4, 'tanh'), Dense(4, 'tanh'), Dense(1)])",
    "KC212 one hidden relu": "Sequential([Input((8,)), Dense(4, 'tanh'), Dense(4, 'relu'), Dense(4, 'tanh'), Dense(1)])",
    "KC212 softmax that weighs": """
        i = Input((8,))
        w = Dense(4, activation="softmax")(i)
        Model(i, Dense(1)(Multiply()([w, Dense(4)(i)])))
    """,
    "KC212 a layer that Keras 1 programs take off": """
        m = Sequential([Input((8,)), Dense(4, activation="relu"), Dense(10, activation="softmax")])
        m.layers.pop()
        m.add(Dense(2, activation="softmax"))
    """,
    "KC213 the batch in the shape is another rule's": "Sequential([Input((None, 28, 28, 1)), Conv2D(4, 3)])",
    "KC215 segmentation": """
        m = Sequential([Input((8, 8, 3)), Conv2D(4, 3, padding="same"), Dense(2, activation="softmax")])
        m.compile("adam", "categorical_crossentropy")
    """,
    "KC215 labels for every place": """
        import numpy as np
        m = Sequential([Input((8, 2)), Dense(4, "relu"), Dense(5, activation="softmax")])
        m.compile("adam", "sparse_categorical_crossentropy")
        m.fit(np.zeros((10, 8, 2)), np.zeros((10, 8)))
    """,
    "KC216 rows of one": "Sequential([Input((1, 64, 16)), Conv2D(4, (1, 5))])",
    "KC216 non-square pictures": "Sequential([Input((120, 160, 3)), Conv2D(4, 3)])",
    "KC216 a few rows of features": "Sequential([Input((4, 128, 16)), Conv2D(4, 2)])",
    "KC216 Keras 1 with its own default": """
        Sequential([Convolution2D(8, 3, 3, border_mode="same", input_shape=(3, 32, 32))])
    """,
    "KC216 pooling in the default format": """
        Sequential([
            Conv2D(8, 3, data_format="channels_first", input_shape=(3, 32, 32)),
            MaxPooling2D(),  # KC216
        ])
    """,
    "KC216 padding first": """
        Sequential([ZeroPadding2D(input_shape=(3, 32, 32)), Conv2D(8, 3)])  # KC216
    """,
    "KC217 a clip of pictures": "Sequential([Input((16, 64, 64, 3)), Conv2D(4, 3)])",
    "KC219 a plain recurrent layer": "Sequential([Input((8, 2)), SimpleRNN(4, activation='relu')])",
    "KC220 room for the vocabulary": """
        (x, y), _ = keras.datasets.imdb.load_data(num_words=100)
        m = Sequential([Embedding(100, 4), GlobalAveragePooling1D(), Dense(1)])
        m.compile("adam", "mse")
        m.fit(x, y)
    """,
    "KC220 a mask that arrives": "Sequential([Input((8,)), Embedding(9, 4, mask_zero=True), Dropout(0.2), LSTM(4)])",
    "KC220 a mask that nothing would use": """
        Sequential([Input((8,)), Embedding(9, 4, mask_zero=True), Conv1D(4, 3), GlobalMaxPooling1D()])
    """,
    "KC218 the sequence is kept": "Sequential([Input((8, 2)), LSTM(4, return_sequences=True), GRU(4)])",
    "KC218 repeated for a decoder": "Sequential([Input((8, 2)), LSTM(4), RepeatVector(8), LSTM(4)])",
    "KC218 labels for every step": """
        import numpy as np
        m = Sequential([Input((8, 2)), LSTM(4, return_sequences=True), Dense(1)])
        m.compile("adam", "mse")
        m.fit(np.zeros((100, 8, 2)), np.zeros((100, 8, 1)))
    """,
    "KC218 one label for each": """
        import numpy as np
        m = Sequential([Input((8, 2)), LSTM(4, return_sequences=True), Dense(1)])  # KC218
        m.compile("adam", "mse")
        m.fit(np.zeros((100, 8, 2)), np.zeros((100,)))
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_judged_as_it_is_marked(case: str) -> None:
    marked, found = lines_of(CASES[case], case[:5])
    assert found == marked


TRAINED = """
import numpy as np
m = Sequential([Input((1000,)), {layers}Dense(200, activation="relu"), Dense(10, activation="softmax")])
m.compile({optimizer}, "sparse_categorical_crossentropy")
{before}
m.fit({data}, batch_size=32, epochs={epochs}{more})
"""
LOGGING = """
class Mine(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(epoch)
"""
STOPPING = "        self.model.stop_training = logs['loss'] < 0.1"
PLAIN = {
    "layers": "",
    "optimizer": '"adam"',
    "before": "",
    "data": "np.zeros((5000, 1000)), np.zeros(5000)",
    "epochs": 20,
    "more": "",
}


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({}, "info"),
        ({"data": "np.zeros((1000, 1000)), np.zeros(1000)"}, "warning"),
        ({"data": "np.zeros((1000, 1000)), np.zeros(1000)", "epochs": 3}, "info"),
        ({"layers": "Dropout(0.2), "}, None),
        ({"layers": "Dropout(0), "}, "info"),
        ({"layers": "BatchNormalization(), "}, None),
        ({"layers": "Dense(200, kernel_regularizer='l2'), "}, None),
        ({"layers": "Dense(200, kernel_regularizer=keras.regularizers.L2(0.0)), "}, "info"),
        ({"optimizer": "keras.optimizers.AdamW(1e-3)"}, None),
        ({"more": ", callbacks=[keras.callbacks.EarlyStopping()]"}, None),
        ({"more": ", callbacks=[keras.callbacks.CSVLogger('log.csv')]"}, "info"),
        ({"before": LOGGING, "more": ", callbacks=[Mine()]"}, "info"),
        ({"before": LOGGING + STOPPING, "more": ", callbacks=[Mine()]"}, None),
        ({"more": ", callbacks=[keras.callbacks.Traced()]"}, "info"),
        ({"before": "from mine import stop", "more": ", callbacks=[stop]"}, None),
    ],
)
def test_a_model_without_regularization_is_named_by_what_is_proven(
    changes: dict[str, str], severity: str | None
) -> None:
    report = check_script(PRELUDE + TRAINED.format(**{**PLAIN, **changes}))
    found = [finding for finding in report.findings if finding.code == "KC221"]
    assert [finding.severity.label for finding in found if finding.severity] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ("base.trainable = False", True),
        ("for layer in base.layers:\n    layer.trainable = False", True),
        ("base.trainable = True", False),
        ("for layer in base.layers[:-4]:\n    layer.trainable = False", False),
    ],
)
def test_a_frozen_base_neither_learns_nor_regularizes_the_head_behind_it(base: str, found: bool) -> None:
    report = check_script(
        f"""
import keras
from keras.layers import Dense, Flatten
base = keras.applications.VGG16(include_top=False, input_shape=(150, 150, 3))
{base}
model = keras.Sequential([base, Flatten(), Dense(256, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=30, batch_size=20)
"""
    )
    told = [finding.message for finding in report.findings if finding.code == "KC221"]
    assert [("2,097,665 weights" in message) for message in told] == [True] * found


def stored(class_name: str, **config: object) -> dict[str, object]:
    return {"class_name": class_name, "config": config}


def first_generation_file(norm: dict[str, object]) -> str:
    """An architecture as Keras 1 wrote it: rows, columns, channels, and a list of layers for a configuration."""
    convolution = stored(
        "Convolution2D",
        name="convolution2d_1",
        batch_input_shape=[None, 32, 32, 3],
        input_dtype="float32",
        nb_filter=8,
        nb_row=3,
        nb_col=3,
        border_mode="valid",
        subsample=[1, 1],
        dim_ordering="tf",
        activation="relu",
        init="glorot_uniform",
        bias=True,
    )
    return json.dumps(stored("Sequential") | {"config": [convolution, norm], "keras_version": "1.2.2"})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"axis": 1, "mode": 0}, True),
        ({"axis": 1, "mode": 2}, True),
        ({"axis": [2], "mode": 0}, True),
        ({"axis": 1, "mode": 1}, False),
        ({"axis": -1, "mode": 0}, False),
        ({"axis": 3, "mode": 2}, False),
    ],
)
def test_a_file_of_keras_1_is_judged_by_its_axis_and_mode(
    changes: dict[str, object], found: bool, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    norm = stored("BatchNormalization", name="batchnormalization_1", epsilon=1e-5, momentum=0.99, **changes)
    path.write_text(first_generation_file(norm))
    findings = [finding for finding in check_model(path).findings if finding.code == "KC201"]
    assert [finding.layer for finding in findings] == (["sequential/batchnormalization_1"] if found else [])
