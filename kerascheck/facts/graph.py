"""The graph of a model, the same type whether a script built it or a file holds it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import force_setattr

from kerascheck.facts.slot import UNWRITTEN, Slot, Writing
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown, Value
from kerascheck.findings import Location


class LayerKind(enum.Enum):
    """What is known of a layer's behaviour."""

    BUILTIN = "builtin"  # a Keras layer
    OPERATION = "operation"  # an operator or function on tensors (`x + y`, `keras.ops.relu(x)`, `tf.reshape(x)`)
    LAMBDA = "lambda"  # a Lambda layer: opaque
    CUSTOM = "custom"  # a user's or a third party's layer, or an applications base: opaque
    MODEL = "model"  # a model used as a layer; `Layer.model` is its graph
    CHOICE = "choice"  # where paths meet that a branch or a loop of unknown length decides: opaque, `branch` or `loop`


class GraphKind(enum.Enum):
    """How a model is put together."""

    SEQUENTIAL = "sequential"
    FUNCTIONAL = "functional"
    SUBCLASSED = "subclassed"


class Tensor(Struct, frozen=True):
    """A symbolic tensor. `key` is its identity inside one graph; `shape` has the batch axis first."""

    key: int
    shape: Shape = UNKNOWN
    dtype: str | Unknown = UNKNOWN


class Layer(Struct, frozen=True):
    """A layer instance.

    `class_name` is today's Keras class (`Conv2D` for Keras 1's `Convolution2D`), `written` the name in the source or
    file. `config` holds every argument of that class under today's Keras 3 name, defaults filled in, `UNKNOWN` where it
    is not proven; activations, losses and the like are lower-case strings (`relu`) or a `Symbol`. `given` names the
    arguments that the author wrote, `writing` how they stand in a script, `lambdas` where functions without a name stand.
    For a wrapper (`TimeDistributed`, `Bidirectional`) `inner` is the wrapped layer.
    `key` is the identity of the instance: two nodes with one key share weights. No gradient reaches
    `untrained` of the `parameters`, where these are no layer's that is known.
    """

    key: int
    name: str
    class_name: str
    config: Mapping[str, Value]
    location: Location
    kind: LayerKind = LayerKind.BUILTIN
    written: str = ""
    given: frozenset[str] = frozenset()
    writing: Writing = UNWRITTEN
    inner: Layer | None = None
    model: ModelGraph | None = None
    parameters: int | Unknown = UNKNOWN
    trainable: bool | Unknown = True
    path: str = ""
    repeated: bool = False
    untrained: int = 0
    lambdas: tuple[Location, ...] = ()

    def __getitem__(self, argument: str) -> Value:
        """The value of an argument; `UNKNOWN` where the layer has none of that name."""
        return self.config.get(argument, UNKNOWN)

    @property
    def places(self) -> Mapping[str, Location]:
        """Where each written value stands."""
        return self.writing.places

    @property
    def literal(self) -> frozenset[str]:
        """The arguments whose value no variable takes part in."""
        return self.writing.literal

    @property
    def slot(self) -> Slot | None:
        """Where one more argument would go."""
        return self.writing.slot

    def place(self, argument: str) -> Location:
        """Where an argument's value was written, or else where the layer was made."""
        return self.places.get(argument, self.location)

    @property
    def label(self) -> str:
        """What its author calls it: the name it was given or is stored under, or else the class as written."""
        named = "name" in self.given or not self.location.line
        return self.name if named or self.model is not None else self.written or self.class_name

    @property
    def address(self) -> str:
        """How a report names the layer: its path in a model file, its name in a script."""
        return self.name if self.location.line else self.path or self.name

    @property
    def activation(self) -> str | Unknown | None:
        """The name of the `activation` argument; None for linear or no activation, `UNKNOWN` for one not proven."""
        value = self.config.get("activation")
        if isinstance(value, Symbol):
            value = value.name.lower()
        if value is None or value == "linear":
            return None
        return value if isinstance(value, str) else UNKNOWN


