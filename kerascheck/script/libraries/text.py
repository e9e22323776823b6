"""Texts and sequences: vocabularies, padded rows, windows of a series."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerascheck.facts.data import DataArray, DataKind, Order, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.handlers import handles, transformer_method
from kerascheck.script.machine import to_value
from kerascheck.script.values import Arguments, ArrayValue, Path, TransformerValue

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@handles("keras.preprocessing.text.Tokenizer", "keras.preprocessing.text.tokenizer.Tokenizer", "keras_preprocessing.text.Tokenizer",
         "keras.legacy.preprocessing.text.Tokenizer", "keras.src.legacy.preprocessing.text.Tokenizer")  # fmt: skip
def tokenizer(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A vocabulary that is learned from texts."""
    words = arguments.get(0, "num_words", "nb_words")
    return TransformerValue(next(ev.keys), "Tokenizer", {**arguments.keywords, "num_words": words})


@transformer_method("Tokenizer.texts_to_sequences")
def texts_to_sequences(
    ev: Evaluator, subject: TransformerValue, array: ArrayValue, arguments: Arguments, node: ast.expr
) -> object:
    """Lists of word numbers of different lengths."""
    words = subject.arguments.get("num_words")
    count = array.data.shape[:1] if not isinstance(array.data.shape, Unknown) and array.data.shape else (UNKNOWN,)
    return ev.stepped(
        array, StepKind.ENCODED, node, "Tokenizer", transformer=subject.key, container="list", dtype="object", shape=count,
        minimum=0, maximum=words - 1 if isinstance(words, int) else UNKNOWN, columns=(),
    )  # fmt: skip


@transformer_method("Tokenizer.texts_to_matrix", "Tokenizer.sequences_to_matrix")
def to_matrix(
    ev: Evaluator, subject: TransformerValue, array: ArrayValue, arguments: Arguments, node: ast.expr
) -> object:
    """One column a word."""
    words = subject.arguments.get("num_words")
    width: Dim = words if isinstance(words, int) else UNKNOWN
    count = array.data.shape[0] if not isinstance(array.data.shape, Unknown) and array.data.shape else UNKNOWN
    binary = arguments.get(1, "mode", default="binary") == "binary"
    return ev.stepped(
        array, StepKind.ENCODED, node, "Tokenizer", transformer=subject.key, container="", dtype="float64", columns=(),
        shape=(count, width), minimum=0 if binary else UNKNOWN, maximum=1 if binary else UNKNOWN,
    )  # fmt: skip


@handles("keras.preprocessing.sequence.pad_sequences", "keras.utils.pad_sequences", "keras.preprocessing.pad_sequences",
         "keras_preprocessing.sequence.pad_sequences", "keras.utils.sequence.pad_sequences")  # fmt: skip
def pad_sequences(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows cut or filled to one length."""
    value, length = arguments.get(0, "sequences"), arguments.get(1, "maxlen")
    width: Dim = length if isinstance(length, int) else UNKNOWN
    dtype = arguments.get(2, "dtype", default="int32")
    name = dtype if isinstance(dtype, str) else UNKNOWN
    rows = ev.as_rows(value, arguments.positional_nodes[0] if arguments.positional_nodes else None)
    if rows is None:
        return ev.array(arguments.node, dtype=name)
    shape: Shape = UNKNOWN
    if _holds_numbers(rows.data):
        known = not isinstance(rows.data.shape, Unknown) and rows.data.shape
        shape = (rows.data.shape[0] if known and not isinstance(rows.data.shape, Unknown) else UNKNOWN, width)
    side = {"padding": to_value(arguments.get(3, "padding", default="pre" if arguments.complete else UNKNOWN))}
    return ev.stepped(
        rows, StepKind.RESHAPED, arguments.node, "pad_sequences", shape=shape, dtype=name, container="", columns=(),
        arguments=side,
    )  # fmt: skip


def _holds_numbers(rows: DataArray) -> bool:
    """Whether each row is proven to be a list of numbers, not of vectors."""
    if not isinstance(rows.shape, Unknown) and len(rows.shape) == 2:
        return True
    ranged = isinstance(rows.minimum, (int, float)) or isinstance(rows.maximum, (int, float))
    return ranged or any(step.by == "Tokenizer" for step in rows.history)


@handles(
    "keras.preprocessing.text.one_hot",
    "keras.preprocessing.text.text_to_word_sequence",
    "keras.preprocessing.text.hashing_trick",
)
def words(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Word numbers of one text by hashing: nothing is learned."""
    text = arguments.get(0, "text", "input_text")
    if isinstance(text, ArrayValue):
        return ev.derive(text, shape=(UNKNOWN,), dtype=UNKNOWN, container="list")
    return ev.unknown(path.dotted)


@handles("keras.utils.timeseries_dataset_from_array", "keras.preprocessing.timeseries_dataset_from_array")
def windows(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A dataset of windows over a series."""
    data = ev.as_rows(arguments.get(0, "data"), arguments.positional_nodes[0] if arguments.positional_nodes else None)
    ranged = arguments.has(None, "start_index") or arguments.has(None, "end_index") or not arguments.complete
    if data is None:
        return ev.array(arguments.node, kind=DataKind.DATASET, order=Order.TEMPORAL)
    return ev.stepped(
        data, StepKind.WINDOWED, arguments.node, path.parts[-1], kind=DataKind.DATASET, order=Order.TEMPORAL, shape=UNKNOWN,
        rows=ev.rows_of(data).within(partial=ranged), container="", columns=(),
    )  # fmt: skip


@handles("keras.preprocessing.sequence.TimeseriesGenerator", "keras_preprocessing.sequence.TimeseriesGenerator",
         "keras.legacy.preprocessing.sequence.TimeseriesGenerator")  # fmt: skip
def window_generator(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A Sequence of windows over a series."""
    data = ev.as_rows(arguments.get(0, "data"), arguments.positional_nodes[0] if arguments.positional_nodes else None)
    ranged = arguments.has(None, "start_index") or arguments.has(None, "end_index") or not arguments.complete
    if data is None:
        return ev.array(arguments.node, kind=DataKind.GENERATOR, order=Order.TEMPORAL)
    return ev.stepped(
        data, StepKind.WINDOWED, arguments.node, path.parts[-1], kind=DataKind.GENERATOR, order=Order.TEMPORAL, shape=UNKNOWN,
        rows=ev.rows_of(data).within(partial=ranged), container="", columns=(),
    )  # fmt: skip
