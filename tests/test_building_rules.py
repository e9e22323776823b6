"""Where the rules on putting a model together stay silent: one case a line of a table."""

from __future__ import annotations

import textwrap

import pytest

from kerascheck import check_script

PRELUDE = """\
import keras
import pytest
from keras import Input, Model, Sequential, layers
from keras.layers import *

keras.config.set_floatx("float32")
"""
CODES = frozenset({"KC213", "KC214", "KC243", "KC244", "KC245", "KC246", "KC247", "KC248"})

SILENT = {
    "a merge of a list that nothing is known of": """
        from elsewhere import parts
        x = Add()(parts)
    """,
    "a merge of what an unknown network gives": """
        from elsewhere import backbone
        x = Concatenate()(backbone(Input((8,))))
    """,
    "a merge of the states of a recurrent layer": """
        x = LSTM(4, return_state=True)(Input((3, 8)))
        y = Concatenate()(x)
    """,
    "a merge of one tensor in a list": """
        x = Input((8,))
        Model(x, Add()([x]))
    """,
    "a merge in the call of a class of one's own, whose inputs nobody knows": """
        class Net(keras.Model):
            def call(self, inputs):
                return Add()(inputs)
    """,
    "a merge that a Sequential begins with": """
        Sequential([Add(), Dense(3)])
    """,
    "a refusal that a test expects": """
        with pytest.raises(ValueError):
            Sequential([Dense])
    """,
    "names on the two ways of a branch that is not decided": """
        from elsewhere import deep
        x = Input((8,))
        if deep:
            y = Dense(4, name="hidden")(x)
        else:
            y = Dense(8, name="hidden")(x)
        Model(x, Dense(1)(y))
    """,
    "a base that is renamed": """
        x, y = Input((64, 64, 3)), Input((64, 64, 3))
        first = keras.applications.VGG16(include_top=False, weights=None)
        second = keras.applications.VGG16(include_top=False, weights=None)
        second.name = "second"
        Model([x, y], Concatenate()([first(x), second(y)]))
    """,
    "one layer that is called twice": """
        x, y = Input((8,)), Input((8,))
        shared = Dense(4, name="shared")
        Model([x, y], Concatenate()([shared(x), shared(y)]))
    """,
    "a shape that a function is given": """
        def build(shape=None):
            return Model(x := Input(shape=shape), Dense(1)(x))
    """,
    "names that Keras gives itself": """
        x = Input((8,))
        model = Model(x, Dense(1)(Dense(4)(x)))
        print(model.get_layer("dense_1"), model.get_layer("input_layer"), model.get_layer("dense_7"))
    """,
    "the layers of a model from elsewhere": """
        model = keras.models.load_model("a.keras")
        print(model.get_layer("features"))
    """,
    "a layer that was built by hand": """
        layer = Dense(3)
        layer.build((None, 4))
        print(layer.kernel, layer.count_params())
    """,
    "a layer that another one wraps": """
        inner = Dense(3)
        x = TimeDistributed(inner)(Input((4, 8)))
        print(inner.kernel)
    """,
    "a layer inside a Sequential that was called": """
        layer = Dense(3)
        model = Sequential([Input((4,)), layer])
        print(layer.kernel, model.output_shape, model.count_params())
    """,
    "a Sequential that data has built": """
        import numpy as np
        model = Sequential([Dense(3)])
        model(np.zeros((2, 4)))
        print(model.output_shape)
    """,
    "a Sequential whose first layer says its shape": """
        model = Sequential([Dense(3, input_shape=(4,))])
        print(model.output_shape)
    """,
    "a cell of one's own": """
        class Cell(Layer):
            def __init__(self, units):
                super().__init__()
                self.state_size = units

            def call(self, x, states):
                return x, states

        RNN(Cell(4))
    """,
    "a cell that says its state size in a property": """
        class Cell(Layer):
            @property
            def state_size(self):
                return 4

            def call(self, x, states):
                return x, states

        RNN(Cell())
    """,
    "an initializer that another method goes up from": """
        class Net(keras.Model):
            def __init__(self):
                self.prepare()

            def prepare(self):
                super().__init__()

            def call(self, x):
                return x
    """,
    "an initializer that names the class above": """
        class Net(keras.Model):
            def __init__(self):
                keras.Model.__init__(self)

            def call(self, x):
                return x
    """,
    "an initializer of a class that is no layer": """
        class Start(keras.initializers.Initializer):
            def __init__(self, value):
                self.value = value

            def __call__(self, shape, dtype=None):
                return self.value
    """,
    "layers of a layer that is no model": """
        class Block(Layer):
            def __init__(self):
                super().__init__()
                self.layers = [Dense(3), Dense(4)]

            def call(self, x):
                for layer in self.layers:
                    x = layer(x)
                return x
    """,
    "a model that trains with a step of its own": """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.head = Dense(1)

            def train_step(self, data):
                return {}
    """,
    "a functional model in the shape of a class": """
        class Net(keras.Model):
            def __init__(self):
                x = Input((8,))
                super().__init__(x, Dense(1)(x))

        Net()(Input((8,)))
    """,
    "an input that a Sequential has behind another layer": """
        model = Sequential()
        model.add(Input((8,)))
        model.add(Dense(3))
        model.build((None, 8))
    """,
    "a dictionary of inputs under their names": """
        a, b = Input((8,), name="a"), Input((8,), name="b")
        Model({"a": a, "b": b}, Add()([a, b]))
    """,
    "a Sequential that is called on data before its input is known": """
        from elsewhere import shape, x
        model = Sequential([Input(shape=shape), Resizing(32, 32), Conv2D(4, 3), Flatten(), Dense(3)])
        model(x)
    """,
    "what a parameter of a function that nothing calls stands for": """
        model = Sequential([Input((8,)), Dense(3, name="features")])

        def inside(name="feature"):
            return model.get_layer(name)

        def build(kind="relu"):
            made = Sequential()
            made.add(kind)
            return made
    """,
    "numbers that a layer is made with": """
        Rescaling(1 / 255)(Input((8,)))
        Normalization(mean=Input((8,)), variance=1.0)
    """,
    "text for a layer that reads text": """
        StringLookup(vocabulary=["a", "b"])("a")
    """,
}

