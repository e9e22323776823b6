"""What a run of a program would do: its calls of Keras in order, with every argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import force_setattr

from kerascheck.facts.cells import Cells
from kerascheck.facts.classes import CustomClass
from kerascheck.facts.data import DataArray
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.loose import LooseLayer
from kerascheck.facts.missteps import Step
from kerascheck.facts.steps import Grown, Tape, TracedFunction
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Location

if TYPE_CHECKING:
    from kerascheck.facts.statements import Statements

from kerascheck.facts.events import Callback, Evaluation, Event, LibraryCall, Misstep, ModelUse, arrays

E = TypeVar("E", bound=Event)


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
