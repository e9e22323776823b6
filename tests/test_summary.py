"""A summary shows what Keras's own would, and costs that hold by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kerascheck.artifact import read_model
from kerascheck.costs import LayerCost, ModelCost, model_cost
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = sorted(
    path for path in (FIXTURES / "models").glob("*.keras") if "keras2" not in path.name and "custom" not in path.name
)
KERAS = """
import json, sys
import keras
found = {}
for path in sys.argv[1:]:
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:
        found[path] = None
        continue
    if not model.built or not model.layers:
        found[path] = None
        continue
    found[path] = {
        "parameters": model.count_params(),
        "trainable": int(sum(weight.shape.num_elements() if hasattr(weight.shape, "num_elements") else
                             __import__("math").prod(weight.shape) for weight in model.trainable_weights)),
        "layers": [[part.name, part.count_params() if isinstance(part, keras.Layer) else 0]
                   for part in getattr(model, "_operations", model.layers) if type(part).__name__ != "InputLayer"],
    }
print(json.dumps(found))
"""


def costs(text: str, batch_size: int = 1) -> ModelCost:
    (graph,) = read_script("train.py", text).graphs
    return model_cost(graph, batch_size)


def last(text: str) -> LayerCost:
    return costs(f"import keras\nfrom keras import layers\nmodel = keras.Sequential([{text}])\n").layers[-1]


COMPILED = """
import keras
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(4, dtype="{dtype}")])
model.compile(optimizer={optimizer}, loss="mse")
"""


@pytest.fixture(scope="module")
def keras_says() -> dict[str, dict | None]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KERAS, *map(str, FILES)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_real_files_have_the_layers_and_counts_that_keras_gives(keras_says: dict[str, dict | None]) -> None:
    compared = 0
    for path in FILES:
        expected = keras_says[str(path)]
        if expected is None:
            continue
        graph = read_model(path).graphs[0]
        cost = model_cost(graph, 1)
        rows = {row.name: row.parameters for row in cost.layers if row.class_name != "InputLayer"}
        theirs = dict(expected["layers"])
        # Keras lists the comparisons that make masks as well.
        assert {name: count for name, count in theirs.items() if name in rows or count} == rows, path.name
        assert (cost.parameters, cost.trainable) == (expected["parameters"], expected["trainable"]), path.name
        compared += 1
    assert compared >= 6


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("keras.Input((10,)), layers.Dense(4)", 40),
        ("keras.Input((7, 10)), layers.Dense(4)", 7 * 40),
        ("keras.Input((8, 8, 3)), layers.Conv2D(5, 3)", 6 * 6 * 5 * 3 * 3 * 3),
        ("keras.Input((3, 8, 8)), layers.Conv2D(5, 3, data_format='channels_first')", 6 * 6 * 5 * 3 * 3 * 3),
        ("keras.Input((8, 8, 4)), layers.Conv2D(6, 3, groups=2)", 6 * 6 * 6 * 9 * 2),
        ("keras.Input((8, 4)), layers.Conv1D(6, 3, padding='same', strides=2)", 4 * 6 * 3 * 4),
        ("keras.Input((4, 4, 3)), layers.Conv2DTranspose(5, 2, strides=2)", 4 * 4 * 3 * 4 * 5),
        ("keras.Input((8, 8, 4)), layers.DepthwiseConv2D(3)", 6 * 6 * 4 * 9),
        ("keras.Input((8, 8, 4)), layers.SeparableConv2D(6, 3)", 6 * 6 * (4 * 9 + 4 * 6)),
        ("keras.Input((5, 3)), layers.LSTM(2)", 4 * 5 * 2 * (3 + 2)),
        ("keras.Input((5, 3)), layers.GRU(2, return_sequences=True)", 3 * 5 * 2 * (3 + 2)),
        ("keras.Input((5, 3)), layers.Bidirectional(layers.SimpleRNN(2))", 2 * 5 * 2 * (3 + 2)),
        ("keras.Input((6, 8, 8, 3)), layers.TimeDistributed(layers.Conv2D(5, 3))", 6 * 6 * 6 * 5 * 27),
        ("keras.Input((8, 8, 4)), layers.MaxPooling2D()", 0),
        ("keras.Input((8, 8, 4)), layers.BatchNormalization()", 0),
        ("keras.Input((None, 4)), layers.LSTM(3)", UNKNOWN),
    ],
)
def test_multiply_adds_are_those_of_the_formulas(layers: str, expected: object) -> None:
    assert last(layers).multiply_adds == expected


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        ("'sgd'", 0),
        ("keras.optimizers.SGD(momentum=0.9)", 1),
        ("'rmsprop'", 1),
        ("'adam'", 2),
        ("keras.optimizers.Adam(amsgrad=True)", 3),
        ("'adagrad'", 1),
    ],
)
def test_optimizer_state_is_counted_by_its_slots(optimizer: str, slots: int) -> None:
    cost = costs(COMPILED.format(optimizer=optimizer, dtype="float32"))
    assert cost.weight_bytes == 44 * 4
    # And the counter of 64 bits and the rate.
    assert cost.optimizer_bytes == slots * 44 * 4 + 12


OPTIMIZERS = [
    "keras.optimizers.SGD()",
    "keras.optimizers.SGD(momentum=0.9, nesterov=True)",
    "keras.optimizers.SGD(use_ema=True)",
    "keras.optimizers.SGD(gradient_accumulation_steps=4)",
    "keras.optimizers.RMSprop()",
    "keras.optimizers.RMSprop(momentum=0.9, centered=True)",
    "keras.optimizers.Adam()",
    "keras.optimizers.Adam(amsgrad=True)",
    "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))",
    "keras.optimizers.AdamW()",
    "keras.optimizers.Nadam()",
    "keras.optimizers.Adamax()",
    "keras.optimizers.Adadelta()",
    "keras.optimizers.Adagrad()",
    "keras.optimizers.Ftrl()",
    "keras.optimizers.Lion()",
    "keras.optimizers.Lamb()",
]
BUILT = """
import json, sys, keras
from keras.src.utils.summary_utils import count_params, weight_memory_size
found = []
for text in json.loads(sys.argv[1]):
    names = {}
    exec(text, names)
    model = names["model"]
    model.optimizer.build(model.trainable_variables)
    state, weights = model.optimizer.variables, model.weights
    found.append([count_params(state), int(weight_memory_size(state)), int(weight_memory_size(weights))])
