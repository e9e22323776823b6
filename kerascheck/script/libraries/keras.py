"""Keras: layers, models, optimizers, losses, callbacks, data sets and utilities."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerascheck.facts.graph import GraphKind, Layer
from kerascheck.facts.slot import UNWRITTEN, Writing
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown
from kerascheck.keras_api import normalize
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.handlers import handles, library
from kerascheck.script.layers import array_fact, shape_fact
from kerascheck.script.libraries.applications import application, preprocess_input
from kerascheck.script.libraries.loading import from_config
from kerascheck.script.machine import mapping_of, to_value, values_of
from kerascheck.script.missteps import check_function, check_made
from kerascheck.script.model_missteps import check_input
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    LayerValue,
    ListValue,
    Path,
    TensorValue,
)
from kerascheck.script.writing import InputWriting

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

NOT_TENSOR_FUNCTIONS = frozenset({"Input", "InputLayer"})


@library("keras")
def keras_call(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Any call below `keras` without a handler of its own."""
    node = arguments.node
    assert node is not None
    name = path.parts[-1]
    if name == "preprocess_input" and path.parts[1:2] == ("applications",):
        return preprocess_input(ev, path, arguments)
    kind = kind_of(path.parts[1:])
    if name == "from_config":
        return from_config(ev, path, arguments)
    if kind is ApiKind.MODEL:
        return model(ev, name, arguments, node)
    if kind is ApiKind.LAYER or (kind is ApiKind.OTHER and "layers" in path.parts and name[:1].isupper()):
        meant = check_made(ev, name, arguments)
        if meant is not None:
            return ev.apply_meant(name, arguments, meant, node)
        return ev.make_layer(name, arguments, node) or LayerValue(ev.opaque_layer(name, node))
    if kind is ApiKind.OPTIMIZER:
        return ev.optimizer_object(name, arguments, node)
    if kind is ApiKind.CALLBACK or (kind is ApiKind.OTHER and "callbacks" in path.parts[1:-1]):
        return ev.callback_object(name, arguments, node)
    if kind is ApiKind.LOSS and name[:1].isupper():
        return ev.loss_object(name, arguments, node, metric=False)
    if kind is ApiKind.METRIC and name[:1].isupper():
        return ev.loss_object(name, arguments, node, metric=True)
    if kind is ApiKind.APPLICATION:
        return application(ev, name, arguments, node)
    if kind in (ApiKind.INITIALIZER, ApiKind.REGULARIZER, ApiKind.CONSTRAINT):
        found = normalize.symbol(name, values_of(arguments.positional), mapping_of(arguments.keywords))
        value = arguments.get(0, "value")
        if found is not None and found.name == "Constant" and isinstance(value, ArrayValue):
            return Symbol("Constant", {**found.arguments, "value": array_fact(value)}, found.written)
        return found if found is not None else ev.unknown(path.dotted)
    if kind is ApiKind.SCHEDULE:
        found = normalize.schedule(name, values_of(arguments.positional), mapping_of(arguments.keywords))
        return Symbol(found.name, found.arguments, name) if found is not None else ev.unknown(path.dotted)
    if ev.tensors_in([*arguments.positional, *arguments.keywords.values()]):
        if "layers" in path.parts:
            check_function(ev, name, arguments, node)
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
    check_input(ev, arguments, node)
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
        writing=_input_writing(ev, arguments),
        parameters=0,
    )
    ev.note_input(full)
    tensor = ev.assembly.tensor(full, dtype if isinstance(dtype, str) else "float32")
    return TensorValue(ev.assembly.enter(layer, tensor))


def _input_writing(ev: Evaluator, arguments: Arguments) -> Writing:
    keywords = [arguments.keyword_nodes[n].value for n in ("shape", "batch_shape") if n in arguments.keyword_nodes]
    nodes = keywords or arguments.positional_nodes[:1]
    return InputWriting(ev.page, nodes[0]) if nodes else UNWRITTEN


@handles("keras.optimizers.OptimizerMap")
def make_map(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Optimizers by the names of variables, each known by itself."""
    return ev.optimizer_object(path.parts[-1], arguments, arguments.node) if arguments.node else ev.unknown("map")


@handles("keras.utils.set_random_seed")
def set_random_seed(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Seeds Python, numpy and the backend."""
    if arguments.node is not None:
        ev.seeds.append(ev.place(arguments.node))
    for name in ("numpy", "random", "tensorflow"):
        ev.reseeded(name, arguments.get(0, "seed"))
    return None
