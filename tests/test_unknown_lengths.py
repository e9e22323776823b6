"""Tensors that loops of unknown length collect, layers that a branch chooses, and what else is known but for a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascheck import check_script
from kerascheck.facts.events import Compiled, Fit
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script

HEAD = "import keras\nfrom keras import layers\nimport numpy as np\nimport tensorflow as tf\n"


def graphs(text: str) -> tuple[ModelGraph, ...]:
    return read_script("script.py", HEAD + text).graphs


def classes(graph: ModelGraph) -> list[str]:
    return [layer.class_name for layer in graph.layers if layer.class_name != "InputLayer"]


@pytest.mark.parametrize(
    "collect",
    [
        pytest.param(
            "ins = {}\nfor name in table.columns:\n    ins[name] = keras.Input((1,), name=name)\nxs = list(ins.values())",
            id="a dictionary by name",
        ),
        pytest.param("ins = {name: keras.Input((1,)) for name in names}\nxs = list(ins.values())", id="comprehension"),
        pytest.param(
            "ins = []\nfor name in names:\n    ins.append(keras.Input((1,)))\nxs = ins",
            id="a list",
        ),
        pytest.param(
            "ins = {}\nfor name in names:\n    ins[name] = keras.Input((1,))\nxs = [x for _, x in sorted(ins.items())]",
            id="sorted entries",
        ),
        pytest.param(
            "def make(n):\n    i = keras.Input((1,), name=n)\n    return i, layers.Embedding(9, 1)(i)\n"
            "pairs = [make(n) for n in names]\nins, xs = [i for i, _ in pairs], [e for _, e in pairs]",
            id="pairs of a function",
        ),
        pytest.param(
            "ins = {}\nfor name in names:\n    ins[name] = keras.Input((1,))\n"
            "xs = []\nfor name in names:\n    xs.append(layers.Dense(2)(ins[name]))",
            id="looked up again",
        ),
    ],
)
def test_a_model_of_an_unknown_number_of_inputs_is_known_but_for_the_number(collect: str) -> None:
    (graph,) = graphs(f"{collect}\nx = layers.Concatenate()(xs)\nm = keras.Model(ins, layers.Dense(3)(x))\n")
    assert [gap.construct for gap in graph.gaps] == ["a number of tensors that is not known"]
    assert graph.whole_here
    assert classes(graph)[-2:] == ["Concatenate", "Dense"]
    joined = next(node for node in graph.nodes if node.layer.class_name == "Concatenate")
    assert joined.inputs[-1].shape is UNKNOWN or joined.inputs[-1].shape[-1] is UNKNOWN
    assert joined.output_shape is UNKNOWN or joined.output_shape[-1] is UNKNOWN
    assert graph.layers[-1].parameters is UNKNOWN


def test_an_entry_that_is_one_of_many_is_an_opaque_node() -> None:
    (graph,) = graphs(
        "ins = {}\nfor name in names:\n    ins[name] = keras.Input((4,), name=name)\n"
        "x = layers.Dense(2)(ins['age'])\nm = keras.Model(ins, x)\n"
    )
    assert graph.whole_here
    assert [layer.kind for layer in graph.layers if layer.class_name == "loop"] == [LayerKind.CHOICE]
    assert graph.outputs[0].shape == (None, 2)


def test_models_take_and_give_dictionaries() -> None:
    first, second = graphs(
        "ins = {'b': keras.Input((2,)), 'a': keras.Input((3,))}\n"
        "outs = {'q': layers.Dense(5)(ins['b']), 'p': layers.Dense(4)(ins['a'])}\n"
        "m = keras.Model(ins, outs)\n"
        "made = m(m.input)\nn = keras.Model(m.input, layers.Dense(1)(made['p']))\n"
    )
    assert first.whole and second.whole
    assert [tensor.shape for tensor in first.inputs] == [(None, 3), (None, 2)]
    assert [tensor.shape for tensor in first.outputs] == [(None, 4), (None, 5)]
    assert second.layers[-1].parameters == 5


def test_losses_are_paired_with_outputs_by_the_names_of_a_dictionary() -> None:
    facts = read_script(
        "script.py",
        HEAD + "i = keras.Input((2,))\nm = keras.Model(i, {'b': layers.Dense(1)(i), 'a': layers.Dense(3)(i)})\n"
        "m.compile('adam', {'b': 'mse', 'a': 'mae'})\n",
    )
    (made,) = facts.program.of(Compiled)
    assert made.compile is not None and isinstance(made.compile.losses, tuple)
    assert [loss.name for loss in made.compile.losses if loss is not None] == [
        "mean_absolute_error",
        "mean_squared_error",
    ]


def test_a_layer_that_a_branch_chooses_opens_two_paths_in_a_sequential() -> None:
    (graph,) = graphs(
        "import functools\nif tf.config.list_physical_devices('GPU'):\n    rnn = layers.GRU\n"
        "else:\n    rnn = functools.partial(layers.LSTM, recurrent_activation='sigmoid')\n"
        "m = keras.Sequential([keras.Input((7, 5)), rnn(3), layers.Dense(1)])\n"
    )
    assert graph.whole
    assert sorted(classes(graph)) == ["Dense", "GRU", "LSTM", "branch"]
    assert graph.outputs[0].shape == (None, 1)


@pytest.mark.parametrize(
    ("made", "name", "rate"),
    [
        ("tf.train.AdamOptimizer(0.01)", "adam", 0.01),
        ("tf.train.GradientDescentOptimizer(learning_rate=0.2)", "sgd", 0.2),
        ("tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)", "sgd", 0.1),
        ("tf.train.RMSPropOptimizer(1e-3)", "rmsprop", 1e-3),
        ("tf.optimizers.Adam(0.01)", "adam", 0.01),
    ],
)
def test_optimizers_of_tensorflow_are_those_of_keras(made: str, name: str, rate: float) -> None:
    (graph,) = graphs(f"m = keras.Sequential([layers.Dense(1)])\nm.compile({made}, 'mse')\n")
    optimizer = graph.compiles[0].optimizer
    assert optimizer is not None
    assert (optimizer.name, optimizer["learning_rate"]) == (name, rate)


def test_losses_and_metrics_of_tensorflow_2_are_those_of_keras_and_those_of_tensorflow_1_are_not() -> None:
    (graph,) = graphs(
        "m = keras.Sequential([layers.Dense(1)])\n"
        "m.compile('sgd', tf.losses.MeanSquaredError(), [tf.metrics.MeanAbsoluteError()])\n"
        "m.compile('sgd', tf.losses.mean_squared_error)\n"
    )
    first, second = (compiled.losses for compiled in graph.compiles)
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert first[0] is not None and first[0].name == "mean_squared_error"
    assert second[0] is not None and second[0].name is UNKNOWN


def test_labels_have_as_many_different_values_as_classes() -> None:
    (graph,) = graphs(
        "(x, y), _ = keras.datasets.mnist.load_data()\n"
        "m = keras.Sequential([keras.Input((784,)), layers.Dense(len(np.unique(y)))])\n"
    )
    assert graph.outputs[0].shape == (None, 10)


def test_a_few_labels_may_lack_a_class() -> None:
    (graph,) = graphs(
        "(x, y), _ = keras.datasets.mnist.load_data()\n"
        "m = keras.Sequential([keras.Input((784,)), layers.Dense(len(np.unique(y[:20])))])\n"
    )
    assert graph.layers[-1]["units"] is UNKNOWN


def test_a_call_that_gives_numbers_beside_tensors_is_followed() -> None:
    found = graphs(
        "class Noisy(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = layers.Dense(3)\n"
        "    def call(self, x):\n        noise = keras.random.normal((4, 3))\n        return self.d(x) + noise, noise, None\n"
        "m = Noisy()\nm.compile('adam', 'mse')\nm.fit(x)\n"
    )
    assert [graph.whole for graph in found] == [True]
    assert len(found[0].outputs) == 2


def test_the_layer_of_a_wrapper_is_the_one_that_was_wrapped() -> None:
    (graph,) = graphs(
        "i = keras.Input((5, 4))\nwrapped = layers.TimeDistributed(layers.Dense(3))\nx = wrapped(i)\n"
        "j = keras.Input((4,))\nm = keras.Model([i, j], [x, wrapped.layer(j)])\n"
    )
    assert graph.whole
    assert [tensor.shape for tensor in graph.outputs] == [(None, 5, 3), (None, 3)]


AGENT = (
    "class Agent:\n    def __init__(self):\n        self.net = None\n"
    "    def train(self):\n        self.net.fit(x, y, epochs=3)\n        self.other.fit(x, y, epochs=4)\n"
    "    def build(self):\n        self.net = keras.Sequential([layers.Dense(1)])\n"
    "        self.other = keras.Sequential([layers.Dense(2)])\n        self.net.compile('adam', 'mse')\n"
)


def test_a_class_that_nobody_uses_is_built_before_it_is_trained() -> None:
    facts = read_script("script.py", HEAD + AGENT.replace("        self.net = None\n", "        pass\n"))
    assert [graph.whole for graph in facts.graphs] == [True, True]
    fits = {fit.arguments["epochs"]: facts.program.graph(fit.model) for fit in facts.program.of(Fit)}
    assert [graph.layers[-1]["units"] for graph in fits.values() if graph is not None] == [1, 2]


def test_a_method_of_a_class_that_nobody_uses_finds_what_the_constructor_made() -> None:
    found = graphs(
        "class Net:\n    def __init__(self):\n        self.m = keras.Sequential()\n"
        "    def load(self, path):\n        self.m = keras.models.load_model(path)\n"
        "    def build(self):\n        self.m.add(layers.Dense(3, input_dim=2))\n"
        "    def train(self):\n        self.m.fit(x, y, epochs=2)\n"
    )
    assert [classes(graph) for graph in found if graph.whole] == [["Dense"]]
    assert [graph.whole_here for graph in found] == [True, True]


def test_a_functional_model_keeps_its_wiring_when_its_list_of_layers_is_cut() -> None:
    first, second = graphs(
        "i = keras.Input((4,))\nm = keras.Model(i, layers.Dense(2)(layers.Dense(3)(i)))\nm.layers.pop()\n"
        "n = keras.Model(m.input, layers.Dense(5)(m.layers[-1].output))\n"
    )
    assert first.whole and second.whole
    assert first.outputs[0].shape == (None, 2)
    # Which layer is the last now depends on the Keras.
    assert LayerKind.CHOICE in {layer.kind for layer in second.layers}


NETWORK = "from keras import Sequential, layers\ndef build(n):\n    return Sequential([layers.Dense(n, input_dim=4)])\n"


@pytest.mark.parametrize(
    "added",
    [
        pytest.param("sys.path.append('..')", id="the folder above"),
        pytest.param("sys.path.insert(0, '../lib')", id="a folder beside"),
        pytest.param(
            "sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))", id="from the file"
        ),
        pytest.param("sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'lib'))", id="joined"),
    ],
)
def test_modules_are_found_in_the_folders_that_a_script_adds(tmp_path: Path, added: str) -> None:
    for folder in ("train", "lib"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lib" / "network.py").write_text(NETWORK)
    (tmp_path / "network.py").write_text(NETWORK)
    file = tmp_path / "train" / "train.py"
    file.write_text(f"import keras, os, sys\n{added}\nfrom network import build\nm = build(6)\n")
    (graph,) = read_script("train.py", file.read_bytes(), file=file).graphs
    assert graph.layers[-1]["units"] == 6


def test_folders_outside_of_the_project_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "network.py").write_text(NETWORK)
    deep = tmp_path.joinpath(*"abcde")
    deep.mkdir(parents=True)
    for added in (f"sys.path.append({str(tmp_path)!r})", "sys.path.append('../../../../..')"):
        file = deep / "train.py"
        file.write_text(
            f"import keras, sys\n{added}\nfrom network import build\nm = build(6)\nm.compile('adam', loss='mse')\n"
        )
        facts = read_script("train.py", file.read_bytes(), file=file)
        assert facts.reads == ()


def test_a_node_that_stands_for_hidden_layers_is_no_layer_of_the_model() -> None:
    """A loop over the layers reaches those inside the base too, so that it proves nothing of all of them."""
    text = (
        HEAD + "base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))\n"
        "found = dict([(layer.name, layer) for layer in base.layers])\n"
        "x = layers.Flatten()(found['block5_conv3'].output)\nm = keras.Model(base.input, layers.Dense(2)(x))\n"
        "free = False\nfor layer in m.layers:\n    if layer.name == 'block5_conv1':\n        free = True\n    layer.trainable = free\n"
        "m.compile('adam', 'mse')\nm.fit(a, b, epochs=3)\n"
    )
    (graph,) = read_script("script.py", text).graphs
    assert graph.whole
    assert "KC231" not in {finding.code for finding in check_script(text).findings}


def test_the_first_layers_of_a_list_do_not_speak_for_the_others() -> None:
    (graph,) = graphs(
        "base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))\ni = x = keras.Input((64, 64, 3))\n"
        "for layer in base.layers[1:]:\n    if 'pool' in layer.name:\n        x = layers.AveragePooling2D()(x)\n"
        "m = keras.Model(i, x)\n"
    )
    assert "AveragePooling2D" in classes(graph)


def test_an_optimizer_that_a_branch_decides_keeps_what_both_sides_agree_on() -> None:
    (graph,) = graphs(
        "m = keras.Sequential([layers.Dense(1)])\n"
        "if u:\n    o = keras.optimizers.SGD(0.1, momentum=0.9)\nelse:\n    o = keras.optimizers.SGD(0.2, momentum=0.9)\n"
        "m.compile(o, 'mse')\n"
    )
    optimizer = graph.compiles[0].optimizer
    assert optimizer is not None
    assert (optimizer.name, optimizer["momentum"], optimizer["learning_rate"]) == ("sgd", 0.9, UNKNOWN)


def test_losses_by_name_of_a_model_whose_call_gives_a_dictionary() -> None:
    facts = read_script(
        "script.py",
        HEAD
        + "class Two(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = layers.Dense(1)\n"
        "    def call(self, x):\n        return dict(rate=self.d(x), far=elsewhere(x))\n"
        "m = Two()\nm.compile('adam', loss=dict(rate='mae', far='mse'))\n",
    )
    (made,) = facts.program.of(Compiled)
    assert made.compile is not None and isinstance(made.compile.losses, tuple)
    assert [loss and loss.name for loss in made.compile.losses] == ["mean_squared_error", "mean_absolute_error"]
