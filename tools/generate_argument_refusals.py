"""Writes kerascheck/keras_api/refusals.json: the kinds of values that the arguments of Keras's classes refuse.

Each class of the installed Keras is made with values of every kind (a fraction, a word, two numbers …) in each of its
arguments. A kind is refused where none of its values is taken, in Keras 3 and, where it has the class and the argument,
in tf_keras too. Run with the development environment: `python tools/generate_argument_refusals.py`; `--check` compares
instead of writing, `--probe` reads rows of [section, class, argument, value] and tells of each whether it is refused.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import inspect
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy
import tf_keras

TARGET = Path(__file__).parent.parent / "kerascheck" / "keras_api" / "refusals.json"
SECTIONS = {
    "layers": "layers",
    "callbacks": "callbacks",
    "losses": "losses",
    "metrics": "metrics",
    "initializers": "initializers",
    "regularizers": "regularizers",
    "constraints": "constraints",
    "optimizers": "optimizers",
    "schedules": "optimizers.schedules",
}
WORDS = (
    *(
        "10",
        "1,2",
        "same",
        "valid",
        "relu",
        "auto",
        "uniform",
        "zeros",
        "l2",
        "max_norm",
        "sum",
        "epoch",
        "int32",
        "loss",
    ),
    *("channels_first", "channels_last", "min", "max", "mean", "none"),
)
PROBES: Mapping[str, tuple[object, ...]] = {
    "none": (None,),
    "bool": (True, False),
    "whole": (1, 2, 3, 5),
    "zero": (0,),
    "negative": (-1, -2, -3),
    "float": (1.0, 2.0),
    "fraction": (0.5, 1.5, 2.5),
    "text": WORDS,
    "texts": (["relu", "relu"], ("loss", "loss"), ["int32", "int32"]),
    "empty": ([], ()),
    "1": ([1], [2], (1,), (2,)),
    "2": ([1, 1], [2, 2], [1, 2], (1, 1), (2, 2), (1, 2)),
    "3": ([1, 1, 1], [2, 2, 2], [1, 2, 3], (1, 1, 1), (2, 2, 2), (1, 2, 3)),
    "4": ([1, 1, 1, 1], [2, 2, 2, 2], [1, 2, 3, 4], (1, 1, 1, 1), (2, 2, 2, 2), (1, 2, 3, 4)),
}
"""The kinds of values, each with some of its values."""

BUILT = frozenset({"none", "whole", "zero", "negative", "float", "fraction", "text"})
"""Kinds that count as refused also where only building the layer fails: the shape built on says nothing of these."""

UNSEEN = frozenset(
    {"name", "dtype", "trainable", "vocabulary", "idf_weights", "filepath", "weights", "rate", "mean", "variance"}
    | {"num_labels", "label_weights", "shared_axes", "bias_axes", "equation", "output_padding", "salt"}
)  # fmt: skip
"""Arguments that other rules judge, or of which the value hangs on another argument or on the input."""
SHAPED = frozenset({"axis", "axes", "dims", "target_shape", "output_shape", "attention_axes", "groups"})
"""Arguments that name axes or sizes of the input: what they refuse hangs on it."""
OTHERS = frozenset({"PiecewiseConstantDecay", "InputSpec", "Wrapper"})
"""Classes of which one argument hangs on another, and those that nobody makes."""

NAMED = ("activation", "_initializer", "_regularizer", "_constraint", "regularizer")
"""Arguments that take the name of a thing of Keras, which are many and the business of another rule."""

NONSENSE = ("xyzzy", "plugh")
MOST_WORDS = 16

SAMPLES: Mapping[str, object] = {
    "units": 4, "filters": 4, "kernel_size": 2, "pool_size": 2, "output_size": 2, "rate": 0.5, "stddev": 0.5, "n": 2,
    "input_dim": 8, "output_dim": 4, "num_heads": 2, "key_dim": 2, "head_dim": 2, "num_query_heads": 2,
    "num_key_value_heads": 2, "num_bins": 4, "height": 4, "width": 4, "factor": 0.5, "height_factor": 0.5,
    "width_factor": 0.5, "scale": 0.5, "dims": (1,), "target_shape": (4,), "axes": 1, "activation": "relu",
    "max_number": 4, "backup_dir": "backup", "filename": "log.csv", "filepath": "model.keras",
    "recall": 0.5, "precision": 0.5, "specificity": 0.5, "sensitivity": 0.5, "num_classes": 2, "target_class_ids": (0,),
    "initial_learning_rate": 0.1, "decay_steps": 10, "first_decay_steps": 10, "decay_rate": 0.5, "boundaries": (1,),
    "values": (0.1, 0.01), "equation": "ab,bc->ac", "output_shape": 4,
}  # fmt: skip
RANKS = {"1D": (2, 8, 4), "2D": (2, 8, 8, 4), "3D": (2, 8, 8, 8, 4)}
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


def classes(package: object, section: str) -> Iterator[tuple[str, type]]:
    """The public classes of a section that can be made from plain values."""
    module = package
    for part in SECTIONS[section].split("."):
        module = getattr(module, part)
    for name, found in sorted(vars(module).items()):
        if inspect.isclass(found) and name == found.__name__ and not name.startswith("_"):
            yield name, found


def arguments_of(found: type) -> dict[str, inspect.Parameter]:
    """The arguments that a class names."""
    return {
        name: parameter
        for name, parameter in inspect.signature(found).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD or parameter.kind is parameter.KEYWORD_ONLY
    }


CALLED = frozenset({"UpSampling2D"})
"""Layers that look at their arguments only when they are called."""


def sample_of(package: object, found: type) -> dict[str, object] | None:
    """Values for what a class requires; None for one that requires something else than plain values."""
    required = [name for name, parameter in arguments_of(found).items() if parameter.default is parameter.empty]
    if "schedule" in required:
        return {"schedule": rate}
    if required == ["layer"]:
        known = dict(classes(package, "layers"))
        return {"layer": known["LSTM"](4) if found.__name__ == "Bidirectional" else known["Dense"](4)}
    if any(name not in SAMPLES for name in required):
        return None
    return {name: SAMPLES[name] for name in required}


def rate(epoch: int) -> float:
    """A schedule."""
    return 0.1 / (epoch + 1)


def shape_for(name: str) -> tuple[int, ...]:
    """A shape that a layer takes, batch axis first."""
    if name in RECURRENT:
        return (2, 5, 4)
    shape = next((shape for rank, shape in RANKS.items() if rank in name), (2, 4))
    return (2, 3, *shape[1:]) if name.startswith("ConvLSTM") else shape


def made(found: type, values: Mapping[str, object], *, build: bool) -> bool:
    """Whether a class takes the values, and builds with them."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        warnings.simplefilter("ignore")
        try:
            layer = found(**values)
            if build:
                layer.build(shape_for(found.__name__))
                layer.compute_output_shape(shape_for(found.__name__))
            if build and found.__name__ in CALLED:
                layer(numpy.zeros(shape_for(found.__name__), "float32"))
        except Exception:  # Keras refuses with errors of every kind
            return False
    return True


