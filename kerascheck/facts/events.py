"""What happens in a run of a program: its calls of Keras, and what it does to data, one struct each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct, field

from kerascheck.facts.data import DataArray
from kerascheck.facts.graph import Compile
from kerascheck.facts.missteps import Step
from kerascheck.facts.slot import Slot
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location

if TYPE_CHECKING:
    pass

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
    weights before the call; `tried` names the arguments of which a search tries one value after the other; `unexpanded` when `**kwargs` of unknown content were passed, so that an absent argument proves nothing.
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
    tried: frozenset[str] = frozenset()
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
