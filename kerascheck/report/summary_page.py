"""`model.summary()` of models that nothing has loaded: a table a model, or one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kerascheck.costs import LayerCost, ModelCost
from kerascheck.facts.counting import Count
from kerascheck.facts.values import Shape, Unknown
from kerascheck.findings import Location
from kerascheck.report.paint import safe

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def document(models: Mapping[str, Sequence[ModelCost]]) -> str:
    """Every model of every file as JSON; what is not known is null."""
    entries = [{"path": path, **_model(model)} for path, found in models.items() for model in found]
    return json.dumps({"version": 1, "models": entries}, indent=2) + "\n"


def _model(model: ModelCost) -> dict[str, object]:
    return {
        "name": model.name,
        "line": model.location.line or None,
        "cell": model.location.cell,
        "whole": model.whole,
        "parameters": _plain(model.parameters),
        "trainable": _plain(model.trainable),
        "multiply_adds": _plain(model.multiply_adds),
        "weight_bytes": _plain(model.weight_bytes),
        "optimizer_parameters": _plain(model.optimizer_parameters),
        "optimizer_bytes": _plain(model.optimizer_bytes),
        "batch_size": model.batch_size,
        "activation_bytes": _plain(model.activation_bytes),
        "layers": [_layer(layer) for layer in model.layers],
    }


def _layer(layer: LayerCost) -> dict[str, object]:
    return {
        "name": layer.name,
        "class_name": layer.class_name,
        "path": layer.path,
        "line": layer.location.line or None,
        "cell": layer.location.cell,
        "output_shapes": [_shape(shape) for shape in layer.shapes],
        "parameters": _plain(layer.parameters),
        "trainable": _plain(layer.trainable),
        "multiply_adds": _plain(layer.multiply_adds),
    }


def _plain(count: Count) -> int | None:
    return None if isinstance(count, Unknown) else count


def _shape(shape: Shape) -> list[int | str | None] | None:
    """None for a variable axis, `?` for one that is not known."""
    if isinstance(shape, Unknown):
        return None
    return ["?" if isinstance(size, Unknown) else size for size in shape]


def print_tables(models: Mapping[str, Sequence[ModelCost]], *, colour: bool) -> None:
    """A table for every model on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else 120
    console = Console(force_terminal=colour, no_color=not colour, highlight=False, width=width)
    for path, found in models.items():
        for model in found:
            console.print(Text(f"{safe(model.name)} at {_place(path, model.location)}", style="bold"))
            by_line = bool(model.location.line)
            table = Table(box=None, pad_edge=False, header_style="bold")
            table.add_column("line" if by_line else "layer", justify="right" if by_line else "left")
            table.add_column("type", overflow="fold")
            table.add_column("output shape", overflow="fold")
            for heading in ("parameters", "multiply-adds"):
                table.add_column(heading, justify="right")
            for row in model.layers:
                first = _line(row.location) if by_line else safe(row.name)
                shown = safe(f"{row.name} ({row.class_name})" if by_line else row.class_name)
                shapes = ", ".join(text_of(shape) for shape in row.shapes) or "?"
                table.add_row(Text(first), Text(shown), Text(shapes), number(row.parameters), number(row.multiply_adds))
            console.print(table)
            console.print("\n".join(totals(model)) + "\n", markup=False)


def totals(model: ModelCost) -> Iterator[str]:
    """The closing lines of a table."""
    yield f"parameters     {number(model.parameters)} ({number(model.trainable)} trainable)"
    yield f"multiply-adds  {number(model.multiply_adds)} a sample"
    memory = [f"weights {size(model.weight_bytes)}", f"optimizer state {size(model.optimizer_bytes)}"]
    memory.append(f"activations {size(model.activation_bytes)} for a batch of {model.batch_size}")
    yield f"memory         {', '.join(memory)}"
    if not model.whole:
        yield "note           the model could not be recovered whole: the figures are of what was"


def number(count: Count) -> str:
    return "?" if isinstance(count, Unknown) else f"{count:,}"


def size(count: Count) -> str:
    """Bytes in the unit that keeps them short."""
    if isinstance(count, Unknown):
        return "?"
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if not unit else f"{amount:.2f} {_UNITS[unit]}"


def text_of(shape: Shape) -> str:
    if isinstance(shape, Unknown):
        return "?"
    sizes = ["?" if isinstance(axis, Unknown) else str(axis) for axis in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _place(path: str, location: Location) -> str:
    cell = f":cell {location.cell}" if location.cell is not None else ""
    return f"{safe(path)}{cell}" + (f":{location.line}" if location.line else "")


def _line(location: Location) -> str:
    return f"{location.cell}:{location.line}" if location.cell is not None else str(location.line)


def notes(refused: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each file of which there is no table."""
    for path, reason in refused:
        yield f"kerascheck: {safe(path)}: {reason}"
