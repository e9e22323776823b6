"""Which Keras, NumPy and Python each release of TensorFlow goes with.

Sources: the metadata (`Requires-Dist`) of the wheels of tensorflow, tf-keras and keras on PyPI; the Python versions of the wheels
by <https://www.tensorflow.org/install/source#tested_build_configurations>. Modules that were compiled against NumPy 1 cannot be
imported beside NumPy 2 (<https://numpy.org/doc/stable/numpy_2_0_migration_guide.html>): TensorFlow is built for NumPy 2 from 2.18 on,
also where an older wheel's metadata sets no end (<https://github.com/tensorflow/tensorflow/issues/102743>). Keras 2.4 asks for
TensorFlow 2.2 when it is imported (<https://github.com/keras-team/keras/releases/tag/2.4.0>), and Keras 3 for Python 3.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from kerascheck.facts.requirements import Span, Version, span


class Release(Struct, frozen=True):
    """A minor release of TensorFlow, and what it goes with."""

    version: Version
    keras: Span
    numpy: Span
    python: Span

    @property
    def span(self) -> Span:
        """The versions of this release, with its patches."""
        return span(self.version, (self.version[0], self.version[1] + 1))

    def of(self, name: str) -> Span:
        """What it takes of another package."""
        return {"keras": self.keras, "numpy": self.numpy, "python": self.python}[name]


def _release(minor: int, keras: Span, numpy: Span, python: tuple[int, int]) -> Release:
    return Release((2, minor), keras, numpy, span((3, python[0]), (3, python[1] + 1)))


_BEFORE_TF_KERAS: Final = span((), (2, 4))
_ANY_2: Final = span((), (3,))
_NUMPY_1: Final = span((), (2,))
_OLD: Final = tuple(Release((1, minor), _BEFORE_TF_KERAS, _NUMPY_1, span((2, 7), (3, 8))) for minor in range(16))

RELEASES: Final = (
    *_OLD,
    _release(0, _BEFORE_TF_KERAS, span((1, 16), (2,)), (5, 7)),
    _release(1, _BEFORE_TF_KERAS, span((1, 16), (2,)), (5, 7)),
    _release(2, _ANY_2, span((1, 16), (1, 19)), (5, 8)),
    _release(3, _ANY_2, span((1, 16), (1, 19)), (5, 8)),
    _release(4, _ANY_2, span((1, 19, 2), (1, 20)), (6, 8)),
    _release(5, _ANY_2, span((1, 19, 2), (1, 20)), (6, 9)),
    _release(6, span((2, 6), (3,)), span((1, 19, 2), (1, 20)), (6, 9)),
    _release(7, span((2, 7), (2, 8)), span((1, 14, 5), (2,)), (7, 9)),
    _release(8, span((2, 8), (2, 9)), span((1, 20), (2,)), (7, 10)),
    _release(9, span((2, 9), (2, 10)), span((1, 20), (2,)), (7, 10)),
    _release(10, span((2, 10), (2, 11)), span((1, 20), (2,)), (7, 10)),
    _release(11, span((2, 11), (2, 12)), span((1, 20), (2,)), (7, 10)),
    _release(12, span((2, 12), (2, 13)), span((1, 22), (1, 24)), (8, 11)),
    _release(13, span((2, 13, 1), (2, 14)), span((1, 22), (1, 24, 4)), (8, 11)),
    _release(14, span((2, 14), (2, 15)), span((1, 23, 5), (2,)), (9, 11)),
    _release(15, span((2, 15), (2, 16)), span((1, 23, 5), (2,)), (9, 11)),
    _release(16, span((3,)), span((1, 23, 5), (2,)), (9, 12)),
    _release(17, span((3, 2)), span((1, 23, 5), (2,)), (9, 12)),
    _release(18, span((3, 5)), span((1, 26), (2, 1)), (9, 12)),
    _release(19, span((3, 5)), span((1, 26), (2, 2)), (9, 12)),
    _release(20, span((3, 10)), span((1, 26)), (9, 13)),
    _release(21, span((3, 12)), span((1, 26)), (10, 13)),
)
"""The releases in order; nothing is said of those that are older than 1.0 or later than the last."""

LAST: Final = span((2, 22))
"""Releases that the table does not know."""

FIRST_TF_KERAS: Final = 15
"""The first minor release of tf-keras that goes with the TensorFlow of the same number alone."""

KERAS_3: Final = span((3,))
PYTHON_OF_KERAS_3: Final = span((3, 9))
PACKAGES: Final[Mapping[str, str]] = {"keras": "Keras", "numpy": "NumPy", "python": "Python"}
