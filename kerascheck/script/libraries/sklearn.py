"""scikit-learn, imbalanced-learn and category_encoders: splits, transformers, toy sets, metrics."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.keras_api.datasets import DATASETS
from kerascheck.keras_api.transformers import TRANSFORMERS
from kerascheck.script.handlers import handles, library, transformer_method
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    DictValue,
    ListValue,
    Path,
    SplitterValue,
    TransformerValue,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

POSITIONAL = {
    "Pipeline": ("steps",),
    "ColumnTransformer": ("transformers",),
    "FeatureUnion": ("transformer_list",),
    "MinMaxScaler": ("feature_range",),
    "KFold": ("n_splits",),
    "StratifiedKFold": ("n_splits",),
}


@library("sklearn", "imblearn", "category_encoders")
def sklearn_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Transformers and splitters by class name; metrics compare; everything else is unknown."""
    name, node = path.parts[-1], arguments.node
    if name in TRANSFORMERS and name[:1].isupper():
        return TransformerValue(next(ev.keys), name, _named_arguments(name, arguments))
    if name in {"make_pipeline", "make_column_transformer"}:
        return TransformerValue(next(ev.keys), "Pipeline", {"steps": tuple(arguments.positional)})
    if name.endswith(("KFold", "ShuffleSplit")) or name in {
        "TimeSeriesSplit",
        "LeaveOneOut",
        "LeavePOut",
        "PredefinedSplit",
    }:
        return SplitterValue(next(ev.keys), name, _named_arguments(name, arguments))
    if len(path.parts) == 3 and path.parts[1] == "datasets" and name in DATASETS:
        return toy_set(ev, name, arguments)
    if path.parts[1:2] == ("metrics",) and node is not None:
        ev.compared(name, [ev.as_array(value) for value in [*arguments.positional, *arguments.keywords.values()]], node)
        return ev.unknown(path.dotted)
    return ev.unknown_call(path, arguments, node) if node is not None else ev.unknown(path.dotted)


def _named_arguments(name: str, arguments: Arguments) -> dict[str, object]:
    names = POSITIONAL.get(name, ())
    return {**dict(zip(names, arguments.positional, strict=False)), **arguments.keywords}


def toy_set(ev: Evaluator, name: str, arguments: Arguments) -> object:
    """`load_iris(return_X_y=True)` gives a pair, `load_iris()` a bunch with `data` and `target`."""
    x, y = _toy_arrays(ev, name, arguments)
    if arguments.get(None, "return_X_y") is True or name.startswith("make_"):
        return (x, y)
    return DictValue({"data": x, "target": y}, whole=False)


def _toy_arrays(ev: Evaluator, name: str, arguments: Arguments) -> tuple[ArrayValue, ArrayValue]:
    facts = DATASETS[name]
    node = arguments.node
    made = name.startswith("make_")
    mixed = facts.shuffled and not (made and arguments.get(None, "shuffle") is False)
    order = Order.SORTED if facts.sorted_by_class else Order.SHUFFLED if mixed else Order.AS_LOADED
    encoding = Encoding.INTEGER if facts.classes is not None else Encoding.CONTINUOUS
    rows = Rows(next(ev.keys))
    loaded = (Step(StepKind.LOADED, ev.place(node), name),) if node is not None else ()
    x_shape, y_shape = _made_shapes(name, arguments) if made else (facts.train_x_shape, facts.train_y_shape)
    x = ev.array(
        node, origin=name, rows=rows, order=order, shape=x_shape or UNKNOWN, dtype=facts.x_dtype, history=loaded,
        minimum=facts.x_min if facts.x_min is not None else UNKNOWN,
        maximum=facts.x_max if facts.x_max is not None else UNKNOWN,
    )  # fmt: skip
    y = ev.array(
        node, origin=name, rows=rows, order=order, shape=y_shape or UNKNOWN, labels=True, encoding=encoding,
        dtype=facts.y_dtype, classes=_classes(name, facts.classes, arguments), history=loaded,
    )  # fmt: skip
    return x, y


def _made_shapes(name: str, arguments: Arguments) -> tuple[Shape | None, Shape | None]:
    """The shapes of a generated set; its width where it has a fixed one."""
    count = arguments.get(0, "n_samples", default=100)
    rows: Dim = count if isinstance(count, int) else UNKNOWN
    width: Dim = 2 if name in {"make_moons", "make_circles"} else UNKNOWN
    if name in {"make_classification", "make_regression", "make_blobs"}:
        default = {"make_classification": 20, "make_regression": 100, "make_blobs": 2}[name]
        given = arguments.get(1, "n_features", default=default)
        width = given if isinstance(given, int) else UNKNOWN
    targets = arguments.get(None, "n_targets", default=1) if name == "make_regression" else 1
    if targets != 1:
        return (rows, width), (rows, targets if isinstance(targets, int) else UNKNOWN)
    return (rows, width), (rows,)


