"""The cells of a notebook were not run in the order of the page.

## What it does

Finds names that a cell uses and only a cell further down defines, and, as a hint, saved execution counts that go back on the
way down the page. Both are read from the notebook, nothing is run. Scripts in cells (`# %%`) are notebooks too.

## Why it matters

The outputs on the page come from a state that a run from top to bottom does not reach. "Restart and run all" stops with a
`NameError`, or, worse, gives other numbers than those that were written down.

## Bad

```python
# %%
import keras

# %%
model.summary()  # KC528

# %%
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")
```

## Good

```python
# %%
import keras

# %%
model = keras.Sequential([keras.Input((20,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse")

# %%
model.summary()
```

## Known limits

Silent for names where a cell does not parse, imports everything from a module, or runs another file.

## References

- Pimentel et al.: A large-scale study about quality and reproducibility of Jupyter notebooks. MSR 2019
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.cells import Cells, EarlyName
from kerascheck.facts.events import Evaluation, Fit
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Location, Related, Severity
from kerascheck.rule import rule


@rule("KC528", "notebook-out-of-order", Severity.WARNING, since="0.1")
def notebook_out_of_order(program: TrainingProgram) -> Iterator[Finding]:
    if program.cells is None:
        return
    for early in program.cells.early:
        yield Finding(
            message=f"`{early.name}` is used here and first defined in {_where(early)}, further down: a clean run stops with a `NameError`",
            location=early.location,
            label="not defined yet",
            help="move the definition above its use, then restart and run all",
            related=(Related(early.defined, "defined here"),),
        )
    first = next((event for event in program.events if isinstance(event, (Fit, Evaluation))), None)
    if first is not None and not program.cells.early:
        yield from _order(program.cells, first.location.path)


def _where(early: EarlyName) -> str:
    return f"cell {early.defined.cell}" if early.defined.cell is not None else f"line {early.defined.line}"


def _order(cells: Cells, path: str) -> Iterator[Finding]:
    """The first cell that was run before one above it."""
    before: tuple[int, int] | None = None
    for cell, count in cells.counts:
        if count is None:
            continue
        if before is not None and count < before[1]:
            yield Finding(
                message=f"this cell was run as number {count}, cell {before[0]} above it as number {before[1]}: the outputs come from another order",
                location=Location(path, 1, 1, 1, 1, cell),
                label="run before the cell above",
                help="restart and run all, and save the notebook with what that gives",
                severity=Severity.INFO,
            )
            return
        before = (cell, count)