@functools.cache
def words_of(found: type) -> tuple[str, ...]:
    """The words in the source of a class and of the classes of Keras that it is made from: any may be a value that it takes."""
    words: set[str] = set()
    for owner in found.__mro__:
        if owner.__module__.partition(".")[0] in ("keras", "tf_keras"):
            tree = ast.parse(inspect.getsource(sys.modules[owner.__module__]))
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    # A docstring names the words in quotes.
                    words.update(re.findall(r"[\"'`](\w[\w-]{1,30})[\"'`]", f"'{node.value}'"))
    return tuple(sorted(words))


class Judged:
    """What a class refuses: the kinds and, where it takes but a few words, the words, of each argument."""

    def __init__(self, found: type, sample: Mapping[str, object]) -> None:
        self.found = found
        self.sample = sample
        self.builds = hasattr(found, "build") and made(found, sample, build=True)
        self.tried: dict[tuple[str, str, str], bool] = {}
        self.arguments = [argument for argument in arguments_of(found) if argument not in UNSEEN]

    def takes(self, argument: str, kind: str, value: object) -> bool:
        trial = argument, kind, repr(value)
        if trial not in self.tried:
            build = self.builds and kind in BUILT and argument not in SHAPED
            self.tried[trial] = made(self.found, {**self.sample, argument: value}, build=build)
        return self.tried[trial]

    def refuses(self, argument: str, kind: str) -> bool:
        """Whether none of the values of a kind is taken."""
        if argument in SHAPED and kind in ("zero", "negative"):
            return False
        values = (*WORDS, *words_of(self.found)) if kind == "text" else PROBES[kind]
        return not any(self.takes(argument, kind, value) for value in values)

    def words(self, argument: str) -> set[str] | None:
        """The words that an argument takes; None where it takes any."""
        if argument.endswith(NAMED) or any(self.takes(argument, "text", word) for word in NONSENSE):
            return None
        words = (*WORDS, *words_of(self.found))
        return {word.lower() for word in words if word[0].isalpha() and self.takes(argument, "text", word)}


