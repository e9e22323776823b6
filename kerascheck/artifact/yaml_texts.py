"""Architectures in YAML, which Keras wrote until 2021: only plain values are made, whatever the tags ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from kerascheck.artifact.architectures import content_of, described
from kerascheck.artifact.documents import Document
from kerascheck.artifact.plain_values import plain
from kerascheck.artifact.refusals import DamagedError, ForeignError, HostileError
from kerascheck.facts.values import UNKNOWN

if TYPE_CHECKING:
    from yaml import SafeLoader
    from yaml.nodes import Node

_PYTHON: Final = "tag:yaml.org,2002:python/"
_PLAIN_KINDS: Final = {
    "tuple": "construct_sequence",
    "list": "construct_sequence",
    "dict": "construct_mapping",
    "str": "construct_yaml_str",
    "unicode": "construct_yaml_str",
    "int": "construct_yaml_int",
    "long": "construct_yaml_int",
    "float": "construct_yaml_float",
    "bool": "construct_yaml_bool",
    "none": "construct_yaml_null",
}
"""Tags of Python 2 and 3 for values that YAML has a kind of its own for, with what makes that kind."""


def read_yaml(path: Path) -> Document:
    """The texts of an architecture in YAML.

    Raises:
        DamagedError: when it is no YAML.
        ForeignError: when it describes something else, or PyYAML is not installed.
    """
    loaded, tags = _loaded(content_of(path))
    return replace(described(plain(loaded, "the file"), "yaml"), tags=tags)


def _loaded(text: bytes) -> tuple[object, tuple[str, ...]]:
    """The value of a text, and the Python objects that it asks for and that were not made."""
    try:
        import yaml
    except ImportError:
        raise ForeignError(
            "an architecture in YAML, which takes PyYAML to read: `pip install kerascheck[yaml]`"
        ) from None

    # The loader in C is twenty times faster, and not in every build of PyYAML.
    base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = type("Loader", (base,), {})
    tags: dict[str, None] = {}

    def construct(loader: SafeLoader, suffix: str, node: Node) -> object:
        found = _construct(loader, suffix, node)
        if found is UNKNOWN:
            tags.setdefault(suffix, None)
        return found

    loader.add_multi_constructor(_PYTHON, construct)
    try:
        return cast("object", yaml.load(text, loader)), tuple(tags)
    except RecursionError:
        raise HostileError("the file is nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise DamagedError(f"the file is not valid YAML: {' '.join(str(error).split())[:160]}") from None


def _construct(loader: SafeLoader, suffix: str, node: Node) -> object:
    """The plain value under a tag for a Python object; unknown for any other object. Nothing is imported or run."""
    make = _PLAIN_KINDS.get(suffix)
    if make is None:
        return UNKNOWN
    deep = {"deep": True} if make in ("construct_sequence", "construct_mapping") else {}
    return cast("object", getattr(loader, make)(node, **deep))
