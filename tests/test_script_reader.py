"""What the script reader follows: modules beside a script, saved models, branches, loops, wrappers, options, coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascheck import check_paths, check_script
from kerascheck.facts.events import Compiled, Fit
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script
from kerascheck.script.reader import ScriptFacts

HEAD = "import keras\nfrom keras import layers\n"


def read(text: str) -> ScriptFacts:
    return read_script("script.py", HEAD + text)


def classes(graph: ModelGraph) -> list[str]:
    return [layer.class_name for layer in graph.layers if layer.class_name != "InputLayer"]


def project(folder: Path, **files: str) -> Path:
    (folder / "pyproject.toml").write_text("")
    for name, text in files.items():
        path = folder / f"{name.replace('_in_', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read_in(folder: Path, name: str = "train") -> ScriptFacts:
    file = folder / f"{name}.py"
    return read_script(file.name, file.read_bytes(), file=file)


NETWORK = "from keras import Sequential, layers\ndef build(n):\n    return Sequential([layers.Dense(n, input_dim=4)])\n"


@pytest.mark.parametrize(
    "imported",
    [
        pytest.param("from network import build", id="from a module"),
        pytest.param("from network import *", id="all names"),
        pytest.param("import network\nbuild = network.build", id="the module"),
        pytest.param("import network as n\nbuild = n.build", id="the module under another name"),
        pytest.param(
            "def main():\n    from network import build as made\n    return made\nbuild = main()", id="in a function"
        ),
    ],
)
def test_a_model_is_built_by_a_module_beside_the_script(tmp_path: Path, imported: str) -> None:
    text = f"import keras\n{imported}\nmodel = build(7)\nmodel.compile('sgd', 'mse')\n"
    facts = read_in(project(tmp_path, network=NETWORK, train=text))
    (graph,) = facts.graphs
    assert graph.whole
    assert graph.layers[0]["units"] == 7
    assert graph.location.path == "network.py"
    assert facts.reads == (str(tmp_path / "network.py"),)


def test_packages_relative_imports_and_the_project_root_are_found(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        nets_in___init__="from .unet import build\n",
        nets_in_unet="from .parts import width\nfrom ..sizes import BASE\n"
        + NETWORK.replace("(n,", "(width(n) + BASE,"),
        nets_in_parts="def width(n):\n    return n * 2\n",
        sizes="BASE = 1\n",
        scripts_in_train="import keras\nfrom nets import build\nmodel = build(3)\n",
    )
    file = folder / "scripts" / "train.py"
    (graph,) = read_script("train.py", file.read_bytes(), file=file).graphs
    assert graph.whole
    assert graph.layers[0]["units"] == 7


def test_cycles_of_imports_end(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        one="from two import second\nfirst = 3\n",
        two="from one import first, third\nsecond = 4\n",
        train="import keras\nfrom one import *\nfrom two import *\nm = keras.Sequential([keras.layers.Dense(second)])\n",
    )
    (graph,) = read_in(folder).graphs
    assert graph.layers[0]["units"] == 4


def test_what_a_module_does_when_it_is_imported_is_its_own_matter(tmp_path: Path) -> None:
    other = "import keras\nSIZE = 5\nm = keras.Sequential([keras.layers.Dense(1)])\nm.fit(x, y, epochs=2)\n"
    text = "import keras\nfrom other import SIZE\nm = keras.Sequential([keras.layers.Dense(SIZE)])\nm.fit(x, y)\n"
    facts = read_in(project(tmp_path, other=other, train=text))
    assert [fit.location.path for fit in facts.program.of(Fit)] == ["train.py"]
    assert [graph.location.path for graph in facts.graphs] == ["train.py"]


def test_findings_about_a_module_stand_where_it_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORK.replace("layers.Dense(n, input_dim=4)", "layers.Dense(n, input_dim=4), layers.Dropout(1.5)")
    text = "import keras\nfrom network import build\nmodel = build(7)\nmodel.compile('adam', 'mse')\n"
    folder = project(tmp_path, network=network, train=text)
    monkeypatch.chdir(folder)
    report = check_script(folder / "train.py")
    (found,) = [finding for finding in report.findings if finding.code == "KC207"]
    assert (found.location.path, found.location.line) == ("network.py", 3)
    assert found.fix is None
    assert [path for path, _ in report.beside] == ["network.py"]


def test_a_finding_about_a_module_is_said_once_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORK.replace("layers.Dense(n, input_dim=4)", "layers.Dense(n, input_dim=4), layers.Dropout(1.5)")
    text = "import keras\nfrom network import build\nmodel = build(7)\nmodel.compile('adam', 'mse')\n"
    folder = project(tmp_path, network=network, train=text, again=text)
    monkeypatch.chdir(folder)
    found = [finding for finding in check_paths(["."]).findings if finding.code == "KC207"]
    assert [finding.location.path for finding in found] == ["network.py"]
    alone = [finding for finding in check_paths(["train.py", "again.py"]).findings if finding.code == "KC207"]
    assert [finding.location.path for finding in alone] == ["network.py"]


def test_nothing_beside_is_read_for_a_text_that_lies_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, network=NETWORK))
    facts = read("from network import build\nmodel = build(3)\nmodel.compile('adam', 'mse')\n")
    assert facts.reads == ()
    assert [graph.whole for graph in facts.graphs] == [False]


def test_a_model_that_was_saved_is_known_when_it_is_loaded() -> None:
    facts = read(
        "m = keras.Sequential([layers.Dense(2, input_dim=3)])\nm.compile('adam', 'mse')\nm.save('m.keras')\n"
        "again = keras.models.load_model('m.keras')\nagain.fit(x, y, epochs=1)\n"
    )
    (fit,) = facts.program.of(Fit)
    loaded = facts.program.graph(fit.model)
    assert loaded is not None
    assert loaded.whole
    assert classes(loaded) == ["Dense"]
    assert fit.compile is not None
    # The rules look at what the script puts together, not at copies of it.
    assert len(facts.graphs) == 1


def test_a_model_file_beside_the_script_is_read(tmp_path: Path) -> None:
    stored = sorted((Path(__file__).parent.parent / "fixtures" / "models").glob("*.keras"))[0]
    (tmp_path / "m.keras").write_bytes(stored.read_bytes())
    text = "import keras\nm = keras.models.load_model('m.keras')\nm.evaluate(x, y)\n"
    facts = read_in(project(tmp_path, train=text))
    (graph,) = facts.program.models.values()
    assert graph.layers
    assert str(tmp_path / "m.keras") in facts.reads


def test_a_model_of_which_nothing_is_known_keeps_its_compile_and_fit() -> None:
    facts = read("def train(net, n=4):\n    net.compile('adam', loss='mse')\n    net.fit(x, y, epochs=n)\n")
    (compiled,), (fit,) = facts.program.of(Compiled), facts.program.of(Fit)
    assert compiled.model == fit.model
    assert fit.arguments == {"epochs": 4}
    assert not fit.certain
    (graph,) = facts.graphs
    assert [gap.construct for gap in graph.gaps] == ["parameter"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("if u: m.add(layers.Dropout(0.1))\n", ["Dense", "Dropout", "branch", "Dense"], id="one side"),
        pytest.param(
            "if u: m.add(layers.ReLU())\nelse: m.add(layers.ELU())\n",
            ["Dense", "ELU", "ReLU", "branch", "Dense"],
            id="both",
        ),
        pytest.param("for i in range(u): m.add(layers.Dense(3))\n", ["Dense", "Dense", "loop", "Dense"], id="loop"),
        pytest.param("while u: m.add(layers.Dense(3))\n", ["Dense", "Dense", "loop", "Dense"], id="while"),
        pytest.param("for i in range(3): m.add(layers.ReLU())\n", ["Dense", *["ReLU"] * 3, "Dense"], id="counted"),
    ],
)
def test_paths_that_cannot_be_decided_meet_in_one_opaque_node(text: str, expected: list[str]) -> None:
    facts = read(f"m = keras.Sequential([keras.Input((3,)), layers.Dense(3)])\n{text}m.add(layers.Dense(1))\n")
    (graph,) = facts.graphs
    assert graph.whole
    assert sorted(classes(graph)) == sorted(expected)
    assert graph.outputs[0].shape == (None, 1)
    assert {layer.kind for layer in graph.layers if layer.class_name in ("branch", "loop")} <= {LayerKind.CHOICE}


def test_each_model_that_a_branch_chooses_is_trained() -> None:
    facts = read(
        "if u:\n    m = keras.Sequential([layers.Dense(1)])\nelse:\n    m = keras.Sequential([layers.Dense(2)])\n"
        "m.compile('adam', 'mse')\nm.fit(x, y, epochs=3)\n"
    )
    fits = list(facts.program.of(Fit))
    assert {fit.model for fit in fits} == {graph.key for graph in facts.graphs}
    assert [fit.certain for fit in fits] == [False, False]


def test_a_loop_that_trains_is_followed_as_far_as_it_tells_something_new() -> None:
    facts = read(
        "for units in (8, 16, 32, 64):\n    m = keras.Sequential([layers.Dense(units)])\n"
        "    m.compile('adam', 'mse')\n    m.fit(x, y, epochs=units)\n"
    )
    fits = list(facts.program.of(Fit))
    assert 1 <= len(fits) <= 2
    assert all(fit.repeated for fit in fits)


def test_a_custom_layer_carries_the_graph_inside_it() -> None:
    facts = read(
        "class Block(layers.Layer):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.a, self.b = layers.Dense(n), layers.Dropout(0.5)\n"
        "    def call(self, x, training=None):\n        return self.b(self.a(x), training=training)\n"
        "i = keras.Input((4,))\nm = keras.Model(i, Block(6)(i))\n"
    )
    (graph,) = facts.graphs
    block = next(layer for layer in graph.layers if layer.class_name == "Block")
    assert block.kind is LayerKind.CUSTOM
    assert block.model is not None
    assert classes(block.model) == ["Dense", "Dropout"]
    assert graph.outputs[0].shape == (None, 6)
    assert graph.parameters == 30


def test_a_subclassed_model_of_unknown_input_is_known_but_for_its_sizes() -> None:
    facts = read(
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = layers.Dense(3)\n"
        "    def call(self, inputs):\n        left, right = inputs\n        return self.d(left + right)\n"
        "m = Net()\nm.compile('adam', 'mse')\nm.fit([a, b], y, epochs=2)\n"
    )
    (graph,) = facts.graphs
    assert graph.whole
    assert len(graph.inputs) == 2
    assert classes(graph)[0] == "Dense"


def test_a_wrapped_model_is_built_with_what_the_wrapper_is_given() -> None:
    facts = read(
        "from scikeras.wrappers import KerasClassifier\n"
        "def build(units=4):\n    m = keras.Sequential([layers.Dense(units, input_dim=2)])\n"
        "    m.compile('adam', 'mse')\n    return m\n"
        "w = KerasClassifier(model=build, units=9, epochs=5)\nw.fit(x, y, batch_size=3)\n"
    )
    (fit,) = facts.program.of(Fit)
    assert fit.arguments == {"epochs": 5, "batch_size": 3}
    graph = facts.program.graph(fit.model)
    assert graph is not None
    assert graph.layers[0]["units"] == 9


def test_a_tuner_searches_with_the_model_that_its_function_builds() -> None:
    facts = read(
        "import keras_tuner\ndef build(hp):\n    m = keras.Sequential([layers.Dense(hp.Int('n', 2, 8)), layers.Dense(1)])\n"
        "    m.compile('adam', 'mse')\n    return m\n"
        "t = keras_tuner.RandomSearch(build, objective='val_loss')\nt.search(x, y, epochs=2)\n"
    )
    (fit,) = facts.program.of(Fit)
    assert fit.repeated
    (graph,) = facts.graphs
    assert graph.layers[0]["units"] is UNKNOWN
    assert graph.layers[1]["units"] == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "from absl import flags, app\nflags.DEFINE_integer('n', 6, '')\nF = flags.FLAGS\n"
            "def main(_):\n    global m\n    m = keras.Sequential([layers.Dense(F.n)])\napp.run(main)\n",
            id="absl",
        ),
        pytest.param(
            "import click\n@click.command()\n@click.option('--n', default=6)\n"
            "def main(n):\n    keras.Sequential([layers.Dense(n)])\nmain()\n",
            id="click",
        ),
        pytest.param(
            "import typer\ndef main(n: int = typer.Option(6)):\n    keras.Sequential([layers.Dense(n)])\ntyper.run(main)\n",
            id="typer",
        ),
        pytest.param(
            "import argparse\np = argparse.ArgumentParser()\ns = p.add_subparsers(dest='c')\nq = s.add_parser('train')\n"
            "q.add_argument('--n', type=int, default='6')\na = vars(p.parse_args())\nkeras.Sequential([layers.Dense(a['n'])])\n",
            id="argparse with commands",
        ),
    ],
)
def test_options_have_their_defaults(text: str) -> None:
    (graph,) = read(text).graphs
    assert graph.layers[0]["units"] == 6


def test_the_coverage_of_a_file_says_what_was_recovered_and_what_was_not() -> None:
    report = check_script(
        HEAD + "m = keras.Sequential([layers.Dense(1, input_dim=3)])\nm.compile('adam', 'mse')\n"
        "(x, y), _ = keras.datasets.boston_housing.load_data()\nm.fit(x, y, epochs=1)\nm.fit(other, things, epochs=1)\n"
        "w = keras.models.load_model('gone.h5')\nw.fit(x, y, epochs=1)\nz = keras.Model(m.input, elsewhere(m))\n"
    )
    found = report.coverage
    assert found is not None
    assert (found.models, found.whole, found.elsewhere, found.lost) == (3, 1, 1, 1)
    assert "load_model('gone.h5')" in found.gaps
    assert (found.fits, found.fits_known) == (3, 2)


def test_a_layer_inside_a_pretrained_network_is_one_opaque_node_behind_its_input() -> None:
    facts = read(
        "base = keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))\n"
        "ends = [base.get_layer(name).output for name in ('block1_conv1', 'block2_conv1')]\n"
        "features = keras.Model(base.input, ends)\n"
        "head = keras.Model(base.input, layers.Flatten()(base.layers[-3].output))\n"
    )
    assert [graph.whole for graph in facts.graphs] == [True, True]
    assert [len(graph.outputs) for graph in facts.graphs] == [2, 1]
    assert [layer.kind for layer in facts.graphs[0].layers] == [LayerKind.CHOICE] * 2


@pytest.mark.parametrize(
    ("model", "elsewhere"),
    [
        pytest.param("m = keras.models.load_model('gone.h5')", True, id="a file that is not there"),
        pytest.param("m = keras.models.load_model(path)", True, id="a file of unknown name"),
        pytest.param("import keras_hub\nm = keras_hub.models.CausalLM.from_preset('gemma')", True, id="a preset"),
        pytest.param("import keras_cv\nm = keras_cv.models.RetinaNet(classes=3)", True, id="a model of a library"),
        pytest.param("from network import build\nm = build(3)", True, id="a module that is not there"),
        pytest.param("from .network import build\nm = build(3)", True, id="a relative module"),
        pytest.param(
            "import keras_hub\nb = keras_hub.models.Backbone.from_preset('b')\nm = keras.Model(b.input, layers.Dense(1)(b(b.input)))",
            True,
            id="a model on a backbone",
        ),
        pytest.param(
            "from tasks import Task\nclass Own(Task):\n    def make(self): return self.spec.build()\nm = Own().make()",
            True,
            id="an attribute from a class that is not there",
        ),
        pytest.param(
            "class Own:\n    def make(self): return self.spec.build()\nm = Own().make()",
            False,
            id="an attribute that nobody sets",
        ),
        pytest.param("m = keras.Model(ins, outs)", False, id="tensors that nobody makes"),
        pytest.param("import copy\nm = copy.copy(n)", False, id="what the reader should know"),
        pytest.param("m = nobody(3)", False, id="a name that nobody binds"),
    ],
)
def test_what_lies_elsewhere_and_has_a_name_is_counted_apart(model: str, elsewhere: bool) -> None:
    found = check_script(f"{HEAD}{model}\nm.compile('adam', loss='mse')\nm.fit(x, y, epochs=1)\n").coverage
    assert found is not None
    assert (found.whole, found.elsewhere, found.lost + found.partial) == (0, int(elsewhere), int(not elsewhere))


def test_a_model_that_is_handed_in_lies_elsewhere() -> None:
    found = check_script(
        HEAD + "def train(net):\n    net.compile('adam', loss='mse')\n    net.fit(x, y, epochs=2)\n"
    ).coverage
    assert found is not None
    assert (found.models, found.elsewhere) == (1, 1)


@pytest.mark.parametrize(
    ("calls", "known"),
    [
        pytest.param("m.compile('adam', 'mse')\nm.fit(x, y, epochs=3)", 2, id="all is written out"),
        pytest.param("m.compile('adam', 'mse')\nm.fit(x, y, steps_per_epoch=len(x) // 32)", 2, id="a number of data"),
        pytest.param("m.compile(loss='mse')\nm.fit(x, y)", 2, id="no optimizer"),
        pytest.param("m.compile('adam', own)\nm.fit(x, y)", 2, id="a loss of the author's"),
        pytest.param(
            "class Own(keras.losses.Loss):\n    def call(self, y, p): return y - p\nm.compile('adam', Own())\nm.fit(x, y)",
            2,
            id="a loss of a class of the author's",
        ),
        pytest.param(
            "import tfa\nm.compile(tfa.optimizers.LAMB(), tfa.losses.Focal())\nm.fit(x, y)",
            2,
            id="of another library",
        ),
        pytest.param(
            "o = keras.optimizers.SGD(0.1) if u else keras.optimizers.SGD(0.2)\nm.compile(o, 'mse')\nm.fit(x, y)",
            2,
            id="one optimizer or another of its kind",
        ),
        pytest.param(
            "o = keras.optimizers.SGD(0.1) if u else keras.optimizers.Adam(0.1)\nm.compile(o, 'mse')\nm.fit(x, y)",
            1,
            id="optimizers of two kinds",
        ),
        pytest.param("m.compile(unknown, 'mse')\nm.fit(x, y)", 1, id="an optimizer that is not known"),
        pytest.param("m.compile('adam', unknown)\nm.fit(x, y)", 1, id="a loss that is not known"),
        pytest.param("m.compile('adam', 'mse')\nm.fit(x, y, epochs=unknown)", 1, id="epochs that are not known"),
        pytest.param("m.compile('adam', 'mse')\nm.fit(x, y, **unknown)", 1, id="arguments that are not known"),
    ],
)
def test_calls_of_which_all_arguments_are_known_are_counted(calls: str, known: int) -> None:
    head = f"{HEAD}def own(y, p): return y - p\nm = keras.Sequential([keras.Input((3,)), layers.Dense(1)])\n"
    found = check_script(f"{head}{calls}\n").coverage
    assert found is not None
    assert (found.calls, found.calls_known) == (2, known)