FOUND = {
    "a function that merges two tensors": ("KC244", "x = Input((8,))\nlayers.concatenate(x, Dense(8)(x))"),
    "a layer that merges two tensors": ("KC244", "x = Input((8,))\nAdd()(x, Dense(8)(x))"),
    "self-attention without a value": ("KC244", "x = Input((3, 8))\nMultiHeadAttention(2, 4)(x)"),
    "a layer on the output of another that was never called": ("KC243", "x = Dense(8)\ny = Dense(4)(x)"),
    "a model as the output of another": ("KC243", "x = Input((8,))\nm = Sequential([Dense(3)])\nModel(x, m)"),
    "a list that is added": ("KC243", "m = Sequential()\nm.add([Dense(3), Dense(4)])"),
    "a tensor that is wrapped": ("KC243", "x = Input((3, 8))\nTimeDistributed(Dense(4)(x))"),
    "a base that is built twice": (
        "KC245",
        "x, y = Input((64, 64, 3)), Input((64, 64, 3))\n"
        "def base(x):\n    return keras.applications.ResNet50(include_top=False, weights=None)(x)\n"
        "Model([x, y], Concatenate()([base(x), base(y)]))",
    ),
    "a name that a loop gives again": (
        "KC245",
        "m = Sequential([Input((8,))])\nfor size in (8, 4):\n    m.add(Dense(size, name='hidden'))",
    ),
    "an index behind the last layer": ("KC248", "m = Sequential([Input((8,)), Dense(3)])\nm.get_layer(index=2)"),
    "the kernel of a layer that was never called": ("KC248", "layer = Conv2D(4, 3)\nprint(layer.kernel)"),
    "a layer that is made with a tensor": (
        "KC243",
        "x = Input((8,))\ny = BatchNormalization(x)\nModel(x, Dense(1)(y))",
    ),
    "layers that stand in no list": ("KC243", "Sequential(Dense(3))"),
    "a data set without items": ("KC247", "class D(keras.utils.PyDataset):\n    def __len__(self):\n        return 3"),
}

ONLY_KERAS_3 = {
    "training by position": "Dropout(0.5)(Input((8,)), True)",
    "a second input": "Sequential([Input((8,)), Input((8,)), Dense(3)])",
    "a name in front of a weight": """
        class Own(Layer):
            def build(self, shape):
                self.kernel = self.add_weight("kernel", shape=(3,))

            def call(self, x):
                return x
    """,
    "a loss that a model is given": """
        x = Input((8,))
        Model(x, Dense(3)(x)).add_loss(0.1)
    """,
}


