"""Why a file is not read: each is one line for the user, never a traceback."""

from __future__ import annotations

from typing import Final

MEBIBYTE: Final = 1024 * 1024
TEXT_LIMIT: Final = 64 * MEBIBYTE
"""The longest configuration that is read; the largest known to be real is 4 MiB."""


class DamagedError(Exception):
    """A model file that cannot be read: cut off, or contradicting itself."""


class HostileError(DamagedError):
    """A file that would exhaust its reader: nested, long or large beyond any model."""


class ForeignError(Exception):
    """A sound file that holds no Keras model; the text says what it is instead."""
