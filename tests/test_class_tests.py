"""What a script learns of a value by asking for its class, and conditions that hold whatever is not known."""

from __future__ import annotations

import pytest

from kerascheck.facts.graph import GraphKind, LayerKind, ModelGraph
from kerascheck.script import read_script

HEAD = "import keras\nfrom keras import layers\n"
STACK = "m = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])\n"


def graphs(text: str) -> tuple[ModelGraph, ...]:
    return read_script("script.py", HEAD + text).graphs


def units(text: str) -> object:
    """The units of the first layer of a model that `n` is given to."""
    (graph,) = graphs(f"{text}\nkeras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert all(layer.kind is LayerKind.BUILTIN for layer in graph.layers)
    return graph.layers[-1]["units"]


@pytest.mark.parametrize(
    "test",
    [
        "isinstance(3, int)",
        "isinstance([1], list)",
        "isinstance((1, 2), (list, tuple))",
        "isinstance({}, dict)",
        "not isinstance('a', int)",
        "not isinstance(None, str)",
        "type(3) is int",
        "type('a') == str",
        "type(3) != float",
        "isinstance(layers.Dense(1), layers.Dense)",
        "isinstance(layers.Dense(1), layers.Layer)",
        "not isinstance(layers.Dense(1), layers.Conv2D)",
        "type(layers.Conv2D(1, 1)) is layers.Convolution2D",
        "type(layers.Dense(1)) is not layers.Flatten",
        "layers.Dense(1).__class__.__name__ == 'Dense'",
        "isinstance(Own(), Own)",
        "isinstance(Own(), Base)",
        "not isinstance(Base(), Own)",
        "type(Own()) is Own",
        "not (unknown and False)",
        "(unknown or True)",
        "not (False and unknown)",
    ],
)
def test_a_question_with_one_answer_is_decided(test: str) -> None:
    classes = "class Base: pass\nclass Own(Base): pass\n"
    assert units(f"{classes}n = 5 if {test} else 7") == 5


@pytest.mark.parametrize(
    "test",
    [
        "isinstance(unknown, int)",
        "isinstance(layers.SpatialDropout1D(0.1), layers.Dropout)",
        "isinstance(layers.Conv2DTranspose(1, 1), layers.Conv2D)",
        "type(unknown) is int",
        "unknown and other",
        "unknown or other",
        "isinstance(3, elsewhere)",
    ],
)
def test_a_question_with_two_answers_is_not(test: str) -> None:
    (graph,) = graphs(f"n = 5 if {test} else 7\nkeras.Sequential([keras.Input((3,)), layers.Dense(n)])\n")
    assert graph.layers[-1]["units"] not in (5, 7)


def test_a_model_is_cut_where_the_class_of_its_layers_changes() -> None:
    found = graphs(
        f"{STACK}last = [i for i, layer in enumerate(m.layers) if type(layer) is layers.Conv2D][-1]\n"
        "front = keras.Sequential([keras.Input((8, 8, 3)), *m.layers[: last + 1]])\n"
        "back = keras.Sequential([keras.Input((6, 6, 4)), *m.layers[last + 1 :]])\n"
    )
    assert [graph.whole for graph in found] == [True] * 3
    assert [
        [layer.class_name for layer in graph.layers if layer.class_name != "InputLayer"] for graph in found[1:]
    ] == [
        ["Conv2D"],
        ["Flatten", "Dense"],
    ]


def test_a_model_that_a_tuner_holds_is_built_again() -> None:
    build = (
        "import keras_tuner\ndef build(hp):\n    m = keras.Sequential([keras.Input((3,)), layers.Dense(hp.Int('n', 2, 8))])\n"
        "    m.compile('adam', 'mse')\n    return m\n"
    )
    found = graphs(
        f"{build}t = keras_tuner.Hyperband(build, objective='loss')\nt.search(x, y, epochs=3)\n"
        "best = t.get_best_hyperparameters(num_trials=1)[0]\nm = t.hypermodel.build(best)\nm.fit(x, y)\n"
    )
    assert [graph.whole for graph in found] == [True, True]


def test_a_hypermodel_is_a_class_with_a_build_method() -> None:
    found = graphs(
        "import keras_tuner\nclass Search(keras_tuner.HyperModel):\n    def __init__(self, width):\n        self.width = width\n"
        "    def build(self, hp):\n        return keras.Sequential([keras.Input((3,)), layers.Dense(self.width)])\n"
        "t = keras_tuner.RandomSearch(Search(6), objective='loss')\nt.search(x, y, epochs=3)\n"
    )
    assert [graph.layers[-1]["units"] for graph in found] == [6]


def test_a_model_without_a_call_is_what_it_keeps() -> None:
    found = graphs(
        f"{STACK}class Pair(keras.Model):\n    def __init__(self, inner):\n        super().__init__()\n"
        "        self.inner = inner\n        self.scale = layers.Rescaling(2)\n"
        "    def train_step(self, data):\n        return {}\np = Pair(m)\np.compile('adam', 'mse')\np.fit(x)\n"
    )
    assert found[1].kind is GraphKind.SUBCLASSED
    assert found[1].whole
    assert [layer.kind for layer in found[1].layers] == [LayerKind.MODEL, LayerKind.BUILTIN]
    assert found[1].layers[0].parameters == found[0].parameters == 402


def test_a_model_whose_call_may_stand_elsewhere_is_not_known_whole() -> None:
    (graph,) = graphs("from project import Mixin\nclass Net(Mixin, keras.Model):\n    pass\nn = Net()\nn.fit(x, y)\n")
    assert not graph.whole
