"""The data sets of Keras, and what its utilities do to labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.facts.data import Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.keras_api.datasets import DATASETS, KERAS_DATASETS, Dataset
from kerascheck.script.handlers import handles
from kerascheck.script.values import Arguments, ArrayValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


def load_data(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`keras.datasets.NAME.load_data()`: two pairs of arrays."""
    name = path.parts[-2]
    facts = DATASETS[name]
    plain = not arguments.positional and not arguments.keywords and arguments.complete
    first, second = next(ev.keys), next(ev.keys)
    return (
        (
            _part(ev, arguments, facts, name, Role.TRAIN, first, facts.train_x_shape, plain, labels=False),
            _part(ev, arguments, facts, name, Role.TRAIN, first, facts.train_y_shape, plain, labels=True),
        ),
        (
            _part(ev, arguments, facts, name, Role.TEST, second, facts.test_x_shape, plain, labels=False),
            _part(ev, arguments, facts, name, Role.TEST, second, facts.test_y_shape, plain, labels=True),
        ),
    )


def _part(
    ev: Evaluator,
    arguments: Arguments,
    facts: Dataset,
    name: str,
    role: Role,
    source: int,
    shape: object,
    plain: bool,
    *,
    labels: bool,
) -> ArrayValue:
    integer = labels and facts.classes is not None
    order = Order.SHUFFLED if facts.shuffled else Order.SORTED if facts.sorted_by_class else Order.UNKNOWN
    node = arguments.node
    # The arguments of some sets move their sizes and ranges: `test_split`, `num_words`, `index_from`.
    images = facts.x_dtype == "uint8"
    known: Shape = shape if (plain or images) and shape is not None else UNKNOWN  # pyright: ignore[reportAssignmentType]
    if isinstance(known, Unknown) and isinstance(shape, tuple):
        known = (UNKNOWN, *shape[1:])  # pyright: ignore[reportUnknownVariableType]
    low, high = facts.x_min, facts.x_max
    words = arguments.get(1, "num_words", "nb_words")
    if name in {"imdb", "reuters"} and isinstance(words, int):
        high = words - 1
    return ev.array(
        node,
        origin=name,
        role=role,
        order=order,
        rows=Rows(source),
        shape=known,
        dtype=facts.y_dtype if labels else facts.x_dtype,
        minimum=(0 if integer else UNKNOWN) if labels or low is None else low,
        maximum=(_last_class(facts) if integer else UNKNOWN) if labels or high is None else high,
        classes=facts.classes if integer and facts.classes is not None else UNKNOWN,
        encoding=Encoding.INTEGER if integer else Encoding.CONTINUOUS if labels else Encoding.UNKNOWN,
        labels=labels,
        history=(Step(StepKind.LOADED, ev.place(node), name),) if node is not None else (),
    )


def _last_class(facts: Dataset) -> float | Unknown:
    return facts.classes - 1 if facts.classes is not None else UNKNOWN


for _name in KERAS_DATASETS:
    handles(f"keras.datasets.{_name}.load_data")(load_data)


@handles("keras.utils.to_categorical", "keras.utils.np_utils.to_categorical", "keras.np_utils.to_categorical",
         "keras.utils.numerical_utils.to_categorical", "keras.utils.all_utils.to_categorical")  # fmt: skip
def to_categorical(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Integer labels to one-hot rows."""
    given = arguments.get(0, "y", "x")
    classes = arguments.get(1, "num_classes", "nb_classes")
    labels = ev.as_rows(given, arguments.positional_nodes[0] if arguments.positional_nodes else None)
    width: Dim = classes if isinstance(classes, int) else UNKNOWN
    if labels is None:
        return ev.array(arguments.node, encoding=Encoding.ONE_HOT, labels=True, dtype="float32")
    if isinstance(width, Unknown):
        width = labels.data.classes
    old = labels.data.shape
    # A last axis of size one is dropped.
    rows = None if isinstance(old, Unknown) else old[:-1] if len(old) > 1 and old[-1] == 1 else old
    return ev.stepped(
        labels,
        StepKind.ENCODED,
        arguments.node,
        "to_categorical",
        encoding=Encoding.ONE_HOT,
        shape=UNKNOWN if rows is None else (*rows, width),
        labels=True,
        dtype="float32",
        minimum=0,
        maximum=1,
        container="",
        columns=(),
    )