class Node(Struct, frozen=True):
    """One call of a layer: the tensors that go in and come out, and where the call stands."""

    layer: Layer
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    location: Location
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def input_shape(self) -> Shape:
        """The shape of the only input; `UNKNOWN` for none or several."""
        return self.inputs[0].shape if len(self.inputs) == 1 else UNKNOWN

    @property
    def output_shape(self) -> Shape:
        """The shape of the only output; `UNKNOWN` for none or several."""
        return self.outputs[0].shape if len(self.outputs) == 1 else UNKNOWN


class Problem(Struct, frozen=True):
    """A call that Keras refuses: shape inference met a rank or sizes that cannot go together.

    `message` is a sentence without its subject, which is the layer. `excess` counts the axes that an input has more than
    the layer takes.
    """

    kind: str  # "rank" or "shape"
    layer: Layer
    message: str
    location: Location
    related: tuple[Location, ...] = ()
    excess: int = 0


class Optimizer(Struct, frozen=True):
    """An optimizer by today's name (`adam`, `sgd`; lower case), its arguments under today's names, defaults filled in.

    `learning_rate` in `arguments` is a number, a `Symbol` for a schedule, or `UNKNOWN`. `written` is the name in the
    source or file, `repeated` when it is made inside a loop.
    """

    key: int
    name: str | Unknown
    arguments: Mapping[str, Value]
    location: Location
    given: frozenset[str] = frozenset()
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    written: str = ""
    slot: Slot | None = None
    repeated: bool = False

    @property
    def label(self) -> str:
        """What its author calls it."""
        return self.written or str(self.name)

    def __getitem__(self, argument: str) -> Value:
        return self.arguments.get(argument, UNKNOWN)

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class Loss(Struct, frozen=True):
    """A loss or a metric by its snake-case name (`binary_crossentropy`), custom ones by their own name.

    `from_logits` is proven false when it was not given. `custom` marks a user's function, `quoted` a name given as
    text; a `name` that is `UNKNOWN` is none of Keras's. `body` is a user's function as the graph from its two arguments,
    the targets and the predictions, to its value; `parameters` are their names.
    """

    name: str | Unknown
    location: Location
    from_logits: bool | Unknown = False
    custom: bool = False
    written: str = ""
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    slot: Slot | None = None
    quoted: bool = False
    body: ModelGraph | None = None
    parameters: tuple[str, ...] = ()

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class Compile(Struct, frozen=True):
    """One `compile` call, or the training configuration of a file.

    `losses` has one entry an output, in order of `ModelGraph.outputs`; a single loss for several outputs is repeated;
    an output without a loss has None; `UNKNOWN` where the pairing is not proven. `metrics` likewise, flat.
    `outputs` are the names that a dictionary of losses or metrics may ask for, one an output, with `*` for what is not
    known of a name: empty where the model takes no such dictionary. `by_key` when the outputs themselves are a dictionary.
    `complete` unless unknown `*args` or `**kwargs` were passed.
    """

    optimizer: Optimizer | None
    losses: tuple[Loss | None, ...] | Unknown
    metrics: tuple[Loss, ...] | Unknown
    location: Location
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    outputs: tuple[str, ...] = ()
    by_key: bool = False
    complete: bool = True

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class Gap(Struct, frozen=True):
    """What kept a graph from being recovered whole: the construct and its place.

    `elsewhere` when it is told by name and lies outside of the program: a file or a module that is not there, what a
    library or a caller makes, or how many parts the data of a run will give.
    """

    construct: str
    location: Location
    elsewhere: bool = False


