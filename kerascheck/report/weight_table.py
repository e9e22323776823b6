"""What a model file stores, below its findings: the weights of each layer, and the state of the optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kerascheck.findings import FileReport, LayerWeights, WeightSummary
from kerascheck.report.columns import Columns
from kerascheck.report.layer_table import ENDS, FOLDED
from kerascheck.report.paint import Ink, Paint, safe
from kerascheck.report.summary_page import size

HEADINGS: Final = ("weights of", "parameters", "norm", "deviation", "largest", "zeros")
NUMBERS: Final = range(1, 6)


def weight_table(file: FileReport, paint: Paint, *, every: bool) -> Iterator[str]:
    """The totals of a file and a row for each layer that stores weights; nothing where they were not read.

    Args:
        file: the report of a model file.
        paint: colours.
        every: show all rows of a long table.
    """
    found = file.weights
    if found is None:
        return
    rows = _shown(found.layers, every=every)
    top = _top(file)
    cells = [_cells(row, top) for row in rows]
    columns = Columns([HEADINGS, *cells], NUMBERS)
    yield f"  {paint(Ink.FAINT, columns.line(HEADINGS))}"
    for row, line in zip(rows, map(columns.line, cells), strict=True):
        said = [*(paint(Ink.WARNING, safe(fault)) for fault in row.faults), *map(safe, row.notes)]
        yield f"  {line}  {'; '.join(said)}" if said else f"  {line.rstrip()}"
    hidden = [layer for layer in found.layers if layer not in rows]
    if hidden:
        yield paint(Ink.FAINT, f"  … {_folded(hidden)}, --layers shows them")
    yield f"  {_total(found, paint)}"
    if found.optimizer_arrays:
        steps = "" if found.steps is None else f", {found.steps:,} steps"
        yield f"  optimizer state: {_arrays(found.optimizer_arrays)}, {size(found.optimizer_size)}{steps}"


def _top(file: FileReport) -> str:
    """What the paths of all layers of the file's model begin with."""
    return f"{file.layers[0].path.partition('/')[0]}/" if file.layers else ""


def _shown(layers: Sequence[LayerWeights], *, every: bool) -> list[LayerWeights]:
    """The layers with a row: those with faults, and the ends of a long list."""
    if every or len(layers) <= FOLDED:
        return list(layers)
    ends = {*layers[:ENDS], *layers[-ENDS:]}
    faulty = [layer for layer in layers if layer.faults and layer not in ends][: FOLDED - 2 * ENDS]
    return [layer for layer in layers if layer in ends or layer in faulty]


def _cells(row: LayerWeights, top: str) -> tuple[str, ...]:
    return (
        safe(row.path.removeprefix(top)) or "the model itself",
        f"{row.parameters:,}",
        *(_number(value) for value in (row.norm, row.deviation, row.largest)),
        _share(row.zeros),
    )


def _share(part: float | None) -> str:
    return "" if part is None else "<1%" if 0 < part < 0.005 else f"{part:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _folded(layers: Sequence[LayerWeights]) -> str:
    norms = [layer.norm for layer in layers if layer.norm is not None]
    spread = f", norms from {_number(min(norms))} to {_number(max(norms))}" if norms else ""
    return f"{len(layers)} more layers with weights{spread}"


def _total(found: WeightSummary, paint: Paint) -> str:
    kinds = (
        f"of {found.dtypes[0][0]}"
        if len(found.dtypes) == 1
        else f"({', '.join(f'{kind} {size(count)}' for kind, count in found.dtypes)})"
    )
    parts = [f"{_arrays(found.arrays)}, {found.parameters:,} parameters, {size(found.size)} {kinds}"]
    if found.unread < found.arrays:
        parts.append(
            paint(Ink.ERROR, f"{found.not_finite:,} values not finite") if found.not_finite else "all values finite"
        )
        parts.append(f"{found.zeros:,} zeros")
    if found.constant:
        parts.append(f"{_arrays(found.constant)} of one number")
    if found.unread:
        parts.append(paint(Ink.WARNING, f"{_arrays(found.unread)} not read"))
    return "in all: " + ", ".join(parts)


def _arrays(count: int) -> str:
    return "1 array" if count == 1 else f"{count:,} arrays"
