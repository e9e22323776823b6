"""The abstract values that a script is evaluated on.

Constants are Python's own (None, bool, int, float, complex, str, bytes), tuples are tuples of values; the rest is here.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path as File

from msgspec import Struct, field

from kerascheck.facts.data import DataArray
from kerascheck.facts.events import Callback
from kerascheck.facts.graph import Compile, Gap, GraphKind, Layer, LayerKind, Loss, Optimizer, Tensor
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Location
from kerascheck.script.rounds import Growth
from kerascheck.script.source import Source, character_column


class Opaque(Struct, eq=False):
    """A value that is not known; `origin` names the construct that it came from, `key` its identity as data."""

    origin: str = ""
    key: int = 0


TRIED = "search"
"""The origin of a value that a search tries one after the other."""


class Path(Struct, frozen=True):
    """A name of a library by its full path without alias: `('keras', 'layers', 'Dense')`."""

    parts: tuple[str, ...]

    @property
    def dotted(self) -> str:
        return ".".join(self.parts)


class Mutable(Struct, eq=False):
    """A value whose state changes; `save` and `load` let an undecided branch be undone."""

    def save(self) -> object:
        raise TypeError(type(self).__name__)

    def load(self, state: object) -> None:
        raise TypeError(type(self).__name__)


class ListValue(Mutable, eq=False):
    """A list, or a set; `whole` is false when items may be missing.

    `growth` says how each item got there when the list was filled by appending, `shuffled` is the key of its reordering.
    A part of a list that is not wholly known keeps its items: `cuts` are the conditions that tell its rows from the rest, and
    `origin` the list that it was cut from.
    """

    items: list[object]
    whole: bool = True
    growth: list[Growth] = field(default_factory=list[Growth])
    shuffled: int = 0
    cuts: tuple[tuple[int, int | str], ...] = ()
    origin: ListValue | None = None

    def save(self) -> object:
        return (list(self.items), self.whole, list(self.growth), self.shuffled)

    def load(self, state: object) -> None:
        items, self.whole, growth, self.shuffled = state  # pyright: ignore[reportGeneralTypeIssues]
        self.items, self.growth = list(items), list(growth)


class DictValue(Mutable, eq=False):
    """A dictionary with constant keys; `whole` is false when entries may be missing."""

    items: dict[object, object]
    whole: bool = True

    def save(self) -> object:
        return (dict(self.items), self.whole)

    def load(self, state: object) -> None:
        items, self.whole = state  # pyright: ignore[reportGeneralTypeIssues]
        self.items = dict(items)


class Scope(Mutable, eq=False):
    """The names of a module, function or class body; `stars` are the modules that it imports all names of."""

    names: dict[str, object] = field(default_factory=dict[str, object])
    parent: Scope | None = None
    module: Scope | None = None
    globals: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    stars: tuple[object, ...] = ()

    def save(self) -> object:
        return dict(self.names)

    def load(self, state: object) -> None:
        assert isinstance(state, dict)
        self.names = dict(state)


class Page(Struct, eq=False):
    """A script, a notebook cell or a module that it imports: what places are counted in."""

    path: str
    cell: int | None
    lines: tuple[str, ...]
    file: File | None = None
    text: str = ""
    is_ascii: bool = True

    def __post_init__(self) -> None:
        self.text = "\n".join(self.lines)
        self.is_ascii = self.text.isascii()

    def place(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> Location:
        """Where a node stands, in characters from 1."""
        line, end_line = node.lineno, node.end_lineno or node.lineno
        end_offset = node.end_col_offset or node.col_offset
        if self.is_ascii:
            return Location(self.path, line, node.col_offset + 1, end_line, end_offset + 1, self.cell)
        column, end_column = self._column(line, node.col_offset), self._column(end_line, end_offset)
        return Location(self.path, line, column, end_line, end_column, self.cell)

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return character_column(text, offset)


class FunctionValue(Struct, eq=False):
    """A function of the program.

    `page` is where it stands, `defaults` its parameters' defaults by name, `owner` the class whose method it is, `first`
    the arguments that are set already (the object of a bound method, those of a partial).
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    name: str
    page: Page
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])
    owner: ClassValue | None = None
    first: tuple[object, ...] = ()
    is_property: bool = False
    is_static: bool = False
    is_class_method: bool = False


