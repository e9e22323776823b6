"""What library functions do, one file a library; importing this package fills the table of handlers."""

from kerascheck.script.libraries import keras, numpy, python, sklearn, tensorflow

__all__ = ["keras", "numpy", "python", "sklearn", "tensorflow"]
