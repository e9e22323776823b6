"""TensorFlow beside Keras: operations on symbolic tensors and on data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataKind, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.handlers import handles, library
from kerascheck.script.machine import to_value
from kerascheck.script.structures import ScalarTensor
from kerascheck.script.values import Arguments, ArrayValue, FunctionValue, OptimizerValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

CONSTANT = frozenset({"constant", "convert_to_tensor"})
SAME = frozenset(
    {"constant", "convert_to_tensor", "identity", "Variable", "stop_gradient", "ensure_shape", "as_string"}
)
DECODERS = frozenset({"decode_jpeg", "decode_png", "decode_image", "decode_bmp", "decode_gif"})


@library("tensorflow")
def tensorflow_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """An operation on symbolic tensors is one opaque node; on data it gives data."""
    name, node = path.parts[-1], arguments.node
    if ev.tensors_in([*arguments.positional, *arguments.keywords.values()]) and node is not None:
        return ev.function_on_tensors(name, arguments, node)
    if name in DECODERS:
        return _decoded(ev, arguments)
    if "data" in path.parts and name.startswith("from_"):
        return ev.array(node, kind=DataKind.DATASET)
    if (
        name in CONSTANT
        and isinstance(arguments.get(0, "value"), (bool, int, float))
        and arguments.get(None, "shape") is None
    ):
        return ScalarTensor(path.dotted, next(ev.keys))
    first = ev.as_array(arguments.get(0, "image", "images", "x", "value", "input", "tensor"), node)
    if first is None or node is None:
        return ev.unknown(path.dotted)
    if name in SAME:
        return ev.derive(first, container="")
    if "image" in path.parts:
        return _of_image(ev, first, name, arguments)
    return ev.unknown(path.dotted)


def _decoded(ev: Evaluator, arguments: Arguments) -> ArrayValue:
    """The pixels of an encoded image: bytes."""
    count = arguments.get(1, "channels")
    channels: Dim = count if isinstance(count, int) and count else UNKNOWN
    dtype = to_value(arguments.get(None, "dtype"))
    floats = dtype in {"float32", "float16"}
    return ev.array(
        arguments.node,
        shape=(UNKNOWN, UNKNOWN, channels),
        dtype=dtype if floats else "uint8",
        minimum=0,
        maximum=1 if floats else 255,
    )


def _of_image(ev: Evaluator, image: ArrayValue, name: str, arguments: Arguments) -> ArrayValue:
    node = arguments.node
    if name.startswith(("random_", "stateless_random_")):
        return ev.stepped(image, StepKind.AUGMENTED, node, name)
    if name.startswith("resize"):
        size = to_value(arguments.get(1, "size"))
        sides = size if isinstance(size, tuple) and len(size) == 2 else (UNKNOWN, UNKNOWN)
        return ev.derive(image, shape=_resized(image.data.shape, sides), dtype="float32")
    if name == "convert_image_dtype":
        dtype = to_value(arguments.get(1, "dtype"))
        if isinstance(dtype, str) and dtype.startswith("float") and image.data.dtype == "uint8":
            return ev.stepped(image, StepKind.SCALED, node, name, minimum=0.0, maximum=1.0, dtype=dtype)
        return ev.stepped(image, StepKind.SCALED, node, name, minimum=UNKNOWN, maximum=UNKNOWN, dtype=dtype)
    if name == "per_image_standardization":
        return ev.stepped(image, StepKind.SCALED, node, name, minimum=UNKNOWN, maximum=UNKNOWN, dtype="float32")
    return ev.derive(image, shape=UNKNOWN, minimum=UNKNOWN, maximum=UNKNOWN)


def _resized(shape: Shape, sides: object) -> Shape:
    if isinstance(shape, Unknown) or len(shape) not in (3, 4) or not isinstance(sides, tuple):
        return UNKNOWN
    known = tuple(side if isinstance(side, int) else UNKNOWN for side in sides)  # pyright: ignore[reportUnknownVariableType]
    return (*shape[:-3], *known, shape[-1])


@handles("tensorflow.cast", "keras.ops.cast", "tensorflow.to_float", "keras.backend.cast")
def cast(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Another type of number."""
    if ev.tensors_in(arguments.positional) and arguments.node is not None:
        return ev.function_on_tensors("cast", arguments, arguments.node)
    first = ev.as_array(arguments.get(0, "x"), arguments.node)
    dtype = to_value(arguments.get(1, "dtype")) if path.parts[-1] == "cast" else "float32"
    if first is None:
        return ev.unknown(path.dotted)
    return ev.derive(first, dtype=dtype if isinstance(dtype, str) else UNKNOWN, container="")


_TRAINERS = {"Adam": "Adam", "GradientDescent": "SGD", "Momentum": "SGD", "RMSProp": "RMSprop", "Adagrad": "Adagrad",
             "Adadelta": "Adadelta", "Ftrl": "Ftrl"}  # fmt: skip
_SHARED = ("learning_rate", "momentum")


@handles(*(f"tensorflow.{module}train.{name}Optimizer" for module in ("", "compat.v1.") for name in _TRAINERS))
def trainer(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """An optimizer of TensorFlow 1, which `compile` of `tf.keras` takes as the Keras optimizer of the same kind."""
    written, node = path.parts[-1], arguments.node
    if node is None:
        return ev.unknown(path.dotted)
    momentum = written.startswith("Momentum") and len(arguments.positional) > 1
    keywords = {name: value for name, value in arguments.keywords.items() if name in _SHARED}
    if momentum:
        keywords["momentum"] = arguments.positional[1]
    call = Arguments(
        arguments.positional[:1], keywords, node, arguments.positional_nodes[:1],
        {name: item for name, item in arguments.keyword_nodes.items() if name in _SHARED}, arguments.complete,
    )  # fmt: skip
    made = ev.optimizer_object(_TRAINERS[written.removesuffix("Optimizer")], call, node)
    return OptimizerValue(replace(made.optimizer, written=written))


@handles("tensorflow.function", "tensorflow.autograph.experimental.do_not_convert", "tensorflow.contrib.eager.defun")
def traced(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A function that is traced does what it does."""
    function = arguments.get(0, "func", "python_function")
    return function if isinstance(function, FunctionValue) else ev.unknown(path.dotted)


@handles("tensorflow.io.read_file", "tensorflow.read_file")
def read_file(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    return ev.unknown("bytes of a file")
