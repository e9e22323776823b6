"""The walk through a configuration for all that it names, at any depth: wrappers, models in models, lists of Keras 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from kerascheck.artifact.bytecode import bytecode, texts_of
from kerascheck.artifact.documents import Document, is_config
from kerascheck.artifact.entries import entry_of
from kerascheck.facts.mentions import EmbeddedCode, LooseText, Mentions, NamedObject
from kerascheck.facts.values import Value

LIMIT: Final = 1_000_000
"""How many values are looked at."""
_LAYER_KEYS: Final = frozenset({"layers", "layer", "cell", "cells", "backward_layer", "forward_layer", "branch"})
_TEXT_KEYS: Final = frozenset(
    {
        "cache_dir",
        "cache_subdir",
        "directory",
        "file_path",
        "filename",
        "filepath",
        "fname",
        "idf_weights",
        "origin",
        "path",
        "url",
        "vocabulary",
    }
)
_COLON: Final = re.compile(r'"\s*:')
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,9}://\S")
_ESCAPE: Final = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:[/\\]|\x00")


class _Place(Struct, frozen=True):
    """Where the walk is: in the argument `key` (`function.code`) of the layer at this path, or in a list there."""

    layer: str = ""
    key: str = ""
    listed: bool = False

    def below(self, key: str) -> _Place:
        return _Place(self.layer, f"{self.key}.{key}" if self.key else key)


def mentions(document: Document) -> Mentions:
    """All that the texts of a file name."""
    walk = _Walk()
    walk.over(document.architecture, root=True)
    if not walk.layered:
        for part in document.parts:
            walk.over(part.described, root=True)
    walk.over(document.training)
    return Mentions(
        tuple(walk.objects),
        tuple(walk.codes),
        tuple(walk.texts),
        document.tags,
        tuple(walk.escaping),
        tuple(dict.fromkeys(key for text in document.texts for key in repeated_keys(text))),
        document.operations,
    )


def escapes(name: str) -> bool:
    """Whether a name leads out of the folder that it is used in."""
    return _ESCAPE.search(name) is not None


class _Walk:
    """Collects in the order of the text; the stack is a list, so that depth is no matter."""

    def __init__(self) -> None:
        self.objects: list[NamedObject] = []
        self.codes: list[EmbeddedCode] = []
        self.texts: list[LooseText] = []
        self.escaping: dict[str, None] = {}
        self.layered = False
        self._left = LIMIT

    def over(self, value: Value, *, root: bool = False) -> None:
        stack: list[tuple[Value, _Place, bool]] = [(value, _Place(), root)]
        while stack and self._left:
            self._left -= 1
            item, place, layer = stack.pop()
            if isinstance(item, str):
                self._text(item, place)
            elif isinstance(item, tuple):
                listed = _Place(place.layer, place.key, listed=True)
                stack += ((part, listed, layer) for part in reversed(item))
            elif is_config(item):
                stack += reversed(list(self._object(item, place, layer=layer)))

    def _object(self, item: Mapping[str, Value], place: _Place, *, layer: bool) -> Iterator[tuple[Value, _Place, bool]]:
        """What a dictionary holds, with where it is; a dictionary with a class is an object."""
        written, config = item.get("class_name"), item.get("config")
        inside = place
        if isinstance(written, str):
            entry = entry_of(item) if layer else None
            if entry is not None:
                inside = _Place(f"{place.layer}/{entry.name}" if place.layer else entry.name)
            self.objects.append(_named(item, written, config, inside if layer else place))
        name = item.get("name")
        if isinstance(name, str) and escapes(name):
            self.escaping.setdefault(name, None)
        is_object = isinstance(written, str)
        for key, part in item.items():
            if key in ("class_name", "module", "registered_name"):
                continue
            # What stands around the configuration of an object is no argument of it.
            self.layered |= key == "layers"
            below = inside if is_object and key == "config" else inside.below(key)
            yield part, below, key in _LAYER_KEYS or (key == "config" and layer and isinstance(part, tuple))

    def _text(self, text: str, place: _Place) -> None:
        found = bytecode(text)
        if found is not None:
            names, source = texts_of(found.data)
            size = len(found.data)
            self.codes.append(EmbeddedCode(place.layer, place.key, found.encoding, size, names, source, found.python))
        elif _ADDRESS.match(text) or (place.key.rpartition(".")[2] in _TEXT_KEYS and not place.listed):
            self.texts.append(LooseText(place.layer, place.key, text))


def _named(item: Mapping[str, Value], written: str, config: Value, place: _Place) -> NamedObject:
    function = config if written in ("function", "builtin_function_or_method") and isinstance(config, str) else ""
    arguments = config.items() if is_config(config) else ()
    return NamedObject(
        layer=place.layer,
        key=place.key,
        class_name=written,
        module=_string(item.get("module")),
        registered=_string(item.get("registered_name")),
        function=function,
        texts={key: value for key, value in arguments if isinstance(value, str)},
    )


def _string(value: Value) -> str:
    return value if isinstance(value, str) else ""


def repeated_keys(text: str | bytes) -> Iterable[str]:
    """The keys to which one object of a JSON text gives two values; of these the last one counts, for most readers."""
    import json

    content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    found: dict[str, None] = {}
    # To look at each pair takes time; where the text has as many colons behind quotes as the value, none is lost.
    try:
        kept = json.dumps(json.loads(content), separators=(",", ":")).count('":')
    except RecursionError:
        return found
    if kept == len(_COLON.findall(content)):
        return found

    def pairs(items: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in items:
            if key in seen:
                found.setdefault(key, None)
            seen.add(key)

    json.loads(content, object_pairs_hook=pairs)
    return found
