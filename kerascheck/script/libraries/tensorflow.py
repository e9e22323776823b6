"""TensorFlow beside Keras: operations on tensors, tf.data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.facts.data import DataKind, Order
from kerascheck.script.handlers import handles, library
from kerascheck.script.values import Arguments, ArrayValue, ListValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@library("tensorflow")
def tensorflow_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """An operation on symbolic tensors is one opaque node; on data it gives data."""
    values = [*arguments.positional, *arguments.keywords.values()]
    tensors = ev.tensors_in(values)
    if tensors and arguments.node is not None:
        return ev.function_on_tensors(path.parts[-1], arguments, arguments.node)
    first = arguments.get(0)
    if isinstance(first, ArrayValue) and path.parts[-1] in {"constant", "convert_to_tensor", "cast"}:
        return ev.derive(first)
    if "data" in path.parts and path.parts[-1].startswith("from_"):
        return ev.array(arguments.node, kind=DataKind.DATASET, order=Order.UNKNOWN)
    return ev.unknown(path.dotted)


@handles(
    "tensorflow.data.Dataset.from_tensor_slices",
    "tensorflow.data.Dataset.from_generator",
    "tensorflow.data.Dataset.zip",
)
def make_dataset(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A dataset over arrays."""
    return ev.array(arguments.node, kind=DataKind.DATASET)


@handles("tensorflow_datasets.load")
def load(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Datasets, one or several."""
    split = arguments.get(None, "split")
    if isinstance(split, ListValue):
        return ListValue([ev.array(arguments.node, kind=DataKind.DATASET) for _ in split.items])
    return ev.unknown("tensorflow_datasets.load")
