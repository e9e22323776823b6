"""Methods of Python's own containers and of text."""

from __future__ import annotations

import re

from kerascheck.script.layer_lists import note_change
from kerascheck.script.machine import to_value
from kerascheck.script.masks import Masks
from kerascheck.script.values import Arguments, ArrayValue, DictValue, ListValue

ITEM_LIMIT = 100_000
TEXT_LIMIT = 10_000
TEXT_METHODS = frozenset(
    {"format", "lower", "upper", "strip", "replace", "startswith", "endswith", "title", "split", "rstrip", "lstrip"}
)


class ContainerMethods(Masks):
    """What lists, dictionaries and strings do."""

    def container_method(self, subject: ListValue | DictValue, name: str, arguments: Arguments) -> object:
        """A method of a list or dictionary."""
        if isinstance(subject, DictValue):
            return self._dictionary_method(subject, name, arguments)
        first = arguments.get(0)
        if name in {"count", "index"}:
            return self.unknown(name)
        if name == "copy":
            return ListValue(list(subject.items), subject.whole, list(subject.growth), subject.shuffled)
        self.touch(subject)
        note_change(self, subject, name, first)
        match name:
            case "append" | "add":
                self._append_item(subject, first, arguments)
            case "extend" | "update":
                self.extend(subject, first)
            case "insert" if isinstance(first, int):
                subject.items.insert(first, arguments.get(1))
            case "reverse":
                subject.items.reverse()
            case "clear":
                subject.items, subject.growth, subject.whole = [], [], True
            case "pop":
                return self._pop_item(subject, first)
            case "sort" if self._sort_items(subject, arguments):
                pass
            case _:
                subject.whole = False
                return self.unknown(f"list.{name}")
        return None

    def _append_item(self, subject: ListValue, value: object, arguments: Arguments) -> None:
        if any(run.once for run in self.loop_runs) and self.undecided:
            subject.whole = False
        if len(subject.items) < ITEM_LIMIT:
            self.grow(subject, value, arguments.positional_nodes[0] if arguments.positional_nodes else None)

    def extend(self, subject: ListValue, value: object) -> None:
        """`list.extend(value)`, `list += value`."""
        items = self.iterate(value)
        if items is not None and len(subject.items) + len(items) > ITEM_LIMIT:
            items = None
        elif items is not None:
            subject.items.extend(items)
        elif isinstance(value, ListValue):
            subject.items.extend(value.items)
            subject.growth.extend(value.growth)
        elif isinstance(value, ArrayValue):
            self.grow(subject, self.part_of(value), None)
        subject.whole = subject.whole and items is not None

    def _pop_item(self, subject: ListValue, position: object) -> object:
        index = position if isinstance(position, int) else -1
        if subject.items and -len(subject.items) <= index < len(subject.items):
            return subject.items.pop(index)
        subject.whole = False
        return self.unknown("list.pop")

    @staticmethod
    def _sort_items(subject: ListValue, arguments: Arguments) -> bool:
        """Sort a list of known plain values in place; whether that was possible."""
        items = subject.items
        plain = all(isinstance(item, (int, float)) for item in items) or all(isinstance(item, str) for item in items)
        if not subject.whole or not plain or arguments.keywords:
            return False
        items.sort()  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
        return True

    def _dictionary_method(self, subject: DictValue, name: str, arguments: Arguments) -> object:
        first = arguments.get(0)
        plain = isinstance(first, (str, int, float, bool, bytes))
        if name in {"get", "pop", "setdefault"} and plain:
            if first in subject.items:
                found = subject.items[first]
            else:
                found = arguments.get(1) if subject.whole else self.unknown("key")
            if name == "pop":
                self.remove_item(subject, first)
            elif name == "setdefault":
                self.touch(subject)
                subject.items[first] = found
            return found
        if name in {"items", "keys", "values"}:
            listed: list[object] = list(getattr(subject.items, name)())
            return ListValue(listed, subject.whole)
        if name == "copy":
            return DictValue(dict(subject.items), subject.whole)
        self.touch(subject)
        if name == "update":
            self._update_entries(subject, first, arguments)
            return None
        if name == "clear":
            subject.items, subject.whole = {}, True
            return None
        if name in {"pop", "popitem"}:
            subject.items = {}  # Any of them may be gone.
        subject.whole = False
        return self.unknown(f"dict.{name}")

    def remove_item(self, owner: object, key: object) -> None:
        """`del owner[key]`; a key that is not known leaves nothing that is sure to be there."""
        if isinstance(owner, DictValue):
            self.touch(owner)
            if isinstance(key, (str, int, float, bool, bytes)):
                owner.items.pop(key, None)
            else:
                owner.items, owner.whole = {}, False
        elif isinstance(owner, ListValue):
            self.touch(owner)
            there = isinstance(key, int) and -len(owner.items) <= key < len(owner.items)
            if owner.whole and isinstance(key, (int, slice)) and (there or isinstance(key, slice)):
                del owner.items[key]
            else:
                owner.items, owner.whole = [], False

    @staticmethod
    def _update_entries(subject: DictValue, other: object, arguments: Arguments) -> None:
        if isinstance(other, DictValue):
            subject.items.update(other.items)
        subject.whole = subject.whole and (other is None or (isinstance(other, DictValue) and other.whole))
        subject.items.update(arguments.keywords)

    def text_method(self, subject: str, name: str, arguments: Arguments) -> object:
        """A method of a string, computed when all arguments are plain."""
        if name == "join":
            return self._joined_text(subject, arguments.get(0))
        values = [*arguments.positional, *arguments.keywords.values()]
        if name not in TEXT_METHODS or not all(isinstance(value, (str, int, float, bool)) for value in values):
            return self.unknown("text")
        if _may_be_huge(subject, name, values):
            return self.unknown("text")
        try:
            found = getattr(subject, name)(*arguments.positional, **arguments.keywords)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
            return self.unknown("text")
        if isinstance(found, list):
            return ListValue(list(found))  # pyright: ignore[reportUnknownArgumentType]
        return found if not isinstance(found, str) or len(found) < TEXT_LIMIT else self.unknown("text")

    def _joined_text(self, subject: str, parts: object) -> object:
        texts = to_value(parts)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
            return self.unknown("text")
        return subject.join(text for text in texts if isinstance(text, str))


def _may_be_huge(subject: str, name: str, values: list[object]) -> bool:
    """Whether a method of text may give more than memory holds: by a width in a format, or by what it puts in."""
    if name == "format":
        return re.search(r"\d{4}", subject) is not None
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    return name == "replace" and len(subject) * longest > TEXT_LIMIT * 100
