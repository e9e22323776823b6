"""Cases of the API rules beside their documented examples: what must be found, and what must stay silent."""

from __future__ import annotations

import pytest

from kerascheck import Config, check_script
from kerascheck.edits import TextLines, apply, choose
from kerascheck.findings import FileReport
from kerascheck.keras_api import history
from kerascheck.script.generation import ONLY_IN_3


def report(text: str, target: int | None = None) -> FileReport:
    found = check_script(text, config=Config() if target is None else Config(target_keras=target))
    assert not found.fault
    return found


def found(text: str, code: str, target: int | None = None) -> list[tuple[int, str]]:
    """The lines and severities of the findings of one rule."""
    return [
        (finding.location.line, finding.severity.label)
        for finding in report(text, target).findings
        if finding.code == code and finding.severity is not None
    ]


SILENT: dict[str, tuple[str, str, int | None]] = {
    "names of Keras 1 for Keras 1": ("KC601", "from keras.layers import Dense\nDense(output_dim=3)\n", 1),
    "Input's tensor": ("KC601", "from keras.layers import Input\nInput(tensor=x)\n", None),
    "a stride of three": ("KC601", "from keras.layers import Conv2D\nConv2D(32, 3, 3)\n", None),
    "an embedding's sizes": ("KC601", "from keras.layers import Embedding\nEmbedding(100, output_dim=8)\n", None),
    "alias names that are documented": ("KC602", "from keras.layers import MaxPool2D, AvgPool1D\n", 3),
    "augmentation of tensorflow.keras": (
        "KC602",
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator\nImageDataGenerator()\n",
        3,
    ),
    "names that no Keras ever had": ("KC602", "from keras.layers import Dence\nfrom keras.zoo import Bear\n", 3),
    "names of Keras 1, asked of Keras 1": ("KC602", "from keras.layers.core import Dense\n", 1),
    "backend settings": ("KC602", "from keras import backend as K\nK.set_floatx('float16')\nK.clear_session()\n", 3),
    "one package under two names": ("KC603", "import keras\nfrom keras.layers import Dense\nDense(1)\n", None),
    "an import with a fallback": (
        "KC603",
        "try:\n    import keras\nexcept ImportError:\n    from tensorflow import keras\nkeras.layers.Dense(1)\n",
        None,
    ),
    "public modules": ("KC604", "from tensorflow.keras.layers import Dense\nimport keras.ops\n", None),
    "arguments of every generation": (
        "KC605",
        "from keras.layers import LSTM, BatchNormalization, Conv2D, Dense\n"
        "Dense(3, init='uniform', input_dim=4)\nLSTM(3, consume_less='gpu', return_state=True)\n"
        "BatchNormalization(mode=0, renorm=True)\nConv2D(3, (3, 3), groups=1, subsample=(1, 1))\n",
        None,
    ),
    "arguments that are taken and not in the signature": (
        "KC605",
        "from keras.layers import LayerNormalization, StringLookup\n"
        "LayerNormalization(rms_scaling=True)\nStringLookup(vocabulary=['a'], vocabulary_size=2)\n",
        None,
    ),
    "values at the ends of their ranges": (
        "KC606",
        "from keras.layers import CategoryEncoding, Conv2D, Permute, RandomContrast, ReLU\nfrom keras.losses import Huber\n"
        "from keras.metrics import AUC, Precision\nfrom keras.callbacks import ModelCheckpoint, ReduceLROnPlateau\n"
        "ReLU(0)\nRandomContrast(1.0)\nCategoryEncoding(1)\nConv2D(8, 3, strides=1, dilation_rate=2)\nPermute((2, 1, 3))\n"
        "Huber(reduction='AUTO')\nAUC(2, curve='pr')\nPrecision(1)\nPrecision([0.2, 0.5])\n"
        "ReduceLROnPlateau('loss', 0.999)\nModelCheckpoint('a.keras', save_freq=100)\n",
        None,
    ),
    "bounds of a class of one's own": ("KC606", "class AUC:\n    pass\n\nimport keras\nAUC(num_thresholds=0)\n", None),
    "a base class's arguments": ("KC605", "from keras.layers import SeparableConv2D\nSeparableConv2D(3, 3, kernel_initializer='zeros')\n", None),
    "a model of another library": (
        "KC605",
        "import keras\nfrom zoo import Detector\nmodel = Detector(3)\nmodel.compile(box_loss='ciou')\nmodel.fit(1, 2, epoch=3)\n",
        None,
    ),
    "a model class with its own compile": (
        "KC605",
        "import keras\nclass Gan(keras.Model):\n    def compile(self, d_optimizer):\n        super().compile()\n"
        "gan = Gan()\ngan.compile(d_optimizer='adam')\n",
        None,
    ),
    "arguments out of a dictionary": ("KC605", "from keras.layers import Conv2D\nfrom x import options\nConv2D(**options)\n", None),
    "defaults of Keras 2": ("KC605", "from keras.layers import AveragePooling1D\nAveragePooling1D()\n", None),
    "causal padding": ("KC606", "from keras.layers import Conv1D\nConv1D(3, 3, padding='causal')\n", None),
    "padding in capitals": ("KC606", "from keras.layers import Conv2D\nConv2D(3, 3, padding='SAME')\n", None),
    "a count that is computed": (
        "KC606",
        "from keras.layers import Dense\nimport os\nlabels = {}\nfor name in os.listdir('x'):\n    labels[name] = 1\nDense(len(labels))\n",
        None,
    ),
    "backend functions of Keras 2": ("KC607", "from keras import backend as K\nK.sum([1])\n", 2),
    "backend functions of tensorflow.keras": ("KC607", "from tensorflow.keras import backend as K\nK.sum([1])\n", None),
    "saving in Keras 2": ("KC608", "import keras\nmodel = keras.Sequential()\nmodel.save('a.h5')\n", 2),
    "a dense block": (
        "KC612",
        "import keras\nfrom keras import layers\nclass Block(layers.Layer):\n    def call(self, x):\n        for conv in self.convs:\n"
        "            x = keras.ops.concatenate([x, conv(x)])\n        return x\n",
        None,
    ),
    "a loop that is not traced": (
        "KC612",
        "import tensorflow as tf\nimport keras\nrows = tf.ones((1, 3))\nfor step in range(100):\n    rows = tf.concat([rows, tf.ones((1, 3))], 0)\n",
        None,
    ),
    "a loop of three turns": (
        "KC612",
        "import tensorflow as tf\nimport keras\n@tf.function\ndef f(x):\n    rows = x\n    for step in range(3):\n        rows = tf.concat([rows, x], 0)\n    return rows\n",
        None,
    ),
    "parts that are joined once": (
        "KC612",
        "import tensorflow as tf\nimport keras\n@tf.function\ndef f(x):\n    for step in range(100):\n        both = tf.concat([x, x], 0)\n    return both\n",
        None,
    ),
    "a tiled tensor that is joined": (
        "KC612",
        "import keras\nfrom keras import layers, ops\ni = keras.Input((50, 8))\nc = ops.tile(ops.mean(i, axis=1, keepdims=True), [1, 50, 1])\n"
        "m = keras.Model(i, layers.Dense(1)(ops.concatenate([i, c])))\n",
        None,
    ),
    "input shapes in Keras 2": ("KC613", "from keras.layers import Dense\nDense(3, input_shape=(4,))\n", None),
}  # fmt: skip

