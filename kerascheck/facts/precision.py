"""The numbers that a layer computes in."""

from __future__ import annotations

from typing import Final

from kerascheck.facts.graph import Layer
from kerascheck.facts.values import Symbol, Unknown

_COMPUTED: Final = {
    "mixed_float16": "float16",
    "mixed_bfloat16": "bfloat16",
    "float16": "float16",
    "half": "float16",
    "bfloat16": "bfloat16",
}


def half_precision(layer: Layer) -> str | None:
    """`float16` or `bfloat16` where a layer computes in one of them; None for any other, or where it is not known."""
    value = layer.config.get("dtype")
    if isinstance(value, Symbol):
        value = value.arguments.get("name", value.name)
    return _COMPUTED.get(value) if isinstance(value, str) and not isinstance(value, Unknown) else None
