"""JSON into plain values: limits kept, and the wrappers for tuples, shapes and tensors taken off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from kerascheck.artifact.refusals import TEXT_LIMIT, DamagedError, HostileError
from kerascheck.facts.values import UNKNOWN, Shape, Value
from kerascheck.shapes.operations import ELLIPSIS

_SEQUENCES: Final = frozenset({"__tuple__", "__list__", "TensorShape"})
_ARRAYS: Final = frozenset({"__tensor__", "__numpy__"})
_DOUBLE_ENCODINGS: Final = 3
_VALUE_LIMIT: Final = 4_000_000


def parse(text: str | bytes, what: str) -> Value:
    """The value of a JSON text; a text within a text (`json.dump(model.to_json(), file)`) is taken out of it.

    Raises:
        DamagedError: for text that is no JSON, or that is too long or too deep to be a configuration.
    """
    value: object = text
    for _ in range(1 + _DOUBLE_ENCODINGS):
        value = _decoded(value, what)
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            break
    return plain(value, what)


def _decoded(text: str | bytes, what: str) -> object:
    if len(text) > TEXT_LIMIT:
        raise HostileError(f"{what} is {len(text):,} bytes long, more than any configuration")
    try:
        return json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise HostileError(f"{what} is nested too deeply") from None
    except ValueError as error:
        # Of bare ValueErrors there is one: an integer of more digits than Python converts.
        kind = DamagedError if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)) else HostileError
        raise kind(f"{what} is not valid JSON: {' '.join(str(error).split())[:160]}") from None


def plain(raw: object, what: str) -> Value:
    """A decoded JSON value with lists as tuples, and `{"class_name": "__tuple__", "items": …}` and the like as what they hold."""
    _count(raw, what)
    try:
        return _plain(raw)
    except RecursionError:
        raise HostileError(f"{what} is nested too deeply") from None


def _count(raw: object, what: str) -> None:
    """Refuse what unfolds into more than any configuration: a few lines of YAML can repeat a list without end."""
    stack = [raw]
    for _ in range(_VALUE_LIMIT):
        if not stack:
            return
        item = stack.pop()
        if isinstance(item, dict):
            stack += cast("dict[object, object]", item).values()
        elif isinstance(item, (list, tuple)):
            stack += cast("list[object]", item)
        if len(stack) > _VALUE_LIMIT:
            break
    raise HostileError(f"{what} holds more values than any configuration")


def _plain(raw: object) -> Value:
    if isinstance(raw, (list, tuple)):
        return tuple(_plain(item) for item in cast("list[object]", raw))
    if not isinstance(raw, dict):
        return raw if raw is None or isinstance(raw, (bool, int, float, str, bytes)) else UNKNOWN
    members = cast("dict[object, object]", raw)
    name = members.get("class_name")
    if isinstance(name, str):
        if name in _SEQUENCES and isinstance(members.get("items"), list):
            return _plain(members["items"])
        config = members.get("config")
        if name == "__ellipsis__":
            return ELLIPSIS
        if name == "__slice__" and isinstance(config, Mapping):
            return _plain(dict(cast("Mapping[str, object]", config)))
        if name in _ARRAYS and isinstance(config, Mapping):
            return _single(_plain(cast("Mapping[str, object]", config).get("value")))
    return {str(key): _plain(item) for key, item in members.items()}


def _single(value: Value) -> Value:
    """An array of one element as that element, which is how its author wrote it."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def shape_of(value: Value) -> Shape:
    """A shape of a configuration, with its batch axis; `UNKNOWN` for what is none."""
    if not isinstance(value, tuple):
        return UNKNOWN
    if not all(item is None or (isinstance(item, int) and not isinstance(item, bool)) for item in value):
        return UNKNOWN
    return tuple(item if isinstance(item, int) else None for item in value)