LOUD: dict[str, tuple[str, str, int | None, list[tuple[int, str]]]] = {
    "refused by the target": ("KC601", "from keras.layers import Dense\nDense(output_dim=3)\n", 3, [(2, "error")]),
    "refused by some of the target": ("KC601", "from keras.layers import Dense\nDense(output_dim=3)\n", 2, [(2, "warning")]),
    "never in tensorflow.keras": (
        "KC601",
        "import tensorflow as tf\ntf.keras.layers.Dropout(p=0.5)\n",
        None,
        [(2, "error")],
    ),
    "once for a call": (
        "KC601",
        "from keras.layers import Conv2D\nConv2D(3, 3, 3, border_mode='same', init='zero')\n",
        None,
        [(2, "warning")],
    ),
    "imports that prove Keras 3": (
        "KC601",
        "from keras import ops\nfrom keras.optimizers import Adam\nAdam(lr=0.1)\nops.sum(1)\n",
        None,
        [(3, "error")],
    ),
    "an import for all that it brings": (
        "KC602",
        "from keras.layers.core import Dense, Dropout\nDense(1)\nDropout(0.5)\n",
        3,
        [(1, "error")],
    ),
    "a star import": ("KC602", "from keras.layers.core import *\n", None, [(1, "warning")]),
    "a method on a model": (
        "KC602",
        "import keras\nmodel = keras.Sequential()\nmodel.predict_classes(1)\n",
        3,
        [(3, "error")],
    ),
    "two packages in one model": (
        "KC603",
        "import keras, tf_keras\nkeras.Sequential([tf_keras.layers.Dense(1)])\n",
        None,
        [(2, "error")],
    ),
    "too many positions": ("KC605", "from keras.layers import Flatten\nFlatten(1, 2, 3, 4)\n", None, [(2, "error")]),
    "backend functions once a file": (
        "KC607",
        "from keras import backend as K\nK.sum([1])\nK.mean([1])\n",
        None,
        [(2, "warning")],
    ),
    "a session": ("KC609", "import tensorflow as tf\nsession = tf.Session()\n", None, [(2, "info")]),
}  # fmt: skip

