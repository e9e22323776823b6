"""Which names of Keras a source uses, and with what arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location, Severity

if TYPE_CHECKING:
    from kerascheck.facts.requirements import Requirement


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
