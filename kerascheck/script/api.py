"""Uses of the Keras API as they stand in the source: imports and calls, with the place of everything that may change."""

from __future__ import annotations

import ast
import re
from typing import Final

from msgspec.structs import replace

from kerascheck.facts.usage import ApiCall
from kerascheck.findings import Location
from kerascheck.keras_api.changes import LEAVING
from kerascheck.script.layout import removal
from kerascheck.script.machine import Machine, mapping_of, values_of
from kerascheck.script.values import Arguments, Path

_FROM: Final = re.compile(r"from\s+")


def call_of(
    machine: Machine, name: str, qualified: str, arguments: Arguments, node: ast.expr, name_place: Location
) -> ApiCall:
    """A call of the Keras API."""
    place = machine.place(node)
    keywords: dict[str, Location] = {}
    places: dict[str, Location] = {}
    for keyword_name, keyword in arguments.keyword_nodes.items():
        whole = machine.place(keyword)
        keywords[keyword_name] = replace(whole, end_line=whole.line, end_column=whole.column + len(keyword_name))
        places[keyword_name] = machine.place(keyword.value)
    return ApiCall(
        name,
        qualified,
        place,
        True,
        keywords,
        len(arguments.positional),
        name_place,
        attribute=isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute),
        values=mapping_of(arguments.keywords),
        places=places,
        positional_values=tuple(values_of(arguments.positional)),
        positional_places=tuple(machine.place(item) for item in arguments.positional_nodes),
        complete=arguments.complete,
        flavour=_flavour(machine, node),
        removals=_removals(machine, node, place) if keywords.keys() & LEAVING and isinstance(node, ast.Call) else {},
    )


def _removals(machine: Machine, node: ast.Call, place: Location) -> dict[str, Location]:
    ordered = sorted((machine.place(item) for item in (*node.args, *node.keywords)), key=lambda found: found)
    found: dict[str, Location] = {}
    for keyword in node.keywords:
        if keyword.arg is not None:
            index = ordered.index(machine.place(keyword))
            found[keyword.arg] = removal(ordered, index, place, machine.page.lines)
    return found


def import_of(
    machine: Machine, path: Path, written: tuple[str, ...], alias: ast.alias, node: ast.Import | ast.ImportFrom
) -> ApiCall:
    """An imported name of Keras."""
    place = machine.place(alias)
    name_place = replace(place, end_line=place.line, end_column=place.column + len(alias.name))
    return ApiCall(
        written[-1],
        path.dotted,
        place,
        is_call=False,
        name_location=name_place,
        origin=".".join(written),
        bound=alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]),
        module_place=_module_place(machine, node) if isinstance(node, ast.ImportFrom) else name_place,
        statement=machine.place(node),
        imported=tuple(item.name for item in node.names),
        flavour=flavour_of(written[0]),
    )


def flavour_of(root: str) -> str:
    """The Keras that a dotted name with this root belongs to."""
    return {"tensorflow": "tf.keras", "keras": "keras", "tf_keras": "tf_keras"}.get(root, "")


def _flavour(machine: Machine, node: ast.expr) -> str:
    """The Keras that a call takes its name from."""
    root = node.func if isinstance(node, ast.Call) else node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return ""
    if root.id in machine.keras_names:
        return machine.keras_names[root.id]
    return "tf.keras" if root.id in machine.tensorflow_names else ""


def _module_place(machine: Machine, node: ast.ImportFrom) -> Location | None:
    place = machine.place(node)
    lines = machine.page.lines
    text = lines[place.line - 1][place.column - 1 :] if place.line <= len(lines) else ""
    found = _FROM.match(text)
    module = node.module or ""
    if found is None or not text[found.end() :].startswith(module):
        return None
    column = place.column + found.end()
    return replace(place, column=column, end_line=place.line, end_column=column + len(module))
