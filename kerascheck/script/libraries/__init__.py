"""What library functions do, one file a library; importing this package fills the table of handlers."""

from kerascheck.script.libraries import (
    backend,
    keras,
    numpy,
    numpy_values,
    options,
    precision,
    python,
    sklearn,
    tensorflow,
)

__all__ = ["backend", "keras", "numpy", "numpy_values", "options", "precision", "python", "sklearn", "tensorflow"]
