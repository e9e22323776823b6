"""Containers: iterating over them and taking them apart."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from kerascheck.script.arrays import Arrays
from kerascheck.script.freezing import SomeLayers, layer_of, note_part
from kerascheck.script.machine import LOOP_BOUND
from kerascheck.script.values import ArrayValue, DictValue, ListValue, ObjectValue, Opaque, SplitterValue, TensorValue


class Containers(Arrays):
    """What is in a container."""

    def iterate(self, value: object) -> list[object] | None:
        """The items of an iterable; None where they are not all known."""
        if isinstance(value, ListValue):
            return list(value.items) if value.whole else None
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, DictValue):
            return list(value.items) if value.whole else None
        if isinstance(value, (str, range)) and len(value) <= LOOP_BOUND:
            return list(value)
        return None

    def element_of(self, source: object, items: Sequence[object] | None) -> object:
        """What a loop variable holds when the loop is run once."""
        if items:
            first = items[0]
            return self.joined(first, items[-1]) if not isinstance(first, int) else self.unknown("loop")
        if isinstance(source, SplitterValue):
            return self.unknown("folds")
        if isinstance(source, ListValue) and (listed := layer_of(self, source)) is not None:
            return listed
        if isinstance(source, ListValue) and source.items:
            first = source.items[0]
            tensors = [item for item in source.items if isinstance(item, TensorValue)]
            if len(tensors) == len(source.items):
                return first if len(tensors) == 1 else self.choose(tensors, self.place_of_tensor(tensors[-1]), "loop")
            return first if isinstance(first, (tuple, ListValue, ArrayValue)) else self.unknown("loop")
        return self.part_of(source)

    def part_of(self, value: object) -> object:
        """Something taken from a value that is not known."""
        if isinstance(value, ArrayValue):
            return self.row_of(value)
        origin = value.origin if isinstance(value, Opaque) else type(value).__name__
        return self.unknown(origin)

    def item(self, owner: object, key: object) -> object:
        """`owner[key]` of a plain container."""
        if isinstance(owner, (ListValue, tuple)):
            return self._item_at(owner, key)
        if isinstance(owner, DictValue):
            return self._value_under(owner, key)
        if isinstance(owner, ObjectValue) and owner.path.startswith("keras."):
            # Who takes a configuration apart may change it.
            self.touch(owner)
            owner.attributes = {}
        if isinstance(owner, (str, range)) and isinstance(key, int) and -len(owner) <= key < len(owner):
            return owner[key]
        return self.part_of(owner)

    def put(self, owner: DictValue, key: object, value: object) -> None:
        """`owner[key] = value`; under a key that is not known it stands for an entry, of which there may be more."""
        if isinstance(key, (str, int, float, bool, bytes, Opaque)) or key is None:
            owner.items[key] = value
        owner.whole = owner.whole and not isinstance(key, Opaque) and key in owner.items

    def _value_under(self, owner: DictValue, key: object) -> object:
        if isinstance(key, (str, int, float, bool, bytes, tuple, Opaque)) and key in owner.items:
            return owner.items[key]
        unnamed = [value for name, value in owner.items.items() if isinstance(name, Opaque)]
        if unnamed and all(isinstance(value, SomeLayers) for value in unnamed):
            return unnamed[0]
        tensors = [value for value in unnamed if isinstance(value, TensorValue)]
        if tensors and len(tensors) == len(unnamed):
            return self.choose(tensors, self.place_of_tensor(tensors[-1]), "loop")
        return self.unknown("key")

    def _item_at(self, owner: ListValue | tuple[object, ...], key: object) -> object:
        items = owner.items if isinstance(owner, ListValue) else owner
        # The end of a list is where items may be missing.
        counted = isinstance(owner, tuple) or owner.whole
        if isinstance(key, int) and -len(items) <= key < len(items) and (key >= 0 or counted):
            return items[key]
        first = items[0] if items else None
        if isinstance(first, (bool, int, float, str)) and counted and all(item == first for item in items):
            return first
        listed = self.layer_lists.get(id(owner))
        if listed is not None and listed[0] is owner:
            return SomeLayers("layer", next(self.keys), listed[1], level=self.undecided + 1)
        return self.unknown("item")

    def slice_of(self, owner: object, node: ast.Slice) -> object:
        """`owner[lower:upper:step]` of a plain container."""
        if isinstance(owner, ListValue) and owner.items and not owner.whole and node.step is None:
            if layer_of(self, owner) is not None:
                return note_part(self, owner, ListValue([], False))
            return self.part_of_list(owner, node)
        bounds = [self.evaluate(part) for part in (node.lower, node.upper, node.step)]
        numbers = [bound for bound in bounds if bound is None or isinstance(bound, int)]
        if len(numbers) < len(bounds) or numbers[2] == 0:
            return note_part(self, owner, ListValue([], False)) if isinstance(owner, ListValue) else self.part_of(owner)
        part = slice(numbers[0], numbers[1], numbers[2])
        if isinstance(owner, ListValue):
            return note_part(self, owner, ListValue(owner.items[part], owner.whole))
        if isinstance(owner, (str, bytes, range)):
            return owner[part]
        if isinstance(owner, tuple):
            return tuple(list(owner)[part])
        return self.part_of(owner)
