"""scikit-learn and its kin: splits, transformers, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.training import Split
from kerascheck.facts.values import UNKNOWN
from kerascheck.keras_api.datasets import DATASETS
from kerascheck.script.handlers import handles, library
from kerascheck.script.values import Arguments, ArrayValue, ListValue, Path, SplitterValue, TransformerValue

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

MODULES_OF_TRANSFORMERS = frozenset(
    {
        "preprocessing",
        "impute",
        "decomposition",
        "feature_selection",
        "feature_extraction",
        "text",
        "over_sampling",
        "under_sampling",
        "combine",
        "manifold",
        "compose",
        "pipeline",
        "category_encoders",
    }
)


@library("sklearn", "imblearn", "category_encoders")
def sklearn_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Transformers by class name; everything else is unknown."""
    name = path.parts[-1]
    if name[:1].isupper() and (set(path.parts[1:-1]) & MODULES_OF_TRANSFORMERS or path.parts[0] == "category_encoders"):
        return TransformerValue(next(ev.keys), name, dict(arguments.keywords))
    if name.endswith(("KFold", "ShuffleSplit")) or name == "TimeSeriesSplit":
        return SplitterValue(next(ev.keys), name, dict(arguments.keywords))
    if len(path.parts) == 3 and path.parts[1] == "datasets" and name in DATASETS:
        return toy_set(ev, name, arguments)
    if path.parts[1:2] == ("metrics",):
        return ev.unknown(path.dotted)
    return ev.unknown_call(path, arguments, arguments.node) if arguments.node is not None else ev.unknown(path.dotted)


def toy_set(ev: Evaluator, name: str, arguments: Arguments) -> object:
    """`load_iris(return_X_y=True)` gives a pair; a Bunch stays unknown."""
    if arguments.get(None, "return_X_y") is not True and not name.startswith("make_"):
        return ev.unknown(f"sklearn.datasets.{name}")
    facts = DATASETS[name]
    rows = Rows(next(ev.keys))
    order = Order.SORTED if facts.sorted_by_class else Order.SHUFFLED if facts.shuffled else Order.AS_LOADED
    encoding = Encoding.INTEGER if facts.classes is not None else Encoding.CONTINUOUS
    x = ev.array(
        arguments.node, origin=name, rows=rows, order=order, shape=facts.train_x_shape or UNKNOWN, dtype=facts.x_dtype
    )
    y = ev.array(
        arguments.node, origin=name, rows=rows, order=order, shape=facts.train_y_shape or UNKNOWN, labels=True,
        encoding=encoding, classes=facts.classes if facts.classes is not None else UNKNOWN,
    )  # fmt: skip
    return (x, y)


@handles("sklearn.model_selection.train_test_split", "sklearn.cross_validation.train_test_split")
def train_test_split(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Each array in two disjoint parts, the same rows of each."""
    node = arguments.node
    place = ev.place(node) if node is not None else None
    shuffle = arguments.get(None, "shuffle", default=True if arguments.complete else UNKNOWN)
    seeded = arguments.get(None, "random_state") is not None
    cut = ev.cut("train_test_split", next(ev.keys))
    inputs: list[DataArray] = []
    outputs: list[object] = []
    source = next(ev.keys)
    for position, value in enumerate(arguments.positional):
        argument = arguments.positional_nodes[position] if position < len(arguments.positional_nodes) else None
        fact = ev.data_fact(value, argument)
        data = fact if isinstance(fact, DataArray) else ev.array(node).data
        rows = data.rows or Rows(source)
        inputs.append(replace(data, rows=rows))
        for part, role in (("train", Role.TRAIN), ("test", Role.TEST)):
            steps = data.history
            if place is not None:
                steps = (*steps, Step(StepKind.SPLIT, place, "train_test_split"))
                if shuffle is True:
                    steps = (*steps, Step(StepKind.SHUFFLED, place, "train_test_split"))
            shape = data.shape if not isinstance(data.shape, tuple) else (UNKNOWN, *data.shape[1:])
            outputs.append(
                ArrayValue(
                    replace(
                        data,
                        key=next(ev.keys),
                        name="",
                        location=place or data.location,
                        kind=ev.array(node).data.kind,
                        role=role,
                        order=Order.SHUFFLED if shuffle is True else data.order if shuffle is False else Order.UNKNOWN,
                        rows=replace(rows, selection=(*rows.selection, (cut, part))),
                        shape=shape,
                        history=steps,
                    )
                )
            )
    if place is not None:
        ev.record(
            Split(
                **ev.event_facts(place),  # pyright: ignore[reportArgumentType]
                function="train_test_split",
                key=cut,
                inputs=tuple(inputs),
                outputs=tuple(output.data for output in outputs if isinstance(output, ArrayValue)),
                shuffle=shuffle if isinstance(shuffle, bool) else UNKNOWN,
                seeded=seeded,
            )
        )
    return ListValue(outputs, arguments.complete)


@handles("sklearn.utils.shuffle")
def shuffle(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The arrays shuffled together."""
    shuffled = [
        ev.stepped(value, StepKind.SHUFFLED, arguments.node, path.dotted, order=Order.SHUFFLED)
        if isinstance(value, ArrayValue)
        else ev.array(arguments.node, order=Order.SHUFFLED)
        for value in arguments.positional
    ]
    return shuffled[0] if len(shuffled) == 1 else tuple(shuffled)


@handles("sklearn.preprocessing.scale", "sklearn.preprocessing.normalize", "sklearn.preprocessing.minmax_scale")
def scale(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Scaled by the array's own statistics."""
    first = arguments.get(0, "X")
    if isinstance(first, ArrayValue):
        return ev.stepped(first, StepKind.SCALED, arguments.node, path.parts[-1], minimum=UNKNOWN, maximum=UNKNOWN)
    return ev.array(arguments.node)