SOUND_ARGUMENTS = (
    "Conv2DTranspose(4, 3, strides=2, output_padding=1)",
    "Conv2DTranspose(4, 3, strides=(3, 2), output_padding=(2, 1))",
    "Conv2DTranspose(4, 3, dilation_rate=2)",
    "ConvLSTM2D(4, 3, dilation_rate=2)",
    "Cropping2D(((1, 0), (0, 1)))",
    "Bidirectional(LSTM(4), backward_layer=LSTM(4, go_backwards=True))",
    "Bidirectional(LSTM(4, return_sequences=True), backward_layer=GRU(4, go_backwards=True, return_sequences=True))",
    "GroupQueryAttention(6, 4, 2)",
    "MultiHeadAttention(2, 4, value_dim=4, attention_axes=(1, 2), output_shape=8, dropout=0.1)",
    "GroupNormalization(-1)",
    "LayerNormalization(axis=[1, 2])",
    "BatchNormalization(renorm=True, renorm_clipping={'rmin': 0.5, 'rmax': 3, 'dmax': 5})",
    "Dropout(0.5, noise_shape=(None, 1, 4))",
    "GaussianNoise(0.5)",
    "LSTM(4, use_cudnn=False)",
    "Dense(4, trainable=False)",
    "Dense(4, kernel_initializer='identity')",
    "LSTM(4, kernel_initializer='orthogonal')",
    "Conv2D(4, 3, kernel_initializer='orthogonal', kernel_constraint='max_norm')",
    "Dense(4, kernel_regularizer=keras.regularizers.OrthogonalRegularizer())",
    "Discretization(num_bins=4)",
    "Discretization(bin_boundaries=[0.5, 1.5], output_mode='one_hot', sparse=True)",
    "Hashing(4, output_mode='multi_hot', sparse=True)",
    "StringLookup(max_tokens=20, output_mode='multi_hot', pad_to_max_tokens=True)",
    "StringLookup(vocabulary=['a'], idf_weights=[0.5], output_mode='tf_idf')",
    "IntegerLookup(vocabulary=[1, 2], salt=3, oov_method='farmhash', num_oov_indices=2)",
    "TextVectorization(output_sequence_length=20)",
    "TextVectorization(output_mode='multi_hot', max_tokens=20, pad_to_max_tokens=True)",
    "Normalization(mean=[0.5, 0.5], variance=[0.1, 0.1])",
    "Normalization(axis=None, mean=0.5, variance=0.1)",
    "Normalization(mean=0.5, variance=0.1)",
    "STFTSpectrogram(frame_length=256, frame_step=128, fft_length=512)",
    "MelSpectrogram(fft_length=512, sequence_length=512)",
    "RandomContrast((0.2, 0.4))",
    "RandomZoom((-0.2, 0.1), 0.2)",
    "RandomZoom(height_factor=(-0.3, -0.2))",
    "RandomPosterization((2, 4), value_range=(0, 255))",
    "RandomGaussianBlur(kernel_size=(3, 5))",
    "RandomErasing(fill_value=(0, 0, 0))",
    "Dot(axes=(1, 2))",
    "keras.utils.FeatureSpace({'a': 'float', 'b': 'string_categorical'}, crosses=[('a', 'b')], crossing_dim=8)",
    "keras.utils.FeatureSpace({'a': keras.utils.FeatureSpace.float_normalized()}, output_mode='dict')",
    "keras.initializers.HeNormal(seed=3)",
)

ONLY_KERAS_3_ARGUMENTS = (
    "GaussianNoise(10)",
    "Dropout(0.5, noise_shape='batch')",
    "RandomContrast((0.1, 0.2, 0.3))",
    "Discretization()",
    "Cropping2D(-1)",
)


@pytest.mark.parametrize("call", SOUND_ARGUMENTS)
def test_arguments_that_go_together_are_left_alone(call: str) -> None:
    report = check_script(f"{PRELUDE}thing = {call}\n")
    assert not report.fault
    assert {finding.code for finding in report.findings} & {"KC606", "KC605", "KC313"} == set()


def test_parameters_that_a_call_may_fill_are_left_alone() -> None:
    text = """
        def encode(tokens=None, mean=0.5, variance=None, mode="int", sparse=True):
            return [
                CategoryEncoding(num_tokens=tokens),
                Normalization(mean=mean, variance=variance),
                StringLookup(output_mode=mode, sparse=sparse),
                IntegerLookup(output_mode=mode, sparse=True),
            ]
    """
    report = check_script(PRELUDE + textwrap.dedent(text))
    assert "KC606" not in {finding.code for finding in report.findings}


@pytest.mark.parametrize("call", ONLY_KERAS_3_ARGUMENTS)
def test_arguments_that_only_keras_3_refuses_are_told_where_it_is_meant(call: str) -> None:
    old = PRELUDE.replace('keras.config.set_floatx("float32")', "")
    texts = (
        f"{PRELUDE}thing = {call}\n",
        f"{old}thing = {call}\n",
        f"from tf_keras import layers\nthing = layers.{call}\n",
    )
    severities = [
        finding.severity.label
        for text in texts
        for finding in check_script(text).findings
        if finding.code == "KC606" and finding.severity is not None
    ]
    assert severities == ["error", "warning"]


def codes(text: str, prelude: str = PRELUDE) -> set[str]:
    report = check_script(prelude + textwrap.dedent(text))
    assert not report.fault
    return {finding.code for finding in report.findings} & CODES


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_said_of_a_model_that_keras_builds(text: str) -> None:
    assert codes(text) == set()


@pytest.mark.parametrize(("code", "text"), FOUND.values(), ids=FOUND.keys())
def test_what_keras_refuses_while_a_model_is_put_together_is_told(code: str, text: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize("text", ONLY_KERAS_3.values(), ids=ONLY_KERAS_3.keys())
def test_what_only_keras_3_refuses_is_said_where_it_is_meant(text: str) -> None:
    old = PRELUDE.replace('keras.config.set_floatx("float32")', "")
    assert codes(text)
    assert codes(text, old) == set()
