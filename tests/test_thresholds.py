"""The thresholds of rules can be set, and each of them decides."""

from __future__ import annotations

import pytest
from rule_examples import built_in_rules, examples, reads_files

from kerascheck import Config, check_script
from kerascheck.config import Choice
from kerascheck.findings import Finding

SILENCING: dict[tuple[str, str], float] = {
    ("KC105", "rows-per-column"): 0,
    ("KC122", "rows"): 0,
    ("KC125", "hint"): 1e9,
    ("KC125", "warning"): 1e9,
    ("KC207", "most"): 1,
    ("KC207", "much"): 1,
    ("KC212", "depth"): 99,
    ("KC221", "min-parameters"): 1e12,
    ("KC221", "ratio"): 1e12,
    ("KC221", "epochs"): 1e6,
    ("KC222", "largest-factor"): 1e12,
    ("KC222", "largest-penalty"): 1e12,
    ("KC223", "parameters"): 1e12,
    ("KC223", "share"): 1.1,
    ("KC224", "smallest-variance"): 0,
    ("KC224", "largest-variance"): 1e12,
    ("KC227", "vocabulary"): 0,
    ("KC228", "convolutions"): 99,
    ("KC242", "convolutions"): 99,
    ("KC242", "places"): 1e6,
    ("KC318", "evenness"): 0,
    ("KC401", "adaptive-highest"): 1e6,
    ("KC401", "adaptive-lowest"): 0,
    ("KC401", "sgd-highest"): 1e6,
    ("KC401", "tuning-adaptive"): 1e6,
    ("KC401", "tuning-sgd"): 1e6,
    ("KC404", "epochs"): 1e6,
    ("KC408", "layers"): 99,
    ("KC408", "steps"): 1e9,
    ("KC503", "epochs"): 1e6,
    ("KC504", "many"): 1e9,
    ("KC510", "epochs"): 1e6,
    ("KC513", "turns"): 1e6,
    ("KC514", "turns"): 1e9,
}
"""Values at which the rule says less than by default."""

HEAD = "import keras\nimport numpy as np\nfrom keras import layers\n"
TUNED = """base = keras.applications.VGG16(include_top=False, pooling="avg", input_shape=(96, 96, 3))
base.trainable = False
model = keras.Sequential([keras.Input((96, 96, 3)), base, layers.Dense(5, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.load("x.npy"), np.load("y.npy"))
base.trainable = True
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(np.load("x.npy"), np.load("y.npy"))
"""
PROJECTED = """from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
x, y = np.random.rand(60, 30), np.random.randint(0, 2, 60)
x = PCA(8).fit_transform(x)
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([keras.Input((8,)), layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, batch_size=8)
model.evaluate(x_test, y_test)
"""
RATE = 'model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3, "softmax")])\nmodel.compile(keras.optimizers.Adam(1e-9), "categorical_crossentropy")\n'
FACTOR = 'model = keras.Sequential([layers.Dense(8, kernel_regularizer=keras.regularizers.L2(5.0)), layers.Dense(3)])\nmodel.compile("adam", "mse")\nmodel.fit(np.load("x.npy"), np.load("y.npy"))\n'
STACK = 'model = keras.Sequential([keras.Input((9, 4)), layers.LSTM(8, return_sequences=True), layers.LSTM(8, return_sequences=True), layers.LSTM(8), layers.Dense(1)])\nmodel.compile("adam", "mse")\n'
WIDE = """(x, y), (v, w) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(4096, "relu"), layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x / 255, y, epochs=20)
"""
TEXTS = {
    ("KC105", "rows-per-column"): PROJECTED,
    ("KC221", "epochs"): WIDE,
    ("KC222", "largest-factor"): FACTOR,
    ("KC401", "adaptive-lowest"): RATE,
    ("KC401", "tuning-sgd"): TUNED,
    ("KC408", "layers"): STACK,
}
"""Scripts for thresholds that no Bad example hangs on."""


def said(code: str, text: str, rules: dict[str, dict[str, float]]) -> list[Finding]:
    config = Config(choices=(Choice((code,)),), rules=rules)
    return [finding for finding in check_script(text, config=config).findings if finding.code == code]


def test_every_threshold_of_a_rule_on_scripts_is_in_the_table() -> None:
    known = {(rule.code, name) for rule in built_in_rules() if not reads_files(rule) for name in rule.options}
    assert known == set(SILENCING)


@pytest.mark.parametrize(("code", "name"), sorted(SILENCING))
def test_a_threshold_decides(code: str, name: str) -> None:
    own = [HEAD + TEXTS[code, name]] if (code, name) in TEXTS else []
    texts = own or [example.text for example in examples("Bad") if example.rule.code == code]
    rules = {code: {name: SILENCING[code, name]}}
    assert [said(code, text, {}) for text in texts] != [said(code, text, rules) for text in texts]
