"""What a rule says: findings, where they stand, and how they could be mended."""

from __future__ import annotations

import enum

from msgspec import Struct


class Severity(enum.IntEnum):
    """How bad a finding is; ordered, so that thresholds compare."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Location(Struct, frozen=True, order=True):
    """A place in a script, a notebook cell or a model file.

    Lines and columns count from 1, in characters; `end_column` is the column after the last character.
    In a notebook `line` counts inside the cell and `cell` counts all cells from 1. In a model file `line` is
    0 and `layer` is the path of the layer (`functional/dense_2`).
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    cell: int | None = None
    layer: str | None = None

    @property
    def words(self) -> str:
        """The line as a message names it: `on line 12`, `in cell 3, line 12`."""
        return f"on line {self.line}" if self.cell is None else f"in cell {self.cell}, line {self.line}"


class Related(Struct, frozen=True):
    """A second place that shows the cause of a finding."""

    location: Location
    message: str


class Edit(Struct, frozen=True):
    """Replace the text of `location` by `replacement`."""

    location: Location
    replacement: str


class Fix(Struct, frozen=True):
    """Edits that belong together; `safe` when the program's meaning is kept but for the defect."""

    edits: tuple[Edit, ...]
    safe: bool = True


class Finding(Struct, frozen=True):
    """One statement of one rule about one place.

    A rule leaves `code`, `name` and (unless it decides the level itself) `severity` to the linter, which fills them in.
    `message` is one sentence without a full stop, `help` an instruction, `label` a few words beside the caret.
    """

    message: str
    location: Location
    help: str = ""
    label: str = ""
    severity: Severity | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    layer: str | None = None
    code: str = ""
    name: str = ""


class FileStatus(enum.StrEnum):
    """How far a file could be read."""

    OK = "ok"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    ERROR = "error"


class FileKind(enum.StrEnum):
    """What a file is."""

    SCRIPT = "script"
    NOTEBOOK = "notebook"
    MODEL = "model"
    OTHER = "other"


class Coverage(Struct, frozen=True):
    """How much of a file was recovered.

    Of `models` that it builds, loads or trains `whole` are known altogether, and `elsewhere` but for what the file names and
    does not hold (a model file or module that is not there, what a library or a caller makes); `partial` have gaps, `lost` are
    not known at all; `gaps` names what was not known. Of `layers` `opaque` are known by name only. Of `fits`, calls
    that train, `fits_known` have data of which the origin is known. Of `calls` of `compile` and `fit` `calls_known` have
    arguments that are all known, numbers that depend on data apart.
    """

    models: int
    whole: int
    layers: int
    opaque: int
    gaps: tuple[str, ...] = ()
    cut_short: str = ""
    partial: int = 0
    lost: int = 0
    fits: int = 0
    fits_known: int = 0
    elsewhere: int = 0
    calls: int = 0
    calls_known: int = 0


class FileReport(Struct, frozen=True):
    """What was found about one file. `about` says in a line what a model file is, `weights` what the pass over its arrays saw (None where there was none). `source` is what a report draws frames from; `reads` are the other files read for it.

    `beside` holds the sources of imported modules that findings point into, by their path.
    """

    path: str
    kind: FileKind
    status: FileStatus = FileStatus.OK
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    models: int = 0
    source: SourceText | None = None
    layers: tuple[LayerExcerpt, ...] = ()
    about: str = ""
    weights: WeightSummary | None = None
    fault: bool = False
    coverage: Coverage | None = None
    reads: tuple[str, ...] = ()
    beside: tuple[tuple[str, SourceText], ...] = ()


class SourceText(Struct, frozen=True):
    """The lines a finding can point into: of a script (`cell` None) or of each notebook cell."""

    cells: tuple[tuple[int | None, tuple[str, ...]], ...]

    def lines(self, cell: int | None) -> tuple[str, ...]:
        """The lines of a cell (None: of the script); empty where there is no such cell."""
        return next((lines for number, lines in self.cells if number == cell), ())


class LayerExcerpt(Struct, frozen=True):
    """What a report shows of a layer of a model file: its path, output shape and the slice of its configuration.

    `parameters` is None where the count is not known; `listed` is false for a layer inside a wrapper or a nested model.
    """

    path: str
    class_name: str
    output_shape: str
    config: tuple[tuple[str, str], ...]
    parameters: int | None = None
    listed: bool = True


class LayerWeights(Struct, frozen=True):
    """What the weights of one layer are like.

    `parameters` counts all of them, `size` is in bytes. `norm`, `deviation` and `largest` (absolute) are those of its
    kernels, `zeros` the share of them that is 0; None where there is no kernel, or none was read. `faults` are what hardly
    ever is meant (values that are not finite, kernels without any difference, units without weights, copies), `notes` the
    rest that is worth a look.
    """

    path: str
    arrays: int
    parameters: int
    size: int
    norm: float | None = None
    deviation: float | None = None
    largest: float | None = None
    zeros: float | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WeightSummary(Struct, frozen=True):
    """What a model file stores: its weights layer by layer, and the state of its optimizer.

    `dtypes` has the bytes of weights by their type, `not_finite` counts values, `constant` the arrays of one number,
    `unread` those whose values were not read. `steps` is how often the optimizer was applied, None where nothing says so.
    """

    layers: tuple[LayerWeights, ...]
    arrays: int
    parameters: int
    size: int
    dtypes: tuple[tuple[str, int], ...]
    not_finite: int = 0
    zeros: int = 0
    constant: int = 0
    unread: int = 0
    optimizer_arrays: int = 0
    optimizer_size: int = 0
    steps: int | None = None


class Report(Struct, frozen=True):
    """The findings of a run, file by file, in order of path."""

    files: tuple[FileReport, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for file in self.files for finding in file.findings)

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def fixable(self) -> int:
        return sum(finding.fix is not None for finding in self.findings)
