"""Keras: layers, models, optimizers, losses, callbacks, data sets and utilities."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataKind, Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.graph import GraphKind, Layer, LayerKind
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown
from kerascheck.keras_api import normalize
from kerascheck.keras_api.datasets import DATASETS, KERAS_DATASETS, Dataset
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.handlers import handles, library
from kerascheck.script.layers import shape_fact
from kerascheck.script.machine import mapping_of, to_value, values_of
from kerascheck.script.preprocessing import CLASS_MODES
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    GeneratorValue,
    LayerValue,
    ListValue,
    ModelValue,
    Opaque,
    Path,
    TensorValue,
    TransformerValue,
)

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

NOT_TENSOR_FUNCTIONS = frozenset({"Input", "InputLayer"})
AUGMENTING = frozenset(
    {
        "rotation_range",
        "width_shift_range",
        "height_shift_range",
        "brightness_range",
        "shear_range",
        "zoom_range",
        "channel_shift_range",
        "horizontal_flip",
        "vertical_flip",
    }
)
SCALING = frozenset({"rescale", "featurewise_center", "samplewise_center", "preprocessing_function"})


@library("keras")
def keras_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any call below `keras` without a handler of its own."""
    node = arguments.node
    assert node is not None
    name = path.parts[-1]
    kind = kind_of(path.parts[1:])
    if kind is ApiKind.MODEL:
        return model(ev, name, arguments, node)
    if kind is ApiKind.LAYER or (kind is ApiKind.OTHER and "layers" in path.parts and name[:1].isupper()):
        return ev.make_layer(name, arguments, node) or LayerValue(ev.opaque_layer(name, node))
    if kind is ApiKind.OPTIMIZER:
        return ev.optimizer_object(name, arguments, node)
    if kind is ApiKind.CALLBACK:
        return ev.callback_object(name, arguments, node)
    if kind is ApiKind.LOSS and name[:1].isupper():
        return ev.loss_object(name, arguments, node, metric=False)
    if kind is ApiKind.METRIC and name[:1].isupper():
        return ev.loss_object(name, arguments, node, metric=True)
    if kind is ApiKind.APPLICATION:
        return application(ev, name, arguments, node)
    if kind in (ApiKind.INITIALIZER, ApiKind.REGULARIZER, ApiKind.CONSTRAINT):
        found = normalize.symbol(name, values_of(arguments.positional), mapping_of(arguments.keywords))
        return found if found is not None else ev.unknown(path.dotted)
    if kind is ApiKind.SCHEDULE:
        found = normalize.schedule(name, values_of(arguments.positional), mapping_of(arguments.keywords))
        return Symbol(found.name, found.arguments, name) if found is not None else ev.unknown(path.dotted)
    if ev.tensors_in([*arguments.positional, *arguments.keywords.values()]):
        return functional_merge(ev, name, arguments, node)
    return ev.unknown_call(path, arguments, node)