class ClassValue(Struct, eq=False):
    """A class of the program.

    `order` is the class with those above it, nearest first, `base` the library's class that it extends, `fields` the
    annotated names; a record (dataclass, named tuple) takes them as arguments. `decorators` are their names, `has_metaclass`
    says whether a class of its own makes it, as an abstract one.
    """

    name: str
    bases: tuple[object, ...]
    scope: Scope
    location: Location
    order: tuple[ClassValue, ...] = ()
    base: Path | None = None
    fields: tuple[str, ...] = ()
    is_record: bool = False
    decorators: tuple[str, ...] = ()
    has_metaclass: bool = False


class InstanceValue(Mutable, eq=False):
    """An object of a class of the program."""

    cls: ClassValue
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    model: ModelValue | None = None
    layer: LayerValue | None = None

    def save(self) -> object:
        return dict(self.attributes)

    def load(self, state: object) -> None:
        assert isinstance(state, dict)
        self.attributes = dict(state)


class ObjectValue(Mutable, eq=False):
    """An object that a handler made and knows the methods of; `path` is the dotted name of its class.

    `whole` is false when it may have attributes that nobody recorded.
    """

    path: str
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    whole: bool = False

    def save(self) -> object:
        return (dict(self.attributes), self.whole)

    def load(self, state: object) -> None:
        attributes, self.whole = state  # pyright: ignore[reportGeneralTypeIssues]
        self.attributes = dict(attributes)


class ModuleValue(Struct, eq=False):
    """A module or package of the project; `scope` is None until it is evaluated, `source` keeps its tree alive."""

    name: str
    place: File
    scope: Scope | None = None
    source: Source | None = None
    display: str = ""


class ImportedName(Struct, eq=False):
    """A name that was imported from a module of the project and not used yet."""

    module: ModuleValue
    name: str


class SuperValue(Struct, eq=False):
    """`super()` inside a method of the class `cls`."""

    instance: object
    cls: ClassValue


class MethodValue(Struct, eq=False):
    """A method of a value that is no instance of the program's classes (`model.fit`, `x.astype`)."""

    subject: object
    name: str


class LayerValue(Mutable, eq=False):
    """A layer instance and the tensors of its last call.

    Of a class of the program: `instance` is the object, `weights` the sizes of the weights that it adds itself,
    of which `untrained` numbers are not trained.
    """

    layer: Layer
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    instance: InstanceValue | None = None
    weights: list[int | Unknown] = field(default_factory=list[int | Unknown])
    untrained: int = 0
    is_built: bool = False

    def save(self) -> object:
        return (self.layer, self.inputs, self.outputs)

    def load(self, state: object) -> None:
        self.layer, self.inputs, self.outputs = state  # pyright: ignore[reportGeneralTypeIssues]


class TensorValue(Struct, frozen=True):
    """A symbolic tensor of a graph."""

    tensor: Tensor


