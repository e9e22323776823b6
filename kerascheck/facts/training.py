"""What a run of a program would do: its calls of Keras in order, with every argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import force_setattr

from kerascheck.facts.cells import Cells
from kerascheck.facts.classes import CustomClass
from kerascheck.facts.data import DataArray
from kerascheck.facts.graph import Compile, LayerKind, ModelGraph
from kerascheck.facts.loose import LooseLayer
from kerascheck.facts.missteps import Step
from kerascheck.facts.slot import Slot
from kerascheck.facts.steps import Grown, Tape, TracedFunction
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location, Severity

if TYPE_CHECKING:
    from kerascheck.facts.requirements import Requirement
    from kerascheck.facts.statements import Statements

Data: TypeAlias = "DataArray | tuple[Data, ...] | Unknown | None"
"""What stands in a data argument: an array, a tuple or list of them (several inputs), nothing, or something not proven."""


_FEW_ROWS: Final = 16


def arrays(data: Data) -> tuple[DataArray, ...]:
    """The known arrays of a data argument, in order; nothing for an argument that is absent or not proven."""
    if isinstance(data, DataArray):
        return (data,)
    if isinstance(data, tuple):
        return tuple(array for part in data for array in arrays(part))
    return ()


def is_made_up(data: Data) -> bool:
    """Whether the values are random numbers that the program draws in place of data, or one number all over."""
    return any(_is_stand_in(part) for array in arrays(data) for part in (array, *array.elements))


def _is_stand_in(array: DataArray) -> bool:
    if array.origin == "constant":
        return isinstance(array.minimum, (int, float)) and array.minimum == array.maximum
    return array.origin == "random"


def is_demonstration(data: Data) -> bool:
    """Whether the values are made up, points of a line, or a few rows that are written out to show how something is called."""
    return is_made_up(data) or any(_is_written_out(part) for array in arrays(data) for part in (array, *array.elements))


def _is_written_out(array: DataArray) -> bool:
    if array.origin == "linspace":
        return True
    written = array.origin == "literal" or (array.container == "list" and isinstance(array.origin, Unknown))
    rows = array.shape[0] if isinstance(array.shape, tuple) and array.shape else None
    return written and isinstance(rows, int) and rows <= _FEW_ROWS


class Callback(Struct, frozen=True):
    """A callback by its Keras class name, with its arguments under today's names and defaults filled in.

    `samples` are the (epoch, rate) pairs that the function of a LearningRateScheduler gives, empty where Keras cannot
    call it, `UNKNOWN` for any other callback. `may_stop` is false for one that is proven never to end the training.
    """

    key: int
    name: str
    arguments: Mapping[str, Value]
    location: Location
    given: frozenset[str] = frozenset()
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    custom: bool = False
    slot: Slot | None = None
    samples: tuple[tuple[int, Value], ...] | Unknown = UNKNOWN
    may_stop: bool = True

    def __getitem__(self, argument: str) -> Value:
        return self.arguments.get(argument, UNKNOWN)

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class Loop(Struct, frozen=True):
    """A loop of the program. `over` is `range`, `folds` (of a cross-validation), `values` (written out), `batches` (of data),
    `while`, or nothing; `turns` how often it is run, where that is known; `targets` the names that each turn sets."""

    key: int
    location: Location
    over: str = ""
    turns: int | Unknown = UNKNOWN
    targets: tuple[str, ...] = ()


class Event(Struct, frozen=True):
    """Something the program does. `order` counts up in the order of a run; `repeated` inside a loop, `certain` unless in a
    branch that could not be decided, `uncalled` in a function that only another program can call, `is_tested` when a unit
    test does it, which asks whether code runs and not how good a model is. `loops` are the loops
    around it, from the outermost."""

    order: int
    location: Location
    repeated: bool = False
    certain: bool = True
    scope: str = ""
    uncalled: bool = False
    loops: tuple[Loop, ...] = ()
    is_tested: bool = False


class Compiled(Event, frozen=True):
    """A `compile` call on a model."""

    model: int = 0
    compile: Compile | None = None


class Fit(Event, frozen=True):
    """A `fit`, `fit_generator` or `train_on_batch` call.

    `arguments` has the other arguments (`epochs`, `batch_size`, `validation_split`, `shuffle`, `verbose` …) under today's
    names, only those that were given; `places` where each value stands. `model` is the key of the ModelGraph, or UNKNOWN.
    `callbacks` is UNKNOWN when the list is not wholly known. `result_used` is false only when the History is proven to be
    thrown away; `validation_list` when `validation_data` is written as a list, `validation_weighted` when it holds weights too; `unbuilt` when the model is proven to have no
    weights before the call; `unexpanded` when `**kwargs` of unknown content were passed, so that an absent argument proves nothing.
    `name_place` is where the method's name stands.
    """

    method: str = "fit"
    model: int | Unknown = UNKNOWN
    x: Data = UNKNOWN
    y: Data = None
    validation_x: Data = None
    validation_y: Data = None
    callbacks: tuple[Callback, ...] | Unknown = ()
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    result_used: bool = True
    unexpanded: bool = False
    validation_list: bool = False
    validation_weighted: bool = False
    unbuilt: bool = False
    compile: Compile | None = None
    written: Mapping[str, str] = field(default_factory=dict[str, str])
    slot: Slot | None = None
    name_place: Location | None = None

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class Evaluation(Event, frozen=True):
    """An `evaluate` or `predict` call (or another judging use of data), `method` says which.

    `follows_loop` when the input is made from what the innermost loop runs over.
    """

    method: str = "evaluate"
    model: int | Unknown = UNKNOWN
    x: Data = UNKNOWN
    y: Data = None
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    unexpanded: bool = False
    slot: Slot | None = None
    name_place: Location | None = None
    follows_loop: bool = False

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class ModelUse(Event, frozen=True):
    """Another use of a model: a method by its name (`save`, `load_weights`), or what `use` says.

    `history` reads `model.history`, `trainable` sets `model.trainable`, `passed` hands the model to a function that is not
    known, `called` calls it on data (`model(x)`), `returned` hands it to whoever calls a function that the script itself never calls, `built` makes it.
    `unbuilt` when the model is proven to have no weights yet: a Sequential without the shape of its input.
    """

    use: str = ""
    model: int = 0
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    unbuilt: bool = False

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class HistoryRead(Event, frozen=True):
    """`history.history["loss"]`: the curve `key` of the `History` that the fit of this order returned; `place` of the key."""

    fit: int = 0
    key: str = ""


class LibraryCall(Event, frozen=True):
    """A call of a library function that matters to training: seeds, sessions, tapes, `load_model`, `clear_session`.

    `name` is the dotted name without aliases (`keras.utils.set_random_seed`, `tensorflow.Session`).
    """

    name: str = ""
    arguments: Mapping[str, Value] = field(default_factory=dict[str, Value])
    positional: tuple[Value, ...] = ()
    name_place: Location | None = None


class Split(Event, frozen=True):
    """A cut of data into parts: `function` as written (`train_test_split`, `KFold`, `slice`), the arrays in and out.

    `share` is the size of the test part (a fraction, or a number of rows).
    """

    function: str = ""
    key: int = 0
    inputs: tuple[DataArray, ...] = ()
    outputs: tuple[DataArray, ...] = ()
    shuffle: bool | Unknown = UNKNOWN
    seeded: bool | Unknown = UNKNOWN
    stratified: bool | Unknown = UNKNOWN
    share: float | Unknown = UNKNOWN

    @property
    def divides(self) -> bool:
        """Whether two of the outputs are proven to share no row."""
        return any(first.disjoint(second) for first in self.outputs for second in self.outputs)


class Fitting(Event, frozen=True):
    """A statistic learned from data: a scaler, encoder, PCA, tokenizer … was fitted, or a mean/std was computed.

    `transformer` is the class name (`StandardScaler`) or `mean`/`std`/`max`/`min`; `key` its identity; `method` is
    `fit` or `fit_transform`; `data` what it saw; `labels_used` whether targets took part.
    """

    transformer: str = ""
    key: int = 0
    method: str = "fit"
    data: DataArray | None = None
    labels_used: bool = False
    method_place: Location | None = None


class Choice(Event, frozen=True):
    """A score that is compared with another in a loop; `evaluation` is the order of the `evaluate` call it comes from."""

    evaluation: int = 0


class Search(Event, frozen=True):
    """A `search` call of a hyper-parameter tuner."""

    x: Data = UNKNOWN
    y: Data = None
    validation_x: Data = None
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])

    def place(self, argument: str) -> Location:
        return self.places.get(argument, self.location)


class NanComparison(Event, frozen=True):
    """Data that is compared with NaN: `operator` (`==`, `!=`), `written` as the source has it (`np.nan`), `operand` where the
    compared expression stands when it can be put in a call as it is."""

    operator: str = "=="
    written: str = ""
    data: DataArray = DataArray(0, "", Location(""))
    operand: Location | None = None


class Comparison(Event, frozen=True):
    """Data that is compared with other data, as a metric does: `function` (`accuracy_score`, `==`) and the arrays."""

    function: str = ""
    arrays: tuple[DataArray, ...] = ()


E = TypeVar("E", bound=Event)


class Misstep(Event, frozen=True):
    """A step that Keras refuses; `location` is the smallest thing that must change.

    `subject` is what refuses, as the source names it, `sort` what stands there instead (`class`, `text`, `function`,
    `layer`, `model`, `tensor`, `number`, `list`), `found` its name or value in the source's words, and `wanted` what was
    asked for or is expected. `keras_3` when only Keras 3 refuses it.
    """

    step: Step = Step.NOT_A_LAYER
    subject: str = ""
    sort: str = ""
    found: str = ""
    wanted: str = ""
    known: tuple[str, ...] = ()
    keras_3: bool = False


class TrainingProgram(Struct, frozen=True):
    """All that a script does with Keras, in order. `models` by key, in their last state; `imports` names the packages.

    `rates_in_hand` are the keys of the optimizers whose learning rate the script itself reads or sets, `classes` the
    layers and models that it writes as classes, `loose` the layers that it makes and loses. `callbacks_elsewhere` are the keys of callbacks that go to code that is not
    followed. `whole` when the source was read to its end and no cell or line of it was left out: only then does a call that
    was not seen prove anything. `is_test` for a file of tests, by its name and its assertions; `is_page` for
    a notebook, or a script whose prose stands between its statements, where one thing may be shown after the other.
    `open` gives the statements of the source, which only fixes look at. `grown` are tensors that traced loops join part
    by part.
    """

    models: Mapping[int, ModelGraph]
    events: tuple[Event, ...]
    callbacks: tuple[Callback, ...] = ()
    seeds: tuple[Location, ...] = ()
    target_keras: int | Unknown = UNKNOWN
    cut_short: str = ""
    rates_in_hand: frozenset[int] = frozenset()
    imports: frozenset[str] = frozenset()
    callbacks_elsewhere: frozenset[int] = frozenset()
    whole: bool = True
    cells: Cells | None = None
    tapes: tuple[Tape, ...] = ()
    traced: tuple[TracedFunction, ...] = ()
    classes: tuple[CustomClass, ...] = ()
    loose: tuple[LooseLayer, ...] = ()
    is_test: bool = False
    is_page: bool = False
    open: Callable[[], Statements] | None = None
    grown: tuple[Grown, ...] = ()
    _by_kind: dict[type[Event], tuple[Event, ...]] = field(default_factory=dict[type[Event], tuple[Event, ...]])

    def __post_init__(self) -> None:
        force_setattr(self, "_by_kind", {})

    @property
    def statements(self) -> Statements | None:
        """The statements of the source."""
        return self.open() if self.open is not None else None

    def of(self, kind: type[E]) -> Iterator[E]:
        """The events of one kind, in order."""
        found = self._by_kind.get(kind)
        if found is None:
            found = self._by_kind[kind] = tuple(event for event in self.events if isinstance(event, kind))
        return cast("Iterator[E]", iter(found))

    def judged(self, after: Event) -> Iterator[tuple[Evaluation, DataArray]]:
        """The arrays that models are evaluated on or predict for later than `after`, each with its call."""
        for event in self.of(Evaluation):
            if event.order > after.order:
                for array in arrays(event.x):
                    yield event, array

    def uses(self, model: int | Unknown, *uses: str) -> Iterator[ModelUse]:
        """The further uses of a model, all of them or those named."""
        return (event for event in self.of(ModelUse) if event.model == model and (not uses or event.use in uses))

    def calls(self, *names: str) -> Iterator[LibraryCall]:
        """The recorded calls of library functions, by dotted name or by its last part."""
        wanted = frozenset(names)
        return (call for call in self.of(LibraryCall) if call.name in wanted or call.name.rpartition(".")[2] in wanted)

    def missteps(self, *steps: Step) -> Iterator[Misstep]:
        """What Keras refuses of these kinds, each place once; what only Keras 3 refuses where the script is known to aim at it."""
        told: set[tuple[Step, Location]] = set()
        for event in self.of(Misstep):
            refused = not event.keras_3 or self.target_keras == 3
            if event.step in steps and refused and (event.step, event.location) not in told:
                told.add((event.step, event.location))
                yield event

    def related(self, model: int | Unknown, other: int | Unknown) -> bool:
        """Whether two models may share weights: they are one, one holds the other, a layer is in both, or it is not known."""
        first, second = self.graph(model), self.graph(other)
        if model == other or first is None or second is None:
            return True
        if _is_open(first) or _is_open(second):
            return True
        return bool(_layer_keys(first) & _layer_keys(second))

    def graph(self, key: int | Unknown) -> ModelGraph | None:
        return None if isinstance(key, Unknown) else self.models.get(key)


def _is_open(graph: ModelGraph) -> bool:
    """Whether a graph may hold layers that are not seen: it is not whole, or something stands for one of several layers."""
    return not graph.whole or any(layer.kind is LayerKind.CHOICE for layer in graph.layers)


def _layer_keys(graph: ModelGraph) -> set[int]:
    return {graph.key, *(layer.key for layer in graph.every_layer())}


class ApiCall(Struct, frozen=True):
    """A call or name of the Keras API as it stands in a source.

    `name` is the last part as written (`Convolution2D`, `fit_generator`, `merge`), `qualified` the resolved full name
    without alias (`keras.layers.Convolution2D`; methods as `Model.fit_generator`), `keywords` the keyword names with the
    place of each name, `positional` the number of positional arguments. `values` and `places` are the keywords' values and
    where they stand, `removals` the text that goes when a keyword goes (for the keywords that some Keras dropped).
    `attribute` for a call through a dot (`layers.Dense`), `complete` unless unknown `*args` or `**kwargs` were passed.
    `certain` unless it is a method of a model whose class may have methods of its own. `guarded` where the program is
    ready for a Keras without the name: in a `try` that catches its absence, or behind `hasattr`.
    `flavour` says which Keras the name was taken from (`keras`, `tf.keras`, `tf_keras`), empty where that is not known.
    An import has the dotted name as written in `origin`, the name that it binds in `bound`, the whole statement, and all
    the names that the statement imports.
    """

    name: str
    qualified: str
    location: Location
    is_call: bool = True
    keywords: Mapping[str, Location] = field(default_factory=dict[str, Location])
    positional: int = 0
    name_location: Location | None = None
    attribute: bool = False
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    places: Mapping[str, Location] = field(default_factory=dict[str, Location])
    positional_values: tuple[Value, ...] = ()
    positional_places: tuple[Location, ...] = ()
    complete: bool = True
    removals: Mapping[str, Location] = field(default_factory=dict[str, Location])
    origin: str = ""
    bound: str = ""
    module_place: Location | None = None
    statement: Location | None = None
    imported: tuple[str, ...] = ()
    flavour: str = ""
    certain: bool = True
    guarded: bool = False

    @property
    def name_place(self) -> Location:
        """Where the name stands."""
        return self.name_location or self.location


class KerasUsage(Struct, frozen=True):
    """Every use of a Keras name in a source, in order, and the generation of Keras that the source targets.

    Names that the source guards against being gone are left out.

    `target` is 1, 2 or 3 when the configuration or the project says so; `written_for` is what the source's own names
    prove (1 when it uses Keras 1 arguments); both UNKNOWN otherwise. `flavours` says which Keras it imports: `keras`,
    `tf.keras`, `tf_keras`. `release` is the exact release that the project pins.
    `python2` is where the source shows that it is written for Python 2, `old_names` are the names of Python 2 that it uses.
    `requirements` are the groups of packages that the project has installed together.
    """

    calls: tuple[ApiCall, ...]
    target: int | Unknown = UNKNOWN
    written_for: int | Unknown = UNKNOWN
    flavours: frozenset[str] = frozenset()
    release: tuple[int, int] | Unknown = UNKNOWN
    python2: Location | None = None
    old_names: tuple[tuple[str, Location], ...] = ()
    requirements: tuple[tuple[Requirement, ...], ...] = ()

    def is_past(self, release: tuple[int, int]) -> bool:
        """Whether the Keras that the source aims at is proven to be of this release or later."""
        if isinstance(self.release, tuple):
            return self.release >= release
        return isinstance(self.target, int) and (self.target, 0) >= release

    @property
    def refusal(self) -> Severity | None:
        """How loud to be about what Keras 3 alone refuses; None where an earlier Keras is proven to run the source."""
        if self.target in (1, 2) or self.written_for == 1 or self.flavours == frozenset({"tf_keras"}):
            return None
        return Severity.ERROR if self.target == 3 else Severity.WARNING

    def is_of_tensorflow(self, call: ApiCall) -> bool:
        """Whether a name is proven to be taken from `tensorflow.keras`."""
        return call.flavour == "tf.keras" or (not call.flavour and self.flavours == frozenset({"tf.keras"}))

    def is_of_tf_keras(self, call: ApiCall) -> bool:
        """Whether a name is proven to be taken from the package `tf_keras`, in which Keras 2 lives on."""
        return call.flavour == "tf_keras" or (not call.flavour and self.flavours == frozenset({"tf_keras"}))

    def newest(self, call: ApiCall) -> str:
        """The newest Keras that a name can be looked up in, as `keras_api.history` calls it."""
        if self.is_of_tf_keras(call):
            return "2.last"
        return "3.tf" if self.is_of_tensorflow(call) else "3"