class ModelGraph(Struct, frozen=True):
    """A model: its layers, the calls between them in topological order, its inputs and outputs.

    `whole` is true when every layer and edge is known (opaque layers are nodes like any other). `gaps` says what was
    not. `layers` holds each instance once, in Keras's order. `parameters` counts all weights. `steps` are the losses and
    optimizers that a training loop of the program's own uses: each holds one of the two. `settled` is what `trainable` was
    set to last, by the key of the layer, where that was set after the layer was made.
    """

    key: int
    name: str
    kind: GraphKind
    nodes: tuple[Node, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    location: Location
    compiles: tuple[Compile, ...] = ()
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    from_file: bool = False
    nested: bool = False
    keras_version: str | Unknown = UNKNOWN
    steps: tuple[Compile, ...] = ()
    settled: Mapping[int, bool | Unknown] = field(default_factory=dict[int, "bool | Unknown"])
    _producers: dict[int, Node] = field(default_factory=dict[int, Node])
    _consumers: dict[int, tuple[Node, ...]] = field(default_factory=dict[int, tuple[Node, ...]])
    _outputs: set[int] = field(default_factory=set[int])
    _calls: dict[int, int] = field(default_factory=dict[int, int])
    derived: dict[object, object] = field(default_factory=dict[object, object])

    def __post_init__(self) -> None:
        # Made anew: a graph that `replace` makes is handed those of the other one.
        producers: dict[int, Node] = {}
        consumers: dict[int, tuple[Node, ...]] = {}
        calls: dict[int, int] = {}
        for node in self.nodes:
            calls[node.layer.key] = calls.get(node.layer.key, 0) + 1
            for tensor in node.outputs:
                producers[tensor.key] = node
            for tensor in node.inputs:
                consumers[tensor.key] = (*consumers.get(tensor.key, ()), node)
        force_setattr(self, "_producers", producers)
        force_setattr(self, "_consumers", consumers)
        force_setattr(self, "_calls", calls)
        force_setattr(self, "derived", {})
        force_setattr(self, "_outputs", {tensor.key for tensor in self.outputs})

    @property
    def trained_with(self) -> tuple[Compile, ...]:
        """The calls of `compile`, and what the program's own training loops use."""
        return (*self.compiles, *self.steps)

    @property
    def whole(self) -> bool:
        return not self.gaps

    @property
    def whole_here(self) -> bool:
        """Whether all is known that the program itself says; what is not known lies elsewhere and has a name."""
        return all(gap.elsewhere for gap in self.gaps)

    @property
    def parameters(self) -> int | Unknown:
        if self.kind is GraphKind.SUBCLASSED and self.gaps:
            return UNKNOWN
        total = 0
        # A layer that stands in a wrapper and for itself has its weights once; Bidirectional makes copies.
        wrapped = {layer.inner.key for layer in self.layers if layer.inner and layer.class_name != "Bidirectional"}
        for layer in self.layers:
            if layer.key in wrapped:
                continue
            if isinstance(layer.parameters, Unknown):
                return UNKNOWN
            total += layer.parameters
        return total

    def trains(self, layer: Layer) -> bool | Unknown:
        """Whether training changes a layer in the end."""
        return self.settled.get(layer.key, layer.trainable)

    def every_layer(self) -> Iterator[Layer]:
        """The layers with those inside wrappers and nested models."""
        for layer in self.layers:
            yield layer
            if layer.inner is not None:
                yield layer.inner
            if layer.model is not None:
                yield from layer.model.every_layer()

    def producer(self, tensor: Tensor) -> Node | None:
        """The call that made a tensor; None for a tensor from outside the graph."""
        return self._producers.get(tensor.key)

    def consumers(self, tensor: Tensor) -> tuple[Node, ...]:
        """The calls that take a tensor."""
        return self._consumers.get(tensor.key, ())

    def before(self, node: Node) -> tuple[Node, ...]:
        """The calls whose outputs go into `node`."""
        producers = self._producers
        return tuple([producers[tensor.key] for tensor in node.inputs if tensor.key in producers])

    def after(self, node: Node) -> tuple[Node, ...]:
        """The calls that take an output of `node`."""
        if len(node.outputs) == 1:
            return self.consumers(node.outputs[0])
        return tuple(found for tensor in node.outputs for found in self.consumers(tensor))

    def calls_of(self, layer: Layer) -> int:
        """How often a layer is called."""
        return self._calls.get(layer.key, 0)

    def is_output(self, node: Node) -> bool:
        """Whether an output of `node` is an output of the model."""
        return not self._outputs.isdisjoint([tensor.key for tensor in node.outputs])

    def output_nodes(self) -> Iterator[tuple[int, Node]]:
        """The index of each output with the call that makes it."""
        for index, tensor in enumerate(self.outputs):
            if (node := self.producer(tensor)) is not None:
                yield index, node