class ModelValue(Mutable, eq=False):
    """A model while it is built. A Sequential keeps each layer with the tensor behind it in `chain`.

    `instance` is the object of a class of the program that it is. `is_foreign` when a module beside the script made it
    while it was imported, `is_given` when no line of the program puts it together (loaded, cloned, an application),
    `is_built` once a call may have given it weights, `is_named` when its name is the program's, or the same for each of its kind.
    """

    key: int
    name: str
    kind: GraphKind
    location: Location
    chain: list[tuple[LayerValue, Tensor]] = field(default_factory=list[tuple[LayerValue, Tensor]])
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    compiles: list[Compile] = field(default_factory=list[Compile])
    gaps: list[Gap] = field(default_factory=list[Gap])
    used_as_layer: bool = False
    trainable: object = True
    input_structure: object = None
    output_structure: object = None
    instance: InstanceValue | None = None
    is_foreign: bool = False
    is_given: bool = False
    is_built: bool = False
    is_named: bool = False
    steps: list[Compile] = field(default_factory=list[Compile])

    @property
    def lacks_weights(self) -> bool:
        """Whether it is proven to have none yet: a Sequential that was not told the shape of its input."""
        if self.kind is not GraphKind.SEQUENTIAL or self.instance is not None or self.used_as_layer or not self.chain:
            return False
        layer = self.chain[0][0].layer
        first = layer.inner or layer
        # A layer that is called with arguments that are not known has no known name either.
        settled = (layer.config.get("name"), first.config.get("name"))
        declared = UNKNOWN in settled or any(item.config.get("batch_shape") is not None for item in (layer, first))
        plain = layer.kind is LayerKind.BUILTIN and first.kind is LayerKind.BUILTIN and not declared
        unknown = isinstance(self.inputs[0].shape, Unknown)
        return plain and unknown and not (self.is_given or self.is_built or self.gaps)

    def save(self) -> object:
        return (list(self.chain), self.inputs, self.outputs, list(self.compiles), list(self.gaps), self.trainable)

    def load(self, state: object) -> None:
        chain, self.inputs, self.outputs, compiles, gaps, self.trainable = state  # pyright: ignore[reportGeneralTypeIssues]
        self.chain, self.compiles, self.gaps = list(chain), list(compiles), list(gaps)


class ChoiceValue(Struct, eq=False):
    """A model, layer, function or the like that a branch decides: one of `options`."""

    options: tuple[object, ...]


class ArrayValue(Mutable, eq=False):
    """Data; operations in place replace `data`.

    `positions` marks an array of row numbers or a mask: the rows that it picks are its own. `constant` is the value that
    all its items have.
    """

    data: DataArray
    positions: bool = False
    constant: object = None

    def save(self) -> object:
        return self.data

    def load(self, state: object) -> None:
        assert isinstance(state, DataArray)
        self.data = state


class TransformerValue(Struct, eq=False):
    """A preprocessing object that learns from data (scaler, encoder, tokenizer), by class name."""

    key: int
    name: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])


class SplitterValue(Struct, eq=False):
    """KFold and its kin: `name` with its arguments."""

    key: int
    name: str
    arguments: Mapping[str, object]


class GeneratorValue(Struct, eq=False):
    """An ImageDataGenerator: `augments` names the arguments that draw at random, `rescale` the factor for each value,
    `normalizes` when another argument scales, `validation_split` the share that `subset` divides by, `preprocessing` the
    module of `keras.applications` whose `preprocess_input` is applied."""

    key: int
    augments: tuple[str, ...] = ()
    rescale: float | None = None
    normalizes: bool = False
    validation_split: object = None
    preprocessing: str = ""


class OptimizerValue(Struct, frozen=True, eq=False):
    optimizer: Optimizer


class LossValue(Struct, frozen=True, eq=False):
    """A loss or metric object made by a Keras class."""

    loss: Loss


class CallbackValue(Struct, frozen=True, eq=False):
    callback: Callback


class HistoryValue(Struct, frozen=True, eq=False):
    """What fit returns; `curves` for its `history`."""

    order: int
    curves: bool = False


class Arguments(Struct):
    """The arguments of one call; `complete` is false when unknown `*args` or `**kwargs` were passed."""

    positional: list[object]
    keywords: dict[str, object]
    node: ast.Call | None
    positional_nodes: list[ast.expr] = field(default_factory=list[ast.expr])
    keyword_nodes: dict[str, ast.keyword] = field(default_factory=dict[str, ast.keyword])
    complete: bool = True

    @property
    def values(self) -> list[object]:
        """The values of all arguments, by position and by name."""
        return [*self.positional, *self.keywords.values()] if self.keywords else self.positional

    def get(self, index: int | None, *names: str, default: object = None) -> object:
        """The argument at a position or under one of the names."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        if index is not None and index < len(self.positional):
            return self.positional[index]
        return default

    def has(self, index: int | None, *names: str) -> bool:
        return any(name in self.keywords for name in names) or (index is not None and index < len(self.positional))

    def without_first(self) -> Arguments:
        return Arguments(
            self.positional[1:], self.keywords, self.node, self.positional_nodes[1:], self.keyword_nodes, self.complete
        )