FIXED = {
    "a renamed argument": ("from keras.layers import Dense\nDense(output_dim=3)\n", "from keras.layers import Dense\nDense(units=3)\n"),
    "a renamed argument with another value": (
        "from keras.layers import Flatten\nFlatten(dim_ordering='th')\n",
        'from keras.layers import Flatten\nFlatten(data_format="channels_first")\n',
    ),
    "a dropped argument": (
        "from keras.layers import BatchNormalization\nBatchNormalization(mode=0, axis=1)\n",
        "from keras.layers import BatchNormalization\nBatchNormalization(axis=1)\n",
    ),
    "a dropped argument at the end": (
        "from keras.layers import BatchNormalization\nBatchNormalization(axis=1, mode=0)\n",
        "from keras.layers import BatchNormalization\nBatchNormalization(axis=1)\n",
    ),
    "a kernel of two numbers": (
        "from keras.layers import LocallyConnected2D\nLocallyConnected2D(8, 3, 5, border_mode='same')\n",
        "from keras.layers import LocallyConnected2D\nLocallyConnected2D(8, (3, 5), padding='same')\n",
    ),
    "a module that is gone": ("from keras.layers.core import Dense\n", "from keras.layers import Dense\n"),
    "a module under its name": ("from keras.utils import np_utils\n", "from keras import utils as np_utils\n"),
    "a generator method": (
        "import keras\nmodel = keras.Sequential()\nmodel.fit_generator(x, 10, epochs=2)\n",
        "import keras\nmodel = keras.Sequential()\nmodel.fit(x, steps_per_epoch=10, epochs=2)\n",
    ),
    "a private module": (
        "from tensorflow.python.keras.layers import Dense\n",
        "from tensorflow.keras.layers import Dense\n",
    ),
    "a misspelt argument": (
        "from keras.layers import Dense\nDense(3, activations='relu')\n",
        "from keras.layers import Dense\nDense(3, activation='relu')\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "text", "target"), SILENT.values(), ids=SILENT)
def test_a_rule_is_silent_on(code: str, text: str, target: int | None) -> None:
    assert found(text, code, target) == []


@pytest.mark.parametrize(("code", "text", "target", "expected"), LOUD.values(), ids=LOUD)
def test_a_rule_finds(code: str, text: str, target: int | None, expected: list[tuple[int, str]]) -> None:
    assert found(text, code, target) == expected


@pytest.mark.parametrize(("text", "expected"), FIXED.values(), ids=FIXED)
def test_a_fix_writes(text: str, expected: str) -> None:
    findings = [finding for finding in report(text).findings if finding.code.startswith("KC6")]
    assert apply(text, choose(TextLines(text), findings).changes) == expected


def test_the_modules_that_prove_keras_3_are_in_no_earlier_one() -> None:
    for module in ONLY_IN_3:
        assert history.is_module("3", module)
        assert not any(history.has(generation, (module,)) for generation in ("1", "2", "2.last"))


@pytest.mark.parametrize(
    "text",
    [
        "import tf_keras\nimages = tf_keras.preprocessing.image.ImageDataGenerator()\n",
        "from tf_keras import backend as K\n\n\ndef loss(a, b):\n    return K.mean(K.square(a - b))\n",
        "import tf_keras\noptimizer = tf_keras.optimizers.SGD(learning_rate=0.1, decay=1e-6)\n",
        "import tf_keras\nmodel = tf_keras.Sequential([tf_keras.layers.Dense(1)])\nmodel.fit_generator(batches, epochs=2)\n",
    ],
)
def test_keras_2_lives_on_in_the_package_tf_keras(text: str) -> None:
    found = {finding.code for finding in check_script(text, config=Config()).findings}
    assert not found & {"KC601", "KC602", "KC607"}


def test_what_keras_2_lost_itself_is_gone_from_tf_keras_too() -> None:
    text = "import tf_keras\nmodel = tf_keras.Sequential([tf_keras.layers.Dense(1)])\nmodel.predict_classes(rows)\n"
    assert "KC602" in {finding.code for finding in check_script(text, config=Config()).findings}
