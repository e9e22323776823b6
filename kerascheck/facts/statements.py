"""Where statements stand in a source, for fixes that put one in, take one out, or change the text of a value."""

from __future__ import annotations

from typing import Protocol

from kerascheck.findings import Edit, Location


class Statements(Protocol):
    """The statements of one source. Every method gives None where the source leaves no clear edit."""

    def insert_before(self, place: Location, *lines: str) -> Edit | None:
        """Put lines in front of the statement that holds a place."""
        ...

    def insert_first(self, loop: Location, *lines: str) -> Edit | None:
        """Put lines at the start of the body of the loop that begins at a place."""
        ...

    def insert_after_imports(self, place: Location, *lines: str) -> Edit | None:
        """Put lines below the imports at the top of the script, of the cell that holds a place or of one above it."""
        ...

    def remove(self, place: Location) -> Edit | None:
        """Take out the whole statement that holds a place, with its line end."""
        ...

    def remove_layer(self, place: Location) -> Edit | None:
        """Take out a layer that is added or called in a statement of its own, or that is an entry of a list."""
        ...

    def remove_change(self, place: Location) -> Edit | None:
        """Take out the statement that binds a name to what the call at a place makes of the same name (`y = encode(y)`)."""
        ...

    def remove_argument(self, value: Location) -> Edit | None:
        """Take an argument out of its call; the place is that of its value."""
        ...

    def prepend_entry(self, place: Location, entry: str) -> Edit | None:
        """Put an entry in front of the one at a place, in a list."""
        ...

    def adds(self, place: Location) -> str | None:
        """The name of the model that a statement adds the layer at a place to."""
        ...

    def append(self, place: Location, text: str) -> Edit | None:
        """Put text behind the expression at a place, where it binds to the whole of it."""
        ...

    def wrapped(self, place: Location, function: str) -> tuple[Edit, Edit] | None:
        """Put a call of a function around the expression at a place."""
        ...

    def name_at(self, place: Location) -> str | None:
        """The plain name that stands at a place."""
        ...

    def literal(self, place: Location, text: str) -> Location | None:
        """Where a string stands that is written once inside the expression at a place."""
        ...

    def keyword(self, call: Location, name: str) -> Location | None:
        """Where the value of a keyword stands in the call at a place."""
        ...

    def text(self, place: Location) -> str | None:
        """The source of an expression that stands on one line."""
        ...

    def module(self, name: str, place: Location) -> str | None:
        """How the source calls a module (`numpy` as `np`) that it imports at its top, before a place."""
        ...

    def imported(self, module: str, name: str, place: Location) -> tuple[str, tuple[Edit, ...]] | None:
        """How the source calls a module, and the import of it under a name where it has none."""
        ...

    def keras(self, place: Location) -> str | None:
        """How the source calls Keras (`keras`, `tf.keras`)."""
        ...

    def keras_import(self, place: Location) -> tuple[str, str] | None:
        """How the source calls Keras, and the import that it lacks for that; the import is empty where it lacks none."""
        ...
