"""What fixes that move statements make of sources, in whatever layout these stand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kerascheck import Config
from kerascheck.config import Choice
from kerascheck.edits import TextLines, apply, choose
from kerascheck.findings import Edit, Finding, Fix, Location
from kerascheck.fix import mend_source
from kerascheck.linter import Plan
from kerascheck.script.source import character_column, read_source
from kerascheck.script.statements import SourceStatements

SCRIPTS = Path(__file__).parent.parent / "fixtures" / "scripts"

HEAD = "import keras\nimport numpy as np\nfrom keras import layers\n"
SORTED = "a, b = np.load('a.npy'), np.load('b.npy')\nx = np.concatenate([a, b])\ny = np.concatenate([np.zeros(len(a)), np.ones(len(b))])\n"
MODEL = "model = keras.Sequential([keras.Input((4,)), layers.Dense(1, 'sigmoid')])\nmodel.compile('adam', 'binary_crossentropy')\n"
DIGITS = "(x, y), (v, w) = keras.datasets.mnist.load_data()\n"
LOOP = "for units in (8, 16, 32, 64, 128):\n"

CASES: dict[str, tuple[str, str, str]] = {
    "one permutation before fit": (
        "KC102",
        f"{HEAD}{SORTED}{MODEL}history = model.fit(\n    x,\n    y,\n    validation_split=0.2,\n)\n",
        f"{HEAD}{SORTED}{MODEL}order = np.random.permutation(len(x))\nx, y = x[order], y[order]\nhistory = model.fit(\n    x,\n    y,\n    validation_split=0.2,\n)\n",
    ),
    "inside a function": (
        "KC102",
        f"{HEAD}def train():\n    {SORTED.replace(chr(10), chr(10) + '    ')}{MODEL.replace(chr(10), chr(10) + '    ')}return model.fit(x, y, validation_split=0.2)\ntrain()\n",
        f"{HEAD}def train():\n    {SORTED.replace(chr(10), chr(10) + '    ')}{MODEL.replace(chr(10), chr(10) + '    ')}order = np.random.permutation(len(x))\n    x, y = x[order], y[order]\n    return model.fit(x, y, validation_split=0.2)\ntrain()\n",
    ),
    "a layer that is added": (
        "KC208",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))\nmodel.add(\n    layers.Dropout(0.5)  # often\n)\nmodel.summary()\n",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))\nmodel.summary()\n",
    ),
    "the last statement": (
        "KC208",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))\nmodel.add(layers.Dropout(0.5))",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))",
    ),
    "the last entry of a list": (
        "KC208",
        f"{HEAD}model = keras.Sequential([\n    keras.Input((4,)),\n    layers.Dense(3, 'softmax'),\n    layers.Dropout(0.5),\n])\n",
        f"{HEAD}model = keras.Sequential([\n    keras.Input((4,)),\n    layers.Dense(3, 'softmax'),\n])\n",
    ),
    "beside letters that are no ASCII": (
        "KC208",
        f"{HEAD}model = keras.Sequential([keras.Input((4,)), layers.Dense(3, 'softmax', name='größe'), layers.Dropout(0.5)])\n",
        f"{HEAD}model = keras.Sequential([keras.Input((4,)), layers.Dense(3, 'softmax', name='größe')])\n",
    ),
    "two statements on one line are left": (
        "KC208",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax')); model.add(layers.Dropout(0.5))\n",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax')); model.add(layers.Dropout(0.5))\n",
    ),
    "the only statement of a block is left": (
        "KC208",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))\nif True:\n    model.add(layers.Dropout(0.5))\n",
        f"{HEAD}model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(3, 'softmax'))\nif True:\n    model.add(layers.Dropout(0.5))\n",
    ),
    "an output that has another name": (
        "KC208",
        f"{HEAD}a = keras.Input((4,))\nb = layers.Dense(3, 'softmax')(a)\nc = layers.Dropout(0.5)(b)\nmodel = keras.Model(a, c)\n",
        f"{HEAD}a = keras.Input((4,))\nb = layers.Dense(3, 'softmax')(a)\nc = layers.Dropout(0.5)(b)\nmodel = keras.Model(a, c)\n",
    ),
    "a session cleared in each turn": (
        "KC513",
        f"{HEAD}{LOOP}    # one more\n    model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])\n    model.compile('adam', 'mse')\n    model.fit(np.ones((8, 4)), np.ones(8))\n",
        f"{HEAD}{LOOP}    # one more\n    keras.utils.clear_session()\n    model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])\n    model.compile('adam', 'mse')\n    model.fit(np.ones((8, 4)), np.ones(8))\n",
    ),
    "a single sample": (
        "KC127",
        f"{HEAD}{DIGITS}model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(3)])\nmodel.predict(x[0])\n",
        f"{HEAD}{DIGITS}model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(3)])\nmodel.predict(x[0][None])\n",
    ),
    "a seed that Keras does not see, in a script that names no Keras": (
        "KC512",
        "from numpy.random import seed\nfrom keras.datasets import mnist\nfrom keras.models import Sequential\nfrom keras.layers import Dense, Flatten\n\n"
        "seed(3)\n(x, y), (v, w) = mnist.load_data()\nmodel = Sequential([Flatten(input_shape=(28, 28)), Dense(10)])\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)\nmodel.evaluate(v, w)\n",
        "from numpy.random import seed\nfrom keras.datasets import mnist\nfrom keras.models import Sequential\nfrom keras.layers import Dense, Flatten\nimport keras\n\n"
        "keras.utils.set_random_seed(3)\n(x, y), (v, w) = mnist.load_data()\nmodel = Sequential([Flatten(input_shape=(28, 28)), Dense(10)])\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)\nmodel.evaluate(v, w)\n",
    ),
    "a seed that Keras does not see": (
        "KC512",
        f"{HEAD}np.random.seed(3)\n{DIGITS}{MODEL.replace('4,', '28, 28')}model.fit(x, y)\nmodel.evaluate(v, w)\n",
        f"{HEAD}keras.utils.set_random_seed(3)\n{DIGITS}{MODEL.replace('4,', '28, 28')}model.fit(x, y)\nmodel.evaluate(v, w)\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "before", "after"), CASES.values(), ids=CASES)
def test_a_fix_writes_what_an_author_would(code: str, before: str, after: str) -> None:
    plan = Plan(Config(Path(), choices=(Choice((code,)),)))
    mended, _ = mend_source(before.encode(), "train.py", plan, Path("train.py"), unsafe=True)
    assert mended.after == after


PLAIN = "from tensorflow.keras.models import Sequential\nfrom tensorflow.keras.layers import Dense\n"


def test_a_name_that_is_not_imported_is_imported() -> None:
    before = f"{PLAIN}model = Sequential([Dense(8, input_dim=4), Dense(1)])\nother = Sequential()\nother.add(Dense(3, input_shape=(5,)))\n"
    after = (
        f"{PLAIN}from tensorflow import keras\nmodel = Sequential([keras.Input((4,)), Dense(8), Dense(1)])\n"
        "other = Sequential()\nother.add(keras.Input((5,)))\nother.add(Dense(3))\n"
    )
    plan = Plan(Config(Path(), choices=(Choice(("KC613",)),), target_keras=3))
    mended, _ = mend_source(before.encode(), "train.py", plan, Path("train.py"), unsafe=False)
    assert mended.after == after


INPUTS: dict[str, tuple[str, str]] = {
    "in a list": (
        "model = keras.Sequential([\n    layers.Dense(8, input_shape=(4,), activation='relu'),\n    layers.Dense(1),\n])\n",
        "model = keras.Sequential([\n    keras.Input((4,)),\n    layers.Dense(8, activation='relu'),\n    layers.Dense(1),\n])\n",
    ),
    "added": (
        "model = keras.Sequential()\nmodel.add(layers.Dense(8, input_dim=4))\n",
        "model = keras.Sequential()\nmodel.add(keras.Input((4,)))\nmodel.add(layers.Dense(8))\n",
    ),
    "with its batch size": (
        "model = keras.Sequential([layers.LSTM(8, batch_input_shape=(2, 5, 4))])\n",
        "model = keras.Sequential([keras.Input(batch_shape=(2, 5, 4)), layers.LSTM(8)])\n",
    ),
    "a layer that is not the first": (
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(8, input_shape=(4,))])\n",
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(8, input_shape=(4,))])\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), INPUTS.values(), ids=INPUTS)
def test_an_input_shape_becomes_an_input(before: str, after: str) -> None:
    plan = Plan(Config(Path(), choices=(Choice(("KC613",)),), target_keras=3))
    mended, _ = mend_source((HEAD + before).encode(), "train.py", plan, Path("train.py"), unsafe=False)
    assert mended.after == HEAD + after


def edits_at(statements: SourceStatements, place: Location) -> list[tuple[Edit, ...]]:
    """All that can be done to the statement around a call."""
    single = [
        statements.insert_before(place, "first = 1", "second = 2"),
        statements.insert_after_imports(place, "", "seeded()"),
        statements.remove(place),
        statements.remove_layer(place),
        statements.remove_change(place),
        statements.append(place, "[0]"),
        statements.prepend_entry(place, "first"),
    ]
    around = statements.wrapped(place, "around")
    return [*((edit,) for edit in single if edit is not None), *([around] if around is not None else [])]


def places_of(tree: ast.Module, text: str, path: str) -> list[tuple[Location, list[Location]]]:
    """The places of all calls in a source, each with those of its arguments."""
    lines = text.splitlines()

    def place(node: ast.expr) -> Location:
        end_line = node.end_lineno or node.lineno
        start = character_column(lines[node.lineno - 1], node.col_offset)
        return Location(
            path, node.lineno, start, end_line, character_column(lines[end_line - 1], node.end_col_offset or 0)
        )

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(place(call), [place(word.value) for word in call.keywords if word.arg]) for call in calls]


def parses(text: str, edits: tuple[Edit, ...]) -> bool:
    lines = TextLines(text)
    chosen = choose(lines, [Finding("", edits[0].location, fix=Fix(edits))])
    assert chosen.findings, "an edit lies outside the text"
    try:
        ast.parse(apply(text, chosen.changes))
    except SyntaxError:
        return False
    return True


def test_every_edit_of_a_statement_leaves_a_source_that_parses() -> None:
    tried = 0
    for file in sorted(SCRIPTS.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        source = read_source(file.name, text.encode())
        if source.problems:
            continue
        statements = SourceStatements(file.name, source.units, source.text)
        for place, arguments in places_of(source.units[0].tree, text, file.name):
            removed = [statements.remove_argument(argument) for argument in arguments]
            for edits in (*edits_at(statements, place), *((edit,) for edit in removed if edit is not None)):
                tried += 1
                assert parses(text, edits), (file.name, edits)
    assert tried > 1000


def test_an_argument_in_brackets_of_its_own_stays() -> None:
    text = "f((1), b=(2), c=3)\n"
    source = read_source("a.py", text.encode())
    statements = SourceStatements("a.py", source.units, source.text)
    assert statements.remove_argument(Location("a.py", 1, 4, 1, 5)) is None
    assert statements.remove_argument(Location("a.py", 1, 17, 1, 18)) is not None