def judged(package: object, found: type) -> Judged | None:
    """A class that can be made from plain values."""
    sample = sample_of(package, found)
    return Judged(found, sample) if sample is not None and made(found, sample, build=False) else None


def refused(now: Judged, before: Judged | None) -> dict[str, str]:
    """The kinds that each argument refuses, in all of Keras that has it."""
    result: dict[str, str] = {}
    for argument in now.arguments:
        then = [before] if before is not None and argument in before.arguments else []
        kinds = [kind for kind in PROBES if all(one.refuses(argument, kind) for one in (now, *then))]
        if kinds:
            result[argument] = " ".join(kinds)
    return result


def known_words(now: Judged, before: Judged | None) -> dict[str, list[str]]:
    """The words of each argument that takes but a few, in any Keras that has it."""
    result: dict[str, list[str]] = {}
    for argument in now.arguments:
        then = [before] if before is not None and argument in before.arguments else []
        found = [one.words(argument) for one in (now, *then)]
        words = set[str]().union(*(words or () for words in found))
        if None not in found and 1 < len(words) <= MOST_WORDS:
            result[argument] = sorted(words)
    return result


def table() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, list[str]]]]:
    """What the arguments of each class refuse, and the words that they take, by `section.class`."""
    kinds: dict[str, dict[str, str]] = {}
    words: dict[str, dict[str, list[str]]] = {}
    for section in SECTIONS:
        old = dict(classes(tf_keras, section))
        for name, found in classes(keras, section):
            now = judged(keras, found) if name not in OTHERS else None
            if now is None:
                continue
            before = judged(tf_keras, old[name]) if name in old else None
            kinds[f"{section}.{name}"] = refused(now, before)
            words[f"{section}.{name}"] = known_words(now, before)
    return kinds, words


def written(found: Mapping[str, Mapping[str, str]], words: Mapping[str, Mapping[str, list[str]]]) -> str:
    """The tables as JSON: each set of kinds once, and a line for each class with the place of its arguments' sets."""
    kinds = sorted({refused for arguments in found.values() for refused in arguments.values()})
    places = {
        name: {argument: kinds.index(refused) for argument, refused in arguments.items()}
        for name, arguments in found.items()
    }
    return (
        "{" + f'"kinds": {json.dumps(kinds, indent=1)},\n{lines("classes", places)},\n{lines("words", words)}' + "}\n"
    )


def lines(title: str, rows: Mapping[str, Mapping[str, object]]) -> str:
    """A table with a line for each row that is not empty."""
    return (
        f'"{title}": {{\n'
        + ",\n".join(f" {json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(rows.items()) if row)
        + "\n}"
    )


def probe(row: list[object]) -> bool:
    """Whether Keras refuses a value of an argument."""
    section, name, argument, value = row
    found = dict(classes(keras, str(section)))[str(name)]
    sample = sample_of(keras, found) or {}
    return not made(
        found, {**sample, str(argument): value}, build=hasattr(found, "build") and made(found, sample, build=True)
    )


def main() -> int:
    """Write or compare the table, or answer for rows on the standard input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--probe", action="store_true")
    options = parser.parse_args()
    if options.probe:
        print(json.dumps([probe(row) for row in json.load(sys.stdin)]))
        return 0
    text = written(*table())
    if options.check:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
