"""What the tables say that arguments refuse, the installed Keras refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from kerascheck import check_script
from kerascheck.keras_api import tables
from kerascheck.keras_api.bounds import BOUNDS, INFINITY, Range, Words

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "kerascheck" / "keras_api" / "refusals.json"
SAMPLES: dict[str, object] = {
    "none": None, "bool": True, "whole": 2, "zero": 0, "negative": -1, "float": 2.0, "fraction": 1.5, "text": "xyzzy",
    "texts": ["relu", "relu"], "empty": [], "1": [2], "2": [2, 2], "3": [2, 2, 2], "4": [2, 2, 2, 2],
}  # fmt: skip
SECTIONS = ("layers", "callbacks", "losses", "metrics", "initializers", "regularizers")
Row = tuple[str, str, str, object]


def rows_of_kinds() -> Iterator[Row]:
    document = json.loads(TABLE.read_text(encoding="utf-8"))
    kinds = [entry.split() for entry in document["kinds"]]
    for key, arguments in document["classes"].items():
        section, _, name = key.partition(".")
        for argument, place in arguments.items():
            for kind in kinds[place]:
                yield section, name, argument, SAMPLES[kind]


def rows_of_words() -> Iterator[Row]:
    for key, arguments in json.loads(TABLE.read_text(encoding="utf-8"))["words"].items():
        section, _, name = key.partition(".")
        for argument in arguments:
            yield section, name, argument, "xyzzy"


def rows_of_bounds() -> Iterator[Row]:
    for section in SECTIONS:
        for name in tables.section(section):
            known = {parameter.name for parameter in tables.signature(section, name) or ()}
            for argument, bound in BOUNDS.get(name, {}).items():
                if argument in known:
                    yield from ((section, name, argument, value) for value in outside(bound))


def outside(bound: Words | Range) -> list[object]:
    """Values just outside a bound."""
    if isinstance(bound, Words):
        return [] if bound.forgiven else ["xyzzy"]
    step = 1 if bound.high == INFINITY or bound.low < -1 else 0.01
    low = [bound.low if bound.above else bound.low - step] if bound.low > -INFINITY else []
    high = [bound.high if bound.below else bound.high + step] if bound.high < INFINITY else []
    return [*low, *high]


@cache
def refused() -> dict[str, bool]:
    """Of each row whether real Keras refuses it."""
    rows = [*rows_of_kinds(), *rows_of_words(), *rows_of_bounds()]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_argument_refusals.py"), "--probe"],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(map(repr, rows), json.loads(done.stdout), strict=True))


def test_keras_refuses_every_kind_of_value_that_the_table_names() -> None:
    rows = list(rows_of_kinds())
    assert len(rows) > 3000
    assert [row for row in rows if not refused()[repr(row)]] == []


def test_keras_refuses_every_word_that_is_not_in_the_table() -> None:
    rows = list(rows_of_words())
    assert len(rows) > 80
    assert [row for row in rows if not refused()[repr(row)]] == []


def test_keras_refuses_every_number_and_word_outside_a_bound() -> None:
    rows = list(rows_of_bounds())
    assert len(rows) > 80
    assert [row for row in rows if not refused()[repr(row)]] == []


def findings(line: str) -> list[str]:
    found = check_script(f"from keras import layers\nimport keras\n{line}\n").findings
    return [finding.message for finding in found if finding.code == "KC606"]


def test_messages_name_what_an_argument_takes() -> None:
    assert findings("layers.Conv2D(8, 2.5)") == [
        "`kernel_size` of `Conv2D` is 2.5, but it takes a whole number or 2 of them: the call fails"
    ]
    assert findings("layers.Conv2D(8, 3, padding=1)") == [
        '`padding` of `Conv2D` is 1, but it takes "same" or "valid": the call fails'
    ]
    assert findings("layers.Dense(8, kernel_regularizer=0.01)") == [
        "`kernel_regularizer` of `Dense` is 0.01, but it takes a name or an object of Keras or None: the call fails"
    ]


def test_values_that_keras_takes_are_not_reported() -> None:
    for line in (
        "layers.Conv2D(8, [3, 3], strides=(2, 2), padding='SAME', groups=2)",
        "layers.Conv2D(8.0, 3)",
        "layers.Convolution2D(64, 3, 3, border_mode='full', dim_ordering='th')",
        "layers.BatchNormalization(1e-6)",
        "layers.Dense(units=8, activation=None, use_bias=0, kernel_regularizer=None)",
        "layers.LSTM(8, dropout=0.2, return_sequences=1, activation='tanh')",
        "layers.MaxPooling2D(2, None, 'valid')",
        "layers.Cropping2D(((1, 1), (2, 2)))",
        "layers.Bidirectional(layers.LSTM(3), merge_mode=None)",
        "layers.TextVectorization(100, output_mode='tf_idf', ngrams=2)",
        "layers.RandomRotation((-0.2, 0.3), fill_mode='nearest')",
        "layers.Rescaling([1 / 255, 1, 1])",
        "keras.metrics.AUC(curve='PR', thresholds=[0.1, 0.5])",
        "keras.callbacks.TensorBoard('logs', profile_batch='10,20')",
        "keras.callbacks.EarlyStopping(patience=3, min_delta=0)",
        "keras.optimizers.Adam(learning_rate=1, beta_1=0.9)",
    ):
        assert findings(line) == [], line


def test_a_value_that_is_computed_is_not_reported() -> None:
    assert findings("n = 5\nlayers.Conv2D(8, n / 2)\nlayers.Conv2D(n - 5, 3)") == []