def functional_merge(ev: Evaluator, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`keras.layers.concatenate([a, b])`, `keras.ops.relu(x)` and Keras 1's `merge([a, b], mode='concat')`."""
    layer_class = {"add": "Add", "concatenate": "Concatenate", "multiply": "Multiply", "average": "Average",
                   "maximum": "Maximum", "minimum": "Minimum", "subtract": "Subtract", "dot": "Dot", "merge": "Merge"}.get(name)  # fmt: skip
    listed = arguments.get(0, "inputs")
    if layer_class is not None and isinstance(listed, (ListValue, tuple)):
        rest = Arguments(
            arguments.positional[1:],
            dict(arguments.keywords),
            node,
            arguments.positional_nodes[1:],
            arguments.keyword_nodes,
        )
        rest.keywords.pop("inputs", None)
        layer = ev.make_layer(layer_class, rest, node)
        if layer is not None:
            return ev.call_layer(layer, Arguments([listed], {}, node), node)
    return ev.function_on_tensors(name, arguments, node)


def model(ev: Evaluator, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`Sequential(...)`, `Model(...)`, `load_model(...)`."""
    if name == "Sequential":
        value = ev.new_model(GraphKind.SEQUENTIAL, "sequential", node, arguments.get(1, "name"))
        ev.fill_sequential(value, arguments, node)
        return value
    if name in {"Model", "Functional"}:
        if arguments.has(0, "inputs", "input"):
            return ev.functional_model(arguments, node)
        return ev.unknown("keras.Model")
    return ev.unknown(f"keras.models.{name}")


@handles(
    "keras.Input",
    "keras.layers.Input",
    "keras.engine.Input",
    "keras.layers.core.Input",
    "keras.layers.input_layer.Input",
)
def make_input(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`Input(shape=...)`: a tensor made by an InputLayer."""
    node = arguments.node
    assert node is not None
    shape = shape_fact(to_value(arguments.get(0, "shape")))
    batch_shape = arguments.get(None, "batch_shape", "batch_input_shape")
    if batch_shape is not None:
        full: Shape = shape_fact(to_value(batch_shape))
    else:
        batch = arguments.get(None, "batch_size")
        full = UNKNOWN if isinstance(shape, Unknown) else (batch if isinstance(batch, int) else None, *shape)
    dtype = arguments.get(None, "dtype")
    name = arguments.get(None, "name")
    layer = Layer(
        key=next(ev.keys),
        name=name if isinstance(name, str) else ev.layer_name("input_layer"),
        class_name="InputLayer",
        config={"batch_shape": full, "dtype": dtype if isinstance(dtype, str) else UNKNOWN},
        location=ev.place(node),
        written="Input",
        given=frozenset(arguments.keywords),
        parameters=0,
    )
    tensor = ev.assembly.tensor(full, dtype if isinstance(dtype, str) else "float32")
    return TensorValue(ev.assembly.enter(layer, tensor))


def application(ev: Evaluator, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A pretrained base as one opaque node between its input and its output."""
    if not name[:1].isupper():
        return ev.unknown(f"keras.applications.{name}")
    value = ev.new_model(GraphKind.FUNCTIONAL, name, node)
    given = arguments.get(None, "input_tensor")
    shape = shape_fact(to_value(arguments.get(None, "input_shape")))
    if isinstance(given, TensorValue):
        tensor = given.tensor
    else:
        full: Shape = (None, *shape) if not isinstance(shape, Unknown) else (None, UNKNOWN, UNKNOWN, UNKNOWN)
        tensor = ev.assembly.tensor(full, "float32")
    layer = ev.opaque_layer(name, node, LayerKind.CUSTOM)
    value.inputs = (tensor,)
    value.outputs = ev.assembly.call(replace(layer, config=mapping_of(arguments.keywords)), [tensor], layer.location)
    return value


def load_data(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`keras.datasets.NAME.load_data()`: two pairs of arrays."""
    node = arguments.node
    facts = DATASETS[path.parts[-2]]
    first, second = next(ev.keys), next(ev.keys)
    pairs: list[object] = []
    for role, source, shapes in (
        (Role.TRAIN, first, (facts.train_x_shape, facts.train_y_shape)),
        (Role.TEST, second, (facts.test_x_shape, facts.test_y_shape)),
    ):
        pairs.append(
            tuple(
                _part(ev, facts, path.parts[-2], role, source, shape, labels, node)
                for shape, labels in zip(shapes, (False, True), strict=True)
            )
        )
    return tuple(pairs)


def _part(
    ev: Evaluator,
    facts: Dataset,
    name: str,
    role: Role,
    source: int,
    shape: object,
    labels: bool,
    node: ast.Call | None,
) -> ArrayValue:
    integer_labels = labels and facts.classes is not None
    order = Order.SHUFFLED if facts.shuffled else Order.SORTED if facts.sorted_by_class else Order.UNKNOWN
    place = ev.place(node) if node is not None else None
    return ev.array(
        node,
        origin=name,
        role=role,
        order=order,
        rows=Rows(source),
        shape=shape if shape is not None else UNKNOWN,
        dtype=facts.y_dtype if labels else facts.x_dtype,
        minimum=UNKNOWN if labels or facts.x_min is None else facts.x_min,
        maximum=UNKNOWN if labels or facts.x_max is None else facts.x_max,
        classes=facts.classes if integer_labels and facts.classes is not None else UNKNOWN,
        encoding=Encoding.INTEGER if integer_labels else Encoding.CONTINUOUS if labels else Encoding.UNKNOWN,
        labels=labels,
        history=(Step(StepKind.LOADED, place, name),) if place is not None else (),
    )


for _name in KERAS_DATASETS:
    handles(f"keras.datasets.{_name}.load_data")(load_data)


@handles("keras.utils.to_categorical", "keras.utils.np_utils.to_categorical", "keras.np_utils.to_categorical")
def to_categorical(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Integer labels to one-hot rows."""
    labels = arguments.get(0, "y", "x")
    classes = arguments.get(1, "num_classes", "nb_classes")
    if not isinstance(labels, ArrayValue):
        return ev.array(arguments.node, encoding=Encoding.ONE_HOT, labels=True)
    known = classes if isinstance(classes, int) else labels.data.classes
    rows = labels.data.shape
    shape: Shape = (rows[0], known) if not isinstance(rows, Unknown) and rows else UNKNOWN
    return ev.stepped(
        labels,
        StepKind.ENCODED,
        arguments.node,
        "to_categorical",
        encoding=Encoding.ONE_HOT,
        shape=shape,
        labels=True,
        dtype="float32",
    )


@handles(
    "keras.preprocessing.image.ImageDataGenerator",
    "keras.legacy.preprocessing.image.ImageDataGenerator",
    "keras_preprocessing.image.ImageDataGenerator",
)
def image_data_generator(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Augments when a random argument is set, scales when a scaling one is."""
    return GeneratorValue(
        next(ev.keys),
        any(arguments.keywords.get(name) not in (None, 0, 0.0, False) for name in AUGMENTING),
        any(arguments.keywords.get(name) not in (None, False) for name in SCALING),
        "validation_split" in arguments.keywords,
    )


@handles("keras.preprocessing.text.Tokenizer", "keras.preprocessing.text.tokenizer.Tokenizer")
def tokenizer(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A vocabulary that is learned from texts."""
    return TransformerValue(next(ev.keys), "Tokenizer", dict(arguments.keywords))


@handles("keras.preprocessing.sequence.pad_sequences", "keras.utils.pad_sequences", "keras.preprocessing.pad_sequences")
def pad_sequences(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Rows cut or filled to one length."""
    rows, length = arguments.get(0, "sequences"), arguments.get(1, "maxlen")
    if not isinstance(rows, ArrayValue):
        return ev.array(arguments.node, shape=(UNKNOWN, length if isinstance(length, int) else UNKNOWN), dtype="int32")
    count = rows.data.shape[0] if not isinstance(rows.data.shape, Unknown) and rows.data.shape else UNKNOWN
    return ev.stepped(
        rows,
        StepKind.RESHAPED,
        arguments.node,
        "pad_sequences",
        shape=(count, length if isinstance(length, int) else UNKNOWN),
    )


@handles(
    "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.image_dataset_from_directory",
    "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.text_dataset_from_directory",
    "keras.utils.timeseries_dataset_from_array",
)
def dataset_from_directory(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A tf.data.Dataset."""
    default = "int" if arguments.complete and path.parts[-1] != "timeseries_dataset_from_array" else None
    mode = arguments.get(2, "label_mode", default=default)
    labelled = isinstance(mode, str) and arguments.get(1, "labels", default="inferred") is not None
    encoding = CLASS_MODES.get(mode, Encoding.UNKNOWN) if labelled else Encoding.UNKNOWN
    return ev.array(arguments.node, kind=DataKind.DATASET, encoding=encoding)


@handles("keras.utils.set_random_seed")
def set_random_seed(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Seeds Python, numpy and the backend."""
    if arguments.node is not None:
        ev.seeds.append(ev.place(arguments.node))
    return None


@handles("keras.models.clone_model", "keras.clone_model")
def clone_model(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A model of the same graph with weights of its own, not compiled."""
    original = arguments.get(0, "model")
    if not isinstance(original, ModelValue) or arguments.node is None:
        return Opaque("clone_model", next(ev.keys))
    value = ev.new_model(original.kind, original.name, arguments.node)
    value.chain, value.inputs, value.outputs = list(original.chain), original.inputs, original.outputs
    value.gaps = list(original.gaps)
    return value
