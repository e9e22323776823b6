"""What the parts of the evaluator ask of each other: each is written in one of the classes below it."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Data, Event
from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.script.joins import Flow
from kerascheck.script.machine import Machine
from kerascheck.script.structures import Trace
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    ModuleValue,
    Opaque,
    TensorValue,
)


class Core(Machine, ABC):
    """The evaluator as its parts see it."""

    @abstractmethod
    def run(self, body: Sequence[ast.stmt]) -> Flow:
        """Execute a block."""

    @abstractmethod
    def evaluate(self, node: ast.expr | None) -> object:
        """The abstract value of an expression."""

    @abstractmethod
    def bind(self, target: ast.expr, value: object) -> None:
        """Assign a value to a target."""

    @abstractmethod
    def iterate(self, value: object) -> list[object] | None:
        """The items of an iterable; None where they are not all known."""

    @abstractmethod
    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        """`owner.name`."""

    @abstractmethod
    def call_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """`subject.name(arguments)`."""

    @abstractmethod
    def call_layer(self, value: LayerValue, arguments: Arguments, node: ast.expr) -> object:
        """`layer(tensors)`."""

    @abstractmethod
    def call_model(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        """`model(tensors)`."""

    @abstractmethod
    def name_in(self, module: ModuleValue, name: str) -> object:
        """`module.name`."""

    @abstractmethod
    def opaque_layer(self, class_name: str, node: ast.expr, kind: LayerKind = LayerKind.CUSTOM) -> Layer:
        """A layer of which only the name is known."""

    @abstractmethod
    def opaque_call(self, name: str, tensors: Sequence[TensorValue], node: ast.expr) -> object:
        """An unknown function on tensors as one opaque node."""

    @abstractmethod
    def apply(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """Call a value."""

    @abstractmethod
    def adopt(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> None:
        """Make the layer or model that an object of a class of the program is."""

    @abstractmethod
    def initialize(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> None:
        """What the initializer of the Keras class does that an object's class extends."""

    @abstractmethod
    def call_custom(self, value: LayerValue, arguments: Arguments) -> Trace | None:
        """Evaluate a custom layer's `call`; None when that gives no graph."""

    @abstractmethod
    def trace_model(self, model: ModelValue, given: object = None) -> object:
        """Wire a subclassed model by evaluating its `call`."""

    @abstractmethod
    def assumed_model(self, value: Opaque, node: ast.expr) -> ModelValue:
        """The model that an unknown value is taken for because it is trained as one."""

    @abstractmethod
    def layers_kept(self, model: ModelValue) -> list[Layer] | None:
        """The layers that a subclassed model keeps in its attributes."""

    @abstractmethod
    def inherited_attribute(self, instance: InstanceValue, name: str, node: ast.expr) -> object:
        """An attribute that an object has from the Keras class that its class extends."""

    @abstractmethod
    def custom_callback(self, cls: ClassValue, node: ast.expr) -> object:
        """A callback of a class of the program."""

    @abstractmethod
    def unknown_call(self, function: object, arguments: Arguments, node: ast.expr) -> object:
        """The result of a function that is not known."""

    @abstractmethod
    def freeze(self, model: ModelValue, *, nested: bool = False) -> ModelGraph:
        """The facts of a model as it stands now."""

    @abstractmethod
    def data_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """A method of data, containers, text and preprocessing objects."""

    @abstractmethod
    def forget_order(self, owner: ArrayValue) -> None:
        """An unknown function may have reordered the rows."""

    @abstractmethod
    def generator_of(self, node: ast.AST, name: str, arguments: Arguments) -> object:
        """What a call of a generator function gives."""

    @abstractmethod
    def sequence_of(self, cls: ClassValue, node: ast.expr, arguments: Arguments) -> object:
        """An object of a Sequence or PyDataset class of the program."""

    @abstractmethod
    def part_of(self, value: object) -> object:
        """Something taken from a value that is not known."""

    @abstractmethod
    def joined_rows(self, values: Sequence[object], node: ast.AST | None) -> ArrayValue:
        """The rows of several arrays one after the other."""

    @abstractmethod
    def gathered_fact(self, value: ListValue, node: ast.expr | None) -> DataArray | None:
        """The data that a list of rows is; None for a list that is none."""

    @abstractmethod
    def layer_on_data(self, layer: LayerValue, array: ArrayValue, node: ast.expr) -> ArrayValue:
        """`layer(array)`."""

    @abstractmethod
    def adapted(self, layer: LayerValue, method: str, arguments: Arguments, node: ast.expr) -> None:
        """A layer is filled by one of its methods: it learns from data, or gets its vocabulary or weights."""

    @abstractmethod
    def predicted(self, x: Data, event: Event, node: ast.expr) -> object:
        """What a model predicts."""