print(json.dumps(found))
"""


def test_optimizer_state_and_weights_take_what_keras_says() -> None:
    texts = [
        COMPILED.format(optimizer=optimizer, dtype=dtype)
        for optimizer in OPTIMIZERS
        for dtype in ("float32", "mixed_bfloat16", "bfloat16", "float64")
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BUILT, json.dumps(texts)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    for text, expected in zip(texts, json.loads(done.stdout.splitlines()[-1]), strict=True):
        cost = costs(text)
        assert [cost.optimizer_parameters, cost.optimizer_bytes, cost.weight_bytes] == expected, text


def test_activations_grow_with_the_batch() -> None:
    text = (
        "import keras\nmodel = keras.Sequential([keras.Input((10,)), keras.layers.Dense(4), keras.layers.Dense(2)])\n"
    )
    assert costs(text, 1).activation_bytes != UNKNOWN
    assert costs(text, 64).activation_bytes == 64 * costs(text, 1).activation_bytes  # pyright: ignore[reportOperatorIssue]


def test_frozen_layers_and_moving_statistics_are_not_trained() -> None:
    cost = costs(
        "import keras\nfrom keras import layers\n"
        "model = keras.Sequential([keras.Input((10,)), layers.Dense(4, trainable=False), layers.BatchNormalization()])\n"
    )
    assert [row.trainable for row in cost.layers if row.parameters] == [0, 8]


BASE = """
import keras
from keras import layers
base = keras.applications.{base}
{before}
model = keras.Sequential([keras.Input((96, 96, 3)), base, layers.GlobalAveragePooling2D(), layers.Dense(2)])
{after}
"""
FREEZING = {
    "as a whole, before": ("base.trainable = False", "", 2562),
    "as a whole, after": ("", "base.trainable = False", 2562),
    "layer by layer": ("for layer in base.layers:\n    layer.trainable = False", "", 2562),
    "by its place in the model": ("", "model.layers[0].trainable = False", 2562),
    "not at all": ("", "", 2562 + 2_257_984 - 34_112),
    "and thawed again": ("base.trainable = False", "base.trainable = True", 2562 + 2_257_984 - 34_112),
    "up to some layer": ("for layer in base.layers[:100]:\n    layer.trainable = False", "", UNKNOWN),
    "in a branch": ("if input():\n    base.trainable = False", "", UNKNOWN),
}


@pytest.mark.parametrize("way", FREEZING)
def test_a_pretrained_base_is_counted_and_trained_as_it_is_frozen(way: str) -> None:
    before, after, trained = FREEZING[way]
    text = BASE.format(base="MobileNetV2(include_top=False)", before=before, after=after)
    cost = model_cost(read_script("train.py", text).graphs[-1], 1)
    assert (cost.parameters, cost.trainable) == (2_257_984 + 2562, trained)


@pytest.mark.parametrize(
    ("freeze", "trained"),
    [
        ("for layer in model.layers[:-1]:\n    layer.trainable = False", 5),
        ("for index, layer in enumerate(model.layers):\n    layer.trainable = index > 0", 36 + 5),
        ("for layer in model.layers:\n    layer.trainable = layer.name.startswith('head')", 5),
        ("for layer in model.layers:\n    if isinstance(layer, layers.Dense):\n        layer.trainable = False", 0),
        ("model.get_layer('body').trainable = False", 36 + 5),
        ("model.trainable = False\nmodel.layers[-1].trainable = True", 0),
    ],
)
def test_layers_that_are_frozen_after_they_were_added_are_not_trained(freeze: str, trained: int) -> None:
    cost = costs(
        "import keras\nfrom keras import layers\nmodel = keras.Sequential([keras.Input((3,)), layers.Dense(8, name='body'), "
        f"layers.Dense(4, name='neck'), layers.Dense(1, name='head')])\n{freeze}\n"
    )
    assert cost.trainable == trained


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kerascheck", "summary", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=FIXTURES.parent,
    )  # fmt: skip


def test_the_command_shows_the_line_of_each_layer_of_a_script() -> None:
    done = command("fixtures/oracle/attention.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "functional at fixtures/oracle/attention.py:12" in done.stdout
    assert "8,610 (8,610 trainable)" in done.stdout


def test_the_document_has_every_model_with_its_figures() -> None:
    done = command("fixtures/models/good_cnn.keras", "fixtures/oracle/attention.py", "--output-format", "json")
    models = json.loads(done.stdout)["models"]
    assert [model["path"] for model in models] == ["fixtures/models/good_cnn.keras", "fixtures/oracle/attention.py"]
    assert models[0]["line"] is None
    assert models[1]["line"] == 12
    assert all(sum(layer["parameters"] for layer in model["layers"]) == model["parameters"] for model in models)


def test_a_file_without_a_model_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text("import keras\n")
    done = command(str(tmp_path / "data.py"))
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "builds no model" in done.stderr
