"""What a user can do wrong, each said in one line with the next step."""

from __future__ import annotations

from collections.abc import Iterable


class KerascheckError(Exception):
    """A mistake that the user can put right; its text is one line."""


class ConfigError(KerascheckError):
    """A configuration that cannot be read, or that asks for what does not exist."""


class SelectionError(KerascheckError):
    """A selector that names no rule."""


class RegistryError(KerascheckError):
    """A rule pack or a rule file that cannot be used."""


class InputError(KerascheckError):
    """A path that cannot be read or written."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of an error message: `, did you mean `x`?` where a known word is near, or else nothing."""
    from difflib import SequenceMatcher
    from itertools import takewhile

    names = {name.lower(): name for name in known}
    asked = word.lower()

    def likeness(name: str) -> tuple[float, int]:
        # Of names that are equally like it, the one that begins like it: KC201 for KC202, not KC902.
        shared = takewhile(lambda pair: pair[0] == pair[1], zip(asked, name, strict=False))
        return SequenceMatcher(None, asked, name).ratio(), len(tuple(shared))

    best = max(names, key=likeness, default="")
    return f", did you mean `{names[best]}`?" if best and likeness(best)[0] >= 0.5 else ""


def one_line(error: BaseException) -> str:
    """An exception as one line: its type, and its text with the line breaks taken out."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