def _classes(name: str, known: int | None, arguments: Arguments) -> int | Unknown:
    """The number of classes of a set; of a generated one as its arguments say."""
    if name == "make_classification":
        given = arguments.get(None, "n_classes", default=known)
    elif name == "make_blobs":
        given = arguments.get(2, "centers", default=3)
    else:
        given = known
    complete = arguments.complete or not name.startswith("make_")
    return given if isinstance(given, int) and complete else UNKNOWN


@handles("sklearn.model_selection.train_test_split", "sklearn.cross_validation.train_test_split")
def train_test_split(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Each array in two disjoint parts, the same rows of each."""
    node = arguments.node
    if node is None:
        return ev.unknown(path.dotted)
    shuffle = arguments.get(None, "shuffle", default=True if arguments.complete else UNKNOWN)
    seed = arguments.get(None, "random_state")
    size = arguments.get(None, "test_size")
    sizes = _sizes(arguments)
    cut = ev.draw("numpy", "train_test_split", *sizes, arguments.get(None, "stratify") is not None, seed=seed)
    cut = ev.cut("train_test_split", cut, ev.loop_runs[-1].key if ev.loop_runs else 0)
    inputs: list[ArrayValue] = []
    outputs: list[object] = []
    for position, value in enumerate(arguments.positional):
        argument = arguments.positional_nodes[position] if position < len(arguments.positional_nodes) else None
        array = ev.as_rows(value, argument) or ev.array(node, rows=Rows(ev.cut("split of unknown", cut)))
        inputs.append(array)
        outputs += [_part(ev, array, cut, part, shuffle, sizes, node) for part in ("train", "test")]
    ev.split_event(
        "train_test_split",
        cut,
        inputs,
        [output for output in outputs if isinstance(output, ArrayValue)],
        node,
        shuffle=shuffle if isinstance(shuffle, bool) else UNKNOWN,
        seeded=seed is not None or "numpy" in ev.states if arguments.complete else UNKNOWN,
        stratified=arguments.get(None, "stratify") is not None if arguments.complete else UNKNOWN,
        share=float(size) if isinstance(size, (int, float)) and arguments.has(None, "test_size") else UNKNOWN,
    )
    return ListValue(outputs, arguments.complete)


def _sizes(arguments: Arguments) -> tuple[object, object]:
    """The sizes that are given for the training and the test part, None for one that is left to the other."""
    absent = None if arguments.complete else UNKNOWN
    return arguments.get(None, "train_size", default=absent), arguments.get(None, "test_size", default=absent)


def _part(
    ev: Evaluator,
    array: ArrayValue,
    cut: int,
    part: str,
    shuffle: object,
    sizes: tuple[object, object],
    node: ast.expr,
) -> ArrayValue:
    data = array.data
    steps = [Step(StepKind.SPLIT, ev.place(node), "train_test_split")]
    if shuffle is True:
        steps.append(Step(StepKind.SHUFFLED, ev.place(node), "train_test_split"))
    order = Order.SHUFFLED if shuffle is True else data.order if shuffle is False else Order.UNKNOWN
    result = ev.derive(
        array,
        name="",
        location=ev.place(node),
        role=Role.TRAIN if part == "train" else Role.TEST,
        order=order,
        rows=ev.drawn(array, cut, part),
        arrangement=ev.rearranged(data, cut) if shuffle is True else data.arrangement if shuffle is False else UNKNOWN,
        shape=_part_shape(data.shape, part, sizes),
        history=(*data.history, *steps),
    )
    result.positions = array.positions
    return result


def _part_shape(shape: Shape, part: str, sizes: tuple[object, object]) -> Shape:
    """The shape of a part: scikit-learn rounds the training part down and the test part up."""
    if isinstance(shape, Unknown) or not shape:
        return UNKNOWN
    total = shape[0]
    train, test = sizes
    if not isinstance(total, int) or isinstance(train, Unknown) or isinstance(test, Unknown):
        return (UNKNOWN, *shape[1:])
    if train is None and test is None:
        test = 0.25
    for_train, for_test = _count(total, train, math.floor), _count(total, test, math.ceil)
    if train is None and isinstance(for_test, int):
        for_train = total - for_test
    elif test is None and isinstance(for_train, int):
        for_test = total - for_train
    return (for_test if part == "test" else for_train, *shape[1:])


def _count(total: int, size: object, rounded: Callable[[float], int]) -> int | Unknown:
    if isinstance(size, float):
        return rounded(size * total)
    return size if isinstance(size, int) and not isinstance(size, bool) else UNKNOWN


@handles("sklearn.utils.shuffle")
def shuffle(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The arrays shuffled together."""
    key = ev.draw("numpy", "sklearn shuffle", seed=arguments.get(None, "random_state"))
    shuffled: list[object] = []
    for position, value in enumerate(arguments.positional):
        place = arguments.positional_nodes[position] if position < len(arguments.positional_nodes) else None
        array = ev.as_rows(value, place) or ev.array(arguments.node)
        found = ev.shuffled(array, key, arguments.node, path.dotted)
        found.positions = array.positions
        shuffled.append(found)
    return shuffled[0] if len(shuffled) == 1 else tuple(shuffled)


@handles("sklearn.utils.resample")
def resample(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows drawn with replacement, unless it is said otherwise."""
    key = ev.draw("numpy", "resample", seed=arguments.get(None, "random_state"))
    replaced = arguments.get(None, "replace", default=True) is not False
    drawn: list[object] = []
    for value in arguments.positional:
        array = ev.as_rows(value, None) or ev.array(arguments.node)
        kind = StepKind.RESAMPLED if replaced else StepKind.SELECTED
        rows = ev.drawn(array, key, "in", partial=replaced)
        facts: dict[str, object] = {"order": Order.SHUFFLED, "shape": _uncounted(array.data.shape), "rows": rows}
        drawn.append(
            ev.stepped(array, kind, arguments.node, "resample", arrangement=ev.rearranged(array.data, key), **facts)
        )
    return drawn[0] if len(drawn) == 1 else tuple(drawn)


def _uncounted(shape: Shape) -> Shape:
    return UNKNOWN if isinstance(shape, Unknown) else (UNKNOWN, *shape[1:])


@handles("sklearn.preprocessing.scale", "sklearn.preprocessing.minmax_scale", "sklearn.preprocessing.robust_scale",
         "sklearn.preprocessing.maxabs_scale", "scipy.stats.zscore")  # fmt: skip
def scale(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Scaled by the array's own statistics."""
    node = arguments.node
    array = ev.as_rows(
        arguments.get(0, "X", "a"), arguments.positional_nodes[0] if arguments.positional_nodes else None
    )
    if array is None or node is None:
        return ev.array(node)
    key = next(ev.keys)
    ev.rows_of(array)
    transformer = {"minmax_scale": "MinMaxScaler", "robust_scale": "RobustScaler", "maxabs_scale": "MaxAbsScaler"}
    ev.fitted(transformer.get(path.parts[-1], "StandardScaler"), key, path.parts[-1], array.data, node)
    return ev.stepped(
        array, StepKind.SCALED, node, path.parts[-1], transformer=key, minimum=UNKNOWN, maximum=UNKNOWN, dtype="float64"
    )


@handles("sklearn.preprocessing.normalize", "keras.utils.normalize")
def normalize(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Each row scaled by its own length: nothing is learned."""
    array = ev.as_array(arguments.get(0, "X", "x"), arguments.node)
    if array is None:
        return ev.array(arguments.node)
    return ev.stepped(array, StepKind.SCALED, arguments.node, "normalize", minimum=-1.0, maximum=1.0, dtype="float64")


@transformer_method("LabelEncoder.fit_transform", "LabelEncoder.transform")
def label_encoded(
    ev: Evaluator, subject: TransformerValue, array: ArrayValue, arguments: Arguments, node: ast.expr
) -> object:
    """Class indices from 0 on."""
    found = ev.stepped(
        array, StepKind.ENCODED, node, subject.name, transformer=subject.key, encoding=Encoding.INTEGER, dtype="int64",
        container="", minimum=0, maximum=UNKNOWN, shape=array.data.shape,
    )  # fmt: skip
    found.data = replace(found.data, columns=array.data.columns)
    return found


@transformer_method("OneHotEncoder.fit_transform", "OneHotEncoder.transform", "MultiLabelBinarizer.fit_transform")
def one_hot(
    ev: Evaluator, subject: TransformerValue, array: ArrayValue, arguments: Arguments, node: ast.expr
) -> object:
    """One column a value; of several columns several blocks of them."""
    shape = array.data.shape
    single = not isinstance(shape, Unknown) and (len(shape) == 1 or shape[1:] == (1,))
    return ev.stepped(
        array, StepKind.ENCODED, node, subject.name, transformer=subject.key, minimum=0, maximum=1, container="",
        encoding=Encoding.ONE_HOT if single and subject.name == "OneHotEncoder" else Encoding.UNKNOWN,
        shape=(shape[0], UNKNOWN) if not isinstance(shape, Unknown) and shape else UNKNOWN, columns=(),
    )  # fmt: skip
