"""The requirements of "Reading scripts" in the design, bullet by bullet: what real training code does is followed.

What a bullet says of whole graphs is also held against real Keras by the fixtures of `test_oracle.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerascheck.facts.data import DataArray, Encoding, Order, Role
from kerascheck.facts.events import Compiled, Evaluation, Fit, LibraryCall
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script
from kerascheck.script.reader import ScriptFacts

HEAD = "import keras\nfrom keras import layers\nimport numpy as np\n"


def read(text: str) -> ScriptFacts:
    return read_script("script.py", text)


def only(text: str) -> ModelGraph:
    (graph,) = read(text).graphs
    assert graph.whole, graph.gaps
    return graph


def names(graph: ModelGraph) -> list[str]:
    return [layer.class_name for layer in graph.layers if layer.class_name != "InputLayer"]


# Every way to name Keras.

WAYS = {
    "keras": "import keras\nM, D = keras.Sequential, keras.layers.Dense",
    "an alias": "import keras as k\nM, D = k.models.Sequential, k.layers.Dense",
    "tf.keras": "import tensorflow as tf\nM, D = tf.keras.Sequential, tf.keras.layers.Dense",
    "tensorflow without an alias": "import tensorflow\nM, D = tensorflow.keras.Sequential, tensorflow.keras.layers.Dense",
    "from tensorflow import keras": "from tensorflow import keras\nM, D = keras.Sequential, keras.layers.Dense",
    "import tensorflow.keras as": "import tensorflow.keras as K\nM, D = K.Sequential, K.layers.Dense",
    "compat.v1": "import tensorflow.compat.v1 as tf\nM, D = tf.keras.Sequential, tf.keras.layers.Dense",
    "compat.v2": "import tensorflow as tf\nM, D = tf.compat.v2.keras.Sequential, tf.compat.v2.keras.layers.Dense",
    "tensorflow.python.keras": "from tensorflow.python.keras.models import Sequential as M\n"
    "from tensorflow.python.keras.layers import Dense as D",
    "tensorflow.contrib.keras": "from tensorflow.contrib.keras.api.keras.models import Sequential as M\n"
    "from tensorflow.contrib.keras.api.keras.layers import Dense as D",
    "contrib by attribute": "import tensorflow as tf\nk = tf.contrib.keras\nM, D = k.models.Sequential, k.layers.Dense",
    "keras.src": "from keras.src.models import Sequential as M\nfrom keras.src.layers import Dense as D",
    "keras.api": "from keras.api.models import Sequential as M\nfrom keras.api.layers import Dense as D",
    "keras.engine": "from keras.engine.sequential import Sequential as M\nfrom keras.layers.core import Dense as D",
    "tf_keras": "import tf_keras as keras\nM, D = keras.Sequential, keras.layers.Dense",
    "deep modules": "from keras.layers.core import Dense as D\nfrom keras.models import Sequential as M",
    "star imports": "from keras.models import *\nfrom keras.layers import *\nM, D = Sequential, Dense",
    "a star import of tf.keras": "from tensorflow.keras.layers import *\nfrom tensorflow.keras.models import *\n"
    "M, D = Sequential, Dense",
    "a module in a name": "import tensorflow as tf\nlayers = tf.keras.layers\nM, D = tf.keras.models.Sequential, layers.Dense",
    "modules imported as names": "from keras import layers as L, models as Z\nM, D = Z.Sequential, L.Dense",
    "try and except": "try:\n    from keras.layers import Dense as D\n    from keras.models import Sequential as M\n"
    "except ImportError:\n    from tensorflow.keras.layers import Dense as D\n    from tensorflow.keras.models import Sequential as M",
    "a fallback module": "try:\n    import keras\nexcept ImportError:\n    from tensorflow import keras\n"
    "M, D = keras.Sequential, keras.layers.Dense",
    "import_module": "import importlib\nkeras = importlib.import_module('keras')\nM, D = keras.Sequential, keras.layers.Dense",
    "getattr": "import keras\nM, D = keras.Sequential, getattr(keras.layers, 'Dense')",
}


@pytest.mark.parametrize("way", WAYS)
def test_keras_is_known_by_every_name(way: str) -> None:
    graph = only(f"{WAYS[way]}\nm = M([D(7, input_dim=4)])\nm.compile('adam', 'mse')\n")
    assert graph.layers[-1]["units"] == 7
    assert graph.parameters == 35


def test_the_backend_is_known_under_a_name_of_one_letter() -> None:
    graph = only(
        "from tensorflow.keras import backend as K\nfrom tensorflow.keras.layers import Input, Dense\n"
        "from tensorflow.keras.models import Model\ni = Input((4,))\nm = Model(i, Dense(2)(K.concatenate([i, i])))\n"
    )
    assert graph.layers[-1].parameters == 18


# Sequential and functional models, and all that goes into them.

MODELS = {
    "by list": ("m = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.ReLU()])", ["Dense", "ReLU"]),
    "by add": (
        "m = keras.Sequential()\nm.add(layers.Dense(3, input_shape=(4,)))\nm.add(layers.ReLU())",
        ["Dense", "ReLU"],
    ),
    "by pop": (
        "m = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.ReLU()])\nm.pop()\nm.add(layers.ELU())",
        ["Dense", "ELU"],
    ),
    "functional": ("i = keras.Input((4,))\nm = keras.Model(i, layers.Dense(3)(i))", ["Dense"]),
    "keywords of Keras 1": (
        "i = layers.Input((4,))\nm = keras.models.Model(input=i, output=layers.Dense(3)(i))",
        ["Dense"],
    ),
    "a shared layer": (
        "d = layers.Dense(3)\na, b = keras.Input((4,)), keras.Input((4,))\nm = keras.Model([a, b], layers.Add()([d(a), d(b)]))",
        ["Dense", "Add"],
    ),
    "operators": (
        "i = keras.Input((4,))\nx = (i * 2 + 1) / i - i ** 2\nm = keras.Model(i, layers.Dense(1)(-x))",
        ["multiply", "add", "divide", "power", "subtract", "negative", "Dense"],
    ),
    "keras.ops": (
        "from keras import ops\ni = keras.Input((4, 5))\nm = keras.Model(i, ops.mean(ops.relu(i), axis=1))",
        ["relu", "mean"],
    ),
    "functions of tf": (
        "import tensorflow as tf\ni = keras.Input((4, 5))\nm = keras.Model(i, tf.reshape(tf.nn.relu(i), (-1, 20)))",
        ["relu", "reshape"],
    ),
    "wrappers": (
        "m = keras.Sequential([keras.Input((6, 4)), layers.Bidirectional(layers.LSTM(3, return_sequences=True)),"
        " layers.TimeDistributed(layers.Dense(2))])",
        ["Bidirectional", "TimeDistributed"],
    ),
    "an application": (
        "b = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))\n"
        "m = keras.Sequential([b, layers.Flatten(), layers.Dense(2)])",
        ["Functional", "Flatten", "Dense"],
    ),
    "the output of a layer": (
        "b = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='d'), layers.ReLU()])\n"
        "m = keras.Model(b.input, layers.ELU()(b.layers[-2].output))\ndel b",
        ["Dense", "ELU"],
    ),
    "a layer by its name": (
        "b = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='d'), layers.ReLU()])\n"
        "m = keras.Model(b.inputs, layers.ELU()(b.get_layer('d').output))",
        ["Dense", "ELU"],
    ),
}


@pytest.mark.parametrize("model", MODELS)
def test_models_of_every_manner_are_put_together(model: str) -> None:
    text, expected = MODELS[model]
    graph = read(f"{HEAD}{text}\n").graphs[-1]
    assert graph.whole
    assert sorted(names(graph)) == sorted(expected)
    assert graph.outputs[0].shape is not UNKNOWN


def test_several_inputs_and_outputs_keep_their_order() -> None:
    graph = only(
        f"{HEAD}a, b = keras.Input((4,)), keras.Input((5,))\nx = layers.Concatenate()([a, b])\n"
        "m = keras.Model([b, a], [layers.Dense(2)(x), layers.Dense(3)(a)])\n"
    )
    assert [tensor.shape for tensor in graph.inputs] == [(None, 5), (None, 4)]
    assert [tensor.shape for tensor in graph.outputs] == [(None, 2), (None, 3)]


def test_a_nested_model_is_a_layer_with_its_own_graph() -> None:
    graphs = read(
        f"{HEAD}inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\ni = keras.Input((4,))\n"
        "m = keras.Model(i, layers.Dense(1)(inner(i)))\n"
    ).graphs
    nested = next(layer for layer in graphs[-1].layers if layer.kind is LayerKind.MODEL)
    assert nested.model is not None
    assert names(nested.model) == ["Dense"]
    assert graphs[-1].parameters == 15 + 4


def test_a_base_that_is_frozen_has_no_weights_to_train() -> None:
    facts = read(
        f"{HEAD}b = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3))\nb.trainable = False\n"
        "for layer in b.layers[:10]:\n    layer.trainable = False\n"
        "m = keras.Sequential([b, layers.GlobalAveragePooling2D(), layers.Dense(2)])\n"
    )
    graph = facts.graphs[-1]
    assert graph.outputs[0].shape == (None, 2)
    assert graph.layers[-1].parameters == 1280 * 2 + 2
    assert graph.layers[0].trainable is False


@pytest.mark.parametrize(
    "copy",
    [
        "keras.models.clone_model(m)",
        "keras.models.model_from_json(m.to_json())",
        "keras.Sequential.from_config(m.get_config())",
        "keras.models.Sequential(m.layers)",
        "keras.Model(m.inputs, m.outputs)",
        "keras.Sequential([keras.Input((4,)), layers.Dense.from_config(m.layers[0].get_config())])",
        "keras.Sequential([keras.Input((4,)), *[k.__class__.from_config(k.get_config()) for k in m.layers]])",
    ],
)
def test_a_model_is_made_from_another(copy: str) -> None:
    facts = read(f"{HEAD}m = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\nc = {copy}\nc.evaluate(x, y)\n")
    (judged,) = facts.program.of(Evaluation)
    graph = facts.program.graph(judged.model)
    assert graph is not None and graph.whole
    assert names(graph) == ["Dense"]


def test_a_configuration_that_was_taken_apart_may_have_changed() -> None:
    facts = read(
        f"{HEAD}m = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\nc = m.get_config()\n"
        "c['layers'][1]['config']['units'] = 5\nn = keras.Sequential.from_config(c)\nn.evaluate(x, y)\n"
    )
    (judged,) = facts.program.of(Evaluation)
    graph = facts.program.graph(judged.model)
    assert graph is not None and not graph.whole


# Classes of the program.


def test_layers_in_attributes_lists_and_dictionaries_are_wired_by_call() -> None:
    graph = only(
        f"{HEAD}class Net(keras.Model):\n    def __init__(self, sizes):\n        super(Net, self).__init__()\n"
        "        self.hidden = [layers.Dense(n, activation='relu') for n in sizes]\n"
        "        self.heads = {'a': layers.Dense(1), 'b': layers.Dense(2)}\n        self.norm = layers.BatchNormalization()\n"
        "    def call(self, inputs, training=False):\n        x = self.norm(inputs, training=training)\n"
        "        for layer in self.hidden:\n            x = layer(x)\n"
        "        return [self.heads[name](x) for name in ('a', 'b')]\n"
        "m = Net((8, 4))\nm.build((None, 6))\nm.compile('adam', 'mse')\n"
    )
    assert sorted(names(graph)) == ["BatchNormalization", "Dense", "Dense", "Dense", "Dense"]
    assert [tensor.shape for tensor in graph.outputs] == [(None, 1), (None, 2)]


def test_inheritance_properties_class_and_static_methods_are_followed() -> None:
    graph = only(
        f"{HEAD}class Base:\n    WIDTH = 5\n    def __init__(self, width=None):\n        self.width = width or self.WIDTH\n"
        "    @property\n    def double(self):\n        return self.width * 2\n"
        "    @classmethod\n    def wide(cls):\n        return cls(cls.WIDTH + 1)\n"
        "    @staticmethod\n    def rate():\n        return 0.25\n"
        "class Builder(Base):\n    WIDTH = 7\n    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n"
        "    def model(self):\n        return keras.Sequential([keras.Input((3,)), layers.Dense(self.double), layers.Dropout(self.rate())])\n"
        "m = Builder.wide().model()\n"
    )
    assert graph.layers[-2]["units"] == 16
    assert graph.layers[-1]["rate"] == 0.25


# Functions that build, wire, compile, train and load.

CALLS = {
    "positional": "def f(n, a): return n\nn = f(6, 'relu')",
    "keywords": "def f(a, n=1): return n\nn = f(a=2, n=6)",
    "defaults": "def f(n=6): return n\nn = f()",
    "keyword only": "def f(*, n): return n\nn = f(n=6)",
    "star arguments": "def f(*sizes): return sizes[1]\nn = f(*[5, 6])",
    "star keywords": "def f(**options): return options['n']\nn = f(**{'n': 6})",
    "handed on": "def g(a, n=1): return n\ndef f(*args, **kwargs): return g(*args, **kwargs)\nn = f(1, n=6)",
    "a closure": "def f(n):\n    def g(): return n\n    return g\nn = f(6)()",
    "a nonlocal name": "def f():\n    n = 5\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n\nn = f()",
    "a global name": "n = 1\ndef f():\n    global n\n    n = 6\nf()",
    "a lambda": "n = (lambda a, b=4: a + b)(2)",
    "a decorator": "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(*a): return f(*a) * 2\n    return g\n"
    "@twice\ndef f(n): return n\nn = f(3)",
    "partial": "from functools import partial\ndef f(a, b, c): return a * b + c\nn = partial(f, 2, c=2)(2)",
    "recursion": "def f(n): return 1 if n < 2 else n * f(n - 1)\nn = f(3)",
    "a comprehension": "n = sum([k for k in range(4)])",
    "a nested comprehension": "n = len([a * b for a in range(3) for b in range(2)])",
    "a filtered comprehension": "n = max([k for k in range(8) if k % 3 == 0])",
    "a dictionary comprehension": "n = {k: k * 2 for k in range(4)}[3]",
    "main": "def main():\n    global n\n    n = 6\nif __name__ == '__main__':\n    main()",
    "a function in a table": "n = {'a': lambda: 5, 'b': lambda: 6}['b']()",
    "a generator": "def sizes():\n    yield 6\nn = list(sizes())[0]",
    "a walrus": "if (k := 5) > 2:\n    n = k + 1",
    "a match statement": "match 'wide':\n    case 'wide':\n        n = 6\n    case _:\n        n = 1",
}


@pytest.mark.parametrize("call", [name for name in CALLS if name != "a generator"])
def test_values_go_through_calls_of_every_kind(call: str) -> None:
    graph = only(f"{HEAD}{CALLS[call]}\nm = keras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert graph.layers[-1]["units"] == 6


def test_what_a_function_yields_is_not_guessed() -> None:
    graph = only(f"{HEAD}{CALLS['a generator']}\nm = keras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert graph.layers[-1]["units"] in (6, UNKNOWN)


def test_functions_build_compile_train_and_load() -> None:
    facts = read(
        f"{HEAD}def load():\n    (x, y), (a, b) = keras.datasets.mnist.load_data()\n    return (x / 255, y), (a / 255, b)\n"
        "def build(hidden=(16,), *, classes):\n    m = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])\n"
        "    for size in hidden:\n        m.add(layers.Dense(size, 'relu'))\n    m.add(layers.Dense(classes, 'softmax'))\n    return m\n"
        "def fit(model, data, **options):\n    model.compile('adam', 'sparse_categorical_crossentropy')\n"
        "    return model.fit(*data, **options)\n"
        "train, test = load()\nm = build((8, 4), classes=10)\nfit(m, train, epochs=4, batch_size=64)\nm.evaluate(*test)\n"
    )
    (graph,) = facts.graphs
    assert [layer["units"] for layer in graph.layers if layer.class_name == "Dense"] == [8, 4, 10]
    (fit,), (judged,) = facts.program.of(Fit), facts.program.of(Evaluation)
    assert fit.arguments == {"epochs": 4, "batch_size": 64}
    assert isinstance(fit.x, DataArray) and isinstance(judged.x, DataArray)
    assert (fit.x.role, judged.x.role) == (Role.TRAIN, Role.TEST)
    assert fit.x.maximum == 1


# Loops and branches.


@pytest.mark.parametrize(
    ("loop", "count"),
    [
        ("for _ in range(3):\n    m.add(layers.Dense(2))", 3),
        ("for n in (4, 5):\n    m.add(layers.Dense(n))", 2),
        ("for n, a in zip([1, 2, 3], 'abc'):\n    m.add(layers.Dense(n))", 3),
        ("for i, n in enumerate([4, 5]):\n    m.add(layers.Dense(n + i))", 2),
        ("n = 8\nwhile n > 1:\n    m.add(layers.Dense(n))\n    n //= 2", 3),
        ("for n in reversed([1, 2]):\n    m.add(layers.Dense(n))", 2),
        ("for name, n in {'a': 1, 'b': 2}.items():\n    m.add(layers.Dense(n, name=name))", 2),
        ("for n in range(10):\n    if n == 2:\n        break\n    m.add(layers.Dense(n + 1))", 2),
        ("for n in range(4):\n    if n % 2:\n        continue\n    m.add(layers.Dense(n + 1))", 2),
    ],
)
def test_loops_of_known_length_are_unrolled(loop: str, count: int) -> None:
    graph = only(f"{HEAD}m = keras.Sequential([keras.Input((3,))])\n{loop}\n")
    assert names(graph) == ["Dense"] * count


def test_a_loop_of_unknown_length_is_run_once_and_marked() -> None:
    facts = read(
        f"{HEAD}m = keras.Sequential([layers.Dense(1)])\nm.compile('adam', 'mse')\nfor a in things():\n    m.fit(a, y)\n"
    )
    (fit,) = facts.program.of(Fit)
    assert fit.repeated


@pytest.mark.parametrize(
    ("branch", "units"),
    [
        ("if u:\n    n = 4\nelse:\n    n = 4", 4),
        ("n = 4\nif u:\n    other = 5", 4),
        ("n = 4 if u else 5", UNKNOWN),
        ("if u:\n    n = 4\nelse:\n    raise ValueError", 4),
        ("if 2 > 1:\n    n = 4\nelse:\n    n = 5", 4),
        ("try:\n    n = 4\nexcept KeyError:\n    n = 4", 4),
        ("import sys\nif u:\n    sys.exit()\nn = 4", 4),
    ],
)
def test_branches_keep_what_both_sides_agree_on(branch: str, units: object) -> None:
    graph = only(f"{HEAD}{branch}\nm = keras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert graph.layers[-1]["units"] == units


# Where values come from.

VALUES = {
    "a constant": "N = 6\nn = N",
    "arithmetic": "n = (2 ** 4 - 4) // 2 % 10",
    "a tuple": "_, n = (5, 6)",
    "a starred target": "first, *rest = [1, 6]\nn = rest[0]",
    "an f-string": "k = 2\nn = int(f'{k}') * 3",
    "text": "n = int('6'.strip())",
    "a dictionary": "c = {'net': {'size': 6}}\nn = c['net']['size']",
    "get with a default": "n = {}.get('n', 6)",
    "updated": "c = dict(n=1)\nc.update(n=6)\nn = c['n']",
    "a class of settings": "class C:\n    n = 6\nn = C.n",
    "an object of settings": "class C:\n    def __init__(self, n=6):\n        self.n = n\nn = C().n",
    "a dataclass": "from dataclasses import dataclass\n@dataclass\nclass C:\n    k: int = 1\n    n: int = 6\nn = C(k=2).n",
    "a named tuple": "from collections import namedtuple\nC = namedtuple('C', 'k n')\nn = C(1, 6).n",
    "a typed named tuple": "from typing import NamedTuple\nclass C(NamedTuple):\n    n: int = 6\nn = C().n",
    "a simple namespace": "from types import SimpleNamespace\nc = SimpleNamespace(n=6)\nn = c.n",
    "an enum": "from enum import Enum\nclass C(Enum):\n    N = 6\nn = C.N.value",
    "argparse": "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int, default=6)\nn = p.parse_args().n",
    "absl": "from absl import flags\nflags.DEFINE_integer('n', 6, '')\nn = flags.FLAGS.n",
    "tf.app.flags": "import tensorflow as tf\ntf.app.flags.DEFINE_integer('n', 6, '')\nn = tf.app.flags.FLAGS.n",
    "the environment": "import os\nn = int(os.environ.get('N', '6'))",
    "getenv": "import os\nn = int(os.getenv('N', 6))",
    "len": "n = len('sixsix')",
    "a shape": "n = np.zeros((4, 6)).shape[1]",
    "the classes of a data set": "(x, y), _ = keras.datasets.reuters.load_data()\nn = 6 if len(set([1, 2])) == 2 else 0",
    "min and max": "n = max(min(9, 6), 2)",
}


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_known_wherever_it_comes_from(value: str) -> None:
    graph = only(f"{HEAD}{VALUES[value]}\nm = keras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert graph.layers[-1]["units"] == 6


def test_click_options_have_their_defaults() -> None:
    graph = only(
        f"{HEAD}import click\n@click.command()\n@click.option('--size', default=6)\ndef main(size):\n"
        "    keras.Sequential([keras.Input((3,)), layers.Dense(size)])\nif __name__ == '__main__':\n    main()\n"
    )
    assert graph.layers[-1]["units"] == 6


# Data and its lineage.


def trained(text: str) -> DataArray:
    """What the only `fit` is given for `x`."""
    facts = read(
        f"{HEAD}{text}\nm = keras.Sequential([layers.Dense(1)])\nm.compile('adam', 'mse')\nm.fit(x, y, epochs=2)\n"
    )
    (fit,) = facts.program.of(Fit)
    assert isinstance(fit.x, DataArray)
    return fit.x


DATA = {
    "numpy": ("x = np.random.rand(60, 4)", {"shape": (60, 4), "minimum": 0}),
    "a slice": ("x = np.zeros((60, 4))[:50, 1:]", {"shape": (50, 3)}),
    "concatenated": ("x = np.concatenate([np.zeros((6, 2)), np.ones((4, 2))])", {"shape": (10, 2)}),
    "reshaped": ("x = np.zeros((6, 4)).reshape(-1, 2, 2)", {"shape": (6, 2, 2)}),
    "cast": ("x = np.zeros((6, 4)).astype('float32')", {"dtype": "float32"}),
    "a data set": (
        "(x, y), _ = keras.datasets.cifar10.load_data()",
        {"shape": (50000, 32, 32, 3), "maximum": 255, "role": Role.TRAIN},
    ),
    "scaled": ("(x, y), _ = keras.datasets.mnist.load_data()\nx = x / 255.0", {"maximum": 1.0}),
    "split": (
        "from sklearn.model_selection import train_test_split\nx, t, y, u = train_test_split(np.zeros((100, 3)), np.zeros(100), test_size=0.2)",
        {"role": Role.TRAIN, "order": Order.SHUFFLED},
    ),
    "toy data": ("from sklearn.datasets import load_iris\nx, y = load_iris(return_X_y=True)", {"shape": (150, 4)}),
    "a frame": ("import pandas as pd\nf = pd.read_csv('a.csv')\nx = f[['a', 'b']].values", {"shape": (UNKNOWN, 2)}),
    "a scaler": (
        "from sklearn.preprocessing import MinMaxScaler\nx = MinMaxScaler().fit_transform(np.zeros((60, 4)))",
        {"minimum": 0, "maximum": 1, "shape": (60, 4)},
    ),
    "one hot": ("x = keras.utils.to_categorical([0, 1, 2], 3)", {"encoding": Encoding.ONE_HOT}),
    "padded sequences": (
        "from keras.preprocessing.sequence import pad_sequences\nfrom keras.preprocessing.text import Tokenizer\n"
        "t = Tokenizer(100)\nt.fit_on_texts(texts)\nx = pad_sequences(t.texts_to_sequences(texts), maxlen=9)",
        {"shape": (UNKNOWN, 9)},
    ),
    "imbalanced-learn": (
        "from imblearn.over_sampling import SMOTE\nx, y = SMOTE().fit_resample(np.zeros((60, 4)), labels)",
        {"shape": (UNKNOWN, 4)},
    ),
}


@pytest.mark.parametrize("data", DATA)
def test_the_lineage_of_data_reaches_fit(data: str) -> None:
    text, expected = DATA[data]
    found = trained(text)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "data",
    [
        "import tensorflow as tf\nx = tf.data.Dataset.from_tensor_slices((a, b)).shuffle(100).batch(32).prefetch(1)",
        "x = keras.utils.image_dataset_from_directory('train', image_size=(32, 32), batch_size=8)",
        "from keras.preprocessing.image import ImageDataGenerator\n"
        "x = ImageDataGenerator(rescale=1/255).flow_from_directory('train', target_size=(32, 32), batch_size=8)",
        "class Rows(keras.utils.Sequence):\n    def __len__(self): return 4\n    def __getitem__(self, i): return a[i], b[i]\nx = Rows()",
        "def rows():\n    while True:\n        yield a, b\nx = rows()",
    ],
    ids=["tf.data", "image_dataset_from_directory", "ImageDataGenerator", "Sequence", "a generator"],
)
def test_data_that_comes_in_batches_is_no_array(data: str) -> None:
    facts = read(
        f"{HEAD}{data}\nm = keras.Sequential([layers.Dense(1)])\nm.compile('adam', 'mse')\nm.fit(x, epochs=2)\n"
    )
    (fit,) = facts.program.of(Fit)
    assert isinstance(fit.x, DataArray)
    assert fit.x.kind.value in ("dataset", "generator", "sequence")


# Training.


def test_every_call_that_trains_or_judges_is_recorded_in_order() -> None:
    facts = read(
        f"{HEAD}m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])\nm.compile('adam', 'mse', metrics=['mae'])\n"
        "stop = keras.callbacks.EarlyStopping(patience=3)\n"
        "m.fit(x, y, callbacks=[stop], validation_split=0.1)\nm.fit_generator(g, steps_per_epoch=5)\nm.train_on_batch(x, y)\n"
        "m.evaluate(x, y)\nm.predict(x)\nm.test_on_batch(x, y)\nm.predict_on_batch(x)\n"
    )
    assert [fit.method for fit in facts.program.of(Fit)] == ["fit", "fit_generator", "train_on_batch"]
    assert [judged.method for judged in facts.program.of(Evaluation)] == [
        "evaluate", "predict", "test_on_batch", "predict_on_batch",
    ]  # fmt: skip
    first = next(facts.program.of(Fit))
    assert isinstance(first.callbacks, tuple)
    assert [callback.name for callback in first.callbacks] == ["EarlyStopping"]
    (made,) = facts.program.of(Compiled)
    assert made.compile is not None and isinstance(made.compile.metrics, tuple)
    assert [metric.name for metric in made.compile.metrics] == ["mean_absolute_error"]


def test_folds_train_a_model_in_a_loop() -> None:
    facts = read(
        f"{HEAD}from sklearn.model_selection import KFold\nx, y = np.zeros((60, 4)), np.zeros(60)\n"
        "for a, b in KFold(5, shuffle=True).split(x):\n    m = keras.Sequential([layers.Dense(1)])\n    m.compile('adam', 'mse')\n"
        "    m.fit(x[a], y[a], epochs=2)\n    m.evaluate(x[b], y[b])\n"
    )
    fit, judged = next(facts.program.of(Fit)), next(facts.program.of(Evaluation))
    assert fit.repeated and fit.loops[-1].over == "folds"
    assert isinstance(fit.x, DataArray) and isinstance(judged.x, DataArray)
    assert fit.x.disjoint(judged.x)


def test_loops_of_ones_own_are_seen() -> None:
    facts = read(
        "import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Dense(1)])\no = tf.keras.optimizers.Adam()\n"
        "@tf.function\ndef step(x, y):\n    with tf.GradientTape() as tape:\n        loss = tf.reduce_mean((m(x) - y) ** 2)\n"
        "    o.apply_gradients(zip(tape.gradient(loss, m.trainable_variables), m.trainable_variables))\n"
        "for x, y in data:\n    step(x, y)\n"
    )
    assert {"GradientTape", "apply_gradients"} & {
        call.name.rpartition(".")[2] for call in facts.program.of(LibraryCall)
    }
    assert facts.program.tapes


# Notebooks and Python 2.


def test_cells_run_in_order_and_findings_are_located_in_them() -> None:
    cells = [
        "%matplotlib inline\n!pip install keras\nimport keras",
        "n = 4",
        "n = 6\nkeras.Sequential([keras.layers.Dense(n, input_dim=3)])",
        "%%time\nawait x\nn = 9",
    ]
    document = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (graph,) = read_script("a.ipynb", json.dumps(document)).graphs
    assert graph.layers[-1]["units"] == 6
    assert (graph.location.cell, graph.location.line, graph.location.column) == (3, 2, 1)


@pytest.mark.parametrize(
    "line",
    [
        "print 'a'",
        "exec 'a'",
        "if u:\n    raise ValueError, 'a'",
        "try:\n    a()\nexcept E, e:\n    pass",
        "a = `b`",
        "a = 0777",
        "a <> b",
    ],
)
def test_python_2_is_read_as_it_stands(line: str) -> None:
    facts = read(f"import keras\n{line}\nm = keras.Sequential([keras.layers.Dense(6, input_dim=3)])\n")
    (graph,) = facts.graphs
    assert graph.whole
    assert facts.usage.python2 is not None


# The bounds of an evaluation.


def test_what_is_not_understood_is_unknown_and_costs_nothing_else(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    graph = only(
        f"{HEAD}open({str(marker)!r}, 'w').write('x')\neval('1')\nx = strange @ (lambda: 0)[1:2]\n"
        "m = keras.Sequential([keras.Input((3,)), layers.Dense(6)])\n"
    )
    assert graph.layers[-1]["units"] == 6
    assert not marker.exists()
