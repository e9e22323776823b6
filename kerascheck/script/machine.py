"""The state of one evaluation: the budget, the places, the trail of undecided branches, and what was recorded."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path as File

from msgspec.structs import replace

from kerascheck.assembly import Assembly
from kerascheck.facts.data import DataArray, DataKind, Rows
from kerascheck.facts.events import Callback, Data, Event, Loop
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph, Tensor
from kerascheck.facts.usage import ApiCall
from kerascheck.facts.values import UNKNOWN, Shape, Symbol, Unknown, Value
from kerascheck.findings import Location, SourceText
from kerascheck.script.source import Unit
from kerascheck.script.values import (
    ArrayValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    LayerValue,
    ListValue,
    LossValue,
    ModelValue,
    ModuleValue,
    Mutable,
    Opaque,
    OptimizerValue,
    Page,
    Path,
    Scope,
    TensorValue,
)

STEP_BUDGET = 300_000
STEPS_OF_AN_EVENT = 60
STEPS_OF_A_CALL = 8
"""What a recorded event and a call of a layer cost of the budget: rules look at each of them, and at pairs of events."""

HISTORY = 200
"""The steps that are kept of what was done to an array."""

DEPTH_LIMIT = 24
LOOP_BOUND = 64


class BudgetError(Exception):
    """The step budget is used up; what was recorded so far stands."""


class Machine:
    """What every part of the evaluator shares."""

    def __init__(self, path: str, text: SourceText, file: File | None = None) -> None:
        self.path = path
        self.file = file
        self.pages = {cell: Page(path, cell, lines, file) for cell, lines in text.cells}
        self.page = self.pages.get(None) or Page(path, None, (), file)
        self.modules: dict[File, ModuleValue] = {}
        # The modules that cells of a notebook write, by their path from where it runs.
        self.written: dict[str, list[Unit]] = {}
        # The folders that the program adds to `sys.path`.
        self.folders: list[File] = []
        self.reads: list[File] = []
        # Models by the path that the program saved them under, the paths of checkpoints by the key of their callback,
        # and the graphs of model files beside the script.
        self.saved: dict[int, ModelValue] = {}
        self.checkpoints: dict[int, int] = {}
        self.files: dict[File, ModelGraph | None] = {}
        self.assumed_models: dict[Opaque, ModelValue] = {}
        self.defined: list[FunctionValue] = []
        self.classes: list[ClassValue] = []
        self.steps = 0
        self.loops = 0
        self.loop_path: list[Loop] = []
        self.loop_nodes: list[tuple[ast.For | ast.AsyncFor | ast.While, int]] = []
        self.undecided = 0
        self.uncalled = False
        self.is_test = False
        self.assembly = Assembly()
        self.keys = count(1)
        self.orders = count(1)
        self.events: list[Event] = []
        self.models: list[ModelValue] = []
        self.callbacks: list[Callback] = []
        self.callbacks_elsewhere: set[int] = set()
        self.api_calls: dict[tuple[object, ...], ApiCall] = {}
        self.flavours: set[str] = set()
        # How deep in calls each place stands that the program has made safe against names which are gone.
        self.guards: list[int] = []
        self.keras_names: dict[str, str] = {}
        self.tensorflow_names: set[str] = set()
        self.seeds: list[Location] = []
        self.rates_in_hand: set[int] = set()
        self.imports: set[str] = set()
        self.layer_names: dict[str, int] = {}
        # What `image_data_format()` answers, and the place of the call that set it.
        self.image_format: str | Unknown = "channels_last"
        self.image_format_place: Location | None = None
        # An input that reads as channels first speaks for a `keras.json` that sets another default.
        self.channels_first_input = False
        # The lists that `model.layers` gave, by identity.
        self.layer_lists: dict[int, tuple[ListValue, ModelValue]] = {}
        # The functional models from whose list of layers some were taken.
        self.changed_lists: set[int] = set()
        self.layer_parts: dict[int, tuple[ListValue, ModelValue]] = {}
        # Apart from the other events: a loop that only sets layers is run to its end.
        self.layer_sets: list[Event] = []
        self.policy: str | Unknown = "float32"
        self.policy_place: Location | None = None
        self.unseen: dict[int, ModelValue] = {}
        self.trails: list[dict[Mutable, object]] = []
        self.scope = Scope()
        self.frames: list[FunctionValue] = []
        self.returns: list[list[object]] = []
        self.generators: dict[ast.AST, bool] = {}
        self.has_yield = self.mentions("yield")
        self.options: dict[str, object] = {}
        self.layer_values: dict[int, LayerValue] = {}
        self.weights: set[int] = set()
        # Unknown values that were taken for tensors, and by the key of such a tensor the origin of its value.
        self.assumptions: dict[Opaque, TensorValue] = {}
        self.sources: dict[int, str] = {}
        self.tracing: list[InstanceValue] = []
        # How many gradient tapes are open, what models gave in them with its input, and the lists of models' weights.
        self.tapes = 0
        self.answers: dict[int, tuple[ModelValue, Data]] = {}
        self.weights_of: dict[int, ModelValue] = {}
        # How many tests around what runs now expect it to raise.
        self.refusals_expected = 0
        self.map_entries: dict[int, set[str]] = {}
        self.called: set[int] = set()
        # The attributes of its object that a method sets.
        self.setters: dict[ast.AST, frozenset[str]] = {}
        self.discarded: set[int] = set()
        self.cuts: dict[tuple[object, ...], int] = {}

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEP_BUDGET:
            raise BudgetError

    def mentions(self, *words: str) -> bool:
        """Whether one of the words stands anywhere in the source."""
        return any(word in page.text for page in self.pages.values() for word in words)

    def place(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> Location:
        """Where a node stands, in characters from 1."""
        return self.page.place(node)

    def touch(self, subject: Mutable) -> None:
        """Remember the state of a value before it changes inside an undecided branch."""
        if self.trails:
            trail = self.trails[-1]
            if subject not in trail:
                trail[subject] = subject.save()

    def place_of_tensor(self, value: TensorValue) -> Location:
        """Where a tensor was made."""
        producer = self.assembly.producer(value.tensor)
        return producer.location if producer is not None else Location(self.page.path, cell=self.page.cell)

    def choose(self, options: Sequence[TensorValue], place: Location, reason: str) -> TensorValue:
        """One tensor that stands for those that a branch or a loop leaves; `reason` names which of the two."""
        tensors = [option.tensor for option in options]
        return TensorValue(self._chosen(tensors, place, reason)[1])

    def extend_chain(self, model: ModelValue, ends: Sequence[Tensor], place: Location, reason: str) -> None:
        """Close the paths that a branch or a loop opens in a Sequential."""
        layer, tensor = self._chosen(ends, place, reason)
        model.chain.append((LayerValue(layer, tuple(ends), (tensor,)), tensor))
        model.outputs = (tensor,)

    def _chosen(self, tensors: Sequence[Tensor], place: Location, reason: str) -> tuple[Layer, Tensor]:
        layer = Layer(next(self.keys), self.layer_name(reason), reason, {}, place, LayerKind.CHOICE, reason)
        shape = tensors[0].shape
        for tensor in tensors[1:]:
            shape = common_shape(shape, tensor.shape)
        (made,) = self.assembly.call(layer, tensors, place, recorded=(shape,))
        return layer, made

    def unknown(self, origin: str = "") -> Opaque:
        return Opaque(origin, next(self.keys))

    def array(self, node: ast.expr | ast.stmt | None, **facts: object) -> ArrayValue:
        """Fresh data made at `node`."""
        location = self.place(node) if node is not None else Location(self.path)
        key = next(self.keys)
        data = DataArray(key, "", location, rows=Rows(key))
        _shorten(facts)
        return ArrayValue(replace(data, **facts))  # pyright: ignore[reportArgumentType]

    def derive(self, array: ArrayValue, **facts: object) -> ArrayValue:
        """A new array made from another, equal to it but for `facts`."""
        if facts.get("minimum") is UNKNOWN:
            facts.setdefault("classes", UNKNOWN)
        _shorten(facts)
        return ArrayValue(replace(array.data, key=next(self.keys), **facts))  # pyright: ignore[reportArgumentType]

    def cut(self, *identity: object) -> int:
        """The key of a cut through rows, or of anything else: equal identities give equal keys."""
        key = self.cuts.get(identity)
        if key is None:
            key = self.cuts[identity] = next(self.keys)
        return key

    def path_identity(self, value: object) -> int:
        """The key of a folder or file: equal for equal paths, also for those of which the text is not known."""
        if isinstance(value, str):
            return self.cut("path", value.rstrip("/\\").removeprefix("./"))
        return value.key if isinstance(value, Opaque) and value.key else next(self.keys)

    def record(self, event: Event) -> None:
        self.steps += STEPS_OF_AN_EVENT
        self.events.append(event)

    def event_facts(self, location: Location) -> dict[str, object]:
        """The fields that every event has."""
        return {
            "order": next(self.orders),
            "location": location,
            "repeated": self.loops > 0,
            "certain": self.undecided == 0,
            "uncalled": self.uncalled,
            "loops": tuple(self.loop_path),
            "scope": self.frames[-1].name if self.frames else "",
            "is_tested": self.is_test or (self.uncalled and any(is_test_name(frame.name) for frame in self.frames)),
        }

    def layer_name(self, stem: str) -> str:
        """The next automatic name, as Keras counts them: dense, dense_1, …"""
        number = self.layer_names.get(stem, 0)
        self.layer_names[stem] = number + 1
        return stem if number == 0 else f"{stem}_{number}"


def is_test_name(name: str) -> bool:
    """Whether a function is called like a unit test."""
    return name.startswith("test") and (name[4:5] == "_" or name[4:5].isupper())


def _shorten(facts: dict[str, object]) -> None:
    """Forget the middle of a history that a program of thousands of steps on one array would make."""
    history = facts.get("history")
    if isinstance(history, tuple) and len(history) > HISTORY:  # pyright: ignore[reportUnknownArgumentType]
        facts["history"] = (*history[: HISTORY // 2], *history[-HISTORY // 4 :])


def common_shape(left: Shape, right: Shape) -> Shape:
    """What is known of a shape that is one of two."""
    if isinstance(left, Unknown) or isinstance(right, Unknown) or len(left) != len(right):
        return UNKNOWN
    return tuple(mine if mine == theirs else UNKNOWN for mine, theirs in zip(left, right, strict=True))


def to_value(value: object) -> Value:
    """The fact that an abstract value stands for; `UNKNOWN` where it is none."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, Symbol)):
        return value
    if isinstance(value, tuple):
        return tuple(to_value(item) for item in value)
    if isinstance(value, ListValue):
        return tuple(to_value(item) for item in value.items) if value.whole else UNKNOWN
    if isinstance(value, DictValue):
        if not value.whole or not all(isinstance(key, (str, int)) for key in value.items):
            return UNKNOWN
        return {str(key): to_value(item) for key, item in value.items.items()}
    if isinstance(value, Path):
        return named_function(value)
    if isinstance(value, LayerValue):
        return Symbol(value.layer.class_name, value.layer.config, value.layer.written)
    if isinstance(value, OptimizerValue):
        return Symbol(value.optimizer.written, value.optimizer.arguments, value.optimizer.written)
    if isinstance(value, LossValue):
        return Symbol(value.loss.written, value.loss.arguments, value.loss.written)
    return UNKNOWN


_MODULES_OF_FUNCTIONS = frozenset(
    {"activations", "nn", "losses", "metrics", "initializers", "regularizers", "constraints"}
)
_ACTIVATIONS = frozenset({"relu", "softmax", "sigmoid", "tanh", "elu", "gelu", "swish"})
_DTYPES = frozenset({"float16", "bfloat16", "float32", "float64", "int32", "int64", "uint8"})


def named_function(path: Path) -> Value:
    """The identifier of a Keras function passed as a value (`keras.activations.relu`, `tf.nn.relu` give `relu`)."""
    root, *_, name = path.parts if len(path.parts) > 1 else ("", "")
    if root == "tensorflow" and name in _DTYPES:
        return name
    if root in {"keras", "tensorflow"} and (name in _ACTIVATIONS or set(path.parts[-2:-1]) & _MODULES_OF_FUNCTIONS):
        return name
    return UNKNOWN


def values_of(items: list[object]) -> list[Value]:
    return [to_value(item) for item in items]


def mapping_of(items: Mapping[str, object]) -> dict[str, Value]:
    return {name: to_value(item) for name, item in items.items()}


def is_data(value: object) -> bool:
    return isinstance(value, ArrayValue) and value.data.kind is not DataKind.UNKNOWN
