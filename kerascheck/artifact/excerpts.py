"""What a report shows of each layer of a file: its class, its output, and the settings that are not the usual ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kerascheck.facts.graph import Layer, LayerKind, ModelGraph
from kerascheck.facts.values import Symbol, Unknown, Value
from kerascheck.findings import LayerExcerpt
from kerascheck.shapes.call import written

_TEXT_LIMIT = 120


def excerpts(graphs: Iterable[ModelGraph]) -> tuple[LayerExcerpt, ...]:
    """The excerpts of all layers by their paths, wrapped ones included."""
    found: dict[str, LayerExcerpt] = {}
    for graph in graphs:
        shapes = _output_shapes(graph)
        for layer in graph.layers:
            for part in _with_inner(layer):
                excerpt = _excerpt(part, shapes.get(part.key, ""), listed=part is layer and not graph.nested)
                found.setdefault(part.path, excerpt)
    return tuple(found.values())


def _with_inner(layer: Layer) -> Iterator[Layer]:
    yield layer
    if layer.inner is not None:
        yield from _with_inner(layer.inner)


def _output_shapes(graph: ModelGraph) -> dict[int, str]:
    shapes: dict[int, str] = {}
    for node in graph.nodes:
        shapes.setdefault(node.layer.key, ", ".join(written(tensor.shape) for tensor in node.outputs))
    return shapes


def _excerpt(layer: Layer, shape: str, *, listed: bool) -> LayerExcerpt:
    settings = tuple(
        (name, _setting(layer, name)) for name in layer.config if name in layer.given and layer[name] != {}
    )
    parameters = None if isinstance(layer.parameters, Unknown) else layer.parameters
    name = layer.written or layer.class_name
    return LayerExcerpt(layer.path, name, shape or "?", settings, parameters, listed)


def _setting(layer: Layer, name: str) -> str:
    value = layer[name]
    if layer.kind is LayerKind.LAMBDA and name == "function" and not isinstance(value, str):
        return "bytecode"
    return shown(value)


def shown(value: Value) -> str:
    """A value as Python would write it, cut where it is long."""
    text = _shown(value)
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"


def _shown(value: Value) -> str:
    if isinstance(value, Unknown):
        return "?"
    if isinstance(value, Symbol):
        return f"{value.name}({', '.join(f'{name}={_shown(item)}' for name, item in value.arguments.items())})"
    if isinstance(value, tuple):
        inside = ", ".join(_shown(item) for item in value[:_TEXT_LIMIT])
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, str):
        return repr(value[:_TEXT_LIMIT])
    return repr(value)
