"""Arguments of a call, positional and by keyword, brought under the names of one signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from kerascheck.facts.values import UNKNOWN, Value
from kerascheck.keras_api.tables import Parameter

NOTHING: Mapping[str, Value] = {}


class Normalized(Struct, frozen=True):
    """A Keras object under today's name.

    `arguments` holds every argument under today's name with defaults filled in, and under the written name where
    today's Keras has none; `sources` says for each argument that was given which positions and keywords it came from.
    """

    name: str
    arguments: Mapping[str, Value]
    sources: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict[str, tuple[int | str, ...]])


class Bound(Struct):
    """Arguments on the way to `Normalized`."""

    values: dict[str, Value] = field(default_factory=dict[str, Value])
    sources: dict[str, tuple[int | str, ...]] = field(default_factory=dict[str, tuple[int | str, ...]])

    def put(self, name: str, value: Value, *sources: int | str) -> None:
        self.values[name] = value
        self.sources[name] = sources

    def take(self, name: str) -> tuple[Value, tuple[int | str, ...]]:
        """Remove an argument; its value and sources."""
        return self.values.pop(name), self.sources.pop(name)

    def rename(self, old: str, new: str) -> None:
        value, sources = self.take(old)
        if new not in self.values:
            self.put(new, value, *sources)

    def fold(self, names: Sequence[str], new: str) -> None:
        """Several arguments into one tuple (`nb_row`, `nb_col` into `kernel_size`)."""
        if self.values.keys().isdisjoint(names):
            return
        parts: list[Value] = []
        sources: list[int | str] = []
        for name in names:
            if name in self.values:
                value, found = self.take(name)
                parts.append(value)
                sources += found
            else:
                parts.append(UNKNOWN)
        self.put(new, tuple(parts), *sources)


def bind(order: Iterable[str], positional: Sequence[Value], keywords: Mapping[str, Value]) -> Bound:
    """Names for the positional arguments; surplus ones are dropped."""
    values: dict[str, Value] = {}
    sources: dict[str, tuple[int | str, ...]] = {}
    for index, (name, value) in enumerate(zip(order, positional, strict=False)):
        values[name] = value
        sources[name] = (index,)
    for name, value in keywords.items():
        values[name] = value
        sources[name] = (name,)
    return Bound(values, sources)


def finish(
    name: str,
    parameters: Sequence[Parameter],
    bound: Bound,
    *,
    complete: bool,
    defaults: Mapping[str, Value] = NOTHING,
) -> Normalized:
    """Fill in what was not given: the default, or UNKNOWN where arguments may have come from elsewhere."""
    arguments: dict[str, Value] = {}
    for parameter in parameters:
        if parameter.name in bound.values:
            arguments[parameter.name] = bound.values[parameter.name]
        else:
            arguments[parameter.name] = defaults.get(parameter.name, parameter.default) if complete else UNKNOWN
    for extra, value in bound.values.items():
        arguments.setdefault(extra, value)
    return Normalized(name, arguments, bound.sources)
