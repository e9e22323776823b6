"""Models that a script stores and takes up again: saved, checkpointed, written as modules by a notebook, left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerascheck.facts.events import Evaluation, Fit
from kerascheck.facts.graph import ModelGraph
from kerascheck.script import read_script
from kerascheck.script.reader import ScriptFacts

HEAD = "import keras, os, time, tempfile\nimport tensorflow as tf\nfrom keras import layers\n"
MODEL = "m = keras.Sequential([layers.Dense(2, input_dim=3)])\nm.compile('adam', 'mse')\n"


def read(text: str) -> ScriptFacts:
    return read_script("script.py", HEAD + text)


def judged(text: str) -> ModelGraph | None:
    """The model of the only `evaluate` call."""
    facts = read(text)
    (event,) = facts.program.of(Evaluation)
    return facts.program.graph(event.model)


@pytest.mark.parametrize(
    ("save", "load"),
    [
        pytest.param("m.save('a/m.keras')", "'a/m.keras'", id="a path"),
        pytest.param("m.save('./m.keras')", "'m.keras'", id="with and without the folder"),
        pytest.param("p = '/tmp/{}'.format(int(time.time()))\nm.save(p)", "p", id="a path that is not known"),
        pytest.param("d = tempfile.mkdtemp()\nm.save(d + '/m.keras')", "d + '/m.keras'", id="joined to an unknown one"),
        pytest.param("d = os.environ['D']\nm.save(os.path.join(d, 'm'))", "os.path.join(d, 'm')", id="os.path.join"),
        pytest.param("keras.models.save_model(m, 'm.h5')", "'m.h5'", id="save_model"),
        pytest.param("tf.saved_model.save(m, 'folder')", "'folder/'", id="a SavedModel"),
        pytest.param("m.export('folder')", "'folder'", id="an export"),
        pytest.param(
            "from keras.callbacks import ModelCheckpoint\n"
            "m.fit(x, y, epochs=9, callbacks=[ModelCheckpoint('best.h5', save_best_only=True)])",
            "'best.h5'",
            id="a checkpoint",
        ),
        pytest.param(
            "p = os.environ['P']\nc = keras.callbacks.ModelCheckpoint(filepath=p)\nm.fit(x, y, callbacks=c)",
            "p",
            id="a checkpoint under an unknown path",
        ),
    ],
)
def test_what_the_script_wrote_is_known_when_it_is_loaded(save: str, load: str) -> None:
    graph = judged(f"{MODEL}{save}\nagain = keras.models.load_model({load})\nagain.evaluate(x, y)\n")
    assert graph is not None
    assert graph.whole
    assert [layer["units"] for layer in graph.layers if layer.class_name == "Dense"] == [2]


@pytest.mark.parametrize(
    ("save", "load"),
    [
        pytest.param("m.save('a.keras')", "'b.keras'", id="another path"),
        pytest.param("m.save(tempfile.mkdtemp() + 'm')", "tempfile.mkdtemp() + 'm'", id="another unknown folder"),
        pytest.param(
            "c = keras.callbacks.ModelCheckpoint('w.h5', save_weights_only=True)\nm.fit(x, y, callbacks=[c])",
            "'w.h5'",
            id="a checkpoint of weights",
        ),
    ],
)
def test_what_the_script_did_not_write_is_not_known(save: str, load: str) -> None:
    graph = judged(f"{MODEL}{save}\nagain = keras.models.load_model({load})\nagain.evaluate(x, y)\n")
    assert graph is not None
    assert not graph.whole


def test_the_last_model_that_was_written_under_a_path_is_loaded() -> None:
    graph = judged(
        f"{MODEL}m.save('m.keras')\nm = keras.Sequential([layers.Dense(7, input_dim=3)])\nm.save('m.keras')\n"
        "keras.models.load_model('m.keras').evaluate(x, y)\n"
    )
    assert graph is not None
    assert graph.layers[-1]["units"] == 7


def test_what_tensorflow_loads_is_no_keras_model() -> None:
    facts = read(f"{MODEL}tf.saved_model.save(m, 'folder')\nloaded = tf.saved_model.load('folder')\nloaded(x)\n")
    assert len(facts.program.models) == 1


def notebook(*cells: str) -> ScriptFacts:
    document = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    return read_script("notes.ipynb", json.dumps(document))


WRITTEN = (
    "%%writefile network.py\nimport keras\n\ndef build(n):\n    m = keras.Sequential([keras.layers.Dense(n, input_dim=3)])\n"
    "    m.compile('adam', 'mse')\n    return m\n"
)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("import network\nm = network.build(5)\n", id="the module"),
        pytest.param("from network import build\nm = build(5)\n", id="a name of it"),
        pytest.param("from network import *\nm = build(5)\n", id="all its names"),
    ],
)
def test_a_module_that_a_cell_writes_is_read_where_it_is_imported(use: str) -> None:
    facts = notebook("!mkdir data", WRITTEN, use + "m.fit(x, y, epochs=3)\n")
    (graph,) = facts.graphs
    assert graph.whole
    assert graph.layers[-1]["units"] == 5
    assert (graph.location.path, graph.location.cell, graph.location.line) == ("notes.ipynb", 2, 5)
    (fit,) = facts.program.of(Fit)
    assert fit.compile is not None


def test_a_module_is_written_in_several_cells() -> None:
    more = "%%writefile -a network.py\n\ndef narrow():\n    return build(1)\n"
    facts = notebook(WRITTEN, more, "from network import narrow\nm = narrow()\nm.fit(x, y)\n")
    assert [graph.layers[-1]["units"] for graph in facts.graphs] == [1]


def test_a_module_that_a_cell_writes_runs_only_where_it_is_imported() -> None:
    assert notebook(WRITTEN + "build(3)\n", "import keras\n").graphs == ()


def test_names_that_a_module_takes_whole_from_a_library_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "common.py").write_text("from keras.callbacks import *\nfrom keras.layers import *\nimport keras\n")
    text = (
        "from common import *\ni = Input((4,))\no = Dense(1)(concatenate([Dense(2)(i), Dense(3)(i)]))\n"
        "m = keras.Model(i, o)\nm.compile('adam', 'mse')\n"
    )
    file = tmp_path / "train.py"
    file.write_text(text)
    (graph,) = read_script(file.name, text, file=file).graphs
    assert graph.whole
    assert graph.outputs[0].shape == (None, 1)
    assert graph.parameters == 10 + 15 + 6
