"""The singular values of a kernel as a matrix, and what is known of trained networks by them.

The exponent of the tail is fitted as in Clauset, Shalizi and Newman, "Power-law distributions in empirical data" (2009);
what it says of a layer is in Martin, Peng and Mahoney, "Predicting trends in the quality of state-of-the-art neural
networks without access to training or testing data" (2021).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kerascheck.artifact.layout import Layout
from kerascheck.artifact.statistics import Floats
from kerascheck.facts.weights import SPECTRUM_LEAST, SPECTRUM_MOST, Spectrum

ELEMENT_LIMIT: Final = 1 << 21
_FLOOR: Final = 300_000_000
"""The operations that any file may take, some 20 ms of them; a larger file may take one for each of its bytes."""
_SOLVER: Final = 10
"""How many operations a solver takes for each element of a cube as wide as the matrix."""
_FIT_LEAST: Final = 50
_TAIL_LEAST: Final = 10


class Budget:
    """The operations that are left for the spectra of one file: the same on every machine, so that findings are too."""

    def __init__(self, size: int) -> None:
        self._left = max(size, _FLOOR)

    def allows(self, layout: Layout) -> bool:
        """Whether a matrix has a spectrum worth taking that can still be paid, which it then is."""
        short, long = sorted((layout.inputs, layout.units))
        if layout.after != 1 or not SPECTRUM_LEAST <= short <= SPECTRUM_MOST or short * long > ELEMENT_LIMIT:
            return False
        price = 2 * short**2 * long + _SOLVER * short**3
        if price > self._left:
            return False
        self._left -= price
        return True


def spectrum(values: Floats, layout: Layout) -> Spectrum | None:
    """The spectrum of a kernel; None for one with values that are not finite, or without any."""
    matrix = values.astype("f8").reshape(layout.inputs, layout.units)
    if not np.isfinite(matrix).all() or not matrix.any():
        return None
    scale = float(np.abs(matrix).max())
    matrix = matrix / scale
    gram = matrix.T @ matrix if layout.units <= layout.inputs else matrix @ matrix.T
    squares = np.linalg.eigvalsh(gram)[::-1]
    squares = np.maximum(squares, 0)
    # The numbers were stored in single precision: what is smaller than its rounding is no direction of its own.
    noise = float(squares[0]) * (max(matrix.shape) * float(np.finfo("f4").eps)) ** 2
    return Spectrum(
        rows=layout.inputs,
        columns=layout.units,
        largest=scale * float(squares[0]) ** 0.5,
        rank=int(np.count_nonzero(squares > max(noise, 1e-12 * float(squares[0])))),
        stable_rank=float(squares.sum() / squares[0]),
        alpha=_alpha(squares[squares > noise]),
    )


def _alpha(squares: Floats) -> float | None:
    """The exponent of the power law that fits the tail best, by the distance of Kolmogorov and Smirnov."""
    count = len(squares)
    if count < _FIT_LEAST:
        return None
    ordered = np.sort(squares)
    logs = np.log(ordered)
    best: tuple[float, float] | None = None
    # Tails that begin at each of up to 64 of the values.
    for start in np.unique(np.linspace(0, count - _TAIL_LEAST, 64).astype(int)):
        tail = logs[start:] - logs[start]
        total = float(tail.sum())
        if total <= 0:
            continue
        alpha = 1 + len(tail) / total
        modelled = 1 - np.exp((1 - alpha) * tail)
        seen = np.arange(len(tail)) / len(tail)
        distance = float(np.abs(modelled - seen).max())
        if best is None or distance < best[0]:
            best = distance, alpha
    return None if best is None else best[1]
