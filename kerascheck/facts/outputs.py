"""What the outputs of a model really are: the last activation of each, its width, and the loss that judges it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, StepKind
from kerascheck.facts.derived import once_per_graph
from kerascheck.facts.events import Compiled, Data, Evaluation, Fit, ModelUse, arrays
from kerascheck.facts.graph import Compile, Layer, LayerKind, Loss, ModelGraph, Node, Tensor
from kerascheck.facts.own_steps import OwnStep
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Edit, Fix, Location

BINARY: Final = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
"""Losses that judge every output unit as a yes/no question of its own."""

ONE_HOT: Final = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
SPARSE: Final = frozenset({"sparse_categorical_crossentropy"})
CATEGORICAL: Final = ONE_HOT | SPARSE
"""Losses that judge all units of the last axis as one choice among classes."""

CROSSENTROPIES: Final = BINARY | CATEGORICAL

REGRESSION: Final = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    }
)
"""Losses on the distance between two numbers."""

# Functions on tensors (`keras.ops.softmax`, `tf.nn.sigmoid`) that are activations.
_FUNCTIONS: Final = frozenset(
    {"softmax", "sigmoid", "relu", "tanh", "softplus", "elu", "selu", "gelu", "silu", "log_softmax"}
)
_KEEPING_FUNCTIONS: Final = frozenset({"cast", "identity", "reshape", "squeeze", "expand_dims", "stop_gradient"})
# What these do to a tensor keeps its values, or drops some of them, or averages neighbours.
_KEEPING: Final = frozenset(
    {
        "ActivityRegularization",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "Dropout",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "Identity",
        "Permute",
        "RepeatVector",
        "Reshape",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
    }
)
# Of the keeping layers, those behind which the last axis is still the one that the units stand on.
_KEEPING_UNITS: Final = _KEEPING - {"Flatten", "Permute", "Reshape"}
_LAYERS: Final = {
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "leaky_relu",
    "ReLU": "relu",
    "Softmax": "softmax",
}
_RECURRENT: Final = frozenset({"LSTM", "GRU", "SimpleRNN"})
_UNITS: Final = ("units", "filters")
_SELECTING: Final = frozenset({"index", "query", "filter", "compress", "boolean_mask", "dropna", "drop"})
_PICTURES: Final = frozenset({"load_img", "imread", "imdecode", "open", "decode_image", "decode_jpeg", "decode_png"})
_DEPTH: Final = 64


class Output(Struct, frozen=True):
    """One output of a model.

    `activation` is the name of the last function that shapes the values (`softmax`), None where the values are linear
    and unbounded, `UNKNOWN` where it is not proven. Reshape, Flatten, Dropout, averaging and dtype-casting activations
    behind it are looked through, and so are wrappers and nested models. `layer` applies the activation, `location` is
    where that is written, `source` is the layer that made the units. `units` is the size of the last axis, `rank`
    counts the batch axis.
    """

    index: int
    tensor: Tensor
    activation: str | Unknown | None = UNKNOWN
    units: int | Unknown = UNKNOWN
    rank: int | Unknown = UNKNOWN
    layer: Layer | None = None
    source: Layer | None = None
    location: Location | None = None

    @property
    def is_known(self) -> bool:
        """Whether the activation is proven."""
        return self.layer is not None and not isinstance(self.activation, Unknown)

    @property
    def title(self) -> str:
        """What its author calls the layer that makes the output: the name given to it, or else its class."""
        layer = self.source or self.layer
        return layer.label if layer is not None else "the output"

    @property
    def address(self) -> str | None:
        """How a report names the layer that makes the output."""
        layer = self.source or self.layer
        return layer.address if layer is not None else None


class Judgement(Struct, frozen=True):
    """One output under one loss of one `compile` call, or of a training loop that the program writes itself."""

    compile: Compile
    loss: Loss
    output: Output
    fits: tuple[Fit, ...] = ()
    model: int = 0
    compiled_once: bool = True

    @property
    def location(self) -> Location:
        """Where the loss is written; in a model file, the output."""
        place = self.output.location
        return place if place is not None and not self.loss.location.line else self.loss.location

    @property
    def loss_name(self) -> str:
        """The loss as its author wrote it."""
        return self.loss.written or str(self.loss.name)

    def other_loss(self, name: str, *, safe: bool) -> Fix | None:
        """The edit that names another loss; None where this one judges other outputs too, or was made elsewhere."""
        loss, place = self.loss, self.loss.location
        if not place.line or not _within(place, self.compile.location) or (loss.slot is not None and loss.arguments):
            return None
        losses = self.compile.losses
        places = [other.location for other in losses if other is not None] if isinstance(losses, tuple) else []
        return Fix((Edit(place, f'"{name}"'),), safe) if places.count(place) == 1 else None

    def judged(self, program: TrainingProgram) -> Iterator[DataArray]:
        """The arrays that fit and evaluate hold this output against."""
        yield from (labels for _, labels in self.targets())
        for event in program.of(Evaluation):
            if event.model == self.model and self.compiled_once:
                array = _target(event.y, self.output.index)
                if array is not None:
                    yield array
        for step in program.of(OwnStep):
            if step.compile is self.compile:
                yield from arrays(step.y)

    def targets(self) -> Iterator[tuple[Fit, DataArray]]:
        """The arrays that fit holds this output against; a generator or dataset stands for the labels it yields."""
        for fit in self.fits:
            data = fit.x if fit.y is None else fit.y
            array = _target(data, self.output.index)
            if array is None or (fit.y is None and array.kind not in (DataKind.GENERATOR, DataKind.DATASET)):
                continue
            if array.kind in (DataKind.GENERATOR, DataKind.DATASET):
                array = replace(array, shape=UNKNOWN, minimum=UNKNOWN, maximum=UNKNOWN, classes=UNKNOWN)
            yield fit, array


class _Found(Struct, frozen=True):
    activation: str | Unknown | None = UNKNOWN
    layer: Layer | None = None
    source: Layer | None = None
    location: Location | None = None
    units: int | Unknown = UNKNOWN


_NOTHING: Final = _Found()


@once_per_graph
def outputs(graph: ModelGraph) -> tuple[Output, ...]:
    """Each output of a model in order; nothing for a graph of which a part is not known."""
    return tuple(_output(graph, index, tensor) for index, tensor in enumerate(graph.outputs)) if graph.whole else ()


def judgements(graph: ModelGraph, program: TrainingProgram | None = None) -> Iterator[Judgement]:
    """Each output with the loss that a `compile` call sets on it.

    A model that is only trained as a part of another (the generator of a GAN) is judged by the other's loss, and one
    that only predicts needs none: what these were compiled with takes no part.
    """
    found = outputs(graph)
    for compiled in graph.compiles:
        losses = compiled.losses
        if program is not None and _is_tested(program, compiled):
            continue
        if isinstance(losses, Unknown) or len(losses) != len(found):
            continue
        fits = fits_of(program, graph, compiled)
        if not fits and (graph.nested or (program is not None and _only_predicts(program, graph))):
            continue
        for output, loss in zip(found, losses, strict=True):
            if loss is not None and not isinstance(loss.name, Unknown) and not loss.custom:
                yield Judgement(compiled, loss, output, fits, graph.key, len(graph.compiles) == 1)
    for step in graph.steps:
        losses = step.losses
        loss = losses[0] if isinstance(losses, tuple) and len(found) == 1 else None
        if loss is not None and not isinstance(loss.name, Unknown) and not loss.custom:
            yield Judgement(step, loss, found[0], (), graph.key, False)


def _is_tested(program: TrainingProgram, compiled: Compile) -> bool:
    """Whether a unit test compiles the model, with whatever loss lets it run."""
    return any(event.is_tested and event.compile is compiled for event in program.of(Compiled))


def with_reached_range(labels: DataArray) -> DataArray:
    """The same labels, without a range or a number of classes that they need not reach.

    A selection of rows may have left it behind; a picture's range is that of its format.
    """
    selected = any(step.kind is StepKind.SELECTED and step.by in _SELECTING for step in labels.history)
    if not selected and not any(step.kind is StepKind.LOADED and step.by in _PICTURES for step in labels.history):
        return labels
    return replace(labels, minimum=UNKNOWN, maximum=UNKNOWN, classes=UNKNOWN)


def gives_back_input(fit: Fit) -> bool:
    """Whether the targets of a fit are its inputs: an autoencoder."""
    inputs = {array.key for array in arrays(fit.x)}
    return any(array.key in inputs for array in arrays(fit.y))


def counts_outputs(graph: ModelGraph) -> bool:
    """Whether the number of outputs is proven: none comes out of a call of which nothing is known."""
    producers = [graph.producer(tensor) for tensor in graph.outputs]
    opaque = (LayerKind.CUSTOM, LayerKind.LAMBDA)
    return graph.whole and all(node is not None and node.layer.kind not in opaque for node in producers)


def fits_of(program: TrainingProgram | None, graph: ModelGraph, compiled: Compile) -> tuple[Fit, ...]:
    """The calls that train a model as one `compile` call left it."""
    if program is None:
        return ()
    return tuple(fit for fit in program.of(Fit) if fit.model == graph.key and fit.compile is compiled)


def _only_predicts(program: TrainingProgram, graph: ModelGraph) -> bool:
    if any(use.model == graph.key and use.use in ("passed", "returned") for use in program.of(ModelUse)):
        return False
    methods = {event.method for event in program.of(Evaluation) if event.model == graph.key}
    return bool(methods) and all(method.startswith("predict") for method in methods)


def _within(place: Location, call: Location) -> bool:
    if (place.path, place.cell) != (call.path, call.cell):
        return False
    start, end = (call.line, call.column), (call.end_line, call.end_column)
    return start <= (place.line, place.column) and (place.end_line, place.end_column) <= end


def _target(data: Data, index: int) -> DataArray | None:
    if isinstance(data, tuple):
        data = data[index] if index < len(data) else None
    return data if isinstance(data, DataArray) else None


def _output(graph: ModelGraph, index: int, tensor: Tensor) -> Output:
    found = _trace(graph, tensor, _DEPTH)
    shape = tensor.shape
    units = found.units if isinstance(shape, Unknown) else shape[-1] if shape else UNKNOWN
    return Output(
        index=index,
        tensor=tensor,
        activation=found.activation,
        units=units if isinstance(units, int) else UNKNOWN,
        rank=UNKNOWN if isinstance(shape, Unknown) else len(shape),
        layer=found.layer,
        source=found.source,
        location=found.location,
    )


def _trace(graph: ModelGraph, tensor: Tensor, depth: int) -> _Found:
    node = graph.producer(tensor)
    if node is None or depth == 0:
        return _NOTHING
    layer = node.layer
    if layer.model is not None and layer.class_name != "Bidirectional":
        return _inside(layer.model, node, tensor, depth)
    if layer.inner is not None:
        if layer.class_name != "TimeDistributed" and layer["merge_mode"] not in ("concat", "ave", None):
            return _NOTHING
        layer = layer.inner
    if layer.kind is LayerKind.OPERATION:
        return _function(graph, node, depth)
    if layer.kind is LayerKind.CHOICE:
        return _common(graph, node, layer, depth)
    if layer.kind is not LayerKind.BUILTIN:
        return _NOTHING
    if layer.class_name in ("Average", "Concatenate"):
        return _common(graph, node, layer, depth)
    if layer.class_name in _KEEPING or (layer.class_name == "Activation" and layer.activation is None):
        behind = _trace(graph, node.inputs[0], depth - 1) if len(node.inputs) == 1 else _NOTHING
        return behind if layer.class_name in {*_KEEPING_UNITS, "Activation"} else _without_units(behind)
    return _applied(graph, node, layer, depth)


def _function(graph: ModelGraph, node: Node, depth: int) -> _Found:
    """A function that is called on tensors."""
    name = node.layer.class_name
    if len(node.inputs) != 1:
        return _NOTHING
    behind = _trace(graph, node.inputs[0], depth - 1)
    if name in _KEEPING_FUNCTIONS:
        return _without_units(behind)
    if name not in _FUNCTIONS or node.arguments.get("axis", -1) != -1:
        return _NOTHING
    return _Found(name, node.layer, behind.source, node.location, behind.units)


def _inside(model: ModelGraph, node: Node, tensor: Tensor, depth: int) -> _Found:
    keys = [output.key for output in node.outputs]
    if not model.whole or len(model.outputs) != len(keys):
        return _NOTHING
    return _trace(model, model.outputs[keys.index(tensor.key)], depth - 1)


def _common(graph: ModelGraph, node: Node, layer: Layer, depth: int) -> _Found:
    """What all inputs of a merge, or all ways that a branch leaves, agree on; side by side, softmax outputs no longer
    sum to 1."""
    branches = [_trace(graph, tensor, depth // 2) for tensor in node.inputs]
    first = branches[0] if branches else _NOTHING
    agreed = all(branch.activation == first.activation for branch in branches)
    if not agreed or (first.activation == "softmax" and layer.class_name == "Concatenate"):
        return _NOTHING
    return first if layer.class_name == "Average" else _without_units(first)


def _without_units(found: _Found) -> _Found:
    return _Found(found.activation, found.layer, found.source, found.location)


def _applied(graph: ModelGraph, node: Node, layer: Layer, depth: int) -> _Found:
    """What a layer with an activation of its own makes of its input."""
    if layer.class_name in _LAYERS or layer.class_name == "Activation":
        behind = _trace(graph, node.inputs[0], depth - 1) if len(node.inputs) == 1 else _NOTHING
        name = _LAYERS.get(layer.class_name, layer.activation)
        return _Found(name, layer, behind.source, layer.place("activation"), behind.units)
    if "activation" not in layer.config:
        return _NOTHING
    name = layer.activation
    if layer.class_name in _RECURRENT and name == "softmax":
        # The output gate scales each unit by itself: the sum is not 1.
        name = UNKNOWN
    units = next((layer.config[key] for key in _UNITS if key in layer.config), UNKNOWN)
    return _Found(name, layer, layer, layer.place("activation"), units if isinstance(units, int) else UNKNOWN)
